/* SPDX-License-Identifier: Apache-2.0 */
/* resources.h - what the resource manager keeps, and how it behaves by the options. */
#pragma once

#include "deployments.h"
#include "kv/app/app.h"
#include "kv/base/options.h"
#include "kv/resources/resources.h"

/* `resources` is borrowed. */
void resources_lend(struct kv_resources *resources, const struct kv_options *options,
                    struct kv_app *app);
