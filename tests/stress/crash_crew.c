/* SPDX-License-Identifier: Apache-2.0 */
#include "crash_crew.h"

#include <stdlib.h>

const struct task task_furnish = { worker_furnish, NULL };
const struct task task_pose = { worker_pose, landlord_pose };
const struct task task_load = { worker_load, landlord_load };
const struct task task_audit = { worker_audit, landlord_audit };

static void *run_shift(void *argument)
{
    struct shift *shift = argument;

    if (shift->landlord == NULL) {
        shift->task->work(shift->worker);
    } else if (shift->task->let != NULL) {
        shift->task->let(shift->landlord);
    }
    return NULL;
}

void crew_begin(struct crew *crew, struct shift shifts[SHIFTS], const struct task *task)
{
    for (size_t i = 0; i < SHIFTS; i++) {
        shifts[i] = (struct shift){ .task = task };
        if (i < WORKERS) {
            shifts[i].worker = &crew->worker[i];
        } else {
            shifts[i].landlord = &crew->landlord[i - WORKERS];
        }
        if (pthread_create(&shifts[i].thread, NULL, run_shift, &shifts[i]) != 0) {
            abort();
        }
    }
}

void crew_end(struct shift shifts[SHIFTS])
{
    for (size_t i = 0; i < SHIFTS; i++) {
        pthread_join(shifts[i].thread, NULL);
    }
}

void crew_run(struct crew *crew, const struct task *task)
{
    struct shift shifts[SHIFTS];

    crew_begin(crew, shifts, task);
    crew_end(shifts);
}

struct holdings crew_holdings(const struct crew *crew)
{
    struct holdings sum = { .live = 0 };

    for (size_t i = 0; i < WORKERS; i++) {
        sum.live += worker_keys(&crew->worker[i], LEDGER_LIVE);
        sum.deleted += worker_keys(&crew->worker[i], LEDGER_DELETED);
        sum.versions += worker_versions(&crew->worker[i]);
    }
    for (size_t i = 0; i < LANDLORDS; i++) {
        sum.live += landlord_keys(&crew->landlord[i]);
        sum.versions += landlord_keys(&crew->landlord[i]);
        sum.vaults += landlord_vaults(&crew->landlord[i]);
    }
    return sum;
}

void crew_done(struct crew *crew)
{
    for (size_t i = 0; i < WORKERS; i++) {
        worker_done(&crew->worker[i]);
    }
    for (size_t i = 0; i < LANDLORDS; i++) {
        landlord_done(&crew->landlord[i]);
    }
}
