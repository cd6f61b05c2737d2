/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/json.h"
#include "private.h"

enum kv_code token_render_refusal(int status, const char *word, const char *description,
                                  struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;

    kv_json_add_text(body, "error", word, &ok);
    kv_json_add_text(body, "error_description", description, &ok);
    return kv_response_json(response, status, ok ? body : NULL, err);
}
