/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way in which a connection can end: none may leave anything of its request behind. What is
 * left is seen by its size, as each request has a long target; and under LeakSanitizer, which
 * replaces the allocator that is asked here, whatever its size.
 */
#include <criterion/criterion.h>

#include <malloc.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kv/base/base.h"
#include "kv/http/certificate.h"
#include "tests/support/raw.h"
#include "tests/support/site.h"

#define REQUEST_SIZE 65536
#define LONG 8000                         /* characters in the target of each request */
#define TIMES 64                          /* connections that end in the same way */
#define NOISE ((size_t) TIMES * LONG / 4) /* bytes that the libraries may keep for themselves */

enum ending {
    READ,  /* the client reads until the server closes */
    CLOSE, /* the client closes without a look */
    RESET, /* and by a reset, over TLS without a word */
    ABORT, /* the client sends what is no TLS, then reads */
    STOP   /* the server stops while the connection is there */
};

/* Sent: `start`, the long part of the target, `middle` with NULs for each '!', `filling` as often
 * as `count` says, `rest`. */
struct way {
    const char *start, *middle;
    size_t count;
    const char *filling, *rest;
    enum ending ending;
};

#define HOST "Host: localhost\r\n"
#define LINE " HTTP/1.1\r\n" HOST
#define LAST "Connection: close\r\n\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"
#define GET "GET /inline?"
#define PATH "GET /inline/" /* the long part is no query */
#define POST "POST /echo?"

static struct kv_certificates certificates;
static struct test_site site;

static void setup(void)
{
    test_certificates_make(&certificates);
}

static void teardown(void)
{
    kv_certificates_done(&certificates);
}

TestSuite(endings, .init = setup, .fini = teardown, .timeout = 300);

static void start(bool secure)
{
    struct kv_lanes_config lanes;
    struct kv_listener_config config;

    test_site_configure(&lanes, &config);
    lanes.work_queue = TIMES;
    config.certificate_pem = secure ? certificates.server.data : NULL;
    config.key_pem = secure ? certificates.key.data : NULL;
    config.head_timeout = 1500;
    config.idle_timeout = 1000;
    test_site_start(&site, &lanes, &config);
}

static size_t append(char *request, size_t len, const char *text)
{
    size_t more = strlen(text);

    cr_assert_lt(len + more, REQUEST_SIZE);
    memcpy(request + len, text, more);
    return len + more;
}

static size_t write_request(const struct way *way, char ret_request[REQUEST_SIZE])
{
    size_t len = append(ret_request, 0, way->start);

    memset(ret_request + len, 'x', LONG);
    len += LONG;
    for (const char *from = way->middle; *from != '\0'; from++) {
        ret_request[len++] = *from == '!' ? '\0' : *from;
    }
    for (size_t i = 0; i < way->count; i++) {
        len = append(ret_request, len, way->filling);
    }
    return append(ret_request, len, way->rest);
}

/* Closed by a reset, and over TLS without the word that is the last. */
static void reset(struct raw *raw)
{
    const struct linger none = { .l_onoff = 1 };

    setsockopt(raw->descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

static void end(struct raw *raw, enum ending ending)
{
    char answer[4096];

    if (ending == RESET) {
        reset(raw);
    }
    if (ending == ABORT) {
        (void) send(raw->descriptor, "this is no record of TLS", 24, MSG_NOSIGNAL);
    }
    while ((ending == READ || ending == ABORT)
           && raw_read(raw, answer, sizeof(answer), NULL) == sizeof(answer) - 1) {
    }
    raw_close(raw);
}

static void walk(const struct way *way, bool secure)
{
    static char request[REQUEST_SIZE];
    size_t len = write_request(way, request);
    struct raw raw[TIMES];

    start(secure);
    for (size_t i = 0; i < TIMES; i++) {
        cr_assert(raw_open(&raw[i], site.port, secure));
        (void) raw_send(&raw[i], request, len); /* or it was refused before its end */
    }
    if (way->ending == STOP) {
        usleep(20000); /* in the middle of it, not before */
        test_site_stop(&site);
    }
    for (size_t i = 0; i < TIMES; i++) {
        end(&raw[i], way->ending);
    }
    if (way->ending != STOP) {
        test_site_stop(&site);
    }
}

static void expect_nothing_left(const struct way *way, bool secure)
{
    size_t before = mallinfo2().uordblks;

    walk(way, secure);
    size_t after = mallinfo2().uordblks;
    cr_expect_lt(after, before + NOISE, "%zu bytes are left of %s%s%.40s, %d%s", after - before,
                 way->start, way->middle, way->rest, way->ending, secure ? " over TLS" : "");
}

static void expect_nothing_left_of_any(const struct way *ways, size_t count)
{
    static const struct way usual = { GET, "", 0, "", LINE LAST, READ };

    walk(&usual, false); /* so that the libraries have what they keep */
    walk(&usual, true);
    for (size_t i = 0; i < 2 * count; i++) {
        expect_nothing_left(&ways[i / 2], i % 2 == 1);
    }
}

Test(endings, by_the_client_leave_nothing)
{
    static const struct way ways[] = {
        { GET, "", 0, "", "", CLOSE },
        { GET, "", 0, "", LINE "x: ", CLOSE },
        { GET, "", 0, "", LINE "x: ", RESET },
        { POST, "", 0, "", LINE "Content-Length: 9\r\n\r\nbody", CLOSE },
        { POST, "", 0, "", LINE "Content-Length: 9\r\n\r\nbody", RESET },
        { POST, "", 0, "", LINE CHUNKED "9\r\nbody", RESET },
        { "GET /worker?", "", 0, "", LINE "\r\n", RESET },
        { "GET /large?", "", 0, "", LINE "\r\n", RESET },
        { GET, "", 0, "", LINE "x: ", ABORT },
        { POST, "", 0, "", LINE "Content-Length: 9\r\n\r\nbody", ABORT },
    };

    expect_nothing_left_of_any(ways, KV_COUNT(ways));
}

Test(endings, by_an_answer_leave_nothing)
{
    static const struct way ways[] = {
        { "GET /worker?", "", 0, "", LINE LAST, READ },
        { "GET /hop?", "", 0, "", LINE LAST, READ },
        { "GET /fail-work?", "", 0, "", LINE LAST, READ },
        { GET, "", 0, "", LINE "\r\nGET /inline HTTP/1.1\r\n" HOST LAST, READ },
        { POST, "", 0, "", LINE "Content-Length: 4\r\n" LAST "body", READ },
        { GET, "", 0, "", " HTTP/1.1\r\nHost: nobody.localhost\r\n" LAST, READ },
    };

    expect_nothing_left_of_any(ways, KV_COUNT(ways));
}

Test(endings, by_a_refusal_of_the_head_leave_nothing)
{
    static const struct way ways[] = {
        { GET, "", 0, "", " HTTP/1.1\r\n\r\n", READ },
        { GET, "", 0, "", " HTTP/9.9\r\n\r\n", READ },
        { GET, "", 0, "", LINE "x\r\n\r\n", READ },
        { GET, "", 0, "", LINE "x:\r\n y\r\n\r\n", READ },
        { GET, "!", 0, "", LINE "\r\n", READ },
        { POST, "", 0, "", LINE "Content-Length: x\r\n\r\n", READ },
        { POST, "", 0, "", LINE "Content-Length: -1\r\n\r\n", READ },
        { POST, "", 0, "", LINE "Content-Length: 99999999999999999999\r\n\r\n", READ },
        { POST, "", 0, "", LINE "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", READ },
        { POST, "", 0, "", LINE "Transfer-Encoding: x\r\n\r\n", READ },
        { POST, "", 0, "", LINE CHUNKED "zz\r\n", READ },
        { POST, "", 0, "", LINE CHUNKED "0\r\nx\r\n\r\n", READ },
        { POST, "", 0, "", LINE "Content-Length: 9999999\r\n\r\n", READ },
    };

    expect_nothing_left_of_any(ways, KV_COUNT(ways));
}

Test(endings, for_want_of_memory_of_the_connection_leave_nothing)
{
    static const struct way ways[] = {
        { GET, "", 2000, "&a", LINE LAST, READ },
        { PATH, "!?", 2000, "&a", LINE LAST, READ },
        { PATH, "!?", 2000, "a=b&", LINE, READ },
        { GET, LINE "Cookie: ", 2000, "a=b;", "\r\n\r\n", READ },
        { POST, LINE "Cookie: ", 2000, "a=b;", "\r\nContent-Length: x\r\n\r\n", READ },
        { GET, LINE, 2000, "x: y\r\n", "\r\n", READ },
        { GET, LINE "x: ", 8000, "yyyy", "\r\n", READ },
        { GET, LINE "x:", 2000, "\r\n y", "\r\n\r\n", READ },
        { GET, "", 8000, "yyyy", LINE "\r\n", READ },
    };

    expect_nothing_left_of_any(ways, KV_COUNT(ways));
}

Test(endings, by_time_leave_nothing)
{
    static const struct way ways[] = {
        { GET, "", 0, "", "", READ },
        { GET, "", 0, "", LINE "x: ", READ },
        { GET, "", 0, "", LINE "\r\n", READ },
        { POST, "", 0, "", LINE "Content-Length: 9\r\n\r\nbody", READ },
        { POST, "", 0, "", LINE CHUNKED "9\r\nbody", READ },
    };

    expect_nothing_left_of_any(ways, KV_COUNT(ways));
}

Test(endings, by_the_end_of_the_server_leave_nothing)
{
    static const struct way ways[] = {
        { GET, "", 0, "", "", STOP },
        { GET, "", 0, "", LINE "x: ", STOP },
        { GET, "", 0, "", LINE "\r\n", STOP },
        { GET, "", 0, "", LINE "\r\nGET /inline HTTP/1.1\r\n", STOP },
        { PATH, "!?", 2000, "a&", LINE, STOP },
        { POST, "", 0, "", LINE "Content-Length: 9\r\n\r\nbody", STOP },
        { POST, "", 0, "", LINE CHUNKED "9\r\nbody", STOP },
    };

    expect_nothing_left_of_any(ways, KV_COUNT(ways));
}
