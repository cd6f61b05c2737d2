/* SPDX-License-Identifier: Apache-2.0 */
/* Users: device codes and refresh tokens. */
#include "authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(session, .init = set_up_authority, .fini = tear_down_authority, .timeout = 60);

#define DEVICE_V2 "/common/oauth2/v2.0/devicecode"
#define COMMON_V2 "/common/oauth2/v2.0/token"
#define MANAGEMENT "https://management.core.windows.net//.default+offline_access+openid+profile"

static char kept[16384];

static const char *keep(const char *member)
{
    (void) snprintf(kept, sizeof(kept), "%s", answer_text(member));
    return kept;
}

static const char *start(void)
{
    post(DEVICE_V2, "client_id=" CLIENT "&scope=" MANAGEMENT);
    cr_assert_eq(response.status, 200, "%s", response.body.data);
    return keep("device_code");
}

static void redeem(const char *code)
{
    char form[17000];

    (void) snprintf(form, sizeof(form),
                    "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=" CLIENT
                    "&device_code=%s",
                    code);
    post(COMMON_V2, form);
}

static void renew(const char *client_id, const char *token, const char *more)
{
    char form[17000];

    (void) snprintf(form, sizeof(form), "grant_type=refresh_token&client_id=%s&refresh_token=%s%s",
                    client_id, token, more);
    post(COMMON_V2, form);
}

static const char *log_in(void)
{
    redeem(start());
    cr_assert_eq(response.status, 200, "%s", response.body.data);
    return keep("refresh_token");
}

/* --- what is refused --- */

Test(session, AADSTS70000_of_what_coffer_has_not_signed_for_that)
{
    const struct kv_token_time when = kv_clock_token_time(app.clock);
    struct kv_token token = { 0 };
    char *forged = forge_token("{\"alg\":\"RS256\",\"kid\":\"other\"}", "{}");

    redeem("x");
    expect_aadsts(70000, 400, "invalid_grant", "Provided grant is invalid or malformed. ");
    redeem(forged);
    expect_aadsts(70000, 400, "invalid_grant", "Provided grant is invalid or malformed. ");
    must(kv_identity_issue_federated(identity, CLIENT, &when, 60, &token, &err));
    renew(CLIENT, token.text, "");
    expect_aadsts(70000, 400, "invalid_grant", "Provided grant is invalid or malformed. ");
    kv_token_done(&token);
    free(forged);
}

Test(session, AADSTS70000_of_one_kind_in_place_of_the_other)
{
    renew(CLIENT, start(), "");
    expect_aadsts(70000, 400, "invalid_grant", "Provided grant is invalid or malformed. ");
    redeem(log_in());
    expect_aadsts(70000, 400, "invalid_grant", "Provided grant is invalid or malformed. ");
}

Test(session, AADSTS70000_of_another_clients_token)
{
    renew("1a0b0c0d-1111-4222-8333-444455556666", log_in(), "");
    expect_aadsts(70000, 400, "invalid_grant", "Provided grant is invalid or malformed. ");
}

static char *forge_session(const char *kind, long exp)
{
    char claims[512];

    (void) snprintf(claims, sizeof(claims),
                    "{\"iss\":\"https://sessions.coffer.localhost/\",\"kind\":\"%s\",\"client_id\":"
                    "\"" CLIENT "\",\"object_id\":\"\",\"resource\":\"" VAULT
                    "\",\"began\":%lld,\"exp\":%ld}",
                    kind, (long long) MILLIS, exp);
    return forge_token(HEADER, claims);
}

Test(session, AADSTS70020_of_a_device_code_that_is_over)
{
    char *code = forge_session("device", (long) kv_seconds(kv_clock_real()) - 1);

    redeem(code);
    expect_aadsts(70020, 400, "expired_token", "The provided value for the 'device_code'");
    free(code);
}

Test(session, AADSTS50173_of_a_refresh_token_that_is_over)
{
    char *token = forge_session("refresh", (long) kv_seconds(kv_clock_real()) - 1);

    renew(CLIENT, token, "");
    expect_aadsts(50173, 400, "invalid_grant", "The provided grant has expired");
    free(token);
}

static void register_user(const char *upn)
{
    enum kv_principal_type type = KV_PRINCIPAL_USER;
    const struct kv_principal_draft draft = { .name = "anna", .type = &type, .upn = upn };
    bool is_new;

    must(kv_principal_register(principals, &draft, false, &entry, &is_new, &err));
}

/* --unknown-identities refuse, from now on. */
static void refuse_unknown_ones(void)
{
    reopen_principals(true);
    app.principals = principals;
}

/* Where nobody is made up there may be nobody yet to grant it. */
Test(session, AADSTS70016_of_a_device_code_until_there_is_a_user)
{
    refuse_unknown_ones();
    register_client("cli");
    const char *code = start();

    for (int i = 0; i < 2; i++) {
        redeem(code);
        expect_aadsts(70016, 400, "authorization_pending",
                      "OAuth 2.0 device flow error. Authorization is pending. Continue polling. ");
    }
    register_user("anna@contoso.com");
    redeem(code);
    cJSON *claims = expect_token();

    cr_assert_str_eq(claim_of(claims, "upn"), "anna@contoso.com");
    cJSON_Delete(claims);
}

Test(session, AADSTS50173_of_a_made_up_user_where_none_is_made_up_any_more)
{
    const char *token = log_in();

    refuse_unknown_ones();
    renew(CLIENT, token, "");
    expect_aadsts(50173, 400, "invalid_grant", "The provided grant has expired");
}

Test(session, AADSTS50057_of_a_user_who_is_disabled)
{
    register_user("anna@contoso.com");
    const char *token = log_in();

    must(kv_principal_enable(principals, "anna", false, &entry, &err));
    renew(CLIENT, token, "");
    expect_aadsts(50057, 400, "invalid_grant", "The user account is disabled. ");
}

Test(session, AADSTS50173_of_sessions_that_were_revoked_and_of_a_user_who_is_gone)
{
    register_user("anna@contoso.com");
    const char *token = log_in();

    must(kv_principal_revoke(principals, "anna", MILLIS + 1, &entry, &err));
    renew(CLIENT, token, "");
    expect_aadsts(50173, 400, "invalid_grant", "The provided grant has expired");
    must(kv_principal_delete(principals, "anna", &err));
    renew(CLIENT, token, "");
    expect_aadsts(50173, 400, "invalid_grant", "The provided grant has expired");
}

Test(session, AADSTS700016_of_a_client_that_can_be_none)
{
    post(DEVICE_V2, "client_id=nobody&scope=" MANAGEMENT);
    expect_aadsts(700016, 400, "unauthorized_client", "Application with identifier 'nobody'");
}

/* --- what is given --- */

Test(session, begins_with_a_code_that_is_granted_at_once)
{
    post(DEVICE_V2, "client_id=" CLIENT "&scope=" MANAGEMENT);
    cr_assert_eq(response.status, 200);
    cr_assert_eq(strlen(answer_text("user_code")), 9);
    cr_assert_eq(answer_number("expires_in"), 900);
    cr_assert_eq(answer_number("interval"), 1);
    cr_assert_neq(strlen(answer_text("message")), 0);
    cr_assert_str_eq(answer_text("verification_uri"), "https://microsoft.com/devicelogin");
    post("/common/oauth2/devicecode", "client_id=" CLIENT "&resource=" VAULT);
    cr_assert_str_eq(answer_text("verification_url"), "https://microsoft.com/devicelogin");
}

Test(session, is_of_a_made_up_user_where_none_is_registered)
{
    redeem(start());
    cJSON *claims = expect_token();

    cr_assert_str_eq(claim_of(claims, "upn"), "user@coffer.localhost");
    cr_assert_str_eq(claim_of(claims, "aud"), "https://management.core.windows.net/");
    cr_assert_str_eq(claim_of(claims, "appid"), CLIENT);
    cr_assert_str_eq(claim_of(claims, "appidacr"), "0");
    cr_assert_str_eq(claim_of(claims, "scp"), "user_impersonation");
    cr_assert_str_eq(claim_of(claims, "tid"), TENANT);
    cr_assert_str_neq(answer_text("id_token"), "(none)");
    cr_assert_str_neq(answer_text("client_info"), "(none)");
    cJSON_Delete(claims);
}

Test(session, is_of_the_user_who_is_registered_and_names_the_groups)
{
    register_user("anna@contoso.com");
    struct kv_principal_entry anna = entry;
    char group[KV_UUID_LENGTH + 1];

    (void) snprintf(group, sizeof(group), "%s", must_register("staff", "group"));
    must(kv_principal_add_member(principals, "staff", "anna", &err));
    redeem(start());
    cJSON *claims = expect_token();
    const cJSON *groups = cJSON_GetObjectItem(claims, "groups");

    cr_assert_str_eq(claim_of(claims, "oid"), anna.object_id);
    cr_assert_str_eq(claim_of(claims, "upn"), "anna@contoso.com");
    cr_assert_eq(cJSON_GetArraySize(groups), 1);
    cr_assert_str_eq(cJSON_GetArrayItem(groups, 0)->valuestring, group);
    cJSON_Delete(claims);
}

Test(session, is_renewed_for_what_was_asked_for_or_for_another_resource)
{
    static const struct {
        const char *more, *audience;
    } rows[] = {
        { "", "https://management.core.windows.net/" },
        { "&scope=https://vault.azure.net/.default+openid", VAULT },
        { "&scope=https://vault.azure.net/user_impersonation", VAULT },
    };
    const char *token = log_in();

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        renew(CLIENT, token, rows[i].more);
        cJSON *claims = expect_token();

        cr_assert_str_eq(claim_of(claims, "aud"), rows[i].audience);
        cJSON_Delete(claims);
    }
}
