/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait, or hang, because a step says so: what ends them, and what they cost. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "kv/base/base.h"
#include "listener_held.h"

#define BUSY "The service is busy: too many requests are waiting."
#define EXPIRED "The service is busy: the request took too long."
#define CLOSING "The service is shutting down."

TestSuite(waits, .init = setup_waits, .timeout = 300);

/* One request that is to wait, over a connection of its own. */
static void begin(struct raw *raw, bool secure, const char *request)
{
    start_waits(secure);
    send_request(raw, secure, request);
    await_waiting(1);
}

static void end(struct raw *raw)
{
    raw_close(raw);
    test_site_stop(&site);
}

Test(waits, beyond_the_number_that_may_are_refused_at_once)
{
    struct raw first, second, third;

    config.waits = 1;
    for (int secure = 0; secure <= 1; secure++) {
        begin(&first, secure, SMALL "At-Step: wait 3600000\r\n\r\n");
        send_request(&second, secure, SMALL "At-Step: wait 3600000\r\n\r\n");
        expect_text(&second, BUSY);
        cr_expect_not_null(strstr(seen, " 503 "));
        cr_expect_not_null(strstr(seen, "\r\nRetry-After: 1\r\n"));
        send_request(&third, secure, SMALL "At-Answer: wait 3600000\r\n\r\n");
        expect_text(&third, REAL);
        raw_close(&third);
        send_request(&third, secure, SMALL "At-Head: hang\r\n\r\n");
        expect_nothing(&third);
        raw_close(&third);
        raw_close(&second);
        cr_expect_eq(kv_listener_waiting(site.listener), 1);
        end(&first);
    }
}

Test(waits, longer_than_any_may_are_refused_then)
{
    static const char *const requests[] = {
        SMALL "At-Head: wait 3600000\r\n\r\n",
        SMALL "At-Step: wait 3600000\r\n\r\n",
        SMALL "At-Step: virtual 3600000\r\n\r\n",
        SMALL "At-Head: wait 200\r\nAt-Step: wait 200; wait 200\r\n\r\n",
    };
    struct raw raw;

    config.wait_max = 500;
    start_waits(false);
    for (size_t i = 0; i < KV_COUNT(requests); i++) {
        kv_millis began = kv_clock_monotonic();
        send_request(&raw, false, requests[i]);
        expect_text(&raw, EXPIRED);
        cr_expect_not_null(strstr(seen, " 503 "));
        cr_expect_geq(kv_clock_monotonic() - began, 500);
        raw_close(&raw);
    }
    cr_expect_eq(site.app.handled, 0);
    send_request(&raw, false, SMALL "At-Answer: wait 3600000\r\n\r\n");
    expect_text(&raw, REAL); /* it was made, so it is sent */
    end(&raw);
}

Test(waits, of_one_step_without_end_are_refused)
{
    static const char word[] = "wait 0;";
    char request[2048] = SMALL "At-Step: ";
    size_t len = strlen(request);
    struct raw raw;

    for (int i = 0; i < 100; i++, len += strlen(word)) {
        memcpy(request + len, word, strlen(word));
    }
    memcpy(request + len, "\r\n\r\n", 5);
    start_waits(false);
    send_request(&raw, false, request);
    expect_text(&raw, EXPIRED);
    cr_expect_eq(site.app.asked, 1 + 1 + 64 + 1); /* head, first, again, answer */
    end(&raw);
}

Test(waits, hanging_end_without_a_byte_when_it_takes_too_long)
{
    static const char *const requests[] = {
        SMALL "At-Head: hang\r\n\r\n",
        SMALL "At-Step: hang\r\n\r\n",
        SMALL "At-Answer: hang\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\nAt-Head: hang\r\n\r\n",
    };
    struct raw raw;

    config.wait_max = 500;
    for (int secure = 0; secure <= 1; secure++) {
        start_waits(secure);
        for (size_t i = 0; i < KV_COUNT(requests); i++) {
            send_request(&raw, secure, requests[i]);
            cr_expect(is_silent(&raw, 400), "%s", requests[i]);
            expect_nothing(&raw);
            raw_close(&raw);
        }
        test_site_stop(&site);
    }
}

Test(waits, hanging_leave_others_alone)
{
    struct raw hung, other;

    begin(&hung, false, SMALL "At-Step: hang\r\n\r\n");
    send_request(&other, false, SMALL "At-Step: wait 50\r\n\r\n");
    expect_text(&other, REAL);
    cr_expect(is_silent(&hung, 200));
    raw_close(&other);
    end(&hung);
}

/* The number of those that wait, and of requests at all, goes down though nobody has answered. */
static void expect_gone(const char *request, bool secure)
{
    struct raw raw;

    send_request(&raw, secure, request);
    await_waiting(1);
    raw_close(&raw);
    await_waiting(0);
    await_pending(0);
}

Test(waits, end_when_their_client_leaves)
{
    static const char *const requests[] = {
        SMALL "At-Head: wait 3600000\r\n\r\n",
        SMALL "At-Step: wait 3600000\r\n\r\n",
        SMALL "At-Step: virtual 3600000\r\n\r\n",
        SMALL "At-Step: hang\r\n\r\n",
        SMALL "At-Answer: wait 3600000\r\n\r\n",
        SMALL "At-Answer: hang\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\nAt-Head: hang\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\nAt-Step: wait 3600000\r\n\r\nbody",
    };

    for (int secure = 0; secure <= 1; secure++) {
        start_waits(secure);
        for (size_t i = 0; i < KV_COUNT(requests); i++) {
            expect_gone(requests[i], secure);
        }
        cr_expect_eq(site.app.handled, 2);
        cr_expect_eq(site.app.unanswered, 6);
        test_site_stop(&site);
    }
}

Test(waits, end_when_their_client_leaves_by_a_reset)
{
    const struct linger none = { .l_onoff = 1 };
    struct raw raw;

    begin(&raw, false, SMALL "At-Step: hang\r\n\r\n");
    cr_assert_eq(setsockopt(raw.descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof(none)), 0);
    raw_close(&raw);
    await_waiting(0);
    await_pending(0);
    test_site_stop(&site);
}

/* What each of them comes to when the listener is drained. */
static void expect_at_shutdown(bool secure, const char *request, const char *text)
{
    pthread_t thread;
    struct raw raw;

    begin(&raw, secure, request);
    cr_assert_eq(pthread_create(&thread, NULL, drain, NULL), 0);
    if (text != NULL) {
        expect_text(&raw, text);
        cr_expect_not_null(strstr(seen, "\r\nConnection: close\r\n"), "%s", seen);
    } else {
        expect_nothing(&raw);
    }
    cr_assert_eq(pthread_join(thread, NULL), 0);
    end(&raw);
}

Test(waits, are_answered_at_shutdown)
{
    for (int secure = 0; secure <= 1; secure++) {
        expect_at_shutdown(secure, SMALL "At-Head: wait 3600000\r\n\r\n", CLOSING);
        expect_at_shutdown(secure, SMALL "At-Step: wait 3600000\r\n\r\n", CLOSING);
        expect_at_shutdown(secure, SMALL "At-Step: virtual 3600000\r\n\r\n", CLOSING);
        expect_at_shutdown(secure, SMALL "At-Answer: wait 3600000\r\n\r\n", REAL);
        expect_at_shutdown(secure,
                           "POST /echo HTTP/1.1\r\n" HOST
                           "Content-Length: 4\r\nAt-Head: wait 3600000\r\n\r\n",
                           CLOSING);
    }
}

Test(waits, hanging_are_cut_at_shutdown)
{
    for (int secure = 0; secure <= 1; secure++) {
        expect_at_shutdown(secure, SMALL "At-Head: hang\r\n\r\n", NULL);
        expect_at_shutdown(secure, SMALL "At-Step: hang\r\n\r\n", NULL);
        expect_at_shutdown(secure, SMALL "At-Answer: hang\r\n\r\n", NULL);
    }
}

Test(waits, for_news_end_when_there_is_some_and_no_others_do)
{
    struct raw hearer, other;

    for (int secure = 0; secure <= 1; secure++) {
        begin(&hearer, secure, SMALL "At-Step: news 3600000;news 3600000\r\n\r\n");
        send_request(&other, secure, SMALL "At-Step: wait 3600000\r\n\r\n");
        await_waiting(2);
        int asked = site.app.asked;
        kv_listener_tell(site.listener);
        while (site.app.asked == asked) {
            sched_yield();
        }
        await_waiting(2);
        cr_expect(is_silent(&hearer, 50), "the step waits again");
        kv_listener_tell(site.listener);
        expect_text(&hearer, REAL);
        cr_expect_eq(kv_listener_waiting(site.listener), 1, "the other one heard nothing");
        raw_close(&hearer);
        end(&other);
    }
}

Test(waits, for_news_end_at_their_time_without_any)
{
    struct raw raw;

    start_waits(false);
    send_request(&raw, false, SMALL "At-Answer: news 200\r\n\r\n");
    expect_text(&raw, REAL);
    end(&raw);
}

static void *tell_often(void *argument)
{
    const atomic_bool *ends = argument;

    while (!*ends) {
        kv_listener_tell(site.listener);
        sched_yield();
    }
    return NULL;
}

/* More than KV_WAITS_MAX, and whatever falls between the look and the wait. */
Test(waits, for_news_may_be_as_many_as_there_is)
{
    char request[4096] = SMALL "At-Step: ";
    atomic_bool ends = false;
    pthread_t teller;
    struct raw raw;

    for (unsigned i = 0; i < 2 * KV_WAITS_MAX; i++) {
        size_t len = strlen(request);

        (void) snprintf(request + len, sizeof(request) - len, "%snews 3600000", i > 0 ? ";" : "");
    }
    size_t len = strlen(request);
    (void) snprintf(request + len, sizeof(request) - len, "\r\n\r\n");
    start_waits(false);
    cr_assert_eq(pthread_create(&teller, NULL, tell_often, &ends), 0);
    send_request(&raw, false, request);
    expect_text(&raw, REAL);
    ends = true;
    pthread_join(teller, NULL);
    end(&raw);
}

/* A pause of a body that dribbles is a wait: it ends when the client leaves, and at shutdown, and
 * what was sent by then was all. */
Test(waits, of_a_body_that_dribbles_end_like_others)
{
    static const char request[] = SMALL "At-Step: spoil dribble 3 3600000\r\n\r\n";
    pthread_t thread;
    struct raw raw;

    for (int secure = 0; secure <= 1; secure++) {
        start_waits(secure);
        expect_gone(request, secure);
        test_site_stop(&site);
        begin(&raw, secure, request);
        cr_assert_eq(pthread_create(&thread, NULL, drain, NULL), 0);
        (void) raw_read(&raw, seen, sizeof(seen), NULL);
        cr_expect_not_null(strstr(seen, "\r\nContent-Length: 15\r\n"), "%s", seen);
        cr_expect_str_eq(strstr(seen, "\r\n\r\n"), "\r\n\r\n");
        cr_assert_eq(pthread_join(thread, NULL), 0);
        end(&raw);
    }
}

Test(waits, for_the_virtual_time_end_when_the_clock_is_moved)
{
    struct kv_err err;
    struct raw raw;

    for (int secure = 0; secure <= 1; secure++) {
        begin(&raw, secure, SMALL "At-Step: virtual 1800000\r\n\r\n");
        cr_assert_eq(kv_clock_shift(site.clock, 1700000, &err), KV_OK);
        cr_expect(is_silent(&raw, 200), "too early");
        cr_assert_eq(kv_clock_shift(site.clock, 100000, &err), KV_OK);
        expect_text(&raw, REAL);
        cr_expect_geq(site.app.now - kv_clock_real(), 1700000,
                      "the handler sees the time moved to");
        end(&raw);
    }
}

Test(waits, for_the_virtual_time_stand_still_with_the_clock)
{
    struct raw raw;

    start_waits(false);
    kv_clock_freeze(site.clock, true);
    send_request(&raw, false, SMALL "At-Step: virtual 300\r\n\r\n");
    await_waiting(1);
    cr_expect(is_silent(&raw, 600), "it is frozen");
    kv_clock_freeze(site.clock, false);
    cr_expect(is_silent(&raw, 100), "it runs on from where it was");
    expect_text(&raw, REAL);
    end(&raw);
}

Test(waits, for_the_virtual_time_end_by_themselves_when_the_clock_runs)
{
    struct raw raw;

    begin(&raw, false, SMALL "At-Answer: virtual 400\r\n\r\n");
    cr_expect(is_silent(&raw, 100));
    expect_text(&raw, REAL);
    end(&raw);
}
