/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/arm/identity_block.h - "identity" of a resource: the managed identities that it has
 * (control-plane.md §2.2).
 *
 * A resource keeps the block as arm_identity_read() returns it, and shows it as arm_identity_show() fills
 * it in. The system-assigned identity is a principal under the id of the resource: made with the block
 * that asks for one, deleted with one that does not, and another one when it is asked for again. So a
 * token for it is had by that resource id, and it can be disabled or revoked as any other.
 * Thread rule: as the calls they are part of.
 */
#pragma once

#include <cjson/cJSON.h>

#include "kv/arm/arm.h"

struct kv_principal_entry;

#define ARM_IDENTITIES_MAX 100 /* user-assigned ones of a resource */

/*
 * What a body says, without doing anything: {"type", "userAssignedIdentities": {id: {}}}, the type as the
 * service writes it, for the caller to free; of NULL, null and "None" {"type":"None"}.
 * KV_ARM_BAD_REQUEST for what is no such block, KV_FAILED_IDENTITY_OPERATION for a user-assigned identity
 * that is not there, KV_LINKED_AUTHORIZATION_FAILED for one that the caller may not assign.
 */
enum kv_code arm_identity_read(const struct arm_call *call, const cJSON *identity,
                               cJSON **ret_block, struct kv_err *err) kv_must_check;

/* Makes the system-assigned identity of the resource call->id what the block says: there, or not. */
enum kv_code arm_identity_settle(const struct arm_call *call, const cJSON *block,
                                 struct kv_err *err) kv_must_check;

/* For who deletes a resource: its system-assigned identity goes with it. */
enum kv_code arm_identity_drop(const struct arm_call *call, struct kv_err *err) kv_must_check;

/* The block as answers have it, with the ids of today; *ret_shown is NULL of "None". */
enum kv_code arm_identity_show(const struct kv_app *app, const char *resource, const cJSON *block,
                               cJSON **ret_shown, struct kv_err *err) kv_must_check;

/* Whom a resource with such a block acts as: the system-assigned identity, or else the first of the
 * user-assigned ones. KV_NOT_FOUND when it has none, or that one is gone. */
enum kv_code arm_identity_of(const struct kv_app *app, const char *resource, const cJSON *block,
                             struct kv_principal_entry *ret_entry,
                             struct kv_err *err) kv_must_check;
