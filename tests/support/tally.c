/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define SHOWN_MAX 40 /* of what was found broken; the rest is only counted */

void tally_init(struct tally *tally, const char *const *promises, size_t count)
{
    assert(count <= TALLY_MAX);
    tally->promises = promises;
    tally->count = count;
    for (size_t i = 0; i < count; i++) {
        atomic_init(&tally->held[i], 0);
        atomic_init(&tally->broken[i], 0);
    }
}

static unsigned long count_broken(const struct tally *tally)
{
    unsigned long broken = 0;

    for (size_t i = 0; i < tally->count; i++) {
        broken += atomic_load(&tally->broken[i]);
    }
    return broken;
}

bool tally_check(struct tally *tally, size_t promise, bool holds, const char *format, ...)
{
    char seen[1024];
    va_list arguments;

    if (holds) {
        atomic_fetch_add(&tally->held[promise], 1);
        return true;
    }
    atomic_fetch_add(&tally->broken[promise], 1);
    if (count_broken(tally) <= SHOWN_MAX) {
        va_start(arguments, format);
        vsnprintf(seen, sizeof(seen), format, arguments);
        va_end(arguments);
        fprintf(stderr, "broken: %s: %s\n", tally->promises[promise], seen);
    }
    return false;
}

bool tally_is_clean(const struct tally *tally)
{
    return count_broken(tally) == 0;
}

int tally_close(const struct tally *tally)
{
    size_t passed = 0;

    printf("%10s %8s\n", "held", "broken");
    for (size_t i = 0; i < tally->count; i++) {
        unsigned long held = atomic_load(&tally->held[i]);
        unsigned long broken = atomic_load(&tally->broken[i]);
        bool untried = held + broken == 0;

        passed += held > 0 && broken == 0;
        printf("%10lu %8lu  %s%s\n", held, broken, tally->promises[i],
               untried ? " (never put to the test)" : "");
    }
    /* the line that a test driver counts by, and the one that people read */
    printf("Tested: %zu | Passing: %zu | Failing: %zu | Crashing: 0\n", tally->count, passed,
           tally->count - passed);
    printf("%zu passed, %zu failed\n", passed, tally->count - passed);
    fflush(stdout);
    return passed == tally->count ? 0 : 1;
}
