/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/spool.h - lines on their way to a descriptor: a bounded queue that a dedicated thread
 * empties, so that writers never wait for the reader.
 *
 * Lines leave in the order they came, at once or a few milliseconds later, many together. When there is no room, lines are dropped until the queue is
 * empty again; when a write fails, its lines are dropped, and the next line tries again. Dropped
 * lines are counted, and reported in a separate line as soon as writing works. The descriptor's
 * flags are left alone: other processes may share it. Thread-safe.
 */
#pragma once

#include <stdint.h>

#include "kv/base/base.h"
#include "kv/base/clock.h"
#include "kv/base/err.h"

struct kv_spool; /* opaque */

/* No put may be longer. A pipe takes this much atomically, never mixed with other writers'
 * output. */
#define KV_SPOOL_PUT_MAX 4096

/* Renders the line that says how many were lost, with its newline; returns its length. */
#define KV_SPOOL_LOST_SIZE 256
typedef size_t kv_spool_lost_fn(uint64_t lost, char ret_line[KV_SPOOL_LOST_SIZE]);

/* `capacity` is in bytes; `describe_lost` NULL: losses are not reported. The caller keeps the
 * descriptor, and keeps it open. Signals are blocked in the thread. */
enum kv_code kv_spool_open(int descriptor, size_t capacity, kv_spool_lost_fn *describe_lost,
                           struct kv_spool **ret_spool, struct kv_err *err) kv_must_check;

/* Takes a copy of whole lines, newlines included. Never waits for the descriptor, and wakes the thread
 * only when it has been idle for a while, or half of the room is used. Not beside kv_spool_close(). */
void kv_spool_put(struct kv_spool *spool, const char *text, size_t len);

/* Waits until everything put so far has been written or has failed, but no longer than
 * `patience`. */
void kv_spool_flush(struct kv_spool *spool, kv_millis patience);

/* Flushes and frees. What is left after `patience` is written if that becomes possible while the
 * process lives; the thread frees the spool then. NULL is fine. */
void kv_spool_close(struct kv_spool *spool, kv_millis patience);
