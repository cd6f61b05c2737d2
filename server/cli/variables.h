/* SPDX-License-Identifier: Apache-2.0 */
/*
 * variables.h - environment variables for other programs: collected, then printed in a form or given
 * to a command. Private to the files beside it.
 */
#pragma once

#include "cli.h"

#define VARIABLES_MAX 24

struct variable {
    const char *name; /* borrowed */
    char *value;      /* heap */
};

struct variables {
    struct variable variable[VARIABLES_MAX];
    size_t count;
};
void variables_done(struct variables *variables);
KV_DEFINE_CLEANUP_VALUE(struct variables, variables_done)

/* Adds one of the value `head` and `tail` together. KV_INTERNAL when there are too many. */
enum kv_code variables_add(struct variables *variables, const char *name, const char *head,
                           const char *tail, struct kv_err *err) kv_must_check;

/* Whether that form, of `coffer env --format`, has lines that begin with # and mean nothing. */
bool variables_may_have_comments(const char *form);

/* Prints them on standard output; KV_INTERNAL, and nothing is printed, when a value has a line break
 * that the form cannot say. */
enum kv_code variables_print(const struct variables *variables, const char *form,
                             struct kv_err *err) kv_must_check;

/*
 * Becomes the command that the `words` first items of KV_OPTION_ENV_COMMAND are, so its exit status
 * is coffer's. Where it cannot be run, says so and exits with 127 when there is no such command,
 * else 126, as shells do.
 */
enum kv_code variables_run(const struct variables *variables, const struct kv_options *options,
                           size_t words, struct kv_err *err) kv_must_check;
