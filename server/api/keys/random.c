/* SPDX-License-Identifier: Apache-2.0 */
/* rng: contract §6.9. */
#include "private.h"

struct sent_demand {
    struct kv_maybe_int count;
};

enum kv_code random_get(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_demand, count, "count", KV_JSON_INT),
    };
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(cJSON_Delete) cJSON *sent_body = NULL;
    kv_auto(kv_secret_done) struct kv_secret bytes = { .len = 0 };
    struct sent_demand sent = { .count = { .given = false } }; /* no count is none: 0 */

    KV_TRY(kv_request_json(request, &sent_body, err));
    KV_TRY(kv_json_bind(sent_body, fields, KV_COUNT(fields), &sent, err));
    KV_TRY(kv_keys_random(&scope, sent.count.value, &bytes, err));

    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();

    kv_json_add_base64url(body, "value", bytes.bytes, bytes.len, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}
