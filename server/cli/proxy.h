/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy.h - the variables that keep clients from looking for coffer behind a proxy. One thread.
 */
#pragma once

#include "variables.h"

/*
 * Where the environment names a proxy: adds NO_PROXY and no_proxy, with what they say already, this
 * machine, and the hosts of the URLs (the last is NULL). Else nothing.
 */
enum kv_code proxy_add_exceptions(const struct kv_options *options, const char *const *urls,
                                  struct variables *variables, struct kv_err *err) kv_must_check;
