/* SPDX-License-Identifier: Apache-2.0 */
/* Long-running operations: what a client polls until it is over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "kv/base/json.h"

void kv_resource_operation_done(struct kv_resource_operation *operation)
{
    free(operation->subject);
    cJSON_Delete(operation->result);
    *operation = (struct kv_resource_operation){ 0 };
}

/* The oldest that are over make room; one that is under way stays. */
static enum kv_code trim(struct kv_db *db, kv_millis now, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM resource_operation WHERE number <= ?1 - ?2"
                              " AND (status != 0 OR (ends != 0 AND ends <= ?3))";

    return kv_db_run(
        db, sql,
        KV_BINDS(KV_B_INT(kv_db_last_id(db)), KV_B_INT(KV_RESOURCE_OPERATIONS_MAX), KV_B_INT(now)),
        NULL, err);
}

enum kv_code kv_resource_operation_begin(struct kv_resources *resources, const char *id,
                                         const char *subject, kv_millis begun, kv_millis ends,
                                         char ret_id[KV_UUID_LENGTH + 1], struct kv_err *err)
{
    static const char sql[] = "INSERT INTO resource_operation (id, subject, status, begun, ends,"
                              " result) VALUES (?, ?, 0, ?, ?, '')";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    if (id != NULL) {
        (void) snprintf(ret_id, KV_UUID_LENGTH + 1, "%s", id);
    } else {
        kv_uuid_random(ret_id);
    }
    KV_TRY(kv_db_acquire(resources->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(
        db, sql, KV_BINDS(KV_B_TEXT(ret_id), KV_B_TEXT(subject), KV_B_INT(begun), KV_B_INT(ends)),
        NULL, err));
    KV_TRY(trim(db, begun, err));
    return kv_db_commit(db, err);
}

static enum kv_code trim_results(struct kv_db *db, struct kv_err *err)
{
    static const char sql[] =
        "DELETE FROM resource_operation WHERE status != 0 AND number NOT IN (SELECT number FROM"
        " resource_operation WHERE status != 0 ORDER BY number DESC LIMIT ?)";

    return kv_db_run(db, sql, KV_BINDS(KV_B_INT(KV_RESOURCE_RESULTS_MAX)), NULL, err);
}

enum kv_code kv_resource_operation_end(struct kv_resources *resources, const char *id,
                                       enum kv_operation_status status, const cJSON *result,
                                       kv_millis now, struct kv_err *err)
{
    static const char sql[] =
        "UPDATE resource_operation SET status = ?2, result = ?3, ends = ?4 WHERE id = ?1";
    kv_auto(kv_buf_done) struct kv_buf text = { .max = KV_RESOURCE_CONTENT_MAX };
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    if (result != NULL) {
        KV_TRY(kv_json_print(result, &text, err));
    }
    KV_TRY(kv_db_acquire(resources->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(id), KV_B_INT(status),
                              KV_B_TEXT(text.data != NULL ? text.data : ""), KV_B_INT(now)),
                     NULL, err));
    KV_TRY(trim_results(db, err));
    return kv_db_commit(db, err);
}

/* One that nobody has to end is over when its time has come. */
static enum kv_operation_status find_status(const struct kv_rows *row, kv_millis now)
{
    enum kv_operation_status status = (enum kv_operation_status) kv_rows_int(row, 2);
    kv_millis ends = kv_rows_int(row, 4);

    return status == KV_OPERATION_RUNNING && ends != 0 && ends <= now ? KV_OPERATION_SUCCEEDED
                                                                      : status;
}

static enum kv_code read_operation(const struct kv_rows *row, kv_millis now,
                                   struct kv_resource_operation *operation, struct kv_err *err)
{
    (void) snprintf(operation->id, sizeof(operation->id), "%s", kv_rows_text(row, 0));
    operation->subject = strdup(kv_rows_text(row, 1));
    operation->status = find_status(row, now);
    operation->begun = kv_rows_int(row, 3);
    operation->ends = kv_rows_int(row, 4);
    return operation->subject != NULL
               ? resource_parse(kv_rows_text(row, 5), &operation->result, err)
               : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_resource_operation_get(struct kv_resources *resources, const char *id,
                                       kv_millis now, struct kv_resource_operation *ret_operation,
                                       struct kv_err *err)
{
    static const char sql[] = "SELECT id, subject, status, begun, ends, result"
                              " FROM resource_operation WHERE id = ?";
    kv_auto(kv_resource_operation_done) struct kv_resource_operation operation = { 0 };
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool is_there;

    KV_TRY(kv_db_acquire(resources->store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &is_there, err));
    if (!is_there) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no operation '%.64s'.", id);
    }
    KV_TRY(read_operation(rows, now, &operation, err));
    *ret_operation = operation;
    operation = (struct kv_resource_operation){ 0 };
    return KV_OK;
}
