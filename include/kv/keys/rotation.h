/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/keys/rotation.h - rotation policies, and rotations: on request and by policy (contract §6.8, §10).
 *
 * A policy belongs to the name of a key, not to a version: it survives new versions, soft delete
 * and recovery, and is removed when the key is purged. Thread-safe. Errors carry the service's
 * texts where these are known.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/duration.h"
#include "kv/base/err.h"
#include "kv/keys/keys.h"

/* Least number of seconds between a rotation by policy and the creation, or the expiry, of the
 * version that it replaces (contract §10.2). */
#define KV_ROTATION_MARGIN (7 * KV_DAY)

/* When an action happens: one of the two is given, neither if there is no such action. */
struct kv_trigger {
    struct kv_duration after_create, before_expiry;
};

struct kv_rotation_policy {
    bool stored;                    /* false: the default policy of a key that was never given
                                       one */
    char name[KV_KEY_NAME_MAX + 1]; /* of the key, in its creator's spelling */
    struct kv_duration expiry;      /* expiryTime; not given: it gives new versions no expiry */
    struct kv_trigger rotate;
    struct kv_trigger notify; /* always before_expiry; a vault always has it (contract §10.1) */
    kv_time created, updated; /* when stored */
};

/* A policy as it was sent; members not sent are NULL. All borrowed. */
#define KV_LIFETIME_ACTIONS_MAX 8 /* one more than a policy can have: the rules refuse the third */
struct kv_lifetime_action {
    const char *type, *after_create, *before_expiry;
};
struct kv_rotation_policy_args {
    const char *expiry;
    struct kv_lifetime_action action[KV_LIFETIME_ACTIONS_MAX];
    size_t count;
    bool as_sent; /* a missing Notify is not added: a Managed HSM's (contract §10.4) */
};

/*
 * Normalises what was sent and checks it against the rules of contract §10.2: KV_BAD_PARAMETER with
 * a text that names the rule. Fills the durations of *ret_policy.
 */
enum kv_code kv_rotation_policy_read(const struct kv_rotation_policy_args *args,
                                     struct kv_rotation_policy *ret_policy,
                                     struct kv_err *err) kv_must_check;

enum kv_code kv_rotation_policy_get(const struct kv_scope *scope, const char *name,
                                    struct kv_rotation_policy *ret_policy,
                                    struct kv_err *err) kv_must_check;

/* Replaces the policy. An identical policy keeps its dates. */
enum kv_code kv_rotation_policy_set(const struct kv_scope *scope, const char *name,
                                    const struct kv_rotation_policy_args *args,
                                    struct kv_rotation_policy *ret_policy,
                                    struct kv_err *err) kv_must_check;

/* All checks of a rotation that need no key to be generated. */
enum kv_code kv_key_rotate_check(const struct kv_scope *scope, const char *name,
                                 struct kv_err *err) kv_must_check;

/*
 * Adds a version like the latest one, with the same type, size, operations and tags; it is enabled,
 * has no nbf, and expires as the policy says. Takes seconds: KV_LANE_GENERATE.
 */
enum kv_code kv_key_rotate(const struct kv_scope *scope, const char *name, struct kv_key *ret_key,
                           struct kv_err *err) kv_must_check;

/* A key that its policy will rotate. */
struct kv_rotation {
    int64_t key;   /* tells keys apart */
    int64_t vault; /* its id */
    char name[KV_KEY_NAME_MAX + 1];
    kv_millis due;
    struct kv_duration expiry; /* of its policy */
    struct kv_trigger trigger; /* of its policy */
};

/* When the version that a rotation at `when` would make is itself due for rotation; INT64_MAX:
 * never. */
kv_millis kv_rotation_due_again(const struct kv_rotation *rotation, kv_millis when);

/*
 * Calls `visit` for each of them until it returns false, earliest first. Deleted keys and those
 * still being recovered at `now` are left out.
 */
typedef bool kv_rotation_visit_fn(void *context, const struct kv_rotation *rotation);
enum kv_code kv_rotation_each(struct kv_keys *keys, kv_millis now, kv_rotation_visit_fn *visit,
                              void *context, struct kv_err *err) kv_must_check;

/*
 * Rotates the key if it still exists and its rotation is still due at scope->now; *ret_rotated
 * tells. The new version starts the interval again, so a rotation that fell due several times
 * happens once.
 */
enum kv_code kv_rotation_run(const struct kv_scope *scope, const struct kv_rotation *rotation,
                             bool *ret_rotated, struct kv_key *ret_key,
                             struct kv_err *err) kv_must_check;

/* Since the start, for /metrics. */
struct kv_rotation_counts {
    unsigned long requested, automatic, failed; /* failed: automatic ones */
};
struct kv_rotation_counts kv_rotation_count(const struct kv_keys *keys);
