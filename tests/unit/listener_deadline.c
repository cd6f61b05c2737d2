/* SPDX-License-Identifier: Apache-2.0 */
/* How long a request may take to arrive, its head and all of it, plainly and over TLS, the first and
 * each further one, of a client that is never silent for long enough to be idle. */
#include <criterion/criterion.h>

#include <poll.h>
#include <string.h>

#include "kv/base/base.h"
#include "kv/base/clock.h"
#include "tests/support/raw.h"
#include "tests/support/site.h"

#define HOST "Host: localhost\r\n"
#define GET "GET /inline HTTP/1.1\r\n" HOST "\r\n"
#define CHUNKED "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
#define HEAD_TIME 1500 /* milliseconds, as the next four */
#define IDLE_TIME 2000
#define ARRIVAL_TIME 8000
#define PAUSE 100  /* between two drops */
#define SLACK 5000 /* of a slow machine */

static struct test_site site;

static void start(bool secure, kv_millis idle)
{
    struct kv_lanes_config lanes;
    struct kv_listener_config config;

    test_site_configure(&lanes, &config);
    config.head_timeout = HEAD_TIME;
    config.idle_timeout = idle;
    config.arrival_timeout = ARRIVAL_TIME;
    test_site_start_as(&site, secure, &lanes, &config);
}

static void start_plain(void)
{
    start(false, IDLE_TIME);
}

static void start_tls(void)
{
    start(true, IDLE_TIME);
}

/* The library takes one that is busy with a handshake for idle. */
static void start_tls_without_hurry(void)
{
    start(true, 60000);
}

static void teardown(void)
{
    test_site_stop(&site);
}

TestSuite(deadline, .init = start_plain, .fini = teardown, .timeout = 120);
TestSuite(deadline_tls, .init = start_tls, .fini = teardown, .timeout = 120);
TestSuite(deadline_handshake, .init = start_tls_without_hurry, .fini = teardown, .timeout = 120);

/* What is said first, then a drop now and then, without an end. */
struct drip {
    const char *said, *drop;
    bool answered; /* what is said starts with GET */
};

#define DRIPS_MAX 8

static void expect_answer(struct raw *raw)
{
    char answer[1024];

    raw_read(raw, answer, sizeof(answer), "\r\n\r\ninline");
    cr_assert_eq(strncmp(answer, "HTTP/1.1 200 ", 13), 0, "%s", answer);
}

static void begin(struct raw *raw, bool tls, const struct drip *row)
{
    cr_assert(raw_open(raw, site.port, tls));
    cr_assert(raw_send(raw, row->said, strlen(row->said)));
    if (row->answered) {
        expect_answer(raw);
    }
}

static bool is_closed_after(struct raw *raw, const char *drop)
{
    struct pollfd closed = { .fd = raw->descriptor, .events = POLLRDHUP };

    return poll(&closed, 1, 0) == 1 || !raw_send(raw, drop, strlen(drop));
}

/* Real milliseconds until the server closes each of them, 0 for what is still open after
 * `longest`. All at once, because each takes its whole time. */
static void drip(const struct drip *rows, size_t count, bool tls, kv_millis longest,
                 kv_millis ret_took[])
{
    kv_millis start = kv_clock_monotonic(), began[DRIPS_MAX];
    struct raw raw[DRIPS_MAX];
    size_t open = count;

    for (size_t i = 0; i < count; i++) {
        began[i] = kv_clock_monotonic();
        begin(&raw[i], tls, &rows[i]);
    }
    while (open > 0 && kv_clock_monotonic() - start < longest) {
        for (size_t i = 0; i < count; i++) {
            if (ret_took[i] == 0 && is_closed_after(&raw[i], rows[i].drop)) {
                ret_took[i] = kv_clock_monotonic() - began[i];
                open--;
            }
        }
        cr_assert_eq(poll(NULL, 0, PAUSE), 0);
    }
    for (size_t i = 0; i < count; i++) {
        raw_close(&raw[i]);
    }
}

/* After `limit`, which for one that was answered begins once it was idle for too long. */
static void expect_ends(const struct drip *rows, size_t count, bool tls, kv_millis limit)
{
    kv_millis took[DRIPS_MAX] = { 0 };

    drip(rows, count, tls, limit + IDLE_TIME + SLACK, took);
    for (size_t i = 0; i < count; i++) {
        kv_millis due = limit + (rows[i].answered ? IDLE_TIME : 0);

        cr_expect_neq(took[i], 0, "still open: %s, %s", rows[i].said, rows[i].drop);
        cr_expect_lt(took[i], due + SLACK, "closed too late: %s, %s", rows[i].said, rows[i].drop);
        cr_expect(took[i] == 0 || took[i] > limit / 2, "closed too early: %s, %s", rows[i].said,
                  rows[i].drop);
    }
}

static void expect_head_ends(bool tls)
{
    static const struct drip rows[] = {
        { "", "x", false },
        { "", "\r\n", false },
        { "GET /inline HTTP/1.1\r\n", "x", false },
        { "GET /inline HTTP/1.1\r\n" HOST, "x: y\r\n", false },
        { GET, "x", true },
        { GET, "\r\n", true },
        { GET "GET /inline HTTP/1.1\r\n", "x", true },
        { GET "GET /inline HTTP/1.1\r\n" HOST, "x: y\r\n", true },
    };

    expect_ends(rows, KV_COUNT(rows), tls, HEAD_TIME);
}

Test(deadline, of_a_head_that_never_ends)
{
    expect_head_ends(false);
}

Test(deadline_tls, of_a_head_that_never_ends)
{
    expect_head_ends(true);
}

Test(deadline_handshake, that_never_ends)
{
    static const struct drip rows[] = {
        { "\x16\x03\x01\x30\x30", "\x01", false }, /* what is sent is TLS already */
        { "", "", false },
    };

    expect_ends(rows, KV_COUNT(rows), false, HEAD_TIME);
}

static void expect_none(bool tls)
{
    struct raw raw;

    cr_assert(raw_open(&raw, site.port, tls));
    for (kv_millis begin = kv_clock_monotonic();
         kv_clock_monotonic() - begin < 2 * (HEAD_TIME + IDLE_TIME);) {
        cr_assert(raw_send(&raw, GET, strlen(GET)));
        expect_answer(&raw);
        cr_assert_eq(poll(NULL, 0, HEAD_TIME / 5), 0);
    }
    raw_close(&raw);
}

Test(deadline, is_none_for_a_connection_whose_heads_are_in_time)
{
    expect_none(false);
}

Test(deadline_tls, is_none_for_a_connection_whose_heads_are_in_time)
{
    expect_none(true);
}

static void expect_body(bool tls)
{
    static const char head[] = "POST /echo HTTP/1.1\r\n" HOST "Connection: close\r\n"
                               "Content-Length: 60\r\n\r\n";
    char answer[1024];
    struct raw raw;

    cr_assert(raw_open(&raw, site.port, tls));
    cr_assert(raw_send(&raw, head, strlen(head)));
    for (size_t i = 0; i < 60; i++) {
        cr_assert_eq(poll(NULL, 0, 2 * HEAD_TIME / 60), 0);
        cr_assert(raw_send(&raw, "b", 1), "closed after %zu bytes", i);
    }
    raw_read(&raw, answer, sizeof(answer), NULL);
    cr_expect_eq(strncmp(answer, "HTTP/1.1 200 ", 13), 0, "%s", answer);
    raw_close(&raw);
}

Test(deadline, of_the_head_does_not_concern_the_body)
{
    expect_body(false);
}

Test(deadline_tls, of_the_head_does_not_concern_the_body)
{
    expect_body(true);
}

static void expect_arrivals_end(bool tls)
{
    static const struct drip rows[] = {
        { CHUNKED "5;", "a", false },
        { CHUNKED, "0", false },
        { CHUNKED "2\r\n{}\r\n", "0", false },
        { CHUNKED "0\r\nx: ", "a", false },
        { CHUNKED "2\r\n{}\r\n0\r\n", "x: y\r\n", false },
        { CHUNKED, "1\r\nb\r\n", false },
        { "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5000\r\n\r\n", "b", false },
    };
    expect_ends(rows, KV_COUNT(rows), tls, ARRIVAL_TIME);
}

Test(deadline, of_a_body_whose_end_never_comes)
{
    expect_arrivals_end(false);
}

Test(deadline_tls, of_a_body_whose_end_never_comes)
{
    expect_arrivals_end(true);
}
