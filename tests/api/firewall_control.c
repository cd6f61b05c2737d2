/* SPDX-License-Identifier: Apache-2.0 */
/* Network settings by way of the control port, and what becomes of them with the vault. */
#include "access_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(firewall_control, .timeout = 120);

#define DEFAULTS                                                                                   \
    "{\"defaultAction\":\"Allow\",\"bypass\":\"AzureServices\","                                   \
    "\"publicNetworkAccess\":\"Enabled\",\"ipRules\":[],\"privateEndpoints\":[]}"

static void expect_network(const char *vault, const char *settings)
{
    char path[64];

    (void) snprintf(path, sizeof(path), "/%s/network", vault);
    API_REPLY(reply, access_ask(api_daemon(), "GET", path, NULL));
    cr_expect_eq(reply.status, 200);
    cr_expect_str_eq(reply.body, settings);
}

Test(firewall_control, refuses_what_is_no_setting)
{
    static const struct {
        const char *method, *behind, *body;
        long status;
        const char *said;
    } rows[] = {
        { "GET", "/none-such/network", NULL, 404, "There is no vault named 'none-such'." },
        { "PUT", "/none-such/network", "{}", 404, "There is no vault named 'none-such'." },
        { "GET", "/a_b/network", NULL, 400, "" },
        { "DELETE", "/wrong/network", NULL, 405, "DELETE is not supported here" },
        { "PUT", "/wrong/network", "", 400, "The body is not a JSON object." },
        { "PUT", "/wrong/network", "[]", 400, "The body is not a JSON object." },
        { "PUT", "/wrong/network", "{\"defaultaction\":\"Deny\"}", 400,
          "'defaultaction' is not a member of this body: it can have defaultAction, bypass, "
          "publicNetworkAccess, ipRules, privateEndpoints." },
        { "PUT", "/wrong/network", "{\"networkAcls\":{}}", 400, "is not a member" },
        { "PUT", "/wrong/network", "{\"virtualNetworkRules\":[]}", 400, "is not a member" },
        { "PUT", "/wrong/network", "{\"bypass\":\"None\",\"bypass\":\"None\"}", 400, "twice" },
        { "PUT", "/wrong/network", "{\"defaultAction\":true}", 400, "wrong type" },
        { "PUT", "/wrong/network", "{\"defaultAction\":\"Block\"}", 400,
          "defaultAction is Allow or Deny, which 'Block' is not." },
        { "PATCH", "/wrong/network", "{\"publicNetworkAccess\":\"No\"}", 400,
          "publicNetworkAccess is Enabled, Disabled or SecuredByPerimeter, which 'No' is not." },
        { "PUT", "/wrong/network", "{\"ipRules\":{}}", 400, "wrong type" },
        { "PUT", "/wrong/network", "{\"ipRules\":[\"10.0.0.0/8\"]}", 400,
          "ipRules is a list of ranges such as {\\\"value\\\":\\\"203.0.113.0/24\\\"}." },
        { "PUT", "/wrong/network", "{\"ipRules\":[{\"value\":1}]}", 400, "is a list of ranges" },
        { "PUT", "/wrong/network", "{\"ipRules\":[{\"value\":\"10.0.0.1\",\"action\":\"Deny\"}]}",
          400, "is a list of ranges" },
        { "PUT", "/wrong/network", "{\"ipRules\":[{\"value\":\"10.0.0.1/8\"}]}", 400,
          "'10.0.0.1/8' has bits behind its prefix: the range it is in is 10.0.0.0/8." },
        { "PUT", "/wrong/network", "{\"privateEndpoints\":[{\"value\":\"0.0.0.0/0\"}]}", 400,
          "is every address" },
        { "PUT", "/wrong/network", "{\"ipRules\":[{\"value\":\"localhost\"}]}", 400,
          "'localhost' is neither an IP address nor a range" },
        { "POST", "/wrong/network/rules", "{}", 400,
          "Give ranges: ipRules, privateEndpoints, or both." },
        { "POST", "/wrong/network/rules", "{\"bypass\":\"None\",\"ipRules\":[]}", 400,
          "Give ranges" },
        { "DELETE", "/wrong/network/rules", "{\"ipRules\":[{\"value\":\"10.0.0.1\"}]}", 404,
          "10.0.0.1/32 is not among the ipRules of the vault." },
    };

    access_make_vault(api_daemon(), "wrong", "{}");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, access_ask(api_daemon(), rows[i].method, rows[i].behind, rows[i].body));
        cr_expect_eq(reply.status, rows[i].status, "row %zu: %ld %s", i, reply.status, reply.body);
        cr_expect_not_null(strstr(reply.body, rows[i].said), "row %zu: %s", i, reply.body);
    }
    expect_network("wrong", DEFAULTS);
}

Test(firewall_control, replaces_changes_adds_and_removes)
{
    access_make_vault(api_daemon(), "changed", "{}");
    expect_network("changed", DEFAULTS);
    access_do(api_daemon(), "PUT", "/changed/network",
              "{\"defaultAction\":\"deny\",\"ipRules\":[{\"value\":\"::ffff:192.0.2.1\"},"
              "{\"value\":\"192.0.2.1/32\"},{\"value\":\"2001:DB8::/32\"}]}",
              200);
    access_do(api_daemon(), "PATCH", "/changed/network", "{\"bypass\":\"none\"}", 200);
    expect_network("changed",
                   "{\"defaultAction\":\"Deny\",\"bypass\":\"None\","
                   "\"publicNetworkAccess\":\"Enabled\",\"ipRules\":[{\"value\":\"192.0.2.1/32\"},"
                   "{\"value\":\"2001:db8::/32\"}],\"privateEndpoints\":[]}");
    access_do(api_daemon(), "POST", "/changed/network/rules",
              "{\"privateEndpoints\":[{\"value\":\"10.1.0.0/16\"}]}", 200);
    access_do(api_daemon(), "DELETE", "/changed/network/rules",
              "{\"ipRules\":[{\"value\":\"192.0.2.1\"}]}", 200);
    expect_network("changed",
                   "{\"defaultAction\":\"Deny\",\"bypass\":\"None\","
                   "\"publicNetworkAccess\":\"Enabled\",\"ipRules\":[{\"value\":\"2001:db8::/32\"}"
                   "],\"privateEndpoints\":[{\"value\":\"10.1.0.0/16\"}]}");
    API_REPLY(shown, access_ask(api_daemon(), "GET", "/changed/network", NULL));
    access_do(api_daemon(), "PUT", "/changed/network", shown.body, 200);
    expect_network("changed", shown.body);
    access_do(api_daemon(), "PUT", "/changed/network", "{}", 200);
    expect_network("changed", DEFAULTS);
}

/* They are the vault's: another one of the same name begins anew. */
Test(firewall_control, goes_with_the_vault)
{
    static const char closed[] = "{\"defaultAction\":\"Deny\"}";
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "leaving", "{}");
    access_do(api_daemon(), "PUT", "/leaving/network", closed, 200);
    cr_expect_eq(access_get(&dev, "leaving", false, "k"), 403);
    access_do(api_daemon(), "DELETE", "/leaving", NULL, 200);
    access_do(api_daemon(), "GET", "/leaving/network", NULL, 200);
    access_do(api_daemon(), "PATCH", "/leaving/network", closed, 409);
    access_do(api_daemon(), "POST", "/leaving/recover", "{}", 200);
    cr_expect_eq(access_get(&dev, "leaving", false, "k"), 403, "it comes back with it");
    access_do(api_daemon(), "DELETE", "/leaving", NULL, 200);
    access_do(api_daemon(), "POST", "/leaving/purge", "{}", 204);
    access_make_vault(api_daemon(), "leaving", "{}");
    cr_expect_eq(access_get(&dev, "leaving", false, "k"), 404);
    expect_network("leaving", DEFAULTS);
}

/* control-plane.md §5.5: whoever has closed it can open it again. */
Test(firewall_control, is_never_closed_itself)
{
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "locked-out", "{}");
    access_do(api_daemon(), "PUT", "/locked-out/network",
              "{\"publicNetworkAccess\":\"Disabled\",\"bypass\":\"None\"}", 200);
    cr_expect_eq(access_get(&dev, "locked-out", false, "k"), 403);
    access_do(api_daemon(), "GET", "/locked-out", NULL, 200);
    access_do(api_daemon(), "GET", "/locked-out/access", NULL, 200);
    access_do(api_daemon(), "PATCH", "/locked-out", "{\"access\":\"rbac\"}", 200);
    access_do(api_daemon(), "PATCH", "/locked-out/network", "{\"publicNetworkAccess\":\"Enabled\"}",
              200);
    (void) access_grant(api_daemon(), "locked-out", "Key Vault Reader", "");
    cr_expect_eq(access_get(&dev, "locked-out", false, "k"), 404);
}
