/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - the subcommands beside serve: each finds a running coffer, asks its control port and
 * prints the answer. One thread, one command, then the process ends.
 */
#pragma once

#include <stdio.h>

#include "kv/base/options.h"

/*
 * Runs argv[1], or argv[1] and [2] together, or answers --help, --version, no command and an unknown one. Returns the exit
 * code: 0 done, 1 failed, 2 wrong usage; what failed is on standard error.
 */
int kv_cli_run(int argc, char *const argv[], char *const environment[]);

/* The output of `coffer --help`: every command, including serve. */
void kv_cli_print_usage(FILE *out);

/* A command: its result goes to standard output. */
typedef enum kv_code kv_cli_fn(const struct kv_options *options, struct kv_err *err);

#define X(symbol, name, run, help) kv_cli_fn run;
#include "kv/base/command.def"
#undef X
