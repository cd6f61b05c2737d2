/* SPDX-License-Identifier: Apache-2.0 */
/* The ways of moving the clock besides POST /control/v1/clock, and its pace: other routes, and the
 * subcommands. Each test has a daemon of its own, whose clock stands still. */
#include "travel.h"

TestSuite(travel_ways, .init = start, .fini = stop, .timeout = 240);

static struct reply send_order(const char *method, const char *path, const char *body)
{
    __attribute__((cleanup(client_close))) struct client client = { .curl = curl_easy_init(),
                                                                    .daemon = &own };
    const struct request request = {
        .method = method,
        .target = path,
        .body = body,
        .control = true,
    };

    return client_send(&client, &request);
}

/* Refused on the connection's thread and on the lane: there the body is read again. */
Test(travel_ways, refuse_what_they_cannot_do_and_move_nothing)
{
    static const struct {
        const char *method, *path, *body;
        long status;
    } rows[] = {
        { "POST", "/control/v1/clock/run-to-next-event", "{}", 409 },
        { "POST", "/control/v1/clock/advance", "{}", 400 },
        { "POST", "/control/v1/clock/advance", "{\"by\":\"P9999Y\"}", 400 },
        { "PUT", "/control/v1/clock", "{\"mode\":\"scaled\",\"rate\":86401}", 400 },
        { "PUT", "/control/v1/clock", "{\"mode\":\"offset\",\"now\":\"10000-01-01\"}", 400 },
        { "DELETE", "/control/v1/clock", NULL, 405 },
        { "GET", "/control/v1/clock/advance", NULL, 405 },
        { "POST", "/control/v1/clock/next", "{}", 404 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, send_order(rows[i].method, rows[i].path, rows[i].body));
        cr_expect_eq(reply.status, rows[i].status, "%s: %ld %s", rows[i].path, reply.status,
                     reply.body);
    }
    API_REPLY(clock, ask_clock("GET", NULL));
    cr_expect_eq((long) reply_number(&clock, "epoch"), START);
}

Test(travel_ways, run_what_is_due_on_the_way)
{
    make_deleted("brief", "a");
    make_rotating("r", "P9D");
    API_REPLY(first, send_order("POST", "/control/v1/clock/run-to-next-event", "{}"));
    expect_end(&first, HOUR, 1);
    expect_event(&first, 0, HOUR, "deletion", "brief", "a");
    API_REPLY(second, send_order("POST", "/control/v1/clock/advance", "{\"by\":\"P7D\"}"));
    expect_end(&second, 7 * DAY + HOUR, 1);
    expect_event(&second, 0, 7 * DAY, "purge", "brief", "a");
    API_REPLY(third, send_order("PUT", "/control/v1/clock",
                                "{\"mode\":\"frozen\",\"now\":\"2022-12-01T23:01:08Z\"}"));
    expect_end(&third, 10 * DAY, 1);
    expect_event(&third, 0, 9 * DAY, "rotation", "dev", "r");
    API_REPLY(back, send_order("POST", "/control/v1/clock/advance", "{\"to\":1669071668}"));
    expect_end(&back, 0, 0);
}

/* Nobody moves it: the seven days of a deleted key are over after seven seconds. */
Test(travel_ways, let_a_fast_clock_reach_what_is_due_by_itself)
{
    const struct timespec pause = { .tv_nsec = 50000000 };
    long status = 200;

    make_deleted("brief", "a");
    API_REPLY(pending, send_order("POST", "/control/v1/clock/run-to-next-event", "{}"));
    expect_end(&pending, HOUR, 1);
    API_REPLY(scaled,
              send_order("PUT", "/control/v1/clock", "{\"mode\":\"scaled\",\"rate\":86400}"));
    cr_assert_eq(scaled.status, 200, "%s", scaled.body);
    cr_expect_str_eq(reply_text(&scaled, "mode"), "scaled");
    for (int i = 0; i < 1200 && status != 404; i++) {
        API_CLIENT_OF(&own, brief);
        API_REPLY(reply, client_call(&brief, "GET", "/deletedkeys/a", NULL));

        status = reply.status;
        nanosleep(&pause, NULL);
    }
    cr_expect_eq(status, 404, "it was not purged after its seven days");
    API_REPLY(clock, ask_clock("GET", NULL));
    cr_expect_geq((long) reply_number(&clock, "epoch"), START + 7 * DAY, "%s", clock.body);
}

/* Runs coffer clock WORDS, separated by blanks, with --data FOLDER behind the first. */
static int clock_command(const char *words, char *ret_output, size_t size)
{
    char copy[256], *rest = copy;
    const char *arguments[16] = { "clock", copy, "--data", own.folder };
    size_t count = 4;

    (void) snprintf(copy, sizeof(copy), "%s", words);
    (void) strsep(&rest, " ");
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        arguments[count++] = word;
    }
    return program_run(arguments, ret_output, size);
}

Test(travel_ways, are_subcommands_too)
{
    static const struct {
        const char *words;
        int status;
        const char *said;
    } rows[] = {
        { "advance", 2, "TIME is missing" },
        { "advance soon", 1, "by is whole seconds or a duration" },
        { "set", 2, "DATE is missing" },
        { "set tomorrow", 1, "to is whole seconds since 1970 or a date" },
        { "scale 0", 2, "0 is not a whole number from 1 to 86400" },
        { "scale 86401", 2, "not a whole number from 1 to 86400" },
        { "show", 0, "now=2022-11-21T23:01:08.000Z\nmode=frozen\nrate=1\noffset=-" },
        { "show", 0, "next=2022-11-22T00:01:08.000Z deletion\n" },
        { "next", 0, "ran=2022-11-22T00:01:08.000Z deletion vault=brief key=a\n" },
        { "advance P7D", 0, "ran=2022-11-28T23:01:08.000Z purge vault=brief key=a\n" },
        { "next", 1, "Nothing is due" },
        { "advance --age-tokens -- -PT1H", 0, "tokens_aged=-3600\n" },
        { "set 2030-01-01", 0, "now=2030-01-01T00:00:00.000Z\nmode=frozen\n" },
        { "set 1669071668", 0, "now=2022-11-21T23:01:08.000Z\n" },
        { "run", 0, "mode=offset\nrate=1\n" },
        { "scale 60", 0, "mode=scaled\nrate=60\n" },
        { "freeze", 0, "mode=frozen\nrate=60\n" },
        { "reset", 0, "mode=system\nrate=1\noffset=0\ntokens_aged=0\n" },
        { "set 2030-01-01 --freeze", 0, "now=2030-01-01T00:00:00.000Z\nmode=frozen\n" },
    };
    char output[4096];

    make_deleted("brief", "a");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        int status = clock_command(rows[i].words, output, sizeof(output));

        cr_expect_eq(status, rows[i].status, "%s: %d %s", rows[i].words, status, output);
        cr_expect_not_null(strstr(output, rows[i].said), "%s: %s", rows[i].words, output);
    }
}
