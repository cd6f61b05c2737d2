/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All guests that wait for the same thing have the same patience, so a list for each kind of wait
 * is in order of deadline almost automatically. The thread checks the heads of the lists a few
 * times within the shortest patience: a deadline need not be met to the millisecond, and no request
 * has to wake it.
 */
#include "guests.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define LOOKS 8       /* in the time of a head, or of a request */
#define PAUSE_MAX 250 /* milliseconds between two checks: an end may go unnoticed for that long */
#define FAREWELL 2000 /* milliseconds */

TAILQ_HEAD(guest_list, kv_guest);

struct kv_guests {
    kv_millis patience[KV_GUEST_NONE];
    kv_millis pause;
    pthread_t thread;

    pthread_mutex_t mutex; /* lock.def: listener.guests */
    pthread_cond_t end, empty;
    struct guest_list all;                    /* guarded by mutex, as are the next two */
    struct guest_list waiting[KV_GUEST_NONE]; /* in order of deadline */
    bool closed, stopping;
};

static void stop_waiting_locked(struct kv_guests *guests, struct kv_guest *guest)
{
    if (guest->wait != KV_GUEST_NONE) {
        TAILQ_REMOVE(&guests->waiting[guest->wait], guest, link);
        guest->wait = KV_GUEST_NONE;
    }
}

static bool is_at_end(int descriptor)
{
    char byte;

    return recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/*
 * Shutting down a stream that has ended changes nothing, but wakes whoever waits to read from it.
 * The end of a TLS connection that has not been read to its end is not seen here; the library does
 * read these to the end.
 */
static void end_locked(struct kv_guest *guest)
{
    if (!guest->has_ended) {
        guest->has_ended = true;
        (void) shutdown(guest->descriptor, SHUT_RD); /* unless its other half has ended, too */
    }
}

static void notice_ends_locked(struct kv_guests *guests)
{
    for (struct kv_guest *guest = TAILQ_FIRST(&guests->all); guest != NULL;
         guest = TAILQ_NEXT(guest, all)) {
        if (!guest->has_ended && is_at_end(guest->descriptor)) {
            end_locked(guest);
        }
    }
}

/* With the mutex held the descriptor is still this connection's. */
static void expire_locked(struct kv_guests *guests)
{
    kv_millis now = kv_clock_monotonic();

    for (size_t i = 0; i < KV_GUEST_NONE; i++) {
        struct kv_guest *guest;

        while ((guest = TAILQ_FIRST(&guests->waiting[i])) != NULL && guest->deadline <= now) {
            stop_waiting_locked(guests, guest);
            (void) shutdown(guest->descriptor, SHUT_RDWR); /* or its peer was faster */
        }
    }
}

/* The condition's clock is that of kv_clock_monotonic(). */
static bool wait_until_locked(struct kv_guests *guests, pthread_cond_t *condition, kv_millis until)
{
    struct timespec time = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };

    return pthread_cond_timedwait(condition, &guests->mutex, &time) == 0;
}

static void *watch(void *argument)
{
    struct kv_guests *guests = argument;

    pthread_mutex_lock(&guests->mutex);
    while (!guests->stopping) {
        if (TAILQ_EMPTY(&guests->all)) { /* no guest to look after */
            (void) pthread_cond_wait(&guests->end, &guests->mutex);
            continue;
        }
        (void) wait_until_locked(guests, &guests->end, kv_clock_monotonic() + guests->pause);
        expire_locked(guests);
        notice_ends_locked(guests);
    }
    pthread_mutex_unlock(&guests->mutex);
    return NULL;
}

static void destroy(struct kv_guests *guests)
{
    (void) pthread_cond_destroy(&guests->end); /* unused, like the next two */
    (void) pthread_cond_destroy(&guests->empty);
    (void) pthread_mutex_destroy(&guests->mutex);
    free(guests);
}

static kv_millis shorter(kv_millis a, kv_millis b)
{
    return a < b ? a : b;
}

static void init(struct kv_guests *guests, kv_millis head, kv_millis idle, kv_millis arrival)
{
    pthread_condattr_t attributes;

    guests->patience[KV_GUEST_FIRST] = head;
    guests->patience[KV_GUEST_BEGUN] = head;
    guests->patience[KV_GUEST_NEXT] = idle + head; /* its start is not known */
    guests->patience[KV_GUEST_REFUSED] = shorter(head, FAREWELL);
    guests->patience[KV_GUEST_BODY] = arrival;
    guests->pause = shorter(shorter(head, arrival) / LOOKS + 1, PAUSE_MAX);
    (void) pthread_mutex_init(&guests->mutex, NULL); /* cannot fail, nor can the next five */
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&guests->end, &attributes);
    (void) pthread_cond_init(&guests->empty, &attributes);
    (void) pthread_condattr_destroy(&attributes);
    TAILQ_INIT(&guests->all);
    for (size_t i = 0; i < KV_GUEST_NONE; i++) {
        TAILQ_INIT(&guests->waiting[i]);
    }
}

enum kv_code kv_guests_new(kv_millis head, kv_millis idle, kv_millis arrival,
                           struct kv_guests **ret_guests, struct kv_err *err)
{
    struct kv_guests *guests = calloc(1, sizeof(*guests));
    sigset_t all, before;

    if (guests == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    init(guests, head, idle, arrival);
    sigfillset(&all); /* signals are main's */
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int reason = pthread_create(&guests->thread, NULL, watch, guests);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (reason != 0) {
        destroy(guests);
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) reason, "cannot start a thread");
    }
    *ret_guests = guests;
    return KV_OK;
}

void kv_guests_dismiss(struct kv_guests *guests, kv_millis patience)
{
    kv_millis until = kv_clock_monotonic() + patience;
    struct kv_guest *guest;
    bool in_time = true;

    pthread_mutex_lock(&guests->mutex);
    guests->closed = true;
    TAILQ_FOREACH(guest, &guests->all, all)
    {
        (void) shutdown(guest->descriptor, SHUT_RD); /* or its peer was faster */
    }
    while (in_time && !TAILQ_EMPTY(&guests->all)) {
        in_time = wait_until_locked(guests, &guests->empty, until);
    }
    pthread_mutex_unlock(&guests->mutex);
}

void kv_guests_free(struct kv_guests *guests)
{
    if (guests == NULL) {
        return;
    }
    pthread_mutex_lock(&guests->mutex);
    assert(TAILQ_EMPTY(&guests->all));
    guests->stopping = true;
    pthread_cond_signal(&guests->end);
    pthread_mutex_unlock(&guests->mutex);

    (void) pthread_join(guests->thread, NULL); /* ours, and joinable */
    destroy(guests);
}

/* At or near the end: only heads may have taken their time. */
static void insert_locked(struct guest_list *list, struct kv_guest *guest)
{
    struct kv_guest *before = TAILQ_LAST(list, guest_list);

    while (before != NULL && before->deadline > guest->deadline) {
        before = TAILQ_PREV(before, guest_list, link);
    }
    if (before != NULL) {
        TAILQ_INSERT_AFTER(list, before, guest, link);
    } else {
        TAILQ_INSERT_HEAD(list, guest, link);
    }
}

static void wait_locked(struct kv_guests *guests, struct kv_guest *guest, enum kv_guest_wait wait)
{
    kv_millis now = kv_clock_monotonic();

    stop_waiting_locked(guests, guest);
    guest->wait = wait;
    if (wait == KV_GUEST_BEGUN) {
        guest->begun = now;
    }
    if (wait != KV_GUEST_NONE) {
        guest->deadline = (wait == KV_GUEST_BODY ? guest->begun : now) + guests->patience[wait];
        insert_locked(&guests->waiting[wait], guest);
    }
}

struct kv_guest *kv_guests_enter(struct kv_guests *guests, struct MHD_Connection *connection,
                                 int descriptor)
{
    struct kv_guest *guest = calloc(1, sizeof(*guest));

    if (guest != NULL) {
        guest->guests = guests;
        guest->connection = connection;
        guest->thread = pthread_self();
        guest->descriptor = descriptor;
        guest->wait = KV_GUEST_NONE;
        pthread_mutex_lock(&guests->mutex);
        if (TAILQ_EMPTY(&guests->all)) {
            pthread_cond_signal(&guests->end);
        }
        TAILQ_INSERT_TAIL(&guests->all, guest, all);
        if (guests->closed) {
            (void) shutdown(descriptor, SHUT_RD); /* as above */
        }
        wait_locked(guests, guest, KV_GUEST_FIRST);
        pthread_mutex_unlock(&guests->mutex);
    }
    return guest;
}

void kv_guests_wait(struct kv_guests *guests, struct kv_guest *guest, enum kv_guest_wait wait)
{
    if (guest != NULL) {
        bool has_ended = wait == KV_GUEST_NEXT && is_at_end(guest->descriptor);

        pthread_mutex_lock(&guests->mutex);
        wait_locked(guests, guest, wait);
        if (has_ended) {
            end_locked(guest);
        }
        pthread_mutex_unlock(&guests->mutex);
    }
}

/* Starting from the last, which is the likeliest. */
struct kv_guest *kv_guests_find_begun(struct kv_guests *guests,
                                      bool (*is_wanted)(const struct kv_guest *guest))
{
    struct kv_guest *guest;

    pthread_mutex_lock(&guests->mutex);
    TAILQ_FOREACH_REVERSE(guest, &guests->waiting[KV_GUEST_BEGUN], guest_list, link)
    {
        if (is_wanted(guest)) {
            break;
        }
    }
    pthread_mutex_unlock(&guests->mutex);
    return guest;
}

void kv_guest_give_up(struct kv_guest *guest)
{
    if (guest != NULL) {
        pthread_mutex_lock(&guest->guests->mutex);
        guest->has_ended = true;
        pthread_mutex_unlock(&guest->guests->mutex);
    }
}

void kv_guests_leave(struct kv_guests *guests, struct kv_guest *guest)
{
    if (guest != NULL) {
        assert(guest->exchange == NULL);
        pthread_mutex_lock(&guests->mutex);
        stop_waiting_locked(guests, guest);
        TAILQ_REMOVE(&guests->all, guest, all);
        if (TAILQ_EMPTY(&guests->all)) {
            pthread_cond_signal(&guests->empty);
        }
        pthread_mutex_unlock(&guests->mutex);
        free(guest);
    }
}
