/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256-GCM (NIST SP 800-38D) with random nonces of 96 bits. A service has some ten thousand
 * versions under one DEK, far below the 2^32 after which such nonces may meet.
 */
#include "private.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "kv/base/secret.h"

#define LABEL_MAX 1024 /* bytes of associated data */

KV_DEFINE_CLEANUP(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free)

enum kv_code seal_mark(const unsigned char dek[KV_RECORD_DEK_SIZE],
                       unsigned char ret_mark[SEAL_MARK_SIZE], struct kv_err *err)
{
    static const char purpose[] = "mark of a data-encryption key";
    unsigned char text[sizeof(purpose) + KV_RECORD_DEK_SIZE];
    unsigned char digest[KV_SECRET_DIGEST_SIZE];

    memcpy(text, purpose, sizeof(purpose));
    memcpy(text + sizeof(purpose), dek, KV_RECORD_DEK_SIZE);
    bool ok = kv_secret_digest(text, sizeof(text), digest);
    kv_wipe(text, sizeof(text));
    if (!ok) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL has no SHA-256");
    }
    memcpy(ret_mark, digest, SEAL_MARK_SIZE);
    return KV_OK;
}

/* No part has a line break in it, so no two labels have one text. */
static enum kv_code print_label(const struct seal_label *label, struct kv_buf *text,
                                struct kv_err *err)
{
    return kv_buf_printf(text, err, "%s\n%s\n%s\n%s\n%lld\n%lld", label->service, label->type,
                         label->id, label->media, (long long) label->version,
                         (long long) label->made);
}

static enum kv_code refuse(struct kv_err *err)
{
    return KV_FAIL(err, KV_INTERNAL, 0, "AES-256-GCM failed");
}

enum kv_code seal_close(const unsigned char dek[KV_RECORD_DEK_SIZE], const struct seal_label *label,
                        const void *data, size_t len, unsigned char ret_nonce[SEAL_NONCE_SIZE],
                        struct kv_buf *ret_sealed, struct kv_err *err)
{
    kv_auto(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    kv_auto(kv_buf_done) struct kv_buf text;
    unsigned char *out;
    int done = 0, rest = 0;

    kv_buf_init(&text, LABEL_MAX);
    KV_TRY(print_label(label, &text, err));
    KV_TRY(kv_buf_extend(ret_sealed, len + SEAL_TAG_SIZE, &out, err));
    if (context == NULL || RAND_bytes(ret_nonce, SEAL_NONCE_SIZE) != 1
        || EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, dek, ret_nonce) != 1
        || EVP_EncryptUpdate(context, NULL, &rest, (unsigned char *) text.data, (int) text.len) != 1
        || EVP_EncryptUpdate(context, out, &done, data, (int) len) != 1
        || EVP_EncryptFinal_ex(context, out + done, &rest) != 1
        || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_SIZE, out + len) != 1) {
        return refuse(err);
    }
    return KV_OK;
}

static bool decrypt(EVP_CIPHER_CTX *context, const struct kv_buf *label,
                    const unsigned char *sealed, size_t len, unsigned char *out)
{
    int done = 0, rest = 0;

    return EVP_DecryptUpdate(context, NULL, &rest, (unsigned char *) label->data, (int) label->len)
               == 1
           && EVP_DecryptUpdate(context, out, &done, sealed, (int) len) == 1
           && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, SEAL_TAG_SIZE,
                                  (void *) (sealed + len))
                  == 1
           && EVP_DecryptFinal_ex(context, out + done, &rest) == 1;
}

enum kv_code seal_open(const unsigned char dek[KV_RECORD_DEK_SIZE], const struct seal_label *label,
                       const unsigned char *nonce, const unsigned char *sealed, size_t len,
                       struct kv_buf *ret_data, struct kv_err *err)
{
    kv_auto(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    kv_auto(kv_buf_done) struct kv_buf text;
    size_t before = ret_data->len;
    unsigned char *out;

    kv_buf_init(&text, LABEL_MAX);
    if (len < SEAL_TAG_SIZE) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the stored data is damaged");
    }
    len -= SEAL_TAG_SIZE;
    KV_TRY(print_label(label, &text, err));
    KV_TRY(kv_buf_extend(ret_data, len, &out, err));
    if (context == NULL || EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, dek, nonce) != 1) {
        kv_buf_cut(ret_data, before);
        return refuse(err);
    }
    if (!decrypt(context, &text, sealed, len, out)) {
        kv_buf_cut(ret_data, before); /* what was not proved to be right is not shown */
        return KV_FAIL(err, KV_INTERNAL, 0, "the stored data is damaged");
    }
    return KV_OK;
}
