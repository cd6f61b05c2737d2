/* SPDX-License-Identifier: Apache-2.0 */
/* process_tools.h - daemons that are watched, redirected and ended by the tests themselves. */
#pragma once

#include "../support/api.h"

void process_pause(long ms);

/* How many lines of the daemon's log have that part. */
size_t process_count_lines(const struct daemon *daemon, const char *part);

/* From now on a shell redirects the daemon's descriptors, "2>&-" for example without a blank, and
 * then becomes the daemon. Once a test. */
void process_redirect(const char *redirection);

/* Waits until the data folder has that file. */
void process_await_file(const struct daemon *own, const char *name);

/* Waits for the end, a few seconds at most, and expects that exit status. */
void process_expect_end(struct daemon *own, int wanted);

/* Sends as many requests, and expects the answer to each. */
void process_expect_answers(struct daemon *own, int count);

/* A socket of that name, as $NOTIFY_SOCKET has it from now on. */
int process_supervise(const char *name);

/* What begins like that is the next that it is told, but for the wish to have it wait on. */
void process_expect_told(int descriptor, const char *state);
