/* SPDX-License-Identifier: Apache-2.0 */
/* encrypt, decrypt, wrapKey, unwrapKey: contract §8. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base64.h"
#include "private.h"

struct sent_operation {
    const char *alg, *value;
};

/* A missing, an empty and an unknown alg get the same line (contract §4.6, §19 row 8). */
static enum kv_code parse_alg(const char *name, enum kv_alg *ret_alg, struct kv_err *err)
{
    if (name == NULL || !kv_alg_find(name, ret_alg)) {
        return fail_property(err);
    }
    return KV_OK;
}

static enum kv_code parse_value(const char *text, char **ret_bytes, size_t *ret_len,
                                struct kv_err *err)
{
    if (text == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Property 'value' is required.\r\n");
    }

    kv_auto(kv_wipe_free) char *bytes = malloc(KV_BASE64URL_BYTES(strlen(text)) + 1);

    if (bytes == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (!kv_base64url_decode(text, strlen(text), bytes, ret_len)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Content of 'value' is not base64url.\r\nProperty 'value' is required.\r\n");
    }
    *ret_bytes = kv_take(bytes);
    return KV_OK;
}

/* A managed HSM names the algorithm, too: contract §8. */
static enum kv_code respond_result(const struct kv_request *request, enum kv_alg alg,
                                   const struct kv_key_result *result, struct kv_response *response,
                                   struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char kid[1024];

    snprintf(kid, sizeof(kid), "https://%s/keys/%s/%s", request->authority, result->name,
             result->version);
    if (kv_call_of(request)->vault->kind == KV_MANAGED_HSM) {
        kv_json_add_text(body, "alg", kv_alg_row(alg)->name, &ok);
    }
    kv_json_add_text(body, "kid", kid, &ok);
    kv_json_add_base64url(body, "value", result->value.bytes, result->value.len, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

static enum kv_code operate(struct kv_request *request, struct kv_response *response,
                            enum kv_key_op op, struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_operation, alg, "alg", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_operation, value, "value", KV_JSON_STRING),
    };
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    kv_auto(kv_key_result_done) struct kv_key_result result = { .version = "" };
    kv_auto(kv_wipe_free) char *value = NULL;
    struct sent_operation sent = { .alg = NULL };
    struct kv_key_operate_args args = { .op = op };

    KV_TRY(body_parse(request, &body, err));
    KV_TRY(kv_json_bind(body, fields, KV_COUNT(fields), &sent, err));
    KV_TRY(parse_alg(sent.alg, &args.alg, err));
    KV_TRY(parse_value(sent.value, &value, &args.len, err));
    args.value = value;
    KV_TRY(kv_key_operate(&scope, kv_request_capture(request, "name"),
                          kv_request_capture(request, "version"), &args, &result, err));
    return respond_result(request, args.alg, &result, response, err);
}

enum kv_code key_encrypt(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    return operate(request, response, KV_OP_ENCRYPT, err);
}

enum kv_code key_decrypt(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    return operate(request, response, KV_OP_DECRYPT, err);
}

enum kv_code key_wrap(struct kv_request *request, struct kv_response *response, struct kv_err *err)
{
    return operate(request, response, KV_OP_WRAP, err);
}

enum kv_code key_unwrap(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    return operate(request, response, KV_OP_UNWRAP, err);
}
