/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids.h - resource ids: made of types, names and where a deployment is made; and compared.
 *
 * Pure functions. Texts that are made are charged.
 */
#pragma once

#include "kv/templates/templates.h"
#include "value.h"

/* How many segments stand between slashes; empty ones do not count (control-plane.md §0 row 5). */
size_t template_segments(const char *path);

/* Appends "/subscriptions/S/resourceGroups/R", or what else the scope is; "" of a tenant. */
enum kv_code template_append_scope(struct template_budget *budget,
                                   const struct kv_template_scope *scope, struct kv_buf *id,
                                   struct kv_err *err) kv_must_check;

/* Appends "/providers/NS/type/name/type/name"; the names are separated by slashes. A resource group
 * has an id of its own form, without a provider. False in *ret_fits: the segments do not go
 * together. */
enum kv_code template_append_resource(struct template_budget *budget, const char *type,
                                      const char *names, struct kv_buf *id, bool *ret_fits,
                                      struct kv_err *err) kv_must_check;

/* Copies without empty segments and in lower case, for comparing; at most `size` bytes, or false. */
bool template_fold_id(const char *id, char *ret_folded, size_t size);
