/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL makes and reads the key, the JOSE library uses it: here it goes from one to the other. */

#include "jws_key.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjose/util.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "kv/secret.h"

#define BITS_MIN 2048
#define BITS_MAX 4096
#define NUMBER_MAX (BITS_MAX / 8)

KV_DEFINE_CLEANUP(BIO *, BIO_free_all)
KV_DEFINE_CLEANUP(BIGNUM *, BN_clear_free)
KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(X509 *, X509_free)

/* Places in the table of numbers, where the public ones come first. */
enum { MODULUS, EXPONENT, PUBLIC_NUMBERS };

/* Where each number of an RSA key goes in the JOSE library's struct. */
static const struct number {
    const char *name;
    size_t bytes, len;
} numbers[] = {
#define NUMBER(name_, member)                                                                      \
    {                                                                                              \
        .name = (name_), .bytes = offsetof(cjose_jwk_rsa_keyspec, member),                         \
        .len = offsetof(cjose_jwk_rsa_keyspec, member##len)                                        \
    }
    NUMBER(OSSL_PKEY_PARAM_RSA_N, n),          NUMBER(OSSL_PKEY_PARAM_RSA_E, e),
    NUMBER(OSSL_PKEY_PARAM_RSA_D, d),          NUMBER(OSSL_PKEY_PARAM_RSA_FACTOR1, p),
    NUMBER(OSSL_PKEY_PARAM_RSA_FACTOR2, q),    NUMBER(OSSL_PKEY_PARAM_RSA_EXPONENT1, dp),
    NUMBER(OSSL_PKEY_PARAM_RSA_EXPONENT2, dq), NUMBER(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, qi),
#undef NUMBER
};

/* The numbers of a key, in room of their own, which is wiped. */
struct key_numbers {
    cjose_jwk_rsa_keyspec spec;
    uint8_t bytes[KV_COUNT(numbers)][NUMBER_MAX];
};

static void key_numbers_done(struct key_numbers *key)
{
    kv_wipe(key, sizeof(*key));
}
KV_DEFINE_CLEANUP_VALUE(struct key_numbers, key_numbers_done)

/* Says where a number stands in its room. */
static void place_number(struct key_numbers *key, size_t i, size_t len)
{
    *(uint8_t **) ((char *) &key->spec + numbers[i].bytes) = key->bytes[i];
    *(size_t *) ((char *) &key->spec + numbers[i].len) = len;
}

static bool read_numbers(const EVP_PKEY *pkey, size_t count, struct key_numbers *ret_key)
{
    for (size_t i = 0; i < count; i++) {
        kv_auto(BN_clear_free) BIGNUM *number = NULL;

        if (!EVP_PKEY_get_bn_param(pkey, numbers[i].name, &number)
            || BN_num_bytes(number) > NUMBER_MAX) {
            return false;
        }
        place_number(ret_key, i, (size_t) BN_bn2bin(number, ret_key->bytes[i]));
    }
    return true;
}

/* RFC 7638 §3: the required members, sorted by name, without white space. */
static bool write_thumbprint(const cjose_jwk_rsa_keyspec *spec, char ret_id[])
{
    char n[KV_BASE64URL_LENGTH(NUMBER_MAX) + 1];
    char e[KV_BASE64URL_LENGTH(NUMBER_MAX) + 1];
    char json[sizeof(n) + sizeof(e) + sizeof("{'e':'','kty':'RSA','n':''}")];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;

    kv_base64url_encode(spec->n, spec->nlen, n);
    kv_base64url_encode(spec->e, spec->elen, e);
    int len = snprintf(json, sizeof(json), "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", e, n);
    if (!EVP_Digest(json, (size_t) len, digest, &digest_len, EVP_sha256(), NULL)) {
        return false;
    }
    kv_base64url_encode(digest, digest_len, ret_id);
    return true;
}

static enum kv_code make_key(const cjose_jwk_rsa_keyspec *spec, struct kv_jws_key **ret_key,
                             struct kv_err *err)
{
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = calloc(1, sizeof(*key));

    if (key == NULL || !write_thumbprint(spec, key->id)) {
        return KV_OUT_OF_MEMORY(err);
    }
    key->jwk = cjose_jwk_create_RSA_spec(spec, NULL);
    if (key->jwk == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_key = kv_take(key);
    return KV_OK;
}

static bool is_usable(const EVP_PKEY *pkey)
{
    return pkey != NULL && EVP_PKEY_is_a(pkey, "RSA") && EVP_PKEY_get_bits(pkey) >= BITS_MIN
           && EVP_PKEY_get_bits(pkey) <= BITS_MAX;
}

/* No prompt for a pass phrase: the one given is empty, which opens nothing. */
static EVP_PKEY *read_pem(const char *pem, size_t len)
{
    static char no_passphrase[] = "";
    kv_auto(BIO_free_all) BIO *memory = BIO_new_mem_buf(pem, (int) len);

    return memory == NULL ? NULL : PEM_read_bio_PrivateKey(memory, NULL, NULL, no_passphrase);
}

enum kv_code kv_jws_key_generate(struct kv_buf *pem, struct kv_err *err)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *pkey = EVP_RSA_gen(BITS_MIN);
    kv_auto(BIO_free_all) BIO *memory = BIO_new(BIO_s_secmem());

    if (pkey == NULL || memory == NULL
        || !PEM_write_bio_PKCS8PrivateKey(memory, pkey, NULL, NULL, 0, NULL, NULL)) {
        return KV_FAIL(err, KV_INTERNAL, ERR_peek_last_error(), "no RSA key could be made");
    }
    char *text;
    long len = BIO_get_mem_data(memory, &text);
    return kv_buf_append(pem, text, (size_t) len, err);
}

enum kv_code kv_jws_key_parse(const char *pem, size_t len, struct kv_jws_key **ret_key,
                              struct kv_err *err)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *pkey = read_pem(pem, len);
    kv_auto(key_numbers_done) struct key_numbers key_numbers = { 0 };

    if (!is_usable(pkey) || !read_numbers(pkey, KV_COUNT(numbers), &key_numbers)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, ERR_peek_last_error(),
                       "it is not an RSA private key of %d to %d bits in PEM form", BITS_MIN,
                       BITS_MAX);
    }
    return make_key(&key_numbers.spec, ret_key, err);
}

/* A member of a JWK; its bytes have no zero in front (RFC 7518 §2), so that they tell the size. */
static bool import_number(const cJSON *jwk, const char *name, struct key_numbers *key, size_t i)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, name));
    size_t text_len = text != NULL ? strlen(text) : 0;
    size_t len;

    if (text_len == 0 || KV_BASE64URL_BYTES(text_len) > NUMBER_MAX
        || !kv_base64url_decode(text, text_len, key->bytes[i], &len) || key->bytes[i][0] == 0) {
        return false;
    }
    place_number(key, i, len);
    return true;
}

static enum kv_code refuse_jwk(struct kv_err *err)
{
    ERR_clear_error();
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "it is not an RSA key of %d to %d bits", BITS_MIN,
                   BITS_MAX);
}

static enum kv_code import_numbers(const cJSON *jwk, struct kv_jws_key **ret_key,
                                   struct kv_err *err)
{
    kv_auto(key_numbers_done) struct key_numbers key_numbers = { 0 };

    if (!import_number(jwk, "n", &key_numbers, MODULUS)
        || !import_number(jwk, "e", &key_numbers, EXPONENT)
        || key_numbers.spec.nlen < BITS_MIN / 8) {
        return refuse_jwk(err);
    }
    return make_key(&key_numbers.spec, ret_key, err);
}

/* Standard base64 of DER; the zeros that padding decodes to stand behind the certificate's end. */
static X509 *read_certificate(const char *text)
{
    size_t len = strlen(text);
    kv_auto(kv_wipe_free) char *der = malloc(len + 1);
    const unsigned char *at = (const unsigned char *) der;
    int der_len;

    if (der == NULL || len > INT_MAX) {
        return NULL;
    }
    der_len = EVP_DecodeBlock((unsigned char *) der, (const unsigned char *) text, (int) len);
    return der_len > 0 ? d2i_X509(NULL, &at, der_len) : NULL;
}

static enum kv_code import_certificate(const cJSON *x5c, struct kv_jws_key **ret_key,
                                       struct kv_err *err)
{
    const char *text = cJSON_IsArray(x5c) ? cJSON_GetStringValue(cJSON_GetArrayItem(x5c, 0)) : NULL;
    kv_auto(X509_free) X509 *certificate = text != NULL ? read_certificate(text) : NULL;
    const EVP_PKEY *pkey = certificate != NULL ? X509_get0_pubkey(certificate) : NULL;
    kv_auto(key_numbers_done) struct key_numbers key_numbers = { 0 };

    if (!is_usable(pkey) || !read_numbers(pkey, PUBLIC_NUMBERS, &key_numbers)) {
        return refuse_jwk(err);
    }
    return make_key(&key_numbers.spec, ret_key, err);
}

enum kv_code kv_jws_key_import(const cJSON *jwk, struct kv_jws_key **ret_key, struct kv_err *err)
{
    const char *kty = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, "kty"));
    const cJSON *x5c = cJSON_GetObjectItemCaseSensitive(jwk, "x5c");
    kv_auto(kv_jws_key_free) struct kv_jws_key *certified = NULL;
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;

    if (kty == NULL || strcmp(kty, "RSA") != 0) {
        return refuse_jwk(err);
    }
    if (x5c == NULL || cJSON_IsNull(x5c)) {
        return import_numbers(jwk, ret_key, err);
    }
    KV_TRY(import_certificate(x5c, &certified, err));
    if (cJSON_GetObjectItemCaseSensitive(jwk, "n") != NULL) {
        KV_TRY(import_numbers(jwk, &key, err));
        if (strcmp(key->id, certified->id) != 0) {
            return refuse_jwk(err);
        }
    }
    *ret_key = kv_take(certified);
    return KV_OK;
}

const char *kv_jws_key_id(const struct kv_jws_key *key)
{
    return key->id;
}

enum kv_code kv_jws_key_show(const struct kv_jws_key *key, struct kv_buf *json, struct kv_err *err)
{
    char *text = cjose_jwk_to_json(key->jwk, false, NULL); /* the library's */
    enum kv_code code;

    if (text == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    code = kv_buf_append(json, text, strlen(text), err);
    cjose_get_dealloc()(text);
    return code;
}

void kv_jws_key_free(struct kv_jws_key *key)
{
    if (key == NULL) {
        return;
    }
    cjose_jwk_release(key->jwk);
    free(key);
}
