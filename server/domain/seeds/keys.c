/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of a seed: each with its versions, oldest first. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/keys/rotation.h"
#include "version.h"

#define VERSIONS_MAX 100

struct sent_key {
    const char *vault, *name;
    const cJSON *versions, *rotation_policy, *deleted;
};

static const struct kv_json_field key_fields[] = {
    KV_JSON_FIELD(struct sent_key, vault, "vault", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_key, name, "name", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_key, versions, "versions", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct sent_key, rotation_policy, "rotation_policy", KV_JSON_OBJECT),
    KV_JSON_FIELD(struct sent_key, deleted, "deleted", KV_JSON_ANY),
};

/* --- a key --- */

struct subject {
    struct seed_run *run;
    const struct kv_scope *scope;
    const struct sent_key *sent;
    bool is_deleted; /* there, and deleted: its latest version alone can be looked at */
    struct kv_key latest;
};

static void subject_done(struct subject *subject)
{
    kv_key_done(&subject->latest);
}
KV_DEFINE_CLEANUP_VALUE(struct subject, subject_done)

static enum kv_code do_live_version(const struct subject *subject, const struct wanted *wanted,
                                    const char *path, struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key is = { .version = "" };
    struct kv_err why = { .code = KV_OK };
    enum kv_code code =
        kv_key_get(subject->scope, subject->sent->name, wanted->sent.version, &is, &why);

    if (code == KV_OK) {
        return wanted_compare(wanted, &is, path, err);
    }
    if (code != KV_KEY_NOT_FOUND) {
        return seed_at(path, code, &why, err);
    }
    return seed_at(
        path,
        subject->run->applies
            ? wanted_make(subject->run->seeds, subject->scope, subject->sent->name, wanted, &why)
            : wanted_check(subject->scope, subject->sent->name, wanted, &why),
        &why, err);
}

static enum kv_code do_version(const struct subject *subject, const cJSON *item, const char *path,
                               struct kv_err *err)
{
    kv_auto(wanted_done) struct wanted wanted = { .tags = { .packed = NULL } };

    KV_TRY(wanted_read(item, path, subject->run->now, &wanted, err));
    if (!subject->is_deleted) {
        return do_live_version(subject, &wanted, path, err);
    }
    if (item->next != NULL) { /* an older one, which nobody sees */
        return KV_OK;
    }
    if (strcmp(subject->latest.version, wanted.sent.version) != 0) {
        return seed_fail(path, KV_CONFLICT, "the deleted key has another latest version", err);
    }
    return wanted_compare(&wanted, &subject->latest, path, err);
}

static bool is_version_before(const cJSON *array, const cJSON *item)
{
    const cJSON *other;

    cJSON_ArrayForEach (other, array) {
        const cJSON *a = cJSON_GetObjectItemCaseSensitive(other, "version");
        const cJSON *b = cJSON_GetObjectItemCaseSensitive(item, "version");

        if (other == item) {
            return false;
        }
        if (cJSON_IsString(a) && cJSON_IsString(b) && strcmp(a->valuestring, b->valuestring) == 0) {
            return true;
        }
    }
    return false;
}

static enum kv_code do_versions(const struct subject *subject, const char *path, struct kv_err *err)
{
    const cJSON *versions = subject->sent->versions;
    const cJSON *item;
    int index = 0;

    cJSON_ArrayForEach (item, versions) {
        const struct seed_path at = seed_item(path, "versions", index++);

        if (is_version_before(versions, item)) {
            return seed_fail(at.text, KV_BAD_PARAMETER,
                             "the key has a version of that id before it", err);
        }
        KV_TRY(do_version(subject, item, at.text, err));
    }
    return KV_OK;
}

/* --- its policy --- */

struct sent_policy {
    const char *expiry, *after_create, *before_expiry, *notify;
};

static const struct kv_json_field policy_fields[] = {
    KV_JSON_FIELD(struct sent_policy, expiry, "expiry", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_policy, after_create, "rotate_after_create", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_policy, before_expiry, "rotate_before_expiry", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_policy, notify, "notify_before_expiry", KV_JSON_STRING),
};

static enum kv_code do_policy(const struct subject *subject, const char *parent, struct kv_err *err)
{
    const struct seed_path at = seed_member(parent, "rotation_policy");
    struct kv_rotation_policy_args args = {
        .as_sent = subject->scope->vault->kind == KV_MANAGED_HSM,
    };
    struct sent_policy sent = { .expiry = NULL };
    struct kv_rotation_policy policy;
    struct kv_err why = { .code = KV_OK };

    KV_TRY(seed_bind(subject->sent->rotation_policy, at.text, policy_fields,
                     KV_COUNT(policy_fields), &sent, err));
    args.expiry = sent.expiry;
    if (sent.after_create != NULL || sent.before_expiry != NULL) {
        args.action[args.count++] =
            (struct kv_lifetime_action){ "Rotate", sent.after_create, sent.before_expiry };
    }
    if (sent.notify != NULL) {
        args.action[args.count++] = (struct kv_lifetime_action){ "Notify", NULL, sent.notify };
    }
    return seed_at(at.text,
                   subject->run->applies ? kv_rotation_policy_set(
                       subject->scope, subject->sent->name, &args, &policy, &why)
                                         : kv_rotation_policy_read(&args, &policy, &why),
                   &why, err);
}

/* --- its deletion --- */

/* *ret_when 0: it is to live. */
static enum kv_code read_deleted(const struct subject *subject, const char *path, kv_time *ret_when,
                                 struct kv_err *err)
{
    const cJSON *deleted = subject->sent->deleted;
    const kv_time retention = (kv_time) subject->scope->vault->retention_days * 86400;
    const kv_time now = kv_seconds(subject->run->now);
    struct kv_maybe_time when = { .given = false };

    *ret_when = cJSON_IsTrue(deleted) ? now : 0;
    if (deleted == NULL || cJSON_IsBool(deleted)) {
        return KV_OK;
    }
    KV_TRY(seed_read_date(deleted, path, "deleted", &when, err));
    if (when.value > now || when.value + retention <= now) {
        return seed_fail(seed_member(path, "deleted").text, KV_BAD_PARAMETER,
                         "it is not yet by the clock, or the key would be purged by now", err);
    }
    *ret_when = when.value;
    return KV_OK;
}

static enum kv_code remove_one(const struct subject *subject, kv_time when, const char *path,
                               struct kv_err *err)
{
    struct kv_scope scope = *subject->scope;
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    struct kv_err why = { .code = KV_OK };

    scope.now = when * 1000;
    return seed_at(path, kv_key_delete(&scope, subject->sent->name, &key, &why), &why, err);
}

/* --- all of it --- */

/* Whether it is there and deleted; one that is there otherwise than the seed has it is refused. */
static enum kv_code look(struct subject *subject, bool wants_deleted, const char *path,
                         struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key live = { .version = "" };

    subject->is_deleted =
        kv_key_get_deleted(subject->scope, subject->sent->name, &subject->latest, NULL) == KV_OK;
    if (subject->is_deleted && !wants_deleted) {
        return seed_fail(path, KV_CONFLICT, "the key is deleted", err);
    }
    if (wants_deleted && !subject->run->applies
        && kv_key_get(subject->scope, subject->sent->name, NULL, &live, NULL) == KV_OK) {
        return seed_fail(path, KV_CONFLICT, "the key is not deleted", err);
    }
    return KV_OK;
}

static enum kv_code do_key(struct subject *subject, const char *path, struct kv_err *err)
{
    kv_time when;

    KV_TRY(read_deleted(subject, path, &when, err));
    KV_TRY(look(subject, when != 0, path, err));
    KV_TRY(do_versions(subject, path, err));
    if (subject->sent->rotation_policy != NULL && !subject->is_deleted) {
        KV_TRY(do_policy(subject, path, err));
    }
    if (when != 0 && subject->run->applies && !subject->is_deleted) {
        return remove_one(subject, when, path, err);
    }
    return KV_OK;
}

static bool is_key_before(const struct seed_run *run, const cJSON *item,
                          const struct sent_key *sent)
{
    const cJSON *other;

    cJSON_ArrayForEach (other, cJSON_GetObjectItemCaseSensitive(run->seed, "keys")) {
        const cJSON *vault = cJSON_GetObjectItemCaseSensitive(other, "vault");
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(other, "name");

        if (other == item) {
            return false;
        }
        if (cJSON_IsString(vault) && cJSON_IsString(name)
            && strcasecmp(vault->valuestring, sent->vault) == 0
            && strcasecmp(name->valuestring, sent->name) == 0) {
            return true;
        }
    }
    return false;
}

static enum kv_code check_sent(const struct seed_run *run, const cJSON *item,
                               const struct sent_key *sent, const char *path, struct kv_err *err)
{
    const int count = cJSON_GetArraySize(sent->versions);

    if (sent->vault == NULL || sent->name == NULL) {
        return seed_fail(path, KV_BAD_PARAMETER, "a key needs a vault and a name", err);
    }
    if (count == 0 || count > VERSIONS_MAX) {
        return seed_fail(seed_member(path, "versions").text, KV_BAD_PARAMETER,
                         "a key has 1 to 100 versions, oldest first", err);
    }
    if (!run->applies && is_key_before(run, item, sent)) {
        return seed_fail(path, KV_BAD_PARAMETER, "the seed has a key of that name before it", err);
    }
    return KV_OK;
}

enum kv_code seed_key(struct seed_run *run, const cJSON *item, const char *path, struct kv_err *err)
{
    struct sent_key sent = { .name = NULL };
    struct kv_vault vault;
    char host[KV_VAULT_HOST_SIZE];

    KV_TRY(seed_bind(item, path, key_fields, KV_COUNT(key_fields), &sent, err));
    KV_TRY(check_sent(run, item, &sent, path, err));
    KV_TRY(seed_find_vault(run, sent.vault, seed_member(path, "vault").text, &vault, err));
    kv_vault_host(&vault, host);

    const struct kv_scope scope = {
        .keys = run->seeds->config.keys,
        .vault = &vault,
        .authority = host,
        .now = run->now,
    };
    kv_auto(subject_done) struct subject subject = { .run = run, .scope = &scope, .sent = &sent };

    return do_key(&subject, path, err);
}
