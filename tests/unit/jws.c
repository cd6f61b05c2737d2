/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that are given as JWKs: by their numbers, or by a certificate (RFC 7517 §4.7). What a token
 * looks like, and who has signed it, is judged in tests/unit/identity/signature.c.
 */
#include "kv/base/jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "identity/forge.h"
#include "kv/base/json.h"

TestSuite(jws, .timeout = 120);

#define TEXT_MAX 8192

static struct kv_err err;

static EVP_PKEY *read_forge_key(void)
{
    BIO *memory = BIO_new_mem_buf(forge_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL);

    BIO_free(memory);
    cr_assert_not_null(key);
    return key;
}

/* A certificate of a key that nobody would take for valid: it says nothing but the key. */
static void write_certificate(EVP_PKEY *key, char ret_text[TEXT_MAX])
{
    X509 *certificate = X509_new();
    unsigned char *der = NULL;
    int len;

    cr_assert(X509_set_pubkey(certificate, key));
    X509_gmtime_adj(X509_getm_notBefore(certificate), -2);
    X509_gmtime_adj(X509_getm_notAfter(certificate), -1);
    cr_assert(X509_sign(certificate, key,
                        EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256()));
    len = i2d_X509(certificate, &der);
    cr_assert(len > 0 && len < TEXT_MAX / 2);
    EVP_EncodeBlock((unsigned char *) ret_text, der, len);
    OPENSSL_free(der);
    X509_free(certificate);
}

/* "kty" and the numbers of a key, without the brackets. */
static void write_numbers(char ret_text[TEXT_MAX])
{
    struct kv_jws_key *key = NULL;
    kv_auto(kv_buf_done) struct kv_buf json;

    kv_buf_init(&json, TEXT_MAX);
    cr_assert_eq(kv_jws_key_parse(forge_pem, strlen(forge_pem), &key, &err), KV_OK);
    cr_assert_eq(kv_jws_key_show(key, &json, &err), KV_OK);
    snprintf(ret_text, TEXT_MAX, "%.*s", (int) json.len - 2, json.data + 1);
    kv_jws_key_free(key);
}

static enum kv_code import(const char *json, struct kv_jws_key **ret_key)
{
    kv_auto(cJSON_Delete) cJSON *jwk = cJSON_Parse(json);

    cr_assert_not_null(jwk, "%s", json);
    return kv_jws_key_import(jwk, ret_key, &err);
}

static void expect_forge_key(const char *json)
{
    struct kv_jws_key *key = NULL;
    kv_auto(kv_jws_done) struct kv_jws jws = { .header = NULL };
    char *token = forge_token("{\"alg\":\"RS256\"}", "{}");

    cr_assert_eq(import(json, &key), KV_OK, "%s: %s", json, err.message);
    cr_expect_str_eq(kv_jws_key_id(key), FORGE_KEY_ID);
    cr_assert(kv_jws_parse(token, strlen(token), &jws));
    cr_expect(kv_jws_is_signed(&jws, key));
    kv_jws_key_free(key);
    free(token);
}

static void expect_refusal(const char *json)
{
    struct kv_jws_key *key = NULL;

    cr_expect_eq(import(json, &key), KV_BAD_PARAMETER, "%s", json);
    cr_expect_null(key);
}

#define N2048                                                                                      \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"                        \
    "4qPCJrcS2mJPMEzP1Pt0Bm4d4"                                                                    \
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"                       \
    "bSf63kpaSHSXndS5z5rexMdb"                                                                     \
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_"                   \
    "I5IhlJH7aGhyxXFvUK-D"                                                                         \
    "WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"

Test(jws, refuses_numbers_that_are_no_key_of_its_size)
{
    static const char *const rows[] = {
        "{}",
        "[]",
        "{\"kty\":\"RSA\"}",
        "{\"kty\":1,\"n\":\"" N2048 "\",\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"n\":\"" N2048 "\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"" N2048 "\"}",
        "{\"kty\":\"RSA\",\"n\":\"" N2048 "\",\"e\":\"\"}",
        "{\"kty\":\"RSA\",\"n\":\"" N2048 "\",\"e\":3}",
        "{\"kty\":\"RSA\",\"n\":\"" N2048 "\",\"e\":\"AAEAAQ\"}", /* a zero in front */
        "{\"kty\":\"RSA\",\"n\":\"" N2048 "=\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"" N2048 N2048 N2048 "\",\"e\":\"AQAB\"}",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_refusal(rows[i]);
    }
}

Test(jws, refuses_certificates_that_are_none)
{
    static const char *const rows[] = {
        "{\"kty\":\"RSA\",\"x5c\":null}",      "{\"kty\":\"RSA\",\"x5c\":[]}",
        "{\"kty\":\"RSA\",\"x5c\":[1]}",       "{\"kty\":\"RSA\",\"x5c\":\"MIIB\"}",
        "{\"kty\":\"RSA\",\"x5c\":[\"\"]}",    "{\"kty\":\"RSA\",\"x5c\":[\"MIIB\"]}",
        "{\"kty\":\"RSA\",\"x5c\":[\"M\"]}",   "{\"kty\":\"RSA\",\"x5c\":[\"!!!!\"]}",
        "{\"kty\":\"RSA\",\"x5c\":{\"0\":1}}",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_refusal(rows[i]);
    }
}

static void expect_certificate_refused(EVP_PKEY *key)
{
    char certificate[TEXT_MAX];
    char json[2 * TEXT_MAX];

    cr_assert_not_null(key);
    write_certificate(key, certificate);
    snprintf(json, sizeof(json), "{\"kty\":\"RSA\",\"x5c\":[\"%s\"]}", certificate);
    expect_refusal(json);
    EVP_PKEY_free(key);
}

Test(jws, refuses_certificates_of_other_keys)
{
    expect_certificate_refused(EVP_RSA_gen(1024));
    expect_certificate_refused(EVP_EC_gen("P-256"));
    expect_certificate_refused(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
}

Test(jws, refuses_a_certificate_beside_the_numbers_of_another_key)
{
    EVP_PKEY *other = EVP_RSA_gen(2048);
    char numbers[TEXT_MAX];
    char certificate[TEXT_MAX];
    char json[3 * TEXT_MAX];

    write_numbers(numbers);
    write_certificate(other, certificate);
    EVP_PKEY_free(other);
    snprintf(json, sizeof(json), "{%s,\"x5c\":[\"%s\"]}", numbers, certificate);
    expect_refusal(json);
}

Test(jws, takes_a_key_by_numbers_or_certificate_or_both)
{
    EVP_PKEY *key = read_forge_key();
    char numbers[TEXT_MAX];
    char certificate[TEXT_MAX];
    char json[3 * TEXT_MAX];

    write_numbers(numbers);
    write_certificate(key, certificate);
    EVP_PKEY_free(key);
    snprintf(json, sizeof(json), "{%s}", numbers);
    expect_forge_key(json);
    snprintf(json, sizeof(json), "{\"kty\":\"RSA\",\"x5c\":[\"%s\",\"MIIB\"]}", certificate);
    expect_forge_key(json);
    snprintf(json, sizeof(json), "{%s,\"x5c\":[\"%s\"]}", numbers, certificate);
    expect_forge_key(json);
}

/* Whether the key of the RFC has signed it, in one of these ways. */
static bool is_signed(char *token, unsigned algs)
{
    struct kv_jws_key *key = NULL;
    kv_auto(kv_jws_done) struct kv_jws jws = { .header = NULL };

    cr_assert_eq(kv_jws_key_parse(forge_pem, strlen(forge_pem), &key, &err), KV_OK);
    bool is = kv_jws_parse_as(token, strlen(token), algs, &jws) && kv_jws_is_signed(&jws, key);

    kv_jws_key_free(key);
    free(token);
    return is;
}

Test(jws, takes_the_algorithms_that_were_asked_for_and_no_other)
{
    static const char rs256[] = "{\"alg\":\"RS256\"}", ps256[] = "{\"alg\":\"PS256\"}";
    static const unsigned both = KV_JWS_RS256 | KV_JWS_PS256;

    cr_expect_not(is_signed(forge_token(rs256, "{}"), KV_JWS_PS256));
    cr_expect_not(is_signed(forge_ps256_token(ps256, "{}"), KV_JWS_RS256));
    cr_expect_not(is_signed(forge_token("{\"alg\":\"RS384\"}", "{}"), both));
    cr_expect_not(is_signed(forge_hmac_token("{\"alg\":\"HS256\"}", "{}"), both));
    cr_expect_not(is_signed(forge_unsigned_token("{\"alg\":\"none\"}", "{}"), both));
    cr_expect(is_signed(forge_token(rs256, "{}"), both));
    cr_expect(is_signed(forge_ps256_token(ps256, "{}"), both));
}

/* The header says in which way it was signed, and no other way will do. */
Test(jws, does_not_take_one_algorithm_for_another)
{
    static const unsigned both = KV_JWS_RS256 | KV_JWS_PS256;

    cr_expect_not(is_signed(forge_token("{\"alg\":\"PS256\"}", "{}"), both));
    cr_expect_not(is_signed(forge_ps256_token("{\"alg\":\"RS256\"}", "{}"), both));
    cr_expect_not(is_signed(forge_rs512_token("{\"alg\":\"RS256\"}", "{}"), both));
}
