/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

unsigned long program_number(const struct program_arguments *arguments, int index,
                             const char *variable, unsigned long standard)
{
    const char *text = arguments->count > index ? arguments->values[index] : getenv(variable);
    unsigned long number;
    char *end;

    if (text == NULL || text[0] == '\0') {
        return standard;
    }
    errno = 0;
    number = strtoul(text, &end, 10);
    if (!isdigit((unsigned char) text[0]) || *end != '\0' || errno != 0) {
        fprintf(stderr, "usage: %s %s\n", arguments->values[0], arguments->usage);
        exit(2);
    }
    return number;
}

void program_pause(kv_millis span)
{
    const struct timespec pause = { .tv_sec = span / 1000, .tv_nsec = span % 1000 * 1000000 };

    nanosleep(&pause, NULL);
}
