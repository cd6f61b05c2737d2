/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - other people's programs in tests: openssl, curl, keytool.
 */
#pragma once

#include <stdio.h>

/* Runs a command line by sh and reads past what it prints; 0 when it ended with status 0. */
static inline int command_run(const char *line)
{
    char printed[512];
    FILE *pipe = popen(line, "r");

    if (pipe == NULL) {
        return -1;
    }
    while (fread(printed, 1, sizeof(printed), pipe) > 0) {
    }
    return pclose(pipe);
}
