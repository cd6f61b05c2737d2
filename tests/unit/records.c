/* SPDX-License-Identifier: Apache-2.0 */
/* Data of services: what is in the store cannot be read without the key that sealed it. */
#include "kv/records/records.h"

#include <string.h>

#include <sqlite3.h>

#include "kv/store/store.h"
#include "scratch.h"

#define STORE "records.db"
#define SECRET "the patient's name is Ada"

static struct kv_store *store;
static struct kv_records *records;
static struct kv_err err;

static const unsigned char one_dek[KV_RECORD_DEK_SIZE] = { 1, 2, 3 };
static const unsigned char other_dek[KV_RECORD_DEK_SIZE] = { 1, 2, 4 };
static const struct kv_record_owner clinic = { "clinic", one_dek };
static const struct kv_record_owner renewed = { "clinic", other_dek };

static void setup(void)
{
    scratch_make();
    cr_assert_eq(kv_store_open(STORE, 2, &store, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_records_new(store, &records, &err), KV_OK, "%s", err.message);
}

static void teardown(void)
{
    kv_records_free(records);
    kv_store_close(store);
    scratch_remove();
}

TestSuite(records, .init = setup, .fini = teardown, .timeout = 120);

static enum kv_code put(const struct kv_record_owner *owner, const char *id, const char *data,
                        int64_t expects)
{
    const struct kv_record_draft draft = { .type = "Patient",
                                           .id = id,
                                           .media = "application/json",
                                           .data = data,
                                           .len = strlen(data),
                                           .expects = expects,
                                           .now = 1000 };
    int64_t version;

    return kv_records_put(records, owner, &draft, &version, &err);
}

static void expect_text(const struct kv_record_owner *owner, int64_t version, const char *text)
{
    kv_auto(kv_record_done) struct kv_record record = { .version = 0 };

    cr_assert_eq(kv_records_get(records, owner, "Patient", "p", version, &record, &err), KV_OK,
                 "%s", err.message);
    cr_expect_eq(record.data.len, strlen(text));
    cr_expect_arr_eq(record.data.data, text, strlen(text));
    cr_expect_eq(record.made, 1000);
    cr_expect_str_eq(record.media, "application/json");
}

static enum kv_code get(const struct kv_record_owner *owner, const char *type, const char *id,
                        int64_t version)
{
    kv_auto(kv_record_done) struct kv_record record = { .version = 0 };

    return kv_records_get(records, owner, type, id, version, &record, &err);
}

/* As somebody would who has the file. */
static void tamper(const char *sql)
{
    sqlite3 *file = NULL;

    cr_assert_eq(sqlite3_open(STORE, &file), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(file, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(file));
    cr_assert_eq(sqlite3_changes(file), 1, "%s", sql);
    cr_assert_eq(sqlite3_close(file), SQLITE_OK);
}

Test(records, are_not_there_when_nobody_wrote_them)
{
    cr_assert_eq(put(&clinic, "p", SECRET, KV_RECORD_ANY), KV_OK, "%s", err.message);
    cr_expect_eq(get(&clinic, "Patient", "q", 0), KV_NOT_FOUND);
    cr_expect_eq(get(&clinic, "Observation", "p", 0), KV_NOT_FOUND);
    cr_expect_eq(get(&clinic, "Patient", "p", 2), KV_NOT_FOUND);
    cr_expect_eq(get(&(struct kv_record_owner){ "other", one_dek }, "Patient", "p", 0),
                 KV_NOT_FOUND);
}

Test(records, refuse_what_is_not_to_be_kept)
{
    static char long_id[KV_RECORD_ID_MAX + 2];

    memset(long_id, 'a', sizeof(long_id) - 1);
    cr_expect_eq(put(&clinic, "", "x", KV_RECORD_ANY), KV_BAD_PARAMETER);
    cr_expect_eq(put(&clinic, long_id, "x", KV_RECORD_ANY), KV_BAD_PARAMETER);
    cr_expect_eq(put(&clinic, "a\nb", "x", KV_RECORD_ANY), KV_BAD_PARAMETER);
    const struct kv_record_draft large = { .type = "Patient",
                                           .id = "p",
                                           .media = "a/b",
                                           .data = "",
                                           .len = KV_RECORD_DATA_MAX + 1,
                                           .expects = KV_RECORD_ANY };
    int64_t version;
    cr_expect_eq(kv_records_put(records, &clinic, &large, &version, &err), KV_BODY_TOO_LARGE);
}

Test(records, refuse_a_version_that_is_not_expected)
{
    cr_assert_eq(put(&clinic, "p", "1", KV_RECORD_NONE), KV_OK);
    cr_expect_eq(put(&clinic, "p", "2", KV_RECORD_NONE), KV_CONFLICT);
    cr_expect_eq(put(&clinic, "p", "2", 2), KV_CONFLICT);
    cr_expect_eq(put(&clinic, "p", "2", 1), KV_OK);
    expect_text(&clinic, 1, "1");
    expect_text(&clinic, 2, "2");
    expect_text(&clinic, 0, "2");
}

Test(records, cannot_be_read_in_the_file)
{
    kv_auto(kv_buf_done) struct kv_buf file;

    cr_assert_eq(put(&clinic, "p", SECRET, KV_RECORD_ANY), KV_OK);
    expect_text(&clinic, 0, SECRET);
    kv_records_free(kv_take(records));
    kv_store_close(kv_take(store));
    kv_buf_init(&file, 1 << 20);
    cr_assert_eq(kv_file_read(STORE, &file, &err), KV_OK);
    cr_expect_null(memmem(file.data, file.len, "Ada", 3));
    cr_expect_not_null(memmem(file.data, file.len, "clinic", 6), "this is the file");
}

Test(records, of_two_rows_have_no_nonce_in_common)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    int64_t nonces = 0, texts = 0;

    for (unsigned i = 0; i < 20; i++) {
        cr_assert_eq(put(&clinic, "p", "the same", KV_RECORD_ANY), KV_OK);
    }
    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK);
    cr_assert_eq(
        kv_db_count(db, "SELECT count(DISTINCT nonce) FROM record", KV_NO_BINDS, &nonces, &err),
        KV_OK);
    cr_assert_eq(
        kv_db_count(db, "SELECT count(DISTINCT sealed) FROM record", KV_NO_BINDS, &texts, &err),
        KV_OK);
    cr_expect_eq(nonces, 20);
    cr_expect_eq(texts, 20);
}

Test(records, are_damaged_when_a_row_was_changed)
{
    static const char *const changes[] = {
        "UPDATE record SET sealed = zeroblob(length(sealed)) WHERE id = 'p'",
        "UPDATE record SET sealed = x'' WHERE id = 'p'",
        "UPDATE record SET nonce = zeroblob(12) WHERE id = 'p'",
        "UPDATE record SET nonce = x'00' WHERE id = 'p'",
        "UPDATE record SET made = made + 1 WHERE id = 'p'",
        "UPDATE record SET media = 'text/html' WHERE id = 'p'",
        ("UPDATE record SET sealed = (SELECT sealed FROM record WHERE id = 'q'),"
         " nonce = (SELECT nonce FROM record WHERE id = 'q') WHERE id = 'p'"),
    };

    for (size_t i = 0; i < KV_COUNT(changes); i++) {
        teardown();
        setup();
        cr_assert_eq(put(&clinic, "p", SECRET, KV_RECORD_ANY), KV_OK);
        cr_assert_eq(put(&clinic, "q", SECRET, KV_RECORD_ANY), KV_OK);
        tamper(changes[i]);
        cr_expect_eq(get(&clinic, "Patient", "p", 0), KV_INTERNAL, "%s", changes[i]);
        cr_expect_str_eq(err.message, "the stored data is damaged", "%s", changes[i]);
        cr_expect_eq(get(&clinic, "Patient", "q", 0), KV_OK, "%s", changes[i]);
    }
}

/* Whoever has the wrong key has nothing, and what nobody can read any more does not stay. */
Test(records, of_another_key_are_not_there)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    int64_t count = 0;

    cr_assert_eq(put(&clinic, "p", SECRET, KV_RECORD_ANY), KV_OK);
    cr_expect_eq(get(&renewed, "Patient", "p", 0), KV_NOT_FOUND);
    expect_text(&clinic, 0, SECRET);
    cr_assert_eq(put(&renewed, "p", "new", KV_RECORD_NONE), KV_OK);
    expect_text(&renewed, 1, "new");
    cr_expect_eq(get(&clinic, "Patient", "p", 0), KV_NOT_FOUND);
    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK);
    cr_assert_eq(kv_db_count(db, "SELECT count(*) FROM record", KV_NO_BINDS, &count, &err), KV_OK);
    cr_expect_eq(count, 1);
}

static enum kv_code collect(void *context, const struct kv_record *record, struct kv_err *ret_err)
{
    return kv_buf_printf(context, ret_err, "%s/%lld:%s ", record->id, (long long) record->version,
                         record->data.data);
}

Test(records, are_listed_in_their_latest_versions)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    int64_t total = 0;

    kv_buf_init(&text, 1024);
    cr_assert_eq(put(&clinic, "b", "1", KV_RECORD_ANY), KV_OK);
    cr_assert_eq(put(&clinic, "a", "2", KV_RECORD_ANY), KV_OK);
    cr_assert_eq(put(&clinic, "b", "3", KV_RECORD_ANY), KV_OK);
    cr_assert_eq(kv_records_each(records, &clinic, "Patient", 10, collect, &text, &total, &err),
                 KV_OK, "%s", err.message);
    cr_expect_str_eq(text.data, "a/1:2 b/2:3 ");
    kv_buf_clear(&text);
    cr_assert_eq(kv_records_each(records, &clinic, "Patient", 1, collect, &text, &total, &err),
                 KV_OK);
    cr_expect_str_eq(text.data, "a/1:2 ");
    cr_expect_eq(total, 2);
}

Test(records, take_no_more_than_a_service_may_have)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    static const char fill[] =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
        " INSERT INTO record SELECT 'clinic', mark, 'Patient', 'x' || i, 1, 0, media, 1, nonce,"
        " sealed FROM n, record WHERE id = 'p'";

    cr_assert_eq(put(&clinic, "p", "1", KV_RECORD_ANY), KV_OK);
    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK);
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    cr_assert_eq(kv_db_run(db, fill, KV_NO_BINDS, NULL, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_db_commit(db, &err), KV_OK);
    kv_db_release(kv_take(db));
    cr_expect_eq(put(&clinic, "q", "1", KV_RECORD_ANY), KV_INSUFFICIENT_STORAGE);
    cr_expect_eq(put(&(struct kv_record_owner){ "other", one_dek }, "q", "1", KV_RECORD_ANY), KV_OK,
                 "another service has room of its own");
}

Test(records, are_forgotten_with_their_service)
{
    const struct kv_record_owner other = { "other", one_dek };

    cr_assert_eq(put(&clinic, "p", SECRET, KV_RECORD_ANY), KV_OK);
    cr_assert_eq(put(&other, "p", SECRET, KV_RECORD_ANY), KV_OK);
    cr_assert_eq(kv_records_forget(records, "clinic", &err), KV_OK);
    cr_expect_eq(get(&clinic, "Patient", "p", 0), KV_NOT_FOUND);
    cr_expect_eq(get(&other, "Patient", "p", 0), KV_OK);
    cr_assert_eq(kv_records_forget(records, NULL, &err), KV_OK);
    cr_expect_eq(get(&other, "Patient", "p", 0), KV_NOT_FOUND);
}
