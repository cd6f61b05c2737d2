/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.h - what is evaluated of a plan that is there: bodies, nested templates, outputs.
 *
 * One thread at a time.
 */
#pragma once

#include "plan.h"

/* Evaluates the outputs as far as that goes before anything is deployed. KV_INVALID_TEMPLATE. */
enum kv_code template_try_outputs(struct kv_template_plan *plan, struct kv_err *err) kv_must_check;

/* The template and the parameters of a nested or linked deployment; `is_literal`: its expressions
 * were the outer template's, and are evaluated. */
enum kv_code template_read_nested(struct kv_template_plan *plan, size_t index,
                                  struct kv_template **ret_template, cJSON **ret_parameters,
                                  bool *ret_literal, struct kv_err *err) kv_must_check;
