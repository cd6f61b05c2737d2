/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_queue.h - between those who log and standard error: a bounded queue and the one thread that
 * may wait for a reader. Private to base/.
 *
 * Thread-safe.
 */
#pragma once

#include <stddef.h>

/*
 * Takes a whole line: into the queue while its thread runs, to standard error at once before that
 * and after it. Never waits while the thread runs; a line that has no room is counted as lost.
 */
void log_queue_put(const char *line, size_t len);
