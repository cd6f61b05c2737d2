/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - how a version is sealed. Safe from any thread. */
#pragma once

#include "kv/records/records.h"

#define SEAL_NONCE_SIZE 12
#define SEAL_TAG_SIZE 16
#define SEAL_MARK_SIZE 16 /* of a DEK: what rows know it by */

/* What a sealed version is, which is not secret but must not be another's. */
struct seal_label {
    const char *service, *type, *id, *media;
    int64_t version;
    kv_millis made;
};

/* Nobody finds a DEK by its mark: it is a digest of 256 random bits. */
enum kv_code seal_mark(const unsigned char dek[KV_RECORD_DEK_SIZE],
                       unsigned char ret_mark[SEAL_MARK_SIZE], struct kv_err *err) kv_must_check;

/* Appends ciphertext and tag to `ret_sealed`, under a new random nonce. */
enum kv_code seal_close(const unsigned char dek[KV_RECORD_DEK_SIZE], const struct seal_label *label,
                        const void *data, size_t len, unsigned char ret_nonce[SEAL_NONCE_SIZE],
                        struct kv_buf *ret_sealed, struct kv_err *err) kv_must_check;

/* The other way round; KV_INTERNAL, with nothing appended, unless it is all as it was sealed. */
enum kv_code seal_open(const unsigned char dek[KV_RECORD_DEK_SIZE], const struct seal_label *label,
                       const unsigned char *nonce, const unsigned char *sealed, size_t len,
                       struct kv_buf *ret_data, struct kv_err *err) kv_must_check;
