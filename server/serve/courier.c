/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that brings events to their receivers, and when it tries again: docs/events.md. */
#include "courier.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kv/base/log.h"
#include "serve.h"

#define ATTEMPTS_MAX 30 /* for an event; as Event Grid's default, as is the next one */
#define AGE_MAX_MS (INT64_C(24) * 3600 * 1000)
#define STORE_RETRY_MS 1000 /* while the store cannot be read or written */

/* What comes after each failure in a row; the last one is kept to. */
static const kv_millis pauses[] = { 1000, 2000, 5000, 10000, 30000, 60000 };

kv_millis courier_pause_after(unsigned failures)
{
    size_t i = failures > KV_COUNT(pauses) ? KV_COUNT(pauses) : failures;

    return i == 0 ? 0 : pauses[i - 1];
}

/* Notes in the hook how it went; a change for the worse or the better is worth a line. */
static void note_verdict(struct courier *courier, struct hook *hook, const struct verdict *verdict)
{
    bool is_taken = verdict->outcome == OUTCOME_TAKEN;
    bool was_well;

    pthread_mutex_lock(&courier->mutex);
    was_well = hook->failures == 0;
    hook->failures = verdict->outcome == OUTCOME_LATER ? hook->failures + 1 : 0;
    hook->next = kv_clock_monotonic() + courier_pause_after(hook->failures);
    (void) snprintf(hook->error, sizeof(hook->error), "%s", verdict->error);
    pthread_mutex_unlock(&courier->mutex);
    if (was_well && !is_taken) {
        kv_log(KV_LOG_WARNING, "events_not_taken", KV_LOG_TEXT_FIELD("receiver", hook->shown),
               KV_LOG_NUMBER_FIELD("status", verdict->status),
               KV_LOG_TEXT_FIELD("reason", verdict->error));
    }
    if (!was_well && is_taken) {
        kv_log(KV_LOG_INFO, "events_taken_again", KV_LOG_TEXT_FIELD("receiver", hook->shown));
    }
}

static void put_off(struct courier *courier, struct hook *hook, kv_millis span)
{
    pthread_mutex_lock(&courier->mutex);
    hook->next = span == INT64_MAX ? INT64_MAX : kv_clock_monotonic() + span;
    pthread_mutex_unlock(&courier->mutex);
}

static struct parcel parcel_for(const struct courier *courier, const struct hook *hook)
{
    return (struct parcel){ .hook = hook, .schema = courier->schema, .place = &courier->place };
}

static void shake_hands(struct courier *courier, struct hook *hook)
{
    const struct parcel parcel = parcel_for(courier, hook);
    struct verdict verdict = { .outcome = OUTCOME_LATER };

    webhook_shake_hands(&parcel, &verdict);
    note_verdict(courier, hook, &verdict);
    pthread_mutex_lock(&courier->mutex);
    hook->is_ready = verdict.outcome == OUTCOME_TAKEN;
    pthread_mutex_unlock(&courier->mutex);
    if (verdict.outcome == OUTCOME_TAKEN) {
        kv_log(KV_LOG_INFO, "events_wanted", KV_LOG_TEXT_FIELD("receiver", hook->shown));
    }
}

/* Newer events have pushed out what it had not got: that must not go unnoticed, also while it does
 * not shake hands. */
static void tell_of_lost(const struct courier *courier, struct hook *hook)
{
    int64_t dropped = 0;

    if (kv_events_dropped(courier->events, hook->id, &dropped, NULL) != KV_OK) {
        return; /* what follows finds it, too */
    }
    if (hook->dropped >= 0 && dropped > hook->dropped) {
        kv_log(KV_LOG_WARNING, "events_dropped", KV_LOG_TEXT_FIELD("receiver", hook->shown),
               KV_LOG_NUMBER_FIELD("count", dropped - hook->dropped),
               KV_LOG_TEXT_FIELD("reason", "more came than are kept"));
    }
    hook->dropped = dropped;
}

static void hand_over(struct courier *courier, const struct hook *hook,
                      const struct kv_key_event *event, int64_t attempts, struct verdict *verdict)
{
    struct parcel parcel = parcel_for(courier, hook);

    parcel.event = event;
    parcel.attempts = attempts;
    if (hook->kind == HOOK_FILE) {
        event_file_append(&parcel, verdict);
        return;
    }
    webhook_send(&parcel, verdict);
}

bool courier_gives_up(const struct verdict *verdict, kv_millis made, int64_t attempts)
{
    return verdict->outcome == OUTCOME_NEVER
           || (verdict->outcome == OUTCOME_LATER
               && (attempts >= ATTEMPTS_MAX || kv_clock_real() - made > AGE_MAX_MS));
}

static void settle(struct courier *courier, struct hook *hook, const struct kv_key_event *event,
                   const struct kv_delivery *before, struct verdict *verdict)
{
    struct kv_delivery delivery = {
        .state = verdict->outcome == OUTCOME_TAKEN ? KV_DELIVERY_DONE : KV_DELIVERY_PENDING,
        .attempts = before->attempts + 1,
        .status = verdict->status,
        .at = kv_clock_real(),
    };
    struct kv_err err = { .code = KV_OK };

    (void) snprintf(delivery.error, sizeof(delivery.error), "%s", verdict->error);
    if (courier_gives_up(verdict, event->made, delivery.attempts)) {
        delivery.state = KV_DELIVERY_DROPPED;
        hook->dropped++;
        kv_log(KV_LOG_WARNING, "event_dropped", KV_LOG_TEXT_FIELD("receiver", hook->shown),
               KV_LOG_NUMBER_FIELD("number", event->number),
               KV_LOG_TEXT_FIELD("reason", verdict->error));
        verdict->outcome = OUTCOME_NEVER;
    }
    note_verdict(courier, hook, verdict);
    if (kv_events_settle(courier->events, hook->id, event->number, &delivery, &err) != KV_OK) {
        put_off(courier, hook, STORE_RETRY_MS); /* it is brought again, with the same id */
    }
}

static bool is_stopping(struct courier *courier)
{
    pthread_mutex_lock(&courier->mutex);
    bool is_to_stop = courier->is_to_stop;
    pthread_mutex_unlock(&courier->mutex);
    return is_to_stop;
}

static void bring_next(struct courier *courier, struct hook *hook)
{
    struct kv_key_event event;
    struct kv_delivery before = { .attempts = 0 };
    struct verdict verdict = { .outcome = OUTCOME_LATER };
    struct kv_err err = { .code = KV_OK };

    if (kv_events_pending(courier->events, hook->id, &event, &before, &err) != KV_OK) {
        put_off(courier, hook, STORE_RETRY_MS);
        return;
    }
    if (event.number == 0) {
        put_off(courier, hook, INT64_MAX);
        return;
    }
    hand_over(courier, hook, &event, before.attempts, &verdict);
    if (!is_stopping(courier) || verdict.outcome == OUTCOME_TAKEN) { /* else it was cut short */
        settle(courier, hook, &event, &before, &verdict);
    }
}

static void serve_hook(struct courier *courier, struct hook *hook)
{
    tell_of_lost(courier, hook);
    if (hook->kind == HOOK_WEB && !hook->is_ready) {
        shake_hands(courier, hook);
        return;
    }
    bring_next(courier, hook);
}

/* When the first of them wants to be served; news are for those that have nothing to do. */
static kv_millis find_next_locked(struct courier *courier)
{
    kv_millis next = INT64_MAX;

    for (size_t i = 0; i < courier->hooks; i++) {
        struct hook *hook = &courier->hook[i];

        if (courier->was_told && hook->next == INT64_MAX) {
            hook->next = 0;
        }
        next = hook->next < next ? hook->next : next;
    }
    courier->was_told = false;
    return next;
}

/* False: it is time to end. */
static bool wait_for_work(struct courier *courier)
{
    bool goes_on;

    pthread_mutex_lock(&courier->mutex);
    kv_millis next = find_next_locked(courier);
    while (!courier->is_to_stop && next > kv_clock_monotonic()) {
        const struct timespec deadline = { .tv_sec = next / 1000,
                                           .tv_nsec = next % 1000 * 1000000 };

        if (next == INT64_MAX) {
            pthread_cond_wait(&courier->news, &courier->mutex);
        } else {
            pthread_cond_timedwait(&courier->news, &courier->mutex, &deadline);
        }
        next = find_next_locked(courier);
    }
    goes_on = !courier->is_to_stop;
    pthread_mutex_unlock(&courier->mutex);
    return goes_on;
}

static void *run(void *argument)
{
    struct courier *courier = argument;

    while (wait_for_work(courier)) {
        for (size_t i = 0; i < courier->hooks && !is_stopping(courier); i++) {
            if (courier->hook[i].next <= kv_clock_monotonic()) {
                serve_hook(courier, &courier->hook[i]);
            }
        }
    }
    return NULL;
}

enum kv_code courier_start(struct courier *courier, struct kv_err *err)
{
    if (courier->hooks == 0) {
        return KV_OK;
    }

    int result = pthread_create(&courier->thread, NULL, run, courier);

    if (result != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) result,
                       "cannot start the thread that brings events");
    }
    courier->is_running = true;
    return KV_OK;
}

void courier_stop(struct courier *courier)
{
    pthread_mutex_lock(&courier->mutex);
    courier->is_to_stop = true;
    courier->control = NULL;
    pthread_cond_broadcast(&courier->news);
    pthread_mutex_unlock(&courier->mutex);
    if (courier->is_running) {
        pthread_join(courier->thread, NULL);
        courier->is_running = false;
    }
}
