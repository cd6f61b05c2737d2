/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the shells' completion that the tables know. */
#include "fill.h"

#include <string.h>

/* Text between single quotes of a shell; what is in `special` gets a backslash. */
static void write_quoted(const char *text, const char *special, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            (void) fputs("'\\''", out);
            continue;
        }
        if (strchr(special, *text) != NULL) {
            (void) fputc('\\', out);
        }
        (void) fputc(*text, out);
    }
}

/* bash: what can follow a command, one row each. */
static void write_flags(enum kv_command command, FILE *out)
{
    const struct fill_option *option;

    for (size_t at = 0; (option = fill_next_option(command, false, &at)) != NULL;) {
        (void) fprintf(out, " --%s", option->name);
    }
}

/* The second words of the commands that have the first word of this one. */
static void write_second_words(const struct fill_command *group, FILE *out)
{
    size_t len = fill_first_word(group);

    for (size_t i = 0; i < KV_COMMAND_COUNT; i++) {
        if (fill_first_word(&fill_commands[i]) == len && fill_has_two_words(&fill_commands[i])
            && strncmp(fill_commands[i].name, group->name, len) == 0) {
            (void) fprintf(out, " %s", fill_commands[i].name + len + 1);
        }
    }
}

void fill_bash_words(FILE *out)
{
    (void) fputs("        '') echo '", out);
    for (size_t i = 0; i < KV_COMMAND_COUNT; i++) {
        if (fill_is_first_of_group(&fill_commands[i])) {
            (void) fprintf(out, "%.*s ", (int) fill_first_word(&fill_commands[i]),
                           fill_commands[i].name);
        }
    }
    (void) fputs("--help --version' ;;\n", out);
    for (size_t i = 0; i < KV_COMMAND_COUNT; i++) {
        const struct fill_command *command = &fill_commands[i];

        if (fill_has_two_words(command) && fill_is_first_of_group(command)) {
            (void) fprintf(out, "        %.*s) echo '", (int) fill_first_word(command),
                           command->name);
            write_second_words(command, out);
            (void) fputs(" --help' ;;\n", out);
        }
        (void) fprintf(out, "        '%s') echo '", command->name);
        write_flags(command->command, out);
        (void) fputs("' ;;\n", out);
    }
}

static void write_bash_value(const struct fill_command *command, const struct fill_option *option,
                             FILE *out)
{
    static const char *const offers[] = {
        [FILL_OFFER_NOTHING] = "any",
        [FILL_OFFER_WORDS] = "words ",
        [FILL_OFFER_FILES] = "files",
        [FILL_OFFER_FOLDERS] = "folders",
    };

    if (option->type == FILL_FLAG) {
        return;
    }
    (void) fprintf(out, "        '%s --%s') echo '%s", command->name, option->name,
                   offers[fill_offer(option)]);
    if (option->type == FILL_CHOICE) {
        fill_write_words(option, out);
    }
    (void) fputs("' ;;\n", out);
}

void fill_bash_values(FILE *out)
{
    const struct fill_option *option;

    for (size_t i = 0; i < KV_COMMAND_COUNT; i++) {
        for (size_t at = 0;
             (option = fill_next_option(fill_commands[i].command, false, &at)) != NULL;) {
            write_bash_value(&fill_commands[i], option, out);
        }
    }
}

static void write_described(const char *name, size_t len, const char *help, FILE *out)
{
    (void) fprintf(out, " '%.*s:", (int) len, name);
    write_quoted(help, ":\\", out);
    (void) fputc('\'', out);
}

void fill_zsh_commands(FILE *out)
{
    for (size_t i = 0; i < KV_COMMAND_COUNT; i++) {
        const struct fill_command *command = &fill_commands[i];

        if (fill_is_first_of_group(command)) {
            (void) fputs("       ", out);
            write_described(command->name, fill_first_word(command),
                            fill_has_two_words(command) ? "More commands" : command->help, out);
            (void) fputc('\n', out);
        }
    }
}

static void write_zsh_offer(const struct fill_option *option, FILE *out)
{
    switch (fill_offer(option)) {
    case FILL_OFFER_NOTHING:
        break;
    case FILL_OFFER_WORDS:
        (void) fputc('(', out);
        fill_write_words(option, out);
        (void) fputc(')', out);
        break;
    case FILL_OFFER_FILES:
        (void) fputs("_files", out);
        break;
    case FILL_OFFER_FOLDERS:
        (void) fputs("_files -/", out);
        break;
    }
}

static void write_zsh_option(const struct fill_option *option, FILE *out)
{
    (void) fprintf(out, " \\\n                '%s--%s%s[", option->type == FILL_LIST ? "*" : "",
                   option->name, option->type == FILL_FLAG ? "" : "=");
    write_quoted(option->help, ":[]\\", out);
    (void) fputc(']', out);
    if (option->type != FILL_FLAG) {
        (void) fprintf(out, ":%s:", option->value);
        write_zsh_offer(option, out);
    }
    (void) fputc('\'', out);
}

static void write_zsh_arguments(const struct fill_command *command, FILE *out)
{
    const struct fill_option *option;

    (void) fputs("_arguments :", out);
    for (size_t at = 0; (option = fill_next_option(command->command, true, &at)) != NULL;) {
        bool is_optional = kv_commands_say(option->commands, KV_COMMAND_OPTIONAL);

        (void) fprintf(out, " \\\n                '%s:%s:", is_optional ? ":" : "", option->value);
        write_zsh_offer(option, out);
        (void) fputc('\'', out);
    }
    for (size_t at = 0; (option = fill_next_option(command->command, false, &at)) != NULL;) {
        write_zsh_option(option, out);
    }
    (void) fputs(" ;;\n", out);
}

/* By the whole name: the template has put the words of one that has two into one. */
void fill_zsh_cases(FILE *out)
{
    for (size_t i = 0; i < KV_COMMAND_COUNT; i++) {
        const struct fill_command *command = &fill_commands[i];
        size_t len = fill_first_word(command);

        if (fill_has_two_words(command) && fill_is_first_of_group(command)) {
            (void) fprintf(out, "        %.*s) rows=(", (int) len, command->name);
            for (size_t other = i; other < KV_COMMAND_COUNT; other++) {
                if (strncmp(fill_commands[other].name, command->name, len + 1) == 0) {
                    write_described(fill_commands[other].name + len + 1,
                                    strlen(fill_commands[other].name + len + 1),
                                    fill_commands[other].help, out);
                }
            }
            (void) fputs(")\n            _describe -t commands command rows ;;\n", out);
        }
        (void) fprintf(out, "        '%s') ", command->name);
        write_zsh_arguments(command, out);
    }
}

void fill_zsh_groups(FILE *out)
{
    for (size_t i = 0; i < KV_COMMAND_COUNT; i++) {
        if (fill_has_two_words(&fill_commands[i]) && fill_is_first_of_group(&fill_commands[i])) {
            (void) fprintf(out, "        %.*s yes\n", (int) fill_first_word(&fill_commands[i]),
                           fill_commands[i].name);
        }
    }
}

/* complete: rows of fish, each with the condition under which it holds. */
static void write_fish_command(const char *before, const char *name, size_t len, const char *help,
                               FILE *out)
{
    (void) fprintf(out, "complete -c coffer -n '__coffer_behind%s' -a %.*s -d '", before, (int) len,
                   name);
    write_quoted(help, "", out);
    (void) fputs("'\n", out);
}

static void write_fish_option(const struct fill_command *command, const struct fill_option *option,
                              FILE *out)
{
    (void) fprintf(out, "complete -c coffer -n '__coffer_in %s' -l %s", command->name,
                   option->name);
    switch (fill_offer(option)) {
    case FILL_OFFER_NOTHING:
        (void) fputs(option->type == FILL_FLAG ? "" : " -x", out);
        break;
    case FILL_OFFER_WORDS:
        (void) fputs(" -x -a '", out);
        fill_write_words(option, out);
        (void) fputc('\'', out);
        break;
    case FILL_OFFER_FILES:
        (void) fputs(" -r -F", out);
        break;
    case FILL_OFFER_FOLDERS:
        (void) fputs(" -x -a '(__fish_complete_directories)'", out);
        break;
    }
    (void) fputs(" -d '", out);
    write_quoted(option->help, "", out);
    (void) fputs("'\n", out);
}

void fill_fish_rows(FILE *out)
{
    const struct fill_option *option;

    for (size_t i = 0; i < KV_COMMAND_COUNT; i++) {
        const struct fill_command *command = &fill_commands[i];
        size_t len = fill_first_word(command);
        char before[64];

        if (fill_is_first_of_group(command)) {
            write_fish_command("", command->name, len,
                               fill_has_two_words(command) ? "More commands" : command->help, out);
        }
        if (fill_has_two_words(command)) {
            (void) snprintf(before, sizeof(before), " %.*s", (int) len, command->name);
            write_fish_command(before, command->name + len + 1, strlen(command->name + len + 1),
                               command->help, out);
        }
        for (size_t at = 0; (option = fill_next_option(command->command, false, &at)) != NULL;) {
            write_fish_option(command, option, out);
        }
    }
}
