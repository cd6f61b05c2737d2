/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/log.h - the log on standard error: one event a line, an event name and typed fields, as
 * `key=value` text or as a JSON object.
 *
 * Only main.c, http/ and api/gate/ log; everything below returns its errors. Text values are always
 * quoted and escaped, so a client cannot forge a line. Never pass a secret. Thread-safe. After
 * kv_log_start(), a line is only put into a bounded queue, and no caller ever waits for the reader
 * of standard error; before it, a line is written with one write(2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kv/base/base.h"
#include "kv/base/err.h"

enum kv_log_level { KV_LOG_ERROR, KV_LOG_WARNING, KV_LOG_INFO, KV_LOG_DEBUG };
enum kv_log_format { KV_LOG_TEXT, KV_LOG_JSON };

struct kv_log_field {
    const char *name;
    const char *text; /* NULL: `number` is the value */
    int64_t number;
    bool is_micros; /* `number` is to be shown as milliseconds: 1.500 */
};

/* What the log shows for a text that may be missing. */
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

#define KV_LOG_MILLIS_FIELD(name_, micros_)                                                        \
    (struct kv_log_field)                                                                          \
    {                                                                                              \
        .name = (name_), .number = (int64_t) (micros_), .is_micros = true                          \
    }

/* Set once at start, before the first line and before any thread that logs. */
void kv_log_setup(enum kv_log_level level, enum kv_log_format format);

/* Writes one line: time (real), level, event, then the fields in order. Cut at 4 KiB. */
void kv_log_write(enum kv_log_level level, const char *event, const struct kv_log_field *fields,
                  size_t count);

/* From now on a thread does the writing, for the rest of the process. Lines that were lost, because
 * nobody read them or the disk was full, are reported by `log_lines_lost` with their count. Called
 * once, before any thread that logs. */
enum kv_code kv_log_start(struct kv_err *err) kv_must_check;

/* Writes text of at most 4 KiB unchanged, after the lines already queued: one or more whole
 * lines. */
void kv_log_say(const char *text);

/* To be called before the process ends, in whatever way: waits until all lines are out, a second at
 * most. */
void kv_log_flush(void);

/* kv_log(KV_LOG_INFO, "stopped", KV_LOG_NUMBER_FIELD("requests", n)); at least one field. */
#define kv_log(level, event, ...)                                                                  \
    kv_log_write((level), (event), (const struct kv_log_field[]){ __VA_ARGS__ },                   \
                 sizeof((const struct kv_log_field[]){ __VA_ARGS__ })                              \
                     / sizeof(struct kv_log_field))
