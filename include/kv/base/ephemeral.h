/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/ephemeral.h - the temporary folders of `coffer serve --ephemeral`: where they are, how
 * they are named and marked, and which of them belong to a living process.
 *
 * Safe from any thread; the folders belong to the processes that made them.
 */
#pragma once

#include <stdbool.h>

#define KV_EPHEMERAL_TEMPLATE "coffer-XXXXXX" /* for mkdtemp(3) */
#define KV_EPHEMERAL_MARK "ephemeral"         /* a file: what may be removed has it */

/*
 * Where one is made: $TMPDIR where it is an absolute path; else /dev/shm or $XDG_RUNTIME_DIR, the
 * first that is a tmpfs with 256 MiB free and may be written to; else /tmp. Borrowed.
 */
const char *kv_ephemeral_base(void);

/*
 * Calls `visit` for each folder of this user that has the mark, in $TMPDIR where it is set, else in
 * every place where one could have been made. It is alive while a process holds
 * its lock; one that is not stays locked by the caller until `visit` returns.
 */
typedef void kv_ephemeral_fn(const char *path, bool is_alive, void *context);
void kv_ephemeral_each(kv_ephemeral_fn *visit, void *context);
