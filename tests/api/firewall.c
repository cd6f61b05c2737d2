/* SPDX-License-Identifier: Apache-2.0 */
/* From where a vault can be reached, and how the others are refused: contract §9.3, control-plane.md
 * §5.5. The daemon of this program trusts proxies at 127.0.0.1 and in 10.99.0.0/16. */
#include "access_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(firewall, .timeout = 120);

#define MIRID "/resourcegroups/coffer/providers/Microsoft.App/containerApps/coffer"

/* What the settings of a vault refuse a caller at 127.0.0.1 with; {..} as print_text() fills it. */
struct variant {
    const char *settings, *inner, *said;
    bool shows_address; /* and not the caller's resource */
};

static const struct variant variants[] = {
    { "{\"defaultAction\":\"Deny\"}", "ForbiddenByFirewall",
      "Client address is not authorized and caller is not a trusted service.", true },
    { "{\"defaultAction\":\"Deny\",\"bypass\":\"None\"}", "ForbiddenByFirewall",
      "Client address is not authorized and caller was ignored because bypass is set to None",
      true },
    { "{\"publicNetworkAccess\":\"SecuredByPerimeter\"}", "ForbiddenByFirewall",
      "Request was not allowed by NSP rules and the client address is not authorized and caller "
      "was ignored because bypass is set to None",
      true },
    { "{\"publicNetworkAccess\":\"Disabled\"}", "ForbiddenByConnection",
      "Public network access is disabled and request is not from a trusted service nor via an "
      "approved private link.",
      false },
    { "{\"publicNetworkAccess\":\"Disabled\",\"bypass\":\"None\"}", "ForbiddenByConnection",
      "Connection is not an approved private link and caller was ignored because bypass is not set "
      "to 'AzureServices' and PublicNetworkAccess is set to 'Disabled'.",
      false },
};

static const char *print_text(const struct variant *variant, const struct caller *caller,
                              const char *vault)
{
    static char text[2048];

    (void) snprintf(text, sizeof(text), "%s%s\r\nCaller: %s%s%s%s\r\nVault: %s;location=eastus",
                    variant->said, variant->shows_address ? "\r\nClient address: 127.0.0.1" : "",
                    caller->text, variant->shows_address ? "" : ";xms_mirid=/subscriptions/",
                    variant->shows_address ? "" : caller->subscription,
                    variant->shows_address ? "" : MIRID, vault);
    return text;
}

static void set_network(const char *vault, const char *settings)
{
    char path[64];

    (void) snprintf(path, sizeof(path), "/%s/network", vault);
    access_do(api_daemon(), "PUT", path, settings, 200);
}

/* GET /keys of a vault, with a line of headers and with another token than the client's. */
static struct reply list_keys(struct client *client, const char *vault, const char *header,
                              const char *authorization)
{
    char host[64];
    const struct request request = {
        .method = "GET",
        .target = "/keys?api-version=7.6",
        .host = host,
        .headers = { header != NULL ? header : "Accept: */*", authorization },
        .without_token = authorization != NULL,
    };

    (void) snprintf(host, sizeof(host), "%s.vault.localhost", vault);
    return client_send(client, &request);
}

static long status_from(struct client *client, const char *vault, const char *address)
{
    char header[128];

    (void) snprintf(header, sizeof(header), "X-Forwarded-For: %s", address);
    API_REPLY(reply, list_keys(client, vault, header, NULL));
    cr_assert(reply.status == 200 || reply.status == 403, "%s", reply.body);
    return reply.status;
}

static const struct {
    const char *method, *path;
} operations[] = {
    { "GET", "/keys" },
    { "GET", "/keys/k" },
    { "GET", "/keys/k/versions" },
    { "GET", "/deletedkeys/k" },
    { "GET", "/keys/k/rotationpolicy" },
    { "POST", "/keys/k/create" },
    { "POST", "/keys/k/unwrapkey" },
    { "POST", "/keys/k/release" },
    { "POST", "/keys/restore" },
    { "POST", "/deletedkeys/k/recover" },
    { "PUT", "/keys/k" },
    { "PATCH", "/keys/k" },
    { "DELETE", "/keys/k" },
    { "DELETE", "/deletedkeys/k" },
    { "POST", "/no/such/thing" },
};

static void expect_refused(struct client *client, const struct caller *caller, const char *vault,
                           const struct variant *variant)
{
    for (size_t i = 0; i < KV_COUNT(operations); i++) {
        bool reads = strcmp(operations[i].method, "GET") == 0;
        API_REPLY(reply, client_call_vault(client, vault, false, operations[i].method,
                                           operations[i].path, reads ? NULL : "{}"));

        cr_expect(reply_is_error(&reply, 403, "Forbidden", variant->inner,
                                 print_text(variant, caller, vault)),
                  "%s %s", operations[i].method, operations[i].path);
    }
}

Test(firewall, FORBIDDEN_BY_FIREWALL_of_every_operation_in_every_variant)
{
    struct caller caller;
    API_CLIENT(dev);

    access_read_caller(api_daemon(), &caller);
    access_make_vault(api_daemon(), "closed", "{}");
    for (size_t i = 0; i < 3; i++) {
        set_network("closed", variants[i].settings);
        expect_refused(&dev, &caller, "closed", &variants[i]);
    }
}

Test(firewall, FORBIDDEN_BY_CONNECTION_of_every_operation_in_every_variant)
{
    struct caller caller;
    API_CLIENT(dev);

    access_read_caller(api_daemon(), &caller);
    access_make_vault(api_daemon(), "off", "{}");
    for (size_t i = 3; i < KV_COUNT(variants); i++) {
        set_network("off", variants[i].settings);
        expect_refused(&dev, &caller, "off", &variants[i]);
    }
}

/* contract §9.1: the inner code is the code, and an Activity ID is behind the text */
Test(firewall, FORBIDDEN_at_a_managed_HSM_has_its_form)
{
    struct caller caller;
    char text[2200];
    API_HSM_OF(api_daemon(), walled);

    access_read_caller(api_daemon(), &caller);
    access_make_vault(api_daemon(), "walled", "{\"kind\":\"hsm\"}");
    for (size_t i = 0; i < KV_COUNT(variants); i++) {
        set_network("walled", variants[i].settings);
        API_REPLY(reply, client_call(&walled, "GET", "/keys", NULL));
        (void) snprintf(text, sizeof(text), "%s (Activity ID: %s)",
                        print_text(&variants[i], &caller, "walled"),
                        reply_header(&reply, "x-ms-request-id"));
        cr_expect(reply_is_error(&reply, 403, variants[i].inner, NULL, text));
    }
}

Test(firewall, is_asked_behind_the_token_and_names_nobody_without_one)
{
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "token-first", "{}");
    set_network("token-first", variants[0].settings);
    API_REPLY(reply, list_keys(&dev, "token-first", NULL, "Authorization: Bearer x"));
    cr_expect_eq(reply.status, 401, "%s", reply.body);
    cr_expect_not_null(reply_header(&reply, "WWW-Authenticate"));
}

Test(firewall, of_a_change_is_seen_by_the_next_request)
{
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "changing", "{}");
    for (unsigned i = 0; i < 20; i++) {
        set_network("changing", "{\"defaultAction\":\"Deny\"}");
        cr_expect_eq(access_get(&dev, "changing", false, "k"), 403);
        access_do(api_daemon(), "POST", "/changing/network/rules",
                  "{\"ipRules\":[{\"value\":\"127.0.0.1\"}]}", 200);
        cr_expect_eq(access_get(&dev, "changing", false, "k"), 404);
        access_do(api_daemon(), "DELETE", "/changing/network/rules",
                  "{\"ipRules\":[{\"value\":\"127.0.0.1/32\"}]}", 200);
        cr_expect_eq(access_get(&dev, "changing", false, "k"), 403);
    }
}

Test(firewall, lets_addresses_of_its_rules_in)
{
    static const struct {
        const char *address;
        long status;
    } rows[] = {
        { "203.0.113.0", 200 },          { "203.0.113.255", 200 }, { "203.0.114.0", 403 },
        { "198.51.100.7", 200 },         { "198.51.100.8", 403 },  { "2001:db8:1::1", 200 },
        { "[2001:db8:1::1]:4711", 200 }, { "2001:db9::1", 403 },   { "::ffff:203.0.113.9", 200 },
        { "::ffff:203.0.114.9", 403 },   { "10.1.2.3", 200 },      { "10.2.2.3", 403 },
    };
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "ruled", "{}");
    set_network("ruled", "{\"defaultAction\":\"deny\",\"ipRules\":[{\"value\":\"203.0.113.0/24\"},"
                         "{\"value\":\"198.51.100.7\"},{\"value\":\"2001:db8::/32\"}],"
                         "\"privateEndpoints\":[{\"value\":\"10.1.0.0/16\"}]}");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(status_from(&dev, "ruled", rows[i].address), rows[i].status, "%s",
                     rows[i].address);
    }
}

Test(firewall, lets_private_endpoints_in_when_public_access_is_off)
{
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "private", "{}");
    set_network("private", "{\"publicNetworkAccess\":\"Disabled\",\"bypass\":\"None\","
                           "\"ipRules\":[{\"value\":\"203.0.113.0/24\"}],"
                           "\"privateEndpoints\":[{\"value\":\"10.1.0.0/16\"}]}");
    cr_expect_eq(status_from(&dev, "private", "10.1.2.3"), 200);
    cr_expect_eq(status_from(&dev, "private", "203.0.113.7"), 403, "rules are for public access");
}

/* Heap. Of the identity with that resource id, or that name. */
static char *fetch_token_of(const char *identity)
{
    char target[1024];
    const struct request request = {
        .method = "GET",
        .target = target,
        .headers = { "X-IDENTITY-HEADER: test" },
        .control = true,
    };
    char *line = NULL;
    API_CLIENT(dev);

    (void) snprintf(target, sizeof(target),
                    "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net&"
                    "%s=%s",
                    *identity == '/' ? "mi_res_id" : "client_id", identity);
    API_REPLY(reply, client_send(&dev, &request));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_assert_geq(asprintf(&line, "Authorization: Bearer %s", reply_text(&reply, "access_token")),
                  0);
    return line;
}

#define SERVICE "/subscriptions/s/resourceGroups/g/providers/Microsoft.Sql/servers/s"
#define FHIR "/subscriptions/s/resourceGroups/g/providers/Microsoft.HealthcareApis/services/s"

static long status_of(struct client *client, const char *settings, const char *authorization)
{
    set_network("trusting", settings);
    API_REPLY(reply, list_keys(client, "trusting", NULL, authorization));
    cr_assert(reply.status == 200 || reply.status == 403, "%s", reply.body);
    return reply.status;
}

Test(firewall, lets_trusted_services_in_while_the_bypass_is_on)
{
    static const struct {
        const char *settings;
        long status;
    } rows[] = {
        { "{\"defaultAction\":\"Deny\"}", 200 },
        { "{\"defaultAction\":\"Deny\",\"bypass\":\"None\"}", 403 },
        { "{\"publicNetworkAccess\":\"Disabled\"}", 200 },
        { "{\"publicNetworkAccess\":\"Disabled\",\"bypass\":\"None\"}", 403 },
        { "{\"publicNetworkAccess\":\"SecuredByPerimeter\"}", 403 },
    };
    char *service = fetch_token_of(SERVICE), *fhir = fetch_token_of(FHIR);
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "trusting", "{}");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(status_of(&dev, rows[i].settings, service), rows[i].status, "%s",
                     rows[i].settings);
        cr_expect_eq(status_of(&dev, rows[i].settings, fhir), 403, "%s", rows[i].settings);
    }
    free(service);
    free(fhir);
}

/* A caller is one because its principal was registered so, whatever its resource is. */
Test(firewall, lets_principals_in_that_are_registered_as_trusted)
{
    char *stranger = fetch_token_of("stranger"), *trusted = fetch_token_of("backup");
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "trusting-too", "{}");
    set_network("trusting-too", "{\"defaultAction\":\"Deny\"}");
    API_REPLY(kept_out, list_keys(&dev, "trusting-too", NULL, stranger));
    cr_expect_eq(kept_out.status, 403, "%s", kept_out.body);
    API_REPLY(let_in, list_keys(&dev, "trusting-too", NULL, trusted));
    cr_expect_eq(let_in.status, 200, "%s", let_in.body);
    free(stranger);
    free(trusted);
}

/* What is taken for the client's address, as the answer's header shows it. */
static const char *network_info(struct client *client, const char *first, const char *second)
{
    const struct request request = {
        .method = "GET",
        .target = "/keys?api-version=7.6",
        .headers = { first, second },
    };
    API_REPLY(reply, client_send(client, &request));
    const char *info = reply_header(&reply, "x-ms-keyvault-network-info");

    cr_assert_not_null(info, "%s", reply.headers);
    return info;
}

#define V4(address) "conn_type=Ipv4;addr=" address ";act_addr_fam=InterNetwork;"
#define V6(address) "conn_type=Ipv6;addr=" address ";act_addr_fam=InterNetworkV6;"
#define NOBODY V4("127.0.0.1")
#define TEN "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"

Test(firewall, believes_what_trusted_proxies_have_added)
{
    static const struct {
        const char *first, *second, *info;
    } rows[] = {
        { "X-Forwarded-For: 192.0.2.1", NULL, V4("192.0.2.1") },
        { "x-forwarded-FOR:  192.0.2.1 ", NULL, V4("192.0.2.1") },
        { "X-Forwarded-For: 192.0.2.1:4711", NULL, V4("192.0.2.1") },
        { "X-Forwarded-For: 2001:db8::1", NULL, V6("2001:db8::1") },
        { "X-Forwarded-For: [2001:db8::1]:4711", NULL, V6("2001:db8::1") },
        { "X-Forwarded-For: [2001:db8::1]", NULL, V6("2001:db8::1") },
        { "X-Forwarded-For: ::ffff:192.0.2.1", NULL, V4("192.0.2.1") },
        /* the last one that is no proxy */
        { "X-Forwarded-For: 198.51.100.1, 192.0.2.1", NULL, V4("192.0.2.1") },
        { "X-Forwarded-For: 198.51.100.1,192.0.2.1 , 10.99.1.1", NULL, V4("192.0.2.1") },
        { "X-Forwarded-For: 10.99.7.7, 127.0.0.1, 10.99.1.1", NULL, V4("10.99.7.7") },
        { "X-Forwarded-For: 127.0.0.1, 192.0.2.1", "X-Forwarded-For: 10.99.1.1", V4("192.0.2.1") },
        /* what is no list of addresses says nothing */
        { NULL, NULL, NOBODY },
        { "X-Forwarded-For;", NULL, NOBODY },
        { "X-Forwarded-For: unknown", NULL, NOBODY },
        { "X-Forwarded-For: 192.0.2.1,", NULL, NOBODY },
        { "X-Forwarded-For: ,192.0.2.1", NULL, NOBODY },
        { "X-Forwarded-For: 192.0.2.1 192.0.2.2", NULL, NOBODY },
        { "X-Forwarded-For: 192.0.2.1;", NULL, NOBODY },
        { "X-Forwarded-For: x, 192.0.2.1", NULL, NOBODY },
        { "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: x", NOBODY },
        { "X-Forwarded-For: 192.0.2.256", NULL, NOBODY },
        { "X-Forwarded-For: 192.0.2.01", NULL, NOBODY },
        { "X-Forwarded-For: 192.0.2.1/32", NULL, NOBODY },
        { "X-Forwarded-For: 192.0.2.1:", NULL, NOBODY },
        { "X-Forwarded-For: 192.0.2.1:x", NULL, NOBODY },
        { "X-Forwarded-For: 192.0.2.1:123456", NULL, NOBODY },
        { "X-Forwarded-For: [192.0.2.1]", NULL, NOBODY },
        { "X-Forwarded-For: [2001:db8::1", NULL, NOBODY },
        { "X-Forwarded-For: [2001:db8::1]4711", NULL, NOBODY },
        { "X-Forwarded-For: [2001:db8::1]:", NULL, NOBODY },
        { "X-Forwarded-For: fe80::1%lo", NULL, NOBODY },
        { "X-Forwarded-For: " TEN TEN TEN "1.1.1.1,1.1.1.2", NULL, V4("1.1.1.2") },
        { "X-Forwarded-For: " TEN TEN TEN "1.1.1.1,1.1.1.2,1.1.1.3", NULL, NOBODY },
        { "X-Forwarded-For: "
          "1111111111111111111111111111111111111111111111111111111111111111111111111111",
          NULL, NOBODY },
        /* other headers are no proxy's of ours */
        { "Forwarded: for=192.0.2.1", "X-Real-IP: 192.0.2.1", NOBODY },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_str_eq(network_info(&dev, rows[i].first, rows[i].second), rows[i].info,
                         "row %zu: %s", i, rows[i].first != NULL ? rows[i].first : "");
    }
}
