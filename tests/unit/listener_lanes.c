/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that a lane has: queues, deadlines, clients that leave, and shutting down under them. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/base.h"
#include "tests/support/site.h"
#include "tests/support/wire.h"

#define HOST "Host: localhost\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"
#define CLIENTS 16
#define SHORT 1000  /* a deadline that runs out in a test, yet is enough for what should be done */
#define LONG 600000 /* patience beyond the time that a test has */

static struct test_site site;
static struct wire_answer answer;
static struct kv_lanes_config lanes;
static struct kv_listener_config config;
static int holder; /* a connection whose request holds the worker */

static void setup(void)
{
    holder = -1;
    test_site_configure(&lanes, &config);
}

static void teardown(void)
{
    wire_answer_done(&answer);
    if (holder >= 0) {
        close(holder);
    }
    if (site.listener != NULL) {
        test_site_stop(&site);
    }
}

TestSuite(suspension, .init = setup, .fini = teardown, .timeout = 120);

static int send_on_own_connection(const char *request)
{
    int descriptor = wire_connect(site.port, false);

    cr_assert(wire_say(descriptor, request));
    return descriptor;
}

static int next_answer(int descriptor)
{
    wire_answer_done(&answer);
    wire_receive(descriptor, false, &answer);
    return answer.status;
}

static void start_and_hold_the_worker(void)
{
    test_site_start(&site, &lanes, &config);
    holder = send_on_own_connection(GET("/hold"));
    test_site_await_hold(&site);
}

static void await_waiting(enum kv_lane lane, size_t count)
{
    while (kv_lanes_waiting(site.lanes, lane) != count) {
        usleep(1000);
    }
}

/* A client may have its answer a moment before the listener has done with the request. */
static void await_pending(size_t count)
{
    while (kv_listener_pending(site.listener) != count) {
        usleep(1000);
    }
}

static void expect_busy(int descriptor)
{
    cr_expect_eq(next_answer(descriptor), 503);
    cr_expect_str_eq(answer.body,
                     "UNAVAILABLE The service is busy: too many requests are waiting.");
    cr_expect_str_eq(wire_header(&answer, "Retry-After"), "1");
}

Test(suspension, is_refused_at_once_when_the_queue_is_full)
{
    int waiting[2];

    start_and_hold_the_worker();
    for (size_t i = 0; i < KV_COUNT(waiting); i++) {
        waiting[i] = send_on_own_connection(GET("/worker"));
    }
    await_waiting(KV_LANE_WORK, 2);
    int refused = send_on_own_connection(GET("/worker") GET("/inline"));
    expect_busy(refused);
    cr_expect_eq(next_answer(refused), 200, "the connection still serves");
    close(refused);

    test_site_release(&site, 1);
    for (size_t i = 0; i < KV_COUNT(waiting); i++) {
        cr_expect_eq(next_answer(waiting[i]), 200);
        close(waiting[i]);
    }
    cr_expect_eq(next_answer(holder), 200);
}

Test(suspension, is_refused_when_the_next_lane_is_full)
{
    int others[3];

    lanes.workers = 2;
    test_site_start(&site, &lanes, &config);
    others[0] = send_on_own_connection(GET("/hold-generate"));
    test_site_await_hold(&site);
    others[1] = send_on_own_connection(GET("/generate"));
    others[2] = send_on_own_connection(GET("/generate"));
    await_waiting(KV_LANE_GENERATE, 2);
    int refused = send_on_own_connection(GET("/hop"));
    expect_busy(refused);
    close(refused);

    test_site_release(&site, 1);
    for (size_t i = 0; i < KV_COUNT(others); i++) {
        cr_expect_eq(next_answer(others[i]), 200);
        close(others[i]);
    }
}

static void expect_expired(int descriptor)
{
    cr_expect_eq(next_answer(descriptor), 503);
    cr_expect_str_eq(answer.body, "UNAVAILABLE The service is busy: the request took too long.");
    cr_expect_not_null(wire_header(&answer, "x-ms-request-id"));
}

Test(suspension, ends_at_its_deadline_while_the_worker_runs)
{
    config.deadline[KV_LANE_WORK] = SHORT;
    start_and_hold_the_worker();
    expect_expired(holder);
    cr_expect_eq(site.app.finished, 0);
    cr_assert(wire_say(holder, GET("/inline")));
    cr_expect_eq(next_answer(holder), 200, "the connection still serves");

    test_site_release(&site, 1);
    cr_assert(wire_say(holder, GET("/worker")));
    cr_expect_eq(next_answer(holder), 200, "and so does the worker");
    cr_expect_str_eq(answer.body, "worker", "the late answer is dropped");
    cr_expect_eq(site.app.refused, 1);
    cr_expect_eq(site.app.succeeded, 2);
}

Test(suspension, ends_at_its_deadline_while_queued_and_is_not_run)
{
    config.deadline[KV_LANE_WORK] = SHORT;
    start_and_hold_the_worker();
    int queued = send_on_own_connection(GET("/hold"));
    await_waiting(KV_LANE_WORK, 1);
    expect_expired(queued);
    close(queued);
    expect_expired(holder);

    test_site_release(&site, 2);
    await_waiting(KV_LANE_WORK, 0);
    cr_assert(wire_say(holder, GET("/worker")));
    cr_expect_eq(next_answer(holder), 200);
    cr_expect_eq(site.app.held, 1, "a handler ran for a request that had expired");
}

Test(suspension, has_the_deadline_of_the_lane_it_is_on)
{
    config.deadline[KV_LANE_WORK] = SHORT;
    test_site_start(&site, &lanes, &config);
    holder = send_on_own_connection(GET("/hold-generate"));
    test_site_await_hold(&site);
    int hopping = send_on_own_connection(GET("/hop"));
    await_waiting(KV_LANE_GENERATE, 1);
    usleep(SHORT * 1000 + 500000); /* longer than WORK allows */
    test_site_release(&site, 1);
    cr_expect_eq(next_answer(holder), 200);
    cr_expect_eq(next_answer(hopping), 200);
    close(hopping);
}

Test(suspension, outlasts_the_idle_timeout)
{
    config.idle_timeout = 1000;
    start_and_hold_the_worker();
    usleep(1500000);
    test_site_release(&site, 1);
    cr_expect_eq(next_answer(holder), 200);
    cr_expect_str_eq(answer.body, "held");
}

Test(suspension, bears_that_the_client_leaves)
{
    start_and_hold_the_worker();
    int gone = send_on_own_connection(GET("/worker"));
    await_waiting(KV_LANE_WORK, 1);
    close(gone);
    close(holder);
    holder = -1;
    test_site_release(&site, 1);
    int other = send_on_own_connection(GET("/worker"));
    cr_expect_eq(next_answer(other), 200);
    close(other);
}

Test(suspension, bears_that_the_client_leaves_before_the_deadline)
{
    config.deadline[KV_LANE_WORK] = SHORT;
    start_and_hold_the_worker();
    close(holder);
    holder = -1;
    await_pending(0);
    test_site_release(&site, 1);
}

Test(suspension, goes_from_lane_to_lane)
{
    test_site_start(&site, &lanes, &config);
    holder = send_on_own_connection(GET("/hop") GET("/hop-inline") GET("/generate"));
    cr_expect_eq(next_answer(holder), 200);
    cr_expect_str_eq(answer.body, "hop");
    cr_expect_eq(next_answer(holder), 200);
    cr_expect_str_eq(answer.body, "hop to worker");
    cr_expect_eq(next_answer(holder), 200);
    cr_expect_str_eq(answer.body, "generate");
}

Test(suspension, leaves_the_thread_of_the_connections_free)
{
    start_and_hold_the_worker();
    int other = send_on_own_connection(GET("/inline"));
    cr_expect_eq(next_answer(other), 200);
    close(other);
    await_pending(1);
    test_site_release(&site, 1);
    cr_expect_eq(next_answer(holder), 200);
    await_pending(0);
}

Test(suspension, answers_each_of_many_clients_its_own)
{
    int clients[CLIENTS];

    lanes.work_queue = CLIENTS;
    lanes.workers = 4;
    test_site_start(&site, &lanes, &config);
    for (int i = 0; i < CLIENTS; i++) {
        char request[256];
        (void) snprintf(request, sizeof(request),
                        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 8\r\n\r\nclient%02d", i);
        clients[i] = send_on_own_connection(request);
    }
    for (int i = 0; i < CLIENTS; i++) {
        char expected[32];
        (void) snprintf(expected, sizeof(expected), "client%02d", i);
        cr_expect_eq(next_answer(clients[i]), 200);
        cr_expect_str_eq(answer.body, expected);
        close(clients[i]);
    }
}

TestSuite(drain, .init = setup, .fini = teardown, .timeout = 120);

/* The rest of what a drained listener had is freed without a listener to drain. */
static void free_site(void)
{
    kv_listener_free(kv_take(site.listener));
    kv_lanes_free(site.lanes);
    kv_clock_free(site.clock);
    cr_expect_eq(site.app.contexts, 0);
}

Test(drain, gives_up_when_a_worker_does_not_end)
{
    start_and_hold_the_worker();
    cr_expect_not(kv_listener_drain(site.listener, 100));
    cr_expect_eq(kv_listener_pending(site.listener), 1);
    test_site_release(&site, 1);
    cr_expect_eq(next_answer(holder), 200);
}

static void *release_later(void *unused)
{
    (void) unused;
    usleep(200000);
    test_site_release(&site, 1);
    return NULL;
}

/* Drains while the holder is released; it must end with that and not with its patience. */
static void drain_beside_release(void)
{
    pthread_t helper;

    cr_assert_eq(pthread_create(&helper, NULL, release_later, NULL), 0);
    cr_expect(kv_listener_drain(site.listener, LONG));
    pthread_join(helper, NULL);
    free_site();
}

Test(drain, waits_for_a_worker_whose_request_has_expired)
{
    config.deadline[KV_LANE_WORK] = SHORT;
    start_and_hold_the_worker();
    expect_expired(holder);
    await_pending(0);
    drain_beside_release();
    cr_expect_eq(site.app.finished, 1);
}

Test(drain, lets_requests_under_way_end_well)
{
    start_and_hold_the_worker();
    int queued = send_on_own_connection(GET("/hop"));
    await_waiting(KV_LANE_WORK, 1);
    drain_beside_release();
    cr_expect_eq(next_answer(holder), 200);
    cr_expect_str_eq(answer.body, "held");
    cr_expect_eq(next_answer(queued), 200);
    cr_expect_str_eq(answer.body, "hop");
    close(queued);
}

Test(drain, refuses_new_requests_on_open_connections)
{
    start_and_hold_the_worker();
    int open = send_on_own_connection(GET("/inline"));
    cr_expect_eq(next_answer(open), 200);
    cr_expect_not(kv_listener_drain(site.listener, 0));
    cr_assert(wire_say(open, GET("/worker")));
    cr_expect_eq(next_answer(open), 503);
    cr_expect_str_eq(answer.body, "UNAVAILABLE The service is shutting down.");
    cr_expect_str_eq(wire_header(&answer, "Connection"), "close");
    cr_expect_str_eq(wire_header(&answer, "Retry-After"), "1");
    cr_expect(wire_is_closed(open));
    close(open);
    test_site_release(&site, 1);
    cr_expect_eq(next_answer(holder), 200);
}

Test(drain, refuses_new_connections)
{
    start_and_hold_the_worker();
    cr_expect_not(kv_listener_drain(site.listener, 0));
    cr_expect_eq(wire_try_connect(site.port, false), -1);
    test_site_release(&site, 1);
}

Test(drain, does_not_wait_for_requests_that_are_half_sent)
{
    static const char *const halves[] = {
        "",
        "GET /wo",
        "GET /worker HTTP/1.1\r\nHost",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nhalf",
    };
    int descriptors[KV_COUNT(halves)];

    test_site_start(&site, &lanes, &config);
    for (size_t i = 0; i < KV_COUNT(halves); i++) {
        descriptors[i] = send_on_own_connection(halves[i]);
    }
    holder = send_on_own_connection(GET("/inline"));
    cr_expect_eq(next_answer(holder), 200);
    cr_expect(kv_listener_drain(site.listener, LONG));
    free_site();
    for (size_t i = 0; i < KV_COUNT(halves); i++) {
        cr_expect(wire_is_closed(descriptors[i]), "%s", halves[i]);
        close(descriptors[i]);
    }
}

Test(drain, frees_a_listener_that_was_never_drained)
{
    test_site_start(&site, &lanes, &config);
    holder = send_on_own_connection(GET("/inline"));
    cr_expect_eq(next_answer(holder), 200);
    free_site();
    cr_expect(wire_is_closed(holder));
}
