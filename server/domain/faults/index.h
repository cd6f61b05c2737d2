/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.h - the rules as they are at one time, in their order, and which of them can concern a
 * request: those that name its key, vault, session or caller, and those that name none of these.
 *
 * Immutable; shared by reference.
 */
#pragma once

#include <stdatomic.h>

#include "screen.h"

struct fault_place; /* of a literal text */

/* Rules in their order, as far as a first look needs them. */
struct fault_list {
    struct fault_screen *screen;
    size_t count, room;
};

struct fault_index {
    atomic_uint references;
    struct fault_rule **rule;
    size_t count;
    struct fault_place *places[TRAIT_COUNT]; /* rules by the texts that they name */
    struct fault_list general;               /* rules that have to be looked at in any case */
    bool expire;                             /* some do */
};

/* Of these rules, which it takes references to. */
enum kv_code fault_index_new(struct fault_rule *const *rules, size_t count,
                             struct fault_index **ret_index, struct kv_err *err) kv_must_check;
struct fault_index *fault_index_acquire(struct fault_index *index);
void fault_index_release(struct fault_index *index);
KV_DEFINE_CLEANUP(struct fault_index *, fault_index_release)

/* The first rule that matches and is due, with its ticket, counted; NULL: none. */
struct fault_rule *fault_index_find(const struct fault_index *index,
                                    const struct kv_fault_subject *subject, uint64_t *ret_ticket);
