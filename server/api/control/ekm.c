/* SPDX-License-Identifier: Apache-2.0 */
/* The external key manager of the managed HSMs (contract §6.12): connected or not, and its keys. */
#include <string.h>

#include "kv/base/json.h"
#include "kv/keys/external.h"
#include "private.h"

static enum kv_code respond_state(const struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();

    kv_json_add_bool(body, "connected", kv_external_is_connected(request->app->keys), &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code external_show(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    return respond_state(request, response, err);
}

enum kv_code external_connect(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    const cJSON *connected;

    KV_TRY(control_read_body(request, &body, err));
    connected = cJSON_GetObjectItemCaseSensitive(body, "connected");
    if (!cJSON_IsBool(connected) || cJSON_GetArraySize(body) != 1) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Set connected to true or false.");
    }
    kv_external_connect(request->app->keys, cJSON_IsTrue(connected));
    return respond_state(request, response, err);
}

/* Types by the names that a managed HSM has for them. */
static bool find_type(const char *name, enum kv_kty *ret_kty)
{
    return name != NULL && kv_kty_find(name, ret_kty)
           && (*ret_kty == KV_KTY_RSA_HSM || *ret_kty == KV_KTY_OCT_HSM);
}

enum kv_code external_make(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    const char *id;
    enum kv_kty kty;

    KV_TRY(control_read_body(request, &body, err));
    id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "id"));
    if (id == NULL || cJSON_GetArraySize(body) != 2
        || !find_type(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "kty")), &kty)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Give id, and kty as RSA-HSM or oct-HSM.");
    }
    KV_TRY(kv_external_make(request->app->keys, id, kty, err));
    return kv_response_json(response, 200, body, err);
}
