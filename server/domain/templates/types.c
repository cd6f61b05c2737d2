/* SPDX-License-Identifier: Apache-2.0 */
#include "types.h"

#include <string.h>
#include <strings.h>

#define REFERENCE "#/definitions/"

static const struct {
    const char *name, *shown;
    const char *expected; /* for messages */
    bool is_secure;
} types[TEMPLATE_TYPE_COUNT] = {
    [TEMPLATE_STRING] = { "string", "String", "String, Uri", false },
    [TEMPLATE_SECURE_STRING] = { "securestring", "SecureString", "String, Uri", true },
    [TEMPLATE_INT] = { "int", "Int", "Integer", false },
    [TEMPLATE_BOOL] = { "bool", "Bool", "Boolean", false },
    [TEMPLATE_OBJECT] = { "object", "Object", "Object", false },
    [TEMPLATE_SECURE_OBJECT] = { "secureobject", "SecureObject", "Object", true },
    [TEMPLATE_ARRAY] = { "array", "Array", "Array", false },
};

const char *template_type_shown(enum template_type type)
{
    return types[type].shown;
}

bool template_type_is_secure(enum template_type type)
{
    return types[type].is_secure;
}

static bool find_type(const char *name, enum template_type *ret_type)
{
    for (size_t i = 0; i < TEMPLATE_TYPE_COUNT; i++) {
        if (strcasecmp(types[i].name, name) == 0) {
            *ret_type = (enum template_type) i;
            return true;
        }
    }
    return false;
}

/* As deep as a template may be: the parser has seen to that. */
bool template_has_secure_part(const cJSON *definition, bool *ret_refers)
{
    const cJSON *member;
    enum template_type type;

    cJSON_ArrayForEach (member, definition) {
        const char *name = member->string != NULL ? member->string : "";
        const char *text = cJSON_IsString(member) ? member->valuestring : "";

        *ret_refers |= strcasecmp(name, "$ref") == 0;
        if ((strcasecmp(name, "type") == 0 && find_type(text, &type)
             && template_type_is_secure(type))
            || template_has_secure_part(member, ret_refers)) {
            return true;
        }
    }
    return false;
}

bool template_is_secret(const struct kv_template *template, const cJSON *definition)
{
    bool refers = false;

    return template_has_secure_part(definition, &refers) || (refers && template->has_secure_types);
}

bool kv_template_hides(const struct kv_template *template, const char *parameter)
{
    const cJSON *definition = template_member(template->parameters, parameter);

    return definition == NULL || template_is_secret(template, definition);
}

/* One step along $ref; NULL when there is none, or what it names is missing. */
const cJSON *template_follow_type(const struct kv_template *template, const cJSON *definition)
{
    const char *reference = template_member_text(definition, "$ref");

    if (reference == NULL || strncmp(reference, REFERENCE, strlen(REFERENCE)) != 0) {
        return NULL;
    }
    return template_member(template->definitions, reference + strlen(REFERENCE));
}

enum kv_code template_read_type(const struct kv_template *template, const cJSON *definition,
                                const char *kind, const char *name,
                                struct template_definition *ret_type, struct kv_err *err)
{
    struct template_definition read = { TEMPLATE_STRING, false };
    const cJSON *at = definition;

    for (unsigned i = 0; i <= TEMPLATE_REFERENCES_MAX && at != NULL;
         i++, at = template_follow_type(template, at)) {
        const char *type = template_member_text(at, "type");

        read.is_nullable |= cJSON_IsTrue(template_member(at, "nullable"));
        if (type != NULL && find_type(type, &read.type)) {
            *ret_type = read;
            return KV_OK;
        }
        if (type != NULL) {
            return template_invalid(err,
                                    "The template %s '%.200s' at " TEMPLATE_PLACE
                                    " has the type '%.100s', which is none",
                                    kind, name, TEMPLATE_PLACE_OF(definition), type);
        }
    }
    return template_invalid(err, "The template %s '%.200s' at " TEMPLATE_PLACE " has no type", kind,
                            name, TEMPLATE_PLACE_OF(definition));
}

const char *template_type_expected(enum template_type type)
{
    return types[type].expected;
}
