/* SPDX-License-Identifier: Apache-2.0 */
/* Custom roles of Azure, and what a role says. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "access_core.h"
#include "kv/base/json.h"
#include "roles_core.h"

/* The lists of a role, in the order of their columns. */
static cJSON **list_of(struct kv_access_role *role, size_t i)
{
    cJSON **const lists[] = { &role->data_actions, &role->not_data_actions, &role->actions,
                              &role->not_actions, &role->scopes };

    return i < KV_COUNT(lists) ? lists[i] : NULL;
}

void kv_access_role_done(struct kv_access_role *role)
{
    cJSON **list;

    for (size_t i = 0; (list = list_of(role, i)) != NULL; i++) {
        cJSON_Delete(*list);
        *list = NULL;
    }
}

static void give_away(struct kv_access_role *role, struct kv_access_role *ret_role)
{
    cJSON **list;

    *ret_role = *role;
    for (size_t i = 0; (list = list_of(role, i)) != NULL; i++) {
        *list = NULL; /* the caller's now */
    }
}

static enum kv_code fail_not_found(const char *name, struct kv_err *err)
{
    return KV_FAIL(err, KV_ROLE_DEFINITION_NOT_FOUND, 0, "There is no role '%.128s'.", name);
}

/* Actions separated by blanks, each behind that head. */
static void split(cJSON *array, const char *head, const char *actions, bool *ok)
{
    for (const char *at = actions; *at != '\0';) {
        size_t len = strcspn(at, " ");
        char action[KV_ACTION_MAX + 1];

        (void) snprintf(action, sizeof(action), "%s%.*s", head, (int) len, at);
        kv_json_append_text(array, action, ok);
        at += len + strspn(at + len, " ");
    }
}

static enum kv_code fill_built_in(const struct access_built_in *row,
                                  struct kv_access_role *ret_role, struct kv_err *err)
{
    kv_auto(kv_access_role_done) struct kv_access_role role = { .is_built_in = true };
    cJSON **list;
    bool ok = true;

    for (size_t i = 0; (list = list_of(&role, i)) != NULL; i++) {
        *list = cJSON_CreateArray();
        ok = ok && *list != NULL;
    }
    (void) snprintf(role.name, sizeof(role.name), "%s", row->name);
    (void) snprintf(role.role_name, sizeof(role.role_name), "%s", row->role_name);
    (void) snprintf(role.description, sizeof(role.description), "%s", row->description);
    split(role.data_actions, "Microsoft.KeyVault/vaults/", row->actions, &ok);
    split(role.actions, "", row->control_actions, &ok);
    split(role.not_actions, "", row->control_not_actions, &ok);
    kv_json_append_text(role.scopes, "/", &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    give_away(&role, ret_role);
    return KV_OK;
}

#define COLUMNS                                                                                    \
    "SELECT name, role_name, description, made, changed, made_by, changed_by, data_actions,"       \
    " not_data_actions, actions, not_actions, scopes FROM access_role"
#define FIRST_LIST 7

static enum kv_code read_row(const struct kv_rows *rows, struct kv_access_role *ret_role,
                             struct kv_err *err)
{
    kv_auto(kv_access_role_done) struct kv_access_role role = {
        .made = kv_rows_int(rows, 3),
        .changed = kv_rows_int(rows, 4),
    };
    cJSON **list;

    (void) snprintf(role.name, sizeof(role.name), "%s", kv_rows_text(rows, 0));
    (void) snprintf(role.role_name, sizeof(role.role_name), "%s", kv_rows_text(rows, 1));
    (void) snprintf(role.description, sizeof(role.description), "%s", kv_rows_text(rows, 2));
    (void) snprintf(role.made_by, sizeof(role.made_by), "%s", kv_rows_text(rows, 5));
    (void) snprintf(role.changed_by, sizeof(role.changed_by), "%s", kv_rows_text(rows, 6));
    for (size_t i = 0; (list = list_of(&role, i)) != NULL; i++) {
        *list = cJSON_Parse(kv_rows_text(rows, FIRST_LIST + (int) i));
        if (!cJSON_IsArray(*list)) {
            return KV_FAIL(err, KV_INTERNAL, 0, "the stored role %.64s is damaged", role.name);
        }
    }
    give_away(&role, ret_role);
    return KV_OK;
}

static enum kv_code load(struct kv_db *db, const char *name, struct kv_access_role *ret_role,
                         struct kv_err *err)
{
    static const char sql[] = COLUMNS " WHERE name = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(name)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    return more ? read_row(rows, ret_role, err) : fail_not_found(name, err);
}

static enum kv_code visit_built_ins(kv_access_role_visit_fn *visit, void *context,
                                    struct kv_err *err)
{
    const struct access_built_in *row;

    for (size_t i = 0; (row = access_built_in(i)) != NULL; i++) {
        kv_auto(kv_access_role_done) struct kv_access_role role = { .data_actions = NULL };

        KV_TRY(fill_built_in(row, &role, err));
        KV_TRY(visit(context, &role, err));
    }
    return KV_OK;
}

enum kv_code kv_access_roles_each(struct kv_access *access, bool custom_only,
                                  kv_access_role_visit_fn *visit, void *context, struct kv_err *err)
{
    static const char sql[] = COLUMNS " ORDER BY id";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(custom_only ? KV_OK : visit_built_ins(visit, context, err));
    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_NO_BINDS, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        kv_auto(kv_access_role_done) struct kv_access_role role = { .data_actions = NULL };

        KV_TRY(read_row(rows, &role, err));
        KV_TRY(visit(context, &role, err));
        KV_TRY(kv_rows_next(rows, &more, err));
    }
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
    return len > 0 && len <= KV_ACTION_MAX && graphic == len;
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
    if (actions == NULL) {
        return kv_buf_printf(buf, err, "[]");
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
                         : KV_FAIL(err, KV_ROLE_NAME_TAKEN, 0, "The role %s is named '%.128s'.",
                                   other, role->role_name);
}

static enum kv_code check_room(struct kv_db *db, const char *fold, size_t others, bool *ret_is_new,
                               struct kv_err *err)
{
    static const char all[] = "SELECT count(*) FROM access_role";
    static const char same[] = "SELECT count(*) FROM access_role WHERE name = ?";
    int64_t count, known;

    KV_TRY(kv_db_count(db, all, KV_NO_BINDS, &count, err));
    KV_TRY(kv_db_count(db, same, KV_BINDS(KV_B_TEXT(fold)), &known, err));
    if (known == 0 && count + (int64_t) others >= KV_ACCESS_ROLES_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There can be %d custom roles at most.",
                       KV_ACCESS_ROLES_MAX);
    }
    *ret_is_new = known == 0;
    return KV_OK;
}

/* Named in the transaction, so that two that come together do not have the same name. */
static enum kv_code store_role(struct kv_access *access, const struct kv_access_role *role,
                               const char *fold, const struct kv_buf *lists, bool *ret_is_new,
                               struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO access_role (name, role_name, data_actions, not_data_actions, actions,"
        " not_actions, scopes, description, made, changed, made_by, changed_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?9, ?9, ?10, ?10)"
        " ON CONFLICT (name) DO UPDATE SET role_name = excluded.role_name,"
        " data_actions = excluded.data_actions, not_data_actions = excluded.not_data_actions,"
        " actions = iif(?11, actions, excluded.actions),"
        " not_actions = iif(?11, not_actions, excluded.not_actions),"
        " scopes = iif(?11, scopes, excluded.scopes),"
        " description = iif(?11, description, excluded.description),"
        " changed = excluded.changed, changed_by = excluded.changed_by";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(check_name_is_free(db, role, fold, err));
    KV_TRY(check_room(db, fold, 0, ret_is_new, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(fold), KV_B_TEXT(role->role_name), KV_B_TEXT(lists[0].data),
                              KV_B_TEXT(lists[1].data), KV_B_TEXT(lists[2].data),
                              KV_B_TEXT(lists[3].data), KV_B_TEXT(lists[4].data),
                              KV_B_TEXT(role->description), KV_B_INT(role->changed),
                              KV_B_TEXT(role->changed_by), KV_B_INT(role->is_data_only)),
                     NULL, err));
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    return KV_OK;
}

#define LISTS 5

static void done_lists(struct kv_buf lists[LISTS])
{
    for (size_t i = 0; i < LISTS; i++) {
        kv_buf_done(&lists[i]);
    }
}

static enum kv_code print_lists(const struct kv_access_role *role, struct kv_buf lists[LISTS],
                                struct kv_err *err)
{
    static const char *const names[LISTS] = { "dataActions", "notDataActions", "actions",
                                              "notActions", "assignableScopes" };
    const cJSON *const from[LISTS] = { role->data_actions, role->not_data_actions, role->actions,
                                       role->not_actions, role->scopes };

    for (size_t i = 0; i < LISTS; i++) {
        KV_TRY(print_actions(from[i], names[i], &lists[i], err));
    }
    return KV_OK;
}

/* What is stored of it; the lists are the caller's in any case. */
static enum kv_code prepare(const struct kv_access_role *role, char ret_fold[KV_UUID_LENGTH + 1],
                            struct kv_buf lists[LISTS], struct kv_err *err)
{
    for (size_t i = 0; i < LISTS; i++) {
        kv_buf_init(&lists[i], ACCESS_LISTS_MAX);
    }
    KV_TRY(access_fold(role->name, "name of a role", ret_fold, err));
    KV_TRY(check_not_built_in(ret_fold, err));
    return print_lists(role, lists, err);
}

enum kv_code kv_access_role_put(struct kv_access *access, const struct kv_access_role *role,
                                bool *ret_is_new, struct kv_err *err)
{
    struct kv_buf lists[LISTS];
    char fold[KV_UUID_LENGTH + 1];

    enum kv_code code = prepare(role, fold, lists, err);
    code = code == KV_OK ? store_role(access, role, fold, lists, ret_is_new, err) : code;
    done_lists(lists);
    return code;
}

enum kv_code kv_access_role_check(struct kv_access *access, const struct kv_access_role *role,
                                  size_t others, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct kv_buf lists[LISTS];
    char fold[KV_UUID_LENGTH + 1];
    bool is_new;

    enum kv_code code = prepare(role, fold, lists, err);
    done_lists(lists);
    KV_TRY(code);
    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(check_name_is_free(db, role, fold, err));
    return check_room(db, fold, others, &is_new, err);
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
