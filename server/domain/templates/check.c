/* SPDX-License-Identifier: Apache-2.0 */
/* Values, held against their definitions. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <unistr.h>

#include "kv/base/json.h"
#include "types.h"

#define PATH_SIZE 256
#define USAGE "Please see https://aka.ms/arm-syntax-parameters for usage details"

/* What is checked: where in the whole value we are, and whether it may be shown. */
struct check {
    const struct kv_template *template;
    struct template_budget *budget;
    const char *path; /* "settings.names[1]" */
    bool is_secure;
};

static enum kv_code check_any(const struct check *check, const cJSON *definition,
                              const cJSON *value, unsigned references, struct kv_err *err);

static enum kv_code refuse(const struct check *check, struct kv_err *err, const char *reason,
                           double limit)
{
    return template_invalid(err,
                            "The provided value for the template parameter '%s' is not valid. "
                            "%s '%.15g'. " USAGE,
                            check->path, reason, limit);
}

static bool is_type_of(const cJSON *value, enum template_type type)
{
    int64_t number;

    switch (type) {
    case TEMPLATE_STRING:
    case TEMPLATE_SECURE_STRING:
        return cJSON_IsString(value);
    case TEMPLATE_INT:
        return template_is_integer(value, &number);
    case TEMPLATE_BOOL:
        return cJSON_IsBool(value);
    case TEMPLATE_OBJECT:
    case TEMPLATE_SECURE_OBJECT:
        return cJSON_IsObject(value);
    case TEMPLATE_ARRAY:
        return cJSON_IsArray(value);
    case TEMPLATE_TYPE_COUNT:
        break;
    }
    return false;
}

static const struct {
    const char *member, *reason;
    bool is_length, is_least;
} limits[] = {
    { "minLength", "Length of the value should be greater than or equal to", true, true },
    { "maxLength", "Length of the value should be less than or equal to", true, false },
    { "minValue", "The value should be greater than or equal to", false, true },
    { "maxValue", "The value should be less than or equal to", false, false },
};

/* What a limit measures; false when it means nothing for such a value. */
static bool measure(const cJSON *value, bool is_length, double *ret_size)
{
    if (!is_length && cJSON_IsNumber(value)) {
        *ret_size = value->valuedouble;
        return true;
    }
    if (is_length && cJSON_IsString(value)) {
        *ret_size =
            (double) u8_mbsnlen((const uint8_t *) value->valuestring, strlen(value->valuestring));
        return true;
    }
    *ret_size = cJSON_GetArraySize(value);
    return is_length && cJSON_IsArray(value);
}

static enum kv_code check_limits(const struct check *check, const cJSON *definition,
                                 const cJSON *value, struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(limits); i++) {
        const cJSON *limit = template_member(definition, limits[i].member);
        double size;

        if (limit == NULL || !measure(value, limits[i].is_length, &size)) {
            continue;
        }
        if (!cJSON_IsNumber(limit)) {
            return template_invalid(err, "'%s' of the template parameter '%s' is not a number",
                                    limits[i].member, check->path);
        }
        if (limits[i].is_least ? size < limit->valuedouble : size > limit->valuedouble) {
            return refuse(check, err, limits[i].reason, limit->valuedouble);
        }
    }
    return KV_OK;
}

static enum kv_code is_among(const struct check *check, const cJSON *list, const cJSON *value,
                             bool *ret_among, struct kv_err *err)
{
    const cJSON *allowed;

    *ret_among = false;
    cJSON_ArrayForEach (allowed, list) {
        KV_TRY(template_equal(check->budget, allowed, value, ret_among, err));
        *ret_among |= cJSON_IsString(allowed) && cJSON_IsString(value)
                      && strcasecmp(allowed->valuestring, value->valuestring) == 0;
        if (*ret_among) {
            return KV_OK;
        }
    }
    return KV_OK;
}

static enum kv_code print_list(const struct check *check, const cJSON *list, struct kv_buf *buf,
                               struct kv_err *err)
{
    const cJSON *one;

    cJSON_ArrayForEach (one, list) {
        KV_TRY(kv_buf_append(buf, ",", buf->len > 0, err));
        KV_TRY(template_print(check->budget, one, buf, err));
    }
    return KV_OK;
}

static enum kv_code refuse_allowed(const struct check *check, const cJSON *definition,
                                   const cJSON *value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf allowed = { 0 };
    kv_auto(kv_buf_done) struct kv_buf said = { 0 };

    kv_buf_init(&allowed, KV_TEMPLATE_SIZE_MAX);
    kv_buf_init(&said, KV_TEMPLATE_SIZE_MAX);
    KV_TRY(print_list(check, template_member(definition, "allowedValues"), &allowed, err));
    if (!check->is_secure) {
        KV_TRY(template_print(check->budget, value, &said, err));
    }
    return template_invalid(
        err,
        "The provided value '%.200s' for the template parameter '%s' at " TEMPLATE_PLACE
        " is not valid. The parameter value is not part of the allowed "
        "value(s): '%.400s'",
        said.len > 0 ? said.data : "", check->path, TEMPLATE_PLACE_OF(definition),
        allowed.len > 0 ? allowed.data : "");
}

/* A list must be among them, or be made of them. */
static enum kv_code check_allowed(const struct check *check, const cJSON *definition,
                                  const cJSON *value, struct kv_err *err)
{
    const cJSON *list = template_member(definition, "allowedValues");
    const cJSON *element;
    bool is_fine = true;

    if (list == NULL) {
        return KV_OK;
    }
    KV_TRY(is_among(check, list, value, &is_fine, err));
    if (!is_fine && cJSON_IsArray(value)) {
        is_fine = true;
        cJSON_ArrayForEach (element, value) {
            bool is_one = false;

            KV_TRY(is_among(check, list, element, &is_one, err));
            is_fine = is_fine && is_one;
        }
    }
    return is_fine ? KV_OK : refuse_allowed(check, definition, value, err);
}

/* ---- Lists and objects --------------------------------------------------------------------- */

static enum kv_code check_part(const struct check *check, const cJSON *definition,
                               const cJSON *value, const char *path, struct kv_err *err)
{
    struct check inner = *check;

    inner.path = path;
    return check_any(&inner, definition, value, 0, err);
}

static enum kv_code check_elements(const struct check *check, const cJSON *definition,
                                   const cJSON *value, struct kv_err *err)
{
    const cJSON *prefix = template_member(definition, "prefixItems");
    const cJSON *items = template_member(definition, "items");
    const cJSON *element, *place = prefix != NULL ? prefix->child : NULL;
    int index = 0;

    cJSON_ArrayForEach (element, value) {
        const cJSON *type = place != NULL ? place : items;

        if (cJSON_IsFalse(type)) {
            return refuse(check, err, "The number of its elements should be at most", index);
        }
        if (cJSON_IsObject(type)) {
            char path[PATH_SIZE];

            (void) snprintf(path, sizeof(path), "%s[%d]", check->path, index);
            KV_TRY(check_part(check, type, element, path, err));
        }
        place = place != NULL ? place->next : NULL;
        index++;
    }
    if (place != NULL) {
        return refuse(check, err, "The number of its elements should be at least",
                      cJSON_GetArraySize(prefix));
    }
    return KV_OK;
}

static enum kv_code check_member(const struct check *check, const cJSON *definition,
                                 const cJSON *member, struct kv_err *err)
{
    const cJSON *properties = template_member(definition, "properties");
    const cJSON *more = template_member(definition, "additionalProperties");
    const cJSON *discriminator = template_member(definition, "discriminator");
    const cJSON *type = template_member(properties, member->string);

    type = type != NULL ? type : more;
    if (cJSON_IsObject(type)) {
        char path[PATH_SIZE];

        (void) snprintf(path, sizeof(path), "%s.%s", check->path, member->string);
        return check_part(check, type, member, path, err);
    }
    if (cJSON_IsFalse(type) && discriminator == NULL) {
        return template_invalid(err,
                                "The provided value for the template parameter '%s' is not valid. "
                                "The property '%.200s' is not allowed. " USAGE,
                                check->path, member->string);
    }
    return KV_OK;
}

/* Members that a value must have, and has not. */
static enum kv_code check_missing(const struct check *check, const cJSON *definition,
                                  const cJSON *value, struct kv_err *err)
{
    const cJSON *property;

    size_t each = 1 + (size_t) cJSON_GetArraySize(value);

    cJSON_ArrayForEach (property, template_member(definition, "properties")) {
        struct template_definition type;

        KV_TRY(template_work(check->budget, each, err));
        if (template_member(value, property->string) != NULL) {
            continue;
        }
        KV_TRY(template_read_type(check->template, property, "definition", property->string, &type,
                                  err));
        if (!type.is_nullable) {
            return template_invalid(err,
                                    "The provided value for the template parameter '%s' is not "
                                    "valid. The property '%.200s' is required. " USAGE,
                                    check->path, property->string);
        }
    }
    return KV_OK;
}

/* The definition that the value of one member picks. */
static enum kv_code check_variant(const struct check *check, const cJSON *definition,
                                  const cJSON *value, unsigned references, struct kv_err *err)
{
    const cJSON *discriminator = template_member(definition, "discriminator");
    const char *name = template_member_text(discriminator, "propertyName");
    const char *picked = name != NULL ? template_member_text(value, name) : NULL;
    const cJSON *mapping = template_member(discriminator, "mapping");
    const cJSON *variant =
        picked != NULL ? cJSON_GetObjectItemCaseSensitive(mapping, picked) : NULL;

    if (discriminator == NULL) {
        return KV_OK;
    }
    if (variant == NULL) {
        return template_invalid(err,
                                "The provided value for the template parameter '%s' is not valid. "
                                "Its property '%.200s' picks none of its types. " USAGE,
                                check->path, name != NULL ? name : "");
    }
    return check_any(check, variant, value, references + 1, err);
}

static enum kv_code check_object(const struct check *check, const cJSON *definition,
                                 const cJSON *value, unsigned references, struct kv_err *err)
{
    size_t each = 8 + (size_t) cJSON_GetArraySize(template_member(definition, "properties"));
    const cJSON *member;

    KV_TRY(check_missing(check, definition, value, err));
    cJSON_ArrayForEach (member, value) {
        KV_TRY(template_work(check->budget, each, err));
        KV_TRY(check_member(check, definition, member, err));
    }
    return check_variant(check, definition, value, references, err);
}

static enum kv_code check_any(const struct check *check, const cJSON *definition,
                              const cJSON *value, unsigned references, struct kv_err *err)
{
    struct template_definition type;
    const cJSON *next = template_follow_type(check->template, definition);
    struct check inner = *check;

    KV_TRY(template_work(check->budget, 1, err));
    KV_TRY(template_read_type(check->template, definition, "parameter", check->path, &type, err));
    if (references > TEMPLATE_REFERENCES_MAX || (cJSON_IsNull(value) && type.is_nullable)) {
        return KV_OK;
    }
    inner.is_secure = check->is_secure || template_type_is_secure(type.type);
    if (!is_type_of(value, type.type)) {
        return template_invalid(err,
                                "The provided value for the template parameter '%s' is not valid. "
                                "Expected a value of type '%s', but received a value of type '%s'. "
                                "Please see https://aka.ms/arm-create-parameter-file for usage "
                                "details",
                                check->path, template_type_expected(type.type),
                                template_type_of(value));
    }
    KV_TRY(check_allowed(&inner, definition, value, err));
    KV_TRY(check_limits(&inner, definition, value, err));
    if (cJSON_IsArray(value)) {
        KV_TRY(check_elements(&inner, definition, value, err));
    }
    if (cJSON_IsObject(value)) {
        KV_TRY(check_object(&inner, definition, value, references, err));
    }
    return next != NULL ? check_any(&inner, next, value, references + 1, err) : KV_OK;
}

enum kv_code template_check_value(const struct kv_template *template, const cJSON *definition,
                                  const char *name, const cJSON *value, bool is_secure,
                                  struct template_budget *budget, struct kv_err *err)
{
    const struct check check = {
        .template = template, .budget = budget, .path = name, .is_secure = is_secure
    };

    return check_any(&check, definition, value, 0, err);
}
