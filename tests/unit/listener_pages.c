/* SPDX-License-Identifier: Apache-2.0 */
/* What libmicrohttpd refuses by itself, plainly and over TLS: each gets one answer, which is ours. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kv/base/base.h"
#include "tests/support/raw.h"
#include "tests/support/site.h"

#define HOST "Host: localhost\r\n"
#define GET "GET /inline HTTP/1.1\r\n"
#define CHUNKED "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
#define LONG 100000

static struct test_site site;

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

TestSuite(pages, .init = start_plain, .fini = teardown, .timeout = 120);
TestSuite(pages_tls, .init = start_tls, .fini = teardown, .timeout = 120);

/* `begin`, then `filling` until there are LONG bytes, then `end`. */
struct request {
    const char *begin, *filling, *end;
    const char *status; /* of the answer */
};

static char *write_out(const struct request *row)
{
    size_t len = strlen(row->begin), filling = strlen(row->filling);
    char *text = malloc(len + LONG + filling + strlen(row->end) + 1);

    cr_assert_not_null(text);
    memcpy(text, row->begin, len);
    for (; filling > 0 && len < LONG; len += filling) {
        memcpy(text + len, row->filling, filling);
    }
    memcpy(text + len, row->end, strlen(row->end) + 1);
    return text;
}

static void expect_refusal(const struct request *row, const char *before, bool tls)
{
    char answer[4096], expected[256];
    char *text = write_out(row);
    struct raw raw;

    cr_assert(raw_open(&raw, site.port, tls));
    if (before != NULL) {
        cr_assert(raw_send(&raw, before, strlen(before)));
        raw_read(&raw, answer, sizeof(answer), "\r\n\r\ninline");
    }
    (void) raw_send(&raw, text, strlen(text)); /* it may be refused before its end */
    raw_read(&raw, answer, sizeof(answer), NULL);
    (void) snprintf(expected, sizeof(expected),
                    "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", row->status);
    cr_expect_str_eq(answer, expected, "%.60s, %s: %s", row->begin, row->filling, answer);
    raw_close(&raw);
    free(text);
}

/* On a new connection and on one that has served before. */
static void expect_refusals(const struct request *rows, size_t count, bool tls)
{
    for (size_t i = 0; i < count; i++) {
        expect_refusal(&rows[i], NULL, tls);
        expect_refusal(&rows[i], GET HOST "\r\n", tls);
    }
}

static const struct request bodies[] = {
    { CHUNKED, "0", "", "400 Bad Request" },
    { CHUNKED "5;", "a", "", "400 Bad Request" },
    { CHUNKED "2\r\n{}\r\n", "0", "", "400 Bad Request" },
    { CHUNKED "2\r\n{}\r\n5;", "a", "", "400 Bad Request" },
    { CHUNKED "zz\r\n", "", "", "400 Bad Request" },
    { CHUNKED ";a\r\n", "", "", "400 Bad Request" },
    { CHUNKED "2\r\n{}x", "", "x", "400 Bad Request" },
    { CHUNKED "11111111111111111\r\n", "", "", "413 Content Too Large" },
    { CHUNKED "0\r\nno colon\r\n\r\n", "", "", "400 Bad Request" },
    { CHUNKED "0\r\nx: y\r\nno colon\r\n\r\n", "", "", "400 Bad Request" },
    { CHUNKED "0\r\nx: ", "y", "", "431 Request Header Fields Too Large" },
    { CHUNKED "0\r\n", "x: y\r\n", "", "431 Request Header Fields Too Large" },
    { CHUNKED "0\r\nx: y\r\n", " z\r\n", "", "431 Request Header Fields Too Large" },
};

Test(pages, of_a_body_are_ours)
{
    expect_refusals(bodies, KV_COUNT(bodies), false);
}

Test(pages_tls, of_a_body_are_ours)
{
    expect_refusals(bodies, KV_COUNT(bodies), true);
}

static const struct request heads[] = {
    { "GET /inline\r\n", "", HOST "\r\n", "400 Bad Request" },
    { "GET \r\n", "", HOST "\r\n", "400 Bad Request" },
    { "GET\r\n", "", HOST "\r\n", "400 Bad Request" },
    { "GET\r\n\r\n", "", "", "400 Bad Request" },
    { " " GET HOST "\r\n", "", "", "400 Bad Request" },
    { "garbage\r\n\r\n", "", "", "400 Bad Request" },
    { "GET /inline HTTP/1.x\r\n", "", HOST "\r\n", "400 Bad Request" },
    { "GET /inline HTTP/0.9\r\n", "", HOST "\r\n", "505 HTTP Version Not Supported" },
    { "GET /inline HTTP/2.0\r\n", "", HOST "\r\n", "505 HTTP Version Not Supported" },
    { "GET /", "x", "", "414 URI Too Long" },
    { GET HOST "x: ", "y", "", "431 Request Header Fields Too Large" },
    { GET HOST, "x: y\r\n", "", "431 Request Header Fields Too Large" },
    { GET HOST "x: y\r\n", " z\r\n", "", "431 Request Header Fields Too Large" },
    { GET "no colon\r\n\r\n", "", "", "400 Bad Request" },
    { GET HOST "no colon\r\n\r\n", "", "", "400 Bad Request" },
    { GET HOST "Content-Length: -1\r\n\r\n", "", "", "400 Bad Request" },
    { GET HOST "Content-Length: 99999999999999999999\r\n\r\n", "", "", "400 Bad Request" },
};

Test(pages, of_a_head_are_ours)
{
    expect_refusals(heads, KV_COUNT(heads), false);
}

Test(pages_tls, of_a_head_are_ours)
{
    expect_refusals(heads, KV_COUNT(heads), true);
}

/* Whatever is left unsaid: an answer that ends the connection is the last, and an end of the client
 * has none. */
static void expect_one_answer(const char *request, bool tls)
{
    char answer[4096];
    struct raw raw;

    cr_assert(raw_open(&raw, site.port, tls));
    cr_assert(raw_send(&raw, request, strlen(request)));
    raw_read(&raw, answer, sizeof(answer), "\r\n\r\ninline");
    if (raw.ssl != NULL) {
        (void) SSL_shutdown(raw.ssl); /* our side of it */
    }
    cr_assert_eq(shutdown(raw.descriptor, SHUT_WR), 0);
    cr_expect_eq(raw_read(&raw, answer, sizeof(answer), NULL), 0, "%s: %s", request, answer);
    raw_close(&raw);
}

static void expect_silence(bool tls)
{
    static const char *const requests[] = {
        GET HOST "\r\n",
        GET HOST "Connection: close\r\n\r\n",
        GET HOST "Connection: keep-alive\r\n\r\n",
        GET HOST "Connection: keep-alive, close\r\n\r\n",
        "GET /inline HTTP/1.0\r\n" HOST "\r\n",
        "GET /inline HTTP/1.0\r\n" HOST "Connection: keep-alive\r\n\r\n",
    };

    for (size_t i = 0; i < KV_COUNT(requests); i++) {
        expect_one_answer(requests[i], tls);
    }
}

Test(pages, are_none_after_the_last_answer)
{
    expect_silence(false);
}

Test(pages_tls, are_none_after_the_last_answer)
{
    expect_silence(true);
}
