/* SPDX-License-Identifier: Apache-2.0 */
/* What the resource manager keeps of one vault, from a saved state of the store: its tags, who made it, what
 * nobody but the resource manager asks for, and what lies below it. */
#include "core.h"

/* The rows of a vault's own resource, as `envelope`, and with them its own and those below it, as `r`. */
#define ROWS_OF_VAULT(schema_, vault_)                                                             \
    " FROM " schema_ ".resource AS envelope JOIN " schema_ ".resource AS r"                        \
    " ON r.key = envelope.key OR substr(r.key, 1, length(envelope.key) + 1) = envelope.key || '/'" \
    " WHERE envelope.type IN ('Microsoft.KeyVault/vaults', 'Microsoft.KeyVault/managedHSMs')"      \
    " AND CASE WHEN json_valid(envelope.content) THEN json_extract(envelope.content, '$.vault') "  \
    "END = " vault_

/* Also under the id that it has now: it may have come to lie elsewhere. */
static const char forget[] =
    "DELETE FROM main.resource WHERE key IN (SELECT r.key" ROWS_OF_VAULT("main", "?1") ")";

/* The vault has another number here. */
static const char bring[] =
    "INSERT OR REPLACE INTO main.resource (key, id, type, name, location, tags, content,"
    " created_by, created_by_user, changed_by, changed_by_user, created, changed, ready, edition)"
    " SELECT r.key, r.id, r.type, r.name, r.location, r.tags,"
    " CASE WHEN r.key = envelope.key THEN json_set(r.content, '$.vault', ?2) ELSE r.content END,"
    " r.created_by, r.created_by_user, r.changed_by, r.changed_by_user, r.created, r.changed,"
    " r.ready, r.edition" ROWS_OF_VAULT("saved", "?1");

enum kv_code kv_resources_bring(void *resources, struct kv_db *db, int64_t saved, int64_t vault,
                                struct kv_err *err)
{
    (void) resources; /* the same table for all */
    KV_TRY(kv_db_run(db, forget, KV_BINDS(KV_B_INT(vault)), NULL, err));
    return kv_db_run(db, bring, KV_BINDS(KV_B_INT(saved), KV_B_INT(vault)), NULL, err);
}
