/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of api/resources/health share: the services of Azure Health Data Services that use a
 * customer-managed key (control-plane.md §4.1), and the health of resources (§4.3).
 */
#pragma once

#include "kv/arm/arm.h"
#include "kv/arm/identity_block.h"
#include "kv/cmk/cmk.h"
#include "kv/consumer/consumer.h"

/* Their names: "ws1-fhir1", as consumers and as the first label of their hosts. */
#define HEALTH_NAME_SIZE (KV_CONSUMER_NAME_MAX + 1)
void health_name(const struct arm_id *id, char ret_name[HEALTH_NAME_SIZE]);

/* Whether the rules allow that key, as far as coffer can tell by what it has itself: KV_ARM_BAD_REQUEST names the first that
 * does not hold, what is so, and how to mend it. */
enum kv_code health_check_key(const struct arm_call *call, enum kv_cmk_profile profile,
                              const char *url, const char *location,
                              struct kv_err *err) kv_must_check;

arm_fn workspace_put, workspace_check, workspace_delete;
arm_fn service_get, service_put, service_patch, service_delete, service_check;
arm_fn availability_get;
arm_list_fn availability_list;
