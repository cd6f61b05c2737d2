/* SPDX-License-Identifier: Apache-2.0 */
/* Material that a seed called test material is kept in the store, beside the token, to be exported
 * again. It goes at the next start when its version is gone. */
#include <string.h>

#include "core.h"
#include "kv/store/store.h"

#define JWK_MAX 16384 /* bytes */

static const struct kv_migration migrations[] = {
    { "CREATE TABLE seed_material ("
      "  object BLOB PRIMARY KEY," /* of the version */
      "  jwk TEXT NOT NULL"
      ") WITHOUT ROWID;" },
    { NULL },
};

enum kv_code seed_keep_migrate(struct kv_store *store, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM seed_material"
                              " WHERE object NOT IN (SELECT object FROM version)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_store_migrate(store, "seeds", migrations, err));
    KV_TRY(kv_db_acquire(store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql, KV_NO_BINDS, NULL, err));
    return kv_db_commit(db, err);
}

enum kv_code seed_keep(struct kv_seeds *seeds, const unsigned char object[KV_OBJECT_LENGTH],
                       const cJSON *jwk, struct kv_err *err)
{
    static const char sql[] = "INSERT OR REPLACE INTO seed_material (object, jwk) VALUES (?, ?)";
    kv_auto(kv_buf_done) struct kv_buf text;
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    kv_buf_init(&text, JWK_MAX);
    KV_TRY(kv_json_print(jwk, &text, err));
    KV_TRY(kv_db_acquire(seeds->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_BYTES(object, KV_OBJECT_LENGTH), KV_B_TEXT(text.data)),
                     NULL, err));
    return kv_db_commit(db, err);
}

enum kv_code seed_find_kept(struct kv_seeds *seeds, const unsigned char object[KV_OBJECT_LENGTH],
                            cJSON **ret_jwk, struct kv_err *err)
{
    static const char sql[] = "SELECT jwk FROM seed_material WHERE object = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    *ret_jwk = NULL;
    KV_TRY(kv_db_acquire(seeds->config.store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_BYTES(object, KV_OBJECT_LENGTH)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) {
        return KV_OK;
    }
    const char *text = kv_rows_text(rows, 0);
    return kv_json_parse(text, strlen(text), ret_jwk, err);
}
