/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suspended requests are in a heap, in order of the monotonic time at which they must end; those
 * that wait for the virtual clock are in a second one as well. The thread sleeps until the earliest
 * time it saw; a stay that ends sooner does not wake it, only an earlier time does, a move of the
 * clock, or a client that leaves. Only this thread ends waits, so a socket event, which it watches
 * for while the connection waits, always concerns a stay that still exists.
 */
#include "clockwork.h"

#include <assert.h>

#define SLEEP_MAX INT64_C(60000) /* the system may move its clock, and with it the virtual one */

/* Takes no lock: the clock calls it. */
void clockwork_ring(void *argument)
{
    const struct kv_traffic *traffic = argument;

    kv_alarm_ring(&traffic->alarm);
}

static bool is_wait(const struct kv_stay *stay)
{
    return stay->state == KV_STAY_WAITING;
}

void clockwork_end_stay_locked(struct kv_traffic *traffic, struct kv_stay *stay,
                               enum kv_stay_state state)
{
    if (is_wait(stay)) {
        kv_alarm_unwatch(&traffic->alarm, stay->descriptor);
        kv_heap_remove(&traffic->clock_due, &stay->clock_due);
        TAILQ_REMOVE(&traffic->waiting, stay, link);
        traffic->waits--;
        traffic->hearers -= stay->hears_news;
    }
    kv_heap_remove(&traffic->due, &stay->due);
    stay->state = state;
}

bool clockwork_is_idle_locked(const struct kv_traffic *traffic)
{
    return traffic->pending + traffic->jobs + traffic->resuming == 0;
}

void clockwork_tell_if_idle_locked(struct kv_traffic *traffic)
{
    if (traffic->draining && clockwork_is_idle_locked(traffic)) {
        pthread_cond_signal(&traffic->idle);
    }
}

/*
 * The mutex is not held across a call into the library, and a drain must not let the library be
 * stopped during one. Used by this thread only.
 */
static void end_and_resume_locked(struct kv_traffic *traffic, struct kv_stay *stay,
                                  enum kv_stay_state state)
{
    struct MHD_Connection *connection = stay->connection;

    clockwork_end_stay_locked(traffic, stay, state);
    traffic->resuming++;
    pthread_mutex_unlock(&traffic->mutex);
    MHD_resume_connection(connection); /* suspended until now, so it still exists */
    pthread_mutex_lock(&traffic->mutex);
    traffic->resuming--;
    clockwork_tell_if_idle_locked(traffic);
}

static enum kv_stay_state end_of(const struct kv_stay *stay)
{
    if (!is_wait(stay)) {
        return KV_STAY_EXPIRED;
    }
    return stay->is_overdue_then ? KV_STAY_OVERDUE : KV_STAY_DUE;
}

static void expire_locked(struct kv_traffic *traffic)
{
    const struct kv_heap_node *first;

    while ((first = kv_heap_first(&traffic->due)) != NULL && first->at <= kv_clock_monotonic()) {
        end_and_resume_locked(traffic, first->owner, end_of(first->owner));
    }
}

static void follow_clock_locked(struct kv_traffic *traffic)
{
    const struct kv_heap_node *first;

    while ((first = kv_heap_first(&traffic->clock_due)) != NULL
           && kv_clock_span(traffic->clock, first->at) == 0) {
        end_and_resume_locked(traffic, first->owner, KV_STAY_DUE);
    }
}

static bool has_heard(const struct kv_traffic *traffic, const struct kv_stay *stay)
{
    return stay->hears_news && stay->news != traffic->news;
}

/* The next one is looked up first, and still waits when the mutex is taken again: only this thread
 * ends waits. What is added meanwhile, at the end of the list, has looked at the news itself. */
static void follow_news_locked(struct kv_traffic *traffic)
{
    struct kv_stay *next;

    for (struct kv_stay *stay = traffic->hearers > 0 ? TAILQ_FIRST(&traffic->waiting) : NULL;
         stay != NULL; stay = next) {
        next = TAILQ_NEXT(stay, link);
        if (has_heard(traffic, stay)) {
            end_and_resume_locked(traffic, stay, KV_STAY_DUE);
        }
    }
}

static void end_waits_locked(struct kv_traffic *traffic)
{
    struct kv_stay *stay;

    while (traffic->draining && (stay = TAILQ_FIRST(&traffic->waiting)) != NULL) {
        end_and_resume_locked(traffic, stay, KV_STAY_CLOSED);
    }
}

static kv_millis sooner(kv_millis a, kv_millis b)
{
    return a < b ? a : b;
}

/* How long the thread may sleep. */
static kv_millis span_locked(struct kv_traffic *traffic)
{
    const struct kv_heap_node *due = kv_heap_first(&traffic->due);
    const struct kv_heap_node *clock_due = kv_heap_first(&traffic->clock_due);
    kv_millis span = SLEEP_MAX;

    if (due != NULL) {
        span = sooner(span, due->at - kv_clock_monotonic());
    }
    if (clock_due != NULL) {
        span = sooner(span, kv_clock_span(traffic->clock, clock_due->at));
    }
    return span > 0 ? span : 0;
}

void *clockwork_run(void *argument)
{
    struct kv_traffic *traffic = argument;
    void *left[KV_ALARM_LEFT_MAX];

    pthread_mutex_lock(&traffic->mutex);
    while (!traffic->stopping) {
        kv_millis span = span_locked(traffic);

        traffic->wake_at = kv_clock_monotonic() + span;
        pthread_mutex_unlock(&traffic->mutex);
        size_t count = kv_alarm_sleep(&traffic->alarm, span, left);
        pthread_mutex_lock(&traffic->mutex);
        for (size_t i = 0; i < count; i++) { /* each still exists: nobody else has ended it */
            end_and_resume_locked(traffic, left[i], KV_STAY_LEFT);
        }
        end_waits_locked(traffic);
        expire_locked(traffic);
        follow_clock_locked(traffic);
        follow_news_locked(traffic);
    }
    pthread_mutex_unlock(&traffic->mutex);
    return NULL;
}

void clockwork_wake_locked(struct kv_traffic *traffic, kv_millis at)
{
    if (at < traffic->wake_at) {
        traffic->wake_at = at;
        clockwork_ring(traffic);
    }
}

static void begin_wait_locked(struct kv_traffic *traffic, struct kv_stay *stay,
                              const struct kv_choice *choice)
{
    kv_millis now = kv_clock_monotonic();
    bool is_timed = choice->next == KV_NEXT_WAIT;
    kv_millis until = is_timed && !choice->is_virtual ? choice->until : NEVER;

    assert(!choice->is_virtual || traffic->clock != NULL);
    stay->state = KV_STAY_WAITING;
    stay->wait_limit = stay->wait_limit != 0 ? stay->wait_limit : now + traffic->bounds.wait_max;
    stay->is_overdue_then = until > stay->wait_limit;
    TAILQ_INSERT_TAIL(&traffic->waiting, stay, link);
    traffic->waits++;
    kv_heap_add(&traffic->due, &stay->due, sooner(until, stay->wait_limit), stay);
    clockwork_wake_locked(traffic, stay->due.at);
    stay->hears_news = is_timed && choice->hears_news;
    stay->news = choice->news;
    traffic->hearers += stay->hears_news; /* before the look: who tells looks after telling */
    if (has_heard(traffic, stay)) {
        clockwork_ring(traffic);
    }
    if (is_timed && choice->is_virtual) {
        kv_heap_add(&traffic->clock_due, &stay->clock_due, choice->until, stay);
        kv_millis span = kv_clock_span(traffic->clock, choice->until);
        clockwork_wake_locked(traffic, span < SLEEP_MAX ? now + span : NEVER);
    }
}

void kv_traffic_tell(struct kv_traffic *traffic)
{
    traffic->news++;
    if (traffic->hearers > 0) {
        clockwork_ring(traffic);
    }
}

unsigned kv_traffic_news(const struct kv_traffic *traffic)
{
    return traffic->news;
}

void kv_traffic_wait(struct kv_traffic *traffic, struct kv_stay *stay,
                     const struct kv_choice *choice)
{
    pthread_mutex_lock(&traffic->mutex);
    bool waits = !traffic->draining && traffic->waits < traffic->bounds.waits
                 && kv_alarm_watch(&traffic->alarm, stay->descriptor, stay);
    if (waits) {
        begin_wait_locked(traffic, stay, choice);
    } else {
        stay->state = traffic->draining ? KV_STAY_CLOSED : KV_STAY_REFUSED;
    }
    pthread_mutex_unlock(&traffic->mutex);

    if (!waits) {
        MHD_resume_connection(stay->connection); /* the caller's thread's: it exists */
    }
}
