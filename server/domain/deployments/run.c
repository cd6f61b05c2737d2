/* SPDX-License-Identifier: Apache-2.0 */
/* A plan that is being carried out: which steps can begin, and what became of them. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "kv/base/json.h"

KV_DEFINE_CLEANUP(struct run *, run_free)

void run_free(struct run *run)
{
    if (run == NULL) {
        return;
    }
    for (size_t i = 0; run->step != NULL && i < run->count; i++) {
        cJSON_Delete(run->step[i].error);
    }
    free(run->step);
    free(run->left);
    cJSON_Delete(run->outputs);
    kv_template_plan_free(run->plan);
    kv_template_free(run->template);
    if (run->place != NULL) {
        run->tree->hands->close(run->place);
    }
    free(run);
}

enum kv_code run_new(struct tree *tree, struct run *parent, size_t index,
                     const struct kv_deployment_start *start, struct run **ret_run,
                     struct kv_err *err)
{
    kv_auto(run_free) struct run *run = calloc(1, sizeof(*run));
    size_t count = kv_template_plan_count(start->plan);

    if (run == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    run->tree = tree;
    run->parent = parent;
    run->place_in_parent = index;
    run->count = count;
    run->step = calloc(count + 1, sizeof(*run->step));
    run->left = calloc(count + 1, sizeof(*run->left));
    run->begun = run->changed = kv_clock_now(tree->deployments->config.clock);
    (void) snprintf(run->id, sizeof(run->id), "%s", start->id);
    if (run->step == NULL || run->left == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < count; i++) {
        run->left[i] = kv_template_plan_at(start->plan, i)->before_count;
    }
    run->place = start->place; /* from here on nothing fails */
    run->template = start->template;
    run->plan = start->plan;
    *ret_run = kv_take(run);
    return KV_OK;
}

struct kv_deployment_view run_view(const struct run *run)
{
    return (struct kv_deployment_view){
        .id = run->id,
        .place = run->place,
        .plan = run->plan,
        .step = run->step,
        .state = run->state,
        .begun = run->begun,
        .changed = run->changed,
        .outputs = run->outputs,
    };
}

bool run_is(const struct run *run, const char *id)
{
    return strcasecmp(run->id, id) == 0;
}

/* A nested plan takes memory until it has ended; but whom others wait for is never held up, or
 * nothing would end. */
static bool may_nest(const struct run *run, size_t chosen)
{
    return run->tree->run_count + chosen <= NESTED_EASY || run->nested + chosen == 0;
}

size_t run_collect_locked(struct run *run, size_t *ret_index)
{
    size_t found = 0, nested = 0;

    for (size_t i = 0; !run->tree->is_canceled && i < run->count; i++) {
        const struct kv_template_resource *resource = kv_template_plan_at(run->plan, i);

        if (run->step[i].state != KV_STEP_WAITING || run->left[i] > 0) {
            continue;
        }
        if (resource->is_nested && resource->is_deployed) {
            if (!may_nest(run, nested)) {
                continue;
            }
            nested++;
        }
        run->step[i].state = KV_STEP_STARTING;
        run->step[i].begun = kv_clock_now(run->tree->deployments->config.clock);
        run->active++;
        ret_index[found++] = i;
    }
    return found;
}

static int compare_places(const void *a, const void *b)
{
    const size_t left = *(const size_t *) a, right = *(const size_t *) b;

    return (left > right) - (left < right);
}

/* Those that wait for it stand behind it in the plan. */
static void release_followers(struct run *run, size_t index)
{
    for (size_t i = index + 1; i < run->count; i++) {
        const struct kv_template_resource *resource = kv_template_plan_at(run->plan, i);

        if (resource->before_count > 0
            && bsearch(&index, resource->before, resource->before_count, sizeof(index),
                       compare_places)
                   != NULL) {
            run->left[i]--;
        }
    }
}

void run_end_step_locked(struct run *run, size_t index, enum kv_step_state state)
{
    struct kv_deployment_step *step = &run->step[index];

    step->state = state;
    step->ended = run->changed = kv_clock_now(run->tree->deployments->config.clock);
    run->active--;
    if (state == KV_STEP_DONE || state == KV_STEP_SKIPPED) {
        release_followers(run, index);
    }
}

void run_note_locked(struct run *run, size_t index, struct kv_deployment_answer *answer)
{
    struct kv_deployment_step *step = &run->step[index];

    step->status = answer->status;
    step->error = kv_take(answer->error);
    if (step->error != NULL) {
        run_end_step_locked(run, index, KV_STEP_FAILED);
        return;
    }
    if (answer->ready == 0) {
        run_end_step_locked(run, index, KV_STEP_DONE);
        return;
    }
    if (run->tree->is_canceled) {
        run_end_step_locked(run, index, KV_STEP_CANCELED);
        return;
    }
    step->state = KV_STEP_SETTLING;
    step->ready = answer->ready;
    kv_clock_wake(run->tree->deployments->config.clock); /* the housekeeper has a new date */
}

void run_cancel_locked(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->step[i].state == KV_STEP_SETTLING) {
            run_end_step_locked(run, i, KV_STEP_CANCELED);
        }
    }
}
