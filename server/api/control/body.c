/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of the control API. */
#include <stdio.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define NAMES_SIZE 256

static void list_names(const struct kv_json_field *fields, size_t count, char ret_names[NAMES_SIZE])
{
    size_t used = 0;

    ret_names[0] = '\0';
    for (size_t i = 0; i < count && used < NAMES_SIZE; i++) {
        used += (size_t) snprintf(ret_names + used, NAMES_SIZE - used, "%s%s", i > 0 ? ", " : "",
                                  fields[i].name);
    }
}

static enum kv_code check_is_known(const char *name, const struct kv_json_field *fields,
                                   size_t count, struct kv_err *err)
{
    char names[NAMES_SIZE];

    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return KV_OK;
        }
    }
    list_names(fields, count, names);
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "'%.63s' is not a member of this body: it can have %s.", name, names);
}

enum kv_code control_read_body(const struct kv_request *request, const struct kv_json_field *fields,
                               size_t count, void *ret_args, cJSON **ret_body, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    const cJSON *member;

    if (kv_json_parse(request->body.data, request->body.len, &body, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The body is not a JSON object.");
    }
    cJSON_ArrayForEach (member, body) {
        KV_TRY(check_is_known(member->string, fields, count, err));
    }
    for (size_t i = 0; i < count; i++) {
        if (kv_json_bind(body, &fields[i], 1, ret_args, NULL) != KV_OK) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' has a value of the wrong type.",
                           fields[i].name);
        }
    }
    *ret_body = kv_take(body);
    return KV_OK;
}
