/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake.h - a control port that says what a test wants: one thread, one connection after another,
 * as many as there are answers.
 */
#pragma once

#include <stddef.h>

/* Starts listening on a free port of 127.0.0.1 and returns it. The text is borrowed. */
unsigned fake_start(const char *answer);
unsigned fake_start_two(const char *first, const char *second);

/* Waits for the requests and stops; the last one as it came, NUL-terminated. */
const char *fake_stop(void);

/* The whole answer for a status line's tail and a body. */
const char *fake_answer(const char *status, const char *body);
