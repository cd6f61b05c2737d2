/* SPDX-License-Identifier: Apache-2.0 */
/* Members of bodies, with their names in any case; null says nothing, as in the service. */
#include <stdio.h>
#include <string.h>

#include "private.h"

enum kv_code keyvault_missing(const char *name, struct kv_err *err)
{
    return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "The property \"%.64s\" is missing.", name);
}

enum kv_code keyvault_invalid(const char *name, struct kv_err *err)
{
    return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "The property \"%.64s\" has an invalid value.",
                   name);
}

enum kv_code keyvault_reword(enum kv_code code, struct kv_err *err)
{
    char message[sizeof(err->message)];

    if (code != KV_BAD_PARAMETER || err == NULL) {
        return code;
    }
    (void) snprintf(message, sizeof(message), "%s", err->message);
    return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "%s", message);
}

/* NULL: it is not given. */
static const cJSON *find(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItem(object, name);

    return cJSON_IsNull(member) ? NULL : member;
}

enum kv_code keyvault_text(const cJSON *object, const char *name, const char **ret_text,
                           struct kv_err *err)
{
    const cJSON *member = find(object, name);

    if (member == NULL) {
        return KV_OK;
    }
    if (!cJSON_IsString(member)) {
        return keyvault_invalid(name, err);
    }
    *ret_text = member->valuestring;
    return KV_OK;
}

enum kv_code keyvault_flag(const cJSON *object, const char *name, struct kv_maybe_bool *ret_flag,
                           struct kv_err *err)
{
    const cJSON *member = find(object, name);

    if (member == NULL) {
        return KV_OK;
    }
    if (!cJSON_IsBool(member)) {
        return keyvault_invalid(name, err);
    }
    *ret_flag = (struct kv_maybe_bool){ .given = true, .value = cJSON_IsTrue(member) };
    return KV_OK;
}

enum kv_code keyvault_number(const cJSON *object, const char *name, struct kv_maybe_int *ret_number,
                             struct kv_err *err)
{
    const cJSON *member = find(object, name);

    if (member == NULL) {
        return KV_OK;
    }
    if (!kv_json_is_int(member, &ret_number->value)) {
        return keyvault_invalid(name, err);
    }
    ret_number->given = true;
    return KV_OK;
}

enum kv_code keyvault_object(const cJSON *object, const char *name, const cJSON **ret_object,
                             struct kv_err *err)
{
    const cJSON *member = find(object, name);

    if (member != NULL && !cJSON_IsObject(member)) {
        return keyvault_invalid(name, err);
    }
    *ret_object = member != NULL ? member : *ret_object;
    return KV_OK;
}

enum kv_code keyvault_array(const cJSON *object, const char *name, const cJSON **ret_array,
                            struct kv_err *err)
{
    const cJSON *member = find(object, name);

    if (member != NULL && !cJSON_IsArray(member)) {
        return keyvault_invalid(name, err);
    }
    *ret_array = member != NULL ? member : *ret_array;
    return KV_OK;
}
