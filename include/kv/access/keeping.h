/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/access/keeping.h - what was granted to somebody at a vault, and from where the vault could be
 * reached, kept to be put back: for failures that are acted out on the real thing.
 *
 * As in kv/keys/keeping.h: a text that only its counterpart reads, which outlives a restart. Putting
 * back is safe more than once, and counts at once whatever the delays are. Thread-safe.
 */
#pragma once

#include "kv/access/access.h"
#include "kv/base/buf.h"

/* Appends a text about all policies and role assignments that the principal has at the vault and that
 * reach it from above. */
enum kv_code kv_access_keep(struct kv_access *access, const struct kv_vault *vault,
                            const char *principal, struct kv_buf *text,
                            struct kv_err *err) kv_must_check;

/* What it had, it has again, under the names it had; its policies are those and no others. Nothing of
 * a vault that is gone. */
enum kv_code kv_access_put_back(struct kv_access *access, const char *kept,
                                struct kv_err *err) kv_must_check;

/* The same of a vault's network settings. */
enum kv_code kv_network_keep(struct kv_access *access, const struct kv_vault *vault,
                             struct kv_buf *text, struct kv_err *err) kv_must_check;
enum kv_code kv_network_put_back(struct kv_access *access, const char *kept,
                                 struct kv_err *err) kv_must_check;
