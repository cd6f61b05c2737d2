/* SPDX-License-Identifier: Apache-2.0 */
/* Receivers that fail, lie, are silent or are not trusted; and ends of the daemon in between. */
#include "events_tools.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/clock.h"

TestSuite(events_receivers, .timeout = 240);

static struct daemon own;
static struct receiver receiver;

static void begin(const char *const *more)
{
    receiver_start(&receiver, NULL);
    events_daemon(&own, &receiver, more);
}

static void end(void)
{
    api_end(&own);
    receiver_stop(&receiver);
}

/* How often it was told of that key's event of that type, and by how many ids. */
static void count_told(const char *type, const char *key, size_t *ret_times, size_t *ret_ids)
{
    char wanted[2][128];
    const char *first = NULL;

    (void) snprintf(wanted[0], sizeof(wanted[0]), "\"subject\":\"%s\"", key);
    (void) snprintf(wanted[1], sizeof(wanted[1]), ".%s\"", type);
    *ret_times = 0;
    *ret_ids = 0;
    for (size_t i = 0; i < receiver.count; i++) {
        const char *body = receiver.got[i].body;

        if (strstr(body, wanted[0]) != NULL && strstr(body, wanted[1]) != NULL) {
            *ret_ids += first == NULL || strncmp(body, first, 45) != 0;
            first = body;
            (*ret_times)++;
        }
    }
}

static const struct {
    enum manners manners;
    const char *error; /* what is told of it */
} bad[] = {
    { MANNERS_BUSY, "it answered 503" },
    { MANNERS_REDIRECT, "it answered 302" },
    { MANNERS_ENDLESS, "the answer is too large" },
    { MANNERS_LONG_HEAD, "" },
    { MANNERS_CUT, "" },
};

Test(events_receivers, get_what_they_did_not_take_again_and_then_no_more)
{
    for (size_t i = 0; i < KV_COUNT(bad); i++) {
        size_t times, ids;

        begin(NULL);
        events_key(&own, "first", 0);
        receiver_await(&receiver, 1);
        receiver_behave(&receiver, bad[i].manners, 2);
        events_key(&own, "k", 0);
        events_key(&own, "behind", 0);
        events_await(&own, "delivered", 3);
        count_told("KeyNewVersionCreated", "k", &times, &ids);
        cr_expect_eq(times, 3, "row %zu: %zu times", i, times);
        cr_expect_eq(ids, 1, "row %zu: %zu ids", i, ids);
        cr_expect_not_null(strstr(receiver.got[4].body, "\"subject\":\"behind\""), "row %zu", i);
        cr_expect_not_null(strstr(receiver.got[3].head, "aeg-delivery-count: 2"), "row %zu", i);
        cr_expect_null(strstr(receiver.got[2].head, "/moved"), "row %zu", i);
        cr_expect_eq(api_count_lines(&own, "events_not_taken", bad[i].error), 1, "row %zu", i);
        cr_expect_eq(api_count_lines(&own, "events_taken_again", "receiver="), 1, "row %zu", i);
        end();
    }
}

Test(events_receivers, are_given_up_on_an_event_that_they_refuse)
{
    begin(NULL);
    events_key(&own, "first", 0);
    receiver_await(&receiver, 1);
    receiver_behave(&receiver, MANNERS_REFUSING, 1);
    events_key(&own, "refused", 0);
    events_key(&own, "behind", 0);
    events_await(&own, "delivered", 2);
    API_REPLY(dropped, events_ask(&own, "?state=dropped", NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&dropped, "events")), 1, "%s", dropped.body);
    cr_expect_str_eq(reply_text(&dropped, "events.0.event.subject"), "refused");
    cr_expect_str_eq(reply_text(&dropped, "events.0.deliveries.0.error"), "it answered 400");
    cr_expect_eq((int) reply_number(&dropped, "receivers.0.dropped"), 1);
    cr_expect_eq((int) reply_number(&dropped, "receivers.0.delivered"), 2);
    cr_expect_eq(api_count_lines(&own, "event_dropped", "it answered 400"), 1);
    end();
}

/* Nothing is sent to somebody who did not say that he wants it. */
static void expect_no_event_without_handshake(const char *const *more, enum manners manners)
{
    receiver_start(&receiver, NULL);
    receiver_behave(&receiver, manners, 2);
    events_daemon(&own, &receiver, more);
    events_key(&own, "k", 0);
    receiver_await(&receiver, 1);
    cr_expect_eq(receiver.handshakes, 3);
    cr_expect_eq(receiver.count, 1);
    events_await(&own, "delivered", 1);
    end();
}

Test(events_receivers, get_nothing_before_they_shook_hands)
{
    static const char *const clouds[] = { "--event-schema", "cloudevents", NULL };

    expect_no_event_without_handshake(NULL, MANNERS_WRONG_CODE);
    expect_no_event_without_handshake(clouds, MANNERS_WRONG_CODE);
    expect_no_event_without_handshake(NULL, MANNERS_REFUSING);
    expect_no_event_without_handshake(clouds, MANNERS_LONG_HEAD);
}

Test(events_receivers, do_not_hold_up_the_end_or_a_request_by_their_silence)
{
    kv_millis before;

    begin(NULL);
    events_key(&own, "first", 0);
    receiver_await(&receiver, 1);
    receiver_behave(&receiver, MANNERS_SILENT, 100);
    events_key(&own, "k", 0);
    receiver_await(&receiver, 2);
    events_key(&own, "meanwhile", 0);
    before = kv_clock_monotonic();
    cr_assert(daemon_stop(&own));
    cr_expect_lt(kv_clock_monotonic() - before, 8000,
                 "a silent receiver is waited for ten seconds");
    receiver_behave(&receiver, MANNERS_GOOD, 0);
    events_restart(&own, &receiver, NULL);
    events_await(&own, "delivered", 3);
    end();
}

#define LATER 4102444800L /* 2100: a daemon begins with the time of the system */

/* Only what was under way when it was killed may come twice, and then with its id. */
Test(events_receivers, get_each_event_once_over_ends_and_kills)
{
    static const char *const keys[] = { "a", "b", "c", "d" };

    begin(NULL);
    receiver_behave(&receiver, MANNERS_BUSY, 1);
    for (size_t i = 0; i < KV_COUNT(keys); i++) {
        size_t times, ids;

        events_key(&own, keys[i], LATER - EVENTS_START);
        if (i % 2 == 0) {
            daemon_kill(&own);
        } else {
            cr_assert(daemon_stop(&own));
        }
        events_restart(&own, &receiver, NULL);
        events_await(&own, "delivered", (int) i + 1);
        count_told("KeyNewVersionCreated", keys[i], &times, &ids);
        cr_expect_eq(ids, 1, "%s: %zu ids", keys[i], ids);
    }
    api_set_clock(&own, "{\"set\":4102444801}");
    daemon_kill(&own);
    events_restart(&own, &receiver, NULL);
    api_set_clock(&own, "{\"set\":4102444801}");
    events_await(&own, "delivered", 3 * (int) KV_COUNT(keys));
    for (size_t i = 0; i < KV_COUNT(keys); i++) {
        size_t times, near, expired;

        count_told("KeyNearExpiry", keys[i], &times, &near);
        count_told("KeyExpired", keys[i], &times, &expired);
        cr_expect(near == 1 && expired == 1, "%s: %zu and %zu", keys[i], near, expired);
    }
    API_REPLY(all, events_ask(&own, "?limit=1000", NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&all, "events")), 3 * (int) KV_COUNT(keys));
    end();
}

Test(events_receivers, are_trusted_by_the_ca_that_is_given_and_not_without)
{
    char pem[320];
    const char *more[] = { "--event-webhook-ca", pem, NULL };

    daemon_prepare(&own);
    (void) snprintf(pem, sizeof(pem), "%s.ca", own.log);
    receiver_start(&receiver, pem);
    events_restart(&own, &receiver, NULL);
    events_key(&own, "k", 0);
    for (int i = 0; i < 400 && api_count_lines(&own, "events_not_taken", "certificate") == 0; i++) {
        usleep(50000);
    }
    cr_expect_eq(api_count_lines(&own, "events_not_taken", "certificate"), 1);
    cr_expect_eq(receiver.count, 0);
    cr_assert(daemon_stop(&own));
    events_restart(&own, &receiver, more);
    receiver_await(&receiver, 1);
    cr_expect_eq(api_count_lines(&own, "hush", ""), 0, "the log shows the URL's secret");
    unlink(pem);
    end();
}

static const struct {
    const char *option, *value, *said;
} wrong[] = {
    { "--event-webhook", "ftp://localhost/hook", "the URL must begin with https://" },
    { "--event-webhook", "file:///etc/passwd", "the URL must begin with https://" },
    { "--event-webhook", "nonsense of a:url", "want https://HOST" },
    { "--event-webhook", "https://", "want https://HOST" },
    { "--event-webhook", "https://me:hush@localhost/", "must not have a user or a password" },
    { "--event-webhook-ca", "/dev/null", "has no certificate" },
    { "--event-webhook-ca", "/nonexistent", "cannot read" },
    { "--event-schema", "custom", "is not one of eventgrid, cloudevents" },
    { "--audit-webhook", "ftp://localhost/hook", "--audit-webhook: the URL must begin with" },
    { "--audit-webhook", "nonsense of a:url", "--audit-webhook: want https://HOST" },
    { "--audit-webhook", "https://me:hush@localhost/", "must not have a user or a password" },
    { "--audit-log", "/nonexistent/audit", "cannot open" },
    { "--audit-log", "/", "cannot open" },
};

Test(events_receivers, are_named_by_options_that_make_sense)
{
    char output[8192];

    for (size_t i = 0; i < KV_COUNT(wrong); i++) {
        const char *arguments[] = { "serve", "--ephemeral",   "--port",       "0", "--control-port",
                                    "0",     wrong[i].option, wrong[i].value, NULL };

        cr_expect_neq(program_run(arguments, output, sizeof(output)), 0, "row %zu", i);
        cr_expect_not_null(strstr(output, wrong[i].said), "row %zu: %s", i, output);
    }
}
