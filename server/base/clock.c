/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual time runs from an origin, where it was when the system's clock showed `since`, as many
 * times as fast as that as its rate says; while it is frozen it is a fixed reading. While the clock is
 * held it shows another reading, and goes on underneath as before.
 */
#include "kv/base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define WAIT_MAX INT64_C(86400000) /* one wait; keeps the deadline far from overflow */

LIST_HEAD(watches, kv_clock_watch);

struct kv_clock {
    pthread_mutex_t mutex; /* lock.def: clock */
    pthread_cond_t changed;
    kv_millis origin;    /* guarded by mutex; the virtual time */
    kv_millis since;     /* guarded by mutex; at this real time */
    int64_t rate;        /* guarded by mutex; virtual milliseconds in a real one */
    bool frozen;         /* guarded by mutex */
    kv_millis frozen_at; /* guarded by mutex; while frozen */
    bool held;           /* guarded by mutex */
    kv_millis held_at;   /* guarded by mutex; while held */
    unsigned generation; /* guarded by mutex; how often waiting threads were told to check again */
    bool wake_pending;   /* guarded by mutex; a wake that no wait has seen */
    kv_millis aged;      /* guarded by mutex; by how much tokens were aged */
    kv_millis epoch;     /* guarded by mutex; since when: when the clock was made or reset */

    struct watches watches; /* guarded by mutex */
};

static struct timespec read_system_clock(clockid_t id)
{
    struct timespec reading;

    (void) clock_gettime(id, &reading); /* cannot fail for the two clocks used here */
    return reading;
}

kv_millis kv_clock_real(void)
{
    struct timespec reading = read_system_clock(CLOCK_REALTIME);

    return (kv_millis) reading.tv_sec * 1000 + reading.tv_nsec / 1000000;
}

kv_millis kv_clock_monotonic(void)
{
    return kv_clock_monotonic_us() / 1000;
}

int64_t kv_clock_monotonic_us(void)
{
    struct timespec reading = read_system_clock(CLOCK_MONOTONIC);

    return (int64_t) reading.tv_sec * 1000000 + reading.tv_nsec / 1000;
}

enum kv_code kv_clock_new(struct kv_clock **ret_clock, struct kv_err *err)
{
    struct kv_clock *clock = calloc(1, sizeof(*clock));
    pthread_condattr_t attributes;

    if (clock == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) pthread_mutex_init(&clock->mutex, NULL); /* these cannot fail on Linux */
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&clock->changed, &attributes);
    (void) pthread_condattr_destroy(&attributes);
    LIST_INIT(&clock->watches);
    clock->rate = 1;
    clock->epoch = kv_clock_real();
    *ret_clock = clock;
    return KV_OK;
}

void kv_clock_free(struct kv_clock *clock)
{
    if (clock == NULL) {
        return;
    }
    (void) pthread_cond_destroy(&clock->changed);
    (void) pthread_mutex_destroy(&clock->mutex);
    free(clock);
}

/* Before 1970 and after 9999 when somebody puts the system's clock far away. */
static kv_millis run_from_locked(const struct kv_clock *clock)
{
    kv_millis passed = kv_clock_real() - clock->since;
    kv_millis now;

    if (__builtin_mul_overflow(passed, clock->rate, &now)
        || __builtin_add_overflow(clock->origin, now, &now)) {
        return passed < 0 ? 0 : KV_CLOCK_END;
    }
    return now;
}

/* The reading as if the clock were not held. A running clock stops at the last millisecond that a
 * date can name. */
static kv_millis underneath_locked(const struct kv_clock *clock)
{
    kv_millis now = clock->frozen ? clock->frozen_at : run_from_locked(clock);

    return now < KV_CLOCK_END ? now : KV_CLOCK_END;
}

/* From here on the time runs from that reading. */
static void start_from_locked(struct kv_clock *clock, kv_millis reading)
{
    clock->origin = reading;
    clock->since = kv_clock_real();
}

static kv_millis now_locked(const struct kv_clock *clock)
{
    return clock->held ? clock->held_at : underneath_locked(clock);
}

kv_millis kv_clock_now(const struct kv_clock *clock)
{
    struct kv_clock *shared = (struct kv_clock *) clock; /* reading takes the mutex */

    pthread_mutex_lock(&shared->mutex);
    kv_millis now = now_locked(clock);
    pthread_mutex_unlock(&shared->mutex);
    return now;
}

kv_time kv_seconds(kv_millis reading)
{
    return reading / 1000 - (reading % 1000 < 0);
}

static void let_waiters_look_locked(struct kv_clock *clock)
{
    const struct kv_clock_watch *watch;

    clock->generation++;
    pthread_cond_broadcast(&clock->changed);
    LIST_FOREACH(watch, &clock->watches, link)
    {
        watch->tell(watch->argument);
    }
}

static bool fits_locked(const struct kv_clock *clock, kv_millis span, kv_millis *ret_shifted)
{
    return !__builtin_add_overflow(underneath_locked(clock), span, ret_shifted) && *ret_shifted >= 0
           && *ret_shifted <= KV_CLOCK_END;
}

static enum kv_code refuse_unless(bool fits, struct kv_err *err)
{
    if (!fits) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the clock cannot leave the years 1970 to 9999");
    }
    return KV_OK;
}

enum kv_code kv_clock_check_shift(struct kv_clock *clock, kv_millis span, struct kv_err *err)
{
    kv_millis shifted;

    pthread_mutex_lock(&clock->mutex);
    bool fits = fits_locked(clock, span, &shifted);
    pthread_mutex_unlock(&clock->mutex);
    return refuse_unless(fits, err);
}

enum kv_code kv_clock_shift(struct kv_clock *clock, kv_millis span, struct kv_err *err)
{
    kv_millis shifted;

    pthread_mutex_lock(&clock->mutex);
    bool fits = fits_locked(clock, span, &shifted);
    if (fits) {
        clock->frozen_at = shifted;
        start_from_locked(clock, shifted);
        clock->held = false;
        let_waiters_look_locked(clock);
    }
    pthread_mutex_unlock(&clock->mutex);
    return refuse_unless(fits, err);
}

/* Waiting threads are not woken: what they wait for is on the way, and the holder takes care of
 * it. */
void kv_clock_hold(struct kv_clock *clock, kv_millis reading)
{
    pthread_mutex_lock(&clock->mutex);
    clock->held = true;
    clock->held_at = reading;
    pthread_mutex_unlock(&clock->mutex);
}

void kv_clock_let_go(struct kv_clock *clock)
{
    pthread_mutex_lock(&clock->mutex);
    clock->held = false;
    let_waiters_look_locked(clock);
    pthread_mutex_unlock(&clock->mutex);
}

void kv_clock_freeze(struct kv_clock *clock, bool frozen)
{
    pthread_mutex_lock(&clock->mutex);
    if (frozen) {
        clock->frozen_at = underneath_locked(clock);
    }
    if (!frozen && clock->frozen) {
        start_from_locked(clock, clock->frozen_at);
    }
    clock->frozen = frozen;
    let_waiters_look_locked(clock);
    pthread_mutex_unlock(&clock->mutex);
}

bool kv_clock_is_frozen(const struct kv_clock *clock)
{
    struct kv_clock *shared = (struct kv_clock *) clock; /* reading takes the mutex */

    pthread_mutex_lock(&shared->mutex);
    bool frozen = clock->frozen;
    pthread_mutex_unlock(&shared->mutex);
    return frozen;
}

enum kv_code kv_clock_scale(struct kv_clock *clock, int64_t rate, struct kv_err *err)
{
    if (rate < 1 || rate > KV_CLOCK_RATE_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "rate is a whole number from 1 to %d.",
                       KV_CLOCK_RATE_MAX);
    }
    pthread_mutex_lock(&clock->mutex);
    start_from_locked(clock, underneath_locked(clock));
    clock->rate = rate;
    let_waiters_look_locked(clock);
    pthread_mutex_unlock(&clock->mutex);
    return KV_OK;
}

int64_t kv_clock_rate(const struct kv_clock *clock)
{
    struct kv_clock *shared = (struct kv_clock *) clock; /* reading takes the mutex */

    pthread_mutex_lock(&shared->mutex);
    int64_t rate = clock->rate;
    pthread_mutex_unlock(&shared->mutex);
    return rate;
}

/* Two resets within a millisecond, or a system clock that was put back, make no epoch twice. */
static void begin_epoch_locked(struct kv_clock *clock)
{
    kv_millis now = kv_clock_real();

    clock->epoch = now > clock->epoch ? now : clock->epoch + 1;
    clock->aged = 0;
}

void kv_clock_reset(struct kv_clock *clock)
{
    pthread_mutex_lock(&clock->mutex);
    clock->frozen = clock->held = false;
    clock->origin = clock->since = 0;
    clock->rate = 1;
    begin_epoch_locked(clock);
    let_waiters_look_locked(clock);
    pthread_mutex_unlock(&clock->mutex);
}

struct kv_token_time kv_clock_token_time(const struct kv_clock *clock)
{
    struct kv_clock *shared = (struct kv_clock *) clock; /* reading takes the mutex */
    struct kv_token_time time = { .real = kv_clock_real() };

    pthread_mutex_lock(&shared->mutex);
    time.aged = clock->aged;
    time.epoch = clock->epoch;
    pthread_mutex_unlock(&shared->mutex);
    return time;
}

void kv_clock_age_tokens(struct kv_clock *clock, kv_millis span)
{
    kv_millis aged;

    pthread_mutex_lock(&clock->mutex);
    if (__builtin_add_overflow(clock->aged, span, &aged)) {
        aged = span;
    }
    clock->aged = aged > KV_CLOCK_END ? KV_CLOCK_END : aged < -KV_CLOCK_END ? -KV_CLOCK_END : aged;
    pthread_mutex_unlock(&clock->mutex);
}

/* How long the virtual time takes over a span while it runs. Rounded up: whoever wakes then finds that
 * it is there. */
static kv_millis run_locked(const struct kv_clock *clock, kv_millis span)
{
    return span / clock->rate + (span % clock->rate != 0);
}

/* How long a wait may take in real time: waiting does not help with a frozen clock. */
static kv_millis real_span_locked(const struct kv_clock *clock, kv_millis until, kv_millis patience)
{
    kv_millis now = now_locked(clock);
    kv_millis span = patience < WAIT_MAX ? patience : WAIT_MAX;

    if (until <= now) {
        return 0;
    }
    if (clock->frozen || clock->held) {
        return span;
    }

    kv_millis run = run_locked(clock, until - now);

    return run < span ? run : span;
}

static struct timespec deadline_after(kv_millis span)
{
    struct timespec deadline = read_system_clock(CLOCK_MONOTONIC);

    deadline.tv_sec += span / 1000;
    deadline.tv_nsec += span % 1000 * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    return deadline;
}

void kv_clock_wait(struct kv_clock *clock, kv_millis until, kv_millis patience)
{
    pthread_mutex_lock(&clock->mutex);
    unsigned generation = clock->generation;
    kv_millis span = real_span_locked(clock, until, patience);
    if (span > 0 && !clock->wake_pending) {
        struct timespec deadline = deadline_after(span);
        int rc = 0;
        while (rc == 0 && clock->generation == generation) {
            rc = pthread_cond_timedwait(&clock->changed, &clock->mutex, &deadline);
        }
    }
    clock->wake_pending = false;
    pthread_mutex_unlock(&clock->mutex);
}

void kv_clock_wake(struct kv_clock *clock)
{
    pthread_mutex_lock(&clock->mutex);
    clock->wake_pending = true;
    let_waiters_look_locked(clock);
    pthread_mutex_unlock(&clock->mutex);
}

void kv_clock_watch(struct kv_clock *clock, struct kv_clock_watch *watch)
{
    pthread_mutex_lock(&clock->mutex);
    LIST_INSERT_HEAD(&clock->watches, watch, link);
    pthread_mutex_unlock(&clock->mutex);
}

void kv_clock_unwatch(struct kv_clock *clock, struct kv_clock_watch *watch)
{
    pthread_mutex_lock(&clock->mutex);
    LIST_REMOVE(watch, link);
    pthread_mutex_unlock(&clock->mutex);
}

static kv_millis span_locked(const struct kv_clock *clock, kv_millis until)
{
    kv_millis now = now_locked(clock);

    if (until <= now) {
        return 0;
    }
    return clock->frozen || until > KV_CLOCK_END ? INT64_MAX : run_locked(clock, until - now);
}

kv_millis kv_clock_span(const struct kv_clock *clock, kv_millis until)
{
    struct kv_clock *shared = (struct kv_clock *) clock; /* reading takes the mutex */

    pthread_mutex_lock(&shared->mutex);
    kv_millis span = span_locked(clock, until);
    pthread_mutex_unlock(&shared->mutex);
    return span;
}
