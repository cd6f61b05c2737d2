/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <strings.h>

struct template_name *template_name_find(struct template_name *names, size_t count,
                                         const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(names[i].name, name) == 0) {
            return &names[i];
        }
    }
    return NULL;
}

/* What a name's own expressions are evaluated in: nothing of who asks but the budget. */
struct template_eval template_name_eval(const struct template_eval *eval, unsigned may)
{
    struct template_names *names = eval->names;

    return (struct template_eval){ .tools = eval->tools,
                                   .world = eval->world,
                                   .scope = eval->scope,
                                   .names = names,
                                   .may = may,
                                   .is_literal = names->is_literal,
                                   .budget = eval->budget };
}

/* Evaluates `definition` for a name; whether a secret went into it is kept beside the value. */
enum kv_code template_name_settle(struct template_eval *eval, struct template_name *name,
                                  const cJSON *definition, struct kv_err *err)
{
    bool had_secret = eval->budget->has_secret;
    enum kv_code code;

    name->state = TEMPLATE_BUSY;
    eval->budget->has_secret = false;
    code = template_evaluate_tree(eval, definition, &name->value, err);
    name->has_secret |= eval->budget->has_secret;
    eval->budget->has_secret |= had_secret;
    name->state = code == KV_OK ? TEMPLATE_DONE : TEMPLATE_NEW;
    return code;
}

enum kv_code template_name_yield(struct template_eval *eval, const struct template_name *name,
                                 struct template_value *ret_value)
{
    eval->budget->has_secret |= name->has_secret;
    *ret_value = template_lend(name->value);
    return KV_OK;
}
