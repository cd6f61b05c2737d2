/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are cut because a step says so, in place of the answer or of a part of it, plainly
 * and over TLS. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "kv/base/base.h"
#include "listener_seen.h"

TestSuite(cuts, .timeout = 240);

Test(cuts, by_an_empty_reply_send_nothing)
{
    static const struct row rows[] = {
        { SMALL "At-Head: cut empty\r\n\r\n", ENDED, 0, NULL, NULL, 0 },
        { SMALL "At-Step: cut empty\r\n\r\n", ENDED, 0, NULL, NULL, 0 },
        { SMALL "At-Answer: cut empty\r\n\r\n", ENDED, 0, NULL, NULL, 1 },
        { SMALL "At-Step: spoil empty\r\n\r\n", ENDED, 0, NULL, NULL, 1 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

Test(cuts, by_a_reset_send_nothing_and_no_end)
{
    static const struct row rows[] = {
        { SMALL "At-Head: cut reset\r\n\r\n", RESET, 0, NULL, NULL, 0 },
        { SMALL "At-Step: cut reset\r\n\r\n", RESET, 0, NULL, NULL, 0 },
        { SMALL "At-Answer: cut reset\r\n\r\n", RESET, 0, NULL, NULL, 1 },
        { SMALL "At-Head: spoil reset\r\n\r\n", RESET, 0, NULL, NULL, 1 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

Test(cuts, with_garbage_send_what_is_no_http)
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

Test(cuts, with_a_bad_chunk_send_a_size_that_is_no_number)
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

Test(cuts, that_truncate_keep_the_length_and_cut_the_body_short)
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
Test(cuts, that_truncate_what_has_no_body_cut_its_head_short)
{
    static const struct row rows[] = {
        { "HEAD /small HTTP/1.1\r\n" HOST "At-Step: spoil truncated 1\r\n\r\n", ENDED, 200, NULL,
          NULL, 1 },
        { "DELETE /small HTTP/1.1\r\n" HOST "At-Step: spoil truncated 1\r\n\r\n", ENDED, 204, NULL,
          NULL, 1 },
    };

    expect_rows(rows, KV_COUNT(rows));
}

Test(cuts, with_a_wrong_length_send_the_whole_body)
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

/* As many pieces as are asked for, or one for each byte if there are fewer. */
Test(cuts, that_dribble_send_the_whole_answer)
{
    static const struct row rows[] = {
        { SMALL "At-Step: spoil dribble 3 20\r\n\r\n", ENDED, 200, "15", REAL, 1 },
        { SMALL "At-Answer: spoil dribble 1 20\r\n\r\n", ENDED, 200, "15", REAL, 1 },
        { SMALL "At-Answer: spoil dribble 1000 1\r\n\r\n", ENDED, 200, "15", REAL, 1 },
        { SMALL "At-Head: spoil dribble 4 1\r\nAt-Step: refuse\r\n\r\n", ENDED, 429, "17",
          "refused by a step", 0 },
    };
    static const struct row bodiless[] = {
        { "DELETE /small HTTP/1.1\r\n" HOST BYE "At-Step: spoil dribble 3 20\r\n\r\n", ENDED, 204,
          NULL, "", 1 },
    };

    expect_rows(rows, KV_COUNT(rows));
    expect_rows(bodiless, KV_COUNT(bodiless));
}

Test(cuts, of_an_answer_leave_its_head_as_it_is)
{
    for (int secure = 0; secure <= 1; secure++) {
        start_steps(secure);
        (void) ask_once(secure, SMALL "\r\n");
        size_t head = (size_t) (seen_body() - seen);
        char whole[1024];
        (void) snprintf(whole, sizeof(whole), "%.*s", (int) head, seen);
        (void) ask_once(secure, SMALL "At-Step: spoil truncated 3\r\n\r\n");
        cr_expect_eq(strncmp(seen, whole, head), 0, "%s\n%s", seen, whole);
        cr_expect_str_eq(seen_body(), "the");
        test_site_stop(&site);
    }
}

Test(cuts, of_large_answers_are_where_they_should)
{
    for (int secure = 0; secure <= 1; secure++) {
        start_steps(secure);
        (void) ask_once(secure, "GET /large HTTP/1.1\r\n" HOST
                                "At-Answer: spoil truncated 3000001\r\n\r\n");
        cr_expect_str_eq(seen_header("Content-Length"), "4194304");
        cr_expect_eq(strlen(seen_body()), 3000001);
        cr_expect_eq(strspn(seen_body(), "x"), 3000001);
        test_site_stop(&site);
    }
}

Test(cuts, end_no_connection_but_that_of_their_request)
{
    for (int secure = 0; secure <= 1; secure++) {
        struct raw raw;

        start_steps(secure);
        cr_assert(raw_open(&raw, site.port, secure));
        cr_expect_eq(ask(&raw, SMALL "\r\n"), OPEN);
        cr_expect_eq(ask_once(secure, SMALL "At-Step: cut reset\r\n\r\n"), RESET);
        cr_expect_eq(ask(&raw, SMALL "At-Step: answer\r\n\r\n"), OPEN);
        cr_expect_str_eq(seen_body(), OWN);
        cr_expect_eq(ask(&raw, SMALL "\r\n"), OPEN);
        cr_expect_str_eq(seen_body(), REAL);
        cr_expect_eq(ask(&raw, SMALL "At-Answer: cut garbage\r\n\r\n"), ENDED);
        raw_close(&raw);
        test_site_stop(&site);
    }
}
