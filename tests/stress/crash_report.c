/* SPDX-License-Identifier: Apache-2.0 */
/* What all workers together have done. */
#include <stdio.h>

#include "crash.h"

static struct deeds sum_operation(const struct worker *crew, size_t count,
                                  enum crash_operation operation)
{
    struct deeds sum = { .answered = 0 };

    for (size_t i = 0; i < count; i++) {
        sum.answered += crew[i].deeds[operation].answered;
        sum.happened += crew[i].deeds[operation].happened;
        sum.did_not += crew[i].deeds[operation].did_not;
    }
    return sum;
}

void crew_check_reach(const struct worker *crew, size_t count, struct tally *tally)
{
    for (enum crash_operation operation = 0; operation < OP_COUNT; operation++) {
        tally_check(tally, PROMISE_REACH, sum_operation(crew, count, operation).answered > 0,
                    "no %s", crash_operation_names[operation]);
    }
    for (size_t kind = 0; kind < CRASH_KINDS; kind++) {
        unsigned long proven = 0;

        for (size_t i = 0; i < count; i++) {
            proven += crew[i].proven[kind];
        }
        tally_check(tally, PROMISE_REACH, proven > 0, "no %s", crash_kinds[kind].name);
    }
}

void crew_print(const struct worker *crew, size_t count)
{
    printf("%-10s %10s %22s %10s\n", "requests", "answered", "cut off, but happened", "did not");
    for (enum crash_operation operation = 0; operation < OP_COUNT; operation++) {
        const struct deeds sum = sum_operation(crew, count, operation);

        printf("%-10s %10lu %22lu %10lu%s\n", crash_operation_names[operation], sum.answered,
               sum.happened, sum.did_not, operation >= OP_GET ? "  (changes nothing)" : "");
    }
}
