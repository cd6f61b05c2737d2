/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "connection.h"

#define SECOND 1000000000LL
#define PATIENCE (60 * SECOND)
#define EVENTS_MAX 64
#define SHOWN_MAX 400 /* bytes of a wrong answer */

struct caller {
    struct connection connection;
    const struct load_request *request; /* outstanding */
    int64_t since;
};

struct load {
    struct load_config config;
    SSL_CTX *settings;
    int poll;
    struct caller *caller; /* config.connections of them */
    struct caller **idle;  /* a stack */
    unsigned idle_count;
    size_t next_request;
    struct samples latency;
};

/* One run under way. */
struct course {
    const struct load_span *span;
    int64_t start, last;
    size_t sent;
    bool held_up; /* a request is due and no connection is free */
};

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

void load_request_done(struct load_request *request)
{
    free(request->bytes);
    free(request->expected);
    *request = (struct load_request){ .bytes = NULL };
}

static bool open_caller(struct load *load, struct caller *caller)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = caller };

    if (!connection_open(&caller->connection, load->settings, load->config.port,
                         load->config.host)) {
        return false;
    }
    load->idle[load->idle_count++] = caller;
    return epoll_ctl(load->poll, EPOLL_CTL_ADD, connection_descriptor(&caller->connection), &event)
           == 0;
}

struct load *load_open(const struct load_config *config)
{
    kv_auto(load_close) struct load *load = calloc(1, sizeof(*load));

    if (load == NULL) {
        return NULL;
    }
    load->config = *config;
    load->settings = connection_settings(config->ca);
    load->poll = epoll_create1(EPOLL_CLOEXEC);
    load->caller = calloc(config->connections, sizeof(*load->caller));
    load->idle = calloc(config->connections, sizeof(struct caller *));
    if (load->settings == NULL || load->poll < 0 || load->caller == NULL || load->idle == NULL) {
        return NULL;
    }
    for (unsigned i = 0; i < config->connections; i++) {
        if (!open_caller(load, &load->caller[i])) {
            return NULL;
        }
    }
    return kv_take(load);
}

void load_close(struct load *load)
{
    if (load == NULL) {
        return;
    }
    for (unsigned i = 0; load->caller != NULL && i < load->config.connections; i++) {
        connection_close(&load->caller[i].connection);
    }
    if (load->poll >= 0) {
        close(load->poll);
    }
    SSL_CTX_free(load->settings);
    samples_done(&load->latency);
    free(load->caller);
    free(load->idle);
    free(load);
}

static bool goes_on(const struct course *course, int64_t now)
{
    const struct load_span *span = course->span;

    return (double) (now - course->start) < span->seconds * (double) SECOND
           && (span->requests == 0 || course->sent < span->requests);
}

/* When the next request is to be sent. */
static int64_t next_due(const struct course *course)
{
    double pace = course->span->pace;

    return pace > 0 ? course->start + (int64_t) ((double) course->sent / pace * (double) SECOND)
                    : course->start;
}

static bool send_one(struct load *load, struct course *course, int64_t now)
{
    struct caller *caller = load->idle[--load->idle_count];
    const struct load_request *request = &load->config.request[load->next_request];

    caller->request = request;
    caller->since = course->held_up ? next_due(course) : now;
    load->next_request = (load->next_request + 1) % load->config.requests;
    course->sent++;
    return connection_send(&caller->connection, request->bytes, request->len);
}

static bool send_due(struct load *load, struct course *course)
{
    int64_t now = read_clock(CLOCK_MONOTONIC);

    while (goes_on(course, now) && next_due(course) <= now) {
        if (load->idle_count == 0) {
            course->held_up = course->span->pace > 0;
            return true;
        }
        if (!send_one(load, course, now)) {
            return false;
        }
    }
    course->held_up = false;
    return true;
}

static bool check_answer(const struct caller *caller)
{
    static const char good[] = "HTTP/1.1 200 ";
    const struct connection *connection = &caller->connection;
    const struct load_request *request = caller->request;
    size_t body_len = connection->whole_len - connection->head_len;

    if (connection->in_len == connection->whole_len && body_len == request->expected_len
        && memcmp(connection->in, good, strlen(good)) == 0
        && memcmp(connection->in + connection->head_len, request->expected, request->expected_same)
               == 0) {
        return true;
    }
    fprintf(stderr, "bench: wrong answer: %.*s\n%.*s\n", (int) strcspn(connection->in, "\r"),
            connection->in, SHOWN_MAX, connection->in + connection->head_len);
    return false;
}

static bool take_answer(struct load *load, struct course *course, struct caller *caller)
{
    switch (connection_receive(&caller->connection)) {
    case ARRIVAL_PART:
        return true;
    case ARRIVAL_LOST:
        fprintf(stderr, "bench: no answer that ends, but %zu bytes: %.*s\n",
                caller->connection.in_len, (int) caller->connection.in_len, caller->connection.in);
        return false;
    case ARRIVAL_WHOLE:
        break;
    }
    course->last = read_clock(CLOCK_MONOTONIC);
    samples_add(&load->latency, (double) (course->last - caller->since) / 1e6);
    load->idle[load->idle_count++] = caller;
    return check_answer(caller);
}

/* Waits for answers, and while a connection is free no longer than until the next request. */
static int wait_for_events(const struct load *load, const struct course *course,
                           struct epoll_event *events)
{
    int64_t now = read_clock(CLOCK_MONOTONIC);
    int64_t span = PATIENCE;
    struct timespec timeout;

    if (load->idle_count > 0 && goes_on(course, now)) {
        span = next_due(course) > now ? next_due(course) - now : 0;
    }
    timeout = (struct timespec){ .tv_sec = span / SECOND, .tv_nsec = span % SECOND };
    return epoll_pwait2(load->poll, events, EVENTS_MAX, &timeout, NULL);
}

static bool run_course(struct load *load, struct course *course)
{
    struct epoll_event events[EVENTS_MAX];
    int count;

    for (;;) {
        if (!send_due(load, course)) {
            return false;
        }
        if (load->idle_count == load->config.connections
            && !goes_on(course, read_clock(CLOCK_MONOTONIC))) {
            return true;
        }
        count = wait_for_events(load, course, events);
        if (count < 0) {
            perror("bench: epoll_pwait2");
            return false;
        }
        if (count == 0 && load->idle_count == 0) {
            fputs("bench: no answer in a minute\n", stderr);
            return false;
        }
        for (int i = 0; i < count; i++) {
            if (!take_answer(load, course, events[i].data.ptr)) {
                return false;
            }
        }
    }
}

bool load_run(struct load *load, const struct load_span *span, struct load_result *ret_result)
{
    struct course course = { .span = span, .start = read_clock(CLOCK_MONOTONIC) };
    int64_t used = read_clock(CLOCK_THREAD_CPUTIME_ID);

    samples_clear(&load->latency);
    if (!run_course(load, &course) || load->latency.count == 0) {
        return false;
    }
    used = read_clock(CLOCK_THREAD_CPUTIME_ID) - used;
    *ret_result = (struct load_result){
        .answers = load->latency.count,
        .seconds = (double) (course.last - course.start) / (double) SECOND,
        .client_us = (double) used / 1e3 / (double) load->latency.count,
        .latency = &load->latency,
    };
    return true;
}
