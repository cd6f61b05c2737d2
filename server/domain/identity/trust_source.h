/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust_source.h - where the keys of another issuer are, and how they are brought. Private to
 * domain/identity.
 *
 * Immutable once made. Reading may block, as long as the fetch function does.
 */
#pragma once

#include "key_set.h"
#include "kv/base/files.h"
#include "kv/identity/identity.h"

struct kv_trust_source {
    char issuer[KV_ISSUER_SIZE];
    char place[KV_PATH_MAX]; /* a file or a URL; "": what the issuer's configuration says */
    bool is_file;
    kv_issuer_fetch_fn *fetch;
};

/* KV_BAD_PARAMETER with the reason for what cannot be a source. */
enum kv_code kv_trust_source_init(struct kv_trust_source *source,
                                  const struct kv_trusted_issuer *issuer, kv_issuer_fetch_fn *fetch,
                                  struct kv_err *err) kv_must_check;

/* Brings the keys as they are now. KV_UNAVAILABLE or KV_BAD_PARAMETER when they cannot be had. */
enum kv_code kv_trust_source_read(const struct kv_trust_source *source, struct kv_key_set **ret_set,
                                  struct kv_err *err) kv_must_check;
