/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate in a Java key store (JKS, version 2), for tools that take nothing else. The format
 * is that of the JDK's JavaKeyStore: numbers are big-endian, texts have a length of two bytes, and
 * at the end stands the SHA-1 of password, a fixed text, and all that comes before. Nothing in it
 * is secret: the password only guards against damage.
 */
#include <string.h>

#include <openssl/evp.h>

#include "x509.h"

#define MAGIC 0xFEEDFEEDU
#define VERSION 2
#define TRUSTED_CERTIFICATE 2
#define ALIAS "coffer"
#define TYPE "X.509"
#define SALT "Mighty Aphrodite" /* part of the format */

KV_DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

static void free_der(unsigned char *der)
{
    OPENSSL_free(der);
}
KV_DEFINE_CLEANUP(unsigned char *, free_der)

static enum kv_code append_number(struct kv_buf *buf, uint64_t number, size_t bytes,
                                  struct kv_err *err)
{
    unsigned char big_endian[8];

    for (size_t i = 0; i < bytes; i++) {
        big_endian[i] = (unsigned char) (number >> (8 * (bytes - 1 - i)));
    }
    return kv_buf_append(buf, big_endian, bytes, err);
}

static enum kv_code append_text(struct kv_buf *buf, const char *text, struct kv_err *err)
{
    KV_TRY(append_number(buf, strlen(text), 2, err));
    return kv_buf_append(buf, text, strlen(text), err);
}

/* Characters of the password count two bytes each, the high one first. */
static bool digest_store(const char *password, const struct kv_buf *store, size_t start,
                         unsigned char ret_digest[EVP_MAX_MD_SIZE], unsigned *ret_len)
{
    kv_auto(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha1(), NULL) != 1) {
        return false;
    }
    for (; *password != '\0'; password++) {
        const char pair[2] = { 0, *password };
        if (EVP_DigestUpdate(context, pair, sizeof(pair)) != 1) {
            return false;
        }
    }
    return EVP_DigestUpdate(context, SALT, strlen(SALT)) == 1
           && EVP_DigestUpdate(context, store->data + start, store->len - start) == 1
           && EVP_DigestFinal_ex(context, ret_digest, ret_len) == 1;
}

static enum kv_code append_entry(struct kv_buf *buf, const unsigned char *der, size_t len,
                                 kv_millis now, struct kv_err *err)
{
    KV_TRY(append_number(buf, TRUSTED_CERTIFICATE, 4, err));
    KV_TRY(append_text(buf, ALIAS, err));
    KV_TRY(append_number(buf, (uint64_t) now, 8, err));
    KV_TRY(append_text(buf, TYPE, err));
    KV_TRY(append_number(buf, len, 4, err));
    return kv_buf_append(buf, der, len, err);
}

enum kv_code kv_x509_render_java_store(X509 *certificate, const char *password, kv_millis now,
                                       struct kv_buf *buf, struct kv_err *err)
{
    kv_auto(free_der) unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;
    size_t start = buf->len;

    if (len <= 0) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(append_number(buf, MAGIC, 4, err));
    KV_TRY(append_number(buf, VERSION, 4, err));
    KV_TRY(append_number(buf, 1, 4, err)); /* entries */
    KV_TRY(append_entry(buf, der, (size_t) len, now, err));
    if (!digest_store(password, buf, start, digest, &digest_len)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL cannot compute SHA-1");
    }
    return kv_buf_append(buf, digest, digest_len, err);
}
