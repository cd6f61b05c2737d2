/* SPDX-License-Identifier: Apache-2.0 */
#include "hash.h"

#include <assert.h>

#include <openssl/err.h>

/* clang-format off */
static const struct hash_row rows[] = {
    [KV_HASH_NONE] = { 0 },
    [KV_HASH_SHA1] = { .len = 20, .name = "SHA1" }, /* paddings only, and those are made here */
    [KV_HASH_SHA256] = {
        32, "SHA256", CKM_SHA256, CKM_SHA256_HMAC, CKG_MGF1_SHA256, HSM_SHA256,
        19, { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
              0x01, 0x05, 0x00, 0x04, 0x20 },
    },
    [KV_HASH_SHA384] = {
        48, "SHA384", CKM_SHA384, CKM_SHA384_HMAC, CKG_MGF1_SHA384, HSM_SHA384,
        19, { 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
              0x02, 0x05, 0x00, 0x04, 0x30 },
    },
    [KV_HASH_SHA512] = {
        64, "SHA512", CKM_SHA512, CKM_SHA512_HMAC, CKG_MGF1_SHA512, HSM_SHA512,
        19, { 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
              0x03, 0x05, 0x00, 0x04, 0x40 },
    },
};
/* clang-format on */

const struct hash_row *hash_row(enum kv_hash hash)
{
    assert((size_t) hash < KV_COUNT(rows));
    return &rows[hash];
}

bool hashes_init(struct hashes *hashes)
{
    bool complete = true;

    *hashes = (struct hashes){ .of = { NULL } };
    for (size_t i = KV_HASH_NONE + 1; i < KV_COUNT(rows); i++) {
        hashes->of[i] = EVP_MD_fetch(NULL, rows[i].name, NULL);
        complete = complete && hashes->of[i] != NULL;
    }
    ERR_clear_error();
    return complete;
}

void hashes_done(struct hashes *hashes)
{
    for (size_t i = 0; i < KV_COUNT(hashes->of); i++) {
        EVP_MD_free(hashes->of[i]);
    }
}
