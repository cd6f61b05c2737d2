/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Own code on OpenSSL's keys: few algorithms in one form, so that a token's bytes meet no parser but
 * ours until its signature holds. (cjose 0.6.2 asserts inside its base64 over "a===" and loses
 * memory over a header without alg; with jansson below it, it reads the header in a way of its
 * own.)
 */
#include "kv/base/jws.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "jws_key.h"
#include "kv/base/json.h"
#include "kv/base/secret.h"

#define ALG "RS256"
#define HEADER_MAX 512 /* of our own, encoded or not */

KV_DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)
KV_DEFINE_CLEANUP(ECDSA_SIG *, ECDSA_SIG_free)

static const struct {
    const char *name;
    unsigned alg;
    int padding;
} algorithms[] = {
    { ALG, KV_JWS_RS256, RSA_PKCS1_PADDING },
    { "PS256", KV_JWS_PS256, RSA_PKCS1_PSS_PADDING },
    { "ES256", KV_JWS_ES256, 0 },
};

struct header {
    const char *alg, *kid;
    const cJSON *crit;
};

static const struct kv_json_field header_fields[] = {
    KV_JSON_FIELD(struct header, alg, "alg", KV_JSON_STRING),
    KV_JSON_FIELD(struct header, kid, "kid", KV_JSON_STRING),
    KV_JSON_FIELD(struct header, crit, "crit", KV_JSON_ARRAY),
};

/* Exactly three parts, each in the one spelling of its bytes: no other text is the same token. */
static bool find_parts(struct kv_jws *jws)
{
    const char *end = jws->text + jws->len;
    const char *first = memchr(jws->text, '.', jws->len);
    const char *second;

    if (first == NULL) {
        return false;
    }
    second = memchr(first + 1, '.', (size_t) (end - first - 1));
    if (second == NULL || memchr(second + 1, '.', (size_t) (end - second - 1)) != NULL) {
        return false;
    }
    jws->header_len = (size_t) (first - jws->text);
    jws->payload = first + 1;
    jws->payload_len = (size_t) (second - first - 1);
    jws->signature = second + 1;
    jws->signature_len = (size_t) (end - second - 1);
    return kv_base64url_is_canonical(jws->text, jws->header_len)
           && kv_base64url_is_canonical(jws->payload, jws->payload_len)
           && kv_base64url_is_canonical(jws->signature, jws->signature_len);
}

unsigned kv_jws_alg_find(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(algorithms); i++) {
        if (strcmp(algorithms[i].name, name) == 0) {
            return algorithms[i].alg;
        }
    }
    return 0;
}

static int find_padding(unsigned alg)
{
    for (size_t i = 0; i < KV_COUNT(algorithms); i++) {
        if (algorithms[i].alg == alg) {
            return algorithms[i].padding;
        }
    }
    return 0;
}

/* A header that demands an extension is refused: there is none we know (RFC 7515 §4.1.11). */
static bool read_header(struct kv_jws *jws, unsigned algs)
{
    kv_auto(kv_buf_done) struct kv_buf json;
    struct header header = { .kid = "" };

    kv_buf_init(&json, KV_BASE64URL_BYTES(jws->header_len));
    if (kv_base64url_parse(jws->text, jws->header_len, &json, NULL) != KV_OK
        || kv_json_parse(json.data, json.len, &jws->header, NULL) != KV_OK
        || kv_json_bind(jws->header, header_fields, KV_COUNT(header_fields), &header, NULL) != KV_OK
        || !kv_json_is_unique(jws->header) || header.alg == NULL
        || (kv_jws_alg_find(header.alg) & algs) == 0 || header.crit != NULL) {
        return false;
    }
    jws->kid = header.kid;
    jws->alg = kv_jws_alg_find(header.alg);
    return true;
}

bool kv_jws_parse_as(const char *text, size_t len, unsigned algs, struct kv_jws *ret_jws)
{
    struct kv_jws jws = { .text = text, .len = len };

    if (!find_parts(&jws) || !read_header(&jws, algs)) {
        kv_jws_done(&jws);
        return false;
    }
    *ret_jws = jws;
    return true;
}

bool kv_jws_parse(const char *text, size_t len, struct kv_jws *ret_jws)
{
    return kv_jws_parse_as(text, len, KV_JWS_RS256, ret_jws);
}

void kv_jws_done(struct kv_jws *jws)
{
    cJSON_Delete(jws->header);
    jws->header = NULL;
}

enum kv_code kv_jws_read(const struct kv_jws *jws, struct kv_buf *payload, struct kv_err *err)
{
    return kv_base64url_parse(jws->payload, jws->payload_len, payload, err);
}

/* The salt of PS256 is as long as the hash: RFC 7518 §3.5. EC keys have no padding: 0. */
static bool choose_padding(EVP_PKEY_CTX *ctx, int padding)
{
    if (padding == 0) {
        return true;
    }
    return EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1
           && (padding != RSA_PKCS1_PSS_PADDING
               || EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool verify(const struct kv_jws *jws, EVP_PKEY *pkey, const unsigned char *signature,
                   size_t len)
{
    kv_auto(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *way = NULL; /* the context's */
    size_t signed_len = (size_t) (jws->payload + jws->payload_len - jws->text);
    bool ok =
        ctx != NULL && EVP_DigestVerifyInit(ctx, &way, EVP_sha256(), NULL, pkey) == 1
        && choose_padding(way, find_padding(jws->alg))
        && EVP_DigestVerify(ctx, signature, len, (const unsigned char *) jws->text, signed_len)
               == 1;

    ERR_clear_error(); /* a wrong signature leaves its reasons behind */
    return ok;
}

/* OpenSSL wants the two numbers of RFC 7518 §3.4 in DER. */
static bool verify_point(const struct kv_jws *jws, EVP_PKEY *pkey, const unsigned char *numbers)
{
    kv_auto(ECDSA_SIG_free) ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(numbers, KV_JWS_POINT_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(numbers + KV_JWS_POINT_BYTES, KV_JWS_POINT_BYTES, NULL);
    unsigned char der[2 * KV_JWS_POINT_BYTES + 16]; /* two integers, each of at most 35 bytes */
    unsigned char *end = der;

    if (pair == NULL || r == NULL || s == NULL || !ECDSA_SIG_set0(pair, r, s)) {
        BN_free(r);
        BN_free(s);
        return false;
    }
    int len = i2d_ECDSA_SIG(pair, NULL);
    return len > 0 && (size_t) len <= sizeof(der) && i2d_ECDSA_SIG(pair, &end) == len
           && verify(jws, pkey, der, (size_t) len);
}

static size_t signature_length(const struct kv_jws *jws, const struct kv_jws_key *key)
{
    return jws->alg == KV_JWS_ES256 ? 2 * KV_JWS_POINT_BYTES
                                    : (size_t) EVP_PKEY_get_size(key->pkey);
}

bool kv_jws_is_signed(const struct kv_jws *jws, const struct kv_jws_key *key)
{
    unsigned char signature[KV_JWS_SIGNATURE_MAX];
    size_t len = KV_BASE64URL_BYTES(jws->signature_len);

    if ((kv_jws_key_algs(key) & jws->alg) == 0 || len != signature_length(jws, key)
        || !kv_base64url_decode(jws->signature, jws->signature_len, signature, &len)) {
        return false;
    }
    return jws->alg == KV_JWS_ES256 ? verify_point(jws, key->pkey, signature)
                                    : verify(jws, key->pkey, signature, len);
}

static enum kv_code render_header(const struct kv_jws_key *key, struct kv_buf *text,
                                  struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *header = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf json;
    bool ok = true;

    kv_buf_init(&json, HEADER_MAX);
    kv_json_add_text(header, "typ", "JWT", &ok);
    kv_json_add_text(header, "alg", ALG, &ok);
    kv_json_add_text(header, "x5t", key->name, &ok);
    kv_json_add_text(header, "kid", key->name, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_json_print(header, &json, err));
    return kv_base64url_render(json.data, json.len, text, err);
}

static enum kv_code make_signature(const struct kv_jws_key *key, const struct kv_buf *text,
                                   unsigned char ret_signature[KV_JWS_SIGNATURE_MAX],
                                   size_t *ret_len, struct kv_err *err)
{
    kv_auto(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = KV_JWS_SIGNATURE_MAX;

    if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) != 1
        || EVP_DigestSign(ctx, ret_signature, &len, (const unsigned char *) text->data, text->len)
               != 1) {
        unsigned long cause = ERR_peek_last_error();

        ERR_clear_error();
        return KV_FAIL(err, KV_INTERNAL, cause, "the token could not be signed");
    }
    *ret_len = len;
    return KV_OK;
}

enum kv_code kv_jws_sign(const struct kv_jws_key *key, const char *payload, size_t len,
                         char **ret_text, struct kv_err *err)
{
    unsigned char signature[KV_JWS_SIGNATURE_MAX];
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text,
                HEADER_MAX + KV_BASE64URL_LENGTH(len) + KV_BASE64URL_LENGTH(sizeof(signature)) + 2);
    KV_TRY(render_header(key, &text, err));
    KV_TRY(kv_buf_append(&text, ".", 1, err));
    KV_TRY(kv_base64url_render(payload, len, &text, err));
    KV_TRY(make_signature(key, &text, signature, &len, err));
    KV_TRY(kv_buf_append(&text, ".", 1, err));
    KV_TRY(kv_base64url_render(signature, len, &text, err));
    *ret_text = strdup(text.data);
    return *ret_text != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}
