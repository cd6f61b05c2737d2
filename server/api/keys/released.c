/* SPDX-License-Identifier: Apache-2.0 */
/* release: contract §11. The answer is a signed statement (JWS) that holds the wrapped key. */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "kv/base64.h"
#include "kv/release.h"
#include "private.h"

#define CHAIN_MAX 16384
#define CHAIN_LENGTH_MAX 4 /* certificates */
#define NONCE_MAX 1024
#define TEXT_MAX 65536
#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"

struct sent_release {
    const char *target, *nonce, *enc;
};

static enum kv_code parse(const cJSON *body, struct sent_release *ret_sent, struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_release, target, "target", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_release, nonce, "nonce", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_release, enc, "enc", KV_JSON_STRING),
    };

    KV_TRY(kv_json_bind(body, fields, KV_COUNT(fields), ret_sent, err));
    if (ret_sent->target == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Property 'target' is required.\r\n");
    }
    if (ret_sent->enc == NULL) {
        ret_sent->enc = "CKM_RSA_AES_KEY_WRAP";
    }
    if (!kv_custody_enc_is_known(ret_sent->enc)
        || (ret_sent->nonce != NULL && strlen(ret_sent->nonce) > NONCE_MAX)) {
        return fail_property(err);
    }
    return KV_OK;
}

/* PEM without its line breaks, one certificate after the other: x5c (RFC 7515 §4.1.6). */
static void add_certificates(cJSON *header, char *pem, bool *ok)
{
    cJSON *list = kv_json_add_array(header, "x5c", ok);

    for (size_t i = 0; i < CHAIN_LENGTH_MAX && pem != NULL; i++) {
        char *begin = strstr(pem, PEM_BEGIN);
        char *end = begin != NULL ? strstr(begin, PEM_END) : NULL;
        char *to = pem;

        if (end == NULL) {
            return;
        }
        for (const char *from = begin + strlen(PEM_BEGIN); from < end; from++) {
            if (*from != '\n' && *from != '\r') {
                *to++ = *from;
            }
        }
        *to = '\0';
        kv_json_append_text(list, pem, ok);
        pem = end + strlen(PEM_END);
    }
}

/* x5t and x5t#S256: digests of the certificate itself. */
static void add_thumbprint(cJSON *header, const char *member, const char *certificate,
                           const EVP_MD *hash, bool *ok)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    size_t len = strlen(certificate);
    kv_auto(kv_wipe_free) char *der = malloc(len + 1);
    int der_len = der != NULL ? EVP_DecodeBlock((unsigned char *) der,
                                                (const unsigned char *) certificate, (int) len)
                              : -1;

    for (size_t i = len; der_len > 0 && i > 0 && certificate[i - 1] == '='; i--) {
        der_len--; /* the library counts the padding */
    }
    *ok = *ok && der_len > 0
          && EVP_Digest(der, (size_t) der_len, digest, &digest_len, hash, NULL) == 1;
    kv_json_add_base64url(header, member, digest, digest_len, ok);
}

/* alg, kid, x5t, typ, x5t#S256, x5c: the order of contract §11. */
static enum kv_code make_header(const struct kv_scope *scope, cJSON *header, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf chain;
    kv_auto(cJSON_Delete) cJSON *scratch = cJSON_CreateObject();
    const char *leaf;
    bool ok = true;

    kv_buf_init(&chain, CHAIN_MAX);
    KV_TRY(kv_keys_attestation_chain(scope, &chain, err));
    add_certificates(scratch, chain.data, &ok);
    leaf = cJSON_GetStringValue(
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(scratch, "x5c"), 0));
    if (leaf == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    kv_json_add_text(header, "alg", "RS256", &ok);
    add_thumbprint(header, "kid", leaf, EVP_sha256(), &ok);
    add_thumbprint(header, "x5t", leaf, EVP_sha1(), &ok);
    kv_json_add_text(header, "typ", "JWT", &ok);
    add_thumbprint(header, "x5t#S256", leaf, EVP_sha256(), &ok);
    kv_json_add_take(header, "x5c", cJSON_DetachItemFromObjectCaseSensitive(scratch, "x5c"), &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* The transfer blob, in the form that an import takes (contract §6.2). */
static enum kv_code add_key_hsm(cJSON *jwk, const struct sent_release *sent,
                                const struct kv_released *released, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *blob = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf text;
    bool ok = true;

    kv_buf_init(&text, TEXT_MAX);
    kv_json_add_text(blob, "schema_version", "1.0.0", &ok);

    cJSON *header = kv_json_add_object(blob, "header", &ok);

    kv_json_add_text(header, "kid", cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "kid")), &ok);
    kv_json_add_text(header, "alg", "dir", &ok);
    kv_json_add_text(header, "enc", sent->enc, &ok);
    kv_json_add_base64url(blob, "ciphertext", released->bytes, released->len, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_json_print(blob, &text, err));
    kv_json_add_base64url(jwk, "key_hsm", text.data, text.len, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code make_payload(const struct kv_request *request, const struct sent_release *sent,
                                 const struct kv_key *key, const struct kv_released *released,
                                 cJSON *payload, struct kv_err *err)
{
    bool ok = true;
    cJSON *asked = kv_json_add_object(payload, "request", &ok);
    cJSON *response = kv_json_add_object(payload, "response", &ok);
    cJSON *bundle = kv_json_add_object(response, "key", &ok);

    kv_json_add_text(asked, "api-version", kv_call_of(request)->api_version, &ok);
    kv_json_add_text(asked, "enc", sent->enc, &ok);
    if (sent->nonce != NULL) {
        kv_json_add_text(asked, "nonce", sent->nonce, &ok);
    }
    add_attributes(bundle, request, key, &ok);
    add_jwk(bundle, request, key, &ok);
    add_release_policy(bundle, &key->release, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    return add_key_hsm(cJSON_GetObjectItemCaseSensitive(bundle, "key"), sent, released, err);
}

static enum kv_code judge(const struct kv_request *request, const struct kv_key *key,
                          const char *target, struct kv_material *ret_material, struct kv_err *err)
{
    const struct kv_release_case release = {
        .policy = key->release.policy,
        .target = target,
        .now = kv_seconds(request->now),
        .authorities = request->app->authorities,
    };
    struct kv_release_target attested;
    struct kv_material material = { .family = KV_FAMILY_RSA };

    KV_TRY(kv_release_judge(&release, &attested, err));
    material.bits = (unsigned) attested.modulus_len * 8;
    material.modulus_len = attested.modulus_len;
    material.exponent_len = attested.exponent_len;
    memcpy(material.modulus, attested.modulus, attested.modulus_len);
    memcpy(material.exponent, attested.exponent, attested.exponent_len);
    *ret_material = material;
    return KV_OK;
}

static enum kv_code respond(const struct kv_request *request, const struct sent_release *sent,
                            const struct kv_key *key, const struct kv_released *released,
                            struct kv_response *response, struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(cJSON_Delete) cJSON *header = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *payload = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf text;
    bool ok = true;

    kv_buf_init(&text, TEXT_MAX);
    KV_TRY(make_header(&scope, header, err));
    KV_TRY(make_payload(request, sent, key, released, payload, err));
    KV_TRY(statement_sign(&scope, header, payload, &text, err));
    kv_json_add_text(body, "value", text.data, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code key_release(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    struct sent_release sent = { .target = NULL };
    struct kv_material target;
    struct kv_released released;

    KV_TRY(kv_request_json(request, &body, err));
    KV_TRY(parse(body, &sent, err));
    KV_TRY(kv_key_find_released(&scope, kv_request_capture(request, "name"),
                                kv_request_capture(request, "version"), &key, err));
    KV_TRY(judge(request, &key, sent.target, &target, err));
    KV_TRY(kv_key_release(&scope, &key, &target, sent.enc, &released, err));
    return respond(request, &sent, &key, &released, response, err);
}
