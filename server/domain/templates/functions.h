/* SPDX-License-Identifier: Apache-2.0 */
/* functions.h - the functions of the language (control-plane.md §3.3): function.def has a row each. */
#pragma once

#include "eval.h"

#define X(name, least, most, types, needs, fn) extern template_fn fn;
#include "function.def"
#undef X

/* The row of a function, without regard to case; any list...() has one. NULL: there is none. */
const struct template_function *template_find_function(const char *name);

extern template_fn template_fn_list;
