/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots beside what else is going on: scenarios, and events that are yet to come. */
#include "snapshot_tools.h"

#include <string.h>

TestSuite(snapshot_mix, .init = snapshot_start, .fini = snapshot_stop, .timeout = 90);

static struct reply ask(struct client *client, const char *method, const char *target,
                        const char *body)
{
    const struct request request = {
        .method = method, .target = target, .body = body, .control = true
    };

    return client_send(client, &request);
}

static void create(struct client *client, const char *body)
{
    API_REPLY(reply, client_call(client, "POST", "/keys/k/create", body));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

static void apply(struct client *client)
{
    API_REPLY(reply, ask(client, "POST", "/control/v1/scenarios/key-disabled/apply",
                         "{\"vault\":\"dev\",\"key\":\"k\"}"));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

static bool is_applied(struct client *client)
{
    API_REPLY(reply, ask(client, "GET", "/control/v1/scenarios/key-disabled", NULL));
    return strstr(reply.body, "\"applied\":true") != NULL;
}

Test(snapshot_mix, are_not_made_while_a_scenario_is_applied)
{
    API_CLIENT_OF(&snapshot_daemon, dev);

    create(&dev, "{\"kty\":\"EC\"}");
    apply(&dev);
    API_REPLY(reply, snapshot_ask(&dev, "POST", "", "{\"name\":\"s\"}"));
    cr_expect_eq(reply.status, 409, "%s", reply.body);
    cr_expect_not_null(strstr(reply.body, "A scenario is applied. Revert it first"), "%s",
                       reply.body);
}

/* Everything, or the vault that the scenario is about. */
static void put_back(const char *body)
{
    API_CLIENT_OF(&snapshot_daemon, dev);

    create(&dev, "{\"kty\":\"EC\"}");
    snapshot_save(&dev, "s");
    apply(&dev);
    snapshot_restore(&dev, "s", body);
    cr_expect_not(is_applied(&dev));
    API_REPLY(shown, client_call(&dev, "GET", "/keys/k", NULL));
    cr_expect_not_null(strstr(shown.body, "\"enabled\":true"), "%s", shown.body);
    apply(&dev);
    API_REPLY(reverted, ask(&dev, "POST", "/control/v1/scenarios/key-disabled/revert", "{}"));
    cr_expect_eq(reverted.status, 200, "%s", reverted.body);
}

Test(snapshot_mix, end_the_scenarios_when_they_are_put_back)
{
    put_back("{}");
}

Test(snapshot_mix, of_a_vault_end_its_scenarios_when_it_is_put_back)
{
    put_back("{\"vault\":\"dev\"}");
}

Test(snapshot_mix, that_are_not_there_end_no_scenario)
{
    API_CLIENT_OF(&snapshot_daemon, dev);

    create(&dev, "{\"kty\":\"EC\"}");
    apply(&dev);
    API_REPLY(reply, snapshot_ask(&dev, "POST", "/none/restore", "{}"));
    cr_expect_eq(reply.status, 404, "%s", reply.body);
    cr_expect(is_applied(&dev));
}

Test(snapshot_mix, of_a_vault_tell_of_the_ends_of_its_keys)
{
    API_CLIENT_OF(&snapshot_daemon, dev);

    API_REPLY(set,
              ask(&dev, "POST", "/control/v1/clock/advance", "{\"to\":\"2030-01-01T00:00:00Z\"}"));
    cr_assert_eq(set.status, 200, "%s", set.body);
    create(&dev, "{\"kty\":\"EC\",\"attributes\":{\"exp\":1896912000}}"); /* 40 days later */
    snapshot_save(&dev, "s");
    snapshot_purge(&dev, "k");
    snapshot_restore(&dev, "s", "{\"vault\":\"dev\"}");
    API_REPLY(moved, ask(&dev, "POST", "/control/v1/clock/advance", "{\"by\":\"P41D\"}"));
    cr_assert_eq(moved.status, 200, "%s", moved.body);
    API_REPLY(events, ask(&dev, "GET", "/control/v1/events", NULL));
    cr_expect_not_null(strstr(events.body, "KeyNearExpiry"), "%s", events.body);
    cr_expect_not_null(strstr(events.body, "KeyExpired"), "%s", events.body);
}
