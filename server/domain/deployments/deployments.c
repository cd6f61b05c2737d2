/* SPDX-License-Identifier: Apache-2.0 */
/* Deployments that are under way: beginning, showing and ending them. */
#include "kv/deployments/deployments.h"

#include <errno.h>
#include <stdlib.h>

#include "run.h"

static const char canceled_by_request[] = "The deployment was canceled.";
static const char canceled_by_end[] = "The deployment was interrupted: coffer was stopped.";

/* ---- new and free ----------------------------------------------------------------------------- */

enum kv_code kv_deployments_new(const struct kv_deployments_config *config,
                                struct kv_deployments **ret_deployments, struct kv_err *err)
{
    struct kv_deployments *deployments = calloc(1, sizeof(*deployments));
    pthread_condattr_t attributes;

    if (deployments == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    deployments->config = *config;
    deployments->thread = calloc(config->threads, sizeof(*deployments->thread));
    if (deployments->thread == NULL) {
        free(deployments);
        return KV_OUT_OF_MEMORY(err);
    }
    pthread_mutex_init(&deployments->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&deployments->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    TAILQ_INIT(&deployments->trees);
    STAILQ_INIT(&deployments->jobs);
    *ret_deployments = deployments;
    return KV_OK;
}

static void cancel_locked(struct tree *tree, const char *reason)
{
    if (!tree->is_canceled) {
        tree->is_canceled = true;
        tree->reason = reason;
    }
    if (tree->is_held) {
        return; /* whoever holds it sees that */
    }
    if (!tree->is_running) { /* it only waited: let it end */
        tree->is_running = true;
        tree->deployments->running++;
    }
    work_drive_locked(tree);
}

static void cancel_all(struct kv_deployments *deployments)
{
    struct tree *tree;

    pthread_mutex_lock(&deployments->mutex);
    TAILQ_FOREACH(tree, &deployments->trees, link)
    {
        cancel_locked(tree, canceled_by_end);
    }
    while (!TAILQ_EMPTY(&deployments->trees) || deployments->busy > 0) {
        pthread_cond_wait(&deployments->changed, &deployments->mutex);
    }
    pthread_mutex_unlock(&deployments->mutex);
}

void kv_deployments_free(struct kv_deployments *deployments)
{
    if (deployments == NULL) {
        return;
    }
    cancel_all(deployments);
    work_end(deployments);
    pthread_cond_destroy(&deployments->changed);
    pthread_mutex_destroy(&deployments->mutex);
    free(deployments->thread);
    free(deployments);
}

/* ---- Beginning --------------------------------------------------------------------------------- */

static struct run *find_locked(struct kv_deployments *deployments, const char *id)
{
    struct tree *tree;
    struct run *run;

    TAILQ_FOREACH(tree, &deployments->trees, link)
    {
        TAILQ_FOREACH(run, &tree->runs, link)
        {
            if (run_is(run, id)) {
                return run;
            }
        }
    }
    return NULL;
}

static enum kv_code check_room_locked(struct kv_deployments *deployments, const char *id,
                                      struct kv_err *err)
{
    const struct kv_deployments_config *config = &deployments->config;

    if (find_locked(deployments, id) != NULL) {
        return KV_FAIL(err, KV_CONFLICT, 0, "The deployment '%.400s' is still active.", id);
    }
    if (deployments->tree_count >= config->at_once + config->waiting) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0,
                       "%zu deployments are running or waiting; try again when one has ended.",
                       deployments->tree_count);
    }
    return work_begin_locked(deployments)
               ? KV_OK
               : KV_FAIL(err, KV_UNAVAILABLE, EAGAIN, "no thread could be started");
}

static enum kv_code enter(struct kv_deployments *deployments, struct tree *tree, struct kv_err *err)
{
    pthread_mutex_lock(&deployments->mutex);
    enum kv_code code = check_room_locked(deployments, tree->root->id, err);
    if (code == KV_OK) {
        tree->is_held = true;
        TAILQ_INSERT_TAIL(&deployments->trees, tree, link);
        deployments->tree_count++;
    }
    pthread_mutex_unlock(&deployments->mutex);
    return code;
}

static void leave(struct kv_deployments *deployments, struct tree *tree)
{
    pthread_mutex_lock(&deployments->mutex);
    TAILQ_REMOVE(&deployments->trees, tree, link);
    deployments->tree_count--;
    pthread_cond_broadcast(&deployments->changed);
    pthread_mutex_unlock(&deployments->mutex);
}

/* One that was canceled meanwhile ends at once. */
static void let_go(struct kv_deployments *deployments, struct tree *tree)
{
    pthread_mutex_lock(&deployments->mutex);
    tree->is_held = false;
    if (tree->is_canceled || deployments->running < deployments->config.at_once) {
        tree->is_running = true;
        deployments->running++;
        work_drive_locked(tree);
    }
    pthread_mutex_unlock(&deployments->mutex);
}

static enum kv_code tell_begun(const struct tree *tree, struct kv_err *err)
{
    const struct kv_deployment_view view = run_view(tree->root);

    return tree->hands->begun(tree->root->place, &view, err);
}

static struct tree *make_tree(struct kv_deployments *deployments,
                              const struct kv_deployment_start *start, struct kv_err *err)
{
    struct tree *tree = calloc(1, sizeof(*tree));

    if (tree == NULL) {
        return NULL;
    }
    tree->deployments = deployments;
    tree->hands = start->hands;
    tree->drive = (struct job){ .run_it = drive, .tree = tree };
    TAILQ_INIT(&tree->runs);
    if (run_new(tree, NULL, 0, start, &tree->root, err) != KV_OK) {
        free(tree);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&tree->runs, tree->root, link);
    tree->run_count = 1;
    return tree;
}

/* Of a tree that was not begun: what it was given stays with who gave it. */
static void unmake_tree(struct tree *tree)
{
    tree->root->plan = NULL;
    tree->root->template = NULL;
    tree->root->place = NULL;
    run_free(tree->root);
    free(tree);
}

enum kv_code kv_deployments_begin(struct kv_deployments *deployments,
                                  const struct kv_deployment_start *start, struct kv_err *err)
{
    struct tree *tree = make_tree(deployments, start, err);

    if (tree == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    enum kv_code code = enter(deployments, tree, err);
    if (code != KV_OK) {
        unmake_tree(tree);
        return code;
    }
    code = tell_begun(tree, err);
    if (code != KV_OK) {
        leave(deployments, tree);
        unmake_tree(tree);
        return code;
    }
    let_go(deployments, tree);
    return KV_OK;
}

/* ---- While they are under way ------------------------------------------------------------------- */

bool kv_deployments_show(struct kv_deployments *deployments, const char *id,
                         void (*show)(void *context, const struct kv_deployment_view *view),
                         void *context)
{
    const struct run *run;

    pthread_mutex_lock(&deployments->mutex);
    run = find_locked(deployments, id);
    if (run != NULL) {
        const struct kv_deployment_view view = run_view(run);

        show(context, &view);
    }
    pthread_mutex_unlock(&deployments->mutex);
    return run != NULL;
}

void kv_deployments_each(struct kv_deployments *deployments,
                         void (*show)(void *context, const struct kv_deployment_view *view),
                         void *context)
{
    struct tree *tree;
    struct run *run;

    pthread_mutex_lock(&deployments->mutex);
    TAILQ_FOREACH(tree, &deployments->trees, link)
    {
        TAILQ_FOREACH(run, &tree->runs, link)
        {
            const struct kv_deployment_view view = run_view(run);

            show(context, &view);
        }
    }
    pthread_mutex_unlock(&deployments->mutex);
}

bool kv_deployments_cancel(struct kv_deployments *deployments, const char *id)
{
    const struct run *run;

    pthread_mutex_lock(&deployments->mutex);
    run = find_locked(deployments, id);
    if (run != NULL) {
        cancel_locked(run->tree, canceled_by_request);
    }
    pthread_mutex_unlock(&deployments->mutex);
    return run != NULL;
}

/* ---- The clock ---------------------------------------------------------------------------------- */

static kv_millis due_of_run(const struct run *run)
{
    kv_millis due = INT64_MAX;

    for (size_t i = 0; i < run->count; i++) {
        if (run->step[i].state == KV_STEP_SETTLING && run->step[i].ready < due) {
            due = run->step[i].ready;
        }
    }
    return due;
}

static kv_millis due_of_tree(const struct tree *tree)
{
    kv_millis due = INT64_MAX;
    const struct run *run;

    TAILQ_FOREACH(run, &tree->runs, link)
    {
        kv_millis own = due_of_run(run);

        due = own < due ? own : due;
    }
    return due;
}

kv_millis kv_deployments_due(struct kv_deployments *deployments)
{
    kv_millis due = INT64_MAX;
    const struct tree *tree;

    pthread_mutex_lock(&deployments->mutex);
    TAILQ_FOREACH(tree, &deployments->trees, link)
    {
        kv_millis own = due_of_tree(tree);

        due = own < due ? own : due;
    }
    pthread_mutex_unlock(&deployments->mutex);
    return due;
}

void kv_deployments_catch_up(struct kv_deployments *deployments, kv_millis at)
{
    struct tree *tree;

    pthread_mutex_lock(&deployments->mutex);
    TAILQ_FOREACH(tree, &deployments->trees, link)
    {
        if (due_of_tree(tree) <= at) {
            work_drive_locked(tree);
        }
    }
    pthread_mutex_unlock(&deployments->mutex);
}

void kv_deployments_settle(struct kv_deployments *deployments, kv_millis patience)
{
    kv_millis end = kv_clock_monotonic() + patience;
    struct timespec until = { .tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000 };
    int rc = 0;

    pthread_mutex_lock(&deployments->mutex);
    while (deployments->busy > 0 && rc == 0) {
        rc = pthread_cond_timedwait(&deployments->changed, &deployments->mutex, &until);
    }
    pthread_mutex_unlock(&deployments->mutex);
}
