/* SPDX-License-Identifier: Apache-2.0 */
/* listeners.h - the two ports of serve, and what clients on them may take of time and place. */
#pragma once

#include "serve.h"

struct listeners {
    struct kv_listener *tls, *control; /* NULL: not open */
};

/* Opens one of them, by the options and with the lanes and the clock of `app`, which learns its port
 * and outlives it. The names of the certificates may change as long as it is open. */
enum kv_code listeners_open_tls(struct listeners *listeners, const struct kv_options *options,
                                const struct kv_certificates *certificates, struct kv_app *app,
                                struct kv_err *err) kv_must_check;
enum kv_code listeners_open_control(struct listeners *listeners, const struct kv_options *options,
                                    struct kv_app *app, struct kv_err *err) kv_must_check;

/* The HTTPS port first: it tells the other one of what it answered. */
void listeners_close(struct listeners *listeners);
