/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a command to the control port. */
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define MEMBERS_MAX 64 /* no command has as many */

/* Of two values one would be ignored, and nobody can tell which was meant. */
static enum kv_code refuse_twice(const cJSON *body, struct kv_err *err)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, body) {
        for (const cJSON *other = member->next; other != NULL; other = other->next) {
            if (strcmp(member->string, other->string) == 0) {
                return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.64s' is given twice.", member->string);
            }
        }
    }
    return KV_OK;
}

enum kv_code control_read_body(const struct kv_request *request, cJSON **ret_body,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    if (kv_json_parse(request->body.data, request->body.len, &body, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The body is not a JSON object.");
    }
    if (cJSON_GetArraySize(body) > MEMBERS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The body has more than %d members.", MEMBERS_MAX);
    }
    KV_TRY(refuse_twice(body, err));
    *ret_body = kv_take(body);
    return KV_OK;
}
