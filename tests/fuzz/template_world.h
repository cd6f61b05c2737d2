/* SPDX-License-Identifier: Apache-2.0 */
/* template_world.h - a world for templates in which everything is there, and empty. */
#pragma once

#include "kv/templates/templates.h"

extern const struct kv_template_world template_world;
extern const struct kv_template_scope template_scope;

/* Goes through a plan: bodies, previews, nested deployments, outputs. */
void template_walk(struct kv_template_plan *plan);
