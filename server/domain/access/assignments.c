/* SPDX-License-Identifier: Apache-2.0 */
/* Who has which role where: role assignments of a managed HSM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "roles_core.h"

#define COLUMNS "name, principal, definition, scope"

void kv_role_assignment_list_done(struct kv_role_assignment_list *list)
{
    free(list->assignment);
    *list = (struct kv_role_assignment_list){ .assignment = NULL };
}

static enum kv_code fail_not_found(struct kv_err *err)
{
    return KV_FAIL(err, KV_ROLE_ASSIGNMENT_NOT_FOUND, 0, "Requested role assignment not found");
}

static void read_assignment(const struct kv_rows *rows, struct kv_role_assignment *ret_assignment)
{
    struct kv_role_assignment *to = ret_assignment;

    snprintf(to->name, sizeof(to->name), "%s", kv_rows_text(rows, 0));
    snprintf(to->principal, sizeof(to->principal), "%s", kv_rows_text(rows, 1));
    snprintf(to->definition, sizeof(to->definition), "%s", kv_rows_text(rows, 2));
    snprintf(to->scope, sizeof(to->scope), "%s", kv_rows_text(rows, 3));
}

/* Whether `upper` is `lower` or above it: "/" is above all, "/keys" above "/keys/{name}". */
static bool covers(const char *upper, const char *lower)
{
    size_t len = strlen(upper);

    return strcmp(upper, "/") == 0
           || (strncasecmp(upper, lower, len) == 0 && (lower[len] == '\0' || lower[len] == '/'));
}

static bool is_wanted(const struct kv_role_assignment *assignment,
                      const struct kv_role_filter *filter)
{
    if (filter->principal != NULL && strcasecmp(filter->principal, assignment->principal) != 0) {
        return false;
    }
    return covers(assignment->scope, filter->scope)
           || (!filter->not_below && covers(filter->scope, assignment->scope));
}

static enum kv_code read_wanted(struct kv_db *db, int64_t vault,
                                const struct kv_role_filter *filter,
                                struct kv_role_assignment_list *list, struct kv_err *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM role_assignment WHERE vault = ?1"
                              " ORDER BY id LIMIT ?2";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(vault), KV_B_INT(KV_ROLE_ASSIGNMENTS_MAX)), &rows,
                       err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        struct kv_role_assignment *next = &list->assignment[list->count];

        read_assignment(rows, next);
        list->count += is_wanted(next, filter);
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

enum kv_code kv_role_assignment_list(struct kv_roles *roles, int64_t vault,
                                     const struct kv_role_filter *filter,
                                     struct kv_role_assignment_list *ret_list, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_role_assignment_list_done) struct kv_role_assignment_list list = {
        .assignment = calloc(KV_ROLE_ASSIGNMENTS_MAX, sizeof(*list.assignment)),
    };

    if (list.assignment == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_db_acquire(roles->store, &db, err));
    KV_TRY(read_wanted(db, vault, filter, &list, err));
    *ret_list = list;
    list = (struct kv_role_assignment_list){ .assignment = NULL }; /* the caller's now */
    return KV_OK;
}

/* Looks it up by name alone, which is unique in an HSM. */
static enum kv_code load(struct kv_db *db, int64_t vault, const char *name,
                         struct kv_role_assignment *ret_assignment, struct kv_err *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM role_assignment"
                              " WHERE vault = ? AND name = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    char fold[KV_UUID_LENGTH + 1];
    bool more;

    if (!roles_fold_guid(name, fold)) {
        return fail_not_found(err);
    }
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(vault), KV_B_TEXT(fold)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) {
        return fail_not_found(err);
    }
    read_assignment(rows, ret_assignment);
    return KV_OK;
}

static enum kv_code load_at(struct kv_db *db, int64_t vault, const char *scope, const char *name,
                            struct kv_role_assignment *ret_assignment, struct kv_err *err)
{
    KV_TRY(load(db, vault, name, ret_assignment, err));
    return strcasecmp(scope, ret_assignment->scope) == 0 ? KV_OK : fail_not_found(err);
}

enum kv_code kv_role_assignment_get(struct kv_roles *roles, int64_t vault, const char *scope,
                                    const char *name, struct kv_role_assignment *ret_assignment,
                                    struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(roles->store, &db, err));
    return load_at(db, vault, scope, name, ret_assignment, err);
}

static enum kv_code check_room(struct kv_db *db, int64_t vault, struct kv_err *err)
{
    static const char sql[] = "SELECT count(*) FROM role_assignment WHERE vault = ?";
    int64_t count;

    KV_TRY(kv_db_count(db, sql, KV_BINDS(KV_B_INT(vault)), &count, err));
    if (count >= KV_ROLE_ASSIGNMENTS_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There can be %d role assignments at most.",
                       KV_ROLE_ASSIGNMENTS_MAX);
    }
    return KV_OK;
}

static enum kv_code insert(struct kv_db *db, int64_t vault, const struct kv_role_assignment *row,
                           struct kv_err *err)
{
    static const char sql[] = "INSERT INTO role_assignment (vault, " COLUMNS ")"
                              " VALUES (?, ?, ?, ?, ?)";

    KV_TRY(roles_check_definition(db, vault, row->definition, err));
    KV_TRY(check_room(db, vault, err));
    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(vault), KV_B_TEXT(row->name), KV_B_TEXT(row->principal),
                              KV_B_TEXT(row->definition), KV_B_TEXT(row->scope)),
                     NULL, err);
}

static enum kv_code fold_assignment(const struct kv_role_assignment_args *from,
                                    struct kv_role_assignment *ret_fold, struct kv_err *err)
{
    snprintf(ret_fold->scope, sizeof(ret_fold->scope), "%s", from->scope);
    if (!roles_fold_guid(from->name, ret_fold->name)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Role assignment name must be a GUID");
    }
    if (!roles_fold_guid(from->principal, ret_fold->principal)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Principal ID must be a GUID");
    }
    if (!roles_fold_guid(from->definition, ret_fold->definition)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Role definition ID must end with a GUID");
    }
    return KV_OK;
}

enum kv_code kv_role_assignment_put(struct kv_roles *roles, int64_t vault,
                                    const struct kv_role_assignment_args *args,
                                    struct kv_role_assignment *ret_assignment, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct kv_role_assignment row;
    struct kv_role_assignment there;
    enum kv_code code;

    KV_TRY(fold_assignment(args, &row, err));
    KV_TRY(roles_begin(roles, vault, &db, err));
    code = load(db, vault, row.name, &there, err);
    if (code == KV_ROLE_ASSIGNMENT_NOT_FOUND) {
        KV_TRY(insert(db, vault, &row, err));
        KV_TRY(roles_commit(roles, db, err));
        *ret_assignment = row;
        return KV_OK;
    }
    if (code != KV_OK) {
        return code;
    }
    if (strcasecmp(row.scope, there.scope) != 0 || strcmp(row.principal, there.principal) != 0
        || strcmp(row.definition, there.definition) != 0) {
        return KV_FAIL(err, KV_ROLE_ASSIGNMENT_EXISTS, 0, "The role assignment already exists.");
    }
    *ret_assignment = there;
    return KV_OK;
}

enum kv_code kv_role_assignment_delete(struct kv_roles *roles, int64_t vault, const char *scope,
                                       const char *name, struct kv_role_assignment *ret_assignment,
                                       struct kv_err *err)
{
    static const char sql[] = "DELETE FROM role_assignment WHERE vault = ? AND name = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(roles_begin(roles, vault, &db, err));
    KV_TRY(load_at(db, vault, scope, name, ret_assignment, err));
    KV_TRY(
        kv_db_run(db, sql, KV_BINDS(KV_B_INT(vault), KV_B_TEXT(ret_assignment->name)), NULL, err));
    return roles_commit(roles, db, err);
}
