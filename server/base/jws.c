/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing and checking are the JOSE library's. It sees a token only when its header has been
 * judged here: the library takes whatever algorithm the header names, and loses memory over a
 * header that names none.
 */
#include "kv/jws.h"

#include <string.h>

#include <cjose/header.h>
#include <cjose/jws.h>

#include "jws_key.h"
#include "kv/json.h"
#include "kv/secret.h"

KV_DEFINE_CLEANUP(cjose_header_t *, cjose_header_release)
KV_DEFINE_CLEANUP(cjose_jws_t *, cjose_jws_release)

struct header {
    const char *alg, *kid;
};

static const struct kv_json_field header_fields[] = {
    KV_JSON_FIELD(struct header, alg, "alg", KV_JSON_STRING),
    KV_JSON_FIELD(struct header, kid, "kid", KV_JSON_STRING),
};

/* The two dots; the library wants exactly as many. */
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
    return true;
}

static bool read_header(struct kv_jws *jws)
{
    kv_auto(kv_buf_done) struct kv_buf json;
    struct header header = { .kid = "" };

    kv_buf_init(&json, KV_BASE64URL_BYTES(jws->header_len));
    if (kv_base64url_parse(jws->text, jws->header_len, &json, NULL) != KV_OK
        || kv_json_parse(json.data, json.len, &jws->header, NULL) != KV_OK
        || kv_json_bind(jws->header, header_fields, KV_COUNT(header_fields), &header, NULL) != KV_OK
        || header.alg == NULL || strcmp(header.alg, CJOSE_HDR_ALG_RS256) != 0) {
        return false;
    }
    jws->kid = header.kid;
    return true;
}

bool kv_jws_parse(const char *text, size_t len, struct kv_jws *ret_jws)
{
    struct kv_jws jws = { .text = text, .len = len };

    if (!find_parts(&jws) || !read_header(&jws)) {
        kv_jws_done(&jws);
        return false;
    }
    *ret_jws = jws;
    return true;
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

/* The library reads the header with a parser of its own, so it is asked what it read. */
bool kv_jws_is_signed(const struct kv_jws *jws, const struct kv_jws_key *key)
{
    kv_auto(cjose_jws_release) cjose_jws_t *read = cjose_jws_import(jws->text, jws->len, NULL);
    const char *alg;

    if (read == NULL) {
        return false;
    }
    alg = cjose_header_get(cjose_jws_get_protected(read), CJOSE_HDR_ALG, NULL);
    return alg != NULL && strcmp(alg, CJOSE_HDR_ALG_RS256) == 0
           && cjose_jws_verify(read, key->jwk, NULL);
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
