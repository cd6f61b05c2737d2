/* SPDX-License-Identifier: Apache-2.0 */
/* Custom roles of Azure in a seed. They come before what is granted by them. */
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kv/access/grants.h"

#define DERIVED "seed role" /* ids from names */

struct sent {
    const char *id, *name, *description;
    const cJSON *actions, *not_actions, *data_actions, *not_data_actions, *scopes;
};

static const struct kv_json_field fields[] = {
    KV_JSON_FIELD(struct sent, id, "id", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent, name, "name", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent, description, "description", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent, actions, "actions", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct sent, not_actions, "not_actions", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct sent, data_actions, "data_actions", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct sent, not_data_actions, "not_data_actions", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct sent, scopes, "scopes", KV_JSON_ARRAY),
};

/* --- one is read --- */

static enum kv_code copy_text(const char *text, const char *parent, const char *name,
                              char ret_text[KV_ACCESS_NAME_MAX + 1], struct kv_err *err)
{
    if (text != NULL && strlen(text) > KV_ACCESS_NAME_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: it has %d bytes at most",
                       seed_member(parent, name).text, KV_ACCESS_NAME_MAX);
    }
    (void) snprintf(ret_text, KV_ACCESS_NAME_MAX + 1, "%s", text != NULL ? text : "");
    return KV_OK;
}

/* The one that is given, or one that follows from the name. */
static enum kv_code take_id(const struct sent *sent, const char *path, struct kv_access_role *role,
                            struct kv_err *err)
{
    if (sent->id == NULL) {
        kv_uuid_of(DERIVED, sent->name, role->name);
        return KV_OK;
    }
    if (!kv_uuid_is_valid(sent->id)) {
        return seed_fail(seed_member(path, "id").text, KV_BAD_PARAMETER, "it must be a GUID", err);
    }
    (void) snprintf(role->name, sizeof(role->name), "%s", sent->id);
    return KV_OK;
}

/* A list that is not given is empty. */
static cJSON *copy_list(const cJSON *list)
{
    return list != NULL ? cJSON_Duplicate(list, true) : cJSON_CreateArray();
}

/* As the members of a seed are called, which the resource manager calls otherwise. */
static enum kv_code check_lists(const struct sent *sent, const char *path, struct kv_err *err)
{
    const struct {
        const char *name;
        const cJSON *list;
    } lists[] = {
        { "actions", sent->actions },
        { "not_actions", sent->not_actions },
        { "data_actions", sent->data_actions },
        { "not_data_actions", sent->not_data_actions },
        { "scopes", sent->scopes },
    };
    const cJSON *entry;

    for (size_t i = 0; i < KV_COUNT(lists); i++) {
        cJSON_ArrayForEach (entry, lists[i].list) {
            if (!cJSON_IsString(entry)) {
                return seed_fail(seed_member(path, lists[i].name).text, KV_BAD_PARAMETER,
                                 "it must be a list of texts", err);
            }
        }
    }
    return KV_OK;
}

static enum kv_code read_role(const cJSON *item, const char *path, struct kv_access_role *role,
                              struct kv_err *err)
{
    struct sent sent = { .name = NULL };

    KV_TRY(seed_bind(item, path, fields, KV_COUNT(fields), &sent, err));
    if (sent.name == NULL) {
        return seed_fail(path, KV_BAD_PARAMETER, "a role needs a name", err);
    }
    KV_TRY(copy_text(sent.name, path, "name", role->role_name, err));
    KV_TRY(copy_text(sent.description, path, "description", role->description, err));
    KV_TRY(take_id(&sent, path, role, err));
    KV_TRY(check_lists(&sent, path, err));
    role->actions = copy_list(sent.actions);
    role->not_actions = copy_list(sent.not_actions);
    role->data_actions = copy_list(sent.data_actions);
    role->not_data_actions = copy_list(sent.not_data_actions);
    role->scopes = copy_list(sent.scopes);
    return role->actions != NULL && role->not_actions != NULL && role->data_actions != NULL
                   && role->not_data_actions != NULL && role->scopes != NULL
               ? KV_OK
               : KV_OUT_OF_MEMORY(err);
}

/* --- what is there already --- */

static bool is_same(const struct kv_access_role *one, const struct kv_access_role *other)
{
    return strcmp(one->role_name, other->role_name) == 0
           && strcmp(one->description, other->description) == 0
           && cJSON_Compare(one->actions, other->actions, true)
           && cJSON_Compare(one->not_actions, other->not_actions, true)
           && cJSON_Compare(one->data_actions, other->data_actions, true)
           && cJSON_Compare(one->not_data_actions, other->not_data_actions, true)
           && cJSON_Compare(one->scopes, other->scopes, true);
}

/* KV_CONFLICT: it is there otherwise. One that is built in is not there for a seed. */
static enum kv_code find_present(struct kv_access *access, const struct kv_access_role *role,
                                 bool *ret_is_there, struct kv_err *err)
{
    kv_auto(kv_access_role_done) struct kv_access_role is = { .actions = NULL };
    enum kv_code code = kv_access_role_get(access, role->name, &is, err);

    *ret_is_there = code == KV_OK && !is.is_built_in;
    if (code == KV_ROLE_DEFINITION_NOT_FOUND || (code == KV_OK && !*ret_is_there)) {
        return KV_OK;
    }
    KV_TRY(code);
    return is_same(role, &is)
               ? KV_OK
               : KV_FAIL(err, KV_CONFLICT, 0,
                         "the role is there with another name, description, actions or scopes");
}

/* --- one of a seed --- */

static const char *text_of(const cJSON *item, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, name));

    return text != NULL ? text : "";
}

/* Once, because they are digests, and compared with what thousands of assignments name. */
void seed_note_roles(struct seed_run *run)
{
    char(*ids)[KV_UUID_LENGTH + 1] = run->seeds->role_ids;
    const cJSON *item;

    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(run->seed, "roles")) {
        const char *id = text_of(item, "id");

        if (*id != '\0') {
            (void) snprintf(*ids, sizeof(*ids), "%s", id);
        } else {
            kv_uuid_of(DERIVED, text_of(item, "name"), *ids);
        }
        ids++;
    }
}

static const cJSON *find_item(const struct seed_run *run, const char *text)
{
    const char(*id)[KV_UUID_LENGTH + 1] = run->seeds->role_ids;
    const cJSON *item;

    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(run->seed, "roles")) {
        if (kv_access_role_is(*id++, text_of(item, "name"), text)) {
            return item;
        }
    }
    return NULL;
}

bool seed_has_role(const struct seed_run *run, const char *text)
{
    return find_item(run, text) != NULL;
}

/* By itself first: what is no name at all may look like the id of another. */
static enum kv_code check(struct seed_run *run, const cJSON *item,
                          const struct kv_access_role *role, const char *path, struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };

    KV_TRY(seed_at(path,
                   kv_access_role_check(run->seeds->config.access, role, run->new_roles++, &why),
                   &why, err));
    if (find_item(run, role->name) != item || find_item(run, role->role_name) != item) {
        return seed_fail(path, KV_BAD_PARAMETER, "the seed has a role of that id or name before it",
                         err);
    }
    return KV_OK;
}

enum kv_code seed_role(struct seed_run *run, const cJSON *item, const char *path,
                       struct kv_err *err)
{
    kv_auto(kv_access_role_done) struct kv_access_role role = { .changed = run->now };
    struct kv_access *access = run->seeds->config.access;
    struct kv_err why = { .code = KV_OK };
    bool is_there, is_new;

    KV_TRY(read_role(item, path, &role, err));
    KV_TRY(seed_at(path, find_present(access, &role, &is_there, &why), &why, err));
    if (is_there) {
        return KV_OK;
    }
    return run->applies ? seed_at(path, kv_access_role_put(access, &role, &is_new, &why), &why, err)
                        : check(run, item, &role, path, err);
}

/* --- one is written --- */

struct writing {
    cJSON *roles;
    const cJSON *vaults; /* whose roles alone are wanted; NULL: all */
};

static bool assigns(const cJSON *vaults, const char *role)
{
    const cJSON *vault, *assignment;

    cJSON_ArrayForEach (vault, vaults) {
        cJSON_ArrayForEach (assignment, cJSON_GetObjectItemCaseSensitive(vault, "assignments")) {
            const char *is =
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(assignment, "role"));

            if (is != NULL && strcmp(is, role) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void add_list(cJSON *object, const char *name, const cJSON *list, bool *ok)
{
    if (cJSON_GetArraySize(list) > 0) {
        kv_json_add_take(object, name, cJSON_Duplicate(list, true), ok);
    }
}

static enum kv_code write_role(void *context, const struct kv_access_role *role, struct kv_err *err)
{
    const struct writing *writing = context;
    bool ok = true;

    if (writing->vaults != NULL && !assigns(writing->vaults, role->name)) {
        return KV_OK;
    }
    cJSON *object = cJSON_CreateObject();
    kv_json_add_text(object, "id", role->name, &ok);
    kv_json_add_text(object, "name", role->role_name, &ok);
    if (role->description[0] != '\0') {
        kv_json_add_text(object, "description", role->description, &ok);
    }
    add_list(object, "actions", role->actions, &ok);
    add_list(object, "not_actions", role->not_actions, &ok);
    add_list(object, "data_actions", role->data_actions, &ok);
    add_list(object, "not_data_actions", role->not_data_actions, &ok);
    add_list(object, "scopes", role->scopes, &ok);
    kv_json_add_take(writing->roles, NULL, object, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code seed_export_roles(struct kv_seeds *seeds, bool assigned_only, cJSON *seed,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *roles = cJSON_CreateArray();
    struct writing writing = { .roles = roles };
    bool ok = roles != NULL;

    if (assigned_only) {
        writing.vaults = cJSON_GetObjectItemCaseSensitive(seed, "vaults");
    }
    KV_TRY(ok ? kv_access_roles_each(seeds->config.access, true, write_role, &writing, err)
              : KV_OUT_OF_MEMORY(err));
    if (roles->child != NULL) {
        kv_json_add_take(seed, "roles", kv_take(roles), &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}
