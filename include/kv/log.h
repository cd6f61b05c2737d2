/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/log.h - the log on standard error: one event a line, an event name and typed fields, as
 * `key=value` text or as a JSON object.
 *
 * Only main.c, http/ and api/gate/ log; everything below returns its errors. Text values are
 * quoted and escaped whatever they hold, so a client cannot forge a line. Never pass a secret.
 * Thread-safe. A line never waits for a reader between kv_log_start() and kv_log_stop().
 */
#pragma once

#include <stdint.h>

#include "kv/err.h"

enum kv_log_level { KV_LOG_ERROR, KV_LOG_WARNING, KV_LOG_INFO, KV_LOG_DEBUG };
enum kv_log_format { KV_LOG_TEXT, KV_LOG_JSON };

struct kv_log_field {
    const char *name;
    const char *text; /* NULL: `number` is the value */
    int64_t number;
};

/* What stands in the log for a text that may be missing. */
static inline const char *kv_log_text(const char *text)
{
    return text != NULL ? text : "-";
}

#define KV_LOG_TEXT_FIELD(name_, text_)                                                            \
    (struct kv_log_field)                                                                          \
    {                                                                                              \
        .name = (name_), .text = kv_log_text(text_)                                                \
    }
#define KV_LOG_NUMBER_FIELD(name_, number_)                                                        \
    (struct kv_log_field)                                                                          \
    {                                                                                              \
        .name = (name_), .number = (int64_t) (number_)                                             \
    }

/* Set once at start, before any thread is made. */
void kv_log_setup(enum kv_log_level level, enum kv_log_format format);

/*
 * Has a thread of its own write the log, from a queue of 256 KiB. What comes while that is full is
 * lost, and a line `log_lines_lost` says how many as soon as somebody reads again. Before this, and
 * after kv_log_stop(), a line is written by whoever logs it.
 */
enum kv_code kv_log_start(struct kv_err *err) kv_must_check;

/*
 * Writes what is queued and ends the thread; gives up after a second in which nobody reads, and
 * then no further line is written. For one thread, at the end of the process; may be repeated.
 */
void kv_log_stop(void);

/* Writes one line: time (real), level, event, then the fields in order. Cut at 4 KiB. */
void kv_log_write(enum kv_log_level level, const char *event, const struct kv_log_field *fields,
                  size_t count);

/* kv_log(KV_LOG_INFO, "stopped", KV_LOG_NUMBER_FIELD("requests", n)); at least one field. */
#define kv_log(level, event, ...)                                                                  \
    kv_log_write((level), (event), (const struct kv_log_field[]){ __VA_ARGS__ },                   \
                 sizeof((const struct kv_log_field[]){ __VA_ARGS__ })                              \
                     / sizeof(struct kv_log_field))
