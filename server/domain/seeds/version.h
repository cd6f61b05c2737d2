/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - a version of a key as a seed has it: read, compared with what is there, and made. */
#pragma once

#include "core.h"

#define OPS_MAX 16

struct sent_version {
    const char *version, *kty, *curve, *pem, *material;
    const cJSON *jwk, *ops, *tags, *nbf, *exp, *created, *updated;
    struct kv_maybe_int bits;
    struct kv_maybe_bool generate, enabled, test_material;
};

/* A version as it is wanted. */
struct wanted {
    struct sent_version sent;
    struct seed_material material;
    const char *ops[OPS_MAX];
    struct kv_key_op_names names;
    struct kv_tags tags;
    struct kv_maybe_time not_before, expires, created, updated;
    struct kv_key_stamp stamp;
};

void wanted_done(struct wanted *wanted);
KV_DEFINE_CLEANUP_VALUE(struct wanted, wanted_done)

/* Release it in any case. */
enum kv_code wanted_read(const cJSON *item, const char *path, kv_millis now, struct wanted *wanted,
                         struct kv_err *err) kv_must_check;

/* KV_CONFLICT when the version that is there has other material, attributes, operations or tags. */
enum kv_code wanted_compare(const struct wanted *wanted, const struct kv_key *is, const char *path,
                            struct kv_err *err) kv_must_check;

/* Whether it could be made as a version of that key; and makes it the latest one. */
enum kv_code wanted_check(const struct kv_scope *scope, const char *name,
                          const struct wanted *wanted, struct kv_err *err) kv_must_check;
enum kv_code wanted_make(struct kv_seeds *seeds, const struct kv_scope *scope, const char *name,
                         const struct wanted *wanted, struct kv_err *err) kv_must_check;
