/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals in the words of each endpoint: control-plane.md §5.3 of IMDS and Arc, §5.4 of App Service. */
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

bool token_is_of_app_service(const struct kv_request *request)
{
    return request->segments > 0 && strcasecmp(request->segment[0], "msi") == 0;
}

static enum kv_code render_app_service(const struct kv_request *request, int status,
                                       const char *message, struct kv_response *response,
                                       struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_int(body, "statusCode", status, &ok);
    kv_json_add_text(body, "message", message, &ok);
    kv_json_add_text(body, "correlationId", request->id, &ok);
    return kv_response_json(response, status, ok ? body : NULL, err);
}

static enum kv_code render_oauth(int status, const char *word, const char *description,
                                 struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_text(body, "error", word, &ok);
    kv_json_add_text(body, "error_description", description, &ok);
    return kv_response_json(response, status, ok ? body : NULL, err);
}

enum kv_code token_render_refusal(const struct kv_request *request, int status, const char *word,
                                  const char *description, struct kv_response *response,
                                  struct kv_err *err)
{
    return token_is_of_app_service(request)
               ? render_app_service(request, status, description, response, err)
               : render_oauth(status, word, description, response, err);
}
