/* SPDX-License-Identifier: Apache-2.0 */
/* The role assignments that reach a vault, and those whose time is over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_core.h"
#include "roles_core.h"

#define COLUMNS                                                                                    \
    "SELECT a.name, a.principal, a.role, coalesce(r.role_name, ''), a.level, a.key, a.deny,"       \
    " a.since, a.until FROM access_assignment a LEFT JOIN access_role r ON r.name = a.role"

void kv_assignment_list_done(struct kv_assignment_list *list)
{
    free(list->assignment);
    *list = (struct kv_assignment_list){ .assignment = NULL };
}

static enum kv_code grow(struct kv_assignment_list *list, struct kv_err *err)
{
    const size_t step = 64;
    struct kv_assignment *more;

    if (list->count % step != 0) {
        return KV_OK;
    }
    more = realloc(list->assignment, (list->count + step) * sizeof(*more));
    if (more == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    list->assignment = more;
    return KV_OK;
}

static void read_row(const struct kv_access *access, const struct kv_vault *vault,
                     const struct kv_rows *rows, struct kv_assignment *to)
{
    const struct access_built_in *built_in = access_built_in_of(kv_rows_text(rows, 2));
    struct access_place place = { .level = (enum access_level) kv_rows_int(rows, 4) };

    *to = (struct kv_assignment){
        .deny = kv_rows_int(rows, 6) != 0,
        .since = kv_rows_int(rows, 7),
        .until = kv_rows_int(rows, 8),
    };
    (void) snprintf(to->name, sizeof(to->name), "%s", kv_rows_text(rows, 0));
    (void) snprintf(to->principal, sizeof(to->principal), "%s", kv_rows_text(rows, 1));
    (void) snprintf(to->role, sizeof(to->role), "%s", kv_rows_text(rows, 2));
    (void) snprintf(to->role_name, sizeof(to->role_name), "%s",
                    built_in != NULL ? built_in->role_name : kv_rows_text(rows, 3));
    (void) snprintf(place.key, sizeof(place.key), "%s", kv_rows_text(rows, 5));
    access_place_render(access, &place, vault, to->scope);
}

static enum kv_code read_rows(struct kv_access *access, const struct kv_vault *vault,
                              const char *sql, struct kv_binds binds,
                              struct kv_assignment_list *list, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_query(db, sql, binds, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        KV_TRY(grow(list, err));
        read_row(access, vault, rows, &list->assignment[list->count++]);
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

/* Those of a managed HSM are kept beside its roles. */
static enum kv_code read_hsm(struct kv_access *access, const struct kv_vault *hsm,
                             struct kv_assignment_list *list, struct kv_err *err)
{
    const struct kv_role_filter filter = { .scope = "/" };
    kv_auto(kv_role_assignment_list_done) struct kv_role_assignment_list made = { .count = 0 };

    KV_TRY(kv_role_assignment_list(access->roles, hsm->id, &filter, &made, err));
    for (size_t i = 0; i < made.count; i++) {
        const struct kv_role_assignment *from = &made.assignment[i];
        kv_auto(kv_role_done) struct kv_role role = { .permissions = NULL };

        KV_TRY(kv_role_get(access->roles, hsm->id, from->definition, &role, err));
        KV_TRY(grow(list, err));

        struct kv_assignment *to = &list->assignment[list->count++];

        *to = (struct kv_assignment){ .since = KV_ACCESS_ALWAYS, .until = KV_ACCESS_NEVER };
        memcpy(to->name, from->name, sizeof(to->name));
        memcpy(to->principal, from->principal, sizeof(to->principal));
        memcpy(to->role, from->definition, sizeof(to->role));
        (void) snprintf(to->role_name, sizeof(to->role_name), "%s", role.role_name);
        (void) snprintf(to->scope, sizeof(to->scope), "%s", from->scope);
    }
    return KV_OK;
}

enum kv_code kv_access_assignments(struct kv_access *access, const struct kv_vault *vault,
                                   struct kv_assignment_list *ret_list, struct kv_err *err)
{
    static const char sql[] =
        COLUMNS " WHERE " ACCESS_IS_ABOVE("?1") " OR a.vault = ?1 ORDER BY a.id";
    kv_auto(kv_assignment_list_done) struct kv_assignment_list list = { .count = 0 };

    KV_TRY(vault->kind == KV_MANAGED_HSM
               ? read_hsm(access, vault, &list, err)
               : read_rows(access, vault, sql, KV_BINDS(KV_B_INT(vault->id)), &list, err));
    *ret_list = list;
    list = (struct kv_assignment_list){ .count = 0 }; /* the caller's now */
    return KV_OK;
}

enum kv_code access_find_assignment(struct kv_access *access, const struct kv_vault *vault,
                                    const char *name, struct kv_assignment *ret_assignment,
                                    struct kv_err *err)
{
    static const char sql[] =
        COLUMNS " WHERE a.name = ?2 AND (" ACCESS_IS_ABOVE("?1") " OR a.vault = ?1)";
    kv_auto(kv_assignment_list_done) struct kv_assignment_list list = { .count = 0 };
    char fold[KV_UUID_LENGTH + 1] = "";
    bool is_guid = roles_fold_guid(name, fold);
    const struct kv_binds binds = KV_BINDS(KV_B_INT(vault->id), KV_B_TEXT(fold));

    if (is_guid) {
        KV_TRY(vault->kind == KV_MANAGED_HSM ? read_hsm(access, vault, &list, err)
                                             : read_rows(access, vault, sql, binds, &list, err));
    }
    for (size_t i = 0; i < list.count; i++) {
        if (strcmp(list.assignment[i].name, fold) == 0) {
            *ret_assignment = list.assignment[i];
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_ROLE_ASSIGNMENT_NOT_FOUND, 0,
                   "No role assignment '%.64s' reaches the vault '%s'.", name, vault->name);
}

/* --- what begins, and what is over --- */

enum kv_code kv_access_next_begin(struct kv_access *access, kv_millis after, kv_millis *ret_due,
                                  struct kv_err *err)
{
    static const char sql[] =
        "SELECT min(coalesce((SELECT min(since) FROM access_assignment"
        " WHERE since > ?1 AND since < until), ?2),"
        " coalesce((SELECT min(since) FROM access_policy WHERE since > ?1 AND since < until), ?2))";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    return kv_db_count(db, sql, KV_BINDS(KV_B_INT(after), KV_B_INT(KV_ACCESS_NEVER)), ret_due, err);
}

enum kv_code kv_access_count_begun(struct kv_access *access, kv_millis at, int64_t *ret_count,
                                   struct kv_err *err)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM access_assignment WHERE since = ?1 AND since < until)"
        " + (SELECT count(*) FROM access_policy WHERE since = ?1 AND since < until)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    return kv_db_count(db, sql, KV_BINDS(KV_B_INT(at)), ret_count, err);
}

enum kv_code kv_access_next_end(struct kv_access *access, kv_millis after, kv_millis *ret_due,
                                struct kv_err *err)
{
    static const char sql[] =
        "SELECT min(coalesce((SELECT min(until) FROM access_assignment WHERE until > ?1), ?2),"
        " coalesce((SELECT min(until) FROM access_policy WHERE until > ?1), ?2))";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    return kv_db_count(db, sql, KV_BINDS(KV_B_INT(after), KV_B_INT(KV_ACCESS_NEVER)), ret_due, err);
}

enum kv_code kv_access_remove_ended(struct kv_access *access, kv_millis now, int64_t *ret_count,
                                    struct kv_err *err)
{
    static const char assignments[] = "DELETE FROM access_assignment WHERE until <= ?";
    static const char policies[] = "DELETE FROM access_policy WHERE until <= ?";
    const struct kv_binds binds = KV_BINDS(KV_B_INT(now));
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    int64_t count = 0, more = 0;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, assignments, binds, &count, err));
    KV_TRY(kv_db_run(db, policies, binds, &more, err));
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    *ret_count = count + more;
    return KV_OK;
}
