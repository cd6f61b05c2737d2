/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of option.def. */
#include "option.h"

/* The words of the rows' `commands`. */
enum {
    SERVE = KV_COMMAND_SERVE,
    HEALTHCHECK = KV_COMMAND_HEALTHCHECK,
    CA = KV_COMMAND_CA,
    ENV = KV_COMMAND_ENV,
    HOSTS = KV_COMMAND_HOSTS,
    TOKEN = KV_COMMAND_TOKEN,
    VAULT_LIST = KV_COMMAND_VAULT_LIST,
    VAULT_CREATE = KV_COMMAND_VAULT_CREATE,
    VAULT_DELETE = KV_COMMAND_VAULT_DELETE,
    VAULT_RECOVER = KV_COMMAND_VAULT_RECOVER,
    VAULT_PURGE = KV_COMMAND_VAULT_PURGE,
    RESET = KV_COMMAND_RESET,
    FLAG_ONLY = OPTION_FLAG_ONLY,
    ARGUMENT = OPTION_FLAG_ONLY | OPTION_ARGUMENT
};

const struct option_row kv_option_rows[KV_OPTION_COUNT] = {
#define X(symbol_, name_, type_, limits_, fallback_, value_, commands_, help_)                     \
    [KV_OPTION_##symbol_] = { .name = (name_),                                                     \
                              .type = OPTION_##type_,                                              \
                              .limits = (limits_),                                                 \
                              .fallback = (fallback_),                                             \
                              .value = (value_),                                                   \
                              .help = (help_),                                                     \
                              .commands = (commands_) },
#include "kv/base/option.def"
#undef X
};

bool kv_option_is_of(enum kv_option option, enum kv_command command)
{
    return (kv_option_rows[option].commands & command) != 0;
}

bool kv_option_is_argument(enum kv_option option)
{
    return (kv_option_rows[option].commands & OPTION_ARGUMENT) != 0;
}
