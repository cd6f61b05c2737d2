/* SPDX-License-Identifier: Apache-2.0 */
/* The key that tokens are signed by, as a set of JWKs (RFC 7517 §5): control-plane.md §5.1. */
#include <stdio.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define CERTIFICATE_MAX 8192 /* characters */
#define ISSUER_SIZE 128

static const char *find_text(const cJSON *jwk, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, name));

    return text != NULL ? text : "";
}

/* In the service's order. */
static cJSON *make_key(const cJSON *jwk, const char *certificate, const char *issuer)
{
    kv_auto(cJSON_Delete) cJSON *key = cJSON_CreateObject();
    bool ok = key != NULL;

    kv_json_add_text(key, "kty", find_text(jwk, "kty"), &ok);
    kv_json_add_text(key, "use", "sig", &ok);
    kv_json_add_text(key, "kid", find_text(jwk, "kid"), &ok);
    kv_json_add_text(key, "x5t", find_text(jwk, "kid"), &ok);
    kv_json_add_text(key, "n", find_text(jwk, "n"), &ok);
    kv_json_add_text(key, "e", find_text(jwk, "e"), &ok);
    kv_json_append_text(kv_json_add_array(key, "x5c", &ok), certificate, &ok);
    if (issuer != NULL) {
        kv_json_add_text(key, "issuer", issuer, &ok);
    }
    return ok ? kv_take(key) : NULL;
}

static enum kv_code answer_keys(const struct kv_request *request, const char *issuer,
                                struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *jwk = NULL;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf certificate;
    bool ok = body != NULL;

    kv_buf_init(&certificate, CERTIFICATE_MAX);
    KV_TRY(kv_identity_show_key(request->app->identity, &jwk, err));
    KV_TRY(kv_identity_show_certificate(request->app->identity, &certificate, err));
    kv_json_add_take(kv_json_add_array(body, "keys", &ok), NULL,
                     make_key(jwk, certificate.data, issuer), &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code authority_keys_v1(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    struct authority_tenant tenant;

    KV_TRY(authority_find_tenant(request, &tenant, err));
    return answer_keys(request, NULL, response, err);
}

enum kv_code authority_keys_v2(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    struct authority_tenant tenant;
    char issuer[ISSUER_SIZE];

    KV_TRY(authority_find_tenant(request, &tenant, err));
    (void) snprintf(issuer, sizeof(issuer), "https://login.microsoftonline.com/%s/v2.0",
                    tenant.is_any ? "{tenantid}" : tenant.id);
    return answer_keys(request, issuer, response, err);
}
