/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen.h - a first look at a rule, in a few cycles and one line of the cache: whether it can
 * concern a request at all. It never rejects a rule that fits; most of a thousand rules go no
 * further.
 */
#pragma once

#include "rule.h"

/* The first and the last eight characters of a text, in lower case; 0 behind and before it. */
struct fault_edges {
    uint64_t head, tail;
};

/* What is looked at of a request. */
struct fault_glance {
    kv_operations operation; /* its bit */
    enum kv_fault_stage stage;
    struct fault_edges edges[TRAIT_COUNT]; /* not of the caller, who has several names */
};
void fault_glance_take(const struct kv_fault_subject *subject, struct fault_glance *ret_glance);

struct fault_screen {
    size_t position; /* of the rule */
    kv_operations operations;
    enum kv_fault_stage stage;
    enum fault_trait trait;          /* of which the edges are compared */
    struct fault_edges edges, masks; /* masks 0: any text can fit */
};
void fault_screen_make(const struct fault_rule *rule, size_t position,
                       struct fault_screen *ret_screen);

static inline bool fault_screen_lets(const struct fault_screen *screen,
                                     const struct fault_glance *glance)
{
    const struct fault_edges *edges = &glance->edges[screen->trait];

    return (screen->operations & glance->operation) != 0 && screen->stage == glance->stage
           && (edges->head & screen->masks.head) == screen->edges.head
           && (edges->tail & screen->masks.tail) == screen->edges.tail;
}
