/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/arm/identity_block.h - the `identity` of a resource (control-plane.md §2.2): its own managed identity, which
 * comes and goes with it, and those of users that are attached to it.
 *
 * Reads and writes the store: on a lane.
 */
#pragma once

#include "kv/arm/arm.h"

/* What a resource has for an identity. */
struct arm_identity {
    cJSON *block; /* owned, as it is kept and shown; NULL: it has none */
    /* by what the managed-identity endpoints know the one that it uses: a resource id; "": none */
    char name[KV_PRINCIPAL_RESOURCE_SIZE];
};
void arm_identity_done(struct arm_identity *identity);
KV_DEFINE_CLEANUP_VALUE(struct arm_identity, arm_identity_done)

/*
 * Makes of what is sent (NULL: nothing was) and of what there was (NULL: nothing) what the resource of the call has from now on.
 * A new identity of its own is registered; one that is not wanted any more is deleted, so that another one later has other ids. With
 * `one_kind` it may not have both kinds. KV_ARM_BAD_REQUEST for other types and identities that are not there,
 * KV_LINKED_AUTHORIZATION_FAILED when the caller may not attach one.
 */
enum kv_code arm_identity_put(const struct arm_call *call, const cJSON *sent, const cJSON *before,
                              bool one_kind, struct arm_identity *ret_identity,
                              struct kv_err *err) kv_must_check;

/* The resource goes: so does its own identity. */
enum kv_code arm_identity_drop(const struct arm_call *call, const cJSON *before,
                               struct kv_err *err) kv_must_check;
