/* SPDX-License-Identifier: Apache-2.0 */
/* What all changes of principals share: transactions, who is meant, and rows. */
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "principals_core.h"

enum kv_code principals_begin(struct kv_principals *principals, struct kv_db **ret_db,
                              struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(principals->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    *ret_db = kv_take(db);
    return KV_OK;
}

enum kv_code principals_commit(struct kv_principals *principals, struct kv_db *db,
                               struct kv_err *err)
{
    KV_TRY(kv_db_commit(db, err));
    atomic_fetch_add(&principals->edition, 1);
    return KV_OK;
}

void kv_principals_doubt(struct kv_principals *principals)
{
    atomic_fetch_add(&principals->edition, 1);
}

enum kv_code principals_forget_oldest(struct kv_db *db, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM principal WHERE name IS NULL AND id NOT IN"
                              " (SELECT id FROM principal WHERE name IS NULL"
                              " ORDER BY id DESC LIMIT ?)";

    return kv_db_run(db, sql, KV_BINDS(KV_B_INT(PRINCIPALS_FORMER_MAX)), NULL, err);
}

/* In the order in which kv_principals_find_name() looks: a name, an id, who is made up for it. */
static enum kv_code find_row(struct kv_db *db, const char *name, const char *object_id,
                             struct principals_row *row, bool *ret_found, struct kv_err *err)
{
    static const char sql[] =
        "SELECT " PRINCIPALS_COLUMNS " FROM principal"
        " WHERE name = ?1 OR client_id = ?2 OR (name IS NOT NULL AND resource = ?3)"
        " OR object_id = ?4"
        " ORDER BY name = ?1 DESC, client_id = ?2 DESC, resource = ?3 DESC, id LIMIT 1";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    char client_id[KV_UUID_LENGTH + 1] = "";
    bool is_guid = kv_uuid_is_valid(name);

    if (is_guid) {
        principals_fold(name, client_id, sizeof(client_id));
    }
    KV_TRY(kv_db_query(db, sql,
                       KV_BINDS(KV_B_TEXT(name), is_guid ? KV_B_TEXT(client_id) : KV_B_NULL,
                                *name == '/' ? KV_B_TEXT(name) : KV_B_NULL, KV_B_TEXT(object_id)),
                       &rows, err));
    KV_TRY(kv_rows_next(rows, ret_found, err));
    if (*ret_found) {
        principals_row_read(rows, row);
    }
    return KV_OK;
}

enum kv_code principals_resolve(struct kv_principals *principals, struct kv_db *db,
                                const char *name, struct principals_row *ret_row,
                                struct kv_err *err)
{
    struct principals_row row = { .id = 0 };
    bool is_row;

    if (!principals_make_up(principals, name, &row.entry)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "There is no identity '%.128s'.", name);
    }

    struct kv_principal_entry made_up = row.entry;

    KV_TRY(find_row(db, name, made_up.object_id, &row, &is_row, err));
    *ret_row = is_row ? row : (struct principals_row){ .entry = made_up };
    return KV_OK;
}

enum kv_code principals_resolve_living(struct kv_principals *principals, struct kv_db *db,
                                       const char *name, struct principals_row *ret_row,
                                       struct kv_err *err)
{
    struct principals_row row;

    KV_TRY(principals_resolve(principals, db, name, &row, err));
    if (row.entry.state == KV_PRINCIPAL_DELETED || (row.id == 0 && principals->refuses_unknown)) {
        return principals_fail_unknown(name, err);
    }
    *ret_row = row;
    return KV_OK;
}

static enum kv_code check_name(const struct kv_principal_entry *entry, bool is_default,
                               struct kv_err *err)
{
    if (entry->name[0] == '\0' && !is_default) { /* a resource id longer than any name */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The name of an identity has %d characters at most.",
                       KV_PRINCIPAL_NAME_SIZE - 1);
    }
    if (strchr(entry->name, ',') != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The name of an identity has no commas.");
    }
    return KV_OK;
}

enum kv_code principals_hold(struct kv_principals *principals, struct kv_db *db, const char *name,
                             struct principals_row *ret_row, struct kv_err *err)
{
    struct principals_row row;

    KV_TRY(principals_resolve_living(principals, db, name, &row, err));
    if (row.id == 0) {
        bool is_default = strcmp(row.entry.object_id, principals->system.object_id) == 0;

        KV_TRY(check_name(&row.entry, is_default, err));
        KV_TRY(principals_insert(db, &row.entry, &row.id, err));
    }
    *ret_row = row;
    return KV_OK;
}

static enum kv_code check_room(struct kv_db *db, struct kv_err *err)
{
    int64_t count;

    KV_TRY(kv_db_count(db, "SELECT count(*) FROM principal WHERE name IS NOT NULL", KV_NO_BINDS,
                       &count, err));
    if (count >= KV_PRINCIPALS_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There can be %d identities at most.",
                       KV_PRINCIPALS_MAX);
    }
    return KV_OK;
}

static enum kv_code check_ids(struct kv_db *db, const struct kv_principal_entry *entry,
                              struct kv_err *err)
{
    static const char sql[] = "SELECT count(*) FROM principal WHERE object_id = ? OR client_id = ?";
    int64_t count;

    KV_TRY(kv_db_count(db, sql, KV_BINDS(KV_B_TEXT(entry->object_id), KV_B_TEXT(entry->client_id)),
                       &count, err));
    if (count > 0) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "Another identity has the object id %s or the client id "
                       "%s.",
                       entry->object_id, entry->client_id[0] != '\0' ? entry->client_id : "(none)");
    }
    return KV_OK;
}

enum kv_code principals_insert(struct kv_db *db, const struct kv_principal_entry *entry,
                               int64_t *ret_id, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO principal (name, type, state, registered, object_id, client_id, tenant,"
        " resource, upn, trusted, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    bool has_client = entry->client_id[0] != '\0';

    KV_TRY(check_room(db, err));
    KV_TRY(check_ids(db, entry, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(entry->name), KV_B_INT(entry->type), KV_B_INT(entry->state),
                              KV_B_INT(entry->registered), KV_B_TEXT(entry->object_id),
                              has_client ? KV_B_TEXT(entry->client_id) : KV_B_NULL,
                              KV_B_TEXT(entry->tenant), KV_B_TEXT(entry->resource),
                              KV_B_TEXT(entry->upn), KV_B_INT(entry->trusted_service),
                              KV_B_INT(entry->revoked)),
                     NULL, err));
    *ret_id = kv_db_last_id(db);
    return KV_OK;
}
