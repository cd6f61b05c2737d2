/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test authority for key release (contract §11), with the one page that the SDKs' tests request
 * from theirs: it attests anybody who asks. A release policy that names it trusts everybody who can
 * reach this port.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "kv/base/base64.h"
#include "kv/base/json.h"
#include "private.h"

#define LIFETIME 604800 /* seconds; contract §11 */
#define BITS 2048
#define NUMBER_MAX 512 /* bytes */
#define CLAIMS_MAX 16384

KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(BIGNUM *, BN_clear_free)

static void add_base_url(cJSON *parent, const char *name, const struct kv_request *request,
                         const char *path, bool *ok)
{
    char url[512];

    snprintf(url, sizeof(url), "http://%s%s", request->authority, path);
    kv_json_add_text(parent, name, url, ok);
}

enum kv_code authority_describe(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();

    add_base_url(body, "issuer", request, "/", &ok);
    add_base_url(body, "jwks_uri", request, "/certs", &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

/* The issuer's public key with its name, as a JWK set. */
enum kv_code authority_keys(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    cJSON *jwk = NULL;

    KV_TRY(kv_identity_show_key(request->app->identity, &jwk, err));
    kv_json_add_take(kv_json_add_array(body, "keys", &ok), NULL, jwk, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

static void add_number(cJSON *jwk, const char *member, const EVP_PKEY *key, const char *param,
                       bool *ok)
{
    kv_auto(BN_clear_free) BIGNUM *number = NULL;
    unsigned char bytes[NUMBER_MAX];

    if (EVP_PKEY_get_bn_param(key, param, &number) != 1 || BN_num_bytes(number) > NUMBER_MAX) {
        *ok = false;
        return;
    }
    kv_json_add_base64url(jwk, member, bytes, (size_t) BN_bn2bin(number, bytes), ok);
    kv_wipe(bytes, sizeof(bytes));
}

static const struct {
    const char *member, *param;
} numbers[] = {
    { "n", OSSL_PKEY_PARAM_RSA_N },          { "e", OSSL_PKEY_PARAM_RSA_E },
    { "d", OSSL_PKEY_PARAM_RSA_D },          { "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
    { "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },    { "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
    { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 }, { "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};
#define PUBLIC_NUMBERS 2

static cJSON *render_jwk(const EVP_PKEY *key, size_t count, bool *ok)
{
    cJSON *jwk = cJSON_CreateObject();

    kv_json_add_text(jwk, "kty", "RSA", ok);
    for (size_t i = 0; i < count; i++) {
        add_number(jwk, numbers[i].member, key, numbers[i].param, ok);
    }
    return jwk;
}

/* ?n=...&e=... is the caller's own key; without it one is generated, and its private half returned,
 * too. */
static cJSON *choose_key(const struct kv_request *request, cJSON *body, bool *ok)
{
    const char *n = kv_request_query(request, "n");
    const char *e = kv_request_query(request, "e");
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = NULL;
    cJSON *jwk;

    if (n != NULL && e != NULL) {
        jwk = cJSON_CreateObject();
        kv_json_add_text(jwk, "kty", "RSA", ok);
        kv_json_add_text(jwk, "n", n, ok);
        kv_json_add_text(jwk, "e", e, ok);
        return jwk;
    }
    key = EVP_RSA_gen(BITS);
    if (key == NULL) {
        *ok = false;
        return NULL;
    }
    kv_json_add_take(body, "key", render_jwk(key, KV_COUNT(numbers), ok), ok);
    return render_jwk(key, PUBLIC_NUMBERS, ok);
}

/* The claims of the SDKs' test service, as its tokens were recorded (contract §11). */
static void fill_claims(const struct kv_request *request, cJSON *claims, cJSON *jwk, bool *ok)
{
    kv_time now = kv_seconds(request->now);
    cJSON *runtime;
    cJSON *keys;

    add_base_url(claims, "iss", request, "/", ok);
    kv_json_add_int(claims, "iat", now, ok);
    kv_json_add_int(claims, "nbf", now, ok);
    kv_json_add_int(claims, "exp", now + LIFETIME, ok);
    kv_json_add_bool(claims, "sdk-test", true, ok);
    kv_json_add_object(claims, "x-ms-inittime", ok);
    runtime = kv_json_add_object(claims, "x-ms-runtime", ok);
    keys = kv_json_add_array(runtime, "keys", ok);
    kv_json_add_text(jwk, "kid", "test-environment", ok);
    kv_json_add_text(jwk, "use", "enc", ok);
    kv_json_append_text(kv_json_add_array(jwk, "key_ops", ok), "encrypt", ok);
    kv_json_add_take(keys, NULL, jwk, ok);
}

enum kv_code authority_attest(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *claims = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf text;
    kv_auto(kv_wipe_free) char *token = NULL;
    cJSON *jwk = choose_key(request, body, &ok);

    kv_buf_init(&text, CLAIMS_MAX);
    fill_claims(request, claims, jwk, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_json_print(claims, &text, err));
    KV_TRY(kv_identity_sign(request->app->identity, text.data, text.len, &token, err));
    kv_json_add_text(body, "token", token, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}
