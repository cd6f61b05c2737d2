/* SPDX-License-Identifier: Apache-2.0 */
/* resources.h - what the resource manager keeps, and how it behaves by the options. */
#pragma once

#include "kv/app/app.h"
#include "kv/base/options.h"
#include "kv/resources/resources.h"

struct kv_store;
struct kv_vaults;

/* Migrates its tables, which a reset of all vaults empties. Free with kv_resources_free(). */
enum kv_code resources_open(struct kv_store *store, struct kv_vaults *vaults,
                            struct kv_resources **ret_resources, struct kv_err *err) kv_must_check;

void resources_lend(struct kv_resources *resources, const struct kv_options *options,
                    struct kv_app *app);
