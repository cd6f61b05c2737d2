/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_crew.h - all workers and landlords of the crash test, and the shifts in which they work at
 * the same time, a thread each.
 */
#pragma once

#include <pthread.h>

#include "crash_vault.h"

#define WORKERS 4
#define LANDLORDS 2
#define SHIFTS (WORKERS + LANDLORDS)

struct crew {
    struct worker worker[WORKERS];
    struct landlord landlord[LANDLORDS];
};
void crew_done(struct crew *crew);

/* What each of them does until it is done, or the daemon is killed. */
struct task {
    void (*work)(struct worker *worker);
    void (*let)(struct landlord *landlord); /* NULL: nothing */
};
extern const struct task task_furnish, task_pose, task_load, task_audit;

struct shift {
    const struct task *task;
    struct worker *worker;
    struct landlord *landlord; /* NULL: it is the worker's */
    pthread_t thread;
};
void crew_begin(struct crew *crew, struct shift shifts[SHIFTS], const struct task *task);
void crew_end(struct shift shifts[SHIFTS]);
void crew_run(struct crew *crew, const struct task *task); /* both */

/* What the ledgers say exists, in keys of deleted vaults, too. */
struct holdings {
    size_t live, deleted, versions, vaults;
};
struct holdings crew_holdings(const struct crew *crew);

/* At the end: whether each operation was answered and each kind of key used, without which a
 * promise may hold because nobody tried; and the figures. */
void crew_check_reach(const struct crew *crew, struct tally *tally);
void crew_print(const struct crew *crew);
