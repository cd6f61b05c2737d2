/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/access/explain.h - why a caller may do something, or may not: everything granted to it that
 * reaches the vault, and what each of these comes to. For people; kv_access_check() is what decides.
 *
 * Thread-safe. Reads the store: not for the way of a request.
 */
#pragma once

#include "kv/access/grants.h"

/* What a grant comes to when the question is asked. */
enum kv_bearing {
    KV_BEARING_DENIES,            /* a deny assignment of the permission */
    KV_BEARING_ALLOWS,            /* the permission is among what it grants */
    KV_BEARING_LACKS,             /* it is not, whether or not the grant counts */
    KV_BEARING_PENDING,           /* it does not count yet */
    KV_BEARING_ENDED,             /* it was withdrawn, and no longer counts */
    KV_BEARING_ELSEWHERE,         /* it is for another key */
    KV_BEARING_OTHER_APPLICATION, /* of a compound identity */
    KV_BEARING_OTHER_MODE,        /* of the mode that the vault does not have: policy or rbac */
};

struct kv_access_reason {
    enum kv_bearing bearing;
    const struct kv_assignment *assignment; /* one of the two; the other is NULL */
    const struct kv_policy *policy;
};

#define KV_ACCESS_REASONS_MAX 100

struct kv_access_explanation {
    struct kv_access_reason reason[KV_ACCESS_REASONS_MAX]; /* those that decide come first */
    size_t count;
    size_t left_out;  /* those beyond the maximum */
    const char *role; /* the built-in role that allows it and least besides; a literal, or NULL */
    struct kv_assignment_list assignments; /* what the reasons point into */
    struct kv_policy_list policies;
};
void kv_access_explanation_done(struct kv_access_explanation *explanation);
KV_DEFINE_CLEANUP_VALUE(struct kv_access_explanation, kv_access_explanation_done)

/* Fails as kv_access_assignments() does. `question` is one for kv_access_check(). */
enum kv_code kv_access_explain(struct kv_access *access, const struct kv_access_question *question,
                               struct kv_access_explanation *ret_explanation,
                               struct kv_err *err) kv_must_check;
