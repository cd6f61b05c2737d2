/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - the insides: a run carries out one plan; a tree is the run that was begun, and the nested
 * ones that it has made.
 *
 * Plans, and the list of a tree's runs, belong to the one thread that drives the tree: it makes bodies, and
 * begins and ends runs. Whoever else has news of a step writes them down with the lock and has the tree
 * driven. So no lock is held while expressions are evaluated or resources sent.
 */
#pragma once

#include <pthread.h>
#include <sys/queue.h>

#include "kv/deployments/deployments.h"

#define NESTED_EASY 8 /* plans of a tree; beyond that those begin alone that others wait for */

struct tree;

struct run {
    struct tree *tree;
    struct run *parent; /* of a nested one; else NULL */
    size_t place_in_parent;
    char id[KV_TEMPLATE_ID_MAX + 1];
    void *place;
    struct kv_template *template; /* of the root; else NULL */
    struct kv_template_plan *plan;
    size_t count;
    size_t *left;                    /* of each step: how many before it are not done */
    struct kv_deployment_step *step; /* guarded by the lock, as all below */
    size_t active;                   /* starting, sent or settling */
    size_t nested;                   /* runs that it is the parent of */
    enum kv_deployment_state state;
    kv_millis begun, changed;
    cJSON *outputs;
    TAILQ_ENTRY(run) link;
};

struct job {
    void (*run_it)(struct job *job); /* and frees it, if it is not a part of its tree */
    struct tree *tree;
    struct run *run;
    size_t index;
    cJSON *body; /* owned */
    STAILQ_ENTRY(job) link;
};

struct tree {
    struct kv_deployments *deployments;
    const struct kv_deployment_hands *hands;
    struct run *root;
    TAILQ_HEAD(runs, run) runs; /* parents before children */
    size_t run_count;
    bool is_held;    /* it is being written down: nothing of it begins; guarded by the lock */
    bool is_running; /* not waiting for other trees; guarded by the lock, as all below */
    bool is_driven, is_again;
    struct job drive; /* queued while it is_driven by nobody yet */
    bool is_canceled;
    const char *reason; /* why it was canceled */
    TAILQ_ENTRY(tree) link;
};

struct kv_deployments {
    struct kv_deployments_config config;
    pthread_mutex_t mutex; /* lock.def: deployments.state */
    pthread_cond_t changed;
    TAILQ_HEAD(tree_list, tree) trees; /* guarded by mutex, as all below */
    size_t tree_count, running;
    STAILQ_HEAD(job_list, job) jobs;
    size_t busy; /* jobs that wait or are done now */
    size_t idle; /* threads without one */
    bool is_stopping;
    size_t started;
    pthread_t *thread;
};

/* ---- threads.c ---------------------------------------------------------------------------------- */

/* Has a job done, which is the queue's from then on. With the lock. */
void work_post_locked(struct kv_deployments *deployments, struct job *job);
/* Has the tree driven, now or once more. */
void work_drive_locked(struct tree *tree);
/* Whether there is a thread; makes the first one. */
bool work_begin_locked(struct kv_deployments *deployments);
/* Ends the threads when nothing is left to do. */
void work_end(struct kv_deployments *deployments);

/* ---- run.c ----------------------------------------------------------------------------------- */

enum kv_code run_new(struct tree *tree, struct run *parent, size_t index,
                     const struct kv_deployment_start *start, struct run **ret_run,
                     struct kv_err *err) kv_must_check;
void run_free(struct run *run);
struct kv_deployment_view run_view(const struct run *run);
/* Whether an id is that of the run. */
bool run_is(const struct run *run, const char *id);

/* Those that can begin now are STARTING afterwards; their places go to `ret_index`. */
size_t run_collect_locked(struct run *run, size_t *ret_index);
/* What became of a step. Takes the answer's error. */
void run_note_locked(struct run *run, size_t index, struct kv_deployment_answer *answer);
/* That a step ends in `state`, and what waits for it is told. */
void run_end_step_locked(struct run *run, size_t index, enum kv_step_state state);
/* Nothing that settles is waited for any more. */
void run_cancel_locked(struct run *run);

/* ---- drive.c --------------------------------------------------------------------------------- */

/* Does everything of a tree that can be done now. The tree may be gone afterwards. */
void drive(struct job *job);

/* ---- failure.c ------------------------------------------------------------------------------- */

/* control-plane.md §3.2, as JSON; NULL when memory is short. Of a run of which steps have failed. */
cJSON *failure_of_run(const struct run *run);
cJSON *failure_canceled(const struct run *run);
