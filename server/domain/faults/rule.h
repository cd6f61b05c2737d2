/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule.h - a rule: read from JSON, then immutable but for its counts; shared by reference.
 *
 * Thread-safe: references and counts are atomic.
 */
#pragma once

#include "effect.h"
#include "match.h"
#include "when.h"

struct fault_rule {
    atomic_uint references;
    char id[KV_FAULT_ID_MAX + 1];
    cJSON *source; /* as it was given, with its id */
    bool disabled;
    enum kv_fault_stage stage;
    struct fault_match match;
    struct fault_when when;
    struct fault_effect effect;
    kv_millis made;    /* virtual */
    kv_millis expires; /* kv_clock_monotonic(); INT64_MAX: never */
    struct fault_counts *counts;
};

/* Reads it; `id` is for a rule that has none. `counts` NULL: new ones; else those are shared. */
enum kv_code fault_rule_new(const cJSON *json, const char *id, kv_millis now,
                            struct fault_counts *counts, struct fault_rule **ret_rule,
                            struct kv_err *err) kv_must_check;
struct fault_rule *fault_rule_acquire(struct fault_rule *rule);
void fault_rule_release(struct fault_rule *rule);
KV_DEFINE_CLEANUP(struct fault_rule *, fault_rule_release)

/* Another rule with that id: what `json` has in place of what it has, or without what is null there. */
enum kv_code fault_rule_change(const struct fault_rule *rule, const cJSON *json, kv_millis now,
                               struct fault_rule **ret_rule, struct kv_err *err) kv_must_check;

bool fault_rule_has_expired(const struct fault_rule *rule);

/* Whether it has the port refuse connections, by that virtual time. */
enum kv_fault_refusing fault_rule_refusing(const struct fault_rule *rule, kv_millis now);

/* NULL: out of memory. */
cJSON *fault_rule_show(const struct fault_rule *rule);
