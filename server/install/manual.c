/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the manual pages that the tables know, in the language of man(7). */
#include "fill.h"

#include <string.h>

#define COLUMNS 78

/* Characters that man(7) would not take as they are. */
static const char *find_escape(char character)
{
    static const struct {
        char character;
        const char *escape;
    } rows[] = {
        { '\\', "\\e" }, { '-', "\\-" }, { '\'', "\\(aq" }, { '~', "\\(ti" }, { '^', "\\(ha" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (rows[i].character == character) {
            return rows[i].escape;
        }
    }
    return NULL;
}

/* As it has to be written, so that it is read as it is here. A long word may be broken before a [. */
static void write_escaped(const char *text, size_t len, FILE *out)
{
    for (size_t i = 0; i < len; i++) {
        const char *escape = find_escape(text[i]);

        (void) fputs(i > 0 && text[i] == '[' ? "\\:" : "", out);
        if (escape != NULL) {
            (void) fputs(escape, out);
        } else {
            (void) fputc(text[i], out);
        }
    }
}

/* The bytes that a word takes in the file. */
static size_t written_length(const char *text, size_t len)
{
    size_t written = 0;

    for (size_t i = 0; i < len; i++) {
        const char *escape = find_escape(text[i]);
        written += (escape != NULL ? strlen(escape) : 1) + (i > 0 && text[i] == '[' ? 2 : 0);
    }
    return written;
}

/* A paragraph, broken between words: what begins a line with a dot would be taken for a request. */
static void write_filled(const char *text, FILE *out)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        size_t written = written_length(text, len);
        bool is_first = column == 0 || column + 1 + written > COLUMNS;

        (void) fputs(column == 0 ? "" : is_first ? "\n" : " ", out);
        column = is_first ? written : column + 1 + written;
        (void) fputs(is_first && *text == '.' ? "\\&" : "", out);
        write_escaped(text, len, out);
        text += len;
        text += strspn(text, " ");
    }
    (void) fputc('\n', out);
}

/* "a|b" as "a, b", "0..9" as "0 to 9". */
static void spell_limits(const char *limits, char *ret_text, size_t size)
{
    size_t len = 0;

    for (const char *at = limits; *at != '\0' && len + 5 < size; at++) {
        bool is_range = strncmp(at, "..", 2) == 0;
        const char *spelled = is_range ? " to " : *at == '|' ? ", " : NULL;

        len += (size_t) (spelled != NULL ? snprintf(ret_text + len, size - len, "%s", spelled)
                                         : snprintf(ret_text + len, size - len, "%c", *at));
        at += is_range ? 1 : 0;
    }
}

/* A sentence about which values there are: "One of a, b; default a." */
static void write_limits(const struct fill_option *option, FILE *out)
{
    static const char *const starts[] = {
        [FILL_FLAG] = "",
        [FILL_TEXT] = "",
        [FILL_LIST] = "",
        [FILL_NUMBER] = "A number, ",
        [FILL_DURATION] = "A time, ",
        [FILL_CHOICE] = "One of ",
    };
    bool has_limits = starts[option->type][0] != '\0' && option->limits[0] != '\0';
    bool has_default = option->fallback[0] != '\0' && option->type != FILL_FLAG;
    const char *start = has_limits ? starts[option->type] : "";
    char limits[256] = "";
    char text[512];

    if (has_limits) {
        spell_limits(option->limits + strspn(option->limits, "|"), limits, sizeof(limits));
    }
    if (has_limits || has_default) {
        (void) snprintf(text, sizeof(text), "%s%s%s%s%s.", start, limits,
                        has_limits && has_default ? "; " : "",
                        !has_default ? ""
                        : has_limits ? "default "
                                     : "Default ",
                        has_default ? option->fallback : "");
        write_filled(text, out);
    }
}

/* Help begins with a small letter, as it stands behind its option on a line, and has no dot. */
static void write_help(const struct fill_option *option, FILE *out)
{
    char text[512];

    (void) snprintf(text, sizeof(text), "%s.", option->help);
    write_filled(text, out);
    write_limits(option, out);
}

static void write_tag(const char *dashes, const struct fill_option *option, const char *between,
                      FILE *out)
{
    (void) fprintf(out, ".TP\n\\fB%s", dashes);
    write_escaped(option->name, strlen(option->name), out);
    (void) fputs("\\fR", out);
    if (option->value[0] != '\0') {
        (void) fprintf(out, "%s\\fI", between);
        write_escaped(option->value, strlen(option->value), out);
        (void) fputs("\\fR", out);
    }
    (void) fputc('\n', out);
}

static void write_options(enum kv_command command, bool common, FILE *out)
{
    const struct fill_option *option;

    for (size_t at = 0; (option = fill_next_option(command, false, &at)) != NULL;) {
        if (command == KV_COMMAND_SERVE || fill_is_common(option) == common) {
            write_tag("\\-\\-", option, " ", out);
            write_help(option, out);
        }
    }
}

static void write_arguments(enum kv_command command, FILE *out)
{
    const struct fill_option *option;

    for (size_t at = 0; (option = fill_next_option(command, true, &at)) != NULL;) {
        (void) fprintf(out, ".TP\n\\fI%s\\fR\n", option->value);
        write_help(option, out);
    }
}

static void write_command(const struct fill_command *command, FILE *out)
{
    const struct fill_option *option;
    char text[512];

    (void) fprintf(out, ".SS \"coffer %s", command->name);
    for (size_t at = 0; (option = fill_next_option(command->command, true, &at)) != NULL;) {
        bool is_optional = kv_commands_say(option->commands, KV_COMMAND_OPTIONAL);

        (void) fprintf(out, is_optional ? " [\\fI%s\\fR]" : " \\fI%s\\fR", option->value);
    }
    (void) fputs("\"\n", out);
    (void) snprintf(text, sizeof(text), "%s.", command->help);
    write_filled(text, out);
    write_arguments(command->command, out);
    write_options(command->command, false, out);
}

void fill_man_commands(FILE *out)
{
    for (size_t i = 1; i < KV_COMMAND_COUNT; i++) {
        write_command(&fill_commands[i], out);
    }
    (void) fputs(".SS \"Options of all these commands\"\n", out);
    write_options(fill_commands[1].command, true, out);
}

void fill_man_serve(FILE *out)
{
    write_options(KV_COMMAND_SERVE, false, out);
}

void fill_man_conf(FILE *out)
{
    const struct fill_option *option;

    for (size_t at = 0; (option = fill_next_setting(&at)) != NULL;) {
        write_tag("", option, " = ", out);
        write_help(option, out);
        if (option->type == FILL_FLAG) {
            write_filled("true or false; default false.", out);
        }
    }
}

void fill_man_variables(FILE *out)
{
    const struct fill_option *option;

    for (size_t at = 0; (option = fill_next_setting(&at)) != NULL;) {
        (void) fputs(".TQ\n\\fB", out);
        fill_write_variable(option, out);
        (void) fputs("\\fR\n", out);
    }
}
