/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading. cJSON is lenient where a client's text could hurt (control characters as blanks,
 * \u0000 that ends a text early, a thousand levels of recursion), so a scan goes before it.
 */
#include "kv/base/json.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "kv/base/secret.h"

#define WHOLE_NUMBER_MAX 9007199254740992.0 /* 2^53: beyond it doubles skip whole numbers */

void kv_json_setup(void)
{
    cJSON_Hooks hooks = { .malloc_fn = malloc, .free_fn = kv_wipe_free };

    cJSON_InitHooks(&hooks);
}

/* Goes from behind the opening quote to behind the closing one; NULL for what may not stand in a
 * string. */
static const char *skip_string(const char *at, const char *end)
{
    for (; at < end; at++) {
        if (*at == '"') {
            return at + 1;
        }
        if ((unsigned char) *at < 0x20) {
            return NULL;
        }
        if (*at == '\\') {
            at++;
            if (end - at >= 5 && strncmp(at, "u0000", 5) == 0) {
                return NULL;
            }
        }
    }
    return NULL;
}

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

/* True when strings are well delimited, nesting and number of values are bounded and no control
 * character is about. A value stands first in its object or array, or behind a comma. */
static bool is_harmless(const char *at, const char *end, unsigned values_max)
{
    unsigned depth = 0;
    unsigned values = 0;

    while (at != NULL && at < end) {
        char character = *at++;
        if (character == '"') {
            at = skip_string(at, end);
        } else if (character == '{' || character == '[') {
            if (++depth > KV_JSON_DEPTH_MAX || ++values > values_max) {
                return false;
            }
        } else if (character == ',') {
            if (++values > values_max) {
                return false;
            }
        } else if ((character == '}' || character == ']') && depth > 0) {
            depth--;
        } else if ((unsigned char) character < 0x20 && !is_blank(character)) {
            return false;
        }
    }
    return at != NULL;
}

static cJSON *parse_object(const char *text, size_t len)
{
    const char *end = text;
    kv_auto(cJSON_Delete) cJSON *tree = cJSON_ParseWithLengthOpts(text, len, &end, false);

    while (end < text + len && is_blank(*end)) {
        end++;
    }
    return cJSON_IsObject(tree) && end == text + len ? kv_take(tree) : NULL;
}

enum kv_code kv_json_parse_long(const char *text, size_t len, unsigned values_max,
                                cJSON **ret_object, struct kv_err *err)
{
    cJSON *object = NULL;

    if (len > 0 && u8_check((const uint8_t *) text, len) == NULL
        && is_harmless(text, text + len, values_max)) {
        object = parse_object(text, len);
    }
    if (object == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, KV_JSON_INVALID_PROPERTY);
    }
    *ret_object = object;
    return KV_OK;
}

enum kv_code kv_json_parse(const char *text, size_t len, cJSON **ret_object, struct kv_err *err)
{
    return kv_json_parse_long(text, len, KV_JSON_VALUES_MAX, ret_object, err);
}

static bool bind_bool(const cJSON *item, struct kv_maybe_bool *target)
{
    if (!cJSON_IsBool(item)) {
        return false;
    }
    *target = (struct kv_maybe_bool){ .given = true, .value = cJSON_IsTrue(item) };
    return true;
}

bool kv_json_is_int(const cJSON *item, int64_t *ret_number)
{
    double number = cJSON_IsNumber(item) ? item->valuedouble : NAN;

    /* the range comes first: beyond it the conversion is undefined */
    if (!(number >= -WHOLE_NUMBER_MAX && number <= WHOLE_NUMBER_MAX)
        || (double) (int64_t) number != number) {
        return false;
    }
    *ret_number = (int64_t) number;
    return true;
}

static bool bind_int(const cJSON *item, struct kv_maybe_int *target)
{
    target->given = kv_json_is_int(item, &target->value);
    return target->given;
}

static bool bind_date(const cJSON *item, struct kv_maybe_int *target)
{
    double number = item->valuedouble;

    if (!cJSON_IsNumber(item) || !(number >= -WHOLE_NUMBER_MAX && number <= WHOLE_NUMBER_MAX)) {
        return false;
    }
    *target = (struct kv_maybe_int){ .given = true, .value = (int64_t) number };
    return true;
}

static bool bind_tree(const cJSON *item, bool fits, const cJSON **target)
{
    if (fits) {
        *target = item;
    }
    return fits;
}

static bool bind_text(const cJSON *item, const char **target)
{
    if (!cJSON_IsString(item)) {
        return false;
    }
    *target = item->valuestring;
    return true;
}

static bool bind_item(const cJSON *item, enum kv_json_type type, void *target)
{
    switch (type) {
    case KV_JSON_STRING:
        return bind_text(item, target);
    case KV_JSON_BOOL:
        return bind_bool(item, target);
    case KV_JSON_INT:
        return bind_int(item, target);
    case KV_JSON_DATE:
        return bind_date(item, target);
    case KV_JSON_OBJECT:
        return bind_tree(item, cJSON_IsObject(item), target);
    case KV_JSON_ARRAY:
        return bind_tree(item, cJSON_IsArray(item), target);
    case KV_JSON_ANY:
        return bind_tree(item, true, target);
    }
    assert(!"a field has a type");
    return false;
}

enum kv_code kv_json_bind(const cJSON *object, const struct kv_json_field *fields, size_t count,
                          void *ret_args, struct kv_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, fields[i].name);
        void *target = (char *) ret_args + fields[i].offset;

        if (item == NULL || cJSON_IsNull(item)) {
            continue;
        }
        if (!bind_item(item, fields[i].type, target)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, KV_JSON_INVALID_PROPERTY);
        }
    }
    return KV_OK;
}
