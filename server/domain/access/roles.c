/* SPDX-License-Identifier: Apache-2.0 */
/* Role definitions: the built-in ones of a table, the custom ones in the store. */
#include "kv/access/roles.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"
#include "roles_core.h"

#define ACTION_HEAD "Microsoft.KeyVault/managedHsm/"

static const struct built_in {
    const char *name, *role_name, *actions;
} built_ins[] = {
#define X(name, role_name, actions) { name, role_name, actions },
#include "kv/access/hsm_role.def"
#undef X
};

void kv_role_done(struct kv_role *role)
{
    cJSON_Delete(role->permissions);
    cJSON_Delete(role->scopes);
    role->permissions = role->scopes = NULL;
}

void kv_role_list_done(struct kv_role_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        kv_role_done(&list->role[i]);
    }
    free(list->role);
    *list = (struct kv_role_list){ .role = NULL };
}

bool roles_fold_guid(const char *text, char ret_guid[KV_UUID_LENGTH + 1])
{
    if (!kv_uuid_is_valid(text)) {
        return false;
    }
    for (size_t i = 0; i <= KV_UUID_LENGTH; i++) {
        ret_guid[i] = (char) tolower((unsigned char) text[i]);
    }
    return true;
}

static const struct built_in *find_built_in(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(built_ins); i++) {
        if (strcmp(built_ins[i].name, name) == 0) {
            return &built_ins[i];
        }
    }
    return NULL;
}

static enum kv_code fail_not_found(struct kv_err *err)
{
    return KV_FAIL(err, KV_ROLE_DEFINITION_NOT_FOUND, 0, "Requested role definition not found");
}

static void add_actions(cJSON *permission, const char *actions, bool *ok)
{
    cJSON *array = kv_json_add_array(permission, "dataActions", ok);

    while (*actions != '\0') {
        size_t len = strcspn(actions, " ");
        char action[128];

        snprintf(action, sizeof(action), ACTION_HEAD "%.*s", (int) len, actions);
        kv_json_append_text(array, action, ok);
        actions += len + strspn(actions + len, " ");
    }
}

/* A built-in role can be assigned anywhere and has one permission. */
static enum kv_code fill_built_in(const struct built_in *row, struct kv_role *ret_role,
                                  struct kv_err *err)
{
    cJSON *permission = cJSON_CreateObject();
    bool ok = true;

    *ret_role = (struct kv_role){
        .is_built_in = true,
        .permissions = cJSON_CreateArray(),
        .scopes = cJSON_CreateArray(),
    };
    snprintf(ret_role->name, sizeof(ret_role->name), "%s", row->name);
    snprintf(ret_role->role_name, sizeof(ret_role->role_name), "%s", row->role_name);
    kv_json_append_text(ret_role->scopes, "/", &ok);
    kv_json_add_take(ret_role->permissions, NULL, permission, &ok);
    kv_json_add_array(permission, "actions", &ok);
    add_actions(permission, row->actions, &ok);
    kv_json_add_array(permission, "notActions", &ok);
    kv_json_add_array(permission, "notDataActions", &ok);
    if (!ok) {
        kv_role_done(ret_role);
        return KV_OUT_OF_MEMORY(err);
    }
    return KV_OK;
}

#define ROLE_COLUMNS "name, role_name, description, permissions, scopes"

static enum kv_code read_role(const struct kv_rows *rows, struct kv_role *ret_role,
                              struct kv_err *err)
{
    kv_auto(kv_role_done) struct kv_role role = {
        .permissions = cJSON_Parse(kv_rows_text(rows, 3)),
        .scopes = cJSON_Parse(kv_rows_text(rows, 4)),
    };

    if (role.permissions == NULL || role.scopes == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the stored role %s is damaged", kv_rows_text(rows, 0));
    }
    snprintf(role.name, sizeof(role.name), "%s", kv_rows_text(rows, 0));
    snprintf(role.role_name, sizeof(role.role_name), "%s", kv_rows_text(rows, 1));
    snprintf(role.description, sizeof(role.description), "%s", kv_rows_text(rows, 2));
    *ret_role = role;
    role.permissions = role.scopes = NULL; /* the caller's now */
    return KV_OK;
}

/* KV_ROLE_DEFINITION_NOT_FOUND if there is no custom role of that name. */
static enum kv_code load_custom(struct kv_db *db, int64_t vault, const char *name,
                                struct kv_role *ret_role, struct kv_err *err)
{
    static const char sql[] = "SELECT " ROLE_COLUMNS " FROM role_definition"
                              " WHERE vault = ? AND name = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(vault), KV_B_TEXT(name)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    return more ? read_role(rows, ret_role, err) : fail_not_found(err);
}

enum kv_code roles_check_definition(struct kv_db *db, int64_t vault, const char *name,
                                    struct kv_err *err)
{
    kv_auto(kv_role_done) struct kv_role role = { .permissions = NULL };

    return find_built_in(name) != NULL ? KV_OK : load_custom(db, vault, name, &role, err);
}

static enum kv_code append_custom(struct kv_roles *roles, int64_t vault, struct kv_role_list *list,
                                  struct kv_err *err)
{
    static const char sql[] = "SELECT " ROLE_COLUMNS " FROM role_definition"
                              " WHERE vault = ?1 ORDER BY id LIMIT ?2";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_acquire(roles->store, &db, err));
    KV_TRY(
        kv_db_query(db, sql, KV_BINDS(KV_B_INT(vault), KV_B_INT(KV_CUSTOM_ROLES_MAX)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        KV_TRY(read_role(rows, &list->role[list->count], err));
        list->count++;
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

enum kv_code kv_role_list(struct kv_roles *roles, int64_t vault, struct kv_role_list *ret_list,
                          struct kv_err *err)
{
    kv_auto(kv_role_list_done) struct kv_role_list list = {
        .role = calloc(KV_COUNT(built_ins) + KV_CUSTOM_ROLES_MAX, sizeof(*list.role)),
    };

    if (list.role == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (; list.count < KV_COUNT(built_ins); list.count++) {
        KV_TRY(fill_built_in(&built_ins[list.count], &list.role[list.count], err));
    }
    KV_TRY(append_custom(roles, vault, &list, err));
    *ret_list = list;
    list = (struct kv_role_list){ .role = NULL }; /* the caller's now */
    return KV_OK;
}

enum kv_code kv_role_get(struct kv_roles *roles, int64_t vault, const char *name,
                         struct kv_role *ret_role, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    const struct built_in *row;
    char fold[KV_UUID_LENGTH + 1];

    if (!roles_fold_guid(name, fold)) {
        return fail_not_found(err);
    }
    row = find_built_in(fold);
    if (row != NULL) {
        return fill_built_in(row, ret_role, err);
    }
    KV_TRY(kv_db_acquire(roles->store, &db, err));
    return load_custom(db, vault, fold, ret_role, err);
}

/* contract §9.2 */
static enum kv_code check_not_built_in(const char *fold, struct kv_err *err)
{
    if (find_built_in(fold) != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Cannot re-use the name/GUID matching that of a built-in role. Please use a "
                       "unique role ID.");
    }
    return KV_OK;
}

static enum kv_code check_room(struct kv_db *db, int64_t vault, const char *fold,
                               struct kv_err *err)
{
    static const char others[] = "SELECT count(*) FROM role_definition"
                                 " WHERE vault = ? AND name <> ?";
    int64_t count;

    KV_TRY(kv_db_count(db, others, KV_BINDS(KV_B_INT(vault), KV_B_TEXT(fold)), &count, err));
    if (count >= KV_CUSTOM_ROLES_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There can be %d custom role definitions at most.",
                       KV_CUSTOM_ROLES_MAX);
    }
    return KV_OK;
}

static enum kv_code print_list(const cJSON *tree, struct kv_buf *buf, struct kv_err *err)
{
    enum kv_code code = kv_json_print(tree, buf, err);

    if (code == KV_BODY_TOO_LARGE) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The role definition is too large.");
    }
    return code;
}

enum kv_code kv_role_put(struct kv_roles *roles, int64_t vault, const char *name,
                         const struct kv_role *role, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO role_definition (vault, " ROLE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (vault, name) DO UPDATE SET role_name = excluded.role_name,"
        " description = excluded.description, permissions = excluded.permissions,"
        " scopes = excluded.scopes";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_buf_done) struct kv_buf permissions;
    kv_auto(kv_buf_done) struct kv_buf scopes;
    char fold[KV_UUID_LENGTH + 1];

    kv_buf_init(&permissions, KV_ROLE_LISTS_MAX);
    kv_buf_init(&scopes, KV_ROLE_LISTS_MAX);
    if (!roles_fold_guid(name, fold)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Role definition name must be a GUID");
    }
    KV_TRY(check_not_built_in(fold, err));
    KV_TRY(print_list(role->permissions, &permissions, err));
    KV_TRY(print_list(role->scopes, &scopes, err));
    KV_TRY(roles_begin(roles, vault, &db, err));
    KV_TRY(check_room(db, vault, fold, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(vault), KV_B_TEXT(fold), KV_B_TEXT(role->role_name),
                              KV_B_TEXT(role->description), KV_B_TEXT(permissions.data),
                              KV_B_TEXT(scopes.data)),
                     NULL, err));
    return roles_commit(roles, db, err);
}

static enum kv_code check_unassigned(struct kv_db *db, int64_t vault, const char *fold,
                                     struct kv_err *err)
{
    static const char sql[] = "SELECT count(*) FROM role_assignment"
                              " WHERE vault = ? AND definition = ?";
    int64_t count;

    KV_TRY(kv_db_count(db, sql, KV_BINDS(KV_B_INT(vault), KV_B_TEXT(fold)), &count, err));
    if (count > 0) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "The role definition cannot be deleted while it is assigned.");
    }
    return KV_OK;
}

enum kv_code kv_role_delete(struct kv_roles *roles, int64_t vault, const char *name,
                            struct kv_role *ret_role, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM role_definition WHERE vault = ? AND name = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_role_done) struct kv_role role = { .permissions = NULL };
    char fold[KV_UUID_LENGTH + 1];

    if (!roles_fold_guid(name, fold)) {
        return fail_not_found(err);
    }
    KV_TRY(check_not_built_in(fold, err));
    KV_TRY(roles_begin(roles, vault, &db, err));
    KV_TRY(load_custom(db, vault, fold, &role, err));
    KV_TRY(check_unassigned(db, vault, fold, err));
    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_INT(vault), KV_B_TEXT(fold)), NULL, err));
    KV_TRY(roles_commit(roles, db, err));
    *ret_role = role;
    role.permissions = role.scopes = NULL; /* the caller's now */
    return KV_OK;
}
