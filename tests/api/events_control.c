/* SPDX-License-Identifier: Apache-2.0 */
/* /control/v1/events and coffer events: what they take, and what they say. */
#include "events_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(events_control, .timeout = 120);

static struct daemon own;
static struct receiver receiver;

static void begin(void)
{
    receiver_start(&receiver, NULL);
    events_daemon(&own, &receiver, NULL);
}

static void end(void)
{
    api_end(&own);
    receiver_stop(&receiver);
}

static const struct {
    const char *behind, *body, *message;
} wrong[] = {
    { "?type=KeyLost", NULL,
      "'KeyLost' is no type of event: there are KeyNewVersionCreated, "
      "KeyNearExpiry, KeyExpired and VaultAccessPolicyChanged." },
    { "?state=lost", NULL, "state is pending, delivered or dropped." },
    { "?since=-1", NULL, "since is the number of an event, or 0." },
    { "?since=", NULL, "since is the number of an event, or 0." },
    { "?since=99999999999999999999", NULL, "since is the number of an event, or 0." },
    { "?limit=0", NULL, "limit is a number from 1 to 1000." },
    { "?limit=1001", NULL, "limit is a number from 1 to 1000." },
    { "?limit=ten", NULL, "limit is a number from 1 to 1000." },
    { "?vaults=dev", NULL,
      "'vaults' is not a member of this query: it can have type state vault key since limit." },
    { "/wait", "[]", "The body is not a JSON object." },
    { "/wait", "{\"count\":-1}", "count is a number from 0 to 10000." },
    { "/wait", "{\"count\":10001}", "count is a number from 0 to 10000." },
    { "/wait", "{\"count\":\"1\"}", "'count' has a value of the wrong type." },
    { "/wait", "{\"timeout\":591}", "timeout is a number of seconds from 0 to 590." },
    { "/wait", "{\"timeout\":\"1\"}", "timeout is a number of seconds from 0 to 590." },
    { "/wait", "{\"filter\":[]}", "'filter' has a value of the wrong type." },
    { "/wait", "{\"filter\":{\"vault\":1}}", "'vault' has a value of the wrong type." },
    { "/wait", "{\"filter\":{\"since\":-1}}", "since is the number of an event, or 0." },
    { "/wait", "{\"filter\":{\"kind\":\"x\"}}",
      "'kind' is not a member of this body: it can have type, state, vault, key, since." },
    { "/wait", "{\"filter\":{\"key\":\"a\",\"key\":\"b\"}}", "'key' is given twice." },
};

Test(events_control, refuses_what_it_does_not_know)
{
    for (size_t i = 0; i < KV_COUNT(wrong); i++) {
        API_REPLY(reply, events_ask(api_daemon(), wrong[i].behind, wrong[i].body));

        cr_expect_eq(reply.status, 400, "row %zu: %ld %s", i, reply.status, reply.body);
        cr_expect_str_eq(reply_text(&reply, "error.message"), wrong[i].message, "row %zu", i);
    }
}

static void expect_found(const char *query, int count)
{
    API_REPLY(reply, events_ask(&own, query, NULL));

    cr_expect_eq(reply.status, 200, "%s: %ld %s", query, reply.status, reply.body);
    cr_expect_eq(cJSON_GetArraySize(reply_item(&reply, "events")), count, "%s: %s", query,
                 reply.body);
}

Test(events_control, finds_pages_and_forgets_events)
{
    begin();
    events_key(&own, "a", 40 * EVENTS_DAY);
    events_key(&own, "b", 0);
    api_advance(&own, 50 * EVENTS_DAY);
    events_await(&own, "delivered", 4);
    expect_found("", 4);
    expect_found("?key=A", 3);
    expect_found("?vault=DEV&type=keyexpired", 1);
    expect_found("?vault=other", 0);
    expect_found("?type=Microsoft.KeyVault.KeyNewVersionCreated", 2);
    expect_found("?since=3", 1);
    expect_found("?since=4", 0);
    expect_found("?limit=3", 3);
    expect_found("?state=pending", 0);
    expect_found("?vault=%27%20OR%201=1--", 0);

    API_REPLY(page, events_ask(&own, "?limit=3", NULL));
    cr_expect_eq((int) reply_number(&page, "next"), 3);
    cr_expect_eq((int) reply_number(&page, "last"), 4);
    cr_expect_eq((int) reply_number(&page, "receivers.0.delivered"), 4);
    cr_expect_null(strstr(page.body, "hush"), "it shows the URL's secret: %s", page.body);

    API_CLIENT_OF(&own, dev);
    API_REPLY(gone, client_send(&dev, &(struct request){ .method = "DELETE",
                                                         .target = "/control/v1/events",
                                                         .control = true }));
    cr_expect_eq(gone.status, 204);
    expect_found("", 0);
    events_key(&own, "c", 0);
    API_REPLY(after, events_ask(&own, "", NULL));
    cr_expect_eq((int) reply_number(&after, "events.0.number"), 5, "%s", after.body);
    end();
}

Test(events_control, ends_a_wait_without_enough_events)
{
    API_REPLY(reply, events_ask(api_daemon(), "/wait",
                                "{\"filter\":{\"key\":\"nobodys\"},\"timeout\":0.2}"));

    cr_expect_eq(reply.status, 200, "%s", reply.body);
    cr_expect(cJSON_IsFalse(reply_item(&reply, "met")), "%s", reply.body);
    cr_expect_eq((int) reply_number(&reply, "count"), 0);
}

static const struct {
    const char *words[12];
    int status;
    const char *said;
} commands[] = {
    { { "events" }, 2, "Usage: coffer events COMMAND" },
    { { "events", "list", "--type", "Lost" }, 1, "'Lost' is no type of event" },
    { { "events", "list", "--since", "x" }, 1, "since is the number of an event, or 0." },
    { { "events", "wait", "--count", "x" }, 2, "--count x is not a number" },
    { { "events", "list", "--state", "lost" }, 2, "is not one of pending, delivered" },
    { { "events", "list", "--key", "k" },
      0,
      "#1 2022-11-21T23:01:08.0000000Z Microsoft.KeyVault.KeyNewVersionCreated dev/k/" },
    { { "events", "list", "--key", "k", "--state", "delivered" }, 0, " delivered\n" },
    { { "events", "list", "--vault", "none" }, 0, "" },
    { { "events", "wait", "--type", "KeyNewVersionCreated" }, 0, "#1 " },
    { { "events", "wait", "--count", "2", "--timeout", "100ms" },
      1,
      "the time is over, there were 1\n" },
};

Test(events_control, speaks_to_a_shell)
{
    char output[16384], control[64];

    begin();
    events_key(&own, "k", 0);
    events_await(&own, "delivered", 1);
    (void) snprintf(control, sizeof(control), "http://127.0.0.1:%u", own.control_port);
    for (size_t i = 0; i < KV_COUNT(commands); i++) {
        const char *all[16] = { NULL };
        size_t count = 0;

        for (; commands[i].words[count] != NULL; count++) {
            all[count] = commands[i].words[count];
        }
        all[count] = count > 1 ? "--control" : NULL;
        all[count + 1] = count > 1 ? control : NULL;
        cr_expect_eq(program_run(all, output, sizeof(output)), commands[i].status, "row %zu: %s", i,
                     output);
        cr_expect_not_null(strstr(output, commands[i].said), "row %zu: %s", i, output);
        cr_expect(*commands[i].said != '\0' || *output == '\0', "row %zu: %s", i, output);
    }
    end();
}
