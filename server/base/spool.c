/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of bytes. The thread copies some whole lines out of it and writes them without the
 * mutex, so that it is the only one ever blocked on the descriptor.
 *
 * To wake it costs more than to put a line. So when it has written all there is it naps: what is put
 * meanwhile waits for the end of the nap, which whoever needs the room or the lines cuts short. It
 * sleeps, and is woken by a line, only after a nap in which none came.
 */
#include "kv/base/spool.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kv/base/pages.h"

#define NAP 5 /* milliseconds that a line may wait although the thread could write it */

/* What the thread does while it has nothing to write. */
enum rest { REST_NONE, REST_NAP, REST_SLEEP };

struct kv_spool {
    int descriptor;                  /* immutable, as the next two */
    kv_spool_lost_fn *describe_lost; /* NULL: nothing is said */
    size_t capacity;
    bool torn; /* the thread's: what was written last ends within a line */

    pthread_mutex_t mutex; /* lock.def: spool */
    pthread_cond_t filled; /* for the thread */
    pthread_cond_t idle;   /* for flushing threads */
    size_t first, used;    /* guarded by mutex; the ring */
    uint64_t lost;         /* guarded by mutex; lines that nobody was told of */
    bool dropping;         /* guarded by mutex; it was full and has not been empty since */
    bool failing;          /* guarded by mutex; the last write failed: the next line tries again */
    bool writing;          /* guarded by mutex; the thread has lines in its hands */
    enum rest rest;        /* guarded by mutex; REST_NONE: it works, or somebody has woken it */
    unsigned flushing;     /* guarded by mutex; threads that wait until all is written */
    bool closing;          /* guarded by mutex; only the thread still uses it */
    char ring[];
};

static size_t count_lines(const char *text, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++) {
        count += text[i] == '\n';
    }
    return count;
}

static void copy_in_locked(struct kv_spool *spool, const char *text, size_t len)
{
    size_t start = (spool->first + spool->used) % spool->capacity;
    size_t straight = spool->capacity - start;

    straight = len < straight ? len : straight;
    memcpy(spool->ring + start, text, straight);
    memcpy(spool->ring, text + straight, len - straight);
    spool->used += len;
}

/* Takes as many whole lines as one write may have; what was put is never longer. */
static size_t take_locked(struct kv_spool *spool, char ret_text[KV_SPOOL_PUT_MAX])
{
    size_t len = spool->used < KV_SPOOL_PUT_MAX ? spool->used : KV_SPOOL_PUT_MAX;
    size_t straight = spool->capacity - spool->first;

    straight = len < straight ? len : straight;
    memcpy(ret_text, spool->ring + spool->first, straight);
    memcpy(ret_text + straight, spool->ring, len - straight);
    while (len > 0 && ret_text[len - 1] != '\n') {
        len--;
    }
    spool->first = (spool->first + len) % spool->capacity;
    spool->used -= len;
    spool->dropping = spool->dropping && spool->used > 0;
    return len;
}

/* Returns how much was written: all, or less when the descriptor refuses more. */
static size_t write_out(int descriptor, const char *text, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t written = write(descriptor, text + done, len - done);

        if (written > 0) {
            done += (size_t) written;
        } else if (written < 0 && errno == EAGAIN) { /* somebody made it so; then we wait here */
            poll(&(struct pollfd){ .fd = descriptor, .events = POLLOUT }, 1, -1);
        } else if (written == 0 || errno != EINTR) {
            break;
        }
    }
    return done;
}

/* Returns how many lines were not written, or not to their end. */
static size_t write_lines(struct kv_spool *spool, const char *text, size_t len)
{
    size_t done = write_out(spool->descriptor, text, len);

    if (done > 0) {
        spool->torn = text[done - 1] != '\n';
    }
    return count_lines(text + done, len - done);
}

static bool end_torn_line(struct kv_spool *spool)
{
    return !spool->torn || write_lines(spool, "\n", 1) == 0;
}

static bool say_lost(struct kv_spool *spool, uint64_t lost)
{
    char line[KV_SPOOL_LOST_SIZE];

    return lost == 0 || spool->describe_lost == NULL
           || write_lines(spool, line, spool->describe_lost(lost, line)) == 0;
}

static bool has_work_locked(const struct kv_spool *spool)
{
    return spool->used > 0 || (spool->lost > 0 && !spool->failing);
}

/* What was dropped for want of room came after all that waits: it is said when that has left. */
static void write_some_locked(struct kv_spool *spool)
{
    uint64_t lost = spool->dropping ? 0 : spool->lost;
    char text[KV_SPOOL_PUT_MAX];
    size_t len = take_locked(spool, text);

    spool->writing = true;
    pthread_mutex_unlock(&spool->mutex);
    bool works = end_torn_line(spool) && say_lost(spool, lost);
    size_t failed = works ? write_lines(spool, text, len) : count_lines(text, len);
    pthread_mutex_lock(&spool->mutex);
    spool->writing = false;
    spool->lost += failed;
    spool->lost -= works ? lost : 0;
    spool->failing = !works || failed > 0;
}

static void free_spool(struct kv_spool *spool)
{
    (void) pthread_cond_destroy(&spool->filled);
    (void) pthread_cond_destroy(&spool->idle);
    (void) pthread_mutex_destroy(&spool->mutex);
    kv_pages_free(spool, 1, sizeof(*spool) + spool->capacity);
}

static void write_all_locked(struct kv_spool *spool)
{
    while (has_work_locked(spool)) {
        write_some_locked(spool);
    }
    pthread_cond_broadcast(&spool->idle);
}

static struct timespec time_after(kv_millis span)
{
    kv_millis end = kv_clock_monotonic() + span;

    return (struct timespec){ .tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000 };
}

/* Until its time is over, or wake_locked() has ended it. */
static void nap_locked(struct kv_spool *spool)
{
    const struct timespec end = time_after(NAP);
    int result = 0;

    spool->rest = REST_NAP;
    while (spool->rest == REST_NAP && result == 0) {
        result = pthread_cond_timedwait(&spool->filled, &spool->mutex, &end);
    }
    spool->rest = REST_NONE;
}

static void sleep_locked(struct kv_spool *spool)
{
    spool->rest = REST_SLEEP;
    while (spool->rest == REST_SLEEP) {
        pthread_cond_wait(&spool->filled, &spool->mutex);
    }
}

/* True: `filled` is to be signalled, best without the mutex, for which the thread would only wait. */
static bool wake_locked(struct kv_spool *spool)
{
    bool rests = spool->rest != REST_NONE;

    spool->rest = REST_NONE;
    return rests;
}

static void rest_locked(struct kv_spool *spool)
{
    if (spool->flushing == 0 && !spool->closing) {
        nap_locked(spool);
    }
    if (!has_work_locked(spool) && !spool->closing) {
        sleep_locked(spool);
    }
}

static void *empty_spool(void *argument)
{
    struct kv_spool *spool = argument;

    pthread_mutex_lock(&spool->mutex);
    while (has_work_locked(spool) || !spool->closing) {
        write_all_locked(spool);
        rest_locked(spool);
    }
    pthread_mutex_unlock(&spool->mutex);
    free_spool(spool);
    return NULL;
}

/* Detached, because it may be blocked on its descriptor until the process ends. */
static int start_thread(struct kv_spool *spool)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_t thread;

    sigfillset(&all);
    (void) pthread_attr_init(&attributes); /* these cannot fail on Linux */
    (void) pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int result = pthread_create(&thread, &attributes, empty_spool, spool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void) pthread_attr_destroy(&attributes);
    return result;
}

enum kv_code kv_spool_open(int descriptor, size_t capacity, kv_spool_lost_fn *describe_lost,
                           struct kv_spool **ret_spool, struct kv_err *err)
{
    struct kv_spool *spool = kv_pages_new(1, sizeof(*spool) + capacity);
    pthread_condattr_t attributes;

    if (spool == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    spool->descriptor = descriptor;
    spool->describe_lost = describe_lost;
    spool->capacity = capacity;
    (void) pthread_mutex_init(&spool->mutex, NULL); /* these cannot fail on Linux */
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&spool->filled, &attributes);
    (void) pthread_cond_init(&spool->idle, &attributes);
    (void) pthread_condattr_destroy(&attributes);
    int result = start_thread(spool);
    if (result != 0) {
        free_spool(spool);
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) result,
                       "cannot start the thread that writes lines");
    }
    *ret_spool = spool;
    return KV_OK;
}

void kv_spool_put(struct kv_spool *spool, const char *text, size_t len)
{
    assert(len > 0 && len <= KV_SPOOL_PUT_MAX && text[len - 1] == '\n');
    pthread_mutex_lock(&spool->mutex);
    spool->dropping = spool->dropping || len > spool->capacity - spool->used;
    if (spool->dropping) {
        spool->lost += count_lines(text, len);
    } else {
        copy_in_locked(spool, text, len);
    }
    bool matters = spool->rest == REST_SLEEP || spool->used > spool->capacity / 2;
    bool wakes = matters && wake_locked(spool);
    pthread_mutex_unlock(&spool->mutex);

    if (wakes) {
        pthread_cond_signal(&spool->filled);
    }
}

static void flush_locked(struct kv_spool *spool, kv_millis patience)
{
    const struct timespec deadline = time_after(patience);
    int result = 0;

    spool->flushing++;
    if (has_work_locked(spool) && wake_locked(spool)) {
        pthread_cond_signal(&spool->filled);
    }
    while (result == 0 && (spool->writing || has_work_locked(spool))) {
        result = pthread_cond_timedwait(&spool->idle, &spool->mutex, &deadline);
    }
    spool->flushing--;
}

void kv_spool_flush(struct kv_spool *spool, kv_millis patience)
{
    pthread_mutex_lock(&spool->mutex);
    flush_locked(spool, patience);
    pthread_mutex_unlock(&spool->mutex);
}

void kv_spool_close(struct kv_spool *spool, kv_millis patience)
{
    if (spool == NULL) {
        return;
    }
    pthread_mutex_lock(&spool->mutex);
    flush_locked(spool, patience);
    spool->closing = true;
    if (wake_locked(spool)) {
        pthread_cond_signal(&spool->filled);
    }
    pthread_mutex_unlock(&spool->mutex);
}
