/* SPDX-License-Identifier: Apache-2.0 */
/* What a step says comes next, and what the client sees of it, plainly and over TLS: at the head,
 * before the handler, and before the answer. */
#include <criterion/criterion.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "kv/base/base.h"
#include "tests/support/raw.h"
#include "tests/support/site.h"

#define HOST "Host: localhost\r\n"
#define SMALL "GET /small HTTP/1.1\r\n" HOST
#define BYE "Connection: close\r\n"
#define REAL "the real answer"
#define OWN "a step's answer"
#define DELAY 300 /* milliseconds */

/* How the client sees a connection end. */
enum ending {
    OPEN,   /* it does not: it is there for another request */
    ENDED,  /* the end of the stream; over TLS said by close_notify */
    RESET,  /* plain: a reset. TLS: no close_notify */
    BROKEN, /* what came is no TLS, or the like */
};

static struct test_site site;
static char seen[8 * 1024 * 1024];
static size_t seen_len;

static void start(bool secure)
{
    struct kv_lanes_config lanes;
    struct kv_listener_config config;

    test_site_configure(&lanes, &config);
    config.sites = test_steps_sites;
    test_site_start_as(&site, secure, &lanes, &config);
}

TestSuite(steps, .timeout = 240);

static const char *head_value(const char *name)
{
    static char value[256];
    char start[64];

    (void) snprintf(start, sizeof(start), "\r\n%s: ", name);
    const char *found = strcasestr(seen, start);
    const char *body = strstr(seen, "\r\n\r\n");
    if (found == NULL || body == NULL || found > body) {
        return "none";
    }
    found += strlen(start);
    (void) snprintf(value, sizeof(value), "%.*s", (int) strcspn(found, "\r"), found);
    return value;
}

static const char *body(void)
{
    const char *found = strstr(seen, "\r\n\r\n");

    return found != NULL ? found + 4 : "none";
}

static bool has_whole_answer(void)
{
    return strstr(seen, "\r\n\r\n") != NULL && strcmp(head_value("Content-Length"), "none") != 0
           && strlen(body()) >= strtoul(head_value("Content-Length"), NULL, 10);
}

static enum ending end_of_tls(const struct raw *raw, int got)
{
    int error = SSL_get_error(raw->ssl, got);

    return error == SSL_ERROR_ZERO_RETURN ? ENDED : RESET;
}

/* Reads to the end, or until there is a whole answer and silence behind it. */
static enum ending read_all(struct raw *raw)
{
    struct pollfd more = { .fd = raw->descriptor, .events = POLLIN };

    seen_len = 0;
    seen[0] = '\0';
    while (seen_len + 1 < sizeof(seen)) {
        bool is_quiet = has_whole_answer() && poll(&more, 1, 60) == 0;
        if (is_quiet) {
            return OPEN;
        }
        ssize_t got = raw->ssl != NULL
                          ? SSL_read(raw->ssl, seen + seen_len, (int) (sizeof(seen) - 1 - seen_len))
                          : recv(raw->descriptor, seen + seen_len, sizeof(seen) - 1 - seen_len, 0);
        if (got <= 0 && raw->ssl != NULL) {
            return end_of_tls(raw, (int) got);
        }
        if (got <= 0) {
            return got == 0 ? ENDED : errno == ECONNRESET ? RESET : BROKEN;
        }
        seen_len += (size_t) got;
        seen[seen_len] = '\0';
    }
    return BROKEN;
}

static enum ending ask(struct raw *raw, const char *request)
{
    cr_assert(raw_send(raw, request, strlen(request)));
    return read_all(raw);
}

static enum ending ask_once(bool secure, const char *request)
{
    struct raw raw;

    cr_assert(raw_open(&raw, site.port, secure));
    enum ending ending = ask(&raw, request);
    raw_close(&raw);
    return ending;
}

/* A request with what its steps are to do, and what comes of it. */
struct row {
    const char *request;
    enum ending ending;
    int status;         /* 0: no status line */
    const char *length; /* what Content-Length says; NULL: none is looked for */
    const char *body;   /* NULL: there is no end of the head */
    int handled;        /* handlers that ran */
};

static void expect_row(bool secure, const struct row *row)
{
    int handled = site.app.handled, unanswered = site.app.unanswered;
    enum ending ending = ask_once(secure, row->request);
    const char *where = secure ? "TLS" : "plain";

    cr_expect_eq(ending, row->ending, "%s, %s: %d, %s", where, row->request, ending, seen);
    if (row->status == 0) {
        cr_expect_null(strstr(seen, "HTTP"), "%s, %s: %s", where, row->request, seen);
    } else {
        cr_expect_eq(strtol(seen + strlen("HTTP/1.1 "), NULL, 10), row->status, "%s, %s: %s", where,
                     row->request, seen);
    }
    if (row->length != NULL) {
        cr_expect_str_eq(head_value("Content-Length"), row->length, "%s, %s: %s", where,
                         row->request, seen);
        cr_expect_str_eq(head_value("x-finished"), "yes", "%s, %s: %s", where, row->request, seen);
    }
    cr_expect_str_eq(body(), row->body != NULL ? row->body : "none", "%s, %s: %s", where,
                     row->request, seen);
    cr_expect_eq(site.app.handled - handled, row->handled, "%s, %s", where, row->request);
    bool is_unanswered = row->status == 0 && row->handled == 0;
    cr_expect_eq(site.app.unanswered - unanswered, is_unanswered, "%s, %s", where, row->request);
}

static void expect_rows(const struct row *rows, size_t count)
{
    for (int secure = 0; secure <= 1; secure++) {
        start(secure);
        for (size_t i = 0; i < count; i++) {
            expect_row(secure, &rows[i]);
        }
        test_site_stop(&site);
    }
}

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

        start(secure);
        (void) snprintf(request, sizeof(request), "%sAt-Head: refuse\r\n\r\n", head);
        cr_expect_eq(ask_once(secure, request), ENDED, "%s", seen);
        cr_expect_str_eq(body(), "refused by a step");
        (void) snprintf(request, sizeof(request), "%sAt-Head: cut reset\r\n\r\n", head);
        cr_expect_eq(ask_once(secure, request), RESET, "%s", seen);
        test_site_stop(&site);
    }
}

Test(steps, that_cut_with_an_empty_reply_send_nothing)
{
    static const struct row rows[] = {
        { SMALL "At-Head: cut empty\r\n\r\n", ENDED, 0, NULL, NULL, 0 },
        { SMALL "At-Step: cut empty\r\n\r\n", ENDED, 0, NULL, NULL, 0 },
        { SMALL "At-Answer: cut empty\r\n\r\n", ENDED, 0, NULL, NULL, 1 },
        { SMALL "At-Step: spoil empty\r\n\r\n", ENDED, 0, NULL, NULL, 1 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

Test(steps, that_cut_by_a_reset_send_nothing_and_no_end)
{
    static const struct row rows[] = {
        { SMALL "At-Head: cut reset\r\n\r\n", RESET, 0, NULL, NULL, 0 },
        { SMALL "At-Step: cut reset\r\n\r\n", RESET, 0, NULL, NULL, 0 },
        { SMALL "At-Answer: cut reset\r\n\r\n", RESET, 0, NULL, NULL, 1 },
        { SMALL "At-Head: spoil reset\r\n\r\n", RESET, 0, NULL, NULL, 1 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

Test(steps, that_cut_with_garbage_send_what_is_no_http)
{
    static const struct row rows[] = {
        { SMALL "At-Head: cut garbage\r\n\r\n", ENDED, 0, NULL, NULL, 0 },
        { SMALL "At-Step: cut garbage\r\n\r\n", ENDED, 0, NULL, NULL, 0 },
        { SMALL "At-Answer: cut garbage\r\n\r\n", ENDED, 0, NULL, NULL, 1 },
        { SMALL "At-Step: spoil garbage\r\n\r\n", ENDED, 0, NULL, NULL, 1 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_rows(&rows[i], 1);
        cr_expect_eq(seen_len, 16);
    }
}

Test(steps, that_cut_with_a_bad_chunk_send_a_size_that_is_no_number)
{
    static const char chunk[] = "no size\r\nno chunk\r\n";
    static const struct row rows[] = {
        { SMALL "At-Step: cut bad_chunk\r\n\r\n", ENDED, 200, NULL, chunk, 0 },
        { SMALL "At-Answer: cut bad_chunk\r\n\r\n", ENDED, 200, NULL, chunk, 1 },
        { SMALL "At-Step: refuse\r\nAt-Answer: spoil bad_chunk\r\n\r\n", ENDED, 429, NULL, chunk,
          0 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

Test(steps, that_truncate_keep_the_length_and_cut_the_body_short)
{
    static const struct row rows[] = {
        { SMALL "At-Head: cut truncated 6\r\n\r\n", ENDED, 200, "15", "a step", 0 },
        { SMALL "At-Step: cut truncated 6\r\n\r\n", ENDED, 200, "15", "a step", 0 },
        { SMALL "At-Answer: cut truncated 8\r\n\r\n", ENDED, 200, "15", "the real", 1 },
        { SMALL "At-Head: spoil truncated 8\r\n\r\n", ENDED, 200, "15", "the real", 1 },
        { SMALL "At-Step: spoil truncated 8\r\n\r\n", ENDED, 200, "15", "the real", 1 },
        { SMALL "At-Step: spoil truncated 0\r\n\r\n", ENDED, 200, "15", "", 1 },
        { SMALL "At-Step: spoil truncated 15\r\n\r\n", ENDED, 200, "15", "the real answe", 1 },
        { SMALL "At-Step: spoil truncated 99\r\n\r\n", ENDED, 200, "15", "the real answe", 1 },
        { SMALL "At-Head: spoil truncated 7\r\nAt-Step: refuse\r\n\r\n", ENDED, 429, "17",
          "refused", 0 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

/* There is no body that could be cut. */
Test(steps, that_truncate_what_has_no_body_cut_its_head_short)
{
    static const struct row rows[] = {
        { "HEAD /small HTTP/1.1\r\n" HOST "At-Step: spoil truncated 1\r\n\r\n", ENDED, 200, NULL,
          NULL, 1 },
        { "DELETE /small HTTP/1.1\r\n" HOST "At-Step: spoil truncated 1\r\n\r\n", ENDED, 204, NULL,
          NULL, 1 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

Test(steps, that_give_a_wrong_length_send_the_whole_body)
{
    static const struct row rows[] = {
        { SMALL "At-Answer: spoil wrong_length 99\r\n\r\n", ENDED, 200, "99", REAL, 1 },
        { SMALL "At-Answer: cut wrong_length 3\r\n\r\n", ENDED, 200, "3", REAL, 1 },
        { SMALL "At-Head: spoil wrong_length 0\r\n\r\n", ENDED, 200, "0", REAL, 1 },
        { SMALL "At-Step: cut wrong_length 5\r\n\r\n", ENDED, 200, "5", "", 0 },
        { SMALL "At-Step: spoil wrong_length 18446744073709551614\r\n\r\n", ENDED, 200,
          "18446744073709551614", REAL, 1 },
        { "DELETE /small HTTP/1.1\r\n" HOST "At-Step: spoil wrong_length 7\r\n\r\n", ENDED, 204,
          "7", "", 1 },
        { "HEAD /small HTTP/1.1\r\n" HOST BYE "At-Step: spoil wrong_length 7\r\n\r\n", ENDED, 200,
          "7", "", 1 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

Test(steps, that_spoil_an_answer_leave_its_head_as_it_is)
{
    for (int secure = 0; secure <= 1; secure++) {
        start(secure);
        (void) ask_once(secure, SMALL "\r\n");
        size_t head = (size_t) (body() - seen);
        char whole[1024];
        (void) snprintf(whole, sizeof(whole), "%.*s", (int) head, seen);
        (void) ask_once(secure, SMALL "At-Step: spoil truncated 3\r\n\r\n");
        cr_expect_eq(strncmp(seen, whole, head), 0, "%s\n%s", seen, whole);
        cr_expect_str_eq(body(), "the");
        test_site_stop(&site);
    }
}

Test(steps, cut_large_answers_where_they_say)
{
    for (int secure = 0; secure <= 1; secure++) {
        start(secure);
        (void) ask_once(secure, "GET /large HTTP/1.1\r\n" HOST
                                "At-Answer: spoil truncated 3000001\r\n\r\n");
        cr_expect_str_eq(head_value("Content-Length"), "4194304");
        cr_expect_eq(strlen(body()), 3000001);
        cr_expect_eq(strspn(body(), "x"), 3000001);
        test_site_stop(&site);
    }
}

Test(steps, cut_no_connection_but_that_of_their_request)
{
    for (int secure = 0; secure <= 1; secure++) {
        struct raw raw;

        start(secure);
        cr_assert(raw_open(&raw, site.port, secure));
        cr_expect_eq(ask(&raw, SMALL "\r\n"), OPEN);
        cr_expect_eq(ask_once(secure, SMALL "At-Step: cut reset\r\n\r\n"), RESET);
        cr_expect_eq(ask(&raw, SMALL "At-Step: answer\r\n\r\n"), OPEN);
        cr_expect_str_eq(body(), OWN);
        cr_expect_eq(ask(&raw, SMALL "\r\n"), OPEN);
        cr_expect_str_eq(body(), REAL);
        cr_expect_eq(ask(&raw, SMALL "At-Answer: cut garbage\r\n\r\n"), ENDED);
        raw_close(&raw);
        test_site_stop(&site);
    }
}

static void expect_delayed(bool secure, const char *request, const char *text, int asked)
{
    kv_millis began = kv_clock_monotonic();
    int before = site.app.asked;

    (void) ask_once(secure, request);
    kv_millis took = kv_clock_monotonic() - began;
    cr_expect_str_eq(body(), text, "%s: %s", request, seen);
    cr_expect_geq(took, DELAY, "%s: %lld ms", request, (long long) took);
    cr_expect_eq(site.app.asked - before, asked, "%s: %d", request, site.app.asked - before);
}

Test(steps, that_wait_are_asked_again_when_the_time_has_come)
{
    for (int secure = 0; secure <= 1; secure++) {
        start(secure);
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

        start(secure);
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
        cr_expect_str_eq(body(), "body");
        cr_expect_eq(ask(&raw, SMALL "\r\n"), OPEN, "the connection goes on");
        cr_expect_str_eq(body(), REAL);
        raw_close(&raw);
        test_site_stop(&site);
    }
}

Test(steps, that_wait_let_a_handler_see_the_time_at_which_it_was_let_in)
{
    start(false);
    kv_millis began = kv_clock_now(site.clock);
    (void) ask_once(false, SMALL "At-Step: wait 300\r\n\r\n");
    cr_expect_geq(site.app.now - began, DELAY);
    test_site_stop(&site);
}
