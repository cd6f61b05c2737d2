/* SPDX-License-Identifier: Apache-2.0 */
/* The model case where the service does not even get its token: control-plane.md §5.1, §5.3. */
#include <stdio.h>
#include <string.h>

#include "authority_tools.h"
#include "identity_tools.h"
#include "model.h"

TestSuite(model_login, .timeout = 300);

#define CREDENTIALS                                                                                \
    GRANT "&client_id=%s&client_secret=%s&scope=https%%3A%%2F%%2Fvault.azure.net%%2F.default"

/* Why is asked of the vault, which has nothing against the identity. */
static void expect_reason(const struct daemon *daemon, const char *name, const char *step,
                          const char *because)
{
    char path[128];
    API_CLIENT_OF(daemon, dev);

    snprintf(path, sizeof(path), "/dev/why?operation=list&identity=%s", name);
    API_REPLY(why, client_ask_vaults(&dev, "GET", path, NULL));
    cr_expect_str_eq(reply_text(&why, "decided_by"), step, "%s", why.body);
    cr_expect_not_null(strstr(reply_text(&why, "steps.1.because"), because), "%s", why.body);
}

/* --- managed identities --- */

Test(model_login, of_an_identity_that_is_disabled_or_deleted_or_made_anew)
{
    static const struct {
        const char *name, *method, *behind, *step, *because;
    } rows[] = {
        { "idle", "POST", "/idle/disable", "token", "the identity is disabled" },
        { "gone", "DELETE", "/gone", "token", "there is no such identity" },
        { "anew", "POST", "/anew/recreate", "", "tokens that the vault accepts" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char behind[32], target[256];

        snprintf(behind, sizeof(behind), "/%s", rows[i].name);
        identity_do(api_daemon(), "PUT", behind, "{}", 201);
        snprintf(target, sizeof(target),
                 "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net&client_id=%s",
                 identity_show(api_daemon(), rows[i].name, "client_id"));
        API_REPLY(before, identity_endpoint(api_daemon(), target, "X-IDENTITY-HEADER: x"));
        cr_expect_eq(before.status, 200, "%s", before.body);
        API_REPLY(done, identity_ask(api_daemon(), rows[i].method, rows[i].behind, NULL));
        cr_assert_eq(done.status / 100, 2, "%s", done.body);
        API_REPLY(after, identity_endpoint(api_daemon(), target, "X-IDENTITY-HEADER: x"));
        cr_expect_eq(after.status, 400, "%s: %s", rows[i].name, after.body);
        cr_expect_str_eq(reply_text(&after, "message"),
                         "No User Assigned or Delegated Managed Identity found for specified "
                         "ClientId/ResourceId/PrincipalId.",
                         "%s", after.body);
        expect_reason(api_daemon(), rows[i].name, rows[i].step, rows[i].because);
    }
}

/* --- applications --- */

static void expect_aadsts(const struct reply *reply, unsigned number, const char *text)
{
    const char *trace = reply_text(reply, "trace_id"), *date = reply_text(reply, "timestamp");
    const char *correlation = reply_text(reply, "correlation_id");
    char expected[2048], trace_copy[64], date_copy[64], correlation_copy[64];

    snprintf(trace_copy, sizeof(trace_copy), "%s", trace);
    snprintf(date_copy, sizeof(date_copy), "%s", date);
    snprintf(correlation_copy, sizeof(correlation_copy), "%s", correlation);
    snprintf(expected, sizeof(expected),
             "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS%u: %s Trace ID: %s "
             "Correlation ID: %s Timestamp: %s\",\"error_codes\":[%u],\"timestamp\":\"%s\","
             "\"trace_id\":\"%s\",\"correlation_id\":\"%s\",\"error_uri\":"
             "\"https://login.microsoftonline.com/error?code=%u\"}",
             number, text, trace_copy, correlation_copy, date_copy, number, date_copy, trace_copy,
             correlation_copy, number);
    cr_expect_eq(reply->status, 401);
    cr_expect_str_eq(reply->body, expected);
    cr_expect_null(reply_header(reply, "WWW-Authenticate"));
}

static struct reply log_in(struct client *client, const char *client_id, const char *secret)
{
    char form[512];

    snprintf(form, sizeof(form), CREDENTIALS, client_id, secret);
    return authority_post(client, TENANT, form);
}

#define WRONG                                                                                      \
    "Invalid client secret provided. Ensure the secret being sent in the request is the client "   \
    "secret value, not the client secret ID, for a secret added to app '%s'."
#define EXPIRED                                                                                    \
    "The provided client secret keys for app '%s' are expired. Visit the Azure portal to create "  \
    "new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate "        \
    "credentials for added security: https://aka.ms/certCreds."

/* Secrets age by the virtual clock, so the daemon is the test's own. */
Test(model_login, of_a_secret_that_is_wrong_and_of_one_that_has_expired)
{
    const char *const arguments[] = { "--vault", "dev", NULL };
    struct daemon own;
    char text[512], id[64];

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    {
        API_CLIENT_OF(&own, dev);

        identity_do(&own, "PUT", "/app", "{\"type\":\"application\"}", 201);
        identity_do(&own, "POST", "/app/secrets", "{\"secret\":\"s3cret-s3cret\",\"lifetime\":60}",
                    201);
        snprintf(id, sizeof(id), "%s", identity_show(&own, "app", "client_id"));
        API_REPLY(good, log_in(&dev, id, "s3cret-s3cret"));
        cr_expect_eq(good.status, 200, "%s", good.body);
        API_REPLY(wrong, log_in(&dev, id, "another"));
        snprintf(text, sizeof(text), WRONG, id);
        expect_aadsts(&wrong, 7000215, text);
        api_advance(&own, 61);
        API_REPLY(late, log_in(&dev, id, "s3cret-s3cret"));
        snprintf(text, sizeof(text), EXPIRED, id);
        expect_aadsts(&late, 7000222, text);
        expect_reason(&own, "app", "", "tokens that the vault accepts");
    }
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}
