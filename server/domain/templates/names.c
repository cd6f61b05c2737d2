/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <stdlib.h>
#include <strings.h>

static size_t fill(struct template_name *names, const cJSON *definitions)
{
    const cJSON *definition;
    size_t count = 0;

    cJSON_ArrayForEach (definition, definitions) {
        if (cJSON_IsArray(definition) && strcasecmp(definition->string, "copy") == 0) {
            continue;
        }
        names[count++] =
            (struct template_name){ .name = definition->string, .definition = definition };
    }
    return count;
}

/* Those that the list `copy` among the variables makes. */
static enum kv_code fill_loops(struct template_names *names, struct kv_err *err)
{
    const cJSON *copy, *loops = template_member(names->template->variables, "copy");

    if (!cJSON_IsArray(loops)) {
        return KV_OK;
    }
    cJSON_ArrayForEach (copy, loops) {
        const char *name = template_member_text(copy, "name");

        if (name == NULL) {
            return template_invalid(err, "A copy loop of the variables has no name");
        }
        names->variable[names->variable_count++] =
            (struct template_name){ .name = name, .definition = copy };
    }
    return KV_OK;
}

static enum kv_code evaluate_variables(struct template_eval *eval, struct kv_err *err)
{
    struct template_names *names = eval->names;

    for (size_t i = 0; i < names->variable_count; i++) {
        KV_TRY(template_resolve_variable(eval, &names->variable[i], err));
    }
    return KV_OK;
}

enum kv_code template_names_init(struct template_names *names, const cJSON *parameters,
                                 struct template_budget *budget, struct kv_err *err)
{
    struct template_eval eval = { .tools = names->tools,
                                  .world = names->world,
                                  .scope = names->scope,
                                  .names = names,
                                  .budget = budget };

    names->parameter = calloc(KV_TEMPLATE_PARAMETERS_MAX, sizeof(*names->parameter));
    names->variable = calloc(KV_TEMPLATE_VARIABLES_MAX, sizeof(*names->variable));
    if (names->parameter == NULL || names->variable == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    names->parameter_count = fill(names->parameter, names->template->parameters);
    names->variable_count = fill(names->variable, names->template->variables);
    KV_TRY(fill_loops(names, err));
    KV_TRY(template_bind_parameters(&eval, parameters, err));
    return evaluate_variables(&eval, err);
}

static void names_free(struct template_name *names, size_t count)
{
    for (size_t i = 0; names != NULL && i < count; i++) {
        cJSON_Delete(names[i].value);
    }
    free(names);
}

void template_names_done(struct template_names *names)
{
    names_free(names->parameter, names->parameter_count);
    names_free(names->variable, names->variable_count);
    *names = (struct template_names){ .parameter = NULL };
}
