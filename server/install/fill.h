/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.h - what fills the templates beside it from the tables of options and commands: manual pages,
 * completion of shells, the configuration file. A program of the build, not part of coffer, and it
 * needs nothing but the C library. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "kv/base/options.h"

enum fill_type { FILL_FLAG, FILL_TEXT, FILL_LIST, FILL_NUMBER, FILL_DURATION, FILL_CHOICE };

/* A row of option.def. */
struct fill_option {
    const char *name;
    enum fill_type type;
    const char *limits, *fallback, *value, *help;
    const uint8_t *commands; /* a list of enum kv_command */
};
extern const struct fill_option fill_options[KV_OPTION_COUNT];

/* A row of command.def; serve is the first one. */
struct fill_command {
    const char *name;
    enum kv_command command;
    const char *help;
};
extern const struct fill_command fill_commands[KV_COMMAND_COUNT];

/* The option at `*at` or the next one that `command` has, by name or by place; NULL: no more. `*at`
 * begins at 0 and is left behind it. */
const struct fill_option *fill_next_option(enum kv_command command, bool is_argument, size_t *at);

/* The next option of serve that a file may have, in the same way. */
const struct fill_option *fill_next_setting(size_t *at);

/* Whether all commands but serve have it. */
bool fill_is_common(const struct fill_option *option);

/* How long the first word of the command's name is, and whether there is another one. */
size_t fill_first_word(const struct fill_command *command);
bool fill_has_two_words(const struct fill_command *command);

/* Whether no command before has the same first word. */
bool fill_is_first_of_group(const struct fill_command *command);

/* What a shell can offer for the value of an option. */
enum fill_offer { FILL_OFFER_NOTHING, FILL_OFFER_WORDS, FILL_OFFER_FILES, FILL_OFFER_FOLDERS };
enum fill_offer fill_offer(const struct fill_option *option);

/* The words of a CHOICE, with blanks between them. */
void fill_write_words(const struct fill_option *option, FILE *out);

/* The upper-case name of the option's variable, COFFER_LOG_LEVEL. */
void fill_write_variable(const struct fill_option *option, FILE *out);

/* What takes the place of a line @name@ in a template. */
typedef void fill_fn(FILE *out);
fill_fn fill_man_commands, fill_man_serve, fill_man_conf, fill_man_variables;
fill_fn fill_conf;
fill_fn fill_bash_words, fill_bash_values;
fill_fn fill_zsh_commands, fill_zsh_cases, fill_zsh_groups;
fill_fn fill_fish_rows;
