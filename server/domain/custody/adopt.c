/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binding a store to its token. The sentinel's id is stored before the object is made, so that a
 * crash in between leaves neither an unknown object nor a store without its token.
 */
#include <string.h>

#include "hsm.h"
#include "kv/store/store.h"
#include "private.h"

static const struct kv_migration migrations[] = {
    { "CREATE TABLE token ("
      "  id INTEGER PRIMARY KEY CHECK (id = 1),"
      "  sentinel BLOB NOT NULL," /* CKA_ID of the wrapping key */
      "  made INTEGER NOT NULL"   /* 1 once the object was seen on the token */
      ")" },
    { "ALTER TABLE token ADD COLUMN settled INTEGER NOT NULL DEFAULT 0" }, /* settle.c */
    { NULL },
};

struct sentinel {
    bool known, made;
    unsigned char id[KV_OBJECT_LENGTH];
};

static enum kv_code load_sentinel(struct kv_db *db, struct sentinel *ret_sentinel,
                                  struct kv_err *err)
{
    static const char sql[] = "SELECT sentinel, made FROM token";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;
    size_t len;

    *ret_sentinel = (struct sentinel){ .known = false };
    KV_TRY(kv_db_query(db, sql, KV_NO_BINDS, &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) {
        return KV_OK;
    }

    const void *id = kv_rows_bytes(rows, 0, &len);

    if (id == NULL || len != KV_OBJECT_LENGTH) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the store holds an object id of %zu bytes", len);
    }
    memcpy(ret_sentinel->id, id, len);
    ret_sentinel->made = kv_rows_int(rows, 1) != 0;
    ret_sentinel->known = true;
    return KV_OK;
}

static enum kv_code save_sentinel(struct kv_db *db, const struct sentinel *sentinel,
                                  struct kv_err *err)
{
    static const char sql[] = "INSERT INTO token (id, sentinel, made) VALUES (1, ?1, ?2)"
                              " ON CONFLICT (id) DO UPDATE SET sentinel = ?1, made = ?2";

    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_BYTES(sentinel->id, KV_OBJECT_LENGTH), KV_B_INT(sentinel->made)),
                     NULL, err));
    return kv_db_commit(db, err);
}

/* A new store on coffer's own token: keys there would be lost for good if we went on. */
static enum kv_code check_token_is_new(struct kv_custody *custody, struct kv_err *err)
{
    struct hsm_counters counters;

    hsm_counters(custody->config.hsm, &counters);
    if (counters.keys > 0) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "the token holds %zu keys that this store does not know: the store was lost "
                       "or belongs to another token",
                       counters.keys);
    }
    return KV_OK;
}

static enum kv_code confirm_sentinel(struct kv_db *db, struct sentinel *sentinel,
                                     struct kv_err *err)
{
    sentinel->made = true;
    return save_sentinel(db, sentinel, err);
}

/* An earlier start may have been killed while making the sentinel: whatever it left, half-made or
 * whole, is destroyed first. Nothing can depend on a sentinel that was never confirmed. */
static enum kv_code make_sentinel(struct kv_custody *custody, struct kv_db *db,
                                  struct sentinel *sentinel, struct kv_err *err)
{
    KV_TRY(kv_custody_destroy(custody, sentinel->id, err));
    KV_TRY(custody_translate(custody, hsm_create_sentinel(custody->config.hsm, sentinel->id), err));
    KV_TRY(custody_translate(custody, hsm_adopt_sentinel(custody->config.hsm, sentinel->id), err));
    return confirm_sentinel(db, sentinel, err);
}

enum kv_code kv_custody_has_token(struct kv_store *store, bool *ret_has, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct sentinel sentinel;

    KV_TRY(kv_store_migrate(store, "custody", migrations, err));
    KV_TRY(kv_db_acquire(store, &db, err));
    KV_TRY(load_sentinel(db, &sentinel, err));
    *ret_has = sentinel.known && sentinel.made;
    return KV_OK;
}

enum kv_code kv_custody_adopt(struct kv_custody *custody, struct kv_store *store, bool exclusive,
                              struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct sentinel sentinel;

    KV_TRY(kv_store_migrate(store, "custody", migrations, err));
    KV_TRY(kv_db_acquire(store, &db, err));
    KV_TRY(load_sentinel(db, &sentinel, err));
    if (!sentinel.known) {
        if (exclusive) {
            KV_TRY(check_token_is_new(custody, err));
        }
        KV_TRY(kv_custody_new_object(sentinel.id, err));
        KV_TRY(save_sentinel(db, &sentinel, err));
    }

    if (!sentinel.made) {
        return make_sentinel(custody, db, &sentinel, err);
    }

    CK_RV rv = hsm_adopt_sentinel(custody->config.hsm, sentinel.id);

    if (rv == HSM_RV_OTHER_TOKEN) {
        return KV_FAIL(err, KV_CONFLICT, rv,
                       "the token is not the one that holds this store's keys: it was initialised "
                       "again, or another token has its label");
    }
    return custody_translate(custody, rv, err);
}
