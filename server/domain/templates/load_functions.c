/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that a template defines: their form, and what they may not call. */
#include <string.h>
#include <strings.h>

#include "load.h"
#include "syntax.h"

/* What a function of a template cannot see. */
static const char *const forbidden[] = { "variables", "reference", "references", "newGuid",
                                         "utcNow" };

static bool is_forbidden(const struct template_node *node)
{
    if (node->kind != TEMPLATE_NODE_CALL || node->space != NULL) {
        return false;
    }
    for (size_t i = 0; i < KV_COUNT(forbidden); i++) {
        if (strcasecmp(node->name, forbidden[i]) == 0) {
            return true;
        }
    }
    return strncasecmp(node->name, "list", strlen("list")) == 0;
}

/* The first such call in an expression; NULL when there is none. */
static const char *find_forbidden(const struct template_node *node)
{
    const char *found = is_forbidden(node) ? node->name : NULL;

    for (size_t i = 0; i < node->count && found == NULL; i++) {
        found = find_forbidden(node->parts[i]);
    }
    return found;
}

static enum kv_code check_text(const cJSON *function, const cJSON *output, const char *text,
                               struct kv_err *err)
{
    kv_auto(template_node_free) struct template_node *node = NULL;
    const char *call;

    if (!template_is_expression(text)) {
        return KV_OK;
    }
    KV_TRY(template_invalid_at(err, template_read_expression(text, &node, err), false,
                               "The template function '%.200s' at " TEMPLATE_PLACE,
                               function->string, TEMPLATE_PLACE_OF(output)));
    call = find_forbidden(node);
    if (call == NULL) {
        return KV_OK;
    }
    return template_invalid(err,
                            "The template function '%.200s' at " TEMPLATE_PLACE
                            " is not valid. These function calls are not supported in a function "
                            "definition: '%s'. Please see https://aka.ms/arm-template/#functions "
                            "for usage details",
                            function->string, TEMPLATE_PLACE_OF(output), call);
}

static enum kv_code check_value(const cJSON *function, const cJSON *output, const cJSON *value,
                                struct kv_err *err)
{
    const cJSON *child;

    if (cJSON_IsString(value)) {
        return check_text(function, output, value->valuestring, err);
    }
    cJSON_ArrayForEach (child, value) {
        KV_TRY(check_text(function, output, child->string != NULL ? child->string : "", err));
        KV_TRY(check_value(function, output, child, err));
    }
    return KV_OK;
}

static enum kv_code refuse_form(const cJSON *function, const char *reason, struct kv_err *err)
{
    return template_invalid(err, "The template function '%.200s' at " TEMPLATE_PLACE " %s",
                            function->string != NULL ? function->string : "",
                            TEMPLATE_PLACE_OF(function), reason);
}

static enum kv_code check_function(const cJSON *function, struct kv_err *err)
{
    const cJSON *parameters = template_member(function, "parameters");
    const cJSON *output = template_member(function, "output"), *parameter;

    if (parameters != NULL && !cJSON_IsArray(parameters)) {
        return refuse_form(function, "has parameters that are no list", err);
    }
    cJSON_ArrayForEach (parameter, parameters) {
        if (template_member_text(parameter, "name") == NULL) {
            return refuse_form(function, "has a parameter without a name", err);
        }
    }
    if (template_member(output, "value") == NULL) {
        return refuse_form(function, "has no output with a value", err);
    }
    return check_value(function, output, template_member(output, "value"), err);
}

enum kv_code template_check_functions(const struct kv_template *template, struct kv_err *err)
{
    const cJSON *space, *function;

    cJSON_ArrayForEach (space, template->functions) {
        const cJSON *members = template_member(space, "members");

        if (template_member_text(space, "namespace") == NULL || !cJSON_IsObject(members)) {
            return refuse_form(space, "must have a 'namespace' and 'members'", err);
        }
        cJSON_ArrayForEach (function, members) {
            KV_TRY(check_function(function, err));
        }
    }
    return KV_OK;
}
