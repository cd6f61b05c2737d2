/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard error may be a pipe that nobody reads, or a disk that is full. Then this thread waits,
 * and nobody else does. What is written goes out in pieces that a pipe takes whole once it has room
 * (PIPE_BUF), so that the wait is poll()'s, which can be ended, and not write()'s.
 */
#include "log_queue.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kv/clock.h"
#include "kv/log.h"

#define QUEUE_BYTES (256 * 1024)
#define FLUSH_MS 1000 /* how long the end of the process waits for a reader */
#define LOOK_MS 50    /* how soon a waiting writer sees that it shall end */

static struct {
    pthread_mutex_t mutex; /* lock.def: log.queue */
    pthread_cond_t filled; /* for the writer */
    pthread_cond_t empty;  /* for who ends it */
    pthread_t writer;
    char bytes[QUEUE_BYTES]; /* guarded by mutex, as is all that follows; a ring */
    size_t start, len;
    unsigned long lost; /* lines, since that was last said */
    bool running;       /* the writer takes what is put */
    bool writing;       /* it has some of it in its hands */
    bool stopping;      /* it ends as soon as it has nothing to do, or no reader */
    bool given_up;      /* nobody reads: nothing is written any more */
} queue = {
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .filled = PTHREAD_COND_INITIALIZER,
    .empty = PTHREAD_COND_INITIALIZER,
};

static void append_locked(const char *line, size_t len)
{
    size_t end = (queue.start + queue.len) % QUEUE_BYTES;
    size_t first = len < QUEUE_BYTES - end ? len : QUEUE_BYTES - end;

    memcpy(queue.bytes + end, line, first);
    memcpy(queue.bytes, line + first, len - first);
    queue.len += len;
}

void log_queue_put(const char *line, size_t len)
{
    bool direct;

    pthread_mutex_lock(&queue.mutex);
    direct = !queue.running && !queue.given_up;
    if (queue.running && len <= QUEUE_BYTES - queue.len) {
        append_locked(line, len);
        pthread_cond_signal(&queue.filled);
    } else if (!direct) {
        queue.lost++;
    }
    pthread_mutex_unlock(&queue.mutex);
    if (direct) {
        KV_IGNORE(write(STDERR_FILENO, line, len)); /* where else would a failure go? */
    }
}

/* Whole lines, as many as go into one piece. */
static size_t take_locked(char piece[PIPE_BUF])
{
    size_t max = queue.len < PIPE_BUF ? queue.len : PIPE_BUF;
    size_t len = 0;

    for (size_t i = 0; i < max; i++) {
        piece[i] = queue.bytes[(queue.start + i) % QUEUE_BYTES];
        len = piece[i] == '\n' ? i + 1 : len;
    }
    queue.start = (queue.start + len) % QUEUE_BYTES;
    queue.len -= len;
    return len;
}

static bool is_given_up(void)
{
    pthread_mutex_lock(&queue.mutex);
    bool given_up = queue.given_up;
    pthread_mutex_unlock(&queue.mutex);
    return given_up;
}

/* Whether standard error takes a piece now; false: it was given up. An error is write()'s to say. */
static bool wait_for_room(void)
{
    struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };

    while (poll(&room, 1, LOOK_MS) == 0) {
        if (is_given_up()) {
            return false;
        }
    }
    return true;
}

/* False: not all of it could be written. */
static bool write_piece(const char *piece, size_t len)
{
    while (len > 0) {
        if (!wait_for_room()) {
            return false;
        }
        ssize_t written = write(STDERR_FILENO, piece, len);
        if (written < 0 && errno != EINTR && errno != EAGAIN) {
            return false;
        }
        piece += written > 0 ? written : 0;
        len -= written > 0 ? (size_t) written : 0;
    }
    return true;
}

static unsigned long count_lines(const char *piece, size_t len)
{
    unsigned long count = 0;

    for (size_t i = 0; i < len; i++) {
        count += piece[i] == '\n';
    }
    return count;
}

/* Said only after a piece went out: while nothing does, saying it would only lose more. */
static void say_lost(void)
{
    pthread_mutex_lock(&queue.mutex);
    unsigned long lost = queue.lost;
    queue.lost = 0;
    pthread_mutex_unlock(&queue.mutex);
    if (lost > 0) {
        kv_log(KV_LOG_WARNING, "log_lines_lost", KV_LOG_NUMBER_FIELD("count", lost));
    }
}

static void write_next(void)
{
    char piece[PIPE_BUF];
    size_t len;

    pthread_mutex_lock(&queue.mutex);
    len = take_locked(piece);
    queue.writing = true;
    pthread_mutex_unlock(&queue.mutex);

    bool written = write_piece(piece, len);

    pthread_mutex_lock(&queue.mutex);
    queue.lost += written ? 0 : count_lines(piece, len);
    queue.writing = false;
    pthread_mutex_unlock(&queue.mutex);
    if (written) {
        say_lost();
    }
}

static void *write_lines(void *argument)
{
    (void) argument;
    pthread_mutex_lock(&queue.mutex);
    while (!queue.stopping || (queue.len > 0 && !queue.given_up)) {
        if (queue.len > 0) {
            pthread_mutex_unlock(&queue.mutex);
            write_next();
            pthread_mutex_lock(&queue.mutex);
        } else {
            pthread_cond_signal(&queue.empty);
            pthread_cond_wait(&queue.filled, &queue.mutex);
        }
    }
    pthread_cond_signal(&queue.empty);
    pthread_mutex_unlock(&queue.mutex);
    return NULL;
}

enum kv_code kv_log_start(struct kv_err *err)
{
    pthread_mutex_lock(&queue.mutex);
    int result = queue.running ? 0 : pthread_create(&queue.writer, NULL, write_lines, NULL);
    queue.running = result == 0;
    pthread_mutex_unlock(&queue.mutex);
    if (result != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) result,
                       "cannot start the thread that writes the log");
    }
    return KV_OK;
}

/* Until all is written, or for FLUSH_MS. */
static void flush_locked(void)
{
    int64_t until_us = kv_clock_monotonic_us() + FLUSH_MS * INT64_C(1000);
    const struct timespec until = {
        .tv_sec = until_us / 1000000,
        .tv_nsec = until_us % 1000000 * 1000,
    };

    while ((queue.len > 0 || queue.writing)
           && pthread_cond_clockwait(&queue.empty, &queue.mutex, CLOCK_MONOTONIC, &until) == 0) {
    }
    queue.given_up = queue.len > 0 || queue.writing;
}

void kv_log_stop(void)
{
    pthread_mutex_lock(&queue.mutex);
    if (!queue.running || queue.stopping) {
        pthread_mutex_unlock(&queue.mutex);
        return;
    }
    flush_locked();
    queue.stopping = true;
    queue.running = false;
    pthread_cond_signal(&queue.filled);
    pthread_mutex_unlock(&queue.mutex);
    pthread_join(queue.writer, NULL); /* soon: it has nothing to write, or gives up */
    pthread_mutex_lock(&queue.mutex);
    queue.stopping = false;
    pthread_mutex_unlock(&queue.mutex);
}
