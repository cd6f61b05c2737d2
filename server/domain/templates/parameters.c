/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <stdio.h>
#include <strings.h>

#include "types.h"

#define NOT_FOUND                                                                                  \
    "The template parameter '%.200s' is not found. Please see "                                    \
    "https://aka.ms/arm-syntax-parameters for usage "                                              \
    "details."

static enum kv_code refuse_missing(const struct template_name *name, struct kv_err *err)
{
    return template_invalid(err,
                            "The value for the template parameter '%.200s' at " TEMPLATE_PLACE
                            " is not provided. Please see "
                            "https://aka.ms/arm-create-parameter-file for usage details",
                            name->name, TEMPLATE_PLACE_OF(name->definition));
}

static enum kv_code set_default(struct template_eval *eval, struct template_name *name,
                                bool is_nullable, struct kv_err *err)
{
    const cJSON *value = template_member(name->definition, "defaultValue");
    struct template_eval own = template_name_eval(eval, TEMPLATE_MAY_NEW | TEMPLATE_MAY_DESCRIBE);
    enum kv_code code;

    if (value == NULL && is_nullable) {
        name->state = TEMPLATE_DONE;
        name->value = cJSON_CreateNull();
        return name->value != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
    }
    if (value == NULL) {
        return refuse_missing(name, err);
    }
    code = template_name_settle(&own, name, value, err);
    return template_invalid_at(err, code, name->has_secret,
                               "The template parameter '%.200s' at " TEMPLATE_PLACE, name->name,
                               TEMPLATE_PLACE_OF(name->definition));
}

static enum kv_code resolve_parameter(struct template_eval *eval, struct template_name *name,
                                      struct kv_err *err)
{
    struct template_names *names = eval->names;
    struct template_definition type;

    if (name->state == TEMPLATE_BUSY) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "Circular dependency detected on parameter: '%.200s'", name->name);
    }
    if (name->state == TEMPLATE_DONE) {
        return KV_OK;
    }
    KV_TRY(
        template_read_type(names->template, name->definition, "parameter", name->name, &type, err));
    KV_TRY(set_default(eval, name, type.is_nullable, err));
    return template_check_value(names->template, name->definition, name->name, name->value,
                                name->has_secret, eval->budget, err);
}

enum kv_code template_parameter(struct template_eval *eval, const struct template_call *call,
                                struct template_value *ret_value, struct kv_err *err)
{
    struct template_names *names = eval->names;
    struct template_name *name =
        template_name_find(names->parameter, names->parameter_count, template_text(call, 0));

    if (name == NULL) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, NOT_FOUND, template_text(call, 0));
    }
    KV_TRY(resolve_parameter(eval, name, err));
    return template_name_yield(eval, name, ret_value);
}

/* The members of a parameter that is given. */
static enum kv_code check_form(const cJSON *parameter, const struct template_name *name,
                               struct kv_err *err)
{
    const cJSON *member;

    if (!cJSON_IsObject(parameter) || parameter->child == NULL) {
        return template_invalid(
            err, "The template parameter '%.200s' must be an object with a 'value'", name->name);
    }
    cJSON_ArrayForEach (member, parameter) {
        if (strcasecmp(member->string, "reference") == 0) {
            return template_invalid(err,
                                    "The 'reference' of the template parameter '%.200s' to a "
                                    "secret is not supported",
                                    name->name);
        }
        if (strcasecmp(member->string, "value") != 0
            && strcasecmp(member->string, "metadata") != 0) {
            return template_invalid(err,
                                    "Could not find member '%.200s' on the template parameter "
                                    "'%.200s'",
                                    member->string, name->name);
        }
    }
    return KV_OK;
}

/* The value that was given, if one was. */
static enum kv_code read_given(const cJSON *given, const struct template_name *name,
                               const cJSON **ret_value, struct kv_err *err)
{
    const cJSON *parameter = template_member(given, name->name);
    const cJSON *value = template_member(parameter, "value");

    *ret_value = NULL;
    if (parameter == NULL || cJSON_IsNull(parameter)) {
        return KV_OK;
    }
    KV_TRY(check_form(parameter, name, err));
    *ret_value = value != NULL && !cJSON_IsNull(value) ? value : NULL;
    return KV_OK;
}

static enum kv_code bind(struct template_eval *eval, const cJSON *given, struct template_name *name,
                         struct kv_err *err)
{
    struct template_names *names = eval->names;
    struct template_definition type;
    const cJSON *value = NULL;

    KV_TRY(
        template_read_type(names->template, name->definition, "parameter", name->name, &type, err));
    name->has_secret = template_is_secret(names->template, name->definition);
    KV_TRY(read_given(given, name, &value, err));
    if (value == NULL) {
        return KV_OK;
    }
    name->has_secret |= template_has_mark(value); /* of the deployment that this one is nested in */
    KV_TRY(template_check_value(names->template, name->definition, name->name, value,
                                name->has_secret, eval->budget, err));
    name->state = TEMPLATE_DONE;
    return template_copy(eval->budget, value, &name->value, err);
}

static void list_names(const struct template_names *names, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < names->parameter_count; i++) {
        int more =
            snprintf(text + len, size - len, "%s%s", i > 0 ? ", " : "", names->parameter[i].name);

        if (more < 0 || (size_t) more >= size - len) {
            return;
        }
        len += (size_t) more;
    }
}

static enum kv_code check_given(const struct template_names *names, const cJSON *given,
                                struct kv_err *err)
{
    char known[400];
    const cJSON *parameter;

    if (given != NULL && !cJSON_IsNull(given) && !cJSON_IsObject(given)) {
        return template_invalid(err, "The parameters must be an object");
    }
    cJSON_ArrayForEach (parameter, given) {
        if (template_name_find(names->parameter, names->parameter_count, parameter->string)
            != NULL) {
            continue;
        }
        list_names(names, known, sizeof(known));
        return template_invalid(err,
                                "The template parameters '%.200s' in the parameters file are not "
                                "valid; they are not present in the original template and can "
                                "therefore not be provided at deployment time. The only supported "
                                "parameters for this template are '%s'. Please see "
                                "https://aka.ms/arm-pass-parameter-values for usage details",
                                parameter->string, known);
    }
    return KV_OK;
}

enum kv_code template_bind_parameters(struct template_eval *eval, const cJSON *given,
                                      struct kv_err *err)
{
    struct template_names *names = eval->names;

    KV_TRY(check_given(names, given, err));
    for (size_t i = 0; i < names->parameter_count; i++) {
        KV_TRY(bind(eval, given, &names->parameter[i], err));
    }
    for (size_t i = 0; i < names->parameter_count; i++) {
        KV_TRY(resolve_parameter(eval, &names->parameter[i], err));
    }
    return KV_OK;
}
