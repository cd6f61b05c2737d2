/* SPDX-License-Identifier: Apache-2.0 */
/* deployments.h - the engine of deployments: what it has due by the clock, and who asks for it. */
#pragma once

#include "kv/app/app.h"
#include "kv/base/options.h"
#include "kv/deployments/deployments.h"

/* Threads of steps: each may have a connection of the store and a session of the token. */
#define DEPLOYMENT_THREADS 4

/* Makes it, and its row of the agenda, which nobody may use yet. Free with kv_deployments_free(), while all that steps
 * need is still there. */
enum kv_code deployments_open(struct kv_clock *clock, struct kv_agenda *agenda,
                              struct kv_deployments **ret_deployments,
                              struct kv_err *err) kv_must_check;

void deployments_lend(struct kv_deployments *deployments, const struct kv_options *options,
                      struct kv_app *app);
