/* SPDX-License-Identifier: Apache-2.0 */
/* Role assignments by name and scope: read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access_core.h"
#include "roles_core.h"

/* Those that were withdrawn are not shown, even while they still count. */
#define SELECT                                                                                     \
    "SELECT a.id, a.name, a.principal, a.role, a.type, a.made_by, a.changed_by, a.made, "          \
    "a.changed,"                                                                                   \
    " a.deny, a.description, a.condition, a.condition_version, a.level, a.place, a.key,"           \
    " v.resource_group, v.name FROM access_assignment a LEFT JOIN vault v ON v.id = a.vault"       \
    " WHERE a.until = 9223372036854775807 AND a.deny = ?1"

_Static_assert(KV_ACCESS_NEVER == 9223372036854775807, "as the statement has it");

void kv_scoped_assignment_done(struct kv_scoped_assignment *assignment)
{
    free(assignment->scope);
    free(assignment->description);
    free(assignment->condition);
    free(assignment->condition_version);
    *assignment = (struct kv_scoped_assignment){ .scope = NULL };
}

static void copy(const struct kv_rows *rows, int column, char *ret_text, size_t size)
{
    (void) snprintf(ret_text, size, "%s", kv_rows_text(rows, column));
}

/* False when memory is short. */
static bool copy_maybe(const struct kv_rows *rows, int column, char **ret_text)
{
    *ret_text = kv_rows_is_null(rows, column) ? NULL : strdup(kv_rows_text(rows, column));
    return *ret_text != NULL || kv_rows_is_null(rows, column);
}

static enum kv_code read_row(const struct kv_access *access, const struct kv_rows *rows,
                             struct kv_scoped_assignment *ret_assignment, struct kv_err *err)
{
    kv_auto(kv_scoped_assignment_done) struct kv_scoped_assignment one = {
        .mark = kv_rows_int(rows, 0),
        .made = kv_rows_int(rows, 7),
        .changed = kv_rows_int(rows, 8),
        .deny = kv_rows_int(rows, 9) != 0,
    };
    char scope[KV_ACCESS_ID_MAX + 1];

    copy(rows, 1, one.name, sizeof(one.name));
    copy(rows, 2, one.principal, sizeof(one.principal));
    copy(rows, 3, one.role, sizeof(one.role));
    copy(rows, 4, one.principal_type, sizeof(one.principal_type));
    copy(rows, 5, one.made_by, sizeof(one.made_by));
    copy(rows, 6, one.changed_by, sizeof(one.changed_by));
    access_scope_of_row(access, rows, 13, scope);
    one.scope = strdup(scope);
    if (one.scope == NULL || !copy_maybe(rows, 10, &one.description)
        || !copy_maybe(rows, 11, &one.condition) || !copy_maybe(rows, 12, &one.condition_version)) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_assignment = one;
    one = (struct kv_scoped_assignment){ .scope = NULL }; /* the caller's now */
    return KV_OK;
}

static enum kv_code fail_not_found(const char *name, struct kv_err *err)
{
    return KV_FAIL(err, KV_ROLE_ASSIGNMENT_NOT_FOUND, 0,
                   "The role assignment '%.90s' is not found.", name);
}

/* Without a slash at its end, of which "/" is the only one. */
static bool is_at(const struct kv_scoped_assignment *one, const char *scope)
{
    return scope == NULL || strcasecmp(one->scope, *scope != '\0' ? scope : "/") == 0;
}

enum kv_code kv_access_get_at(struct kv_access *access, const char *scope, const char *name,
                              bool deny, struct kv_scoped_assignment *ret_assignment,
                              struct kv_err *err)
{
    static const char sql[] = SELECT " AND a.name = ?2";
    kv_auto(kv_scoped_assignment_done) struct kv_scoped_assignment one = { .scope = NULL };
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    char fold[KV_UUID_LENGTH + 1];
    bool found;

    if (!roles_fold_guid(name, fold)) {
        return fail_not_found(name, err);
    }
    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(deny), KV_B_TEXT(fold)), &rows, err));
    KV_TRY(kv_rows_next(rows, &found, err));
    if (!found) {
        return fail_not_found(name, err);
    }
    KV_TRY(read_row(access, rows, &one, err));
    if (!is_at(&one, scope)) {
        return fail_not_found(name, err);
    }
    *ret_assignment = one;
    one = (struct kv_scoped_assignment){ .scope = NULL }; /* the caller's now */
    return KV_OK;
}

static bool is_of_one(const struct kv_scoped_filter *filter, const char *principal)
{
    for (size_t i = 0; i < filter->principal_count; i++) {
        if (strcasecmp(filter->principals[i], principal) == 0) {
            return true;
        }
    }
    return filter->principals == NULL;
}

static bool is_meant(const struct kv_access *access, const struct kv_scoped_filter *filter,
                     const struct kv_scoped_assignment *one)
{
    const char *scope = *filter->scope != '\0' ? filter->scope : "/";

    return is_of_one(filter, one->principal)
           && (kv_scope_is_within(access, scope, one->scope)
               || (!filter->not_below && kv_scope_is_within(access, one->scope, scope)));
}

static enum kv_code visit_row(struct kv_access *access, const struct kv_scoped_filter *filter,
                              const struct kv_rows *rows, kv_scoped_visit_fn *visit, void *context,
                              bool *ret_enough, struct kv_err *err)
{
    kv_auto(kv_scoped_assignment_done) struct kv_scoped_assignment one = { .scope = NULL };

    KV_TRY(read_row(access, rows, &one, err));
    return is_meant(access, filter, &one) ? visit(context, &one, ret_enough, err) : KV_OK;
}

enum kv_code kv_access_each_at(struct kv_access *access, const struct kv_scoped_filter *filter,
                               kv_scoped_visit_fn *visit, void *context, struct kv_err *err)
{
    static const char sql[] = SELECT " AND a.id > ?2 ORDER BY a.id";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more, enough = false;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(filter->deny), KV_B_INT(filter->after)), &rows,
                       err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more && !enough) {
        KV_TRY(visit_row(access, filter, rows, visit, context, &enough, err));
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}
