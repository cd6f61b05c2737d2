/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is suspended stands in a heap, in order of the monotonic time at which it has to end; what
 * waits for the virtual clock stands in another one, too. The thread sleeps until the earliest it
 * saw; a stay that ends sooner does not wake it, only an earlier time does, a move of the clock, and
 * a client that leaves. Only this thread ends waits: so what it hears of a descriptor, which it
 * watches while the connection waits, is always of a stay that is there.
 */
#include "traffic.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define NEVER INT64_MAX
#define SLEEP_MAX INT64_C(60000) /* the system may move its clock, and with it the virtual one */
#define EVENTS_MAX 64            /* clients that have left, at one look */

TAILQ_HEAD(stays, kv_stay);

struct kv_traffic {
    struct kv_traffic_bounds bounds;
    struct kv_clock *clock;
    struct kv_clock_watch watch;
    int bell;    /* an eventfd: the thread is to look again */
    int watcher; /* an epoll instance: the bell, and the clients of those that wait */
    pthread_t thread;

    pthread_mutex_t mutex; /* lock.def: listener.suspended */
    pthread_cond_t idle;   /* for a drain: nothing is left */
    struct kv_heap due;    /* guarded by mutex, as is all that follows */
    struct kv_heap clock_due;
    struct stays waiting;
    size_t waits;
    kv_millis wake_at; /* when the thread looks by itself */
    size_t pending;    /* requests between enter and leave */
    size_t jobs;       /* between suspend and end_job; an expired one may outlast its request */
    size_t resuming;   /* ended, and about to be resumed by the thread */
    bool draining;
    bool stopping;
};

/* Takes no lock: the clock calls it, too. */
static void ring(void *argument)
{
    const struct kv_traffic *traffic = argument;

    (void) eventfd_write(traffic->bell, 1); /* it cannot be full: the thread empties it */
}

static bool is_wait(const struct kv_stay *stay)
{
    return stay->state == KV_STAY_WAITING;
}

static void end_stay_locked(struct kv_traffic *traffic, struct kv_stay *stay,
                            enum kv_stay_state state)
{
    if (is_wait(stay)) {
        (void) epoll_ctl(traffic->watcher, EPOLL_CTL_DEL, stay->descriptor, NULL); /* it is in */
        kv_heap_remove(&traffic->clock_due, &stay->clock_due);
        TAILQ_REMOVE(&traffic->waiting, stay, link);
        traffic->waits--;
    }
    kv_heap_remove(&traffic->due, &stay->due);
    stay->state = state;
}

static bool is_idle_locked(const struct kv_traffic *traffic)
{
    return traffic->pending + traffic->jobs + traffic->resuming == 0;
}

static void tell_when_idle_locked(struct kv_traffic *traffic)
{
    if (traffic->draining && is_idle_locked(traffic)) {
        pthread_cond_signal(&traffic->idle);
    }
}

/*
 * The mutex is not held across a call into the library; and a drain must not let the library be
 * stopped in it. The thread's own.
 */
static void end_and_resume_locked(struct kv_traffic *traffic, struct kv_stay *stay,
                                  enum kv_stay_state state)
{
    struct MHD_Connection *connection = stay->connection;

    end_stay_locked(traffic, stay, state);
    traffic->resuming++;
    pthread_mutex_unlock(&traffic->mutex);
    MHD_resume_connection(connection); /* suspended until now, hence alive */
    pthread_mutex_lock(&traffic->mutex);
    traffic->resuming--;
    tell_when_idle_locked(traffic);
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
    const struct kv_due *first;

    while ((first = kv_heap_first(&traffic->due)) != NULL && first->at <= kv_clock_monotonic()) {
        end_and_resume_locked(traffic, first->owner, end_of(first->owner));
    }
}

static void follow_clock_locked(struct kv_traffic *traffic)
{
    const struct kv_due *first;

    while ((first = kv_heap_first(&traffic->clock_due)) != NULL
           && kv_clock_span(traffic->clock, first->at) == 0) {
        end_and_resume_locked(traffic, first->owner, KV_STAY_DUE);
    }
}

static void end_waits_locked(struct kv_traffic *traffic)
{
    struct kv_stay *stay;

    while (traffic->draining && (stay = TAILQ_FIRST(&traffic->waiting)) != NULL) {
        end_and_resume_locked(traffic, stay, KV_STAY_CLOSED);
    }
}

/* Each descriptor is heard of once at a look, and no stay was ended since. */
static void hear_locked(struct kv_traffic *traffic, const struct epoll_event *events, int count)
{
    eventfd_t rings;

    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == NULL) {
            (void) eventfd_read(traffic->bell, &rings);
        } else {
            end_and_resume_locked(traffic, events[i].data.ptr, KV_STAY_LEFT);
        }
    }
}

static kv_millis sooner(kv_millis a, kv_millis b)
{
    return a < b ? a : b;
}

/* How long the thread may sleep. */
static kv_millis span_locked(struct kv_traffic *traffic)
{
    const struct kv_due *due = kv_heap_first(&traffic->due);
    const struct kv_due *clock_due = kv_heap_first(&traffic->clock_due);
    kv_millis span = SLEEP_MAX;

    if (due != NULL) {
        span = sooner(span, due->at - kv_clock_monotonic());
    }
    if (clock_due != NULL) {
        span = sooner(span, kv_clock_span(traffic->clock, clock_due->at));
    }
    return span > 0 ? span : 0;
}

static void *keep_time(void *argument)
{
    struct kv_traffic *traffic = argument;
    struct epoll_event events[EVENTS_MAX];

    pthread_mutex_lock(&traffic->mutex);
    while (!traffic->stopping) {
        kv_millis span = span_locked(traffic);

        traffic->wake_at = kv_clock_monotonic() + span;
        pthread_mutex_unlock(&traffic->mutex);
        int count = epoll_wait(traffic->watcher, events, EVENTS_MAX, (int) span);
        pthread_mutex_lock(&traffic->mutex);
        hear_locked(traffic, events, count);
        end_waits_locked(traffic);
        expire_locked(traffic);
        follow_clock_locked(traffic);
    }
    pthread_mutex_unlock(&traffic->mutex);
    return NULL;
}

static void init_locks(struct kv_traffic *traffic)
{
    pthread_condattr_t attributes;

    (void) pthread_mutex_init(&traffic->mutex, NULL); /* none of these can fail on Linux */
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&traffic->idle, &attributes);
    (void) pthread_condattr_destroy(&attributes);
}

static void close_if_open(int descriptor)
{
    if (descriptor >= 0) {
        (void) close(descriptor); /* nothing was written to it */
    }
}

/* Also what is half made. */
static void destroy(struct kv_traffic *traffic)
{
    if (traffic == NULL) {
        return;
    }
    close_if_open(traffic->bell);
    close_if_open(traffic->watcher);
    kv_heap_done(&traffic->due);
    kv_heap_done(&traffic->clock_due);
    (void) pthread_cond_destroy(&traffic->idle);
    (void) pthread_mutex_destroy(&traffic->mutex);
    free(traffic);
}
KV_DEFINE_CLEANUP(struct kv_traffic *, destroy)

static enum kv_code open_watcher(struct kv_traffic *traffic, struct kv_err *err)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

    traffic->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    traffic->watcher = epoll_create1(EPOLL_CLOEXEC);
    if (traffic->bell < 0 || traffic->watcher < 0
        || epoll_ctl(traffic->watcher, EPOLL_CTL_ADD, traffic->bell, &event) != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "out of file descriptors");
    }
    return KV_OK;
}

static enum kv_code make(const struct kv_traffic_bounds *bounds, struct kv_clock *clock,
                         struct kv_traffic **ret_traffic, struct kv_err *err)
{
    kv_auto(destroy) struct kv_traffic *traffic = calloc(1, sizeof(*traffic));

    if (traffic == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    init_locks(traffic);
    traffic->bell = traffic->watcher = -1;
    traffic->bounds = *bounds;
    traffic->clock = clock;
    traffic->watch = (struct kv_clock_watch){ .tell = ring, .argument = traffic };
    traffic->wake_at = NEVER;
    TAILQ_INIT(&traffic->waiting);
    KV_TRY(kv_heap_init(&traffic->due, bounds->stays, err));
    KV_TRY(kv_heap_init(&traffic->clock_due, bounds->waits, err));
    KV_TRY(open_watcher(traffic, err));
    *ret_traffic = kv_take(traffic);
    return KV_OK;
}

/* Signals are main's: its threads inherit a mask that blocks all of them. */
enum kv_code kv_traffic_new(const struct kv_traffic_bounds *bounds, struct kv_clock *clock,
                            struct kv_traffic **ret_traffic, struct kv_err *err)
{
    kv_auto(destroy) struct kv_traffic *traffic = NULL;
    sigset_t all, before;

    KV_TRY(make(bounds, clock, &traffic, err));
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int reason = pthread_create(&traffic->thread, NULL, keep_time, traffic);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (reason != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) reason, "cannot start a thread");
    }
    if (clock != NULL) {
        kv_clock_watch(clock, &traffic->watch);
    }
    *ret_traffic = kv_take(traffic);
    return KV_OK;
}

void kv_traffic_free(struct kv_traffic *traffic)
{
    if (traffic == NULL) {
        return;
    }
    if (traffic->clock != NULL) {
        kv_clock_unwatch(traffic->clock, &traffic->watch);
    }
    pthread_mutex_lock(&traffic->mutex);
    assert(kv_heap_first(&traffic->due) == NULL && traffic->jobs == 0);
    traffic->stopping = true;
    pthread_mutex_unlock(&traffic->mutex);
    ring(traffic);

    (void) pthread_join(traffic->thread, NULL); /* ours, and joinable */
    destroy(traffic);
}

bool kv_traffic_enter(struct kv_traffic *traffic)
{
    pthread_mutex_lock(&traffic->mutex);
    traffic->pending++;
    bool open = !traffic->draining;
    pthread_mutex_unlock(&traffic->mutex);
    return open;
}

void kv_traffic_leave(struct kv_traffic *traffic)
{
    pthread_mutex_lock(&traffic->mutex);
    traffic->pending--;
    tell_when_idle_locked(traffic);
    pthread_mutex_unlock(&traffic->mutex);
}

size_t kv_traffic_pending(struct kv_traffic *traffic)
{
    pthread_mutex_lock(&traffic->mutex);
    size_t pending = traffic->pending;
    pthread_mutex_unlock(&traffic->mutex);
    return pending;
}

static void wake_for_locked(struct kv_traffic *traffic, kv_millis at)
{
    if (at < traffic->wake_at) {
        traffic->wake_at = at;
        ring(traffic);
    }
}

static void begin_stay_locked(struct kv_traffic *traffic, struct kv_stay *stay, enum kv_lane lane)
{
    kv_millis deadline = kv_clock_monotonic() + traffic->bounds.patience[lane];

    kv_heap_add(&traffic->due, &stay->due, deadline, stay);
    wake_for_locked(traffic, deadline);
}

void kv_traffic_suspend(struct kv_traffic *traffic, struct kv_stay *stay, enum kv_lane lane)
{
    pthread_mutex_lock(&traffic->mutex);
    assert(stay->state != KV_STAY_AWAITED && stay->state != KV_STAY_WAITING);
    stay->state = KV_STAY_AWAITED;
    traffic->jobs++;
    begin_stay_locked(traffic, stay, lane);
    pthread_mutex_unlock(&traffic->mutex);
}

bool kv_traffic_move(struct kv_traffic *traffic, struct kv_stay *stay, enum kv_lane lane)
{
    pthread_mutex_lock(&traffic->mutex);
    bool awaited = stay->state == KV_STAY_AWAITED;
    if (awaited) {
        kv_heap_remove(&traffic->due, &stay->due);
        begin_stay_locked(traffic, stay, lane);
    }
    pthread_mutex_unlock(&traffic->mutex);
    return awaited;
}

enum kv_stay_state kv_traffic_state(struct kv_traffic *traffic, const struct kv_stay *stay)
{
    pthread_mutex_lock(&traffic->mutex);
    enum kv_stay_state state = stay->state;
    pthread_mutex_unlock(&traffic->mutex);
    return state;
}

/* The job counts until after the resumption: a drain must not let the library be stopped in it. */
bool kv_traffic_end_job(struct kv_traffic *traffic, struct kv_stay *stay)
{
    pthread_mutex_lock(&traffic->mutex);
    bool awaited = stay->state == KV_STAY_AWAITED;
    if (awaited) {
        end_stay_locked(traffic, stay, KV_STAY_SETTLED);
    }
    pthread_mutex_unlock(&traffic->mutex);

    if (awaited) {
        MHD_resume_connection(stay->connection);
    }
    pthread_mutex_lock(&traffic->mutex);
    traffic->jobs--;
    tell_when_idle_locked(traffic);
    pthread_mutex_unlock(&traffic->mutex);
    return awaited;
}

/* Both ends of the connection: the peer's shut or reset, or both. Its data is nothing to us. */
static bool watch_client(struct kv_traffic *traffic, struct kv_stay *stay)
{
    struct epoll_event event = { .events = EPOLLRDHUP, .data.ptr = stay };

    return epoll_ctl(traffic->watcher, EPOLL_CTL_ADD, stay->descriptor, &event) == 0;
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
    wake_for_locked(traffic, stay->due.at);
    if (is_timed && choice->is_virtual) {
        kv_heap_add(&traffic->clock_due, &stay->clock_due, choice->until, stay);
        kv_millis span = kv_clock_span(traffic->clock, choice->until);
        wake_for_locked(traffic, span < SLEEP_MAX ? now + span : NEVER);
    }
}

void kv_traffic_wait(struct kv_traffic *traffic, struct kv_stay *stay,
                     const struct kv_choice *choice)
{
    pthread_mutex_lock(&traffic->mutex);
    bool waits =
        !traffic->draining && traffic->waits < traffic->bounds.waits && watch_client(traffic, stay);
    if (waits) {
        begin_wait_locked(traffic, stay, choice);
    } else {
        stay->state = traffic->draining ? KV_STAY_CLOSED : KV_STAY_REFUSED;
    }
    pthread_mutex_unlock(&traffic->mutex);

    if (!waits) {
        MHD_resume_connection(stay->connection); /* of the caller's own thread: still there */
    }
}

size_t kv_traffic_waiting(struct kv_traffic *traffic)
{
    pthread_mutex_lock(&traffic->mutex);
    size_t waits = traffic->waits;
    pthread_mutex_unlock(&traffic->mutex);
    return waits;
}

/* False: it is `until`. The condition's clock is that of kv_clock_monotonic(). */
static bool await_idle_locked(struct kv_traffic *traffic, kv_millis until)
{
    const struct timespec time = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };

    return pthread_cond_timedwait(&traffic->idle, &traffic->mutex, &time) == 0;
}

bool kv_traffic_drain(struct kv_traffic *traffic, kv_millis patience)
{
    kv_millis until = kv_clock_monotonic() + patience;
    bool in_time = true;

    pthread_mutex_lock(&traffic->mutex);
    traffic->draining = true;
    ring(traffic);
    while (in_time && !is_idle_locked(traffic)) {
        in_time = await_idle_locked(traffic, until);
    }
    bool drained = is_idle_locked(traffic);
    pthread_mutex_unlock(&traffic->mutex);
    return drained;
}
