/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that end a connection, to clients that have not stopped sending: plain and over TLS. */
#include <criterion/criterion.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kv/base/base.h"
#include "tests/support/raw.h"
#include "tests/support/site.h"

#define HOST "Host: localhost\r\n"
#define TIMES 50

static struct test_site site;

/* What is sent before the answer is there, in one piece; then `rest` bytes that nobody wants. */
struct request {
    const char *head;
    size_t first, rest;
    int status;
};

static void start(bool secure)
{
    struct kv_lanes_config lanes;
    struct kv_listener_config config;

    test_site_configure(&lanes, &config);
    test_site_start_as(&site, secure, &lanes, &config);
}

static void start_plain(void)
{
    start(false);
}

static void start_tls(void)
{
    start(true);
}

static void teardown(void)
{
    test_site_stop(&site);
}

TestSuite(close, .init = start_plain, .fini = teardown, .timeout = 120);
TestSuite(close_tls, .init = start_tls, .fini = teardown, .timeout = 120);

static bool send_filling(struct raw *raw, size_t len)
{
    char filling[8192];

    memset(filling, 'x', sizeof(filling));
    for (; len > 0; len -= len < sizeof(filling) ? len : sizeof(filling)) {
        if (!raw_send(raw, filling, len < sizeof(filling) ? len : sizeof(filling))) {
            return false;
        }
    }
    return true;
}

/* True when the end of the stream comes next, and no reset. */
static bool has_ended(struct raw *raw)
{
    char byte;

    return (raw->ssl == NULL || SSL_get_shutdown(raw->ssl) == SSL_RECEIVED_SHUTDOWN)
           && recv(raw->descriptor, &byte, 1, 0) == 0;
}

static void expect_whole_answer(struct raw *raw, const struct request *request)
{
    char answer[4096], status[32];
    size_t len = raw_read(raw, answer, sizeof(answer), NULL);
    const char *length = strcasestr(answer, "\r\nContent-Length: ");
    const char *body = strstr(answer, "\r\n\r\n");

    (void) snprintf(status, sizeof(status), "HTTP/1.1 %d ", request->status);
    cr_expect_eq(strncmp(answer, status, strlen(status)), 0, "%s", answer);
    cr_assert_not_null(length, "%s", answer);
    cr_assert_not_null(body);
    cr_expect_eq(strtoul(length + strlen("\r\nContent-Length: "), NULL, 10),
                 len - (size_t) (body + 4 - answer), "%s", answer);
    cr_expect(has_ended(raw));
}

/* The client looks for the answer only when it has sent everything, as simple ones do. */
static void ask(const struct request *request, bool tls)
{
    const int small = 4096;
    struct raw raw;

    cr_assert(raw_open(&raw, site.port, tls));
    cr_assert_eq(setsockopt(raw.descriptor, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    cr_assert(raw_send(&raw, request->head, strlen(request->head)));
    cr_expect(send_filling(&raw, request->first));
    struct pollfd closed = { .fd = raw.descriptor, .events = POLLRDHUP };
    cr_expect_eq(poll(&closed, 1, 60000), 1, "open after %zu bytes", request->first);
    cr_expect(send_filling(&raw, request->rest), "closed with %zu bytes to come", request->rest);
    expect_whole_answer(&raw, request);
    raw_close(&raw);
}

static void ask_often(const struct request *request, bool tls)
{
    for (int i = 0; i < TIMES; i++) {
        ask(request, tls);
    }
}

/* The listener has to refuse each of these before it comes to `rest`. */
static const struct request long_header = {
    "GET /inline HTTP/1.1\r\n" HOST "x-long: ",
    40000,
    200000,
    431,
};
static const struct request long_target = { "GET /", 40000, 200000, 414 };
static const struct request bad_host = {
    "POST /echo HTTP/1.1\r\nHost: a b\r\nContent-Length: 200000\r\n\r\n",
    0,
    200000,
    400,
};
static const struct request large_body = {
    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 9000000\r\n\r\n",
    0,
    9000000,
    413,
};

Test(close, after_a_long_header_is_no_reset)
{
    ask_often(&long_header, false);
}

Test(close_tls, after_a_long_header_is_no_reset)
{
    ask_often(&long_header, true);
}

Test(close, after_a_long_target_is_no_reset)
{
    ask_often(&long_target, false);
}

Test(close_tls, after_a_long_target_is_no_reset)
{
    ask_often(&long_target, true);
}

Test(close, after_a_head_that_is_wrong_is_no_reset)
{
    ask_often(&bad_host, false);
}

Test(close_tls, after_a_head_that_is_wrong_is_no_reset)
{
    ask_often(&bad_host, true);
}

Test(close, after_a_body_that_is_too_large_is_no_reset)
{
    ask(&large_body, false);
}

Test(close_tls, after_a_body_that_is_too_large_is_no_reset)
{
    ask(&large_body, true);
}
