/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a plan: what comes first in the template comes first, unless it has to wait. */
#include <stdlib.h>

#include "plan.h"

#define WORDS(plan) (((plan)->count + 63) / 64)

/* `done` has a bit for each item. */
static bool is_done(const uint64_t *done, size_t item)
{
    return (done[item / 64] >> item % 64 & 1) != 0;
}

static bool is_ready(const struct kv_template_plan *plan, size_t item, const uint64_t *done)
{
    const uint64_t *row = plan->edges + item * WORDS(plan);

    for (size_t i = 0; i < WORDS(plan); i++) {
        if ((row[i] & ~done[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* One that is not done waits for one that is not done either: going on like that leads into a
 * circle. */
static enum kv_code refuse_circle(const struct kv_template_plan *plan, const uint64_t *done,
                                  struct kv_err *err)
{
    size_t at = 0;

    while (is_done(done, at)) {
        at++;
    }
    for (size_t step = 0; step < plan->count; step++) {
        size_t next = 0;

        while (is_done(done, next) || !template_has_edge(plan, at, next)) {
            next++;
        }
        at = next;
    }
    return template_invalid(err,
                            "Circular dependency detected on resource: '%.500s'. Please see "
                            "https://aka.ms/arm-syntax-resources for usage details",
                            plan->item[at].id);
}

static enum kv_code find_order(struct kv_template_plan *plan, uint64_t *done, struct kv_err *err)
{
    for (size_t place = 0; place < plan->count; place++) {
        size_t item = 0;

        while (item < plan->count && (is_done(done, item) || !is_ready(plan, item, done))) {
            item++;
        }
        if (item == plan->count) {
            return refuse_circle(plan, done, err);
        }
        done[item / 64] |= (uint64_t) 1 << item % 64;
        plan->order[place] = item;
        plan->position[item] = place;
    }
    return KV_OK;
}

static size_t count_edges(const struct kv_template_plan *plan)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->count * plan->count; i++) {
        count += template_has_edge(plan, i / plan->count, i % plan->count);
    }
    return count;
}

/* In places of the plan, ascending. */
static void show_edges(struct kv_template_plan *plan)
{
    size_t *next = plan->before;

    for (size_t item = 0; item < plan->count; item++) {
        plan->item[item].shown.before = next;
        for (size_t place = 0; place < plan->count; place++) {
            if (template_has_edge(plan, item, plan->order[place])) {
                *next++ = place;
            }
        }
        plan->item[item].shown.before_count = (size_t) (next - plan->item[item].shown.before);
    }
}

enum kv_code template_sort(struct kv_template_plan *plan, struct kv_err *err)
{
    uint64_t *done = calloc(WORDS(plan) + 1, sizeof(*done));
    enum kv_code code;

    plan->order = calloc(plan->count + 1, sizeof(*plan->order));
    plan->position = calloc(plan->count + 1, sizeof(*plan->position));
    plan->before = calloc(count_edges(plan) + 1, sizeof(*plan->before));
    if (done == NULL || plan->order == NULL || plan->position == NULL || plan->before == NULL) {
        free(done);
        return KV_OUT_OF_MEMORY(err);
    }
    code = find_order(plan, done, err);
    free(done);
    KV_TRY(code);
    show_edges(plan);
    return KV_OK;
}
