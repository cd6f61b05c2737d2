/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.h - many keys at once, without generating them: a key of the daemon's store is multiplied
 * on its own token and in its own database, so that every copy works like the original.
 */
#pragma once

#include <stdbool.h>

#define FILL_NAME "fill-%06u" /* of copy 0, 1, ... */

/*
 * Makes `count` copies of the key named `seed`, while the daemon of that data folder is stopped.
 * Failures are reported on standard error and leave the folder in no defined state.
 */
bool fill(const char *folder, const char *seed, unsigned count);
