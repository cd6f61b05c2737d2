/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer.h"

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "kv/base/base64.h"

#define AES_LENGTH 32

size_t transfer_render_key(const EVP_PKEY *key, unsigned char ret_bytes[TRANSFER_MAX])
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    unsigned char *at = ret_bytes;
    int len = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1;

    if (len > 0 && len <= TRANSFER_MAX) {
        len = i2d_PKCS8_PRIV_KEY_INFO(info, &at);
    } else {
        len = 0;
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    return (size_t) len;
}

static int run_wrap(int wrap, const unsigned char *key, const void *in, size_t len,
                    unsigned char *out)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-WRAP-PAD", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int written = 0;
    int rest = 0;

    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_CipherInit_ex2(ctx, cipher, key, NULL, wrap, NULL) != 1
        || EVP_CipherUpdate(ctx, out, &written, in, (int) len) != 1
        || EVP_CipherFinal_ex(ctx, out + written, &rest) != 1) {
        written = 0;
        rest = 0;
    }
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return written + rest;
}

static int set_oaep(EVP_PKEY_CTX *ctx, const char *hash)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1
           && EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, hash, NULL) == 1
           && EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, hash, NULL) == 1;
}

size_t transfer_wrap(EVP_PKEY *target, const char *hash, const void *bytes, size_t len,
                     unsigned char ret_wrapped[TRANSFER_MAX])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(target, NULL);
    unsigned char key[AES_LENGTH];
    size_t head = TRANSFER_MAX;
    int rest = 0;

    if (RAND_bytes(key, sizeof(key)) == 1 && EVP_PKEY_encrypt_init(ctx) == 1 && set_oaep(ctx, hash)
        && EVP_PKEY_encrypt(ctx, ret_wrapped, &head, key, sizeof(key)) == 1) {
        rest = run_wrap(1, key, bytes, len, ret_wrapped + head);
    }
    EVP_PKEY_CTX_free(ctx);
    return rest > 0 ? head + (size_t) rest : 0;
}

size_t transfer_unwrap(EVP_PKEY *target, const char *hash, const void *wrapped, size_t len,
                       unsigned char ret_bytes[TRANSFER_MAX])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(target, NULL);
    size_t head = (size_t) EVP_PKEY_get_size(target);
    unsigned char key[1024];
    size_t key_len = sizeof(key);
    int done = 0;

    if (len > head && EVP_PKEY_decrypt_init(ctx) == 1 && set_oaep(ctx, hash)
        && EVP_PKEY_decrypt(ctx, key, &key_len, wrapped, head) == 1 && key_len == AES_LENGTH) {
        done = run_wrap(0, key, (const unsigned char *) wrapped + head, len - head, ret_bytes);
    }
    EVP_PKEY_CTX_free(ctx);
    return (size_t) done;
}

bool transfer_render_blob(const char *schema, const char *kid, const char *enc, const void *wrapped,
                          size_t len, char ret_text[TRANSFER_TEXT_SIZE])
{
    char ciphertext[KV_BASE64URL_LENGTH(TRANSFER_MAX) + 1];
    char json[TRANSFER_TEXT_SIZE];

    kv_base64url_encode(wrapped, len, ciphertext);
    snprintf(
        json, sizeof(json),
        "{\"schema_version\":\"%s\",\"header\":{\"kid\":\"%s\",\"alg\":\"dir\",\"enc\":\"%s\"},"
        "\"ciphertext\":\"%s\",\"generator\":\"test\"}",
        schema, kid, enc, ciphertext);
    if (KV_BASE64URL_LENGTH(strlen(json)) >= TRANSFER_TEXT_SIZE) {
        return false;
    }
    kv_base64url_encode(json, strlen(json), ret_text);
    return true;
}
