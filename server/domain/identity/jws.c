/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing and checking are the JOSE library's. It sees a token only when its header has been
 * judged here: the library takes whatever algorithm the header names, and loses memory over a
 * header that names none.
 */

#include "jws.h"

#include <string.h>

#include <cjose/header.h>
#include <cjose/jws.h>

#include "kv/json.h"
#include "kv/secret.h"

#define HEADER_MAX 2048     /* bytes of a decoded header; ours have some 150 */
#define HEADER_ECHO_MAX 512 /* characters of a header that a refusal repeats */

KV_DEFINE_CLEANUP(cjose_header_t *, cjose_header_release)
KV_DEFINE_CLEANUP(cjose_jws_t *, cjose_jws_release)

struct header {
    const char *alg, *kid;
};

static const struct kv_json_field header_fields[] = {
    KV_JSON_FIELD(struct header, alg, "alg", KV_JSON_STRING),
    KV_JSON_FIELD(struct header, kid, "kid", KV_JSON_STRING),
};

/* Characters before the first dot; the library wants exactly two of them. */
static size_t find_header_len(const char *text, size_t len)
{
    const char *dot = memchr(text, '.', len);

    return dot == NULL ? len : (size_t) (dot - text);
}

static bool decode_header(const char *text, size_t len, cJSON **ret_json)
{
    char bytes[HEADER_MAX];
    size_t bytes_len;

    return len <= KV_BASE64URL_LENGTH(HEADER_MAX)
           && kv_base64url_decode(text, len, bytes, &bytes_len)
           && kv_json_parse(bytes, bytes_len, ret_json, NULL) == KV_OK;
}

/* RS256 and nothing else: with "none" or HS256 anybody can sign (RFC 8725 §2.1). */
static enum kv_code judge_header(const struct kv_jws_key *key, const char *text, size_t len,
                                 struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    struct header header = { 0 };

    if (!decode_header(text, len, &json)
        || kv_json_bind(json, header_fields, KV_COUNT(header_fields), &header, NULL) != KV_OK
        || header.alg == NULL || strcmp(header.alg, CJOSE_HDR_ALG_RS256) != 0) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0, KV_TOKEN_INVALID);
    }
    if (key == NULL || header.kid == NULL || strcmp(header.kid, key->id) != 0) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0,
                       "AKV10046: Unable to resolve the key used for signature validation. "
                       "EncodedJwtHeader: '%.*s'.",
                       (int) (len < HEADER_ECHO_MAX ? len : HEADER_ECHO_MAX), text);
    }
    return KV_OK;
}

/* The library reads the header with a parser of its own, so it is asked what it read. */
static bool verify_signature(const struct kv_jws_key *key, cjose_jws_t *jws)
{
    const char *alg = cjose_header_get(cjose_jws_get_protected(jws), CJOSE_HDR_ALG, NULL);

    return alg != NULL && strcmp(alg, CJOSE_HDR_ALG_RS256) == 0
           && cjose_jws_verify(jws, key->jwk, NULL);
}

static cjose_header_t *make_header(const struct kv_jws_key *key)
{
    kv_auto(cjose_header_release) cjose_header_t *header = cjose_header_new(NULL);

    if (header == NULL || !cjose_header_set(header, "typ", "JWT", NULL)
        || !cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_RS256, NULL)
        || !cjose_header_set(header, "x5t", key->id, NULL)
        || !cjose_header_set(header, CJOSE_HDR_KID, key->id, NULL)) {
        return NULL;
    }
    return kv_take(header);
}

enum kv_code kv_jws_sign(const struct kv_jws_key *key, const char *payload, size_t len,
                         char **ret_text, struct kv_err *err)
{
    kv_auto(cjose_header_release) cjose_header_t *header = make_header(key);
    kv_auto(cjose_jws_release) cjose_jws_t *jws = NULL;
    const char *text; /* the library's */

    if (header == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    jws = cjose_jws_sign(key->jwk, header, (const uint8_t *) payload, len, NULL);
    if (jws == NULL || !cjose_jws_export(jws, &text, NULL)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the token could not be signed");
    }
    char *copy = strdup(text);
    kv_wipe((char *) text, strlen(text));
    if (copy == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_text = copy;
    return KV_OK;
}

enum kv_code kv_jws_verify(const struct kv_jws_key *key, const char *text, size_t len,
                           struct kv_buf *payload, struct kv_err *err)
{
    kv_auto(cjose_jws_release) cjose_jws_t *jws = NULL;
    uint8_t *bytes; /* the library's */
    size_t bytes_len;

    KV_TRY(judge_header(key, text, find_header_len(text, len), err));
    jws = cjose_jws_import(text, len, NULL);
    if (jws == NULL || !verify_signature(key, jws)
        || !cjose_jws_get_plaintext(jws, &bytes, &bytes_len, NULL)) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0, KV_TOKEN_INVALID);
    }
    return kv_buf_append(payload, bytes, bytes_len, err);
}
