/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval.h - what expressions are evaluated in, and the evaluator.
 *
 * It knows no function by name: the table of functions, and what belongs to the template and to its
 * resources, it is given (struct template_tools), so that functions can evaluate in turn.
 * Belongs to one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/templates/templates.h"
#include "syntax.h"
#include "value.h"

struct template_eval;
struct template_call;

typedef enum kv_code template_fn(struct template_eval *eval, const struct template_call *call,
                                 struct template_value *ret_value, struct kv_err *err);

/* What is not allowed everywhere: of a function what it needs, of a place what it offers. */
enum template_right {
    TEMPLATE_MAY_RUN = 1,       /* reference(), list(): what is there once something is deployed */
    TEMPLATE_MAY_VARIABLES = 2, /* variables() */
    TEMPLATE_MAY_NEW = 4,       /* newGuid(), utcNow(): only in defaults of parameters */
    TEMPLATE_MAY_DESCRIBE = 8,  /* resourceGroup() and the like */
};

#define TEMPLATE_ARGUMENTS_ANY 255 /* no upper limit */

/*
 * A row of the table of functions. `types` has a letter for each argument, the last one for those
 * that follow: s text, i integer, b boolean, a array, o object, n text or integer, c text or array,
 * l text, array or object, t array or object, v anything. "" of a lazy one, whose arguments it
 * evaluates itself.
 */
struct template_function {
    const char *name;
    unsigned char least, most;
    const char *types;
    unsigned needs; /* of enum template_right */
    template_fn *fn;
};

/* A call. */
struct template_call {
    const struct template_function *row;
    const struct template_node *node;
    struct template_value *args; /* those of a lazy one are none; a function may take them */
    size_t count;
};

/* A copy loop around, innermost first. */
struct template_loop {
    const char *name;
    size_t index;
    bool is_resource; /* what copyIndex() without a name means */
    const struct template_loop *outer;
};

/* A variable of a lambda, innermost first. */
struct template_local {
    const char *name;
    const cJSON *value;
    const struct template_local *outer;
};

/* What functions ask for that is not of the language itself. */
struct template_tools {
    /* a row of the table; NULL: there is no such function */
    const struct template_function *(*find_function)(const char *name);
    /* parameters('name'), variables('name'): lent for as long as the template's names are there */
    template_fn *parameter, *variable;
    /* space.name(...), a function of the template's own */
    template_fn *user_function;
    /* reference(), references(), list...(), resourceInfo() */
    template_fn *reference, *references, *list, *resource_info;
};

struct template_eval {
    const struct template_tools *tools;
    const struct kv_template_world *world;
    const struct kv_template_scope *scope;
    void *names; /* the template's: names.h */
    void *graph; /* its resources: plan.h; NULL before there are any */
    const struct template_loop *loop;
    const struct template_local *local;
    unsigned may;    /* of enum template_right */
    bool is_literal; /* nothing is an expression */
    bool is_preview; /* what needs TEMPLATE_MAY_RUN stays as it is written */
    struct template_budget *budget;
};

/* A node of an expression. */
enum kv_code template_evaluate(struct template_eval *eval, const struct template_node *node,
                               struct template_value *ret_value, struct kv_err *err) kv_must_check;

/* A text: what its expression yields, or the text itself. */
enum kv_code template_evaluate_text(struct template_eval *eval, const cJSON *text,
                                    struct template_value *ret_value,
                                    struct kv_err *err) kv_must_check;

/* The argument of a lazy function. */
static inline enum kv_code template_argument(struct template_eval *eval,
                                             const struct template_call *call, size_t index,
                                             struct template_value *ret_value, struct kv_err *err)
{
    return template_evaluate(eval, call->node->parts[index], ret_value, err);
}

/* Arguments of the others, whose types were checked. */
static inline const char *template_text(const struct template_call *call, size_t index)
{
    return call->args[index].json->valuestring;
}
static inline int64_t template_integer(const struct template_call *call, size_t index)
{
    return (int64_t) call->args[index].json->valuedouble;
}

/* Yields an argument as the result. */
static inline enum kv_code template_pass(const struct template_call *call, size_t index,
                                         struct template_value *ret_value)
{
    *ret_value = call->args[index];
    call->args[index] = (struct template_value){ NULL, NULL };
    return KV_OK;
}

/* Refuses an argument: "The template language function 'f' ..."; `format` goes on from there. */
#define TEMPLATE_REFUSE(err, call, format, ...)                                                    \
    KV_FAIL((err), KV_INVALID_TEMPLATE, 0, "The template language function '%s' " format,          \
            (call)->row->name, ##__VA_ARGS__)

/*
 * A tree of a template with everything in it evaluated: texts, names of members, and the copy loops
 * of objects. *ret_tree is new.
 */
enum kv_code template_evaluate_tree(struct template_eval *eval, const cJSON *tree, cJSON **ret_tree,
                                    struct kv_err *err) kv_must_check;

/* How often a copy loop goes round: its `count`, evaluated. */
enum kv_code template_copy_count(struct template_eval *eval, const cJSON *copy, size_t *ret_count,
                                 struct kv_err *err) kv_must_check;

/* A list of what `input` is in each round of a loop of that name. */
enum kv_code template_evaluate_copy(struct template_eval *eval, const char *name, const cJSON *copy,
                                    cJSON **ret_list, struct kv_err *err) kv_must_check;

/* Whether an argument has the type of a letter of `types`, and what to call that. */
bool template_has_type(const cJSON *value, char letter);
const char *template_type_said(char letter);

/* The element of an array; NULL if it has none. Charged. */
enum kv_code template_element(struct template_budget *budget, const cJSON *array, int64_t index,
                              const cJSON **ret_element, struct kv_err *err) kv_must_check;
