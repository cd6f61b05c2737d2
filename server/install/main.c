/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill TEMPLATE: prints the template. A line that is @name@ gives its place to what the tables say,
 * and @name@ inside a line to a word. Exit 1 for a name that is not known, or when it cannot read or
 * write; 2 for wrong usage.
 */
#include <string.h>

#include "config.h"
#include "fill.h"

#define LINE_MAX_SIZE 1024
#define NAME_MAX_SIZE 32

static const struct {
    const char *name;
    fill_fn *write;
} parts[] = {
    { "man-commands", fill_man_commands },
    { "man-serve", fill_man_serve },
    { "man-conf", fill_man_conf },
    { "man-variables", fill_man_variables },
    { "conf", fill_conf },
    { "bash-words", fill_bash_words },
    { "bash-values", fill_bash_values },
    { "zsh-commands", fill_zsh_commands },
    { "zsh-cases", fill_zsh_cases },
    { "zsh-groups", fill_zsh_groups },
    { "fish-rows", fill_fish_rows },
};

static const struct {
    const char *name, *text;
} words[] = {
    { "version", PACKAGE_VERSION },
    { "bindir", FILL_BINDIR },
    { "sysconfdir", FILL_SYSCONFDIR },
};

/* "@name@" at `text`: how long the name is; 0: it is none. */
static size_t name_length(const char *text)
{
    size_t len = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz-");

    return len > 0 && len < NAME_MAX_SIZE && text[1 + len] == '@' ? len : 0;
}

static bool is_name(const char *name, const char *text, size_t len)
{
    return strlen(name) == len && strncmp(name, text, len) == 0;
}

static bool write_word(const char *name, size_t len)
{
    for (size_t i = 0; i < KV_COUNT(words); i++) {
        if (is_name(words[i].name, name, len)) {
            (void) fputs(words[i].text, stdout);
            return true;
        }
    }
    (void) fprintf(stderr, "fill: @%.*s@ is not known\n", (int) len, name);
    return false;
}

static bool write_line(const char *line)
{
    while (*line != '\0') {
        size_t plain = strcspn(line, "@");
        size_t len;

        (void) fwrite(line, 1, plain, stdout);
        line += plain;
        if (*line == '\0') {
            break;
        }
        len = name_length(line);
        if (len > 0 && !write_word(line + 1, len)) {
            return false;
        }
        if (len == 0) {
            (void) fputc('@', stdout);
        }
        line += len > 0 ? len + 2 : 1;
    }
    return true;
}

/* Whether the line is the place of a part, which is written then. */
static bool write_part(const char *line)
{
    size_t len = line[0] == '@' ? name_length(line) : 0;

    for (size_t i = 0; i < KV_COUNT(parts); i++) {
        if (len > 0 && strcmp(line + len + 2, "\n") == 0 && is_name(parts[i].name, line + 1, len)) {
            parts[i].write(stdout);
            return true;
        }
    }
    return false;
}

static bool fill(FILE *template)
{
    char line[LINE_MAX_SIZE];

    while (fgets(line, sizeof(line), template) != NULL) {
        if (!write_part(line) && !write_line(line)) {
            return false;
        }
    }
    if (ferror(template) || fflush(stdout) != 0 || ferror(stdout)) {
        perror("fill");
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    FILE *template = argc == 2 ? fopen(argv[1], "r") : NULL;
    bool is_good;

    if (template == NULL) {
        (void) fputs("usage: fill TEMPLATE\n", stderr);
        return 2;
    }
    is_good = fill(template);
    (void) fclose(template);
    return is_good ? 0 : 1;
}
