/* SPDX-License-Identifier: Apache-2.0 */
/* The gate that holds requests to the service's limits: contract §13. */
#include <stdio.h>
#include <string.h>

#include "kv/base/json.h"
#include "kv/limits/limits.h"
#include "private.h"

#define KTY_SIZE 16 /* every wire name is shorter; a longer one is none */

struct sent_key {
    const char *kty;
    const cJSON *key;
    struct kv_maybe_bool hsm;
};

/*
 * The type that a body of create or import names (contract §6.1, §6.2), where an import can ask for
 * the HSM beside it. False when it names none: such a request is refused a moment later.
 */
static bool find_sent_kty(const cJSON *body, char ret_kty[KTY_SIZE])
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_key, kty, "kty", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_key, key, "key", KV_JSON_OBJECT),
        KV_JSON_FIELD(struct sent_key, hsm, "Hsm", KV_JSON_BOOL),
    };
    struct sent_key sent = { .kty = NULL };

    if (kv_json_bind(body, fields, KV_COUNT(fields), &sent, NULL) != KV_OK
        || (sent.key != NULL && kv_json_bind(sent.key, fields, 1, &sent, NULL) != KV_OK)
        || sent.kty == NULL) {
        return false;
    }
    bool is_plain = !sent.hsm.value || strstr(sent.kty, "-HSM") != NULL;

    return snprintf(ret_kty, KTY_SIZE, "%s%s", sent.kty, is_plain ? "" : "-HSM") < KTY_SIZE;
}

static enum kv_code take_for_new_key(struct kv_request *request, int64_t vault, struct kv_err *err)
{
    struct kv_transaction transaction = { .makes_key = true };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    char kty[KTY_SIZE];

    if (kv_json_parse(request->body.data, request->body.len, &body, NULL) == KV_OK
        && find_sent_kty(body, kty)) {
        transaction.kty = kty;
    }
    return kv_limits_take(request->app->limits, vault, &transaction, request->now, err);
}

/* If a key cannot be loaded, the handler reports the reason. */
static enum kv_code take_for_known_key(struct kv_request *request, int64_t vault,
                                       struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    const char *name = kv_request_capture(request, "name");
    const char *version = kv_request_capture(request, "version");
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    struct kv_transaction transaction = { .makes_key = false };

    if (name != NULL && kv_key_get(&scope, name, version, &key, NULL) == KV_OK) {
        transaction.kty = kv_kty_row(key.kty)->name;
        transaction.bits = key.material.bits;
    }
    return kv_limits_take(request->app->limits, vault, &transaction, request->now, err);
}

enum kv_code gate_throttle(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    const struct kv_vault *vault = kv_call_of(request)->vault;

    (void) response;
    /* A managed HSM has no limits but its own capacity (contract §12). */
    if (request->app->limits == NULL || vault->kind == KV_MANAGED_HSM) {
        return KV_OK;
    }
    return kv_terms_of(request->route)->makes_key ? take_for_new_key(request, vault->id, err)
                                                  : take_for_known_key(request, vault->id, err);
}
