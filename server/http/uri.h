/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri.h - a request target taken apart: decoded path segments and query pairs (contract §1).
 *
 * Owns the text its members point into. Belongs to one thread at a time.
 */
#pragma once

#include <stddef.h>

#include "kv/base/err.h"
#include "kv/http/request.h"

#define KV_QUERY_MAX 64 /* pairs of a query */

struct kv_uri {
    char *text;
    const char *segment[KV_SEGMENTS_MAX]; /* empty ones dropped */
    size_t segments;                      /* KV_SEGMENTS_MAX + 1 when there were more */
    struct kv_pair pair[KV_QUERY_MAX];
    size_t pairs;
};

/*
 * Parses a path with an optional query. KV_BAD_URL: not valid by RFC 3986, a fragment, more than
 * KV_QUERY_MAX pairs, or control characters or broken UTF-8, encoded or not. *ret_uri is written on
 * success only and released by kv_uri_done(), which also accepts a zeroed one.
 */
enum kv_code kv_uri_parse(const char *target, struct kv_uri *ret_uri,
                          struct kv_err *err) kv_must_check;
void kv_uri_done(struct kv_uri *uri);

/* How many pairs the query of a target has; the target need not be valid by RFC 3986. */
size_t kv_uri_count_pairs(const char *target);
/*
 * A copy for the log, in which the values of parameters whose names suggest a credential are
 * replaced by `*`, however the names are encoded, and whether or not the target parses. Free with
 * kv_wipe_free(); NULL: out of memory.
 */
char *kv_uri_mask(const char *target);
KV_DEFINE_CLEANUP_VALUE(struct kv_uri, kv_uri_done)
