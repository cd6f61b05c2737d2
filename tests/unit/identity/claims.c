/* SPDX-License-Identifier: Apache-2.0 */
/* The claims of a token that is ours: everything that must not be let in, then what must. */

#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/secret.h"

TestSuite(claims, .init = set_up, .fini = tear_down, .timeout = 120);

Test(claims, refuses_claims_it_cannot_use)
{
    static const char *const rows[] = {
        "",
        "x",
        "[]",
        "{}",
        "{" ISS "," LASTING "," CALLER "}",
        "{" AUD "," LASTING "," CALLER "}",
        "{" AUD "," ISS ",\"nbf\":1700000000," CALLER "}",
        "{" AUD "," ISS "," LASTING ",\"appid\":\"app-1\"}",
        "{" AUD "," ISS ",\"nbf\":1700000000,\"exp\":\"1700003600\"," CALLER "}",
        "{" AUD "," ISS ",\"nbf\":1700000000,\"exp\":1e300," CALLER "}",
        "{" AUD "," ISS ",\"nbf\":true,\"exp\":1700003600," CALLER "}",
        "{\"aud\":[\"" AUDIENCE "\"]," ISS "," LASTING "," CALLER "}",
        "{\"aud\":\"x\"," AUD "," ISS "," LASTING "," CALLER "}",
        "{" AUD "," ISS "," LASTING "," CALLER ",\"oid\":\"object-2\"}",
        "{" AUD "," ISS "," LASTING "," CALLER ",\"x\":{\"y\":1,\"y\":1}}",
        "{" AUD "," ISS "," LASTING "," CALLER ",\"aio\":\"1.2\"}",
        "{" AUD "," ISS "," LASTING "," CALLER ",\"aio\":\"1.x.3\"}",
        "{" AUD "," ISS "," LASTING "," CALLER ",\"aio\":\"1.9000000000000000000.3\"}",
        "{" AUD "," ISS "," LASTING ",\"oid\":7}",
        PAYLOAD "x",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(kv_wipe_free) char *token = forge_token(HEADER, rows[i]);
        expect_refusal(token, NOW, INVALID);
    }
}

/* A cut name would be another caller's. */
Test(claims, refuses_a_claim_that_is_too_long)
{
    char payload[1024];

    snprintf(payload, sizeof(payload), "{" AUD "," ISS "," LASTING ",\"oid\":\"%064d\"}", 0);
    kv_auto(kv_wipe_free) char *token = forge_token(HEADER, payload);
    expect_refusal(token, NOW, INVALID);
}

Test(claims, refuses_another_issuer)
{
    kv_auto(kv_wipe_free) char *token = forge_token(
        HEADER, "{" AUD ",\"iss\":\"https://sts.windows.net/other/\"," LASTING "," CALLER "}");

    expect_refusal(token, NOW,
                   "AKV10032: Invalid issuer. Expected one of " EXPECTED_ISSUERS
                   ", found https://sts.windows.net/other/.");
}

Test(claims, refuses_another_audience)
{
    static const char *const rows[] = {
        "https://management.azure.com/",
        "https://vault.azure.net/",
        AUDIENCE "/",
        "https://dev.vault.localhost:8443",
        "spn:cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
        "",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char payload[1024], expected[512];
        snprintf(payload, sizeof(payload), "{\"aud\":\"%s\"," ISS "," LASTING "," CALLER "}",
                 rows[i]);
        snprintf(expected, sizeof(expected),
                 "AKV10022: Invalid audience. Expected " AUDIENCE " or " SERVICE_APP_ID
                 ", found: %s.",
                 rows[i]);
        kv_auto(kv_wipe_free) char *token = forge_token(HEADER, payload);
        expect_refusal(token, NOW, expected);
    }
}

Test(claims, refuses_a_token_before_its_time)
{
    kv_auto(kv_wipe_free) char *token = forge_token(HEADER, PAYLOAD);

    expect_refusal(token, NOW - 1, "[TokenNotYetValid] " INVALID);
}

Test(claims, refuses_a_token_from_the_second_it_expires)
{
    kv_auto(kv_wipe_free) char *token = forge_token(HEADER, PAYLOAD);

    expect_refusal(token, NOW + 3600, "[TokenExpired] " INVALID);
    expect_refusal(token, NOW + 3601, "[TokenExpired] " INVALID);
    cr_assert_eq(verify(token, NOW + 3599), KV_OK, "%s", err.message);
}

Test(claims, names_the_issuer_before_the_audience_before_the_date)
{
    kv_auto(kv_wipe_free) char *all =
        forge_token(HEADER, "{\"aud\":\"x\",\"iss\":\"y\",\"nbf\":1,\"exp\":2,\"oid\":\"z\"}");
    kv_auto(kv_wipe_free) char *two =
        forge_token(HEADER, "{\"aud\":\"x\"," ISS ",\"nbf\":1,\"exp\":2,\"oid\":\"z\"}");

    expect_refusal(all, NOW,
                   "AKV10032: Invalid issuer. Expected one of " EXPECTED_ISSUERS ", found y.");
    expect_refusal(two, NOW,
                   "AKV10022: Invalid audience. Expected " AUDIENCE " or " SERVICE_APP_ID
                   ", found: x.");
}

Test(claims, remembers_a_token_not_beyond_its_end)
{
    kv_auto(kv_wipe_free) char *token = forge_token(HEADER, PAYLOAD);

    cr_assert_eq(verify(token, NOW), KV_OK);
    cr_assert_eq(verify(token, NOW), KV_OK);
    expect_refusal(token, NOW + 3600, "[TokenExpired] " INVALID);
    expect_refusal(token, NOW - 1, "[TokenNotYetValid] " INVALID);
}

Test(claims, remembers_a_token_for_its_own_audience_only)
{
    static const char *const others[] = { "https://managedhsm.azure.net", NULL };
    const struct kv_token_demand demand = { .audiences = others,
                                            .app_id = "other",
                                            .when = token_time };
    kv_auto(kv_wipe_free) char *token = forge_token(HEADER, PAYLOAD);

    cr_assert_eq(verify(token, NOW), KV_OK);
    cr_assert_eq(kv_identity_verify(identity, token, strlen(token), &demand, &principal,
                                    &token_verdict, &err),
                 KV_UNAUTHORIZED);
}

Test(claims, refuses_under_a_new_tenant_what_the_old_one_issued)
{
    kv_auto(kv_wipe_free) char *token = forge_token(HEADER, PAYLOAD);

    cr_assert_eq(reopen("11111111-2222-3333-4444-555555555555", KV_AUTH_STRICT), KV_OK, "%s",
                 err.message);
    cr_assert_eq(verify(token, NOW), KV_UNAUTHORIZED);
    cr_expect_not_null(strstr(err.message,
                              "Expected one of "
                              "https://sts.windows.net/11111111-2222-3333-4444-555555555555/, "));
    cr_expect_not_null(strstr(err.message, ", found " ISSUER "."));
}

Test(claims, accepts_the_services_app_id_as_audience)
{
    kv_auto(kv_wipe_free) char *token =
        forge_token(HEADER, "{\"aud\":\"" SERVICE_APP_ID "\"," ISS "," LASTING "," CALLER "}");

    cr_assert_eq(verify(token, NOW), KV_OK, "%s", err.message);
}

Test(claims, accepts_every_audience_asked_for)
{
    kv_auto(kv_wipe_free) char *token =
        forge_token(HEADER, "{\"aud\":\"https://vault.azure.net\"," ISS "," LASTING "," CALLER "}");

    cr_assert_eq(verify(token, NOW), KV_OK, "%s", err.message);
}

Test(claims, tells_who_calls)
{
    kv_auto(kv_wipe_free) char *token =
        forge_token(HEADER, "{" AUD "," ISS "," LASTING "," CALLER
                            ",\"upn\":\"ann@example.org\",\"xms_mirid\":\"/subscriptions/"
                            "s\",\"xms_az_rid\":\"/subscriptions/r\"}");

    for (int sight = 0; sight < 2; sight++) {
        cr_assert_eq(verify(token, NOW), KV_OK, "%s", err.message);
        cr_assert_str_eq(principal.object_id, "object-1");
        cr_assert_str_eq(principal.app_id, "app-1");
        cr_assert_str_eq(principal.tenant, TENANT);
        cr_assert_str_eq(principal.issuer, ISSUER);
        cr_assert_str_eq(principal.name, "ann@example.org");
        cr_assert_str_eq(principal.resource, "/subscriptions/s");
        cr_assert_str_eq(principal.host, "/subscriptions/r");
    }
}

Test(claims, refuses_an_empty_token_though_any_will_do)
{
    cr_assert_eq(reopen(TENANT, KV_AUTH_ANY), KV_OK, "%s", err.message);
    expect_refusal("", NOW, INVALID);
}

Test(claims, takes_any_token_for_the_same_caller_when_told_so)
{
    struct kv_identity_card card;
    kv_auto(kv_wipe_free) char *token = forge_token(HEADER, PAYLOAD);

    cr_assert_eq(reopen(TENANT, KV_AUTH_ANY), KV_OK, "%s", err.message);
    cr_assert(kv_identity_card(identity, NULL, &card));
    const char *const rows[] = { "x", "Bearer", token };
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(verify(rows[i], NOW), KV_OK, "%s", err.message);
        cr_assert_str_eq(principal.object_id, card.object_id);
        cr_assert_str_eq(principal.app_id, card.client_id);
        cr_assert_str_eq(principal.issuer, ISSUER);
    }
}
