/* SPDX-License-Identifier: Apache-2.0 */
/*
 * system_store.h - the certificates that this system's programs trust: a folder for additions, and a
 * program that takes them up. Private to the files beside it; no shell is involved.
 */
#pragma once

#include "kv/base/buf.h"
#include "kv/base/err.h"

/*
 * Adds the certificate (PEM), or removes all that were added; asks first on the terminal unless `yes`.
 * Adding it again is fine, as is removing where there is none. KV_NOT_FOUND: the system has no store
 * that is known; KV_CONFLICT: the user said no, or cannot be asked; KV_INTERNAL: what failed, and
 * with what it would work.
 */
enum kv_code system_store_add(const struct kv_buf *pem, bool yes, struct kv_err *err) kv_must_check;
enum kv_code system_store_remove(bool yes, struct kv_err *err) kv_must_check;
