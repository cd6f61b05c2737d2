/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coffer's own keys, which seal backups and sign statements. One for each purpose, on the token
 * like any other key, made with an intent, so that a crash leaves nothing behind.
 */
#include "service_key.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "intent.h"

#define BITS 2048
#define EXPONENT 65537

static const char *const purpose_names[] = {
    [SERVICE_BACKUP] = "backup",
    [SERVICE_ATTESTATION] = "attestation",
    [SERVICE_RELEASE] = "release",
};

static bool copy_column(const struct kv_rows *rows, int column, unsigned char *ret_bytes,
                        size_t max, size_t *ret_len)
{
    const void *bytes = kv_rows_bytes(rows, column, ret_len);

    if (bytes == NULL || *ret_len > max) {
        return false;
    }
    memcpy(ret_bytes, bytes, *ret_len);
    return true;
}

static enum kv_code load(struct kv_db *db, enum service_purpose purpose,
                         struct kv_material *ret_material, struct kv_err *err)
{
    static const char sql[] = "SELECT object, modulus, exponent FROM service_key WHERE purpose = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct kv_material material = { .family = KV_FAMILY_RSA, .bits = BITS };
    size_t object_len;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(purpose_names[purpose])), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "there is no %s key", purpose_names[purpose]);
    }
    if (!copy_column(rows, 0, material.object, sizeof(material.object), &object_len)
        || object_len != KV_OBJECT_LENGTH
        || !copy_column(rows, 1, material.modulus, sizeof(material.modulus), &material.modulus_len)
        || !copy_column(rows, 2, material.exponent, sizeof(material.exponent),
                        &material.exponent_len)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the stored %s key is damaged", purpose_names[purpose]);
    }
    *ret_material = material;
    return KV_OK;
}

enum kv_code service_key_load(struct kv_keys *keys, enum service_purpose purpose,
                              struct kv_material *ret_material, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    return load(db, purpose, ret_material, err);
}

/* The first to commit has made the key; the other's object stays an intent. */
static enum kv_code save(struct kv_keys *keys, enum service_purpose purpose,
                         const struct kv_material *material, struct kv_err *err)
{
    static const char sql[] = "INSERT OR IGNORE INTO service_key"
                              " (purpose, object, modulus, exponent) VALUES (?, ?, ?, ?)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    int64_t inserted;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(purpose_names[purpose]),
                              KV_B_BYTES(material->object, KV_OBJECT_LENGTH),
                              KV_B_BYTES(material->modulus, material->modulus_len),
                              KV_B_BYTES(material->exponent, material->exponent_len)),
                     &inserted, err));
    if (inserted == 0) {
        return KV_FAIL(err, KV_CONFLICT, 0, "somebody else has made the %s key",
                       purpose_names[purpose]);
    }
    KV_TRY(intent_settle(db, material->object, err));
    return kv_db_commit(db, err);
}

static enum kv_code make(struct kv_keys *keys, enum service_purpose purpose, struct kv_err *err)
{
    const struct kv_key_spec spec = {
        .family = KV_FAMILY_RSA,
        .bits = BITS,
        .public_exponent = EXPONENT,
    };
    unsigned char object[KV_OBJECT_LENGTH];
    struct kv_material material;

    KV_TRY(intent_take(keys, object, err));

    enum kv_code code = kv_custody_generate(keys->config.custody, object, &spec, &material, err);

    if (code == KV_OK) {
        code = save(keys, purpose, &material, err);
    }
    if (code != KV_OK) {
        KV_IGNORE(intent_doom(keys, object, 1, NULL)); /* else the next start's sweep finds it */
    }
    return code;
}

enum kv_code service_key_need(struct kv_keys *keys, enum service_purpose purpose,
                              struct kv_material *ret_material, struct kv_err *err)
{
    enum kv_code code = service_key_load(keys, purpose, ret_material, err);

    if (code != KV_NOT_FOUND) {
        return code;
    }
    code = make(keys, purpose, err);
    if (code != KV_OK && code != KV_CONFLICT) {
        return code;
    }
    return service_key_load(keys, purpose, ret_material, err);
}

enum kv_code service_key_crypt(struct kv_keys *keys, const struct kv_material *service,
                               enum kv_key_op op, const struct kv_secret *in,
                               struct kv_secret *ret_out, struct kv_err *err)
{
    const struct kv_operands operands = { .value = { .bytes = in->bytes, .len = in->len } };
    kv_auto(kv_outcome_done) struct kv_outcome outcome;

    kv_outcome_init(&outcome);
    KV_TRY(kv_custody_operate(keys->config.custody, service, op, KV_ALG_RSA_OAEP_256, &operands,
                              &outcome, err));
    assert(outcome.value.len <= sizeof(ret_out->bytes));
    memcpy(ret_out->bytes, outcome.value.data, outcome.value.len);
    ret_out->len = outcome.value.len;
    return KV_OK;
}

void service_key_name(const struct kv_material *material, char ret_name[KV_UUID_LENGTH + 1])
{
    static const size_t dashes[] = { 4, 6, 8, 10 };
    size_t len = 0;

    for (size_t i = 0, dash = 0; i < KV_OBJECT_LENGTH; i++) {
        if (dash < KV_COUNT(dashes) && i == dashes[dash]) {
            ret_name[len++] = '-';
            dash++;
        }
        snprintf(ret_name + len, 3, "%02x", material->object[i]);
        len += 2;
    }
}
