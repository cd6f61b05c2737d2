/* SPDX-License-Identifier: Apache-2.0 */
/* Moving the clock over what falls due on the way: the mover's answer comes when it has happened, in
 * order of time, and lists it. Each test has a daemon of its own, whose clock stands still. */
#include "travel.h"

TestSuite(travel, .init = start, .fini = stop, .timeout = 240);

static int count_versions(const char *name)
{
    char path[64];
    API_CLIENT_OF(&own, dev);

    snprintf(path, sizeof(path), "/keys/%s/versions", name);
    API_REPLY(reply, client_call(&dev, "GET", path, NULL));
    cr_assert_eq(reply.status, 200, "%ld %s", reply.status, reply.body);
    return cJSON_GetArraySize(reply_item(&reply, "value"));
}

static long read_created(const char *name)
{
    char path[64];
    API_CLIENT_OF(&own, dev);

    snprintf(path, sizeof(path), "/keys/%s", name);
    API_REPLY(reply, client_call(&dev, "GET", path, NULL));
    cr_assert_eq(reply.status, 200, "%ld %s", reply.status, reply.body);
    return (long) reply_number(&reply, "attributes.created");
}

Test(travel, goes_nowhere_next_when_nothing_is_due)
{
    API_REPLY(none, ask_clock("POST", "{\"to\":\"next\"}"));
    cr_expect_eq(none.status, 409, "%ld %s", none.status, none.body);
    cr_expect_str_eq(reply_text(&none, "error.message"),
                     "Nothing is due: there is no next time to go to.");
    API_REPLY(clock, ask_clock("GET", NULL));
    cr_expect(cJSON_IsNull(reply_item(&clock, "next")), "%s", clock.body);
    cr_expect_eq((long) reply_number(&clock, "epoch"), START);
}

Test(travel, runs_nothing_when_the_clock_is_set_back)
{
    make_deleted("brief", "a");
    API_REPLY(back, move_clock("{\"advance\":\"-P100D\"}"));
    expect_end(&back, -100 * DAY, 0);
    API_REPLY(forth, move_clock("{\"set\":1669071668}"));
    expect_end(&forth, 0, 0);
}

/* The purge needs no token; the rotation is made up for once it is back. */
Test(travel, goes_on_without_the_token_and_says_what_failed)
{
    const struct timespec pause = { .tv_nsec = 50000000 };
    char from[400];
    char to[400];

    API_SKIP_WITH_NSS("the token is not the program's own");
    make_deleted("brief", "a");
    make_rotating("first", "P7D");
    make_rotating("second", "P9D");
    snprintf(from, sizeof(from), "%s/tokens", own.folder);
    snprintf(to, sizeof(to), "%s/tokens-away", own.folder);
    cr_assert_eq(rename(from, to), 0);

    API_REPLY(moved, move_clock("{\"advance\":\"P10D\"}"));
    expect_end(&moved, 10 * DAY, 3);
    expect_event(&moved, 0, HOUR, "deletion", "brief", "a");
    expect_event(&moved, 1, 7 * DAY, "purge", "brief", "a");
    cr_expect_str_eq(reply_text(&moved, "ran.2.what"), "rotation");
    cr_expect_str_eq(reply_text(&moved, "ran.2.key"), "first");
    cr_expect_str_neq(reply_text(&moved, "ran.2.failed"), "", "%s", moved.body);

    cr_assert_eq(rename(to, from), 0);
    for (int i = 0; i < 1200 && count_versions("first") + count_versions("second") < 4; i++) {
        nanosleep(&pause, NULL);
    }
    cr_expect_eq(count_versions("first"), 2);
    cr_expect_eq(count_versions("second"), 2);
}

Test(travel, holds_up_no_key_for_another_that_cannot_be_rotated)
{
    make_rotating("failing", "P7D");
    make_rotating("fine", "P8D");
    change_store("CREATE TRIGGER obstacle BEFORE INSERT ON version WHEN"
                 " (SELECT fold FROM key WHERE id = NEW.key) = 'FAILING'"
                 " BEGIN SELECT RAISE(ABORT, 'an obstacle'); END");
    API_REPLY(moved, move_clock("{\"advance\":\"P10D\"}"));
    expect_end(&moved, 10 * DAY, 2);
    cr_expect_str_eq(reply_text(&moved, "ran.0.key"), "failing");
    cr_expect_str_neq(reply_text(&moved, "ran.0.failed"), "", "%s", moved.body);
    expect_event(&moved, 1, 8 * DAY, "rotation", "dev", "fine");
}

Test(travel, lets_purges_and_rotations_happen_in_order_of_time)
{
    make_rotating("second", "P8D");
    make_rotating("fourth", "P10D");
    make_rotating("later", "P13D");
    make_deleted("brief", "first");
    API_REPLY(short_, move_clock("{\"advance\":\"P2D\"}"));
    expect_end(&short_, 2 * DAY, 1);
    make_deleted("brief", "third");

    API_REPLY(clock, ask_clock("GET", NULL));
    cr_expect_str_eq(reply_text(&clock, "next.what"), "deletion");
    cr_expect_str_eq(reply_text(&clock, "next.at"), "2022-11-24T00:01:08.000Z");

    API_REPLY(moved, move_clock("{\"advance\":\"P10D\"}"));
    expect_end(&moved, 12 * DAY, 5);
    expect_event(&moved, 0, 2 * DAY + HOUR, "deletion", "brief", "third");
    expect_event(&moved, 1, 7 * DAY, "purge", "brief", "first");
    expect_event(&moved, 2, 8 * DAY, "rotation", "dev", "second");
    expect_event(&moved, 3, 9 * DAY, "purge", "brief", "third");
    expect_event(&moved, 4, 10 * DAY, "rotation", "dev", "fourth");
    cr_expect_eq(read_created("second"), START + 8 * DAY, "the clock stood there");
    cr_expect_eq(read_created("fourth"), START + 10 * DAY);
    cr_expect_eq(count_versions("second"), 2);
    cr_expect_eq(count_versions("later"), 1);
    cr_expect_str_eq(reply_text(&moved, "next.what"), "rotation");
    cr_expect_str_eq(reply_text(&moved, "next.at"), "2022-12-04T23:01:08.000Z");
}

/* It would have been due some 150 times. Then it is rotated at the end of the way. */
Test(travel, rotates_once_at_its_end_what_fell_due_again_and_again)
{
    make_rotating("jumped", "P7D");
    make_deleted("dev", "a");
    API_REPLY(moved, move_clock("{\"advance\":\"P1000D\"}"));
    expect_end(&moved, 1000 * DAY, 3);
    expect_event(&moved, 1, 90 * DAY, "purge", "dev", "a");
    expect_event(&moved, 2, 1000 * DAY, "rotation", "dev", "jumped");
    cr_expect_eq(count_versions("jumped"), 2);
    cr_expect_eq(read_created("jumped"), START + 1000 * DAY);
}

Test(travel, goes_from_one_time_to_the_next)
{
    static const struct {
        long after;
        const char *what, *vault, *key;
    } rows[] = {
        { HOUR, "deletion", "brief", "a" },
        { 7 * DAY, "purge", "brief", "a" },
        { 7 * DAY + 1, "rotation", "dev", "r" },
        { 14 * DAY + 2, "rotation", "dev", "r" },
    };

    make_deleted("brief", "a");
    make_rotating("r", "PT168H1S");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(moved, move_clock("{\"to\":\"next\"}"));
        expect_end(&moved, rows[i].after, 1);
        expect_event(&moved, 0, rows[i].after, rows[i].what, rows[i].vault, rows[i].key);
    }
}

/* What is pending ends by itself; a name is taken until its purge is over. */
Test(travel, tells_when_what_is_pending_is_over)
{
    make_deleted("dev", "a");
    make_deleted("dev", "b");
    API_REPLY(deleted, move_clock("{\"to\":\"next\"}"));
    expect_end(&deleted, HOUR, 2);
    call("dev", "POST", "/deletedkeys/a/recover", NULL);
    API_CLIENT_OF(&own, dev);
    API_REPLY(purge, client_call(&dev, "DELETE", "/deletedkeys/b", NULL));
    cr_assert_eq(purge.status, 204);
    API_REPLY(over, move_clock("{\"to\":\"next\"}"));
    expect_end(&over, 2 * HOUR, 2);
    expect_event(&over, 0, 2 * HOUR, "recovery", "dev", "a");
    expect_event(&over, 1, 2 * HOUR, "purge", "dev", "b");
}
