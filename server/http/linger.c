/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors reach the thread through a pipe, which wakes it as well; the pipe's end is the
 * thread's. A counter bounds what is in the pipe and in the table together, so neither is full.
 */
#include "linger.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE 65536 /* bytes dropped in one go, so that no connection holds up the others */

/* One connection. */
struct kept {
    int descriptor;
    uint64_t bytes;    /* bytes that it may still send */
    kv_millis heard;   /* when something last arrived */
    kv_millis give_up; /* the end, whatever still arrives */
};

struct kv_linger {
    struct kv_linger_bounds bounds;
    int inlet, outlet;  /* of the pipe */
    atomic_size_t held; /* descriptors in the pipe and in the table */
    atomic_bool hurried;
    pthread_t thread;

    struct kept kept[KV_LINGER_MAX]; /* the thread's, as are the next two */
    size_t count;
    bool ending; /* the pipe has ended */
};

static kv_millis earlier(kv_millis a, kv_millis b)
{
    return a < b ? a : b;
}

static kv_millis deadline_of(const struct kv_linger *linger, const struct kept *kept)
{
    return earlier(kept->heard + linger->bounds.silence, kept->give_up);
}

/* False when the connection is over: its peer has closed or failed, or has sent too much. */
static bool drop_piece(struct kept *kept)
{
    char piece[PIECE];
    ssize_t len = recv(kept->descriptor, piece, sizeof(piece), MSG_DONTWAIT);

    if (len < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (len == 0 || (uint64_t) len > kept->bytes) {
        return false;
    }
    kept->bytes -= (uint64_t) len;
    kept->heard = kv_clock_monotonic();
    return true;
}

/* The last one takes its place. */
static void let_go(struct kv_linger *linger, size_t i)
{
    (void) close(linger->kept[i].descriptor); /* nobody is left to tell */
    linger->kept[i] = linger->kept[--linger->count];
    atomic_fetch_sub(&linger->held, 1);
}

/* No more connections will come: those still here get only as much time as a silent one. */
static void begin_to_end(struct kv_linger *linger)
{
    kv_millis give_up = kv_clock_monotonic() + linger->bounds.silence;

    linger->ending = true;
    for (size_t i = 0; i < linger->count; i++) {
        linger->kept[i].give_up = earlier(linger->kept[i].give_up, give_up);
    }
}

static void take_arrival(struct kv_linger *linger)
{
    kv_millis now = kv_clock_monotonic();
    struct kept arrival = {
        .bytes = linger->bounds.bytes,
        .heard = now,
        .give_up = now + linger->bounds.time,
    };
    ssize_t len = read(linger->outlet, &arrival.descriptor, sizeof(arrival.descriptor));

    if (len == 0) {
        begin_to_end(linger);
    }
    if (len == sizeof(arrival.descriptor)) {
        assert(linger->count < KV_LINGER_MAX);
        linger->kept[linger->count++] = arrival;
    }
}

/* Sleeps until something arrives or a connection's time is over. `ret_polled`: the pipe, then
 * all. */
static void wait_for_any(const struct kv_linger *linger, struct pollfd *ret_polled)
{
    kv_millis now = kv_clock_monotonic();
    kv_millis until = now + linger->bounds.time;

    ret_polled[0] = (struct pollfd){ linger->ending ? -1 : linger->outlet, POLLIN, 0 };
    for (size_t i = 0; i < linger->count; i++) {
        ret_polled[1 + i] = (struct pollfd){ linger->kept[i].descriptor, POLLIN, 0 };
        until = earlier(until, deadline_of(linger, &linger->kept[i]));
    }
    int span = linger->count == 0 ? -1 : until > now ? (int) (until - now) : 0;
    (void) poll(ret_polled, (nfds_t) (1 + linger->count), span); /* if it fails, nothing arrived */
}

static void *drop_what_comes(void *argument)
{
    struct kv_linger *linger = argument;
    struct pollfd polled[1 + KV_LINGER_MAX];

    while (!linger->ending || linger->count > 0) {
        wait_for_any(linger, polled);
        kv_millis now = kv_clock_monotonic();
        for (size_t i = linger->count; i-- > 0;) { /* from the last, because of let_go() */
            struct kept *kept = &linger->kept[i];
            bool over =
                polled[1 + i].revents != 0 ? !drop_piece(kept) : deadline_of(linger, kept) <= now;
            if (over || kept->give_up <= now) {
                let_go(linger, i);
            }
        }
        if (polled[0].revents != 0) {
            take_arrival(linger);
        }
    }
    return NULL;
}

/* Signals are main's: its threads inherit a mask that blocks all of them. */
static enum kv_code start(struct kv_linger *linger, struct kv_err *err)
{
    int ends[2];
    sigset_t all, before;

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "out of file descriptors");
    }
    linger->outlet = ends[0];
    linger->inlet = ends[1];
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int reason = pthread_create(&linger->thread, NULL, drop_what_comes, linger);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (reason != 0) {
        (void) close(linger->inlet); /* both are empty */
        (void) close(linger->outlet);
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) reason, "cannot start a thread");
    }
    return KV_OK;
}

enum kv_code kv_linger_new(const struct kv_linger_bounds *bounds, struct kv_linger **ret_linger,
                           struct kv_err *err)
{
    assert(bounds->connections <= KV_LINGER_MAX);
    struct kv_linger *linger = calloc(1, sizeof(*linger));

    if (linger == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    linger->bounds = *bounds;
    enum kv_code code = start(linger, err);
    if (code != KV_OK) {
        free(linger);
        return code;
    }
    *ret_linger = linger;
    return KV_OK;
}

/* A peer that has closed cannot be sending; one that has reset is not listening either. */
static bool is_worthwhile(const struct kv_linger *linger, int socket)
{
    char byte;
    ssize_t len = recv(socket, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);

    return len > 0 || (len < 0 && errno == EAGAIN && !atomic_load(&linger->hurried));
}

bool kv_linger_keep(struct kv_linger *linger, int socket)
{
    if (!is_worthwhile(linger, socket)) {
        return false;
    }
    if (atomic_fetch_add(&linger->held, 1) >= linger->bounds.connections) {
        atomic_fetch_sub(&linger->held, 1);
        return false;
    }
    int copy = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) {
        (void) shutdown(copy, SHUT_WR); /* best effort */
        if (write(linger->inlet, &copy, sizeof(copy)) == sizeof(copy)) {
            return true; /* owned by the thread now */
        }
        (void) close(copy); /* no worse than without lingering */
    }
    atomic_fetch_sub(&linger->held, 1);
    return false;
}

void kv_linger_hurry(struct kv_linger *linger)
{
    atomic_store(&linger->hurried, true);
}

void kv_linger_free(struct kv_linger *linger)
{
    if (linger == NULL) {
        return;
    }
    (void) close(linger->inlet);               /* the thread sees the end of the pipe */
    (void) pthread_join(linger->thread, NULL); /* ours, and joinable */
    (void) close(linger->outlet);              /* empty */
    free(linger);
}
