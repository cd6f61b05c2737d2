/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - what test programs with a main() of their own need: numbers from the command line
 * or the environment, and pauses.
 */
#pragma once

#include "kv/base/clock.h"

struct program_arguments {
    int count;
    char **values;     /* as main() got them */
    const char *usage; /* what stands behind the program's name */
};

/* Argument number `index`, else the environment's `variable`, else `standard`. Anything that is
 * no number ends the program with status 2. */
unsigned long program_number(const struct program_arguments *arguments, int index,
                             const char *variable, unsigned long standard);

void program_pause(kv_millis span);
