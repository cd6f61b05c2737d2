/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/options.h - the options of all subcommands: one table (option.def), three sources (flag,
 * environment, file), one parser for values.
 *
 * An unknown name and a value outside its limits are refused with a message that names them and
 * where they came from; only unknown variables are tolerated, and reported on request. Immutable
 * once loaded; then safe from any thread. Returned texts are borrowed and live as long as the
 * options.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/base/files.h"

enum kv_option {
#define X(symbol, name, type, limits, fallback, value, commands, help) KV_OPTION_##symbol,
#include "kv/base/option.def"
#undef X
    KV_OPTION_COUNT
};

/* Which subcommand is running; then what else a row of option.def says in its list of them. */
enum kv_command {
    KV_COMMAND_SERVE,
#define X(symbol, name, run, help) KV_COMMAND_##symbol,
#include "kv/base/command.def"
#undef X
    KV_COMMAND_COUNT,
    KV_COMMAND_CLIENTS, /* all but serve */
    KV_COMMAND_FLAG_ONLY,
    KV_COMMAND_ARGUMENT,
    KV_COMMAND_OPTIONAL,
    KV_COMMAND_END /* of a list */
};
_Static_assert(KV_COMMAND_END <= UINT8_MAX, "a byte for each");

/* The list that a row of option.def has in parentheses, as an array. */
#define KV_COMMANDS(list) ((const uint8_t[]){ KV_COMMANDS_OF list, KV_COMMAND_END })
#define KV_COMMANDS_OF(...) __VA_ARGS__

/* Whether `list` says `word`; whether it is one of an option that `command` has. */
static inline bool kv_commands_say(const uint8_t *list, enum kv_command word)
{
    while (*list != KV_COMMAND_END && *list != word) {
        list++;
    }
    return *list == word;
}

static inline bool kv_commands_have(const uint8_t *list, enum kv_command command)
{
    return kv_commands_say(list, command)
           || (command != KV_COMMAND_SERVE && kv_commands_say(list, KV_COMMAND_CLIENTS));
}

struct kv_options; /* opaque */

/*
 * Reads the options of `command`; argv[0] is the last word of the command's name and is skipped.
 * `environment` is an environ-like array that outlives the options. A refusal is KV_BAD_PARAMETER,
 * with a complete message that can be shown to the user; so is an unreadable file. With --help,
 * nothing else is checked. Free with kv_options_free().
 */
enum kv_code kv_options_load(enum kv_command command, int argc, char *const argv[],
                             char *const environment[], struct kv_options **ret_options,
                             struct kv_err *err) kv_must_check;
void kv_options_free(struct kv_options *options);
KV_DEFINE_CLEANUP(struct kv_options *, kv_options_free)

/*
 * A COFFER_* variable that set nothing, with the name of what was probably meant: "COFFER_PORT", or
 * "--config" where only the flag exists; "" if nothing is similar. Variables injected by Kubernetes
 * or docker for a service named coffer are no mistake. A name that is too long is cut.
 */
#define KV_STRAY_NAME_SIZE 128
struct kv_stray {
    char name[KV_STRAY_NAME_SIZE], nearest[KV_STRAY_NAME_SIZE];
    bool is_injected;
    bool has_option; /* an option has that name: COFFER_PORT=tcp://10.3.0.7:8443 */
};

/* Calls `visit` for each, in environment order. */
void kv_options_each_stray(const struct kv_options *options,
                           void (*visit)(const struct kv_stray *stray, void *context),
                           void *context);

/* A variable of the environment that was given; borrowed, NULL when it is not set. */
const char *kv_options_variable(const struct kv_options *options, const char *name);

/* The value of an option of that type; asking for another type is a bug. */
bool kv_option_flag(const struct kv_options *options, enum kv_option option);
int64_t kv_option_number(const struct kv_options *options, enum kv_option option);
kv_millis kv_option_duration(const struct kv_options *options, enum kv_option option);
/* TEXT and CHOICE; "" when not set. */
const char *kv_option_text(const struct kv_options *options, enum kv_option option);
bool kv_option_is(const struct kv_options *options, enum kv_option option, const char *text);
size_t kv_option_list_count(const struct kv_options *options, enum kv_option option);
const char *kv_option_list_item(const struct kv_options *options, enum kv_option option,
                                size_t index);

/* Whether the value that counts was said on the command line; in the file of --config. */
bool kv_option_is_from_flag(const struct kv_options *options, enum kv_option option);
bool kv_option_is_from_file(const struct kv_options *options, enum kv_option option);

/*
 * The folder for everything that lasts: --data, else $XDG_STATE_HOME/coffer, else
 * $HOME/.local/state/coffer. It need not exist. KV_BAD_PARAMETER when none of them is set.
 */
enum kv_code kv_data_folder(const struct kv_options *options, char ret_path[KV_PATH_MAX],
                            struct kv_err *err) kv_must_check;

/* The folder for what can be fetched again: $XDG_CACHE_HOME/coffer, else $HOME/.cache/coffer, else
 * $XDG_RUNTIME_DIR/coffer. It need not exist. KV_BAD_PARAMETER when none of them is set. */
enum kv_code kv_cache_folder(const struct kv_options *options, char ret_path[KV_PATH_MAX],
                             struct kv_err *err) kv_must_check;

/* " NAME" for each positional argument of a subcommand. */
void kv_options_print_arguments(enum kv_command command, FILE *out);

/* Help of one subcommand's options, one row each, wrapped for 80 columns. */
void kv_options_print_help(enum kv_command command, FILE *out);

/* name = value lines a --config FILE would accept, each with its source as a comment. */
void kv_options_print_config(const struct kv_options *options, FILE *out);
