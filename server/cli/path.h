/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path.h - paths and texts of the control port as commands need them. Private to the files beside
 * it.
 */
#pragma once

#include "cli.h"
#include "kv/base/buf.h"

/* Appends a text as one segment, or one value of a query; KV_BAD_PARAMETER for one that is longer
 * than any name. */
enum kv_code path_append(struct kv_buf *path, const char *text, struct kv_err *err) kv_must_check;

/* Prints a text as others have chosen it: what would steer the terminal is left out. */
void path_print_text(const char *text);
