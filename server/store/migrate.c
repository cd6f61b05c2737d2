/* SPDX-License-Identifier: Apache-2.0 */
/* Each domain counts the steps its tables have been through; a start runs the missing ones. */
#include "connection.h"

static enum kv_code load_version(struct kv_db *db, const char *domain, int64_t *ret_version,
                                 struct kv_err *err)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool found = false;

    KV_TRY(kv_db_query(db, "SELECT version FROM schema WHERE domain = ?",
                       KV_BINDS(KV_B_TEXT(domain)), &rows, err));
    KV_TRY(kv_rows_next(rows, &found, err));
    *ret_version = found ? kv_rows_int(rows, 0) : 0;
    return KV_OK;
}

static enum kv_code check_references(struct kv_db *db, struct kv_err *err)
{
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool found;

    KV_TRY(kv_db_query(db, "PRAGMA foreign_key_check", KV_NO_BINDS, &rows, err));
    KV_TRY(kv_rows_next(rows, &found, err));
    if (found) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s: a row of %s refers to a missing row of %s",
                       db->path, kv_rows_text(rows, 0), kv_rows_text(rows, 2));
    }
    return KV_OK;
}

/* Some steps in a row, in one transaction. */
struct stretch {
    const struct kv_migration *steps;
    int64_t from, to; /* versions before and after it */
};

static bool rebuilds(const struct stretch *stretch)
{
    for (int64_t i = stretch->from; i < stretch->to; i++) {
        if (stretch->steps[i].rebuilds) {
            return true;
        }
    }
    return false;
}

static enum kv_code run_stretch(struct kv_db *db, const char *domain, const struct stretch *stretch,
                                struct kv_err *err)
{
    KV_TRY(kv_db_begin(db, err));
    for (int64_t i = stretch->from; i < stretch->to; i++) {
        KV_TRY(kv_db_execute(db, stretch->steps[i].sql, err));
    }
    if (rebuilds(stretch)) {
        KV_TRY(check_references(db, err));
    }
    KV_TRY(kv_db_run(db, "INSERT OR REPLACE INTO schema(domain, version) VALUES(?, ?)",
                     KV_BINDS(KV_B_TEXT(domain), KV_B_INT(stretch->to)), NULL, err));
    return kv_db_commit(db, err);
}

/* SQLite does not drop a table that rows refer to, and this cannot be switched off inside a
 * transaction. */
static enum kv_code take_stretch(struct kv_db *db, const char *domain,
                                 const struct stretch *stretch, struct kv_err *err)
{
    if (!rebuilds(stretch)) {
        return run_stretch(db, domain, stretch, err);
    }
    KV_TRY(kv_db_execute(db, "PRAGMA foreign_keys = OFF", err));
    KV_TRY(run_stretch(db, domain, stretch, err));
    return kv_db_execute(db, "PRAGMA foreign_keys = ON", err);
}

static enum kv_code take_steps(struct kv_db *db, const char *domain,
                               const struct kv_migration *steps, struct kv_err *err)
{
    int64_t version = 0, last = 0;

    while (steps[last].sql != NULL) {
        last++;
    }
    KV_TRY(load_version(db, domain, &version, err));
    if (version > last) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s was written by a newer coffer", db->path);
    }
    while (version < last) {
        /* Of a new domain nothing can be lost by beginning anew, and one commit is cheaper. */
        const struct stretch stretch = { steps, version, version == 0 ? last : version + 1 };

        KV_TRY(take_stretch(db, domain, &stretch, err));
        version = stretch.to;
    }
    return KV_OK;
}

/* What nobody was told of need not be on the disk at once: a step is there as a whole or not at all, and
 * the next commit of anything else takes it along. Forty of them would each wait for the disk. */
static enum kv_code take_steps_lightly(struct kv_db *db, const char *domain,
                                       const struct kv_migration *steps, struct kv_err *err)
{
    KV_TRY(kv_db_execute(db, "PRAGMA synchronous = NORMAL", err));
    enum kv_code code = take_steps(db, domain, steps, err);
    enum kv_code back = kv_db_execute(db, "PRAGMA synchronous = FULL", code == KV_OK ? err : NULL);
    return code == KV_OK ? back : code;
}

enum kv_code kv_store_migrate(struct kv_store *store, const char *domain,
                              const struct kv_migration *steps, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(store, &db, err));
    db->tells_path = true;
    enum kv_code code = take_steps_lightly(db, domain, steps, err);
    db->tells_path = false;
    return code;
}

static enum kv_code add_domain(void *buf_, const struct kv_rows *row, struct kv_err *err)
{
    struct kv_buf *buf = buf_;

    return kv_buf_printf(buf, err, "%s%s %lld", buf->len > 0 ? ", " : "", kv_rows_text(row, 0),
                         (long long) kv_rows_int(row, 1));
}

enum kv_code kv_store_describe_form(struct kv_store *store, struct kv_buf *buf, struct kv_err *err)
{
    static const char sql[] = "SELECT domain, version FROM schema ORDER BY domain";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(store, &db, err));
    return kv_db_each(db, sql, KV_NO_BINDS, add_domain, buf, err);
}
