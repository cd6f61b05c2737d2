/* SPDX-License-Identifier: Apache-2.0 */
/* Workload identity: the token of another issuer, or coffer's own, in place of a secret. */
#include "authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/wire/build.h"

TestSuite(federated, .init = set_up_authority, .fini = tear_down_authority, .timeout = 60);

#define EXCHANGE "api://AzureADTokenExchange"
#define CLUSTER "https://cluster.example/"
#define SUBJECT "system:serviceaccount:default:app"
#define UNMATCHED "No matching federated identity record found for presented assertion "

static char *issue_own(const char *client_id)
{
    const struct kv_token_time when = kv_clock_token_time(app.clock);
    struct kv_token token = { 0 };

    must(kv_identity_issue_federated(identity, client_id, &when, 3600, &token, &err));
    return token.text;
}

static void trust_cluster(void)
{
    struct kv_credential credential;

    register_client("app");
    must(kv_principal_add_federated(principals, "app", "test", CLUSTER, SUBJECT, NULL, &credential,
                                    &err));
}

/* --- what is refused --- */

static void expect_unmatched(unsigned number, const char *part, const char *value)
{
    char text[512];

    (void) snprintf(text, sizeof(text),
                    UNMATCHED "%s '%s'. Check your federated identity credential Subject, Audience "
                              "and Issuer against the presented assertion. https://",
                    part, value);
    expect_aadsts(number, 401, "invalid_client", text);
}

static void post_cluster(const char *issuer, const char *subject, const char *audience)
{
    post_assertion(forge_token(HEADER, write_claims(issuer, subject, audience, 10, 600)));
}

Test(federated, AADSTS70025_of_an_application_without_a_record)
{
    register_client("app");
    post_cluster(CLUSTER, SUBJECT, EXCHANGE);
    expect_aadsts(70025, 401, "invalid_client",
                  "The client '" CLIENT "'(app) has no configured federated identity credentials.");
}

Test(federated, AADSTS700211_of_an_issuer_that_no_record_has)
{
    static const char *const issuers[] = { "https://cluster.example", "https://CLUSTER.example/",
                                           "" };

    trust_cluster();
    for (size_t i = 0; i < KV_COUNT(issuers); i++) {
        post_cluster(issuers[i], SUBJECT, EXCHANGE);
        expect_unmatched(700211, "issuer", issuers[i]);
    }
    post_cluster("https://other.example/", "other", "api://other");
    expect_unmatched(700211, "issuer", "https://other.example/");
}

Test(federated, AADSTS700212_of_an_audience_that_no_record_has)
{
    trust_cluster();
    post_cluster(CLUSTER, SUBJECT, "api://other");
    expect_unmatched(700212, "audience", "api://other");
    post_cluster(CLUSTER, "other", "");
    expect_unmatched(700212, "audience", "");
    post_cluster(KV_FEDERATED_ISSUER, CLIENT, "api://other");
    expect_unmatched(700212, "audience", "api://other");
}

Test(federated, AADSTS700213_of_a_subject_that_no_record_has)
{
    static const char *const subjects[] = { "system:serviceaccount:default:other",
                                            "system:serviceaccount:default:app ", "" };

    trust_cluster();
    for (size_t i = 0; i < KV_COUNT(subjects); i++) {
        post_cluster(CLUSTER, subjects[i], EXCHANGE);
        expect_unmatched(700213, "subject", subjects[i]);
    }
}

Test(federated, AADSTS7002138_of_a_subject_in_another_case)
{
    trust_cluster();
    post_cluster(CLUSTER, "System:ServiceAccount:default:app", EXCHANGE);
    expect_aadsts(
        7002138, 401, "invalid_client",
        "No matching federated identity record found for presented assertion subject "
        "'System:ServiceAccount:default:app'. The subject matches with case-insensitive "
        "comparison, but not with case-sensitive comparison. Check your federated identity "
        "credential Subject, Audience and Issuer against the presented assertion. "
        "https://learn.microsoft.com/entra/workload-id/workload-identity-federation");
    post_cluster(CLUSTER, "SYSTEM:SERVICEACCOUNT:DEFAULT:APP", "api://other");
    expect_unmatched(700212, "audience", "api://other");
}

Test(federated, AADSTS700213_of_a_token_of_coffers_for_somebody_else)
{
    static const char other[] = "1a0b0c0d-1111-4222-8333-444455556666";

    register_client("app");
    post_assertion(issue_own(other));
    expect_unmatched(700213, "subject", other);
}

/* Who issued it counts, and not who signed it: an access token is none to be exchanged. */
Test(federated, AADSTS700211_of_an_access_token_of_coffers_own)
{
    struct kv_identity_card card;
    const struct kv_token_time when = kv_clock_token_time(app.clock);
    struct kv_token token = { 0 };

    cr_assert(kv_identity_card(identity, "", &card));
    must(kv_identity_issue(identity, &card, EXCHANGE, &when, &token, &err));
    trust_cluster();
    post_assertion(token.text);
    expect_unmatched(700211, "issuer", "https://sts.windows.net/" TENANT "/");
}

Test(federated, AADSTS700211_of_an_issuer_that_nobody_trusts)
{
    static const char header[] = "{\"alg\":\"RS256\",\"kid\":\"other\"}";

    post_assertion(forge_token(header, write_claims(CLUSTER, SUBJECT, EXCHANGE, 10, 600)));
    expect_unmatched(700211, "issuer", CLUSTER);
}

Test(federated, AADSTS70021_of_them_all_as_it_was_in_2022)
{
    app.build = kv_build_find("2021");
    trust_cluster();
    post_cluster(CLUSTER, "other", EXCHANGE);
    expect_aadsts(70021, 400, "invalid_request",
                  "No matching federated identity record found for presented assertion. Assertion "
                  "Issuer: '" CLUSTER
                  "'. Assertion Subject: 'other'. Assertion Audience: '" EXCHANGE "'. https://");
}

Test(federated, AADSTS50013_of_a_signature_that_is_not_by_the_key_it_names)
{
    trust_cluster();
    post_assertion(forge_ps256_token(HEADER, write_claims(CLUSTER, SUBJECT, EXCHANGE, 10, 600)));
    expect_aadsts(50013, 400, "invalid_grant", "Assertion failed signature validation. ");
    post_assertion(forge_token("{\"alg\":\"RS256\",\"kid\":\"other\"}",
                               write_claims(CLUSTER, SUBJECT, EXCHANGE, 10, 600)));
    expect_aadsts(50013, 400, "invalid_grant", "Assertion failed signature validation. ");
    post_assertion(
        forge_ps256_token(HEADER, write_claims(KV_FEDERATED_ISSUER, CLIENT, EXCHANGE, 10, 600)));
    expect_aadsts(50013, 400, "invalid_grant", "Assertion failed signature validation. ");
}

Test(federated, AADSTS700024_of_one_that_is_over)
{
    trust_cluster();
    post_assertion(forge_token(HEADER, write_claims(CLUSTER, SUBJECT, EXCHANGE, 4000, 3600)));
    expect_aadsts(700024, 401, "invalid_client",
                  "Client assertion is not within its valid time range. ");
}

/* --- what is taken --- */

static void expect_taken(char *assertion)
{
    post_assertion(assertion);
    cJSON *claims = expect_token();

    cr_assert_str_eq(claim_of(claims, "appid"), CLIENT);
    cr_assert_str_eq(claim_of(claims, "appidacr"), "2");
    cJSON_Delete(claims);
}

Test(federated, takes_coffers_own_for_whom_it_names)
{
    expect_taken(issue_own(CLIENT)); /* made up on demand */
    register_client("app");
    expect_taken(issue_own(CLIENT));
}

Test(federated, takes_what_a_record_fits)
{
    trust_cluster();
    expect_taken(forge_token(HEADER, write_claims(CLUSTER, SUBJECT, EXCHANGE, 10, 600)));
}

Test(federated, takes_one_of_several_audiences)
{
    char claims[1024];
    long now = (long) kv_seconds(kv_clock_real());

    trust_cluster();
    (void) snprintf(claims, sizeof(claims),
                    "{\"iss\":\"" CLUSTER "\",\"sub\":\"" SUBJECT "\",\"aud\":[\"x\",\"" EXCHANGE
                    "\"],\"exp\":%ld}",
                    now + 600);
    expect_taken(forge_token(HEADER, claims));
}
