/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two documents on customer-managed keys for the FHIR service, as tests that read like them:
 * "Configure customer-managed keys", then "Best practices". Minutes are those of the virtual clock.
 */
#include <stdio.h>
#include <string.h>

#include "consumer_tools.h"

TestSuite(consumer_pages, .init = consumer_start, .fini = consumer_stop, .timeout = 120);

#define MINUTE 60

static struct reply redeploy(const char *body)
{
    return consumer_ask("POST", "/ws-fhir/redeploy", body);
}

static void deploy_service(const char *vault, char ret_url[CONSUMER_URL_SIZE])
{
    consumer_key(vault, ret_url);
    consumer_add("ws-fhir", "fhir", ret_url, "fhir-id");
    consumer_walk(5 * MINUTE);
    consumer_expect("ws-fhir", "encrypted", "after five quiet minutes");
}

/* "The key must be RSA, 2048 or 3072; the vault needs soft delete and purge protection." */
Test(consumer_pages, the_prerequisites_are_asked_for)
{
    static const struct {
        const char *key, *rules, *said;
    } rows[] = {
        { "{\"kty\":\"EC\"}", "fhir-best-practice", "RSA or RSA-HSM" },
        { "{\"kty\":\"RSA\",\"key_size\":4096}", "fhir-best-practice", "2048 or 3072" },
        { "{\"kty\":\"RSA-HSM\"}", "fhir-2023", "RSA-HSM" },
    };
    char url[CONSUMER_URL_SIZE], body[512];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(made, consumer_vault("rol", "POST", "/create", rows[i].key));
        cr_assert(made.status == 200 || strstr(rows[i].key, "HSM") != NULL, "%s", made.body);
        if (made.status != 200) {
            continue; /* a standard vault has no such key */
        }
        consumer_key("rol", url);
        (void) snprintf(body, sizeof(body),
                        "{\"key\":\"%s\",\"identity\":\"fhir-id\",\"rules\":\"%s\"}", url,
                        rows[i].rules);
        API_REPLY(refused, consumer_ask("PUT", "/ws-fhir", body));
        cr_expect_eq(refused.status, 409, "%s", refused.body);
        cr_expect(strstr(refused.body, rows[i].said) != NULL, "%s", refused.body);
    }
    *strrchr(url, '/') = '\0';
    (void) snprintf(body, sizeof(body), "{\"key\":\"%s\",\"identity\":\"fhir-id\"}", url);
    API_REPLY(versionless, consumer_ask("PUT", "/ws-fhir", body));
    cr_expect_eq(versionless.status, 409, "%s", versionless.body);
    cr_expect(strstr(versionless.body, "names a version of the key") != NULL, "%s",
              versionless.body);
    API_REPLY(none, consumer_ask("GET", "/ws-fhir", NULL));
    cr_expect_eq(none.status, 404, "what was refused is not there");
}

/* "Disable the key: API requests return 500 ..." "If the outage was shorter than 30 minutes the service
 * recovers by itself; allow 5 to 10 minutes." */
Test(consumer_pages, a_short_outage_heals_by_itself)
{
    struct consumer_standing standing;
    char url[CONSUMER_URL_SIZE];

    deploy_service("rol", url);
    consumer_change("rol", "{\"enabled\":false}");
    consumer_walk(MINUTE);
    consumer_look("ws-fhir", &standing);
    cr_assert_str_eq(standing.state, "access-lost");
    cr_expect_eq(standing.status, 500);
    cr_expect_str_eq(standing.reason, "CustomerManagedKeyAccessLost");
    consumer_walk(28 * MINUTE);
    consumer_expect("ws-fhir", "access-lost", "after 29 minutes");
    consumer_change("rol", "{\"enabled\":true}");
    consumer_walk(MINUTE);
    consumer_expect("ws-fhir", "healing", "access is back before 30 minutes");
    consumer_look("ws-fhir", &standing);
    cr_expect_eq(standing.status, 500, "it still does not serve");
    consumer_walk(5 * MINUTE - 2);
    consumer_expect("ws-fhir", "healing", "not before five minutes");
    consumer_walk(5 * MINUTE + 2);
    consumer_expect("ws-fhir", "encrypted", "after ten minutes at most");
    consumer_look("ws-fhir", &standing);
    cr_expect_eq(standing.status, 200);
}

/* "After more than 30 minutes the service must be deployed again." */
Test(consumer_pages, a_long_outage_needs_the_recovery_template)
{
    char url[CONSUMER_URL_SIZE];

    deploy_service("rol", url);
    consumer_change("rol", "{\"enabled\":false}");
    consumer_walk(32 * MINUTE);
    consumer_expect("ws-fhir", "needs-redeploy", "after 31 minutes");
    API_REPLY(failed, redeploy("{}"));
    cr_expect_eq(failed.status, 409, "the key is still disabled: %s", failed.body);
    consumer_change("rol", "{\"enabled\":true}");
    consumer_walk(60 * MINUTE);
    consumer_expect("ws-fhir", "needs-redeploy", "however long the key has been back");
    API_REPLY(done, redeploy("{}"));
    cr_assert_eq(done.status, 200, "%s", done.body);
    consumer_expect("ws-fhir", "encrypted", "deployed again");
}

/* "Rotation is manual: update the URL. Keep the old version enabled until the service uses the new
 * one." */
Test(consumer_pages, an_old_version_is_needed_until_the_service_has_moved)
{
    char old[CONSUMER_URL_SIZE], new[CONSUMER_URL_SIZE], body[256], behind[64];

    deploy_service("rol", old);
    consumer_rotate("rol", new);
    cr_assert_str_neq(old, new);
    consumer_walk(3 * MINUTE);
    consumer_expect("ws-fhir", "encrypted", "it still uses the old version");
    (void) snprintf(behind, sizeof(behind), "%s", strrchr(old, '/'));
    API_REPLY(disabled,
              consumer_vault("rol", "PATCH", behind, "{\"attributes\":{\"enabled\":false}}"));
    cr_assert_eq(disabled.status, 200, "%s", disabled.body);
    consumer_walk(MINUTE);
    consumer_expect("ws-fhir", "access-lost", "its version is disabled");
    (void) snprintf(body, sizeof(body), "{\"key\":\"%s\"}", new);
    API_REPLY(early, redeploy(body));
    cr_expect_eq(early.status, 409, "nobody can unwrap what the old one wrapped: %s", early.body);
    API_REPLY(enabled,
              consumer_vault("rol", "PATCH", behind, "{\"attributes\":{\"enabled\":true}}"));
    cr_assert_eq(enabled.status, 200, "%s", enabled.body);
    API_REPLY(moved, redeploy(body));
    cr_assert_eq(moved.status, 200, "%s", moved.body);
    cr_expect(strstr(reply_text(&moved, "dek_wrapped_by"), strrchr(new, '/')) != NULL, "%s",
              moved.body);
    API_REPLY(again,
              consumer_vault("rol", "PATCH", behind, "{\"attributes\":{\"enabled\":false}}"));
    consumer_walk(3 * MINUTE);
    consumer_expect("ws-fhir", "encrypted", "the old version is of no use any more");
}

/* "Do not remove the identity's role." */
Test(consumer_pages, a_role_that_is_removed_is_a_lost_key)
{
    char url[CONSUMER_URL_SIZE];

    deploy_service("rol", url);
    consumer_apply("role-removed", "{\"vault\":\"rol\",\"identity\":\"fhir-id\"}");
    consumer_walk(MINUTE);
    consumer_expect("ws-fhir", "access-lost", "no role");
    consumer_revert("role-removed");
    consumer_walk(12 * MINUTE);
    consumer_expect("ws-fhir", "encrypted", "granted again in time");
}

/* "Allow trusted Microsoft services to bypass the firewall." */
Test(consumer_pages, a_firewall_without_a_bypass_is_a_lost_key)
{
    char url[CONSUMER_URL_SIZE];
    struct reply trusted =
        consumer_control("PUT", "/control/v1/identities/fhir-id", "{\"trusted\":true}");

    cr_assert_lt(trusted.status, 300, "%s", trusted.body);
    reply_done(&trusted);
    deploy_service("rol", url);
    consumer_apply("firewall-closed", "{\"vault\":\"rol\",\"bypass\":\"azureservices\"}");
    consumer_walk(3 * MINUTE);
    consumer_expect("ws-fhir", "encrypted", "trusted services may pass");
    consumer_revert("firewall-closed");
    consumer_apply("firewall-closed", "{\"vault\":\"rol\"}");
    consumer_walk(MINUTE);
    consumer_expect("ws-fhir", "access-lost", "nobody may pass");
}
