/* SPDX-License-Identifier: Apache-2.0 */
/* coffer.conf: each setting as a comment, with its help and its default. */
#include "fill.h"

#include <string.h>

#define COLUMNS 78

static void write_comment(const char *text, FILE *out)
{
    size_t column = 1;

    (void) fputc('#', out);
    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (column > 1 && column + 1 + len > COLUMNS) {
            (void) fputs("\n#", out);
            column = 1;
        }
        (void) fprintf(out, " %.*s", (int) len, text);
        column += 1 + len;
        text += len;
        text += strspn(text, " ");
    }
    (void) fputc('\n', out);
}

void fill_conf(FILE *out)
{
    const struct fill_option *option;

    for (size_t at = 0; (option = fill_next_setting(&at)) != NULL;) {
        (void) fputc('\n', out);
        write_comment(option->help, out);
        if (option->type == FILL_CHOICE) {
            (void) fputs("# one of: ", out);
            fill_write_words(option, out);
            (void) fputc('\n', out);
        }
        (void) fprintf(out, "#%s =%s%s\n", option->name, option->fallback[0] != '\0' ? " " : "",
                       option->fallback);
    }
}
