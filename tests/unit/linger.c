/* SPDX-License-Identifier: Apache-2.0 */
/* Closed connections whose peer may still be sending: how long they are listened to. */
#include <criterion/criterion.h>

#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kv/base/base.h"
#include "server/http/linger.h"

#define LONG 600000 /* longer than any test */

static struct kv_linger_bounds bounds;
static struct kv_linger *linger;

static void setup(void)
{
    bounds = (struct kv_linger_bounds){
        .connections = KV_LINGER_MAX,
        .bytes = INT64_MAX,
        .silence = LONG,
        .time = LONG,
    };
}

static void start(void)
{
    cr_assert_eq(kv_linger_new(&bounds, &linger, NULL), KV_OK);
}

static void teardown(void)
{
    kv_linger_free(linger);
}

TestSuite(linger, .init = setup, .fini = teardown, .timeout = 120);

/* Hands one end over as its owner does, who closes it then. The peer's end is the test's. */
static bool keep(int *ret_peer)
{
    int ends[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    bool kept = kv_linger_keep(linger, ends[0]);
    close(ends[0]);
    *ret_peer = ends[1];
    return kept;
}

/* A connection that is kept has ended, but is not gone. */
static bool is_let_go(int peer, int patience)
{
    struct pollfd polled = { .fd = peer };

    return poll(&polled, 1, patience) == 1 && (polled.revents & POLLHUP) != 0;
}

/* Begins with one connection that is kept; the peer's end. */
static int start_keeping(void)
{
    int peer;

    start();
    cr_assert(keep(&peer));
    return peer;
}

static void expect_end(int peer)
{
    cr_expect(is_let_go(peer, LONG));
    close(peer);
}

static bool send_some(int peer, size_t len)
{
    static const char bytes[4096];

    while (len > 0) {
        ssize_t sent = send(peer, bytes, len < sizeof(bytes) ? len : sizeof(bytes), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        len -= (size_t) sent;
    }
    return true;
}

Test(linger, is_not_for_a_peer_that_has_closed)
{
    int ends[2];

    start();
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cr_assert_eq(shutdown(ends[1], SHUT_WR), 0);
    cr_expect_not(kv_linger_keep(linger, ends[0]));
    close(ends[1]);
    cr_expect_not(kv_linger_keep(linger, ends[0]));
    close(ends[0]);
}

Test(linger, is_not_for_what_has_no_peer)
{
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    start();
    cr_expect_not(kv_linger_keep(linger, descriptor));
    close(descriptor);
}

Test(linger, takes_what_was_sent_before_and_what_is_sent_after)
{
    int ends[2];
    char byte;

    start();
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cr_assert(send_some(ends[1], 100));
    cr_assert_eq(send(ends[0], "a", 1, 0), 1);
    cr_expect(kv_linger_keep(linger, ends[0]));
    close(ends[0]);
    cr_expect(send_some(ends[1], 8 * 1024 * 1024));
    cr_expect_eq(recv(ends[1], &byte, 1, 0), 1, "what our side sent is there");
    cr_expect_eq(recv(ends[1], &byte, 1, 0), 0, "and then its end");
    close(ends[1]);
}

Test(linger, ends_with_its_peer)
{
    int peer = start_keeping();

    cr_assert_eq(shutdown(peer, SHUT_WR), 0);
    expect_end(peer);
}

Test(linger, ends_when_it_has_taken_so_much)
{
    bounds.bytes = 100000;
    int peer = start_keeping();

    cr_expect(send_some(peer, 100000));
    cr_expect_not(is_let_go(peer, 200));
    cr_expect(send_some(peer, 1));
    expect_end(peer);
}

Test(linger, ends_when_its_peer_is_silent)
{
    bounds.silence = 50;
    expect_end(start_keeping());
}

Test(linger, ends_after_a_time_however_much_comes)
{
    bounds.time = 100;
    int peer = start_keeping();

    while (send_some(peer, 1)) {
    }
    expect_end(peer);
}

Test(linger, takes_so_many_at_once)
{
    int peers[KV_LINGER_MAX], late;

    start();
    for (size_t i = 0; i < KV_COUNT(peers); i++) {
        cr_assert(keep(&peers[i]));
    }
    cr_expect_not(keep(&late));
    expect_end(late);

    close(peers[7]); /* makes room, as soon as the thread has seen it */
    while (!keep(&peers[7])) {
        close(peers[7]);
    }
    for (size_t i = 0; i < KV_COUNT(peers); i++) {
        cr_expect_not(is_let_go(peers[i], 0));
        close(peers[i]);
    }
}

Test(linger, in_a_hurry_is_only_for_what_would_be_reset_at_once)
{
    int ends[2], peer;

    start();
    kv_linger_hurry(linger);
    cr_expect_not(keep(&peer));
    close(peer);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cr_assert(send_some(ends[1], 1));
    cr_expect(kv_linger_keep(linger, ends[0]));
    close(ends[0]);
    close(ends[1]);
}

static void *send_until_let_go(void *argument)
{
    const int *peer = argument;

    while (send_some(*peer, 1)) {
    }
    return NULL;
}

Test(linger, does_not_hold_up_the_end_for_a_peer_that_is_never_silent)
{
    pthread_t sender;

    bounds.silence = 200;
    int peer = start_keeping();

    cr_assert_eq(pthread_create(&sender, NULL, send_until_let_go, &peer), 0);
    kv_linger_free(kv_take(linger));
    cr_expect(is_let_go(peer, 0));
    pthread_join(sender, NULL);
    close(peer);
}
