/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.h - what is evaluated of a plan that is there: bodies, nested templates, outputs.
 *
 * One thread at a time.
 */
#pragma once

#include "plan.h"

/* Evaluate everything that can be known before anything is deployed, for what is wrong with it.
 * KV_INVALID_TEMPLATE. */
enum kv_code template_try_bodies(struct kv_template_plan *plan, struct template_budget *budget,
                                 struct kv_err *err) kv_must_check;
enum kv_code template_try_outputs(struct kv_template_plan *plan, struct template_budget *budget,
                                  struct kv_err *err) kv_must_check;

/* The template and the parameters of a nested or linked deployment, and the file that the template is in;
 * `is_literal`: its expressions were the outer template's, and are evaluated. */
enum kv_code template_read_nested(struct kv_template_plan *plan, size_t index,
                                  char ret_link[KV_TEMPLATE_LINK_SIZE],
                                  struct kv_template **ret_template, cJSON **ret_parameters,
                                  bool *ret_literal, struct kv_err *err) kv_must_check;
