/* SPDX-License-Identifier: Apache-2.0 */
/* What a step says comes next, at the head, before the handler, and before the answer: that it
 * refuses, passes, answers, or waits, plainly and over TLS. */
#include <criterion/criterion.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "kv/base/base.h"
#include "listener_seen.h"

#define DELAY 300 /* milliseconds */

TestSuite(steps, .timeout = 240);

Test(steps, that_refuse_answer_with_their_error)
{
    static const struct row rows[] = {
        { SMALL "At-Head: refuse\r\n\r\n", OPEN, 429, "17", "refused by a step", 0 },
        { SMALL "At-Step: refuse\r\n\r\n", OPEN, 429, "17", "refused by a step", 0 },
        { SMALL "At-Answer: refuse\r\n\r\n", OPEN, 429, "17", "refused by a step", 1 },
        { SMALL "At-Step: refuse\r\nAt-Answer: wait 1; refuse\r\n\r\n", OPEN, 429, "17",
          "refused by a step", 0 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

Test(steps, that_pass_leave_the_request_to_the_handler)
{
    static const struct row rows[] = {
        { SMALL "\r\n", OPEN, 200, "15", REAL, 1 },
        { SMALL BYE "\r\n", ENDED, 200, "15", REAL, 1 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

Test(steps, that_answer_take_the_place_of_the_handler)
{
    static const struct row rows[] = {
        { SMALL "At-Head: answer\r\n\r\n", OPEN, 203, "15", OWN, 0 },
        { SMALL "At-Step: answer\r\n\r\n", OPEN, 203, "15", OWN, 0 },
        { SMALL "At-Answer: answer\r\n\r\n", OPEN, 203, "15", OWN, 1 },
        { "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\nAt-Head: answer\r\n\r\nbody", ENDED,
          203, "15", OWN, 0 },
        { "GET /nowhere HTTP/1.1\r\n" HOST "At-Answer: answer\r\n\r\n", OPEN, 203, "15", OWN, 0 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

/* At the head there is nothing of the body, which the client has not sent yet. */
Test(steps, at_the_head_answer_before_the_body_has_come)
{
    static const char head[] = "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n";

    for (int secure = 0; secure <= 1; secure++) {
        char request[256];

        start_steps(secure);
        (void) snprintf(request, sizeof(request), "%sAt-Head: refuse\r\n\r\n", head);
        cr_expect_eq(ask_once(secure, request), ENDED, "%s", seen);
        cr_expect_str_eq(seen_body(), "refused by a step");
        (void) snprintf(request, sizeof(request), "%sAt-Head: cut reset\r\n\r\n", head);
        cr_expect_eq(ask_once(secure, request), RESET, "%s", seen);
        test_site_stop(&site);
    }
}

static void expect_delayed(bool secure, const char *request, const char *text, int asked)
{
    kv_millis began = kv_clock_monotonic();
    int before = site.app.asked;

    (void) ask_once(secure, request);
    kv_millis took = kv_clock_monotonic() - began;
    cr_expect_str_eq(seen_body(), text, "%s: %s", request, seen);
    cr_expect_geq(took, DELAY, "%s: %lld ms", request, (long long) took);
    cr_expect_eq(site.app.asked - before, asked, "%s: %d", request, site.app.asked - before);
}

Test(steps, that_wait_are_asked_again_when_the_time_has_come)
{
    for (int secure = 0; secure <= 1; secure++) {
        start_steps(secure);
        expect_delayed(secure, SMALL "At-Head: wait 300\r\n\r\n", REAL, 4);
        expect_delayed(secure, SMALL "At-Step: wait 300\r\n\r\n", REAL, 4);
        expect_delayed(secure, SMALL "At-Answer: wait 300\r\n\r\n", REAL, 4);
        expect_delayed(secure, SMALL "At-Step: wait 100; wait 100; wait 100; answer\r\n\r\n", OWN,
                       6);
        expect_delayed(secure, SMALL "At-Answer: wait 300; refuse\r\n\r\n", "refused by a step", 4);
        expect_delayed(secure, SMALL "At-Step: wait 300; cut reset\r\n\r\n", "none", 3);
        expect_delayed(secure, SMALL "At-Answer: wait 300; cut truncated 3\r\n\r\n", "the", 4);
        expect_delayed(secure,
                       SMALL "At-Head: wait 100\r\nAt-Step: wait 100\r\nAt-Answer: wait 100\r\n"
                             "\r\n",
                       REAL, 6);
        test_site_stop(&site);
    }
}

/* Whether it comes while its head is held up, or after it. */
Test(steps, that_wait_at_the_head_lose_nothing_of_the_body)
{
    static const char head[] = "POST /echo HTTP/1.1\r\n" HOST "At-Head: wait 300\r\n";
    char text[256];

    for (int secure = 0; secure <= 1; secure++) {
        struct raw raw;

        start_steps(secure);
        (void) snprintf(text, sizeof(text), "%sContent-Length: 4\r\n\r\nbody", head);
        expect_delayed(secure, text, "body", 4);
        (void) snprintf(text, sizeof(text),
                        "%sTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
                        head);
        expect_delayed(secure, text, "body", 4);

        cr_assert(raw_open(&raw, site.port, secure));
        (void) snprintf(text, sizeof(text), "%sContent-Length: 4\r\n\r\n", head);
        cr_assert(raw_send(&raw, text, strlen(text)));
        (void) poll(NULL, 0, 2 * DELAY);
        cr_expect_eq(ask(&raw, "body"), OPEN);
        cr_expect_str_eq(seen_body(), "body");
        cr_expect_eq(ask(&raw, SMALL "\r\n"), OPEN, "the connection goes on");
        cr_expect_str_eq(seen_body(), REAL);
        raw_close(&raw);
        test_site_stop(&site);
    }
}

Test(steps, that_wait_let_a_handler_see_the_time_at_which_it_was_let_in)
{
    start_steps(false);
    kv_millis began = kv_clock_now(site.clock);
    (void) ask_once(false, SMALL "At-Step: wait 300\r\n\r\n");
    cr_expect_geq(site.app.now - began, DELAY);
    test_site_stop(&site);
}
