/* SPDX-License-Identifier: Apache-2.0 */
/* Which tokens of coffer's own are let in, at a vault and at a managed HSM: contract §2.2. */
#include "token_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(tokens, .timeout = 120);

#define EXPECTED_ISSUERS                                                                           \
    ISSUER ", https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/, "                     \
           "https://sts.windows.net/e2d54eb5-3869-4f70-8578-dee5fc7331f4/, "                       \
           "https://sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/, "                       \
           "https://sts.windows.net/975f013f-7f24-47e8-a7d3-abc4752bf346/"

/* %u is the port. */
static const struct {
    const char *audience;
    bool at_vault, at_hsm;
} audiences[] = {
    { "https://vault.azure.net", true, false },
    { "https://vault.localhost:%u", true, false },
    { "https://vault.localhost", true, false },
    { VAULT_APP, true, false },
    { "https://managedhsm.azure.net", false, true },
    { "https://managedhsm.localhost:%u", false, true },
    { "https://managedhsm.localhost", false, true },
    { HSM_APP, false, true },
    { "https://vault.azure.net/", false, false },
    { "https://managedhsm.azure.net/", false, false },
    { "https://dev.vault.localhost:%u", false, false },
    { "https://vault.localhost:1", false, false },
    { "https://management.azure.com/", false, false },
    { "spn:" VAULT_APP, false, false },
    { "", false, false },
};

static void expect_verdict(struct client *client, const char *audience, bool is_good,
                           const char *expected)
{
    char payload[2048], message[1024];

    token_write(ISSUER, audience, 0, 3600, "", payload);
    token_give(client, token_sign(api_daemon(), payload));
    if (is_good) {
        cr_expect(token_lets_in(client), "%s", audience);
        return;
    }
    snprintf(message, sizeof(message), "AKV10022: Invalid audience. Expected %s, found: %s.",
             expected, audience);
    cr_expect(token_is_refused(client, message), "%s", audience);
}

Test(tokens, are_for_the_kind_of_host_that_is_asked)
{
    API_CLIENT(dev);
    API_HSM_OF(api_daemon(), pool);

    for (size_t i = 0; i < KV_COUNT(audiences); i++) {
        char audience[128];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* of the rows above */
        snprintf(audience, sizeof(audience), audiences[i].audience, api_daemon()->port);
#pragma GCC diagnostic pop
        expect_verdict(&dev, audience, audiences[i].at_vault,
                       "https://vault.azure.net or " VAULT_APP);
        expect_verdict(&pool, audience, audiences[i].at_hsm, "https://managedhsm.azure.net");
    }
}

Test(tokens, of_another_tenant_are_told_the_issuers_of_this_one)
{
    static const char *const issuers[] = {
        "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
        "https://login.microsoftonline.com/" TENANT "/v2.0",
        ("https://sts.windows.net/" TENANT),
        "https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/",
    };
    API_CLIENT(dev);
    API_HSM_OF(api_daemon(), pool);

    for (size_t i = 0; i < KV_COUNT(issuers); i++) {
        char payload[2048], message[1024];

        snprintf(message, sizeof(message),
                 "AKV10032: Invalid issuer. Expected one of " EXPECTED_ISSUERS ", found %s.",
                 issuers[i]);
        token_write(issuers[i], "https://vault.azure.net", 0, 3600, "", payload);
        token_give(&dev, token_sign(api_daemon(), payload));
        cr_expect(token_is_refused(&dev, message), "%s", issuers[i]);
        token_write(issuers[i], "https://managedhsm.azure.net", 0, 3600, "", payload);
        token_give(&pool, token_sign(api_daemon(), payload));
        cr_expect(token_is_refused(&pool, message), "%s", issuers[i]);
    }
}

Test(tokens, are_good_by_the_real_clock)
{
    static const struct {
        long ago, span;
        const char *at_vault, *at_hsm; /* NULL: let in */
    } rows[] = {
        { -600, 3600, "[TokenNotYetValid] " INVALID, "Token not yet valid" },
        { 3600, 3000, "[TokenExpired] " INVALID, "[TokenExpired] " INVALID },
        { 3600, 7200, NULL, NULL },
        { 0, 600, NULL, NULL },
    };
    API_CLIENT(dev);
    API_HSM_OF(api_daemon(), pool);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char payload[2048];

        token_write(ISSUER, "https://vault.azure.net", rows[i].ago, rows[i].span, "", payload);
        token_give(&dev, token_sign(api_daemon(), payload));
        cr_expect(rows[i].at_vault != NULL ? token_is_refused(&dev, rows[i].at_vault)
                                           : token_lets_in(&dev),
                  "row %zu", i);
        token_write(ISSUER, "https://managedhsm.azure.net", rows[i].ago, rows[i].span, "", payload);
        token_give(&pool, token_sign(api_daemon(), payload));
        cr_expect(rows[i].at_hsm != NULL ? token_is_refused(&pool, rows[i].at_hsm)
                                         : token_lets_in(&pool),
                  "row %zu", i);
    }
}

/* Every refusal of a token comes with the challenge, which token_is_refused() demands. */
Test(tokens, that_are_none_are_challenged_at_a_managed_hsm_too)
{
    static const char *const rows[] = { "x", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30." };
    API_HSM_OF(api_daemon(), pool);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        token_give(&pool, strdup(rows[i]));
        cr_expect(token_is_refused(&pool, INVALID), "%s", rows[i]);
    }
    token_give(&pool, strdup("eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vYm9keSJ9.e30.AAAA"));
    cr_expect(token_is_refused(&pool, "AKV10046: Unable to resolve the key used for signature "
                                      "validation. EncodedJwtHeader: "
                                      "'eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vYm9keSJ9'."));
}
