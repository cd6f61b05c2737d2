/* SPDX-License-Identifier: Apache-2.0 */
/* Custom roles of Azure, and what a role says. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "access_core.h"
#include "kv/base/json.h"
#include "roles_core.h"

#define ACTION_MAX 256
#define LISTS_MAX 65536 /* bytes of one list as JSON */

void kv_access_role_done(struct kv_access_role *role)
{
    cJSON_Delete(role->data_actions);
    cJSON_Delete(role->not_data_actions);
    role->data_actions = role->not_data_actions = NULL;
}

static enum kv_code fail_not_found(const char *name, struct kv_err *err)
{
    return KV_FAIL(err, KV_ROLE_DEFINITION_NOT_FOUND, 0, "There is no role '%.128s'.", name);
}

static enum kv_code fill_built_in(const struct access_built_in *row,
                                  struct kv_access_role *ret_role, struct kv_err *err)
{
    kv_auto(kv_access_role_done) struct kv_access_role role = {
        .is_built_in = true,
        .data_actions = cJSON_CreateArray(),
        .not_data_actions = cJSON_CreateArray(),
    };
    bool ok = role.data_actions != NULL && role.not_data_actions != NULL;

    (void) snprintf(role.name, sizeof(role.name), "%s", row->name);
    (void) snprintf(role.role_name, sizeof(role.role_name), "%s", row->role_name);
    for (const char *at = row->actions; *at != '\0';) {
        size_t len = strcspn(at, " ");
        char action[ACTION_MAX];

        (void) snprintf(action, sizeof(action), "Microsoft.KeyVault/vaults/%.*s", (int) len, at);
        kv_json_append_text(role.data_actions, action, &ok);
        at += len + strspn(at + len, " ");
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_role = role;
    role.data_actions = role.not_data_actions = NULL; /* the caller's now */
    return KV_OK;
}

static enum kv_code load(struct kv_db *db, const char *name, struct kv_access_role *ret_role,
                         struct kv_err *err)
{
    static const char sql[] = "SELECT name, role_name, data_actions, not_data_actions"
                              " FROM access_role WHERE name = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(name)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) {
        return fail_not_found(name, err);
    }

    kv_auto(kv_access_role_done) struct kv_access_role role = {
        .data_actions = cJSON_Parse(kv_rows_text(rows, 2)),
        .not_data_actions = cJSON_Parse(kv_rows_text(rows, 3)),
    };

    if (role.data_actions == NULL || role.not_data_actions == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the stored role %.64s is damaged", name);
    }
    (void) snprintf(role.name, sizeof(role.name), "%s", kv_rows_text(rows, 0));
    (void) snprintf(role.role_name, sizeof(role.role_name), "%s", kv_rows_text(rows, 1));
    *ret_role = role;
    role.data_actions = role.not_data_actions = NULL; /* the caller's now */
    return KV_OK;
}

enum kv_code kv_access_role_get(struct kv_access *access, const char *name,
                                struct kv_access_role *ret_role, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    const struct access_built_in *row;
    char fold[KV_UUID_LENGTH + 1];

    if (!roles_fold_guid(name, fold)) {
        return fail_not_found(name, err);
    }
    row = access_built_in_of(fold);
    if (row != NULL) {
        return fill_built_in(row, ret_role, err);
    }
    KV_TRY(kv_db_acquire(access->store, &db, err));
    return load(db, fold, ret_role, err);
}

static enum kv_code check_not_built_in(const char *fold, struct kv_err *err)
{
    return access_built_in_of(fold) == NULL
               ? KV_OK
               : KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s is a built-in role, which stays as it is.",
                         fold);
}

/* Printable characters of ASCII, without blanks. */
static bool is_action(const cJSON *item)
{
    size_t len = cJSON_IsString(item) ? strlen(item->valuestring) : 0;
    size_t graphic = 0;

    while (graphic < len && isgraph((unsigned char) item->valuestring[graphic])) {
        graphic++;
    }
    return len > 0 && len <= ACTION_MAX && graphic == len;
}

static enum kv_code print_actions(const cJSON *actions, const char *what, struct kv_buf *buf,
                                  struct kv_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, actions) {
        if (!is_action(item)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "%s must be texts such as 'Microsoft.KeyVault/vaults/keys/read'.", what);
        }
    }
    if (kv_json_print(actions, buf, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s are too many.", what);
    }
    return KV_OK;
}

/* A role is found by its name, too: no other one may have it. */
static enum kv_code check_name_is_free(struct kv_db *db, const struct kv_access_role *role,
                                       const char *fold, struct kv_err *err)
{
    char other[KV_UUID_LENGTH + 1];
    enum kv_code code;

    if (role->role_name[0] == '\0' || kv_uuid_is_valid(role->role_name)
        || strchr(role->role_name, '/') != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A role needs a name, which is no GUID and has no slash.");
    }
    code = access_find_role(db, role->role_name, other, err);
    if (code == KV_ROLE_DEFINITION_NOT_FOUND || (code == KV_OK && strcmp(other, fold) == 0)) {
        return KV_OK;
    }
    return code != KV_OK ? code
                         : KV_FAIL(err, KV_BAD_PARAMETER, 0, "The role %s is named '%.128s'.",
                                   other, role->role_name);
}

static enum kv_code check_room(struct kv_db *db, const char *fold, bool *ret_is_new,
                               struct kv_err *err)
{
    static const char all[] = "SELECT count(*) FROM access_role";
    static const char same[] = "SELECT count(*) FROM access_role WHERE name = ?";
    int64_t count, known;

    KV_TRY(kv_db_count(db, all, KV_NO_BINDS, &count, err));
    KV_TRY(kv_db_count(db, same, KV_BINDS(KV_B_TEXT(fold)), &known, err));
    if (known == 0 && count >= KV_ACCESS_ROLES_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There can be %d custom roles at most.",
                       KV_ACCESS_ROLES_MAX);
    }
    *ret_is_new = known == 0;
    return KV_OK;
}

/* Named in the transaction, so that two that come together do not have the same name. */
static enum kv_code store_role(struct kv_access *access, const struct kv_access_role *role,
                               const char *fold, const struct kv_buf *actions,
                               const struct kv_buf *not_actions, bool *ret_is_new,
                               struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO access_role (name, role_name, data_actions, not_data_actions)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET role_name = excluded.role_name,"
        " data_actions = excluded.data_actions, not_data_actions = excluded.not_data_actions";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(check_name_is_free(db, role, fold, err));
    KV_TRY(check_room(db, fold, ret_is_new, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(fold), KV_B_TEXT(role->role_name), KV_B_TEXT(actions->data),
                              KV_B_TEXT(not_actions->data)),
                     NULL, err));
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    return KV_OK;
}

enum kv_code kv_access_role_put(struct kv_access *access, const struct kv_access_role *role,
                                bool *ret_is_new, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf actions;
    kv_auto(kv_buf_done) struct kv_buf not_actions;
    char fold[KV_UUID_LENGTH + 1];

    kv_buf_init(&actions, LISTS_MAX);
    kv_buf_init(&not_actions, LISTS_MAX);
    KV_TRY(access_fold(role->name, "name of a role", fold, err));
    KV_TRY(check_not_built_in(fold, err));
    KV_TRY(print_actions(role->data_actions, "dataActions", &actions, err));
    KV_TRY(print_actions(role->not_data_actions, "notDataActions", &not_actions, err));
    return store_role(access, role, fold, &actions, &not_actions, ret_is_new, err);
}

static enum kv_code check_unassigned(struct kv_db *db, const char *fold, struct kv_err *err)
{
    static const char sql[] = "SELECT count(*) FROM access_assignment WHERE role = ?";
    int64_t count;

    KV_TRY(kv_db_count(db, sql, KV_BINDS(KV_B_TEXT(fold)), &count, err));
    return count == 0
               ? KV_OK
               : KV_FAIL(err, KV_CONFLICT, 0, "The role cannot be deleted while it is assigned.");
}

enum kv_code kv_access_role_delete(struct kv_access *access, const char *name, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM access_role WHERE name = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    char fold[KV_UUID_LENGTH + 1];
    int64_t changes = 0;

    if (!roles_fold_guid(name, fold)) {
        return fail_not_found(name, err);
    }
    KV_TRY(check_not_built_in(fold, err));
    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(check_unassigned(db, fold, err));
    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_TEXT(fold)), &changes, err));
    if (changes == 0) {
        return fail_not_found(fold, err);
    }
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    return KV_OK;
}
