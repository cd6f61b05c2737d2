/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_hook.h - --audit-webhook: records of the audit log on their way to a receiver, in batches as
 * Azure Monitor's, {"records":[...]}. Private to the files beside it: audit.c, audit_hook.c,
 * audit_queue.c.
 *
 * One thread brings them, in their order, by the rules of the courier (courier.h): again after a while
 * what was not taken, until it is given up. What does not fit into the queue meanwhile is lost; what is
 * lost is counted, in the log, in /metrics and in the next batch.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "kv/base/buf.h"
#include "kv/base/clock.h"
#include "kv/base/options.h"
#include "kv/base/spool.h"

#define AUDIT_QUEUE_BYTES (1024 * 1024)
#define AUDIT_BATCH_BYTES (256 * 1024)
#define AUDIT_BATCH_RECORDS 500

struct audit_hook; /* opaque, thread-safe */

/* *ret_hook NULL: the options name no receiver. */
enum kv_code audit_hook_open(const struct kv_options *options, struct audit_hook **ret_hook,
                             struct kv_err *err) kv_must_check;

/* Takes a copy of a line with its newline, or counts it as lost. Never waits for the receiver. */
void audit_hook_put(struct audit_hook *hook, const char *line, size_t len);

enum kv_code audit_hook_print_metrics(struct audit_hook *hook, struct kv_buf *buf,
                                      struct kv_err *err) kv_must_check;

/* Brings what is left, for two seconds at most and as long as it is taken, and frees it. NULL is
 * fine. */
void audit_hook_close(struct audit_hook *hook);

/* audit_queue.c: the record that says how many are missing, with its newline; a kv_spool_lost_fn. */
size_t audit_render_lost(uint64_t lost, char ret_line[KV_SPOOL_LOST_SIZE]);

/* --- audit_queue.c: lines that wait, and the batch that is made of them. Not thread-safe. --- */

struct audit_line;
STAILQ_HEAD(audit_lines, audit_line);

struct audit_queue {
    struct audit_lines lines;
    size_t bytes; /* that they take in memory, AUDIT_QUEUE_BYTES at most */
    uint64_t count;
    uint64_t lost; /* that no batch has told of */
};

void audit_queue_init(struct audit_queue *queue);
void audit_queue_done(struct audit_queue *queue);

/* False: it was lost, and counted. */
bool audit_queue_put(struct audit_queue *queue, const char *line, size_t len);

/* Takes the oldest lines, as many as a batch may have, and what is to be told of lost ones. */
struct audit_batch {
    struct audit_lines lines;
    uint64_t records, lost;
};
void audit_queue_take(struct audit_queue *queue, struct audit_batch *ret_batch);

/* Renders them and frees the lines, also when it fails. `body` is empty. */
enum kv_code audit_batch_render(struct audit_batch *batch, struct kv_buf *body,
                                struct kv_err *err) kv_must_check;
