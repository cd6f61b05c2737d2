/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults.h - what the files beside it need to carry out a fault rule.
 */
#pragma once

#include "kv/app/app.h"
#include "private.h"

/* Whether a vault is asked, which is known before any rule is; else it is for a token. */
static inline bool gate_fault_is_of_vault(const struct kv_request *request)
{
    return request->vault != NULL;
}

/* What a request is matched by, and room for what is not in it. Borrowed from the request. */
struct gate_subject {
    struct kv_fault_subject subject;
    struct kv_principal_entry who; /* the caller, or whoever a token is asked for */
};
void gate_fault_describe(const struct kv_request *request, enum kv_fault_stage stage,
                         struct gate_subject *ret_subject);

/* What a rule does to a request, kept until its answer is gone: request->fate. */
struct gate_fate {
    struct kv_fault_hit hit;
    kv_millis until; /* monotonic: the end of the delay */
};

/* What it wants to be wrong with the result. */
static inline enum kv_fault_twist gate_fault_twist(const struct kv_request *request)
{
    const struct gate_fate *fate = request->fate;

    return fate != NULL ? fate->hit.effect->twist : KV_FAULT_TWIST_NONE;
}

/* Answers, or raises the refusal, that the rule says; at the route's stage and before the answer
 * alike. `id` is the rule's. */
enum kv_code gate_fault_answer(const struct kv_request *request,
                               const struct kv_fault_answer *answer, const char *id,
                               struct kv_response *response, struct kv_err *err) kv_must_check;

/* Adds the headers that the rule says to its answer. */
enum kv_code gate_fault_trim(const struct kv_request *request, const struct kv_fault_answer *answer,
                             struct kv_response *response, struct kv_err *err) kv_must_check;
