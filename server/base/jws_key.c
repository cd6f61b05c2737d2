/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL makes, reads and keeps the keys; what a JWK gives is judged before OpenSSL sees it. */

#include "jws_key.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "kv/base/json.h"
#include "kv/base/secret.h"

#define BITS_MIN 2048
#define BITS_MAX 4096
#define PRIMES 3
#define NUMBER_MAX (BITS_MAX / 8)
#define EXPONENT_MAX 8
#define CERTIFICATE_MAX 65536 /* characters */

KV_DEFINE_CLEANUP(BIO *, BIO_free_all)
KV_DEFINE_CLEANUP(BIGNUM *, BN_free)
KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)
KV_DEFINE_CLEANUP(OSSL_PARAM *, OSSL_PARAM_free)
KV_DEFINE_CLEANUP(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free)
KV_DEFINE_CLEANUP(X509 *, X509_free)

/* The numbers of a public key, big-endian, without zeros in front. */
struct numbers {
    struct number {
        unsigned char bytes[NUMBER_MAX];
        size_t len;
    } n, e;
};

static bool read_number(const EVP_PKEY *pkey, const char *name, struct number *ret_number)
{
    kv_auto(BN_free) BIGNUM *number = NULL;

    if (!EVP_PKEY_get_bn_param(pkey, name, &number)
        || BN_num_bytes(number) > (int) sizeof(ret_number->bytes)) {
        return false;
    }
    ret_number->len = (size_t) BN_bn2bin(number, ret_number->bytes);
    return true;
}

static bool is_odd(const struct number *number)
{
    return number->len > 0 && (number->bytes[number->len - 1] & 1) != 0;
}

/* The modulus is judged by whole bytes and by its first bit, so that its size is known. */
static bool is_usable(const struct numbers *numbers)
{
    const struct number *n = &numbers->n;
    const struct number *e = &numbers->e;
    bool is_one = e->len == 1 && e->bytes[0] == 1;

    return n->len >= BITS_MIN / 8 && (n->len > BITS_MIN / 8 || (n->bytes[0] & 0x80) != 0)
           && is_odd(n) && is_odd(e) && e->len <= EXPONENT_MAX && !is_one;
}

static bool read_numbers(const EVP_PKEY *pkey, struct numbers *ret_numbers)
{
    return pkey != NULL && EVP_PKEY_is_a(pkey, "RSA")
           && read_number(pkey, OSSL_PKEY_PARAM_RSA_N, &ret_numbers->n)
           && read_number(pkey, OSSL_PKEY_PARAM_RSA_E, &ret_numbers->e) && is_usable(ret_numbers);
}

/* The base64url text of a digest of `json`. */
static bool write_id(const char *json, size_t len, char ret_id[KV_JWS_KEY_ID_LENGTH + 1])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;

    if (!EVP_Digest(json, len, digest, &digest_len, EVP_sha256(), NULL)) {
        return false;
    }
    kv_base64url_encode(digest, digest_len, ret_id);
    return true;
}

/* RFC 7638 §3: the required members, sorted by name, without white space. */
static bool write_thumbprint(const struct numbers *numbers, char ret_id[])
{
    char n[KV_BASE64URL_LENGTH(NUMBER_MAX) + 1];
    char e[KV_BASE64URL_LENGTH(NUMBER_MAX) + 1];
    char json[sizeof(n) + sizeof(e) + sizeof("{'e':'','kty':'RSA','n':''}")];

    kv_base64url_encode(numbers->n.bytes, numbers->n.len, n);
    kv_base64url_encode(numbers->e.bytes, numbers->e.len, e);
    int len = snprintf(json, sizeof(json), "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", e, n);
    return write_id(json, (size_t) len, ret_id);
}

/* A key around a reference of its own to `pkey`. */
static enum kv_code make_key(EVP_PKEY *pkey, const struct numbers *numbers,
                             struct kv_jws_key **ret_key, struct kv_err *err)
{
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = calloc(1, sizeof(*key));

    if (key == NULL || !write_thumbprint(numbers, key->id) || !EVP_PKEY_up_ref(pkey)) {
        return KV_OUT_OF_MEMORY(err);
    }
    key->pkey = pkey;
    *ret_key = kv_take(key);
    return KV_OK;
}

/* No prompt for a pass phrase: the one given is empty, which opens nothing. */
static EVP_PKEY *read_pem(const char *pem, size_t len)
{
    static char no_passphrase[] = "";
    kv_auto(BIO_free_all) BIO *memory = BIO_new_mem_buf(pem, (int) len);

    return memory == NULL ? NULL : PEM_read_bio_PrivateKey(memory, NULL, NULL, no_passphrase);
}

/* Says so with OpenSSL's last reason, which the next call must not find. */
static enum kv_code refuse_key(const char *kind, const char *form, struct kv_err *err)
{
    unsigned long cause = ERR_peek_last_error();

    ERR_clear_error();
    return KV_FAIL(err, KV_BAD_PARAMETER, cause, "it is not an RSA %s of %d to %d bits%s", kind,
                   BITS_MIN, BITS_MAX, form);
}

/*
 * Of three primes (RFC 8017 §3.2): looking for them takes a third of the time that two do, and a start
 * waits for it, with the first token. The public key is as any other. With 2048 bits no prime is short
 * enough to be found sooner than the modulus is factored; OpenSSL refuses where one would be.
 */
static EVP_PKEY *generate_of_three(void)
{
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;

    if (maker == NULL || EVP_PKEY_keygen_init(maker) != 1
        || EVP_PKEY_CTX_set_rsa_keygen_bits(maker, BITS_MIN) != 1
        || EVP_PKEY_CTX_set_rsa_keygen_primes(maker, PRIMES) != 1) {
        return NULL;
    }
    return EVP_PKEY_generate(maker, &pkey) == 1 ? pkey : NULL;
}

/* A provider that was approved by somebody makes only keys of two. */
static EVP_PKEY *generate(void)
{
    EVP_PKEY *pkey = generate_of_three();

    if (pkey == NULL) {
        ERR_clear_error();
        pkey = EVP_RSA_gen(BITS_MIN);
    }
    return pkey;
}

enum kv_code kv_jws_key_generate(struct kv_buf *pem, struct kv_err *err)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *pkey = generate();
    kv_auto(BIO_free_all) BIO *memory = BIO_new(BIO_s_secmem());

    if (pkey == NULL || memory == NULL
        || !PEM_write_bio_PKCS8PrivateKey(memory, pkey, NULL, NULL, 0, NULL, NULL)) {
        unsigned long cause = ERR_peek_last_error();

        ERR_clear_error();
        return KV_FAIL(err, KV_INTERNAL, cause, "no RSA key could be made");
    }
    char *text;
    long len = BIO_get_mem_data(memory, &text);
    return kv_buf_append(pem, text, (size_t) len, err);
}

enum kv_code kv_jws_key_parse(const char *pem, size_t len, struct kv_jws_key **ret_key,
                              struct kv_err *err)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *pkey = read_pem(pem, len);
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;
    struct numbers numbers;

    if (!read_numbers(pkey, &numbers)) {
        return refuse_key("private key", " in PEM form", err);
    }
    KV_TRY(make_key(pkey, &numbers, &key, err));
    if (!kv_jws_key_thumbprint(key, key->name)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "its numbers do not fit together");
    }
    *ret_key = kv_take(key);
    return KV_OK;
}

/* A member of a JWK; its bytes have no zero in front (RFC 7518 §2), so that they tell the size. */
static bool import_number(const cJSON *jwk, const char *name, struct number *ret_number)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, name));
    size_t len = text != NULL ? strlen(text) : 0;

    return len > 0 && KV_BASE64URL_BYTES(len) <= sizeof(ret_number->bytes)
           && kv_base64url_decode(text, len, ret_number->bytes, &ret_number->len)
           && ret_number->bytes[0] != 0;
}

static OSSL_PARAM *make_params(const struct numbers *numbers)
{
    kv_auto(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    kv_auto(BN_free) BIGNUM *n = BN_bin2bn(numbers->n.bytes, (int) numbers->n.len, NULL);
    kv_auto(BN_free) BIGNUM *e = BN_bin2bn(numbers->e.bytes, (int) numbers->e.len, NULL);

    if (builder == NULL || n == NULL || e == NULL
        || !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n)
        || !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e)) {
        return NULL;
    }
    return OSSL_PARAM_BLD_to_param(builder);
}

static EVP_PKEY *make_public(const struct numbers *numbers)
{
    kv_auto(OSSL_PARAM_free) OSSL_PARAM *params = make_params(numbers);
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        return NULL;
    }
    return pkey;
}

static enum kv_code import_numbers(const cJSON *jwk, struct kv_jws_key **ret_key,
                                   struct kv_err *err)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *pkey = NULL;
    struct numbers numbers;

    if (!import_number(jwk, "n", &numbers.n) || !import_number(jwk, "e", &numbers.e)
        || !is_usable(&numbers)) {
        return refuse_key("key", "", err);
    }
    pkey = make_public(&numbers);
    return pkey != NULL ? make_key(pkey, &numbers, ret_key, err) : refuse_key("key", "", err);
}

/* Base64 of DER, with nothing behind the certificate. */
static X509 *read_certificate(const char *text)
{
    size_t len = strlen(text);
    kv_auto(kv_wipe_free) char *der = malloc(KV_BASE64URL_BYTES(len) + 1);
    const unsigned char *at = (const unsigned char *) der;
    kv_auto(X509_free) X509 *certificate = NULL;

    if (der == NULL || len > CERTIFICATE_MAX || !kv_base64_decode(text, len, der, &len)) {
        return NULL;
    }
    certificate = d2i_X509(NULL, &at, (long) len);
    return at == (const unsigned char *) der + len ? kv_take(certificate) : NULL;
}

enum kv_code kv_jws_key_of(const X509 *certificate, struct kv_jws_key **ret_key, struct kv_err *err)
{
    EVP_PKEY *pkey = certificate != NULL ? X509_get0_pubkey(certificate) : NULL;
    struct numbers numbers;

    if (!read_numbers(pkey, &numbers)) {
        return refuse_key("key", "", err);
    }
    return make_key(pkey, &numbers, ret_key, err);
}

static enum kv_code import_certificate(const cJSON *x5c, struct kv_jws_key **ret_key,
                                       struct kv_err *err)
{
    const char *text = cJSON_IsArray(x5c) ? cJSON_GetStringValue(cJSON_GetArrayItem(x5c, 0)) : NULL;
    kv_auto(X509_free) X509 *certificate = text != NULL ? read_certificate(text) : NULL;

    return kv_jws_key_of(certificate, ret_key, err);
}

/* RFC 7638 §3.2. */
static bool write_point_thumbprint(const struct kv_jws_point *point, char ret_id[])
{
    char x[KV_BASE64URL_LENGTH(KV_JWS_POINT_BYTES) + 1];
    char y[KV_BASE64URL_LENGTH(KV_JWS_POINT_BYTES) + 1];
    char json[sizeof(x) + sizeof(y) + 64];

    kv_base64url_encode(point->bytes + 1, KV_JWS_POINT_BYTES, x);
    kv_base64url_encode(point->bytes + 1 + KV_JWS_POINT_BYTES, KV_JWS_POINT_BYTES, y);
    int len = snprintf(json, sizeof(json),
                       "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
    return write_id(json, (size_t) len, ret_id);
}

static enum kv_code import_point(const cJSON *jwk, struct kv_jws_key **ret_key, struct kv_err *err)
{
    struct kv_jws_point point;
    kv_auto(EVP_PKEY_free) EVP_PKEY *pkey = kv_jws_ec_read(jwk, &point);
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = calloc(1, sizeof(*key));

    if (pkey == NULL) {
        ERR_clear_error();
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "it is not an EC key on P-256");
    }
    if (key == NULL || !write_point_thumbprint(&point, key->id)) {
        return KV_OUT_OF_MEMORY(err);
    }
    key->is_ec = true;
    key->pkey = kv_take(pkey);
    *ret_key = kv_take(key);
    return KV_OK;
}

enum kv_code kv_jws_key_import(const cJSON *jwk, struct kv_jws_key **ret_key, struct kv_err *err)
{
    const char *kty = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, "kty"));
    const cJSON *x5c = cJSON_GetObjectItemCaseSensitive(jwk, "x5c");
    kv_auto(kv_jws_key_free) struct kv_jws_key *certified = NULL;
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;

    if (kty != NULL && strcmp(kty, "EC") == 0) {
        return import_point(jwk, ret_key, err);
    }
    if (kty == NULL || strcmp(kty, "RSA") != 0) {
        return refuse_key("key", "", err);
    }
    if (x5c == NULL || cJSON_IsNull(x5c)) {
        return import_numbers(jwk, ret_key, err);
    }
    KV_TRY(import_certificate(x5c, &certified, err));
    if (cJSON_GetObjectItemCaseSensitive(jwk, "n") != NULL) {
        KV_TRY(import_numbers(jwk, &key, err));
        if (strcmp(key->id, certified->id) != 0) {
            return refuse_key("key", "", err);
        }
    }
    *ret_key = kv_take(certified);
    return KV_OK;
}

const char *kv_jws_key_id(const struct kv_jws_key *key)
{
    return key->id;
}

const char *kv_jws_key_name(const struct kv_jws_key *key)
{
    return key->name;
}

bool kv_jws_key_is_named(const struct kv_jws_key *key, const char *kid)
{
    return *kid != '\0' && (strcmp(kid, key->name) == 0 || strcmp(kid, key->id) == 0);
}

unsigned kv_jws_key_algs(const struct kv_jws_key *key)
{
    return key->is_ec ? KV_JWS_ES256 : KV_JWS_RS256 | KV_JWS_PS256;
}

static void add_point(const struct kv_jws_key *key, cJSON *jwk, bool *ok)
{
    struct kv_jws_point point = { .bytes = { 0 } };

    *ok &= kv_jws_ec_point(key->pkey, &point);
    kv_json_add_text(jwk, "kty", "EC", ok);
    kv_json_add_text(jwk, "crv", "P-256", ok);
    kv_json_add_base64url(jwk, "x", point.bytes + 1, KV_JWS_POINT_BYTES, ok);
    kv_json_add_base64url(jwk, "y", point.bytes + 1 + KV_JWS_POINT_BYTES, KV_JWS_POINT_BYTES, ok);
}

static void add_numbers(const struct kv_jws_key *key, cJSON *jwk, bool *ok)
{
    struct numbers numbers = { .n = { .len = 0 } };

    *ok &= read_numbers(key->pkey, &numbers);
    kv_json_add_text(jwk, "kty", "RSA", ok);
    kv_json_add_base64url(jwk, "e", numbers.e.bytes, numbers.e.len, ok);
    kv_json_add_base64url(jwk, "n", numbers.n.bytes, numbers.n.len, ok);
}

enum kv_code kv_jws_key_show(const struct kv_jws_key *key, struct kv_buf *json, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *jwk = cJSON_CreateObject();
    bool ok = true;

    if (key->is_ec) {
        add_point(key, jwk, &ok);
    } else {
        add_numbers(key, jwk, &ok);
    }
    return ok ? kv_json_print(jwk, json, err) : KV_OUT_OF_MEMORY(err);
}

void kv_jws_key_free(struct kv_jws_key *key)
{
    if (key == NULL) {
        return;
    }
    EVP_PKEY_free(key->pkey);
    free(key);
}
