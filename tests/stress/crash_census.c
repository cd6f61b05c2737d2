/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's own count of what it has. */
#include "../support/program.h"
#include "crash.h"

#define TRIES 100
#define PAUSE_MS 20

/* A pair on its way into the pool is on the token, and not yet counted. */
bool crash_read_census(const struct daemon *daemon, size_t own, struct census *ret_census)
{
    bool read = false;

    for (unsigned tries = 0; tries < TRIES; tries++) {
        read = census_read(daemon, ret_census);
        if (!read || ret_census->token_keys == ret_census->versions + own + ret_census->pooled) {
            break;
        }
        program_pause(PAUSE_MS);
    }
    return read;
}
