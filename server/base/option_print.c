/* SPDX-License-Identifier: Apache-2.0 */
/* --help and --print-config. */
#include <string.h>

#include "option.h"

#define COLUMNS 80
#define HELP_COLUMN 28

/* How much of `text` goes on a line of `width`: up to a blank, or up to a [ or behind a | of a long word. */
static size_t line_length(const char *text, size_t width)
{
    size_t fits = 0;

    if (strlen(text) <= width) {
        return strlen(text);
    }
    for (size_t i = 1; i <= width; i++) {
        if (text[i] == ' ' || text[i] == '[' || text[i - 1] == '|') {
            fits = i;
        }
    }
    return fits > 0 ? fits : width;
}

static void print_wrapped(const char *text, FILE *out)
{
    while (*text != '\0') {
        size_t len = line_length(text, COLUMNS - HELP_COLUMN);
        fprintf(out, "%.*s\n", (int) len, text);
        text += len;
        text += strspn(text, " ");
        if (*text != '\0') {
            fprintf(out, "%*s", HELP_COLUMN, "");
        }
    }
}

static void print_row(const struct option_row *row, FILE *out)
{
    char text[512];
    bool is_choice = row->type == OPTION_CHOICE;
    const char *words = row->limits + strspn(row->limits, "|"); /* nobody gives an empty one */
    bool has_default = row->fallback[0] != '\0' && row->type != OPTION_FLAG;

    bool is_argument = kv_commands_say(row->commands, KV_COMMAND_ARGUMENT);
    int len = is_argument ? fprintf(out, "  %s", row->value)
                          : fprintf(out, "  --%s%s%s", row->name, row->value[0] != '\0' ? " " : "",
                                    row->value);
    if (len >= HELP_COLUMN) { /* too long to stand beside its text */
        fputc('\n', out);
        len = 0;
    }
    fprintf(out, "%*s", HELP_COLUMN - len, "");
    (void) snprintf(text, sizeof(text), "%s%s%s%s%s%s%s", row->help,
                    is_choice || has_default ? " (" : "", is_choice ? words : "",
                    is_choice && has_default ? "; " : "", has_default ? "default " : "",
                    has_default ? row->fallback : "", is_choice || has_default ? ")" : "");
    print_wrapped(text, out);
}

void kv_options_print_arguments(enum kv_command command, FILE *out)
{
    for (enum kv_option option = 0; option < KV_OPTION_COUNT; option++) {
        if (kv_option_is_of(option, command) && kv_option_is_argument(option)) {
            bool is_list = kv_option_rows[option].type == OPTION_LIST;
            bool is_optional = kv_option_is_optional(option);
            fprintf(out,
                    is_list       ? " [-- %s...]"
                    : is_optional ? " [%s]"
                                  : " %s",
                    kv_option_rows[option].value);
        }
    }
}

static void print_rows(enum kv_command command, bool arguments, FILE *out)
{
    for (enum kv_option option = 0; option < KV_OPTION_COUNT; option++) {
        if (kv_option_is_of(option, command) && kv_option_is_argument(option) == arguments) {
            print_row(&kv_option_rows[option], out);
        }
    }
}

void kv_options_print_help(enum kv_command command, FILE *out)
{
    print_rows(command, true, out);
    print_rows(command, false, out);
}

/* Where the secret in a value begins, and what ends it; NULL: there is none. */
static const char *find_secret(const char *item, const char **ret_end)
{
    static const char mark[] = ",secret=";
    const char *secret = strstr(item, mark);
    const char *scheme = strstr(item, "://");

    *ret_end = ",";
    if (secret != NULL) {
        return secret + strlen(mark);
    }
    *ret_end = "";
    secret = scheme != NULL ? strchr(scheme, '?') : NULL;
    return secret != NULL ? secret + 1 : NULL;
}

/* A secret in a value, as in "app,secret=..,trusted" or "https://host/hook?code=..", is
 * not repeated. */
static void print_item(const char *item, FILE *out)
{
    const char *end;
    const char *secret = find_secret(item, &end);

    if (secret == NULL) {
        fprintf(out, " %s", item);
        return;
    }
    fprintf(out, " %.*s***%s", (int) (secret - item), item, secret + strcspn(secret, end));
}

void kv_options_print_config(const struct kv_options *options, FILE *out)
{
    for (enum kv_option option = 0; option < KV_OPTION_COUNT; option++) {
        const struct option_row *row = &kv_option_rows[option];
        const struct option_value *value = &options->value[option];

        if (!kv_option_is_of(option, options->command) || kv_option_is_flag_only(option)) {
            continue;
        }
        fprintf(out, "# %s%s\n%s =", value->origin,
                kv_option_is_secret(option) && value->text[0] != '\0' ? ", and not shown" : "",
                row->name);
        if (row->type != OPTION_LIST && value->text[0] != '\0' && !kv_option_is_secret(option)) {
            print_item(value->text, out);
        }
        for (size_t i = 0; i < value->items; i++) {
            print_item(value->item[i], out);
        }
        fputc('\n', out);
    }
}
