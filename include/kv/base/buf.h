/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/buf.h - a byte buffer that grows up to a maximum given at creation; its memory is wiped
 * whenever it is freed, because request bodies hold plaintexts.
 *
 * Embedded in its owner (init/done). Thread rule: belongs to one thread at a time.
 */
#pragma once

#include <stddef.h>

#include "kv/base/err.h"

struct kv_buf {
    char *data; /* NULL while empty; otherwise data[len] is always '\0' */
    size_t len;
    size_t capacity;
    size_t max; /* `len` never exceeds it */
};

void kv_buf_init(struct kv_buf *buf, size_t max);
void kv_buf_done(struct kv_buf *buf);
KV_DEFINE_CLEANUP_VALUE(struct kv_buf, kv_buf_done)

/* Appends; KV_BODY_TOO_LARGE, with the buffer unchanged, if it would exceed its maximum. */
enum kv_code kv_buf_append(struct kv_buf *buf, const void *bytes, size_t len,
                           struct kv_err *err) kv_must_check;
enum kv_code kv_buf_printf(struct kv_buf *buf, struct kv_err *err, const char *format,
                           ...) kv_must_check kv_printf(3, 4);

/*
 * Appends `len` bytes for the caller to fill in, at *ret_room until the buffer changes again; cut
 * off what was not needed.
 */
enum kv_code kv_buf_extend(struct kv_buf *buf, size_t len, unsigned char **ret_room,
                           struct kv_err *err) kv_must_check;
/* Keeps the first `len` bytes, which must be there, and wipes the others. */
void kv_buf_cut(struct kv_buf *buf, size_t len);

/* Empties the buffer and wipes what it held; keeps the memory. */
void kv_buf_clear(struct kv_buf *buf);

/* Hands the heap text over (free with kv_wipe_free(text)) and leaves the buffer empty. */
char *kv_buf_take(struct kv_buf *buf, size_t *ret_len);
