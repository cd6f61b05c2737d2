/* SPDX-License-Identifier: Apache-2.0 */
/*
 * consumers.h - the services that use keys, as a part of the composition: what --consumer says of them,
 * and who waits for news of them. Private to the files beside it.
 */
#pragma once

#include <stdatomic.h>

#include "kv/app/app.h"
#include "kv/base/options.h"
#include "kv/consumer/consumer.h"
#include "kv/records/records.h"

struct consumers {
    struct kv_consumers *kept;
    struct kv_records *records;            /* their data, behind their fronts */
    const struct kv_options *options;      /* borrowed */
    _Atomic(struct kv_listener *) control; /* where those wait who want news */
};

/* Whether every --consumer can be read. Nothing has to exist yet. */
enum kv_code consumers_check(const struct kv_options *options, struct kv_err *err) kv_must_check;

/* {0} is closed. It stays where it is. */
enum kv_code consumers_open(struct consumers *consumers, const struct kv_options *options,
                            struct kv_store *store, struct kv_clock *clock,
                            struct kv_err *err) kv_must_check;
void consumers_lend(struct consumers *consumers, struct kv_app *app);

/* Those that the options name and that are not there: before the first listener, and no key is asked for. */
enum kv_code consumers_add(struct consumers *consumers, struct kv_err *err) kv_must_check;

/* Once the ports are known, and serve: from now on keys are probed. */
enum kv_code consumers_start(struct consumers *consumers, const struct kv_app *app,
                             struct kv_listener *control, struct kv_err *err) kv_must_check;

/* Before the listeners are drained: nobody waits for it any more. */
void consumers_stop(struct consumers *consumers);
void consumers_close(struct consumers *consumers);
