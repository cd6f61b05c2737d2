/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for moments that a kill at any time would hardly ever hit. */
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crash.h"

void aim_init(struct aim *aim)
{
    sem_init(&aim->sent, 0, 0);
    atomic_init(&aim->operation, OP_ALL);
}

void aim_done(struct aim *aim)
{
    sem_destroy(&aim->sent);
}

void aim_announce(struct aim *aim, enum crash_operation operation)
{
    unsigned wanted = operation;

    if (atomic_compare_exchange_strong(&aim->operation, &wanted, OP_ALL)) {
        sem_post(&aim->sent);
    }
}

void aim_at_request(struct aim *aim, enum crash_operation operation, kv_millis patience)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += patience % 1000 * 1000000;
    until.tv_sec += patience / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    atomic_store(&aim->operation, operation);
    if (sem_clockwait(&aim->sent, CLOCK_MONOTONIC, &until) != 0
        && atomic_exchange(&aim->operation, OP_ALL) == OP_ALL) {
        sem_wait(&aim->sent); /* it was sent after all, just now */
    }
}

/* Whether one of the events is about an object that has come to that size. */
static bool tells_of_object(const char *events, ssize_t len, const glob_t *tokens, off_t size)
{
    for (ssize_t at = 0; at < len;) {
        const struct inotify_event *event = (const struct inotify_event *) (events + at);

        for (size_t i = 0; event->len > 0 && i < tokens->gl_pathc; i++) {
            char path[1024];
            struct stat status;

            snprintf(path, sizeof(path), "%s/%s", tokens->gl_pathv[i], event->name);
            if (strstr(event->name, ".object") != NULL && stat(path, &status) == 0
                && status.st_size >= size) {
                return true;
            }
        }
        at += (ssize_t) sizeof(*event) + event->len;
    }
    return false;
}

static void wait_for_object(int watch, const glob_t *tokens, off_t size, kv_millis deadline)
{
    _Alignas(struct inotify_event) char events[4096];
    struct pollfd wait = { .fd = watch, .events = POLLIN };

    for (kv_millis left = deadline - kv_clock_monotonic(); left > 0;
         left = deadline - kv_clock_monotonic()) {
        if (poll(&wait, 1, (int) left) == 1
            && tells_of_object(events, read(watch, events, sizeof(events)), tokens, size)) {
            return;
        }
    }
}

void aim_at_object(const char *folder, off_t size, kv_millis patience)
{
    kv_millis deadline = kv_clock_monotonic() + patience;
    int watch = inotify_init1(IN_CLOEXEC);
    char pattern[512];
    glob_t tokens = { .gl_pathc = 0 };

    snprintf(pattern, sizeof(pattern), "%s/tokens/*", folder);
    if (watch >= 0 && glob(pattern, 0, NULL, &tokens) == 0) {
        for (size_t i = 0; i < tokens.gl_pathc; i++) {
            inotify_add_watch(watch, tokens.gl_pathv[i], IN_CREATE | IN_MODIFY);
        }
        wait_for_object(watch, &tokens, size, deadline);
    }
    globfree(&tokens);
    close(watch);
}
