/* SPDX-License-Identifier: Apache-2.0 */
#include "trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <openssl/ec.h>

#include "kv/base/base64.h"
#include "kv/base/jws.h"

char keys[8192];
atomic_uint fetches;
char last_url[256];
EVP_PKEY *ec_key;
struct kv_trusted_issuer trusted = { .issuer = FOREIGN, .keys = KEYS_URL };

static enum kv_code answer(const char *url, struct kv_buf *body, struct kv_err *error)
{
    snprintf(last_url, sizeof(last_url), "%s", url);
    atomic_fetch_add(&fetches, 1);
    if (keys[0] == '\0') {
        return KV_FAIL(error, KV_UNAVAILABLE, 0, "nobody answers");
    }
    return kv_buf_append(body, keys, strlen(keys), error);
}

struct kv_identity_config trusting = {
    .folder = folder,
    .tenant = TENANT,
    .auth = KV_AUTH_STRICT,
    .trusted = &trusted,
    .trusted_count = 1,
    .fetch = answer,
};

void write_rsa_jwk(const char *kid, const char *more, char *ret_json, size_t size)
{
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;
    kv_auto(kv_buf_done) struct kv_buf jwk;

    kv_buf_init(&jwk, 2048);
    cr_assert_eq(kv_jws_key_parse(forge_pem, strlen(forge_pem), &key, &err), KV_OK);
    cr_assert_eq(kv_jws_key_show(key, &jwk, &err), KV_OK);
    snprintf(ret_json, size, "{\"kid\":\"%s\"%s,%s", kid, more, jwk.data + 1);
}

void write_ec_jwk(const char *kid, const char *more, char *ret_json, size_t size)
{
    unsigned char point[65];
    size_t len;
    char x[44], y[44];

    cr_assert(EVP_PKEY_get_octet_string_param(ec_key, "pub", point, sizeof(point), &len));
    cr_assert_eq(len, sizeof(point));
    kv_base64url_encode(point + 1, 32, x);
    kv_base64url_encode(point + 33, 32, y);
    snprintf(ret_json, size,
             "{\"kid\":\"%s\"%s,\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}", kid,
             more, x, y);
}

void set_up_trust(void)
{
    char rsa[2048], ec[512];

    set_up_folder();
    write_key(forge_pem);
    ec_key = EVP_EC_gen("P-256");
    cr_assert_not_null(ec_key);
    write_rsa_jwk(RSA_KID, "", rsa, sizeof(rsa));
    write_ec_jwk(EC_KID, "", ec, sizeof(ec));
    snprintf(keys, sizeof(keys), "{\"keys\":[%s,%s]}", rsa, ec);
    cr_assert_eq(reopen_by(&trusting), KV_OK, "%s", err.message);
}

void tear_down_trust(void)
{
    EVP_PKEY_free(ec_key);
    tear_down();
}

enum kv_code verify_at_last(const char *token, kv_time now)
{
    enum kv_code code;

    do {
        code = verify(token, now);
        usleep(1000);
    } while (code == KV_OK && token_verdict.must_wait);
    return code;
}

void expect_refusal_at_last(const char *token, kv_time now, const char *start)
{
    cr_assert_eq(verify_at_last(token, now), KV_UNAUTHORIZED, "%s was let in", token);
    cr_assert_eq(strncmp(err.message, start, strlen(start)), 0, "%s", err.message);
    cr_assert_str_empty(principal.object_id);
}

/* The two numbers of the signature, as RFC 7518 §3.4 has them. */
static char *forge_es256_token(const char *header, const char *payload)
{
    char *unsigned_token = forge_unsigned_token(header, payload);
    size_t len = strlen(unsigned_token) - 1; /* without the last dot */
    unsigned char der[80], numbers[64];
    const unsigned char *at = der;
    size_t der_len = sizeof(der);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    cr_assert(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, ec_key));
    cr_assert(EVP_DigestSign(ctx, der, &der_len, (unsigned char *) unsigned_token, len));
    EVP_MD_CTX_free(ctx);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long) der_len);
    cr_assert_eq(BN_bn2binpad(ECDSA_SIG_get0_r(pair), numbers, 32), 32);
    cr_assert_eq(BN_bn2binpad(ECDSA_SIG_get0_s(pair), numbers + 32, 32), 32);
    ECDSA_SIG_free(pair);
    char *token = realloc(unsigned_token, len + 128);
    cr_assert_not_null(token);
    kv_base64url_encode(numbers, sizeof(numbers), token + len + 1);
    return token;
}

char *forge_foreign(const char *alg, const char *kid, const char *payload)
{
    char header[256];

    snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}", alg, kid);
    if (strcmp(alg, "ES256") == 0) {
        return forge_es256_token(header, payload);
    }
    return strcmp(alg, "PS256") == 0 ? forge_ps256_token(header, payload)
                                     : forge_token(header, payload);
}
