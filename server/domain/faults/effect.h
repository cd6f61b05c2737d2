/* SPDX-License-Identifier: Apache-2.0 */
/* effect.h - the effect of a rule, read and checked. */
#pragma once

#include "answer.h"
#include "delay.h"
#include "kv/faults/faults.h"
#include "match.h"

struct fault_effect {
    struct kv_fault_effect done; /* what becomes of the request, after the delay */
    struct fault_delay delay;
    bool is_empty; /* the request is let through */
};
void fault_effect_done(struct fault_effect *effect);

/* Reads it and refuses what does not go together. A twist narrows the operations of `match`. `json`
 * NULL: the service's 429, for a quota. */
enum kv_code fault_effect_read(const cJSON *json, enum kv_fault_stage stage,
                               struct fault_match *match, struct fault_effect *ret_effect,
                               struct kv_err *err) kv_must_check;
