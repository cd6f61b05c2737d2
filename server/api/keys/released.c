/* SPDX-License-Identifier: Apache-2.0 */
/* release: contract §11. The answer is a signed statement (JWS) that holds the wrapped key. */
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define NONCE_MAX 1024
#define TEXT_MAX 65536

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

/* Everything a release is made of; the request's state. */
struct release {
    struct attested attested;
    cJSON *body;
    struct sent_release sent; /* points into the body */
    struct kv_key key;
    struct kv_released released;
};

static void release_free(void *state)
{
    struct release *release = state;

    kv_key_done(&release->key);
    cJSON_Delete(release->body);
    free(release);
}

static bool is_pool(const struct kv_request *request)
{
    return kv_call_of(request)->vault->kind == KV_MANAGED_HSM;
}

/*
 * The key in a transfer blob as of Microsoft's guide to secure key release: `kid` names the key of
 * the environment that it is encrypted to.
 */
static enum kv_code add_key_hsm(cJSON *jwk, const struct kv_request *request,
                                const struct release *release, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *blob = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf text;
    bool ok = true;

    kv_buf_init(&text, TEXT_MAX);
    kv_json_add_text(blob, "schema_version", "1.0", &ok);

    cJSON *header = kv_json_add_object(blob, "header", &ok);

    kv_json_add_text(header, "kid", release->attested.target.kid, &ok);
    kv_json_add_text(header, "alg", "dir", &ok);
    kv_json_add_text(header, "enc", release->sent.enc, &ok);
    kv_json_add_base64url(blob, "ciphertext", release->released.bytes, release->released.len, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (is_pool(request)) {
        kv_json_sort(blob);
    }
    KV_TRY(kv_json_print(blob, &text, err));
    kv_json_add_base64url(jwk, "key_hsm", text.data, text.len, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* What was asked for; `kid` has the version that the request had. */
static void add_request(cJSON *payload, const struct kv_request *request,
                        const struct release *release, bool *ok)
{
    cJSON *asked = kv_json_add_object(payload, "request", ok);
    char kid[KEY_URL_SIZE];

    key_url(request, "keys", kv_request_capture(request, "name"),
            kv_request_capture(request, "version"), kid);
    kv_json_add_text(asked, "api-version", kv_call_of(request)->api_version, ok);
    kv_json_add_text(asked, "enc", release->sent.enc, ok);
    kv_json_add_text(asked, "kid", kid, ok);
    if (release->sent.nonce != NULL) {
        kv_json_add_text(asked, "nonce", release->sent.nonce, ok);
    }
}

/* A vault tells data and immutable alone of the policy, and its version first (contract §11). */
static enum kv_code shorten_policy(cJSON *bundle, const struct release *release, struct kv_err *err)
{
    const struct kv_release_terms *terms = &release->key.release;
    kv_auto(kv_buf_done) struct kv_buf text;
    bool ok = true;
    cJSON *policy;

    kv_buf_init(&text, KV_RELEASE_POLICY_MAX);
    KV_TRY(kv_release_policy_print(terms->policy, &text, err));
    cJSON_DeleteItemFromObjectCaseSensitive(bundle, "release_policy");
    policy = kv_json_add_object(bundle, "release_policy", &ok);
    kv_json_add_base64url(policy, "data", text.data, text.len, &ok);
    kv_json_add_bool(policy, "immutable", terms->immutable, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* A managed HSM calls the key by the type that is none of an HSM (contract §11: seen of RSA). */
static enum kv_code rename_type(cJSON *jwk, enum kv_family family, struct kv_err *err)
{
    static const enum kv_kty types[] = {
        [KV_FAMILY_RSA] = KV_KTY_RSA,
        [KV_FAMILY_EC] = KV_KTY_EC,
        [KV_FAMILY_OCT] = KV_KTY_OCT,
    };
    cJSON *kty = cJSON_CreateString(kv_kty_row(types[family])->name);

    if (kty == NULL || !cJSON_ReplaceItemInObjectCaseSensitive(jwk, "kty", kty)) {
        cJSON_Delete(kty);
        return KV_OUT_OF_MEMORY(err);
    }
    return KV_OK;
}

static enum kv_code make_payload(const struct kv_request *request, const struct release *release,
                                 cJSON *payload, struct kv_err *err)
{
    bool ok = true;
    cJSON *bundle;
    cJSON *jwk;

    add_request(payload, request, release, &ok);
    bundle = kv_json_add_object(kv_json_add_object(payload, "response", &ok), "key", &ok);
    add_bundle(bundle, request, &release->key, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    jwk = cJSON_GetObjectItemCaseSensitive(bundle, "key");
    KV_TRY(add_key_hsm(jwk, request, release, err));
    if (!is_pool(request)) {
        return shorten_policy(bundle, release, err);
    }
    KV_TRY(rename_type(jwk, release->key.material.family, err));
    kv_json_sort(payload); /* contract §4.3 */
    return KV_OK;
}

static enum kv_code respond(const struct kv_request *request, const struct release *release,
                            struct kv_response *response, struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(cJSON_Delete) cJSON *header = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *payload = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf text;
    bool ok = true;

    kv_buf_init(&text, TEXT_MAX);
    KV_TRY(statement_add_signer(&scope, KV_STATEMENT_RELEASE, header, err));
    KV_TRY(make_payload(request, release, payload, err));
    KV_TRY(statement_sign(&scope, KV_STATEMENT_RELEASE, header, payload, &text, err));
    kv_json_add_text(body, "value", text.data, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

/* The environment has attested itself. */
static enum kv_code let_go(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    struct release *release = request->state;
    const struct kv_material target = attested_material(&release->attested);

    KV_TRY(
        kv_key_release(&scope, &release->key, &target, release->sent.enc, &release->released, err));
    return respond(request, release, response, err);
}

enum kv_code key_release(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    struct release *release = calloc(1, sizeof(*release));

    if (release == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    request->state = release;
    request->state_free = release_free;
    KV_TRY(kv_request_json(request, &release->body, err));
    KV_TRY(parse(release->body, &release->sent, err));
    KV_TRY(kv_key_find_released(&scope, kv_request_capture(request, "name"),
                                kv_request_capture(request, "version"), &release->key, err));
    release->attested = (struct attested){
        .policy = release->key.release.policy,
        .attestation = release->sent.target,
        .then = let_go,
    };
    return attested_judge(request, response, err);
}
