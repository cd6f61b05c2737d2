/* SPDX-License-Identifier: Apache-2.0 */
/* Driving a tree: what can begin does, and what has nothing left to do ends. One thread at a time. */
#include <stdlib.h>

#include "kv/base/json.h"
#include "run.h"

static void lock(const struct tree *tree)
{
    pthread_mutex_lock(&tree->deployments->mutex);
}

static void unlock(const struct tree *tree)
{
    pthread_mutex_unlock(&tree->deployments->mutex);
}

/* ---- Beginning steps --------------------------------------------------------------------------- */

static void skip_step(struct run *run, size_t index)
{
    lock(run->tree);
    run_end_step_locked(run, index, KV_STEP_SKIPPED);
    unlock(run->tree);
}

/* It has failed even if there is no memory for the text. */
static void fail_step(struct run *run, size_t index, const struct kv_err *err)
{
    cJSON *error = kv_deployment_error(err);

    lock(run->tree);
    run->step[index].error = error;
    run->step[index].status = kv_err_row(err->code)->status;
    run_end_step_locked(run, index, KV_STEP_FAILED);
    unlock(run->tree);
}

/* What became of a step is news for its tree. */
static void end_job(struct job *job, struct kv_deployment_answer *answer)
{
    struct kv_deployments *deployments = job->tree->deployments;

    pthread_mutex_lock(&deployments->mutex);
    run_note_locked(job->run, job->index, answer);
    work_drive_locked(job->tree);
    pthread_mutex_unlock(&deployments->mutex);
    cJSON_Delete(job->body);
    free(job);
}

static void send_it(struct job *job)
{
    struct kv_deployment_answer answer = { 0 };

    job->tree->hands->send(job->run->place, kv_template_plan_at(job->run->plan, job->index),
                           job->body, &answer);
    end_job(job, &answer);
}

static void look_at_it(struct job *job)
{
    struct kv_deployment_answer answer = { 0 };

    job->tree->hands->look(job->run->place, kv_template_plan_at(job->run->plan, job->index),
                           &answer);
    end_job(job, &answer);
}

static enum kv_code post_step(struct run *run, size_t index, cJSON *body,
                              void (*run_it)(struct job *job), struct kv_err *err)
{
    struct job *job = calloc(1, sizeof(*job));

    if (job == NULL) {
        cJSON_Delete(body);
        return KV_OUT_OF_MEMORY(err);
    }
    *job = (struct job){
        .run_it = run_it, .tree = run->tree, .run = run, .index = index, .body = body
    };
    lock(run->tree);
    run->step[index].state = KV_STEP_SENT;
    work_post_locked(run->tree->deployments, job);
    unlock(run->tree);
    return KV_OK;
}

static enum kv_code send_step(struct run *run, size_t index, struct kv_err *err)
{
    cJSON *body = NULL;
    bool has_secret;

    KV_TRY(kv_template_plan_body(run->plan, index, &body, &has_secret, err));
    return post_step(run, index, body, send_it, err);
}

/* Its plan, in a place of its own. Closes the place if it fails. */
static enum kv_code make_nested(struct run *run, size_t index, struct run **ret_nested,
                                struct kv_err *err)
{
    const struct kv_template_resource *resource = kv_template_plan_at(run->plan, index);
    const struct kv_deployment_hands *hands = run->tree->hands;
    const struct kv_template_world *world = NULL;
    struct kv_deployment_start start = { .id = resource->id, .hands = hands };

    KV_TRY(hands->nest(run->place, resource, &start.place, &world, err));
    enum kv_code code = kv_template_plan_nest(run->plan, index, world, &start.plan, err);
    if (code == KV_OK) {
        code = run_new(run->tree, run, index, &start, ret_nested, err);
    }
    if (code != KV_OK) {
        kv_template_plan_free(start.plan);
        hands->close(start.place);
    }
    return code;
}

static enum kv_code begin_nested(struct run *run, size_t index, struct kv_err *err)
{
    struct run *nested = NULL;

    KV_TRY(make_nested(run, index, &nested, err));
    const struct kv_deployment_view view = run_view(nested);
    enum kv_code code = run->tree->hands->begun(nested->place, &view, err);
    if (code != KV_OK) {
        run_free(nested);
        return code;
    }
    lock(run->tree);
    run->step[index].state = KV_STEP_SENT;
    run->nested++;
    run->tree->run_count++;
    TAILQ_INSERT_TAIL(&run->tree->runs, nested, link);
    unlock(run->tree);
    return KV_OK;
}

static void begin_step(struct run *run, size_t index)
{
    const struct kv_template_resource *resource = kv_template_plan_at(run->plan, index);
    struct kv_err err = { .code = KV_OK };

    if (!resource->is_deployed || resource->is_existing) {
        skip_step(run, index);
        return;
    }
    if ((resource->is_nested ? begin_nested : send_step)(run, index, &err) != KV_OK) {
        fail_step(run, index, &err);
    }
}

/* True when something has begun: what waits for it may be able to, too. */
static bool begin_steps(struct run *run)
{
    size_t index[KV_TEMPLATE_RESOURCES_MAX];
    size_t count;

    lock(run->tree);
    run->state = KV_DEPLOYMENT_RUNNING;
    count = run_collect_locked(run, index);
    unlock(run->tree);
    for (size_t i = 0; i < count; i++) {
        begin_step(run, index[i]);
    }
    return count > 0;
}

/* ---- Looking again ------------------------------------------------------------------------------ */

static size_t collect_due(struct run *run, size_t *ret_index)
{
    kv_millis now = kv_clock_now(run->tree->deployments->config.clock);
    size_t count = 0;

    lock(run->tree);
    for (size_t i = 0; i < run->count; i++) {
        if (run->step[i].state == KV_STEP_SETTLING && run->step[i].ready <= now) {
            run->step[i].state = KV_STEP_STARTING;
            ret_index[count++] = i;
        }
    }
    unlock(run->tree);
    return count;
}

static void look_at_steps(struct run *run)
{
    size_t index[KV_TEMPLATE_RESOURCES_MAX];
    size_t count = collect_due(run, index);
    struct kv_err err;

    for (size_t i = 0; i < count; i++) {
        if (post_step(run, index[i], NULL, look_at_it, &err) != KV_OK) {
            fail_step(run, index[i], &err);
        }
    }
}

/* ---- Ending runs -------------------------------------------------------------------------------- */

/* With the lock; false: it still has something to do. */
static bool is_over(const struct run *run)
{
    return run->active == 0;
}

static bool has_failed(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->step[i].state == KV_STEP_FAILED) {
            return true;
        }
    }
    return false;
}

/* What is left when all steps are done; its error, or NULL. */
static cJSON *complete(struct run *run)
{
    const struct kv_deployment_hands *hands = run->tree->hands;
    const struct kv_deployment_view view = run_view(run);
    struct kv_err err = { .code = KV_OK };
    cJSON *outputs = NULL;

    cJSON *error = hands->complete != NULL ? hands->complete(run->place, &view) : NULL;
    if (error != NULL) {
        return error;
    }
    if (kv_template_plan_outputs(run->plan, &outputs, &err) != KV_OK) {
        return kv_deployment_error(&err);
    }
    lock(run->tree);
    run->outputs = outputs;
    unlock(run->tree);
    return NULL;
}

static cJSON *judge(struct run *run, enum kv_deployment_state *ret_state)
{
    bool failed, canceled;

    lock(run->tree);
    failed = has_failed(run);
    canceled = run->tree->is_canceled;
    unlock(run->tree);
    if (canceled) {
        *ret_state = KV_DEPLOYMENT_CANCELED;
        return failure_canceled(run);
    }
    cJSON *error = failed ? failure_of_run(run) : complete(run);
    failed |= error != NULL;
    *ret_state = failed ? KV_DEPLOYMENT_FAILED : KV_DEPLOYMENT_SUCCEEDED;
    return error;
}

static void tell_parent(const struct run *run, const struct kv_deployment_view *view)
{
    struct kv_deployment_answer answer = { .status = 200 };

    if (run->parent == NULL) {
        return;
    }
    if (view->state != KV_DEPLOYMENT_SUCCEEDED) {
        answer.status = 409;
        answer.error = kv_deployment_failure(run->id, kv_deployment_state_name(view->state),
                                             cJSON_Duplicate(view->error, true));
    }
    lock(run->tree);
    run->parent->nested--;
    run->tree->run_count--;
    run_note_locked(run->parent, run->place_in_parent, &answer);
    unlock(run->tree);
}

/* It is kept by others before it is forgotten here, so that there is no moment at which it is neither; and until then it
 * looks as if it were running, because what it has made is known from then on only. */
static void end_run(struct run *run)
{
    struct tree *tree = run->tree;
    enum kv_deployment_state state;
    cJSON *error = judge(run, &state);

    struct kv_deployment_view view = run_view(run);
    view.state = state;
    view.error = error;
    view.changed = kv_clock_now(tree->deployments->config.clock);
    tree->hands->ended(run->place, &view);
    tell_parent(run, &view);
    cJSON_Delete(error);
    lock(tree);
    TAILQ_REMOVE(&tree->runs, run, link);
    unlock(tree);
    run_free(run);
}

/* ---- The tree ----------------------------------------------------------------------------------- */

static void cancel_steps(struct tree *tree)
{
    struct run *run;

    lock(tree);
    TAILQ_FOREACH(run, &tree->runs, link)
    {
        if (tree->is_canceled) {
            run_cancel_locked(run);
        }
    }
    unlock(tree);
}

/* True when something has changed that others in the tree may have waited for. */
static bool advance(struct run *run)
{
    bool over;

    look_at_steps(run);
    if (begin_steps(run)) {
        return true;
    }
    lock(run->tree);
    over = is_over(run);
    unlock(run->tree);
    if (over) {
        end_run(run);
    }
    return over;
}

/* Children first, because only they can change what their parents wait for. */
static bool advance_all(struct tree *tree)
{
    struct run *before;
    bool changed = false;

    for (struct run *run = TAILQ_LAST(&tree->runs, runs); run != NULL; run = before) {
        before = TAILQ_PREV(run, runs, link);
        changed |= advance(run);
    }
    return changed;
}

/* The next tree may run. */
static void end_tree(struct tree *tree)
{
    struct kv_deployments *deployments = tree->deployments;
    struct tree *next;

    pthread_mutex_lock(&deployments->mutex);
    TAILQ_REMOVE(&deployments->trees, tree, link);
    deployments->tree_count--;
    deployments->running--;
    TAILQ_FOREACH(next, &deployments->trees, link)
    {
        if (!next->is_held && !next->is_running
            && deployments->running < deployments->config.at_once) {
            next->is_running = true;
            deployments->running++;
            work_drive_locked(next);
        }
    }
    pthread_cond_broadcast(&deployments->changed);
    pthread_mutex_unlock(&deployments->mutex);
    free(tree);
}

/* False: there is news, or nothing is left of it. */
static bool rest(struct tree *tree)
{
    bool rests;

    lock(tree);
    rests = !tree->is_again && !TAILQ_EMPTY(&tree->runs);
    tree->is_again = false;
    tree->is_driven = !rests;
    unlock(tree);
    return rests;
}

void drive(struct job *job)
{
    struct tree *tree = job->tree;

    while (!TAILQ_EMPTY(&tree->runs)) {
        cancel_steps(tree);
        while (advance_all(tree)) {
        }
        if (rest(tree)) {
            return;
        }
    }
    end_tree(tree);
}
