/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of option.def and command.def, and what one asks them. */
#include "fill.h"

#include <ctype.h>
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

const struct fill_option fill_options[KV_OPTION_COUNT] = {
#define X(symbol_, name_, type_, limits_, fallback_, value_, commands_, help_)                     \
    { .name = (name_),                                                                             \
      .type = FILL_##type_,                                                                        \
      .limits = (limits_),                                                                         \
      .fallback = (fallback_),                                                                     \
      .value = (value_),                                                                           \
      .help = (help_),                                                                             \
      .commands = KV_COMMANDS(commands_) },
#include "kv/base/option.def"
#undef X
};

const struct fill_command fill_commands[KV_COMMAND_COUNT] = {
    { "serve", KV_COMMAND_SERVE, "Run the emulator in the foreground" },
#define X(symbol, name, run, help) { name, KV_COMMAND_##symbol, help },
#include "kv/base/command.def"
#undef X
};

const struct fill_option *fill_next_option(enum kv_command command, bool is_argument, size_t *at)
{
    while (*at < KV_OPTION_COUNT) {
        const struct fill_option *option = &fill_options[(*at)++];
        if (kv_commands_have(option->commands, command)
            && kv_commands_say(option->commands, KV_COMMAND_ARGUMENT) == is_argument) {
            return option;
        }
    }
    return NULL;
}

const struct fill_option *fill_next_setting(size_t *at)
{
    const struct fill_option *option;

    do {
        option = fill_next_option(KV_COMMAND_SERVE, false, at);
    } while (option != NULL && kv_commands_say(option->commands, KV_COMMAND_FLAG_ONLY));
    return option;
}

bool fill_is_common(const struct fill_option *option)
{
    return kv_commands_say(option->commands, KV_COMMAND_CLIENTS);
}

size_t fill_first_word(const struct fill_command *command)
{
    return strcspn(command->name, " ");
}

bool fill_has_two_words(const struct fill_command *command)
{
    return strchr(command->name, ' ') != NULL;
}

bool fill_is_first_of_group(const struct fill_command *command)
{
    size_t len = fill_first_word(command);

    for (const struct fill_command *other = fill_commands; other < command; other++) {
        if (fill_first_word(other) == len && strncmp(other->name, command->name, len) == 0) {
            return false;
        }
    }
    return true;
}

enum fill_offer fill_offer(const struct fill_option *option)
{
    if (option->type == FILL_CHOICE) {
        return FILL_OFFER_WORDS;
    }
    if (strcmp(option->value, "FILE") == 0 || strcmp(option->value, "PATH") == 0) {
        return FILL_OFFER_FILES;
    }
    return strcmp(option->value, "DIR") == 0 ? FILL_OFFER_FOLDERS : FILL_OFFER_NOTHING;
}

void fill_write_words(const struct fill_option *option, FILE *out)
{
    for (const char *at = option->limits; *at != '\0'; at++) {
        (void) fputc(*at == '|' ? ' ' : *at, out);
    }
}

void fill_write_variable(const struct fill_option *option, FILE *out)
{
    (void) fputs("COFFER_", out);
    for (const char *at = option->name; *at != '\0'; at++) {
        (void) fputc(*at == '-' ? '_' : toupper((unsigned char) *at), out);
    }
}
