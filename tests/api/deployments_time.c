/* SPDX-License-Identifier: Apache-2.0 */
/* Deployments that take their time (--provisioning-lag), are canceled, or cut short by the end of the process. */
#include "deployments_tools.h"

#include <stdio.h>
#include <string.h>

#define LAG_SECONDS 30

static struct daemon daemon;
static const char *const arguments[] = { "--unknown-resources", "accept", "--provisioning-lag",
                                         "30s", NULL };

static void start(void)
{
    api_begin(&daemon, arguments);

    API_CLIENT_OF(&daemon, dev);
    arm_make_group(&dev, "rg1");
}

static void stop(void)
{
    api_end(&daemon);
}

TestSuite(deployments_time, .init = start, .fini = stop, .timeout = 120);

#define CHAIN                                                                                      \
    DEPLOY(TEMPLATE("\"resources\":[" THING("a", "") "," THING(                                    \
        "b", ",\"dependsOn\":[\"a\"]") "," THING("c", ",\"dependsOn\":[\"b\"]") "]"))

static void freeze(void)
{
    api_set_clock(&daemon, "{\"frozen\":true}");
}

static void expect_state(struct client *client, const char *state)
{
    API_REPLY(reply, arm_ask(client, "GET", DEPLOYMENTS("rg1") "one", VERSION, NULL));

    cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), state, "%s", reply.body);
}

static long get_thing(struct client *client, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), GROUP_ID("rg1") "/providers/Contoso.Things/things/%s", name);

    API_REPLY(reply, arm_ask(client, "GET", path, "2020-01-01", NULL));
    return reply.status;
}

/* It is sent by a thread of its own. */
static void await_thing(struct client *client, const char *name)
{
    for (int i = 0; i < 2000 && get_thing(client, name) != 200; i++) {
    }
    cr_assert_eq(get_thing(client, name), 200, "%s", name);
}

/* Clients that are not told when to ask again rest for half a minute. */
static void expect_pause(struct client *client, const char *url, const char *seconds)
{
    API_REPLY(reply, arm_ask(client, "GET", strstr(url, "/subscriptions/"), NULL, NULL));
    const char *pause = reply_header(&reply, "Retry-After");

    if (seconds == NULL) {
        cr_expect_null(pause, "%s: %s", url, reply.body);
        return;
    }
    cr_expect_str_eq(pause != NULL ? pause : "none", seconds, "%s: %s", url, reply.body);
}

Test(deployments_time, whoever_polls_is_told_when_to_ask_again)
{
    API_CLIENT_OF(&daemon, dev);
    freeze();
    arm_make_group(&dev, "rg2");
    API_REPLY(begun, arm_ask(&dev, "PUT", DEPLOYMENTS("rg1") "one", VERSION, CHAIN));
    API_REPLY(gone, arm_ask(&dev, "DELETE", GROUP_ID("rg2"), VERSION, NULL));

    cr_expect_str_eq(reply_header(&begun, "Retry-After"), "1", "%s", begun.body);
    expect_pause(&dev, reply_header(&begun, "Azure-AsyncOperation"), "1");
    cr_assert_eq(gone.status, 202, "%s", gone.body);
    cr_expect_str_eq(reply_header(&gone, "Retry-After"), "15");
    expect_pause(&dev, reply_header(&gone, "Azure-AsyncOperation"), "15");
    expect_pause(&dev, reply_header(&gone, "Location"), "15");
    api_advance(&daemon, LAG_SECONDS - 3);
    expect_pause(&dev, reply_header(&gone, "Location"), "3");
    api_advance(&daemon, 3);
    expect_pause(&dev, reply_header(&gone, "Azure-AsyncOperation"), NULL);
    expect_pause(&dev, reply_header(&gone, "Location"), NULL);
}

Test(deployments_time, each_step_takes_its_time_by_the_clock)
{
    API_CLIENT_OF(&daemon, dev);
    freeze();
    deployments_put(&dev, "one", CHAIN);
    await_thing(&dev, "a");
    api_advance(&daemon, LAG_SECONDS - 1);
    expect_state(&dev, "Running");
    cr_expect_eq(get_thing(&dev, "b"), 404);
    api_advance(&daemon, 1);
    await_thing(&dev, "b");
    cr_expect_eq(get_thing(&dev, "c"), 404);
}

Test(deployments_time, one_journey_of_the_clock_takes_it_to_its_end)
{
    API_CLIENT_OF(&daemon, dev);
    freeze();
    deployments_put(&dev, "one", CHAIN);
    await_thing(&dev, "a");
    api_advance(&daemon, 3L * LAG_SECONDS);
    expect_state(&dev, "Succeeded");
    API_REPLY(reply, arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "one", VERSION, NULL));
    cr_expect_str_eq(reply_text(&reply, "properties.duration"), "PT1M30.000S");
}

Test(deployments_time, DEPLOYMENT_ACTIVE_until_it_has_ended)
{
    API_CLIENT_OF(&daemon, dev);
    freeze();
    deployments_put(&dev, "one", CHAIN);
    API_REPLY(reply, arm_ask(&dev, "PUT", DEPLOYMENTS("rg1") "ONE", VERSION, CHAIN));
    cr_expect_eq(reply.status, 409);
    cr_expect_str_eq(reply_text(&reply, "error.code"), "DeploymentActive");
    cr_expect_not_null(
        strstr(reply_text(&reply, "error.message"),
               "Unable to edit or replace deployment 'ONE': previous deployment from "
               "'"));
    API_REPLY(deleted, arm_ask(&dev, "DELETE", DEPLOYMENTS("rg1") "one", VERSION, NULL));
    cr_expect_eq(deleted.status, 409);
}

Test(deployments_time, a_canceled_one_begins_nothing_more)
{
    API_CLIENT_OF(&daemon, dev);
    freeze();
    deployments_put(&dev, "one", CHAIN);
    await_thing(&dev, "a");
    API_REPLY(canceled, arm_ask(&dev, "POST", DEPLOYMENTS("rg1") "one/cancel", VERSION, NULL));
    cr_expect_eq(canceled.status, 204, "%s", canceled.body);

    API_REPLY(end, arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "one", VERSION, NULL));
    for (int i = 0; i < 2000; i++) {
        API_REPLY(look, arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "one", VERSION, NULL));
        if (strcmp(reply_text(&look, "properties.provisioningState"), "Canceled") == 0) {
            break;
        }
    }
    expect_state(&dev, "Canceled");
    api_advance(&daemon, 100);
    cr_expect_eq(get_thing(&dev, "b"), 404);
}

static void restart(bool by_kill)
{
    if (by_kill) {
        daemon_kill(&daemon);
    } else {
        cr_assert(daemon_stop(&daemon));
    }
    cr_assert(daemon_start(&daemon, arguments));
}

Test(deployments_time, one_that_a_crash_cut_short_has_failed_and_can_be_repeated)
{
    {
        API_CLIENT_OF(&daemon, dev);
        freeze();
        deployments_put(&dev, "one", CHAIN);
        await_thing(&dev, "a");
    }
    restart(true);
    API_CLIENT_OF(&daemon, dev);
    freeze();
    API_REPLY(reply, arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "one", VERSION, NULL));
    cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), "Failed");
    cr_expect_not_null(strstr(reply_text(&reply, "properties.error.message"),
                              "The deployment was interrupted: coffer ended"));
    deployments_put(&dev, "one", CHAIN);
    api_advance(&daemon, 3L * LAG_SECONDS);
    expect_state(&dev, "Succeeded");
}

Test(deployments_time, one_that_the_end_of_coffer_cut_short_was_canceled)
{
    {
        API_CLIENT_OF(&daemon, dev);
        freeze();
        deployments_put(&dev, "one", CHAIN);
        await_thing(&dev, "a");
    }
    restart(false);
    API_CLIENT_OF(&daemon, dev);
    API_REPLY(reply, arm_ask(&dev, "GET", DEPLOYMENTS("rg1") "one", VERSION, NULL));
    cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), "Canceled");
    cr_expect_str_eq(reply_text(&reply, "properties.error.message"),
                     "The deployment was interrupted: coffer was stopped.");
}

/* What is to go is found when all the rest is there, however long that took; it goes at once. */
Test(deployments_time, complete_mode_deletes_when_the_last_step_has_ended)
{
    API_CLIENT_OF(&daemon, dev);
    freeze();
    deployments_put(&dev, "before",
                    DEPLOY(TEMPLATE("\"resources\":[" THING("a", "") "," THING("z", "") "]")));
    await_thing(&dev, "z");
    api_advance(&daemon, LAG_SECONDS);
    deployments_put(
        &dev, "one",
        "{\"properties\":{\"mode\":\"Complete\",\"template\":" TEMPLATE(
            "\"resources\":[" THING("a", "") "," THING("b", ",\"dependsOn\":[\"a\"]") "]") "}}");
    api_advance(&daemon, LAG_SECONDS);
    await_thing(&dev, "b");
    expect_state(&dev, "Running");
    cr_expect_eq(get_thing(&dev, "z"), 200, "it stays until the last step has ended");
    api_advance(&daemon, LAG_SECONDS);
    expect_state(&dev, "Succeeded");
    cr_expect_eq(get_thing(&dev, "z"), 404);
    cr_expect_eq(get_thing(&dev, "a"), 200);
}
