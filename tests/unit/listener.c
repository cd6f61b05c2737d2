/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, connections and answers on the wire, byte for byte where it matters. */
#include <criterion/criterion.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kv/base/base.h"
#include "tests/support/site.h"
#include "tests/support/wire.h"

#define HOST "Host: localhost\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"
#define IDLE_CONNECTIONS 300

static struct test_site site;
static struct wire_answer answer;
static struct kv_lanes_config lanes;
static struct kv_listener_config config;

static void setup(void)
{
    test_site_configure(&lanes, &config);
}

/* For a test that wants nothing special. */
static void start(void)
{
    test_site_start(&site, &lanes, &config);
}

static void teardown(void)
{
    wire_answer_done(&answer);
    if (site.listener != NULL) {
        test_site_stop(&site);
    }
}

TestSuite(listener, .init = setup, .fini = teardown, .timeout = 120);

static int ask(const char *request)
{
    wire_answer_done(&answer);
    return wire_ask(site.port, request, &answer);
}

/* The next answer on a connection that stays open. */
static int next_answer(int descriptor)
{
    wire_answer_done(&answer);
    wire_receive(descriptor, false, &answer);
    return answer.status;
}

Test(listener, refuses_what_is_no_address)
{
    static const char *const addresses[] = { "", "somewhere", "1.2.3", "[::1]", "127.0.0.1:80" };
    struct kv_listener *listener;
    struct kv_err err;

    for (size_t i = 0; i < KV_COUNT(addresses); i++) {
        config.address = addresses[i];
        cr_expect_eq(kv_listener_new(&config, &listener, &err), KV_BAD_PARAMETER);
        cr_expect_not_null(strstr(err.message, addresses[i]));
    }
}

static void expect_conflict(const char *address)
{
    struct kv_listener *listener;
    struct kv_err err;
    char expected[128];

    config.address = address;
    config.port = site.port;
    (void) snprintf(expected, sizeof(expected),
                    "cannot listen on 127.0.0.1 port %u: Address already in use", site.port);
    cr_expect_eq(kv_listener_new(&config, &listener, &err), KV_CONFLICT);
    cr_expect_str_eq(err.message, expected);
}

Test(listener, names_the_address_and_port_that_are_in_use)
{
    start();
    expect_conflict("127.0.0.1");
    expect_conflict("localhost");
}

Test(listener, cannot_take_half_of_localhost)
{
    struct kv_listener *listener;
    struct kv_err err;

    config.address = "::1";
    start();
    config.address = "localhost";
    config.port = site.port;
    cr_expect_eq(kv_listener_new(&config, &listener, &err), KV_CONFLICT);
    /* Another process may happen to hold the same port of 127.0.0.1, which is tried first. */
    cr_expect(strstr(err.message, "::1") != NULL || strstr(err.message, "127.0.0.1") != NULL);
}

static void expect_both_loopbacks(const char *named)
{
    config.address = named;
    start();
    cr_assert_neq(site.port, 0);
    int v4 = wire_connect(site.port, false);
    int v6 = wire_connect(site.port, true);
    cr_assert(wire_say(v4, GET("/facts")) && wire_say(v6, GET("/facts")));
    cr_expect_eq(next_answer(v4), 200);
    cr_expect_not_null(strstr(answer.body, "client 127.0.0.1\n"));
    cr_expect_eq(next_answer(v6), 200);
    cr_expect_not_null(strstr(answer.body, "client ::1 v6\n"));
    close(v4);
    close(v6);
}

Test(listener, serves_both_loopbacks_on_the_same_free_port)
{
    expect_both_loopbacks("localhost");
}

Test(listener, serves_any_address_of_either_kind_on_the_same_free_port)
{
    expect_both_loopbacks("any");
}

Test(listener, sends_headers_in_the_order_of_the_site)
{
    start();
    cr_expect_eq(ask(GET("/headers")), 200);
    char *id = strstr(answer.head, "x-ms-request-id: ");
    cr_assert_not_null(id);
    memset(id + strlen("x-ms-request-id: "), 'i', 36);
    cr_expect_str_eq(answer.head, "HTTP/1.1 200 OK\r\n"
                                  "Content-Type: text/plain\r\n"
                                  "Pragma: no-cache\r\n"
                                  "Cache-Control: no-cache\r\n"
                                  "Date: Tue, 21 Nov 2023 13:41:26 GMT\r\n"
                                  "a-last: 1\r\n"
                                  "x-ms-request-id: iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii\r\n"
                                  "Content-Length: 4\r\n");
    cr_expect_str_eq(answer.body, "body");
}

Test(listener, leaves_a_content_type_where_the_site_put_it)
{
    start();
    cr_expect_eq(ask(GET("/typed")), 200);
    cr_expect_not_null(strstr(answer.head, "Pragma: no-cache\r\ncontent-type: text/x-own\r\n"));
    cr_expect_null(strstr(answer.head, "text/plain"));
}

Test(listener, sends_204_without_length_and_type)
{
    start();
    int descriptor = wire_connect(site.port, false);
    cr_assert(wire_say(descriptor, GET("/empty") GET("/inline")));
    cr_expect_eq(next_answer(descriptor), 204);
    cr_expect_null(wire_header(&answer, "Content-Length"));
    cr_expect_null(wire_header(&answer, "Content-Type"));
    cr_expect_null(wire_header(&answer, "Transfer-Encoding"));
    cr_expect_null(wire_header(&answer, "Date"), "that is the site's");
    cr_expect_not_null(wire_header(&answer, "x-ms-request-id"));
    cr_expect_eq(next_answer(descriptor), 200, "no byte of a body came before");
    close(descriptor);
}

Test(listener, sends_the_head_alone_for_head)
{
    start();
    int descriptor = wire_connect(site.port, false);
    cr_assert(wire_say(descriptor, "HEAD /inline HTTP/1.1\r\n" HOST "\r\n"));
    wire_receive(descriptor, true, &answer);
    cr_expect_eq(answer.status, 200);
    cr_expect_str_eq(wire_header(&answer, "Content-Length"), "6");
    cr_assert(wire_say(descriptor, GET("/inline")));
    cr_expect_eq(next_answer(descriptor), 200);
    cr_expect_str_eq(answer.body, "inline");
    close(descriptor);
}

Test(listener, replaces_a_half_made_answer_by_the_error)
{
    static const char *const requests[] = { GET("/fail"), GET("/fail-work") };

    start();
    for (size_t i = 0; i < KV_COUNT(requests); i++) {
        cr_expect_eq(ask(requests[i]), 404);
        cr_expect_str_eq(answer.body, "KEY_NOT_FOUND no such key");
        cr_expect_null(wire_header(&answer, "x-half-made"));
        cr_expect_str_eq(wire_header(&answer, "Content-Type"), "text/plain");
        cr_expect_not_null(wire_header(&answer, "x-ms-request-id"), "finish sees errors too");
    }
}

Test(listener, runs_no_handler_after_a_gate_refused)
{
    start();
    cr_expect_eq(ask("GET /nowhere HTTP/1.1\r\n" HOST "X-Refuse: 1\r\n\r\n"), 401);
    cr_expect_str_eq(answer.body, "UNAUTHORIZED refused by a gate");
}

Test(listener, tells_the_site_of_every_answer_once)
{
    start();
    (void) ask(GET("/inline"));
    (void) ask(GET("/worker"));
    (void) ask(GET("/hop"));
    (void) ask(GET("/fail"));
    (void) ask(GET("/nowhere"));
    cr_expect_eq(site.app.succeeded, 3);
    cr_expect_eq(site.app.refused, 2);
    cr_expect_gt(site.app.micros, 0);
    cr_expect_lt(site.app.micros, 60000000);
}

Test(listener, serves_one_request_after_another_on_a_connection)
{
    start();
    int descriptor = wire_connect(site.port, false);
    for (int i = 0; i < 10; i++) {
        cr_assert(wire_say(descriptor, i % 2 == 0 ? GET("/inline") : GET("/worker")));
        cr_expect_eq(next_answer(descriptor), 200);
        cr_expect_str_eq(answer.body, i % 2 == 0 ? "inline" : "worker");
    }
    close(descriptor);
}

Test(listener, serves_requests_that_were_sent_together_in_order)
{
    start();
    int descriptor = wire_connect(site.port, false);
    cr_assert(wire_say(descriptor, GET("/worker") GET("/inline") GET("/hop")));
    cr_expect_eq(next_answer(descriptor), 200);
    cr_expect_str_eq(answer.body, "worker");
    cr_expect_eq(next_answer(descriptor), 200);
    cr_expect_str_eq(answer.body, "inline");
    cr_expect_eq(next_answer(descriptor), 200);
    cr_expect_str_eq(answer.body, "hop");
    close(descriptor);
}

Test(listener, closes_when_the_answer_says_so)
{
    start();
    int descriptor = wire_connect(site.port, false);
    cr_assert(wire_say(descriptor, GET("/close")));
    cr_expect_eq(next_answer(descriptor), 200);
    cr_expect_str_eq(wire_header(&answer, "Connection"), "close");
    cr_expect(wire_is_closed(descriptor));
    close(descriptor);
}

Test(listener, sends_large_answers_whole)
{
    start();
    cr_expect_eq(ask(GET("/large")), 200);
    cr_expect_eq(answer.body_len, 4 * 1024 * 1024);
    cr_expect_eq(strspn(answer.body, "x"), answer.body_len);
}

Test(listener, serves_beside_many_idle_connections)
{
    int idle[IDLE_CONNECTIONS];

    start();
    for (int i = 0; i < IDLE_CONNECTIONS; i++) {
        idle[i] = wire_connect(site.port, false);
    }
    cr_expect_eq(ask(GET("/worker")), 200);
    for (int i = 0; i < IDLE_CONNECTIONS; i++) {
        cr_assert(wire_say(idle[i], GET("/inline")));
        cr_expect_eq(next_answer(idle[i]), 200);
        close(idle[i]);
    }
}

Test(listener, makes_connections_above_its_limit_wait)
{
    config.connections = 1;
    start();
    int first = wire_connect(site.port, false);
    cr_assert(wire_say(first, GET("/inline")));
    cr_expect_eq(next_answer(first), 200);
    int second = wire_connect(site.port, false);
    cr_assert(wire_say(second, GET("/worker")));
    struct pollfd waiting = { .fd = second, .events = POLLIN };
    cr_expect_eq(poll(&waiting, 1, 200), 0, "served beside the first");
    close(first);
    cr_expect_eq(next_answer(second), 200);
    cr_expect_str_eq(answer.body, "worker");
    close(second);
}

Test(listener, closes_idle_connections_after_a_time)
{
    config.idle_timeout = 1000;
    start();
    int descriptor = wire_connect(site.port, false);
    cr_assert(wire_say(descriptor, "GET /inline HTT"));
    cr_expect(wire_is_closed(descriptor));
    close(descriptor);
}

/* A byte now and then, so that the connection is never idle. */
static void expect_closed_while_it_drips(int descriptor)
{
    struct pollfd closed = { .fd = descriptor, .events = POLLRDHUP };
    int drops = 0;

    while (drops < 100 && poll(&closed, 1, 100) == 0) {
        drops++;
        (void) wire_say(descriptor, "x");
    }
    cr_expect_lt(drops, 100, "still open");
    close(descriptor);
}

Test(listener, closes_a_connection_whose_head_does_not_come_to_an_end)
{
    config.head_timeout = 800;
    config.idle_timeout = 2000;
    start();
    int descriptor = wire_connect(site.port, false);
    cr_assert(wire_say(descriptor, "GET /inline HTTP/1.1\r\nx: "));
    expect_closed_while_it_drips(descriptor);

    descriptor = wire_connect(site.port, false);
    expect_closed_while_it_drips(descriptor);

    descriptor = wire_connect(site.port, false);
    cr_assert(wire_say(descriptor, GET("/inline")));
    cr_expect_eq(next_answer(descriptor), 200);
    cr_assert(wire_say(descriptor, "GET /inline HTTP/1.1\r\nx: "));
    expect_closed_while_it_drips(descriptor);

    descriptor = wire_connect(site.port, false);
    cr_assert(wire_say(descriptor, GET("/inline")));
    cr_expect_eq(next_answer(descriptor), 200);
    expect_closed_while_it_drips(descriptor);
}

/* Sends and ends its half at once; gives the milliseconds until the other side ends, too. */
static kv_millis time_to_end(const char *text, unsigned answers)
{
    int descriptor = wire_connect(site.port, false);
    kv_millis began = kv_clock_monotonic();

    cr_assert(wire_say(descriptor, text));
    cr_assert_eq(shutdown(descriptor, SHUT_WR), 0);
    for (unsigned i = 0; i < answers; i++) {
        cr_expect_eq(next_answer(descriptor), 200, "%s", text);
    }
    cr_expect(wire_is_closed(descriptor), "%s", text);
    close(descriptor);
    return kv_clock_monotonic() - began;
}

/* Many times: it depends on whether both come at once. */
Test(listener, keeps_no_connection_that_ended_together_with_what_it_sent)
{
    static const struct {
        const char *text;
        unsigned answers;
    } rows[] = {
        { GET("/inline"), 1 },
        { GET("/worker"), 1 },
        { GET("/inline") GET("/inline"), 2 },
        { "", 0 },
        { "GET /inl", 0 },
        { "GET /inline HTTP/1.1\r\nHost: local", 0 },
        { "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf", 0 },
    };

    config.head_timeout = 4000; /* half a second between two looks */
    config.idle_timeout = 60000;
    config.arrival_timeout = 60000;
    start();
    for (size_t i = 0; i < 4 * KV_COUNT(rows); i++) {
        size_t row = i % KV_COUNT(rows);
        kv_millis took = time_to_end(rows[row].text, rows[row].answers);

        cr_expect_lt(took, 3000, "%s: %lld ms", rows[row].text, (long long) took);
    }
}
