/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - loads options for the tests of options.c and options_print.c.
 */
#pragma once

#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/options.h"
#include "scratch.h"

#define WORDS_MAX 8

static struct kv_options *options; /* what was loaded last */
static struct kv_err err;

static inline void options_done(void)
{
    kv_options_free(options);
    options = NULL;
    scratch_remove();
}

/* Lists of words end with NULL, which the rest of an array is. */
typedef const char *const words[WORDS_MAX];

static inline enum kv_code load(enum kv_command command, words arguments, words environment)
{
    const char *argv[WORDS_MAX + 1] = { "command" };
    int argc = 1;

    for (; arguments[argc - 1] != NULL; argc++) {
        argv[argc] = arguments[argc - 1];
    }
    kv_options_free(options);
    options = NULL;
    return kv_options_load(command, argc, (char *const *) argv, (char *const *) environment,
                           &options, &err);
}

static inline enum kv_code load_flags(enum kv_command command, words arguments)
{
    return load(command, arguments, (words){ NULL });
}

static inline void write_config(const char *text)
{
    cr_assert_eq(kv_file_write("coffer.conf", text, strlen(text), 0600, &err), KV_OK);
}

static inline enum kv_code load_file(const char *text)
{
    write_config(text);
    return load_flags(KV_COMMAND_SERVE, (words){ "--config", "coffer.conf" });
}
