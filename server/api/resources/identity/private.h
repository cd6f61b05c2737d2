/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of Microsoft.ManagedIdentity share (control-plane.md §2.1, §2.2). */
#pragma once

#include "kv/arm/arm.h"
#include "kv/identity/registry.h"

#define IDENTITY_TYPE "Microsoft.ManagedIdentity/userAssignedIdentities"

/* The living user-assigned identity with that resource id, and the system-assigned one of that resource;
 * KV_NOT_FOUND. None is made up. */
enum kv_code identity_find(const struct kv_app *app, const char *resource,
                           enum kv_principal_type type, struct kv_principal_entry *ret_entry,
                           struct kv_err *err) kv_must_check;

arm_fn identity_get, identity_put, identity_patch, identity_delete, identity_check;
arm_list_fn identity_list;
arm_fn identity_list_associated;
arm_fn identity_default_get;
arm_fn identity_federated_get, identity_federated_put, identity_federated_delete;
arm_list_fn identity_federated_list;
