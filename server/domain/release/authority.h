/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authority.h - which keys an attestation authority has. Private to domain/release.
 */
#pragma once

#include <stdbool.h>

#include "kv/base/jws.h"
#include "kv/release/release.h"

#define AUTHORITY_URL_MAX 512 /* characters, its NUL among them */

/* Whether it is https, or http to this machine itself. */
bool authority_url_is_allowed(const char *url);

/* The length of a URL that names an authority, without a slash at its end, which does not matter. */
size_t authority_url_length(const char *url);

/*
 * Whether the authority `url`, which is one that the case's policy names, has signed the token:
 * with the key of its set (RFC 7517) that the token's kid names. The set is asked for when it is
 * not known at the case's `now`, or knows no such kid, unless the case has `must_ask`, which is
 * set. KV_UNAVAILABLE if the authority does not give it, or has just failed to.
 */
enum kv_code authority_has_signed(const struct kv_release_case *release, const char *url,
                                  const struct kv_jws *jws, bool *ret_signed,
                                  struct kv_err *err) kv_must_check;
