/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consumers as a row of the agenda: whoever moves the clock waits for the checks that are due on the
 * way. The engine makes them; the row has the clock stop there, and waits, holding nothing but the
 * turn. While nobody moves the clock the engine goes by it alone.
 */
#include <time.h>

#include "core.h"
#include "kv/base/agenda.h"

#define STOPS_MAX 240 /* of one journey; a longer one than four hours has them further apart */
#define LOOK_MS 20

/* One whose check is under way is waited for before the clock leaves. */
static kv_millis find_first_locked(const struct kv_consumers *consumers)
{
    kv_millis first = INT64_MAX;

    for (size_t i = 0; i < consumers->count; i++) {
        const struct consumer *consumer = consumers->consumer[i];
        kv_millis next = consumer->is_busy ? INT64_MIN : consumer_next(consumer);

        first = next < first ? next : first;
    }
    return first;
}

static kv_millis find_first(struct kv_consumers *consumers)
{
    pthread_mutex_lock(&consumers->mutex);
    kv_millis first = find_first_locked(consumers);
    pthread_mutex_unlock(&consumers->mutex);
    return first;
}

static enum kv_code next(void *consumers, const struct kv_trip *trip, kv_millis after,
                         kv_millis *ret_due, struct kv_err *err)
{
    kv_millis step = (trip->until - trip->from) / STOPS_MAX;
    kv_millis first = trip->is_travel ? find_first(consumers) : INT64_MAX;

    (void) err; /* all is in memory */
    if (first == INT64_MAX) {
        *ret_due = INT64_MAX;
        return KV_OK;
    }
    first = first < trip->from ? trip->from : first;
    if (after >= trip->from && step > MINUTE_MS && first < after + step) {
        first = after + step;
    }
    *ret_due = first > after ? first : after + 1000; /* what is late must not hold up the journey */
    if (after<trip->until && * ret_due> trip->until && find_first(consumers) <= trip->until) {
        *ret_due = trip->until; /* the last stop of a long journey is its end */
    }
    return KV_OK;
}

static bool is_settled_locked(const struct kv_consumers *consumers, kv_millis at)
{
    for (size_t i = 0; i < consumers->count; i++) {
        if (consumers->consumer[i]->is_busy || consumer_next(consumers->consumer[i]) <= at) {
            return false;
        }
    }
    return true;
}

static void wait_locked(struct kv_consumers *consumers)
{
    kv_millis until = kv_clock_monotonic() + LOOK_MS;
    const struct timespec deadline = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };

    (void) pthread_cond_timedwait(&consumers->settled, &consumers->mutex, &deadline);
}

static void tell_locked(struct kv_consumers *consumers, struct kv_agenda_report *report)
{
    for (size_t i = 0; i < consumers->count; i++) {
        struct consumer *consumer = consumers->consumer[i];

        if (consumer->told != consumer->standing.state) {
            consumer->told = consumer->standing.state;
            kv_agenda_note(report, consumer->name, kv_consumer_state_name(consumer->told), NULL);
        }
    }
}

static enum kv_code run(void *consumers_, const struct kv_trip *trip, kv_millis at,
                        struct kv_agenda_report *report, struct kv_err *err)
{
    struct kv_consumers *consumers = consumers_;

    (void) err;
    atomic_store(&consumers->travels, true);
    consumers_wake(consumers);
    pthread_mutex_lock(&consumers->mutex);
    while (!consumers->is_to_stop && consumers->is_running && !is_settled_locked(consumers, at)
           && !kv_trip_is_over(trip)) {
        wait_locked(consumers);
    }
    tell_locked(consumers, report);
    pthread_mutex_unlock(&consumers->mutex);
    atomic_store(&consumers->travels, false);
    return KV_OK;
}

void kv_consumers_add_due(struct kv_consumers *consumers, struct kv_agenda *agenda)
{
    kv_agenda_add(agenda, &(struct kv_agenda_row){
                              .name = "consumer",
                              .pace = KV_PACE_QUICK,
                              .scope_word = "consumer",
                              .subject_word = "state",
                              .context = consumers,
                              .next = next,
                              .run = run,
                          });
}
