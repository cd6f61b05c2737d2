/* SPDX-License-Identifier: Apache-2.0 */
/* Workload identity: the token of another issuer, or coffer's own, in place of a secret. */
#include "authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(federated, .init = set_up_authority, .fini = tear_down_authority, .timeout = 60);

#define EXCHANGE "api://AzureADTokenExchange"
#define CLUSTER "https://cluster.example/"
#define SUBJECT "system:serviceaccount:default:app"
#define UNMATCHED "No matching federated identity record found for presented assertion. "

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

Test(federated, AADSTS70021_of_what_no_record_fits)
{
    static const char *const rows[][3] = {
        { "https://cluster.example", SUBJECT, EXCHANGE },
        { CLUSTER, "system:serviceaccount:default:other", EXCHANGE },
        { CLUSTER, SUBJECT, "api://other" },
        { "", "", "" },
    };
    char text[512];

    trust_cluster();
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        post_assertion(
            forge_token(HEADER, write_claims(rows[i][0], rows[i][1], rows[i][2], 10, 600)));
        (void) snprintf(text, sizeof(text),
                        UNMATCHED "Assertion Issuer: '%s'. Assertion Subject: '%s'. Assertion "
                                  "Audience: '%s'. https://",
                        rows[i][0], rows[i][1], rows[i][2]);
        expect_aadsts(70021, 400, "invalid_request", text);
    }
}

Test(federated, AADSTS70021_of_a_token_of_coffers_for_somebody_else)
{
    register_client("app");
    post_assertion(issue_own("1a0b0c0d-1111-4222-8333-444455556666"));
    expect_aadsts(70021, 400, "invalid_request", UNMATCHED);
}

/* Who issued it counts, and not who signed it: an access token is none to be exchanged. */
Test(federated, AADSTS70021_of_an_access_token_of_coffers_own)
{
    struct kv_identity_card card;
    const struct kv_token_time when = kv_clock_token_time(app.clock);
    struct kv_token token = { 0 };

    cr_assert(kv_identity_card(identity, "", &card));
    must(kv_identity_issue(identity, &card, EXCHANGE, &when, &token, &err));
    register_client("app");
    post_assertion(token.text);
    expect_aadsts(70021, 400, "invalid_request", UNMATCHED);
}

Test(federated, AADSTS70021_of_an_issuer_that_nobody_trusts)
{
    static const char header[] = "{\"alg\":\"RS256\",\"kid\":\"other\"}";

    post_assertion(forge_token(header, write_claims(CLUSTER, SUBJECT, EXCHANGE, 10, 600)));
    expect_aadsts(70021, 400, "invalid_request", UNMATCHED);
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
