/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for what goes wrong: docs/failures.md. */
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

static enum kv_code respond(struct kv_response *response, int status, cJSON *shown,
                            struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = shown;

    return kv_response_json(response, status, body, err);
}

/* A rule, or several; those who name a member twice are refused where the members are read. */
static enum kv_code read_rules(const struct kv_request *request, cJSON **ret_body,
                               struct kv_err *err)
{
    if (kv_json_parse(request->body.data, request->body.len, ret_body, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The body is not a JSON object.");
    }
    return KV_OK;
}

enum kv_code fault_list(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    cJSON *shown;

    KV_TRY(kv_faults_list(request->app->faults, &shown, err));
    return respond(response, 200, shown, err);
}

enum kv_code fault_add(struct kv_request *request, struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    cJSON *shown;

    KV_TRY(read_rules(request, &body, err));
    KV_TRY(kv_faults_add(request->app->faults, body, request->now, &shown, err));
    return respond(response, 201, shown, err);
}

/* All, or with ?vault=NAME those that are for this vault alone. */
enum kv_code fault_clear(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    const char *vault = kv_request_query(request, "vault");
    struct kv_vault_draft draft; /* to refuse what is no name */

    if (vault != NULL) {
        KV_TRY(kv_vault_draft_begin(&draft, vault, strlen(vault), err));
    }
    KV_TRY(kv_faults_clear(request->app->faults, vault, err));
    response->status = 204;
    return KV_OK;
}

enum kv_code fault_get(struct kv_request *request, struct kv_response *response, struct kv_err *err)
{
    cJSON *shown;

    KV_TRY(kv_faults_show(request->app->faults, kv_request_capture(request, "id"), &shown, err));
    return respond(response, 200, shown, err);
}

enum kv_code fault_change(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    cJSON *shown;

    KV_TRY(control_read_body(request, &body, err));
    KV_TRY(kv_faults_change(request->app->faults, kv_request_capture(request, "id"), body,
                            request->now, &shown, err));
    return respond(response, 200, shown, err);
}

enum kv_code fault_remove(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    KV_TRY(kv_faults_remove(request->app->faults, kv_request_capture(request, "id"), err));
    response->status = 204;
    return KV_OK;
}
