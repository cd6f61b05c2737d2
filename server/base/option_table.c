/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of option.def. */
#include "option.h"

#include <string.h>

/* The words of the rows' `commands`. */
enum {
    SERVE = KV_COMMAND_SERVE,
#define X(symbol, name, run, help) symbol = KV_COMMAND_##symbol,
#include "kv/base/command.def"
#undef X
    CLIENTS = KV_COMMAND_CLIENTS,
    FLAG_ONLY = KV_COMMAND_FLAG_ONLY,
    ARGUMENT = KV_COMMAND_ARGUMENT,
    OPTIONAL = KV_COMMAND_OPTIONAL
};

const struct option_row kv_option_rows[KV_OPTION_COUNT] = {
#define X(symbol_, name_, type_, limits_, fallback_, value_, commands_, help_)                     \
    [KV_OPTION_##symbol_] = { .name = (name_),                                                     \
                              .type = OPTION_##type_,                                              \
                              .limits = (limits_),                                                 \
                              .fallback = (fallback_),                                             \
                              .value = (value_),                                                   \
                              .help = (help_),                                                     \
                              .commands = KV_COMMANDS(commands_) },
#include "kv/base/option.def"
#undef X
};

bool kv_option_is_of(enum kv_option option, enum kv_command command)
{
    return kv_commands_have(kv_option_rows[option].commands, command);
}

bool kv_option_is_secret(enum kv_option option)
{
    return strcmp(kv_option_rows[option].limits, "secret") == 0;
}

bool kv_option_is_argument(enum kv_option option)
{
    return kv_commands_say(kv_option_rows[option].commands, KV_COMMAND_ARGUMENT);
}

bool kv_option_is_optional(enum kv_option option)
{
    return kv_commands_say(kv_option_rows[option].commands, KV_COMMAND_OPTIONAL);
}

bool kv_option_is_flag_only(enum kv_option option)
{
    return kv_commands_say(kv_option_rows[option].commands, KV_COMMAND_FLAG_ONLY)
           || kv_option_is_argument(option);
}
