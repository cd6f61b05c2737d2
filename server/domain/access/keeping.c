/* SPDX-License-Identifier: Apache-2.0 */
/* Grants and network settings as they were before a failure was acted out on them. Times are kept as
 * texts: their ends are beyond what numbers of JSON hold. */
#include "kv/access/keeping.h"

#include "access_core.h"
#include "roles_core.h"

#define OF(member) "json_extract(?1, '$." member "')"
#define IN_ROW(member) "json_extract(r.value, '$." member "')"
#define TIME_IN_ROW(member) "CAST(" IN_ROW(member) " AS INTEGER)"
#define TIME(column) "'" column "', CAST(" column " AS TEXT)"
#define ROWS_OF(member) " FROM json_each(?1, '$." member "') r"
/* The id it had, unless somebody else's row has it by now: ids of rows that are gone are given again. */
#define ID_IN(table)                                                                               \
    "CASE WHEN EXISTS (SELECT 1 FROM " table                                                       \
    " WHERE id = " IN_ROW("id") ")"                                                                \
                                " THEN NULL ELSE " IN_ROW("id") " END"
#define VAULT_IS_THERE "EXISTS (SELECT 1 FROM vault WHERE id = " OF("vault") ")"

static enum kv_code append(struct kv_db *db, const char *sql, struct kv_binds binds,
                           struct kv_buf *text, struct kv_err *err)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, binds, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    return kv_buf_printf(text, err, "%s", more ? kv_rows_text(rows, 0) : "{}");
}

static enum kv_code put_back(struct kv_access *access, const char *const *statements, size_t count,
                             const char *kept, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    for (size_t i = 0; i < count; i++) {
        KV_TRY(kv_db_run(db, statements[i], KV_BINDS(KV_B_TEXT(kept)), NULL, err));
    }
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    return KV_OK;
}

/* clang-format off */

static const char sql_keep[] =
    "SELECT json_object('vault', ?1, 'principal', ?2, 'assignments',"
    " (SELECT json_group_array(json_object('id', id, 'name', name, 'vault', vault,"
    " 'level', level, 'key', key, 'role', role, 'deny', deny, 'place', place, 'type', type,"
    " 'description', description, 'condition', condition, 'condition_version', condition_version,"
    " 'made', made, 'changed', changed, 'made_by', made_by, 'changed_by', changed_by, "
    TIME("since") ", " TIME("until") "))"
    " FROM access_assignment WHERE principal = ?2 AND (vault = ?1 OR " ACCESS_IS_ABOVE("?1") ")),"
    " 'policies', (SELECT json_group_array(json_object('id', id, 'application', application,"
    " 'words', words, " TIME("since") ", " TIME("until") "))"
    " FROM access_policy WHERE vault = ?1 AND principal = ?2),"
    " 'hsm', (SELECT json_group_array(json_object('id', id, 'name', name, 'scope', scope,"
    " 'definition', definition)) FROM role_assignment WHERE vault = ?1 AND principal = ?2))";

static const char *const sql_put_back[] = {
    "DELETE FROM access_assignment WHERE name IN (SELECT " IN_ROW("name") ROWS_OF("assignments") ")",
    "INSERT INTO access_assignment"
    " (id, name, vault, level, key, principal, role, deny, place, type, description, condition,"
    " condition_version, made, changed, made_by, changed_by, since, until)"
    " SELECT " ID_IN("access_assignment") ", " IN_ROW("name") ", " IN_ROW("vault") ", " IN_ROW("level") ", "
    IN_ROW("key") ", " OF("principal") ", " IN_ROW("role") ", " IN_ROW("deny") ", "
    "coalesce(" IN_ROW("place") ", CASE " IN_ROW("level") " WHEN 3 THEN '" KV_GROUP "' ELSE '' END),"
    " coalesce(" IN_ROW("type") ", ''), "
    IN_ROW("description") ", " IN_ROW("condition") ", " IN_ROW("condition_version") ", "
    "coalesce(" IN_ROW("made") ", 0), coalesce(" IN_ROW("changed") ", 0), "
    "coalesce(" IN_ROW("made_by") ", ''), coalesce(" IN_ROW("changed_by") ", ''), "
    TIME_IN_ROW("since") ", " TIME_IN_ROW("until")
    ROWS_OF("assignments") " WHERE " VAULT_IS_THERE,
    "DELETE FROM access_policy WHERE vault = " OF("vault") " AND principal = " OF("principal"),
    "INSERT INTO access_policy (id, vault, principal, application, words, since, until)"
    " SELECT " ID_IN("access_policy") ", " OF("vault") ", " OF("principal") ", "
    IN_ROW("application") ", "
    IN_ROW("words") ", " TIME_IN_ROW("since") ", " TIME_IN_ROW("until")
    ROWS_OF("policies") " WHERE " VAULT_IS_THERE,
    "DELETE FROM role_assignment WHERE vault = " OF("vault")
    " AND name IN (SELECT " IN_ROW("name") ROWS_OF("hsm") ")",
    "INSERT INTO role_assignment (id, vault, name, scope, principal, definition)"
    " SELECT " ID_IN("role_assignment") ", " OF("vault") ", " IN_ROW("name") ", " IN_ROW("scope") ", "
    OF("principal") ", " IN_ROW("definition")
    ROWS_OF("hsm") " WHERE " VAULT_IS_THERE,
};

static const char sql_keep_network[] =
    "SELECT json_object('vault', ?1, 'networks', (SELECT json_group_array(json_object('id', id,"
    " 'default_action', default_action, 'bypass', bypass, 'public_access', public_access,"
    " 'ip_rules', ip_rules, 'private_endpoints', private_endpoints, 'ranges', ranges, "
    TIME("since") ", " TIME("until") ")) FROM access_network WHERE vault = ?1))";

static const char *const sql_put_network_back[] = {
    "DELETE FROM access_network WHERE vault = " OF("vault"),
    "INSERT INTO access_network (id, vault, default_action, bypass, public_access, ip_rules,"
    " private_endpoints, ranges, since, until)"
    " SELECT " ID_IN("access_network") ", " OF("vault") ", " IN_ROW("default_action") ", "
    IN_ROW("bypass") ", "
    IN_ROW("public_access") ", " IN_ROW("ip_rules") ", " IN_ROW("private_endpoints") ", "
    IN_ROW("ranges") ", " TIME_IN_ROW("since") ", " TIME_IN_ROW("until")
    ROWS_OF("networks") " WHERE " VAULT_IS_THERE,
};
/* clang-format on */

enum kv_code kv_access_keep(struct kv_access *access, const struct kv_vault *vault,
                            const char *principal, struct kv_buf *text, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    char folded[KV_UUID_LENGTH + 1];

    KV_TRY(access_fold(principal, "principal", folded, err));
    KV_TRY(kv_db_acquire(access->store, &db, err));
    return append(db, sql_keep, KV_BINDS(KV_B_INT(vault->id), KV_B_TEXT(folded)), text, err);
}

enum kv_code kv_access_put_back(struct kv_access *access, const char *kept, struct kv_err *err)
{
    return put_back(access, sql_put_back, KV_COUNT(sql_put_back), kept, err);
}

enum kv_code kv_network_keep(struct kv_access *access, const struct kv_vault *vault,
                             struct kv_buf *text, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    return append(db, sql_keep_network, KV_BINDS(KV_B_INT(vault->id)), text, err);
}

enum kv_code kv_network_put_back(struct kv_access *access, const char *kept, struct kv_err *err)
{
    return put_back(access, sql_put_network_back, KV_COUNT(sql_put_network_back), kept, err);
}
