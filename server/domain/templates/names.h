/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h - what a template calls by name: parameters, variables, functions of its own. They are
 * evaluated when they are first asked for, and kept.
 *
 * Belongs to its plan, and to one thread at a time.
 */
#pragma once

#include "eval.h"
#include "load.h"

enum template_state { TEMPLATE_NEW, TEMPLATE_BUSY, TEMPLATE_DONE };

struct template_name {
    const char *name; /* borrowed */
    const cJSON *definition;
    cJSON *value; /* once it is done */
    enum template_state state;
    bool has_secret;
};

struct template_names {
    const struct kv_template *template;
    const struct template_tools *tools;
    const struct kv_template_world *world;
    const struct kv_template_scope *scope;
    struct template_name *parameter, *variable;
    size_t parameter_count, variable_count;
    bool is_literal;
};

/* Binds the parameters, with all that is wrong with them, and evaluates the variables. */
enum kv_code template_names_init(struct template_names *names, const cJSON *parameters,
                                 struct template_budget *budget, struct kv_err *err) kv_must_check;
void template_names_done(struct template_names *names);

template_fn template_parameter, template_variable, template_user_function;

/* ---- What they are made of ----------------------------------------------------------------- */

struct template_name *template_name_find(struct template_name *names, size_t count,
                                         const char *name);

/* What a name's own expressions are evaluated in: nothing of who asks but the budget. */
struct template_eval template_name_eval(const struct template_eval *eval, unsigned may);

/* Evaluates `definition` for a name; whether a secret went into it is kept beside the value. */
enum kv_code template_name_settle(struct template_eval *eval, struct template_name *name,
                                  const cJSON *definition, struct kv_err *err) kv_must_check;

/* The value of one that is settled. */
enum kv_code template_name_yield(struct template_eval *eval, const struct template_name *name,
                                 struct template_value *ret_value) kv_must_check;

/* Those that are given, and defaults for the others. */
enum kv_code template_bind_parameters(struct template_eval *eval, const cJSON *given,
                                      struct kv_err *err) kv_must_check;
enum kv_code template_resolve_variable(struct template_eval *eval, struct template_name *name,
                                       struct kv_err *err) kv_must_check;
