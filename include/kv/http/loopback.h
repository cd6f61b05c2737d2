/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/http/loopback.h - what the sites of a port without tokens have in common: it listens on
 * loopback, and web pages, which run in a browser on this machine but act for others, are kept out.
 *
 * Safe from any thread.
 */
#pragma once

#include "kv/http/request.h"
#include "kv/http/response.h"

/*
 * KV_FOREIGN_CALLER if the request names a host that is neither this machine, nor `further_host`
 * (NULL: none), nor one of `names` (NULL-terminated), nor, with `siblings`, a name by which others
 * in the same network reach a machine, or if it comes from a page of another origin.
 */
enum kv_code kv_loopback_check(const struct kv_request *request, const char *further_host,
                               const char *const *names, bool siblings,
                               struct kv_err *err) kv_must_check;

/* A site's `finish`: no caching, no content sniffing, and a Date. */
void kv_loopback_finish(struct kv_request *request, struct kv_response *response);
