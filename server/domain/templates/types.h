/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.h - types of parameters, outputs and arguments: the seven of the language, with limits, and
 * those that templates of languageVersion 2.0 define.
 */
#pragma once

#include "load.h"
#include "value.h"

enum template_type {
    TEMPLATE_STRING,
    TEMPLATE_SECURE_STRING,
    TEMPLATE_INT,
    TEMPLATE_BOOL,
    TEMPLATE_OBJECT,
    TEMPLATE_SECURE_OBJECT,
    TEMPLATE_ARRAY,
    TEMPLATE_TYPE_COUNT
};

/* "SecureString": as deployments show it. */
const char *template_type_shown(enum template_type type);
bool template_type_is_secure(enum template_type type);

/* Whether something in a definition is secure, as far as it is written there; *ret_refers: it refers to others. */
bool template_has_secure_part(const cJSON *definition, bool *ret_refers);
/* The same with what it refers to: when any of the template's definitions is secure, that is taken to be it. */
bool template_is_secret(const struct kv_template *template, const cJSON *definition);

const char *template_type_expected(enum template_type type); /* "String, Uri": for messages */

/* The definition that one refers to by $ref; NULL when it does not, or there is none of that name. */
#define TEMPLATE_REFERENCES_MAX 32 /* from one to the next */
const cJSON *template_follow_type(const struct kv_template *template, const cJSON *definition);

/* A type as it is written, with what it refers to. */
struct template_definition {
    enum template_type type;
    bool is_nullable;
};

/* Reads the definition of `kind` `name`, for messages. KV_INVALID_TEMPLATE. */
enum kv_code template_read_type(const struct kv_template *template, const cJSON *definition,
                                const char *kind, const char *name,
                                struct template_definition *ret_type,
                                struct kv_err *err) kv_must_check;

/* Holds a value against a definition, deep. One that `is_secure`, by its type or by what went into it,
 * is not in the text of a refusal. */
enum kv_code template_check_value(const struct kv_template *template, const cJSON *definition,
                                  const char *name, const cJSON *value, bool is_secure,
                                  struct template_budget *budget, struct kv_err *err) kv_must_check;
