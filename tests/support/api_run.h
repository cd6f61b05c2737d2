/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_run.h - Criterion around one daemon: what the main of every program of tests/api calls.
 *
 * Without Criterion's headers: main is compiled for each program, all else once.
 */
#pragma once

/*
 * Starts a daemon with these options, which a NULL ends, runs the tests that `argv` asks for, and
 * stops it. Returns the exit code: 0 when all tests have passed and the daemon ended in order.
 */
int api_run(int argc, char **argv, const char *const *arguments);
