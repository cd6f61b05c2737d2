/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option.h - what the files that make up kv/options.h share. Private to base.
 *
 * option_table.c holds the rows, option_source.c reads flags and file, option_environment.c the
 * environment, option_value.c judges and keeps what they say, option_print.c prints help and
 * values.
 */
#pragma once

#include "kv/base/options.h"

enum option_type {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_LIST,
    OPTION_NUMBER,
    OPTION_DURATION,
    OPTION_CHOICE
};

/* A row of option.def; its place in kv_option_rows is its enum kv_option. */
struct option_row {
    const char *name;
    enum option_type type;
    const char *limits, *fallback, *value, *help;
    const uint8_t *commands; /* a list of enum kv_command */
};
extern const struct option_row kv_option_rows[KV_OPTION_COUNT];

/* Whether `command` has the option; whether it is given by its place, without its name; whether
 * neither environment nor file may say it. */
bool kv_option_is_of(enum kv_option option, enum kv_command command);
bool kv_option_is_argument(enum kv_option option);
bool kv_option_is_optional(enum kv_option option);
bool kv_option_is_flag_only(enum kv_option option);

/* Whether its value is not to be shown. */
bool kv_option_is_secret(enum kv_option option);

/* A later source wins. */
enum option_source {
    OPTION_FROM_DEFAULT,
    OPTION_FROM_FILE,
    OPTION_FROM_ENVIRONMENT,
    OPTION_FROM_FLAG
};

/* What one source says about one option. */
struct option_text {
    enum kv_option option;
    enum option_source source;
    const char *origin; /* "--port", "COFFER_PORT", "coffer.conf:3" */
    const char *text;
};

struct option_value {
    enum option_source source;
    char *origin;
    char *text;     /* as given; not of a LIST */
    int64_t number; /* of NUMBER; milliseconds of DURATION; 0 or 1 of FLAG */
    char **item;    /* of a LIST */
    size_t items;
};

struct kv_options {
    enum kv_command command;
    char *const *environment; /* borrowed */
    struct option_value value[KV_OPTION_COUNT];
};

/* Checks the text and stores it, unless a stronger source has set the option. */
enum kv_code kv_option_set(struct kv_options *options, const struct option_text *given,
                           struct kv_err *err) kv_must_check;
void kv_option_value_done(struct option_value *value);

enum kv_code kv_options_read_flags(struct kv_options *options, int argc, char *const argv[],
                                   struct kv_err *err) kv_must_check;
enum kv_code kv_options_read_environment(struct kv_options *options, char *const environment[],
                                         struct kv_err *err) kv_must_check;
enum kv_code kv_options_read_file(struct kv_options *options, const char *path,
                                  struct kv_err *err) kv_must_check;
