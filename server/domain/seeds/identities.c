/* SPDX-License-Identifier: Apache-2.0 */
/* Identities of a seed: applications with their secrets, managed identities, users and groups. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core.h"
#include "kv/identity/registry.h"

#define LABEL "seed" /* of the secrets that come from here */

struct sent {
    const char *name, *type, *object_id, *client_id, *tenant, *upn;
    struct kv_maybe_bool trusted, enabled;
    const cJSON *secrets, *members;
};

static const struct kv_json_field fields[] = {
    KV_JSON_FIELD(struct sent, name, "name", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent, type, "type", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent, object_id, "object_id", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent, client_id, "client_id", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent, tenant, "tenant", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent, upn, "upn", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent, trusted, "trusted", KV_JSON_BOOL),
    KV_JSON_FIELD(struct sent, enabled, "enabled", KV_JSON_BOOL),
    KV_JSON_FIELD(struct sent, secrets, "secrets", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct sent, members, "members", KV_JSON_ARRAY),
};

static enum kv_code read_sent(const cJSON *item, const char *path, struct sent *ret_sent,
                              enum kv_principal_type *ret_type, struct kv_err *err)
{
    KV_TRY(seed_bind(item, path, fields, KV_COUNT(fields), ret_sent, err));
    if (ret_sent->name == NULL) {
        return seed_fail(path, KV_BAD_PARAMETER, "an identity needs a name", err);
    }
    ret_sent->name = kv_principal_name_of(ret_sent->name);
    *ret_type = ret_sent->secrets != NULL ? KV_PRINCIPAL_APPLICATION
                : *ret_sent->name == '\0' ? KV_PRINCIPAL_SYSTEM_ASSIGNED
                                          : KV_PRINCIPAL_USER_ASSIGNED;
    if (ret_sent->type != NULL && !kv_principal_type_parse(ret_sent->type, ret_type)) {
        return seed_fail(seed_member(path, "type").text, KV_BAD_PARAMETER,
                         "it is application, system-assigned, user-assigned, user or group", err);
    }
    return KV_OK;
}

static const cJSON *find_item(const struct seed_run *run, const char *name)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(run->seed, "identities")) {
        const char *is = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));

        if (is != NULL && strcasecmp(kv_principal_name_of(is), name) == 0) {
            return item;
        }
    }
    return NULL;
}

static bool is_guid_or_none(const char *text)
{
    return text == NULL || kv_uuid_is_valid(text);
}

static enum kv_code check_secrets(const struct sent *sent, enum kv_principal_type type,
                                  const char *path, struct kv_err *err)
{
    const cJSON *secret;
    int index = 0;

    if (sent->secrets != NULL && type != KV_PRINCIPAL_APPLICATION) {
        return seed_fail(path, KV_BAD_PARAMETER, "applications alone have secrets", err);
    }
    if (cJSON_GetArraySize(sent->secrets) > KV_PRINCIPAL_CREDENTIALS_MAX) {
        return seed_fail(path, KV_BAD_PARAMETER, "it has more secrets than there can be", err);
    }
    cJSON_ArrayForEach (secret, sent->secrets) {
        const size_t len = cJSON_IsString(secret) ? strlen(secret->valuestring) : 0;

        if (len == 0 || len > KV_PRINCIPAL_SECRET_MAX) {
            return seed_fail(seed_item(path, "secrets", index).text, KV_BAD_PARAMETER,
                             "it must be a text of 1 to 512 bytes", err);
        }
        index++;
    }
    return KV_OK;
}

static bool differs(const char *wanted, const char *is)
{
    return wanted != NULL && strcasecmp(wanted, is) != 0;
}

/* One who is there must be who the seed says. */
static enum kv_code check_present(const struct seed_run *run, const struct sent *sent,
                                  enum kv_principal_type type, const char *path, struct kv_err *err)
{
    struct kv_principal_entry entry;

    if (kv_principal_get(run->seeds->config.principals, sent->name, &entry, NULL) != KV_OK
        || !entry.registered) {
        return KV_OK;
    }
    if (entry.state == KV_PRINCIPAL_DELETED) {
        return seed_fail(path, KV_CONFLICT, "the identity is deleted", err);
    }
    if (entry.type != type || differs(sent->object_id, entry.object_id)
        || differs(sent->client_id, entry.client_id)) {
        return seed_fail(path, KV_CONFLICT, "the identity is there with another type or other ids",
                         err);
    }
    return KV_OK;
}

static enum kv_code check(const struct seed_run *run, const cJSON *item, const struct sent *sent,
                          enum kv_principal_type type, const char *path, struct kv_err *err)
{
    if (find_item(run, sent->name) != item) {
        return seed_fail(path, KV_BAD_PARAMETER, "the seed has an identity of that name before it",
                         err);
    }
    if (!is_guid_or_none(sent->object_id) || !is_guid_or_none(sent->client_id)
        || !is_guid_or_none(sent->tenant)) {
        return seed_fail(path, KV_BAD_PARAMETER, "object_id, client_id and tenant are GUIDs", err);
    }
    if (sent->members != NULL && type != KV_PRINCIPAL_GROUP) {
        return seed_fail(path, KV_BAD_PARAMETER, "groups alone have members", err);
    }
    KV_TRY(check_secrets(sent, type, path, err));
    return check_present(run, sent, type, path, err);
}

/* The same once more changes nothing. */
static enum kv_code add_secrets(struct kv_principals *principals, const struct sent *sent,
                                struct kv_err *err)
{
    const cJSON *secret;

    cJSON_ArrayForEach (secret, sent->secrets) {
        struct kv_credential credential;

        KV_TRY(kv_principal_add_secret(principals, sent->name, LABEL, secret->valuestring,
                                       strlen(secret->valuestring), KV_CREDENTIAL_ENDLESS,
                                       &credential, err));
    }
    return KV_OK;
}

static enum kv_code register_one(struct kv_principals *principals, const struct sent *sent,
                                 enum kv_principal_type type, struct kv_err *err)
{
    const struct kv_principal_draft draft = {
        .name = sent->name,
        .type = &type,
        .object_id = sent->object_id,
        .client_id = sent->client_id,
        .tenant = sent->tenant,
        .upn = sent->upn,
        .trusted_service = sent->trusted.given ? &sent->trusted.value : NULL,
    };
    struct kv_principal_entry entry;
    bool is_new;

    KV_TRY(kv_principal_register(principals, &draft, false, &entry, &is_new, err));
    KV_TRY(add_secrets(principals, sent, err));
    if (sent->enabled.given) {
        return kv_principal_enable(principals, sent->name, sent->enabled.value, &entry, err);
    }
    return KV_OK;
}

enum kv_code seed_identity(struct seed_run *run, const cJSON *item, const char *path,
                           struct kv_err *err)
{
    struct sent sent = { .name = NULL };
    struct kv_err why = { .code = KV_OK };
    enum kv_principal_type type;

    KV_TRY(read_sent(item, path, &sent, &type, err));
    if (!run->applies) {
        return check(run, item, &sent, type, path, err);
    }
    return seed_at(path, register_one(run->seeds->config.principals, &sent, type, &why), &why, err);
}

enum kv_code seed_members(struct seed_run *run, const cJSON *item, const char *path,
                          struct kv_err *err)
{
    struct sent sent = { .name = NULL };
    enum kv_principal_type type;
    const cJSON *member;
    int index = 0;

    KV_TRY(read_sent(item, path, &sent, &type, err));
    cJSON_ArrayForEach (member, sent.members) {
        const struct seed_path at = seed_item(path, "members", index++);
        struct kv_err why = { .code = KV_OK };
        char id[KV_UUID_LENGTH + 1];

        if (!cJSON_IsString(member)) {
            return seed_fail(at.text, KV_BAD_PARAMETER, "it must be a name", err);
        }
        KV_TRY(seed_find_principal(run, member->valuestring, at.text, id, err));
        if (run->applies) {
            KV_TRY(seed_at(at.text,
                           kv_principal_add_member(run->seeds->config.principals, sent.name,
                                                   kv_principal_name_of(member->valuestring), &why),
                           &why, err));
        }
    }
    return KV_OK;
}

enum kv_code seed_find_principal(const struct seed_run *run, const char *name, const char *path,
                                 char ret_object_id[KV_UUID_LENGTH + 1], struct kv_err *err)
{
    struct kv_principal_entry entry;
    struct kv_err why = { .code = KV_OK };
    const char *real = kv_principal_name_of(name);

    if (!run->applies && find_item(run, real) != NULL) {
        kv_uuid_of("seed", real, ret_object_id); /* in the place of the id that it will have */
        return KV_OK;
    }
    KV_TRY(seed_at(path, kv_principals_find_name(run->seeds->config.principals, real, &entry, &why),
                   &why, err));
    memcpy(ret_object_id, entry.object_id, sizeof(entry.object_id));
    return KV_OK;
}
