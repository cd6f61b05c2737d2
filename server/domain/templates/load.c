/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a template: which members it has, of what type, and how many. */
#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "types.h"

enum form { FORM_ANY, FORM_TEXT, FORM_OBJECT, FORM_ARRAY, FORM_REFUSED };

struct member {
    const char *name;
    enum form form;
};

static const struct member template_members[] = {
    { "$schema", FORM_TEXT },           { "contentVersion", FORM_TEXT },
    { "languageVersion", FORM_TEXT },   { "parameters", FORM_OBJECT },
    { "variables", FORM_OBJECT },       { "functions", FORM_ARRAY },
    { "resources", FORM_ANY },          { "outputs", FORM_OBJECT },
    { "definitions", FORM_OBJECT },     { "metadata", FORM_ANY },
    { "apiProfile", FORM_REFUSED },     { "imports", FORM_REFUSED },
    { "extensions", FORM_REFUSED },     { "asserts", FORM_REFUSED },
    { "rules", FORM_REFUSED },          { "externalInputDefinitions", FORM_REFUSED },
    { "externalInputs", FORM_REFUSED },
};

#define TYPE_MEMBERS                                                                               \
    { "type", FORM_TEXT }, { "$ref", FORM_TEXT }, { "metadata", FORM_ANY },                        \
        { "allowedValues", FORM_ARRAY }, { "minValue", FORM_ANY }, { "maxValue", FORM_ANY },       \
        { "minLength", FORM_ANY }, { "maxLength", FORM_ANY }, { "nullable", FORM_ANY },            \
        { "items", FORM_ANY }, { "prefixItems", FORM_ARRAY }, { "properties", FORM_OBJECT },       \
        { "additionalProperties", FORM_ANY }, { "discriminator", FORM_OBJECT },                    \
        { "sealed", FORM_ANY }, { "pattern", FORM_REFUSED },                                       \
    {                                                                                              \
        "validate", FORM_REFUSED                                                                   \
    }

static const struct member parameter_members[] = { TYPE_MEMBERS, { "defaultValue", FORM_ANY } };
static const struct member definition_members[] = { TYPE_MEMBERS };
static const struct member output_members[] = {
    TYPE_MEMBERS, { "value", FORM_ANY }, { "condition", FORM_ANY }, { "copy", FORM_OBJECT }
};

/* `existing`, `import` and the like have a meaning with symbols only, and stand for themselves. */
static const struct member resource_members[] = {
    { "type", FORM_TEXT },
    { "apiVersion", FORM_TEXT },
    { "name", FORM_TEXT },
    { "location", FORM_ANY },
    { "tags", FORM_ANY },
    { "properties", FORM_ANY },
    { "dependsOn", FORM_ARRAY },
    { "comments", FORM_ANY },
    { "copy", FORM_OBJECT },
    { "condition", FORM_ANY },
    { "scope", FORM_TEXT },
    { "resources", FORM_ARRAY },
    { "sku", FORM_ANY },
    { "kind", FORM_ANY },
    { "plan", FORM_ANY },
    { "identity", FORM_ANY },
    { "zones", FORM_ANY },
    { "managedBy", FORM_ANY },
    { "managedByExtended", FORM_ANY },
    { "extendedLocation", FORM_ANY },
    { "placement", FORM_ANY },
    { "etag", FORM_ANY },
    { "scale", FORM_ANY },
    { "subscriptionId", FORM_TEXT },
    { "resourceGroup", FORM_TEXT },
    { "metadata", FORM_ANY },
    { "existing", FORM_ANY },
    { "asserts", FORM_REFUSED },
    { "import", FORM_REFUSED },
    { "extension", FORM_REFUSED },
};

static const char *const schemas[] = {
    "deploymentTemplate.json#",
    "subscriptionDeploymentTemplate.json#",
    "managementGroupDeploymentTemplate.json#",
    "tenantDeploymentTemplate.json#",
};

static const char *const languages[] = { "1.0", "1.9-experimental", "2.0" };

#define HAS_SYMBOLS_FROM 1 /* of languages[] */

static bool has_form(const cJSON *value, enum form form)
{
    switch (form) {
    case FORM_ANY:
    case FORM_REFUSED:
        return true;
    case FORM_TEXT:
        return cJSON_IsString(value);
    case FORM_OBJECT:
        return cJSON_IsObject(value);
    case FORM_ARRAY:
        return cJSON_IsArray(value);
    }
    return false;
}

static enum kv_code check_member(const cJSON *member, const struct member *members, size_t count,
                                 const char *kind, struct kv_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(members[i].name, member->string) != 0) {
            continue;
        }
        if (members[i].form == FORM_REFUSED) {
            return template_invalid(err, "'%s' of a %s at " TEMPLATE_PLACE " is not supported",
                                    members[i].name, kind, TEMPLATE_PLACE_OF(member));
        }
        if (has_form(member, members[i].form) || cJSON_IsNull(member)) {
            return KV_OK;
        }
        return KV_FAIL(
            err, KV_INVALID_TEMPLATE, 0,
            "Deployment template parse failed: 'The member '%s' of a %s at " TEMPLATE_PLACE
            " has the wrong type.'.",
            member->string, kind, TEMPLATE_PLACE_OF(member));
    }
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "Deployment template parse failed: 'Could not find member '%.200s' on object of "
                   "type '%s'. Path '%.200s', line %u, position %u.'.",
                   member->string, kind, member->string, TEMPLATE_PLACE_OF(member));
}

static enum kv_code check_members(const cJSON *object, const struct member *members, size_t count,
                                  const char *kind, struct kv_err *err)
{
    const cJSON *member;

    if (!cJSON_IsObject(object)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "Deployment template parse failed: 'A %s must be an object.'.", kind);
    }
    cJSON_ArrayForEach (member, object) {
        KV_TRY(check_member(member, members, count, kind, err));
    }
    return KV_OK;
}

static enum kv_code refuse_missing(const cJSON *object, const char *name, struct kv_err *err)
{
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "Deployment template parse failed: 'Required property '%s' not found in JSON. "
                   "Path '', line %u, position %u.'.",
                   name, TEMPLATE_PLACE_OF(object));
}

/* All of an object, or a list, of things of one kind. */
static enum kv_code check_all(const cJSON *things, size_t most, const struct member *members,
                              size_t count, const char *kind, struct kv_err *err)
{
    const cJSON *thing;
    size_t there = (size_t) cJSON_GetArraySize(things);

    if (there > most) {
        return template_invalid(err,
                                "The number of template %ss limit exceeded. Limit: '%zu' and "
                                "actual: '%zu'. Please see https://aka.ms/arm-template-limits for "
                                "usage details",
                                kind, most, there);
    }
    cJSON_ArrayForEach (thing, things) {
        KV_TRY(check_members(thing, members, count, kind, err));
    }
    return KV_OK;
}

static enum kv_code check_schema(const cJSON *tree, struct kv_err *err)
{
    const char *schema = template_member_text(tree, "$schema");

    if (schema == NULL) {
        return refuse_missing(tree, "$schema", err);
    }
    const char *name = strrchr(schema, '/');
    for (size_t i = 0; i < KV_COUNT(schemas); i++) {
        if (name != NULL && strncasecmp(name + 1, schemas[i], strlen(schemas[i]) - 1) == 0) {
            return KV_OK;
        }
    }
    return template_invalid(err,
                            "Template schema '%.200s' is not supported. Supported versions are "
                            "'2014-04-01-preview,2015-01-01,2018-05-01,2019-04-01,2019-08-01'. "
                            "Please see https://aka.ms/arm-template for usage details",
                            schema);
}

static enum kv_code check_version(const cJSON *tree, struct kv_err *err)
{
    const char *version = template_member_text(tree, "contentVersion");

    if (version == NULL) {
        return refuse_missing(tree, "contentVersion", err);
    }
    if (version[0] == '\0' || version[strspn(version, "0123456789.")] != '\0') {
        return KV_FAIL(
            err, KV_INVALID_TEMPLATE, 0,
            "Deployment template parse failed: 'Error converting value \"%.100s\" to type "
            "'System.Version'. Path 'contentVersion', line %u, position %u.'.",
            version, TEMPLATE_PLACE_OF(template_member(tree, "contentVersion")));
    }
    return KV_OK;
}

static enum kv_code read_language(struct kv_template *template, struct kv_err *err)
{
    const char *said = template_member_text(template->tree, "languageVersion");

    for (size_t i = 0; i < KV_COUNT(languages); i++) {
        if (strcmp(said != NULL ? said : languages[0], languages[i]) == 0) {
            template->has_symbols = i >= HAS_SYMBOLS_FROM;
            return KV_OK;
        }
    }
    return template_invalid(err, "The languageVersion '%.100s' is not supported", said);
}

/* Children may have children. */
static enum kv_code check_resources(const cJSON *resources, struct kv_err *err)
{
    const cJSON *resource;

    KV_TRY(check_all(resources, KV_TEMPLATE_RESOURCES_MAX, resource_members,
                     KV_COUNT(resource_members), "resource", err));
    cJSON_ArrayForEach (resource, resources) {
        KV_TRY(check_resources(template_member(resource, "resources"), err));
    }
    return KV_OK;
}

static enum kv_code read_resources(struct kv_template *template, struct kv_err *err)
{
    const cJSON *resources = template_member(template->tree, "resources");
    bool fits = template->has_symbols ? cJSON_IsObject(resources) : cJSON_IsArray(resources);

    /* with symbols, an empty list is one of no resources */
    if (template->has_symbols && cJSON_IsArray(resources) && resources->child == NULL) {
        return KV_OK;
    }
    if (resources == NULL) {
        return refuse_missing(template->tree, "resources", err);
    }
    if (!fits) {
        return template_invalid(err,
                                "The resources of a template must be %s with its languageVersion",
                                template->has_symbols ? "an object" : "an array");
    }
    template->resources = resources;
    return check_resources(resources, err);
}

static const cJSON *find_filled(const cJSON *tree, const char *name)
{
    const cJSON *part = template_member(tree, name);

    return part != NULL && part->child != NULL ? part : NULL;
}

/* Variables may have a `copy`, a list that makes more of them. */
static enum kv_code check_variables(const struct kv_template *template, struct kv_err *err)
{
    const cJSON *copy = template_member(template->variables, "copy");
    size_t made = cJSON_IsArray(copy) ? (size_t) cJSON_GetArraySize(copy) : 0;
    size_t count = (size_t) cJSON_GetArraySize(template->variables) + made;

    if (count > KV_TEMPLATE_VARIABLES_MAX) {
        return template_invalid(err,
                                "The number of template variables limit exceeded. Limit: '%d' and "
                                "actual: '%zu'. Please see https://aka.ms/arm-template-limits for "
                                "usage details",
                                KV_TEMPLATE_VARIABLES_MAX, count);
    }
    return KV_OK;
}

static enum kv_code read_parts(struct kv_template *template, struct kv_err *err)
{
    const cJSON *tree = template->tree;
    bool refers = false;

    template->parameters = find_filled(tree, "parameters");
    template->variables = find_filled(tree, "variables");
    template->outputs = find_filled(tree, "outputs");
    template->definitions = find_filled(tree, "definitions");
    template->has_secure_types = template_has_secure_part(template->definitions, &refers);
    template->functions = find_filled(tree, "functions");
    KV_TRY(check_all(template->parameters, KV_TEMPLATE_PARAMETERS_MAX, parameter_members,
                     KV_COUNT(parameter_members), "parameter", err));
    KV_TRY(check_all(template->definitions, KV_TEMPLATE_PARAMETERS_MAX, definition_members,
                     KV_COUNT(definition_members), "definition", err));
    KV_TRY(check_all(template->outputs, KV_TEMPLATE_OUTPUTS_MAX, output_members,
                     KV_COUNT(output_members), "output", err));
    KV_TRY(check_variables(template, err));
    KV_TRY(template_check_functions(template, err));
    return read_resources(template, err);
}

void kv_template_free(struct kv_template *template)
{
    if (template != NULL) {
        cJSON_Delete(template->tree);
        free(template);
    }
}

static enum kv_code read(struct kv_template *template, const cJSON *tree, struct kv_err *err)
{
    KV_TRY(check_members(tree, template_members, KV_COUNT(template_members), "Template", err));
    KV_TRY(check_schema(tree, err));
    KV_TRY(check_version(tree, err));
    template->tree = cJSON_Duplicate(tree, true);
    if (template->tree == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(read_language(template, err));
    return read_parts(template, err);
}

enum kv_code kv_template_new(const cJSON *tree, struct kv_template **ret_template,
                             struct kv_err *err)
{
    kv_auto(kv_template_free) struct kv_template *template = calloc(1, sizeof(*template));

    if (template == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(template_mend(err, read(template, tree, err)));
    *ret_template = kv_take(template);
    return KV_OK;
}
