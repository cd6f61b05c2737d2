/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies on the wire: how they arrive, and the ones that are too large or too slow. */
#include <criterion/criterion.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/base.h"
#include "tests/support/site.h"
#include "tests/support/wire.h"

#define HOST "Host: localhost\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"
#define LARGEST (1024 * 1024)

static struct test_site site;
static struct wire_answer answer;
static int descriptor;

static void setup(void)
{
    struct kv_lanes_config lanes;
    struct kv_listener_config config;

    test_site_configure(&lanes, &config);
    config.arrival_timeout = 1000;
    test_site_start(&site, &lanes, &config);
    descriptor = wire_connect(site.port, false);
}

static void teardown(void)
{
    close(descriptor);
    wire_answer_done(&answer);
    test_site_stop(&site);
}

TestSuite(body, .init = setup, .fini = teardown, .timeout = 120);

static int next_answer(void)
{
    wire_answer_done(&answer);
    wire_receive(descriptor, false, &answer);
    return answer.status;
}

static void say_head(const char *path, size_t len, const char *more)
{
    char head[256];

    (void) snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n%s\r\n",
                    path, len, more);
    cr_assert(wire_say(descriptor, head));
}

/* False when the listener closed before everything was sent. */
static bool say_bytes(size_t len)
{
    static const char part[4096] = { [0 ... 4095] = 'b' };
    bool open = true;

    for (; open && len > 0; len -= len < sizeof(part) ? len : sizeof(part)) {
        open = wire_send(descriptor, part, len < sizeof(part) ? len : sizeof(part));
    }
    return open;
}

static bool say_chunk(size_t len)
{
    char size[32];

    (void) snprintf(size, sizeof(size), "%zx\r\n", len);
    return wire_say(descriptor, size) && say_bytes(len) && wire_say(descriptor, "\r\n");
}

static void expect_connection_still_serves(void)
{
    cr_assert(wire_say(descriptor, "GET /inline HTTP/1.1\r\n" HOST "\r\n"));
    cr_expect_eq(next_answer(), 200);
}

Test(body, one_byte_too_large_is_dropped_and_refused)
{
    say_head("/echo", LARGEST + 1, "");
    cr_assert(say_bytes(LARGEST + 1));
    cr_expect_eq(next_answer(), 413);
    expect_connection_still_serves();
}

Test(body, in_chunks_that_is_too_large_is_dropped_and_refused)
{
    cr_assert(wire_say(descriptor, "POST /echo HTTP/1.1\r\n" HOST CHUNKED));
    for (int i = 0; i < 17; i++) {
        cr_assert(say_chunk(65536));
    }
    cr_assert(wire_say(descriptor, "0\r\n\r\n"));
    cr_expect_eq(next_answer(), 413);
    expect_connection_still_serves();
}

Test(body, that_is_announced_far_too_large_is_refused_at_once)
{
    say_head("/echo", 4 * LARGEST + 1, "");
    cr_expect_eq(next_answer(), 413);
    cr_expect_str_eq(wire_header(&answer, "Connection"), "close");
    cr_expect(wire_is_closed(descriptor));
}

Test(body, in_chunks_without_end_ends_the_connection)
{
    bool open = true;

    cr_assert(wire_say(descriptor, "POST /echo HTTP/1.1\r\n" HOST CHUNKED));
    for (int i = 0; i < 3000 && open; i++) {
        open = say_chunk(65536);
    }
    cr_expect_not(open);
}

Test(body, too_large_is_refused_after_the_gates)
{
    say_head("/echo", LARGEST + 1, "X-Refuse: 1\r\n");
    cr_assert(say_bytes(LARGEST + 1));
    cr_expect_eq(next_answer(), 401);
}

Test(body, too_large_that_waits_for_our_leave_is_refused_at_once)
{
    say_head("/echo", LARGEST + 1, "Expect: 100-continue\r\n");
    cr_expect_eq(next_answer(), 413);
    cr_expect_str_eq(wire_header(&answer, "Connection"), "close");
}

Test(body, that_waits_for_our_leave_gets_it)
{
    say_head("/echo", 4, "Expect: 100-continue\r\n");
    cr_expect_eq(next_answer(), 100);
    cr_assert(wire_say(descriptor, "body"));
    cr_expect_eq(next_answer(), 200);
    cr_expect_str_eq(answer.body, "body");
}

Test(body, that_trickles_in_for_too_long_ends_the_connection)
{
    struct pollfd ended = { .fd = descriptor, .events = POLLIN };

    say_head("/echo", 1000, "");
    for (int i = 0; i < 900 && poll(&ended, 1, 50) == 0; i++) {
        cr_assert(wire_say(descriptor, "b"));
    }
    cr_expect_eq(ended.revents & POLLIN, POLLIN);
    cr_expect(wire_is_closed(descriptor));
}

Test(body, as_large_as_allowed_arrives)
{
    static const char *const paths[] = { "/echo", "/echo-inline" };

    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        say_head(paths[i], LARGEST, "");
        cr_assert(say_bytes(LARGEST));
        cr_expect_eq(next_answer(), 200);
        cr_expect_eq(answer.body_len, LARGEST);
        cr_expect_eq(strspn(answer.body, "b"), LARGEST);
    }
}

Test(body, in_chunks_arrives_in_one_piece)
{
    cr_assert(wire_say(descriptor, "POST /echo HTTP/1.1\r\n" HOST CHUNKED
                                   "3\r\none\r\n5;ext=1\r\n-two-\r\nA\r\nthree-four\r\n0\r\n\r\n"));
    cr_expect_eq(next_answer(), 200);
    cr_expect_str_eq(answer.body, "one-two-three-four");
}

Test(body, in_many_packets_arrives_in_one_piece)
{
    say_head("/echo", 10, "");
    for (int i = 0; i < 10; i++) {
        cr_assert(wire_send(descriptor, &"0123456789"[i], 1));
        usleep(2000);
    }
    cr_expect_eq(next_answer(), 200);
    cr_expect_str_eq(answer.body, "0123456789");
}

Test(body, with_nul_bytes_arrives)
{
    static const char body[] = { 'a', '\0', 'b', '\0' };

    say_head("/echo", sizeof(body), "");
    cr_assert(wire_send(descriptor, body, sizeof(body)));
    cr_expect_eq(next_answer(), 200);
    cr_assert_eq(answer.body_len, sizeof(body));
    cr_expect_arr_eq(answer.body, body, sizeof(body));
}

Test(body, of_length_zero_is_empty)
{
    say_head("/echo", 0, "");
    cr_expect_eq(next_answer(), 200);
    cr_expect_eq(answer.body_len, 0);
    cr_expect_str_eq(wire_header(&answer, "Content-Length"), "0");
    expect_connection_still_serves();
}
