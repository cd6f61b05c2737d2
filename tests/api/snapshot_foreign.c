/* SPDX-License-Identifier: Apache-2.0 */
/* A token that was brought along: its files are not coffer's to copy. */
#include "snapshot_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(snapshot_foreign, .timeout = 60);

static void expect_refused(struct client *client, const char *below, const char *body)
{
    API_REPLY(reply, snapshot_ask(client, "POST", below, body));
    cr_expect_eq(reply.status, 409, "%s: %s", below, reply.body);
    cr_expect_not_null(strstr(reply.body, "--pkcs11-module cannot be copied"), "%s", reply.body);
}

Test(snapshot_foreign, is_refused_for_all_and_for_one_vault)
{
    char pin[300], configuration[300];
    const char *const arguments[] = {
        "--pkcs11-module", getenv("SOFTHSM_MODULE"), "--pkcs11-pin-file", pin, NULL,
    };
    struct daemon own, other;

    API_SKIP_WITH_NSS("it takes a token of SoftHSM");
    api_begin(&own, NULL); /* makes the token */
    cr_assert(daemon_stop(&own));
    snprintf(pin, sizeof(pin), "%s/pin", own.folder);
    snprintf(configuration, sizeof(configuration), "%s/softhsm2.conf", own.folder);
    setenv("SOFTHSM2_CONF", configuration, 1);
    api_begin(&other, arguments);
    {
        API_CLIENT_OF(&other, dev);

        expect_refused(&dev, "", "{\"name\":\"one\"}");
        expect_refused(&dev, "/one/restore", "{}");
        expect_refused(&dev, "/one/restore", "{\"vault\":\"dev\"}");
        API_REPLY(list, snapshot_ask(&dev, "GET", "", NULL));
        cr_expect_str_eq(list.body, "{\"snapshots\":[]}");
    }
    api_end(&other);
    daemon_discard(&own);
}
