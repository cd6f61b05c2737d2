/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that share an address, each with a socket of its own. */
#include <criterion/criterion.h>

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "kv/base/base.h"
#include "tests/support/site.h"
#include "tests/support/wire.h"

#define MANY                                                                                       \
    24 /* connections: that one thread gets all of them happens once in eight million times */
#define REQUEST "GET /inline HTTP/1.1\r\nHost: localhost\r\n\r\n"

static struct test_site site;
static struct kv_lanes_config lanes;
static struct kv_listener_config config;

static void setup(void)
{
    test_site_configure(&lanes, &config);
    config.address = "localhost";
    config.threads = 2;
}

static void teardown(void)
{
    test_site_stop(&site);
}

TestSuite(listener_threads, .init = setup, .fini = teardown, .timeout = 120);

static void start(void)
{
    test_site_start(&site, &lanes, &config);
}

static void expect_conflict(const char *address, unsigned threads)
{
    struct kv_listener *listener;
    struct kv_err err;

    config.address = address;
    config.port = site.port;
    config.threads = threads;
    cr_expect_eq(kv_listener_new(&config, &listener, &err), KV_CONFLICT, "%s", address);
}

/* Sockets that may be shared are ours alone: another coffer must hear that the port is taken. */
Test(listener_threads, share_their_port_with_nobody_else)
{
    start();
    expect_conflict("127.0.0.1", 1);
    expect_conflict("127.0.0.1", 2);
    expect_conflict("::1", 2);
    expect_conflict("localhost", 2);
    expect_conflict("any", 2);
}

static unsigned count_refused(bool ipv6)
{
    unsigned refused = 0;

    for (size_t i = 0; i < MANY; i++) {
        int descriptor = wire_try_connect(site.port, ipv6);

        refused += descriptor < 0;
        if (descriptor >= 0) {
            close(descriptor);
        }
    }
    return refused;
}

Test(listener_threads, refuse_connections_together_and_accept_them_again)
{
    start();
    for (size_t i = 0; i < 3; i++) {
        cr_assert(kv_listener_refuse(site.listener, true));
        cr_expect_eq(count_refused(false), MANY);
        cr_expect_eq(count_refused(true), MANY);
        cr_assert(kv_listener_refuse(site.listener, false));
        cr_expect_eq(count_refused(false), 0);
        cr_expect_eq(count_refused(true), 0);
    }
}

static bool is_answered(int descriptor, int patience)
{
    struct pollfd waiting = { .fd = descriptor, .events = POLLIN };

    return poll(&waiting, 1, patience) == 1;
}

/* How many of them are, as soon as `least` are. */
static unsigned count_answered(const int *descriptor, unsigned least)
{
    unsigned answered = 0;

    for (unsigned look = 0; answered < least && look < 1000; look++) {
        answered = 0;
        for (size_t i = 0; i < MANY; i++) {
            answered += is_answered(descriptor[i], i == 0 ? 10 : 0);
        }
    }
    return answered;
}

/* So each of them serves some; one alone would have served one. */
Test(listener_threads, divide_the_connections_that_may_be_there_at_once)
{
    const struct timespec pause = { .tv_nsec = 100000000 };
    int descriptor[MANY];

    config.connections = 2;
    start();
    for (size_t i = 0; i < MANY; i++) {
        descriptor[i] = wire_connect(site.port, false);
        cr_assert(wire_say(descriptor[i], REQUEST));
    }
    cr_expect_eq(count_answered(descriptor, 2), 2);
    nanosleep(&pause, NULL);
    cr_expect_eq(count_answered(descriptor, 1), 2, "served beside those that may be there");
    for (size_t i = 0; i < MANY; i++) {
        close(descriptor[i]);
    }
}

/* All that was accepted is served, by whichever thread. */
Test(listener_threads, serve_every_connection)
{
    start();
    for (size_t i = 0; i < MANY; i++) {
        struct wire_answer answer;

        cr_expect_eq(wire_ask(site.port, REQUEST, &answer), 200);
        wire_answer_done(&answer);
    }
}
