/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/http/loopback.h - what the sites of a port without tokens have in common: it listens on loopback,
 * and pages of a browser, which run on this machine but speak for others, are kept out.
 *
 * Safe from any thread.
 */
#pragma once

#include "kv/http/request.h"
#include "kv/http/response.h"

/*
 * KV_FOREIGN_CALLER when the request names a host that is not this machine, nor `further_host`
 * (NULL: none), nor one of `names` (ended by NULL), nor, with `siblings`, what others in the same
 * network call a machine, or comes from a page of another origin.
 */
enum kv_code kv_loopback_check(const struct kv_request *request, const char *further_host,
                               const char *const *names, bool siblings,
                               struct kv_err *err) kv_must_check;

/* A site's `finish`: nothing is cached, nothing is guessed, and the answer is dated. */
void kv_loopback_finish(struct kv_request *request, struct kv_response *response);
