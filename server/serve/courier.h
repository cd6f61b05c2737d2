/* SPDX-License-Identifier: Apache-2.0 */
/*
 * courier.h - events on their way to the receivers that the options name. Private to the files beside
 * it: events.c, courier.c, hook.c, webhook.c, event_file.c, and audit_hook.c, which has a thread of its
 * own and brings by the same rules.
 *
 * One thread brings all events, in their order, one after another to each receiver: what a receiver
 * has not taken holds up only what comes after it there.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "kv/app/app.h"
#include "kv/base/options.h"
#include "kv/events/events.h"

#define HOOK_URL_MAX 2048

enum hook_kind { HOOK_WEB, HOOK_FILE };

/* A receiver. The first five never change. */
struct hook {
    enum hook_kind kind;
    char id[KV_UUID_LENGTH
            + 1];       /* derived from what follows, so that the store has no secret of it */
    const char *target; /* borrowed: URL, or path of the file */
    char shown[HOOK_URL_MAX + 1]; /* the URL without query, which may have a secret; or the path */
    const char *ca;               /* borrowed: file of a CA to trust, too; NULL: none */

    bool is_ready; /* guarded by the courier's mutex, as all that follows: it has shaken hands */
    unsigned failures; /* in a row */
    kv_millis next;    /* monotonic: not before then */
    char error[160];   /* of the last attempt; "" */
    int64_t dropped;   /* that were told of in the log; -1: it is not known what was */
};

/* What became of an attempt. */
enum outcome { OUTCOME_TAKEN, OUTCOME_LATER, OUTCOME_NEVER };
struct verdict {
    enum outcome outcome;
    long status; /* of HTTP; 0: there was no answer */
    char error[160];
};

/* An attempt. */
struct parcel {
    const struct hook *hook;
    const struct kv_key_event *event; /* NULL: shaking hands */
    int64_t attempts;                 /* that were made before */
    enum kv_event_schema schema;
    const struct kv_event_place *place;
};

/* hook.c: reads what the options name into at most KV_EVENT_HOOKS_MAX hooks. KV_BAD_PARAMETER. */
enum kv_code hooks_read(const struct kv_options *options, struct hook *hooks, size_t *ret_count,
                        struct kv_err *err) kv_must_check;
/* The same of --audit-webhook; false in *ret_has: there is none. */
enum kv_code hook_read_audit(const struct kv_options *options, struct hook *hook, bool *ret_has,
                             struct kv_err *err) kv_must_check;

/* webhook.c: asks whether a web-hook wants events (Event Grid's validation event, CloudEvents'
 * OPTIONS); and sends it one. Ten seconds at most. */
void webhook_shake_hands(const struct parcel *parcel, struct verdict *ret_verdict);
void webhook_send(const struct parcel *parcel, struct verdict *ret_verdict);

/* webhook.c: JSON for a web-hook that shakes no hands, as long as it is wanted (transfer.h). */
struct posting {
    const struct hook *hook;
    const struct kv_buf *body;
    bool (*is_wanted)(void *context);
    void *context;
};
void webhook_post(const struct posting *posting, struct verdict *ret_verdict);

/* event_file.c: appends one line to the file, or nothing. */
void event_file_append(const struct parcel *parcel, struct verdict *ret_verdict);

struct courier {
    struct kv_events *events; /* all borrowed, and set before it starts */
    struct kv_event_place place;
    enum kv_event_schema schema;

    struct hook hook[KV_EVENT_HOOKS_MAX];
    size_t hooks;

    pthread_t thread;
    bool is_running;
    pthread_mutex_t mutex; /* lock.def: events.courier */
    pthread_cond_t news;
    bool was_told; /* guarded by mutex, as the next two are */
    bool is_to_stop;
    struct kv_listener *control; /* where readers wait; NULL: nobody does */
};

/* courier.c: how long to wait after so many failures in a row; and whether what was `made` then, by the
 * real clock, and tried so often is to be given up. */
kv_millis courier_pause_after(unsigned failures);
bool courier_gives_up(const struct verdict *verdict, kv_millis made, int64_t attempts);

enum kv_code courier_start(struct courier *courier, struct kv_err *err) kv_must_check;
void courier_stop(struct courier *courier);
