/* SPDX-License-Identifier: Apache-2.0 */
/* What all of the crew together have done. */
#include <stdio.h>

#include "crash_crew.h"

const char *const crash_operation_names[OP_ALL] = {
    [OP_CREATE] = "create",
    [OP_IMPORT] = "import",
    [OP_TRANSFER] = "transfer",
    [OP_ROTATE] = "rotate",
    [OP_UPDATE] = "update",
    [OP_POLICY] = "policy",
    [OP_DELETE] = "delete",
    [OP_RECOVER] = "recover",
    [OP_PURGE] = "purge",
    [OP_GET] = "get",
    [OP_BACKUP] = "backup",
    [OP_RESTORE] = "restore",
    [OP_SEAL] = "seal",
    [OP_OPEN] = "open",
    [OP_VAULT_MAKE] = "make vault",
    [OP_VAULT_CHANGE] = "change vault",
    [OP_VAULT_DELETE] = "delete vault",
    [OP_VAULT_RECOVER] = "recover vault",
    [OP_VAULT_PURGE] = "purge vault",
    [OP_LODGE] = "create in vault",
    [OP_VAULT_LOOK] = "look at vault",
};

static void add(struct deeds *sum, const struct deeds *deeds)
{
    sum->answered += deeds->answered;
    sum->happened += deeds->happened;
    sum->did_not += deeds->did_not;
}

static struct deeds sum_operation(const struct crew *crew, enum crash_operation operation)
{
    struct deeds sum = { .answered = 0 };

    for (size_t i = 0; operation < OP_COUNT && i < WORKERS; i++) {
        add(&sum, &crew->worker[i].deeds[operation]);
    }
    for (size_t i = 0; operation >= OP_COUNT && i < LANDLORDS; i++) {
        add(&sum, &crew->landlord[i].deeds[operation - OP_COUNT]);
    }
    return sum;
}

void crew_check_reach(const struct crew *crew, struct tally *tally)
{
    for (enum crash_operation operation = 0; operation < OP_ALL; operation++) {
        tally_check(tally, PROMISE_REACH, sum_operation(crew, operation).answered > 0, "no %s",
                    crash_operation_names[operation]);
    }
    for (size_t kind = 0; kind < CRASH_KINDS; kind++) {
        unsigned long proven = 0;

        for (size_t i = 0; i < WORKERS; i++) {
            proven += crew->worker[i].proven[kind];
        }
        tally_check(tally, PROMISE_REACH, proven > 0, "no %s", crash_kinds[kind].name);
    }
}

static bool changes_nothing(enum crash_operation operation)
{
    return (operation >= OP_GET && operation < OP_COUNT) || operation == OP_VAULT_LOOK;
}

void crew_print(const struct crew *crew)
{
    printf("%-15s %10s %22s %10s\n", "requests", "answered", "cut off, but happened", "did not");
    for (enum crash_operation operation = 0; operation < OP_ALL; operation++) {
        const struct deeds sum = sum_operation(crew, operation);

        printf("%-15s %10lu %22lu %10lu%s\n", crash_operation_names[operation], sum.answered,
               sum.happened, sum.did_not, changes_nothing(operation) ? "  (changes nothing)" : "");
    }
}
