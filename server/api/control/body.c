/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a command to the control port. */
#include <stdio.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define MEMBERS_MAX 64 /* no command has as many */
#define NAMES_SIZE 256

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

enum kv_code control_bind_object(const cJSON *object, const struct kv_json_field *fields,
                                 size_t count, void *ret_args, struct kv_err *err)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, object) {
        KV_TRY(check_is_known(member->string, fields, count, err));
    }
    KV_TRY(refuse_twice(object, err));
    for (size_t i = 0; i < count; i++) {
        if (kv_json_bind(object, &fields[i], 1, ret_args, NULL) != KV_OK) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' has a value of the wrong type.",
                           fields[i].name);
        }
    }
    return KV_OK;
}

enum kv_code control_bind_body(const struct kv_request *request, const struct kv_json_field *fields,
                               size_t count, void *ret_args, cJSON **ret_body, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    KV_TRY(control_read_body(request, &body, err));
    KV_TRY(control_bind_object(body, fields, count, ret_args, err));
    *ret_body = kv_take(body);
    return KV_OK;
}

enum kv_code control_refuse_members(const struct kv_request *request, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    if (request->body.len == 0) {
        return KV_OK;
    }
    KV_TRY(control_read_body(request, &body, err));
    return body->child == NULL
               ? KV_OK
               : KV_FAIL(err, KV_BAD_PARAMETER, 0,
                         "'%.63s' is not a member of this body: it has none.", body->child->string);
}
