/* SPDX-License-Identifier: Apache-2.0 */
/* Signing by OpenSSL alone, so that it shares no code with what the tests judge. */

#include "forge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "forge_key.h"
#include "kv/base/base64.h"

const char forge_pem[] = FORGE_PEM;

static EVP_PKEY *read_key(void)
{
    BIO *memory = BIO_new_mem_buf(forge_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL);

    BIO_free(memory);
    cr_assert_not_null(key);
    return key;
}

/* "HEADER.PAYLOAD" with room for `extra` more bytes. */
static char *join_parts(const char *header, const char *payload, size_t extra)
{
    size_t header_len = KV_BASE64URL_LENGTH(strlen(header));
    size_t payload_len = KV_BASE64URL_LENGTH(strlen(payload));
    char *text = malloc(header_len + payload_len + 2 + extra);

    cr_assert_not_null(text);
    kv_base64url_encode(header, strlen(header), text);
    text[header_len] = '.';
    kv_base64url_encode(payload, strlen(payload), text + header_len + 1);
    return text;
}

static void append_signature(char *text, const unsigned char *signature, size_t len)
{
    char *end = text + strlen(text);

    *end = '.';
    kv_base64url_encode(signature, len, end + 1);
}

static char *sign(const char *header, const char *payload, const EVP_MD *digest, int padding)
{
    unsigned char signature[256];
    size_t len = sizeof(signature);
    char *text = join_parts(header, payload, KV_BASE64URL_LENGTH(sizeof(signature)) + 2);
    EVP_PKEY *key = read_key();
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    EVP_PKEY_CTX *way = NULL;

    cr_assert(EVP_DigestSignInit(context, &way, digest, NULL, key));
    cr_assert(EVP_PKEY_CTX_set_rsa_padding(way, padding));
    cr_assert(padding != RSA_PKCS1_PSS_PADDING
              || EVP_PKEY_CTX_set_rsa_pss_saltlen(way, RSA_PSS_SALTLEN_DIGEST));
    cr_assert(EVP_DigestSign(context, signature, &len, (unsigned char *) text, strlen(text)));
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    append_signature(text, signature, len);
    return text;
}

char *forge_token(const char *header, const char *payload)
{
    return sign(header, payload, EVP_sha256(), RSA_PKCS1_PADDING);
}

char *forge_ps256_token(const char *header, const char *payload)
{
    return sign(header, payload, EVP_sha256(), RSA_PKCS1_PSS_PADDING);
}

char *forge_rs512_token(const char *header, const char *payload)
{
    return sign(header, payload, EVP_sha512(), RSA_PKCS1_PADDING);
}

char *forge_hmac_token(const char *header, const char *payload)
{
    unsigned char mac[32];
    char *text = join_parts(header, payload, KV_BASE64URL_LENGTH(sizeof(mac)) + 2);
    EVP_PKEY *key = read_key();
    unsigned char *public_key = NULL;
    int public_len = i2d_PUBKEY(key, &public_key);

    cr_assert_gt(public_len, 0);
    cr_assert_not_null(HMAC(EVP_sha256(), public_key, public_len, (unsigned char *) text,
                            strlen(text), mac, NULL));
    OPENSSL_free(public_key);
    EVP_PKEY_free(key);
    append_signature(text, mac, sizeof(mac));
    return text;
}

char *forge_unsigned_token(const char *header, const char *payload)
{
    char *text = join_parts(header, payload, 2);

    append_signature(text, NULL, 0);
    return text;
}
