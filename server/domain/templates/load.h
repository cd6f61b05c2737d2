/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - templates as they were read: the parts, borrowed from the tree.
 *
 * Never changes.
 */
#pragma once

#include "kv/templates/templates.h"

struct kv_template {
    cJSON *tree;
    bool has_symbols;                                            /* languageVersion 2.0 */
    const cJSON *parameters, *variables, *outputs, *definitions; /* objects; NULL: none */
    const cJSON *functions;                                      /* a list; NULL: none */
    bool has_secure_types;                                       /* among the definitions */
    const cJSON *resources; /* a list, or with symbols an object; NULL: none */
};

/* Checks its functions; part of kv_template_new(). */
enum kv_code template_check_functions(const struct kv_template *template,
                                      struct kv_err *err) kv_must_check;

/* Copies a text whose strings are known to end, with quotes around the names of members that have
 * none. `out` NULL: counts only. Ends after a token once `until` bytes are written; `ret_read` is how
 * far in the text that was. Gives the bytes written, of which there is no NUL. */
size_t template_quote_names(const char *text, size_t len, char *out, size_t until,
                            size_t *ret_read);

/* A member of one object, without regard to case; NULL: there is none. */
const cJSON *template_member(const cJSON *object, const char *name);

/* Its text, or NULL. */
const char *template_member_text(const cJSON *object, const char *name);

/* Says a refusal as the service says those of a template: "Deployment template validation failed:
 * ... .'."; the text has no period at its end. */
enum kv_code template_invalid(struct kv_err *err, const char *format, ...) kv_must_check
    kv_printf(2, 3);

/* Puts what an expression was refused for, which is in `err`, into the sentence about the place:
 * "The template variable 'a' is not valid: ...". What is no refusal of a template stays as it is.
 * `is_secret`: the reason is left out, since it may tell a secure value. */
enum kv_code template_invalid_at(struct kv_err *err, enum kv_code code, bool is_secret,
                                 const char *format, ...) kv_must_check kv_printf(4, 5);

/* Mends what is left of characters that were cut in two where a text quotes the beginning of another.
 * Passes `code` on. */
enum kv_code template_mend(struct kv_err *err, enum kv_code code) kv_must_check;

/* Names the linked file that a refusal is about; "": it is about none. */
enum kv_code template_name_link(const char *link, enum kv_code code,
                                struct kv_err *err) kv_must_check;

/* "line '3' and column '9'" of a value, for these texts. */
#define TEMPLATE_PLACE "line '%u' and column '%u'"
#define TEMPLATE_PLACE_OF(value)                                                                   \
    kv_template_place_of(value).line, kv_template_place_of(value).column
