/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.h - the body of a token request: application/x-www-form-urlencoded, taken apart.
 *
 * Owns the text that its members point into, which is wiped: forms hold secrets and assertions.
 * Belongs to one thread at a time.
 */
#pragma once

#include <stddef.h>

#include "kv/base/err.h"
#include "kv/http/request.h"

#define FORM_MAX 65536 /* bytes of a body */
#define FORM_PARAMETERS_MAX 64

struct form {
    char *text;
    size_t len; /* of the body */
    struct kv_pair parameter[FORM_PARAMETERS_MAX];
    size_t count;
};

/*
 * KV_BAD_PARAMETER, with the service's words (aadsts.def): 9002313 for more than there may be, for a
 * % without two hex digits, and for control characters but line breaks and tabs, or broken UTF-8,
 * encoded or not; 9000411 for a name that is there twice (RFC 6749 §3.2), in whatever case. The body
 * need not be NUL-terminated. *ret_form is written on success only and released by form_done(),
 * which also accepts a zeroed one.
 */
enum kv_code form_parse(const char *body, size_t len, struct form *ret_form,
                        struct kv_err *err) kv_must_check;
void form_done(struct form *form);
KV_DEFINE_CLEANUP_VALUE(struct form, form_done)

/* The value of that name, in any case; NULL if there is none, or if it is empty (RFC 6749 §3.2). */
const char *form_find(const struct form *form, const char *name);

/* Decodes a text in place, + to a blank: what a parameter's name and value are decoded by, and the
 * two halves of HTTP Basic (RFC 6749 §2.3.1). False for what form_parse() refuses. */
bool form_decode(char *text) kv_must_check;
