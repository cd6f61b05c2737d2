/* SPDX-License-Identifier: Apache-2.0 */
/* Role assignments by name and scope: made, changed and withdrawn as the resource manager does. */
#include "kv/access/scopes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access_core.h"
#include "roles_core.h"

/* What is stored of one that is being made. */
struct row {
    char name[KV_UUID_LENGTH + 1], principal[KV_UUID_LENGTH + 1], role[KV_UUID_LENGTH + 1];
    struct access_site site;
};

static enum kv_code check_length(const char *text, size_t max, const char *what, struct kv_err *err)
{
    return text == NULL || strlen(text) <= max
               ? KV_OK
               : KV_FAIL(err, KV_BAD_PARAMETER, 0, "The %s is longer than %zu characters.", what,
                         max);
}

/* control-plane.md §2.4: without the dashes */
static enum kv_code refuse_role(const char *guid, struct kv_err *err)
{
    char plain[KV_VERSION_LENGTH + 1];
    size_t len = 0;

    for (const char *at = guid; *at != '\0' && len < KV_VERSION_LENGTH; at++) {
        plain[len] = *at;
        len += *at != '-' ? 1 : 0;
    }
    plain[len] = '\0';
    return KV_FAIL(err, KV_ROLE_DEFINITION_DOES_NOT_EXIST, 0,
                   "The specified role definition with ID '%s' does not exist.", plain);
}

/* Only the GUID at the end counts (control-plane.md §0 row 3). */
static enum kv_code find_role(struct kv_db *db, const char *text, char ret_role[KV_UUID_LENGTH + 1],
                              struct kv_err *err)
{
    const char *slash = strrchr(text, '/');
    const char *guid = slash != NULL ? slash + 1 : text;

    if (!kv_uuid_is_valid(guid) || access_find_role(db, guid, ret_role, NULL) != KV_OK) {
        return refuse_role(guid, err);
    }
    return KV_OK;
}

static enum kv_code read_draft(const struct kv_access *access, struct kv_db *db,
                               const struct kv_scoped_draft *draft, struct row *row,
                               struct kv_err *err)
{
    if (!roles_fold_guid(draft->name, row->name)) {
        return KV_FAIL(
            err, KV_ROLE_ASSIGNMENT_INVALID_ID, 0,
            "The role assignment ID '%.90s' is not valid. The role assignment ID must be "
            "a GUID.",
            draft->name);
    }
    KV_TRY(access_fold(draft->principal, "principal", row->principal, err));
    KV_TRY(check_length(draft->description, KV_ACCESS_DESCRIPTION_MAX, "description", err));
    KV_TRY(check_length(draft->condition, KV_ACCESS_CONDITION_MAX, "condition", err));
    KV_TRY(check_length(draft->condition_version, KV_ACCESS_TYPE_MAX, "conditionVersion", err));
    KV_TRY(check_length(draft->principal_type, KV_ACCESS_TYPE_MAX, "principalType", err));
    KV_TRY(access_scope_parse(access, db, draft->scope, &row->site, err));
    return find_role(db, draft->role, row->role, err);
}

#define NAMED "name = ?1 AND until = ?2"
#define IS_THE_SAME                                                                                \
    "principal = ?3 AND role = ?4 AND vault IS ?5 AND level = ?6 AND key = ?7 AND place = ?8"      \
    " AND deny = 0"
#define BINDS_OF(row)                                                                              \
    KV_BINDS(KV_B_TEXT((row)->name), KV_B_INT(KV_ACCESS_NEVER), KV_B_TEXT((row)->principal),       \
             KV_B_TEXT((row)->role), (row)->site.vault, KV_B_INT((row)->site.level),               \
             KV_B_TEXT((row)->site.key), KV_B_TEXT((row)->site.place))

/* Whether there is one of that name, which is then the same; and none that is like it. */
static enum kv_code check_others(struct kv_db *db, const struct row *row, bool *ret_is_new,
                                 struct kv_err *err)
{
    static const char named[] = "SELECT count(*) FROM access_assignment WHERE " NAMED;
    static const char same[] =
        "SELECT count(*) FROM access_assignment WHERE " NAMED " AND " IS_THE_SAME;
    static const char like[] = "SELECT count(*) FROM access_assignment WHERE name <> ?1"
                               " AND until = ?2 AND " IS_THE_SAME;
    int64_t names, sames, likes;

    KV_TRY(kv_db_count(db, named, KV_BINDS(KV_B_TEXT(row->name), KV_B_INT(KV_ACCESS_NEVER)), &names,
                       err));
    KV_TRY(kv_db_count(db, same, BINDS_OF(row), &sames, err));
    KV_TRY(kv_db_count(db, like, BINDS_OF(row), &likes, err));
    if (names != sames) {
        return KV_FAIL(err, KV_ROLE_ASSIGNMENT_UPDATE_NOT_PERMITTED, 0,
                       "Tenant ID, application ID, principal ID, and scope are not allowed to be "
                       "updated.");
    }
    if (likes > 0) {
        return KV_FAIL(err, KV_ROLE_ASSIGNMENT_EXISTS, 0, "The role assignment already exists.");
    }
    *ret_is_new = names == 0;
    return KV_OK;
}

static enum kv_code check_room(struct kv_db *db, struct kv_err *err)
{
    static const char sql[] = "SELECT count(*) FROM access_assignment";
    int64_t count;

    KV_TRY(kv_db_count(db, sql, KV_NO_BINDS, &count, err));
    return count < KV_ACCESS_ASSIGNMENTS_MAX
               ? KV_OK
               : KV_FAIL(err, KV_CONFLICT, 0, "There can be %d role assignments at most.",
                         KV_ACCESS_ASSIGNMENTS_MAX);
}

/* One that was withdrawn may still count under its name, which is free again. */
static enum kv_code free_name(struct kv_db *db, const char *name, struct kv_err *err)
{
    static const char sql[] = "UPDATE access_assignment SET name = ? WHERE name = ? AND until < ?";
    char other[KV_UUID_LENGTH + 1];

    kv_uuid_random(other);
    return kv_db_run(
        db, sql, KV_BINDS(KV_B_TEXT(other), KV_B_TEXT(name), KV_B_INT(KV_ACCESS_NEVER)), NULL, err);
}

static enum kv_code insert(struct kv_db *db, const struct row *row, const char *by, kv_millis since,
                           kv_millis now, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO access_assignment (name, until, principal, role, vault, level, key, place,"
        " deny, since, made, changed, made_by, changed_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?10, ?10, ?11, ?11)";
    const struct kv_bind binds[] = {
        KV_B_TEXT(row->name),
        KV_B_INT(KV_ACCESS_NEVER),
        KV_B_TEXT(row->principal),
        KV_B_TEXT(row->role),
        row->site.vault,
        KV_B_INT(row->site.level),
        KV_B_TEXT(row->site.key),
        KV_B_TEXT(row->site.place),
        KV_B_INT(since),
        KV_B_INT(now),
        KV_B_TEXT(by != NULL ? by : ""),
    };

    KV_TRY(check_room(db, err));
    KV_TRY(free_name(db, row->name, err));
    return kv_db_run(db, sql, (struct kv_binds){ binds, KV_COUNT(binds) }, NULL, err);
}

static struct kv_bind maybe_text(const char *text)
{
    return text != NULL ? KV_B_TEXT(text) : KV_B_NULL;
}

/* The same once more changes nothing, its dates neither. */
static enum kv_code describe(struct kv_db *db, const struct row *row,
                             const struct kv_scoped_draft *draft, kv_millis now, struct kv_err *err)
{
    static const char sql[] =
        "UPDATE access_assignment SET type = coalesce(?3, type), description = ?4, condition = ?5,"
        " condition_version = ?6, changed = ?7, changed_by = ?8 WHERE " NAMED
        " AND NOT (type = coalesce(?3, type) AND description IS ?4 AND condition IS ?5"
        " AND condition_version IS ?6)";

    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(row->name), KV_B_INT(KV_ACCESS_NEVER),
                              maybe_text(draft->principal_type), maybe_text(draft->description),
                              maybe_text(draft->condition), maybe_text(draft->condition_version),
                              KV_B_INT(now), KV_B_TEXT(draft->by != NULL ? draft->by : "")),
                     NULL, err);
}

enum kv_code kv_access_put_at(struct kv_access *access, const struct kv_scoped_draft *draft,
                              kv_millis now, bool *ret_is_new,
                              struct kv_scoped_assignment *ret_assignment, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct row row;
    bool is_new = false;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(read_draft(access, db, draft, &row, err));
    KV_TRY(check_others(db, &row, &is_new, err));
    if (is_new) {
        KV_TRY(insert(db, &row, draft->by, access_since(access, now), now, err));
    }
    KV_TRY(describe(db, &row, draft, now, err));
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    kv_db_release(kv_take(db));
    KV_TRY(kv_access_get_at(access, NULL, row.name, false, ret_assignment, err));
    *ret_is_new = is_new;
    return KV_OK;
}

/* With a delay it is only given an end. */
static enum kv_code withdraw(struct kv_access *access, struct kv_db *db, const char *name,
                             kv_millis now, struct kv_err *err)
{
    static const char end[] = "UPDATE access_assignment SET until = min(until, ?) WHERE name = ?";
    static const char remove[] = "DELETE FROM access_assignment WHERE name = ?";

    return access->delay > 0 ? kv_db_run(
               db, end, KV_BINDS(KV_B_INT(now + access->delay), KV_B_TEXT(name)), NULL, err)
                             : kv_db_run(db, remove, KV_BINDS(KV_B_TEXT(name)), NULL, err);
}

enum kv_code kv_access_delete_at(struct kv_access *access, const char *scope, const char *name,
                                 kv_millis now, struct kv_err *err)
{
    kv_auto(kv_scoped_assignment_done) struct kv_scoped_assignment made = { .scope = NULL };
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_access_get_at(access, scope, name, false, &made, err));
    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(withdraw(access, db, made.name, now, err));
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    return KV_OK;
}

/* Those of vaults go with the vaults. */
enum kv_code kv_access_delete_below(struct kv_access *access, const char *scope, struct kv_err *err)
{
    static const char below[] =
        "DELETE FROM access_assignment WHERE level = ?1 AND (place = ?2 COLLATE NOCASE"
        " OR substr(place, 1, length(?2) + 1) = ?2 || '/' COLLATE NOCASE)";
    static const char group[] = "DELETE FROM access_assignment WHERE level = ?1 AND place = ?2";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct access_site site;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(access_scope_parse(access, db, scope, &site, err));
    KV_TRY(kv_db_run(db, below, KV_BINDS(KV_B_INT(ACCESS_RESOURCE), KV_B_TEXT(scope)), NULL, err));
    if (site.level == ACCESS_GROUP) {
        KV_TRY(kv_db_run(db, group, KV_BINDS(KV_B_INT(ACCESS_GROUP), KV_B_TEXT(site.place)), NULL,
                         err));
    }
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    return KV_OK;
}
