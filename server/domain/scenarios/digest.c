/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One number for all that lasts. Each table is digested by itself, in an order of its own rows, so
 * that a difference can be told by its table. Ids of rows count, for a row that was removed and made
 * anew is another one.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "core.h"
#include "kv/base/secret.h"
#include "kv/custody/custody.h"

#define DIGEST_SIZE 32
#define HEX_SIZE (2 * DIGEST_SIZE + 1)
#define PASSING_MAX (1024 * 1024) /* bytes of ids of objects that do not count */

static const struct {
    const char *table, *sql;
} tables[] = {
    { "vault", "SELECT * FROM vault ORDER BY id" },
    { "key", "SELECT * FROM key ORDER BY id" },
    { "version", "SELECT * FROM version ORDER BY id" },
    { "rotation_policy", "SELECT * FROM rotation_policy ORDER BY key" },
    { "service_key", "SELECT * FROM service_key ORDER BY purpose" },
    { "external_key", "SELECT * FROM external_key ORDER BY id" },
    { "role_definition", "SELECT * FROM role_definition ORDER BY id" },
    { "role_assignment", "SELECT * FROM role_assignment ORDER BY id" },
    { "hsm_setting", "SELECT * FROM hsm_setting ORDER BY vault, name" },
    { "access_role", "SELECT * FROM access_role ORDER BY id" },
    { "access_assignment", "SELECT * FROM access_assignment ORDER BY id" },
    { "access_policy", "SELECT * FROM access_policy ORDER BY id" },
    { "access_network", "SELECT * FROM access_network ORDER BY id" },
    { "principal", "SELECT * FROM principal ORDER BY id" },
    { "principal_credential", "SELECT * FROM principal_credential ORDER BY id" },
    { "principal_member", "SELECT * FROM principal_member ORDER BY id" },
    { "resource", "SELECT * FROM resource ORDER BY key" },
};

KV_DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

struct digest {
    EVP_MD_CTX *context;
    bool ok;
};

static void add_bytes(struct digest *digest, const void *bytes, size_t len)
{
    uint64_t length = len;

    digest->ok = digest->ok && EVP_DigestUpdate(digest->context, &length, sizeof(length)) == 1
                 && (len == 0 || EVP_DigestUpdate(digest->context, bytes, len) == 1);
}

static enum kv_code add_row(void *context, const struct kv_rows *rows, struct kv_err *err)
{
    struct digest *digest = context;

    (void) err;
    for (int i = 0; i < kv_rows_columns(rows); i++) {
        size_t len;
        const void *bytes = kv_rows_bytes(rows, i, &len);
        bool is_null = kv_rows_is_null(rows, i);

        add_bytes(digest, &is_null, sizeof(is_null));
        add_bytes(digest, bytes, bytes != NULL ? len : 0);
    }
    return KV_OK;
}

static void print_hex(const unsigned char bytes[DIGEST_SIZE], char ret_text[HEX_SIZE])
{
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        (void) snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
    }
}

static enum kv_code finish(struct digest *digest, char ret_text[HEX_SIZE], struct kv_err *err)
{
    unsigned char bytes[DIGEST_SIZE];

    if (!digest->ok || EVP_DigestFinal_ex(digest->context, bytes, NULL) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the digest cannot be made");
    }
    print_hex(bytes, ret_text);
    return KV_OK;
}

static struct digest begin(EVP_MD_CTX *context)
{
    return (struct digest){
        .context = context,
        .ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1,
    };
}

static enum kv_code digest_table(struct kv_db *db, const char *sql, char ret_text[HEX_SIZE],
                                 struct kv_err *err)
{
    kv_auto(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct digest digest = begin(context);

    KV_TRY(kv_db_each(db, sql, KV_NO_BINDS, add_row, &digest, err));
    return finish(&digest, ret_text, err);
}

/* The token lists its objects in no order: the sum of their digests has none. */
struct objects {
    struct kv_buf passing; /* ids one after another, of objects that do not count */
    unsigned char sum[DIGEST_SIZE];
};

static bool is_passing(const struct objects *objects, const unsigned char *object)
{
    for (size_t at = 0; at + KV_OBJECT_LENGTH <= objects->passing.len; at += KV_OBJECT_LENGTH) {
        if (kv_secret_equal(objects->passing.data + at, KV_OBJECT_LENGTH, object,
                            KV_OBJECT_LENGTH)) {
            return true;
        }
    }
    return false;
}

static bool add_object(void *context, const unsigned char object[KV_OBJECT_LENGTH])
{
    struct objects *objects = context;
    unsigned char one[DIGEST_SIZE];

    if (!is_passing(objects, object)
        && EVP_Digest(object, KV_OBJECT_LENGTH, one, NULL, EVP_sha256(), NULL) == 1) {
        for (size_t i = 0; i < DIGEST_SIZE; i++) {
            objects->sum[i] ^= one[i];
        }
    }
    return true;
}

static enum kv_code add_passing(void *ids, const struct kv_rows *row, struct kv_err *err)
{
    size_t len;
    const void *bytes = kv_rows_bytes(row, 0, &len);

    return len == KV_OBJECT_LENGTH ? kv_buf_append(ids, bytes, len, err) : KV_OK;
}

/* What was generated ahead comes and goes, and what is being made or destroyed is nobody's. */
static enum kv_code read_passing(struct kv_db *db, struct kv_buf *ids, struct kv_err *err)
{
    static const char sql[] = "SELECT object FROM pooled UNION SELECT object FROM limbo";

    return kv_db_each(db, sql, KV_NO_BINDS, add_passing, ids, err);
}

static enum kv_code digest_objects(struct kv_scenarios *scenarios, struct kv_db *db,
                                   unsigned char sum[DIGEST_SIZE], struct kv_err *err)
{
    struct objects objects = { .passing = { .max = PASSING_MAX } };
    enum kv_code code = read_passing(db, &objects.passing, err);

    if (code == KV_OK) {
        kv_custody_each_object(scenarios->config.custody, add_object, &objects);
        memcpy(sum, objects.sum, DIGEST_SIZE);
    }
    kv_buf_done(&objects.passing);
    return code;
}

static enum kv_code add_tables(struct kv_db *db, cJSON *shown, struct digest *all, bool *ok,
                               struct kv_err *err)
{
    char text[HEX_SIZE];

    for (size_t i = 0; i < KV_COUNT(tables); i++) {
        KV_TRY(digest_table(db, tables[i].sql, text, err));
        add_bytes(all, text, sizeof(text));
        kv_json_add_text(shown, tables[i].table, text, ok);
    }
    return KV_OK;
}

static void show_objects(const unsigned char sum[DIGEST_SIZE], cJSON *shown, struct digest *all,
                         bool *ok)
{
    char text[HEX_SIZE];

    print_hex(sum, text);
    add_bytes(all, text, sizeof(text));
    kv_json_add_text(shown, "objects of the token", text, ok);
}

/* All of one moment: while it has the writer's turn, no object that counts comes or goes, for whoever makes or
 * destroys one writes that down before and after. Nothing is written. */
enum kv_code kv_scenarios_digest(struct kv_scenarios *scenarios, cJSON **ret_shown,
                                 struct kv_err *err)
{
    kv_auto(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    kv_auto(cJSON_Delete) cJSON *shown = cJSON_CreateObject();
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct digest all = begin(context);
    unsigned char sum[DIGEST_SIZE] = { 0 }; /* of the token's objects */
    char text[HEX_SIZE];
    bool ok = shown != NULL;
    cJSON *parts = kv_json_add_object(shown, "tables", &ok);

    KV_TRY(kv_db_acquire(scenarios->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(digest_objects(scenarios, db, sum, err));
    KV_TRY(add_tables(db, parts, &all, &ok, err));
    show_objects(sum, parts, &all, &ok);
    KV_TRY(finish(&all, text, err));
    kv_json_add_text(shown, "digest", text, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_shown = kv_take(shown);
    return KV_OK;
}
