/* SPDX-License-Identifier: Apache-2.0 */
/* Resources and their versions, as sealed rows. */
#include "kv/records/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/store/store.h"
#include "private.h"

static const struct kv_migration migrations[] = {
    { "CREATE TABLE record ("
      "  service TEXT NOT NULL,"
      "  mark BLOB NOT NULL," /* of the DEK that sealed it */
      "  type TEXT NOT NULL,"
      "  id TEXT NOT NULL,"
      "  version INTEGER NOT NULL,"
      "  made INTEGER NOT NULL," /* milliseconds */
      "  media TEXT NOT NULL,"
      "  size INTEGER NOT NULL," /* of `sealed` */
      "  nonce BLOB NOT NULL,"
      "  sealed BLOB NOT NULL," /* ciphertext and tag */
      "  PRIMARY KEY (service, mark, type, id, version)"
      ");" },
    { NULL },
};

struct kv_records {
    struct kv_store *store; /* borrowed */
};

void kv_record_done(struct kv_record *record)
{
    kv_buf_done(&record->data);
}

enum kv_code kv_records_new(struct kv_store *store, struct kv_records **ret_records,
                            struct kv_err *err)
{
    struct kv_records *records;

    KV_TRY(kv_store_migrate(store, "records", migrations, err));
    records = calloc(1, sizeof(*records));
    if (records == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    records->store = store;
    *ret_records = records;
    return KV_OK;
}

void kv_records_free(struct kv_records *records)
{
    free(records);
}

/* --- what is written --- */

static bool is_word(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);

    return len > 0 && len <= max && memchr(text, '\n', len) == NULL;
}

static enum kv_code check_draft(const struct kv_record_owner *owner,
                                const struct kv_record_draft *draft, struct kv_err *err)
{
    if (draft->len > KV_RECORD_DATA_MAX) {
        return KV_FAIL(err, KV_BODY_TOO_LARGE, 0, "A resource has %zu bytes at most.",
                       KV_RECORD_DATA_MAX);
    }
    if (!is_word(owner->service, KV_RECORD_WORD_MAX) || !is_word(draft->type, KV_RECORD_WORD_MAX)
        || !is_word(draft->media, KV_RECORD_WORD_MAX) || !is_word(draft->id, KV_RECORD_ID_MAX)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The id of the resource is too long, or empty.");
    }
    return KV_OK;
}

/* What a DEK sealed that the service no longer has. */
static enum kv_code remove_others(struct kv_db *db, const struct kv_record_owner *owner,
                                  const unsigned char *mark, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM record WHERE service = ? AND mark <> ?";

    return kv_db_run(db, sql, KV_BINDS(KV_B_TEXT(owner->service), KV_B_BYTES(mark, SEAL_MARK_SIZE)),
                     NULL, err);
}

static enum kv_code check_room(struct kv_db *db, const struct kv_record_owner *owner, size_t len,
                               struct kv_err *err)
{
    static const char count_sql[] = "SELECT count(*) FROM record WHERE service = ?";
    static const char bytes_sql[] = "SELECT coalesce(sum(size), 0) FROM record WHERE service = ?";
    int64_t count = 0, bytes = 0;

    KV_TRY(kv_db_count(db, count_sql, KV_BINDS(KV_B_TEXT(owner->service)), &count, err));
    KV_TRY(kv_db_count(db, bytes_sql, KV_BINDS(KV_B_TEXT(owner->service)), &bytes, err));
    if (count >= KV_RECORDS_MAX || bytes + (int64_t) len > KV_RECORDS_BYTES_MAX) {
        return KV_FAIL(err, KV_INSUFFICIENT_STORAGE, 0,
                       "The service keeps %d versions of resources at most, of %d MiB together.",
                       KV_RECORDS_MAX, (int) (KV_RECORDS_BYTES_MAX / (1024 * 1024)));
    }
    return KV_OK;
}

static enum kv_code find_latest(struct kv_db *db, const struct kv_record_owner *owner,
                                const unsigned char *mark, const char *type, const char *id,
                                int64_t *ret_version, struct kv_err *err)
{
    static const char sql[] = "SELECT coalesce(max(version), 0) FROM record"
                              " WHERE service = ? AND mark = ? AND type = ? AND id = ?";

    return kv_db_count(db, sql,
                       KV_BINDS(KV_B_TEXT(owner->service), KV_B_BYTES(mark, SEAL_MARK_SIZE),
                                KV_B_TEXT(type), KV_B_TEXT(id)),
                       ret_version, err);
}

static enum kv_code insert(struct kv_db *db, const struct kv_record_owner *owner,
                           const unsigned char *mark, const struct kv_record_draft *draft,
                           int64_t version, struct kv_err *err)
{
    static const char sql[] = "INSERT INTO record (service, mark, type, id, version, made, media,"
                              " size, nonce, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    const struct seal_label label = { owner->service, draft->type, draft->id,
                                      draft->media,   version,     draft->now };
    unsigned char nonce[SEAL_NONCE_SIZE];
    kv_auto(kv_buf_done) struct kv_buf sealed;

    kv_buf_init(&sealed, KV_RECORD_DATA_MAX + SEAL_TAG_SIZE);
    KV_TRY(seal_close(owner->dek, &label, draft->data, draft->len, nonce, &sealed, err));
    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(owner->service), KV_B_BYTES(mark, SEAL_MARK_SIZE),
                              KV_B_TEXT(draft->type), KV_B_TEXT(draft->id), KV_B_INT(version),
                              KV_B_INT(draft->now), KV_B_TEXT(draft->media), KV_B_INT(sealed.len),
                              KV_B_BYTES(nonce, sizeof(nonce)),
                              KV_B_BYTES(sealed.data, sealed.len)),
                     NULL, err);
}

enum kv_code kv_records_put(struct kv_records *records, const struct kv_record_owner *owner,
                            const struct kv_record_draft *draft, int64_t *ret_version,
                            struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    unsigned char mark[SEAL_MARK_SIZE];
    int64_t latest = 0;

    KV_TRY(check_draft(owner, draft, err));
    KV_TRY(seal_mark(owner->dek, mark, err));
    KV_TRY(kv_db_acquire(records->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(remove_others(db, owner, mark, err));
    KV_TRY(find_latest(db, owner, mark, draft->type, draft->id, &latest, err));
    if (draft->expects != KV_RECORD_ANY && draft->expects != latest) {
        return KV_FAIL(err, KV_CONFLICT, 0, "The latest version of the resource is %lld.",
                       (long long) latest);
    }
    KV_TRY(check_room(db, owner, draft->len, err));
    KV_TRY(insert(db, owner, mark, draft, latest + 1, err));
    KV_TRY(kv_db_commit(db, err));
    *ret_version = latest + 1;
    return KV_OK;
}

/* --- what is read --- */

#define COLUMNS "id, version, made, media, nonce, sealed"

/* The row in the clear; its data is wiped by the caller. */
static enum kv_code open_row(const struct kv_record_owner *owner, const char *type,
                             const struct kv_rows *rows, struct kv_record *ret_record,
                             struct kv_err *err)
{
    size_t nonce_len = 0, len = 0;
    const unsigned char *nonce = kv_rows_bytes(rows, 4, &nonce_len);
    const unsigned char *sealed = kv_rows_bytes(rows, 5, &len);

    (void) snprintf(ret_record->id, sizeof(ret_record->id), "%s", kv_rows_text(rows, 0));
    ret_record->version = kv_rows_int(rows, 1);
    ret_record->made = kv_rows_int(rows, 2);
    (void) snprintf(ret_record->media, sizeof(ret_record->media), "%s", kv_rows_text(rows, 3));
    if (nonce_len != SEAL_NONCE_SIZE) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the stored data is damaged");
    }
    const struct seal_label label = { owner->service,      type,
                                      ret_record->id,      ret_record->media,
                                      ret_record->version, ret_record->made };
    return seal_open(owner->dek, &label, nonce, sealed, len, &ret_record->data, err);
}

enum kv_code kv_records_get(struct kv_records *records, const struct kv_record_owner *owner,
                            const char *type, const char *id, int64_t version,
                            struct kv_record *ret_record, struct kv_err *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM record WHERE service = ?1 AND mark = ?2"
                              " AND type = ?3 AND id = ?4 AND (?5 = 0 OR version = ?5)"
                              " ORDER BY version DESC LIMIT 1";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    kv_auto(kv_record_done) struct kv_record record = { .version = 0 };
    unsigned char mark[SEAL_MARK_SIZE];
    bool more = false;

    kv_buf_init(&record.data, KV_RECORD_DATA_MAX);
    KV_TRY(seal_mark(owner->dek, mark, err));
    KV_TRY(kv_db_acquire(records->store, &db, err));
    KV_TRY(kv_db_query(db, sql,
                       KV_BINDS(KV_B_TEXT(owner->service), KV_B_BYTES(mark, sizeof(mark)),
                                KV_B_TEXT(type), KV_B_TEXT(id), KV_B_INT(version)),
                       &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no %.64s with the id %.64s.", type, id);
    }
    KV_TRY(open_row(owner, type, rows, &record, err));
    *ret_record = record;
    kv_buf_init(&record.data, 0); /* the caller's now */
    return KV_OK;
}

/* In a group with max() SQLite takes the other columns from the row that has it. */
struct walk {
    const struct kv_record_owner *owner;
    const char *type;
    kv_record_visit_fn *visit;
    void *context;
};

static enum kv_code visit_row(void *context, const struct kv_rows *rows, struct kv_err *err)
{
    const struct walk *walk = context;
    kv_auto(kv_record_done) struct kv_record record = { .version = 0 };

    kv_buf_init(&record.data, KV_RECORD_DATA_MAX);
    KV_TRY(open_row(walk->owner, walk->type, rows, &record, err));
    return walk->visit(walk->context, &record, err);
}

enum kv_code kv_records_each(struct kv_records *records, const struct kv_record_owner *owner,
                             const char *type, unsigned limit, kv_record_visit_fn *visit,
                             void *context, int64_t *ret_total, struct kv_err *err)
{
    static const char count_sql[] = "SELECT count(DISTINCT id) FROM record"
                                    " WHERE service = ? AND mark = ? AND type = ?";
    static const char sql[] = "SELECT id, max(version), made, media, nonce, sealed FROM record"
                              " WHERE service = ? AND mark = ? AND type = ?"
                              " GROUP BY id ORDER BY id LIMIT ?";
    struct walk walk = { owner, type, visit, context };
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    unsigned char mark[SEAL_MARK_SIZE];

    KV_TRY(seal_mark(owner->dek, mark, err));
    KV_TRY(kv_db_acquire(records->store, &db, err));
    KV_TRY(kv_db_begin_reading(db, err));
    KV_TRY(kv_db_count(
        db, count_sql,
        KV_BINDS(KV_B_TEXT(owner->service), KV_B_BYTES(mark, sizeof(mark)), KV_B_TEXT(type)),
        ret_total, err));
    return kv_db_each(db, sql,
                      KV_BINDS(KV_B_TEXT(owner->service), KV_B_BYTES(mark, sizeof(mark)),
                               KV_B_TEXT(type), KV_B_INT(limit)),
                      visit_row, &walk, err);
}

enum kv_code kv_records_forget(struct kv_records *records, const char *service, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM record WHERE ?1 IS NULL OR service = ?1";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(records->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(
        kv_db_run(db, sql, KV_BINDS(service != NULL ? KV_B_TEXT(service) : KV_B_NULL), NULL, err));
    return kv_db_commit(db, err);
}
