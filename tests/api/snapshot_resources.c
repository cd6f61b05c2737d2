/* SPDX-License-Identifier: Apache-2.0 */
/* What the resource manager keeps of one vault, when that one alone is put back. */
#include <stdio.h>
#include <string.h>

#include "../support/arm.h"
#include "snapshot_tools.h"

TestSuite(snapshot_resources, .init = snapshot_start, .fini = snapshot_stop, .timeout = 90);

#define VERSION "2023-07-01"
#define VAULTS "~/resourceGroups/coffer/providers/Microsoft.KeyVault/vaults/"
#define SETTING "/providers/Microsoft.Insights/diagnosticSettings/audit"
#define SETTING_VERSION "2021-05-01-preview"

static void tag(struct client *client, const char *vault, const char *value)
{
    char path[256], body[128];

    snprintf(path, sizeof(path), VAULTS "%s", vault);
    snprintf(body, sizeof(body), "{\"tags\":{\"when\":\"%s\"}}", value);
    API_REPLY(reply, arm_ask(client, "PATCH", path, VERSION, body));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

static void expect_tag(struct client *client, const char *vault, const char *value)
{
    char path[256];

    snprintf(path, sizeof(path), VAULTS "%s", vault);
    API_REPLY(reply, arm_ask(client, "GET", path, VERSION, NULL));
    cr_expect_str_eq(reply_text(&reply, "tags.when"), value, "%s: %s", vault, reply.body);
}

/* Its tags and what lies below it, and nothing of its neighbour. */
Test(snapshot_resources, go_back_with_their_vault_and_no_other)
{
    API_CLIENT_OF(&snapshot_daemon, two);

    tag(&two, "two", "before");
    tag(&two, "dev", "before");
    API_REPLY(setting, arm_ask(&two, "PUT", VAULTS "two" SETTING, SETTING_VERSION,
                               "{\"properties\":{\"logs\":[]}}"));
    cr_assert_eq(setting.status, 201, "%s", setting.body);
    snapshot_save(&two, "one");
    tag(&two, "two", "after");
    tag(&two, "dev", "after");
    API_REPLY(gone, arm_ask(&two, "DELETE", VAULTS "two" SETTING, SETTING_VERSION, NULL));
    cr_assert_eq(gone.status, 200, "%s", gone.body);
    API_REPLY(younger, arm_ask(&two, "PUT",
                               VAULTS "two/providers/Microsoft.Insights/"
                                      "diagnosticSettings/younger",
                               SETTING_VERSION, "{\"properties\":{\"logs\":[]}}"));
    cr_assert_eq(younger.status, 201, "%s", younger.body);

    snapshot_restore(&two, "one", "{\"vault\":\"two\"}");
    expect_tag(&two, "two", "before");
    expect_tag(&two, "dev", "after");
    API_REPLY(back, arm_ask(&two, "GET", VAULTS "two" SETTING, SETTING_VERSION, NULL));
    cr_expect_eq(back.status, 200, "%s", back.body);
    API_REPLY(list,
              arm_ask(&two, "GET", VAULTS "two/providers/Microsoft.Insights/diagnosticSettings",
                      SETTING_VERSION, NULL));
    cr_expect_null(strstr(list.body, "younger"), "%s", list.body);
}

/* A vault that was purged has another number when it is put back. */
Test(snapshot_resources, find_a_vault_that_was_purged)
{
    API_CLIENT_OF(&snapshot_daemon, two);

    tag(&two, "two", "before");
    API_REPLY(before, arm_ask(&two, "GET", VAULTS "two", VERSION, NULL));
    snapshot_save(&two, "one");
    API_REPLY(deleted, client_ask_vaults(&two, "DELETE", "/two", NULL));
    API_REPLY(purged, client_ask_vaults(&two, "POST", "/two/purge", "{}"));
    cr_assert_eq(purged.status, 204, "%s", purged.body);
    API_REPLY(other, client_ask_vaults(&two, "PUT", "/other", "{}")); /* takes a number */
    cr_assert_eq(other.status, 201, "%s", other.body);

    snapshot_restore(&two, "one", "{\"vault\":\"two\"}");
    expect_tag(&two, "two", "before");
    API_REPLY(after, arm_ask(&two, "GET", VAULTS "two", VERSION, NULL));
    cr_expect_str_eq(after.body, before.body, "who made it, too");
    snapshot_restart();
    API_CLIENT_OF(&snapshot_daemon, dev);
    expect_tag(&dev, "two", "before");
}
