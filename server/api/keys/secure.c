/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secureWrapKey and secureUnwrapKey of a managed HSM: contract §6.11. The first makes a symmetric
 * key that nobody sees, the second hands it to an environment that attests itself, as a release
 * hands over a key. What is not established (§18 row 31): any alg but RSA-OAEP-256, which is all
 * that is taken, and what `enc` and `nonce` mean, which are not looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "kv/base/base64.h"
#include "private.h"

#define ALG "RSA-OAEP-256"

struct sent_secure {
    const char *alg, *target, *value;
};

/* The request's state. */
struct secure {
    struct attested attested;
    cJSON *body;
    struct sent_secure sent; /* points into the body */
    struct kv_buf value;
    struct kv_key key;
};

static void secure_free(void *state)
{
    struct secure *secure = state;

    kv_key_done(&secure->key);
    kv_buf_done(&secure->value);
    cJSON_Delete(secure->body);
    free(secure);
}

static enum kv_code begin(struct kv_request *request, struct secure **ret_secure,
                          struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_secure, alg, "alg", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_secure, target, "target", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_secure, value, "value", KV_JSON_STRING),
    };
    struct secure *secure = calloc(1, sizeof(*secure));

    if (secure == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    request->state = secure;
    request->state_free = secure_free;
    kv_buf_init(&secure->value, KV_BODY_MAX);
    KV_TRY(kv_request_json(request, &secure->body, err));
    KV_TRY(kv_json_bind(secure->body, fields, KV_COUNT(fields), &secure->sent, err));
    if (secure->sent.alg == NULL || strcmp(secure->sent.alg, ALG) != 0) {
        return fail_property(err);
    }
    *ret_secure = secure;
    return KV_OK;
}

static enum kv_code find_key(const struct kv_request *request, enum kv_key_op op,
                             struct secure *secure, struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);

    return kv_key_find_secure(&scope, kv_request_capture(request, "name"),
                              kv_request_capture(request, "version"), op, &secure->key, err);
}

static enum kv_code respond(const struct kv_request *request, const struct secure *secure,
                            const struct kv_sealed *sealed, struct kv_response *response,
                            struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char kid[KEY_URL_SIZE];

    key_url(request, "keys", secure->key.name, secure->key.version, kid);
    kv_json_add_text(body, "alg", ALG, &ok);
    kv_json_add_text(body, "kid", kid, &ok);
    kv_json_add_base64url(body, "value", sealed->bytes, sealed->len, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code key_secure_wrap(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    struct secure *secure = NULL;
    struct kv_sealed sealed;

    KV_TRY(begin(request, &secure, err));
    KV_TRY(find_key(request, KV_OP_SECURE_WRAP, secure, err));
    KV_TRY(kv_key_secure_wrap(&scope, &secure->key, &sealed, err));
    return respond(request, secure, &sealed, response, err);
}

static enum kv_code parse_value(struct secure *secure, struct kv_err *err)
{
    const char *text = secure->sent.value;
    enum kv_code code;

    if (text == NULL || secure->sent.target == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Property '%s' is required.\r\n",
                       text == NULL ? "value" : "target");
    }
    code = kv_base64_parse(text, strlen(text), &secure->value, err);
    if (code == KV_BAD_PARAMETER) {
        return KV_FAIL(err, code, 0,
                       "Content of 'value' is not base64url.\r\nProperty 'value' is required.\r\n");
    }
    return code;
}

/* The environment has attested itself. */
static enum kv_code hand_over(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    const struct secure *secure = request->state;
    const struct kv_bytes value = { secure->value.data, secure->value.len };
    const struct kv_material target = attested_material(&secure->attested);
    struct kv_sealed sealed;

    KV_TRY(kv_key_secure_unwrap(&scope, &secure->key, &value, &target, &sealed, err));
    return respond(request, secure, &sealed, response, err);
}

enum kv_code key_secure_unwrap(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    struct secure *secure = NULL;

    KV_TRY(begin(request, &secure, err));
    KV_TRY(parse_value(secure, err));
    KV_TRY(find_key(request, KV_OP_SECURE_UNWRAP, secure, err));
    if (secure->key.release.policy == NULL) { /* there is no authority that it trusts */
        return KV_REFUSE(err, KV_TEXT_RELEASE_DENIED, 0);
    }
    secure->attested = (struct attested){
        .policy = secure->key.release.policy,
        .attestation = secure->sent.target,
        .then = hand_over,
    };
    return attested_judge(request, response, err);
}
