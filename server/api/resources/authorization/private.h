/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of Microsoft.Authorization share (control-plane.md §2.3, §2.4). */
#pragma once

#include "kv/access/grants.h"
#include "kv/access/scopes.h"
#include "kv/arm/arm.h"

/* "/subscriptions/{s}/providers/Microsoft.Authorization/roleDefinitions/{id}": as answers name roles. */
#define DEFINITION_ID_SIZE                                                                         \
    (ARM_SUBSCRIPTION_SIZE + sizeof("/providers/Microsoft.Authorization/roleDefinitions/")         \
     + KV_UUID_LENGTH)
void authorization_definition_id(const struct kv_app *app, const char *role,
                                 char ret_id[DEFINITION_ID_SIZE]);

/* What a list is asked for: one comparison of OData, or one function. */
enum filter_kind {
    FILTER_NOTHING,
    FILTER_AT_SCOPE,    /* atScope() */
    FILTER_PRINCIPAL,   /* principalId eq '{guid}' */
    FILTER_ASSIGNED_TO, /* assignedTo('{guid}') */
    FILTER_ROLE_NAME,   /* roleName eq '...' */
    FILTER_ROLE_TYPE,   /* type eq 'CustomRole' */
};
struct filter {
    bool has[FILTER_ROLE_TYPE + 1];
    char principal[KV_UUID_LENGTH + 1];
    char role_name[KV_ACCESS_NAME_MAX + 1];
    char role_type[32];
};

/* Comparisons and functions joined by "and"; KV_ARM_INVALID_FILTER for anything else, and for kinds that
 * are not among `kinds` (bits). */
enum kv_code authorization_filter(const char *text, unsigned kinds, struct filter *ret_filter,
                                  struct kv_err *err) kv_must_check;

/* The scope that a call is about: that of its id; "/" for the tenant's. */
const char *authorization_scope(const struct arm_call *call);

/* The object ids of a principal and the groups it is in, itself first. */
#define PRINCIPALS_SIZE (KV_PRINCIPAL_GROUPS_MAX + 1)
enum kv_code authorization_whose(const struct kv_app *app, const char *object_id,
                                 char ret_ids[PRINCIPALS_SIZE][KV_UUID_LENGTH + 1],
                                 size_t *ret_count, struct kv_err *err) kv_must_check;

/* permissions: [{actions, notActions, dataActions, notDataActions[, condition]}] of a role. */
enum kv_code authorization_add_permissions(cJSON *array, const struct kv_access_role *role,
                                           bool shows_condition, struct kv_err *err) kv_must_check;

/* A text member of an object, in any case; NULL: there is none, or it is null. Another type is
 * KV_INVALID_REQUEST_CONTENT. */
enum kv_code authorization_text(const cJSON *object, const char *name, const char **ret_text,
                                struct kv_err *err) kv_must_check;

arm_fn azure_definition_get, azure_definition_put, azure_definition_delete;
arm_list_fn azure_definitions_list;
arm_fn azure_assignment_get, azure_assignment_put, azure_assignment_delete, azure_assignment_check;
arm_list_fn azure_assignments_list;
arm_fn azure_deny_get;
arm_list_fn azure_deny_list;
arm_list_fn azure_permissions_list;
