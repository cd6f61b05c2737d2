/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer.h - the issuer's key and its file, FOLDER/issuer.pem.
 *
 * A missing key is generated in the background by a thread of the issuer, so that startup does not
 * wait for it; kv_issuer_free() does. Thread-safe. Private to domain/identity.
 */
#pragma once

#include "kv/base/jws.h"

struct kv_issuer; /* opaque */

/* Loads the key, or starts generating it; a damaged file is an error that names it. */
enum kv_code kv_issuer_new(const char *folder, struct kv_issuer **ret_issuer,
                           struct kv_err *err) kv_must_check;
void kv_issuer_free(struct kv_issuer *issuer);
KV_DEFINE_CLEANUP(struct kv_issuer *, kv_issuer_free)

/* The key, which lives as long as the issuer; NULL while there is none. */
const struct kv_jws_key *kv_issuer_find_key(struct kv_issuer *issuer);

/*
 * The same, but waits for a key that is being generated: KV_UNAVAILABLE after half a minute; if
 * generating it failed, that error.
 */
enum kv_code kv_issuer_wait_key(struct kv_issuer *issuer, const struct kv_jws_key **ret_key,
                                struct kv_err *err) kv_must_check;
