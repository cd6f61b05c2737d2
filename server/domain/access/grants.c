/* SPDX-License-Identifier: Apache-2.0 */
/* Role assignments: made and withdrawn. */
#include "kv/access/grants.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "access_core.h"
#include "kv/vaults/vaults.h"
#include "roles_core.h"

enum kv_code access_begin(struct kv_access *access, int64_t vault, struct kv_db **ret_db,
                          struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_vault_check(db, vault, err));
    *ret_db = kv_take(db);
    return KV_OK;
}

kv_millis access_since(const struct kv_access *access, kv_millis now)
{
    return access->delay > 0 ? now + access->delay : KV_ACCESS_ALWAYS;
}

enum kv_code access_fold(const char *text, const char *what, char ret_guid[KV_UUID_LENGTH + 1],
                         struct kv_err *err)
{
    if (text == NULL || !roles_fold_guid(text, ret_guid)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The %s must be a GUID, which '%.64s' is not.",
                       what, text != NULL ? text : "");
    }
    return KV_OK;
}

static enum kv_code check_room(struct kv_db *db, struct kv_err *err)
{
    static const char sql[] = "SELECT count(*) FROM access_assignment";
    int64_t count;

    KV_TRY(kv_db_count(db, sql, KV_NO_BINDS, &count, err));
    if (count >= KV_ACCESS_ASSIGNMENTS_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There can be %d role assignments at most.",
                       KV_ACCESS_ASSIGNMENTS_MAX);
    }
    return KV_OK;
}

/* What is stored of an assignment that is being made. */
struct row {
    char name[KV_UUID_LENGTH + 1], principal[KV_UUID_LENGTH + 1], role[KV_UUID_LENGTH + 1];
    struct access_place place;
    struct kv_bind vault; /* NULL above the vaults */
    const char *group;    /* of the place "group"; else "" */
    bool deny;
    kv_millis since, made;
};

/* The name of the one that is like it; KV_ROLE_ASSIGNMENT_NOT_FOUND. One that was withdrawn and still
 * counts is not meant. */
static enum kv_code find_like(struct kv_db *db, const struct row *row,
                              char ret_name[KV_UUID_LENGTH + 1], struct kv_err *err)
{
    static const char sql[] =
        "SELECT name FROM access_assignment WHERE principal = ? AND vault IS ? AND level = ?"
        " AND key = ? AND place = ? AND role = ? AND deny = ? AND until = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(
        kv_db_query(db, sql,
                    KV_BINDS(KV_B_TEXT(row->principal), row->vault, KV_B_INT(row->place.level),
                             KV_B_TEXT(row->place.key), KV_B_TEXT(row->group), KV_B_TEXT(row->role),
                             KV_B_INT(row->deny), KV_B_INT(KV_ACCESS_NEVER)),
                    &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) {
        return KV_FAIL(err, KV_ROLE_ASSIGNMENT_NOT_FOUND, 0, "There is no such role assignment.");
    }
    (void) snprintf(ret_name, KV_UUID_LENGTH + 1, "%s", kv_rows_text(rows, 0));
    return KV_OK;
}

static enum kv_code fail_exists(struct kv_err *err)
{
    return KV_FAIL(err, KV_ROLE_ASSIGNMENT_EXISTS, 0, "The role assignment already exists.");
}

static enum kv_code check_new(struct kv_db *db, const struct row *row, struct kv_err *err)
{
    char name[KV_UUID_LENGTH + 1];
    enum kv_code code = find_like(db, row, name, err);

    if (code == KV_ROLE_ASSIGNMENT_NOT_FOUND) {
        return KV_OK;
    }
    return code == KV_OK ? fail_exists(err) : code;
}

static enum kv_code insert(struct kv_db *db, const struct row *row, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO access_assignment"
        " (name, vault, level, key, principal, role, deny, since, until,"
        " place, made, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?11, ?11)";

    KV_TRY(check_new(db, row, err));
    KV_TRY(check_room(db, err));
    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(row->name), row->vault, KV_B_INT(row->place.level),
                              KV_B_TEXT(row->place.key), KV_B_TEXT(row->principal),
                              KV_B_TEXT(row->role), KV_B_INT(row->deny), KV_B_INT(row->since),
                              KV_B_INT(KV_ACCESS_NEVER), KV_B_TEXT(row->group),
                              KV_B_INT(row->made)),
                     NULL, err);
}

/* All but the role, for which the store is needed. */
static enum kv_code read_draft(const struct kv_access *access,
                               const struct kv_assignment_draft *draft, struct row *row,
                               struct kv_err *err)
{
    KV_TRY(access_fold(draft->principal, "principal", row->principal, err));
    KV_TRY(access_place_parse(access, draft, &row->place, err));
    row->vault = row->place.level >= ACCESS_VAULT ? KV_B_INT(draft->vault->id) : KV_B_NULL;
    row->group = row->place.level == ACCESS_GROUP ? draft->vault->group : "";
    row->deny = draft->deny;
    return KV_OK;
}

static enum kv_code assign_at_vault(struct kv_access *access,
                                    const struct kv_assignment_draft *draft, kv_millis now,
                                    char ret_name[KV_UUID_LENGTH + 1], struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct row row = { .since = access_since(access, now), .made = now };

    KV_TRY(read_draft(access, draft, &row, err));
    kv_uuid_random(row.name);
    KV_TRY(access_begin(access, draft->vault->id, &db, err));
    KV_TRY(access_find_role(db, draft->role, row.role, err));
    KV_TRY(insert(db, &row, err));
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    memcpy(ret_name, row.name, sizeof(row.name));
    return KV_OK;
}

/* By GUID or by name; the role of a managed HSM. */
static enum kv_code find_hsm_role(struct kv_access *access, const struct kv_vault *hsm,
                                  const char *text, char ret_name[KV_UUID_LENGTH + 1],
                                  struct kv_err *err)
{
    kv_auto(kv_role_list_done) struct kv_role_list list = { .role = NULL };
    const char *slash = strrchr(text, '/');
    bool is_guid = roles_fold_guid(slash != NULL ? slash + 1 : text, ret_name);

    if (is_guid) {
        return KV_OK; /* whether it exists is found out when it is assigned */
    }
    KV_TRY(kv_role_list(access->roles, hsm->id, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        if (access_role_name_is(list.role[i].role_name, text)) {
            memcpy(ret_name, list.role[i].name, KV_UUID_LENGTH + 1);
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_ROLE_DEFINITION_NOT_FOUND, 0, "There is no role '%.128s'.", text);
}

/* What is stored of an assignment of a managed HSM. */
struct hsm_row {
    char principal[KV_UUID_LENGTH + 1], role[KV_UUID_LENGTH + 1];
    char scope[KV_ROLE_SCOPE_MAX + 1];
};

static enum kv_code read_hsm_draft(struct kv_access *access,
                                   const struct kv_assignment_draft *draft, struct hsm_row *row,
                                   struct kv_err *err)
{
    if (draft->deny) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "A managed HSM has no deny assignments.");
    }
    KV_TRY(access_fold(draft->principal, "principal", row->principal, err));
    KV_TRY(access_hsm_scope_parse(draft, row->scope, err));
    return find_hsm_role(access, draft->vault, draft->role, row->role, err);
}

static enum kv_code find_like_at_hsm(struct kv_access *access, int64_t hsm,
                                     const struct hsm_row *row, char ret_name[KV_UUID_LENGTH + 1],
                                     struct kv_err *err)
{
    const struct kv_role_filter filter = { .scope = row->scope, .principal = row->principal };
    kv_auto(kv_role_assignment_list_done) struct kv_role_assignment_list list = { .count = 0 };

    KV_TRY(kv_role_assignment_list(access->roles, hsm, &filter, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        if (strcasecmp(list.assignment[i].scope, row->scope) == 0
            && strcmp(list.assignment[i].definition, row->role) == 0) {
            memcpy(ret_name, list.assignment[i].name, KV_UUID_LENGTH + 1);
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_ROLE_ASSIGNMENT_NOT_FOUND, 0, "There is no such role assignment.");
}

/* The same once more is refused here as for a vault, which the HSM's own API does not do. */
static enum kv_code assign_at_hsm(struct kv_access *access, const struct kv_assignment_draft *draft,
                                  char ret_name[KV_UUID_LENGTH + 1], struct kv_err *err)
{
    struct kv_role_assignment made;
    struct hsm_row row;
    enum kv_code code;

    KV_TRY(read_hsm_draft(access, draft, &row, err));
    code = find_like_at_hsm(access, draft->vault->id, &row, ret_name, err);
    if (code != KV_ROLE_ASSIGNMENT_NOT_FOUND) {
        return code == KV_OK ? fail_exists(err) : code;
    }
    kv_uuid_random(ret_name);

    const struct kv_role_assignment_args args = {
        .name = ret_name,
        .scope = row.scope,
        .principal = row.principal,
        .definition = row.role,
    };

    return kv_role_assignment_put(access->roles, draft->vault->id, &args, &made, err);
}

static enum kv_code check_role(const struct kv_assignment_draft *draft, struct kv_err *err)
{
    return draft->role != NULL ? KV_OK
                               : KV_FAIL(err, KV_BAD_PARAMETER, 0, "An assignment needs a role.");
}

enum kv_code kv_access_assign(struct kv_access *access, const struct kv_assignment_draft *draft,
                              kv_millis now, struct kv_assignment *ret_assignment,
                              struct kv_err *err)
{
    char name[KV_UUID_LENGTH + 1];

    KV_TRY(check_role(draft, err));
    KV_TRY(draft->vault->kind == KV_MANAGED_HSM ? assign_at_hsm(access, draft, name, err)
                                                : assign_at_vault(access, draft, now, name, err));
    return access_find_assignment(access, draft->vault, name, ret_assignment, err);
}

/* With a delay it is only given an end; one that has an end keeps it. */
static enum kv_code withdraw(struct kv_access *access, const char *name, kv_millis now,
                             struct kv_err *err)
{
    static const char end[] = "UPDATE access_assignment SET until = min(until, ?) WHERE name = ?";
    static const char remove[] = "DELETE FROM access_assignment WHERE name = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(access->delay > 0 ? kv_db_run(
               db, end, KV_BINDS(KV_B_INT(now + access->delay), KV_B_TEXT(name)), NULL, err)
                             : kv_db_run(db, remove, KV_BINDS(KV_B_TEXT(name)), NULL, err));
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    return KV_OK;
}

enum kv_code kv_access_unassign(struct kv_access *access, const struct kv_vault *vault,
                                const char *name, kv_millis now, struct kv_err *err)
{
    struct kv_assignment made;
    struct kv_role_assignment removed;

    KV_TRY(access_find_assignment(access, vault, name, &made, err));
    if (vault->kind == KV_MANAGED_HSM) {
        return kv_role_assignment_delete(access->roles, vault->id, made.scope, made.name, &removed,
                                         err);
    }
    return withdraw(access, made.name, now, err);
}

static enum kv_code find_drafted(struct kv_access *access, const struct kv_assignment_draft *draft,
                                 char ret_name[KV_UUID_LENGTH + 1], struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct hsm_row hsm_row;
    struct row row = { .deny = false };

    KV_TRY(check_role(draft, err));
    if (draft->vault->kind == KV_MANAGED_HSM) {
        KV_TRY(read_hsm_draft(access, draft, &hsm_row, err));
        return find_like_at_hsm(access, draft->vault->id, &hsm_row, ret_name, err);
    }
    KV_TRY(read_draft(access, draft, &row, err));
    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(access_find_role(db, draft->role, row.role, err));
    return find_like(db, &row, ret_name, err);
}

/* By whatever name the draft has for it. */
static enum kv_code find_draft_role(struct kv_access *access,
                                    const struct kv_assignment_draft *draft,
                                    char ret_role[KV_UUID_LENGTH + 1], struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    if (draft->vault->kind == KV_MANAGED_HSM) {
        return find_hsm_role(access, draft->vault, draft->role, ret_role, err);
    }
    KV_TRY(kv_db_acquire(access->store, &db, err));
    return access_find_role(db, draft->role, ret_role, err);
}

/* Says where the role is assigned, if it is elsewhere: that is easily mistaken. */
static enum kv_code refuse_missing(struct kv_access *access,
                                   const struct kv_assignment_draft *draft, struct kv_err *err)
{
    kv_auto(kv_assignment_list_done) struct kv_assignment_list list = { .count = 0 };
    char role[KV_UUID_LENGTH + 1], principal[KV_UUID_LENGTH + 1];

    KV_TRY(find_draft_role(access, draft, role, err));
    KV_TRY(access_fold(draft->principal, "principal", principal, err));
    KV_TRY(kv_access_assignments(access, draft->vault, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        const struct kv_assignment *one = &list.assignment[i];

        if (strcmp(one->role, role) == 0 && strcmp(one->principal, principal) == 0
            && one->until == KV_ACCESS_NEVER) {
            return KV_FAIL(err, KV_ROLE_ASSIGNMENT_NOT_FOUND, 0,
                           "There is no such role assignment. The role is %s at the scope "
                           "'%.300s', by the name %s.",
                           one->deny ? "denied" : "assigned", one->scope, one->name);
        }
    }
    return KV_FAIL(err, KV_ROLE_ASSIGNMENT_NOT_FOUND, 0, "There is no such role assignment.");
}

enum kv_code kv_access_unassign_like(struct kv_access *access,
                                     const struct kv_assignment_draft *draft, kv_millis now,
                                     struct kv_err *err)
{
    char name[KV_UUID_LENGTH + 1];
    enum kv_code code;

    code = find_drafted(access, draft, name, err);
    if (code == KV_ROLE_ASSIGNMENT_NOT_FOUND) {
        return refuse_missing(access, draft, err);
    }
    KV_TRY(code);
    code = kv_access_unassign(access, draft->vault, name, now, err);
    if (draft->vault->kind != KV_MANAGED_HSM) {
        return code; /* there is one at most */
    }
    for (int i = 0; code == KV_OK && i < KV_ROLE_ASSIGNMENTS_MAX; i++) {
        code = find_drafted(access, draft, name, err);
        if (code == KV_ROLE_ASSIGNMENT_NOT_FOUND) {
            return KV_OK;
        }
        code = code == KV_OK ? kv_access_unassign(access, draft->vault, name, now, err) : code;
    }
    return code;
}

enum kv_code kv_access_check_assignment(struct kv_access *access,
                                        const struct kv_assignment_draft *draft,
                                        bool role_is_to_come, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct hsm_row of_hsm;
    struct row row;

    KV_TRY(check_role(draft, err));
    if (draft->vault->kind == KV_MANAGED_HSM) {
        return read_hsm_draft(access, draft, &of_hsm, err);
    }
    KV_TRY(read_draft(access, draft, &row, err));
    if (role_is_to_come) {
        return KV_OK;
    }
    KV_TRY(kv_db_acquire(access->store, &db, err));
    return access_find_role(db, draft->role, row.role, err);
}
