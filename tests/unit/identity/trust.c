/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of other issuers: all that must not be let in, then what must; and how their keys come. */

#include "trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "kv/base/secret.h"

TestSuite(trust, .init = set_up_trust, .fini = tear_down_trust, .timeout = 120);

static void expect_good(const char *alg, const char *kid, const char *payload)
{
    kv_auto(kv_wipe_free) char *token = forge_foreign(alg, kid, payload);

    cr_assert_eq(verify_at_last(token, NOW), KV_OK, "%s %s: %s", alg, kid, err.message);
    cr_assert_str_neq(principal.object_id, "");
}

static void expect_none(const char *alg, const char *kid, const char *payload, const char *start)
{
    kv_auto(kv_wipe_free) char *token = forge_foreign(alg, kid, payload);

    expect_refusal_at_last(token, NOW, start);
}

Test(trust, refuses_issuers_it_cannot_use)
{
    static char longest[KV_RESOURCE_MAX + 2];
    memset(longest, 'x', sizeof(longest) - 1);
    const struct kv_trusted_issuer rows[] = {
        { .issuer = "", .keys = KEYS_URL },
        { .issuer = "https://a b", .keys = KEYS_URL },
        { .issuer = longest, .keys = KEYS_URL },
        { .issuer = "no-url" },
        { .issuer = "ftp://issuer.example" },
        { .issuer = FOREIGN, .keys = "" },
        { .issuer = FOREIGN, .keys = "/nowhere/keys.json" },
        { .issuer = FOREIGN, .keys = key_path }, /* PEM, not JSON */
        { .issuer = FOREIGN, .keys = KEYS_URL, .audience = "" },
        { .issuer = FOREIGN, .keys = KEYS_URL, .audience = longest },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        trusting.trusted = &rows[i];
        cr_expect_eq(reopen_by(&trusting), KV_BAD_PARAMETER, "row %zu", i);
        cr_expect_eq(strncmp(err.message, "the trusted issuer ", 19), 0, "%s", err.message);
    }
}

Test(trust, refuses_an_issuer_that_is_there_twice_and_more_than_there_may_be)
{
    struct kv_trusted_issuer many[KV_TRUSTED_MAX + 1];

    for (size_t i = 0; i < KV_COUNT(many); i++) {
        many[i] = trusted;
    }
    trusting.trusted = many;
    trusting.trusted_count = 2;
    cr_expect_eq(reopen_by(&trusting), KV_BAD_PARAMETER);
    trusting.trusted_count = KV_COUNT(many);
    cr_expect_eq(reopen_by(&trusting), KV_BAD_PARAMETER);
}

Test(trust, refuses_a_token_of_an_issuer_that_is_not_trusted)
{
    expect_none("RS256", RSA_KID, "{" AUD ",\"iss\":\"" FOREIGN "/\"," LASTING "," CALLER "}",
                UNKNOWN_KEY);
    expect_none("RS256", RSA_KID, "{" AUD "," LASTING "," CALLER "}", UNKNOWN_KEY);
}

/* Neither may speak for the other. */
Test(trust, refuses_coffers_issuer_under_a_foreign_key_and_the_other_way_round)
{
    expect_none("RS256", RSA_KID, PAYLOAD, UNKNOWN_KEY);
    expect_none("RS256", FORGE_KEY_ID, FOREIGN_PAYLOAD, "AKV10032: Invalid issuer.");
}

Test(trust, refuses_a_kid_that_its_issuer_does_not_have)
{
    expect_none("RS256", "rsa-2", FOREIGN_PAYLOAD, UNKNOWN_KEY);
    expect_none("RS256", "", FOREIGN_PAYLOAD, UNKNOWN_KEY);
    expect_none("RS256", "RSA-1", FOREIGN_PAYLOAD, UNKNOWN_KEY);
}

Test(trust, refuses_unsigned_tokens_and_macs_of_public_keys)
{
    static const char *const kids[] = { RSA_KID, EC_KID };

    for (size_t i = 0; i < KV_COUNT(kids); i++) {
        char none[128], hs256[128];

        snprintf(none, sizeof(none), "{\"alg\":\"none\",\"kid\":\"%s\"}", kids[i]);
        snprintf(hs256, sizeof(hs256), "{\"alg\":\"HS256\",\"kid\":\"%s\"}", kids[i]);
        kv_auto(kv_wipe_free) char *bare = forge_unsigned_token(none, FOREIGN_PAYLOAD);
        kv_auto(kv_wipe_free) char *mac = forge_hmac_token(hs256, FOREIGN_PAYLOAD);
        expect_refusal_at_last(bare, NOW, INVALID);
        expect_refusal_at_last(mac, NOW, INVALID);
    }
}

Test(trust, refuses_an_algorithm_that_is_not_the_keys)
{
    expect_none("ES256", RSA_KID, FOREIGN_PAYLOAD, UNKNOWN_KEY);
    expect_none("RS256", EC_KID, FOREIGN_PAYLOAD, UNKNOWN_KEY);
    expect_none("PS256", EC_KID, FOREIGN_PAYLOAD, UNKNOWN_KEY);
    expect_none("RS512", RSA_KID, FOREIGN_PAYLOAD, INVALID);
}

Test(trust, refuses_an_algorithm_that_the_set_rules_out)
{
    char jwk[2048];

    write_rsa_jwk(RSA_KID, ",\"alg\":\"PS256\",\"use\":\"sig\"", jwk, sizeof(jwk));
    snprintf(keys, sizeof(keys), "{\"keys\":[%s]}", jwk);
    cr_assert_eq(reopen_by(&trusting), KV_OK);
    expect_none("RS256", RSA_KID, FOREIGN_PAYLOAD, UNKNOWN_KEY);
    expect_good("PS256", RSA_KID, FOREIGN_PAYLOAD);
}

/* A signature of RSASSA-PKCS1 is none of RSASSA-PSS by the same key. */
Test(trust, refuses_one_padding_for_another)
{
    static const char ps256[] = "{\"alg\":\"PS256\",\"kid\":\"" RSA_KID "\"}";
    static const char rs256[] = "{\"alg\":\"RS256\",\"kid\":\"" RSA_KID "\"}";
    kv_auto(kv_wipe_free) char *as_ps256 = forge_token(ps256, FOREIGN_PAYLOAD);
    kv_auto(kv_wipe_free) char *as_rs256 = forge_ps256_token(rs256, FOREIGN_PAYLOAD);

    expect_refusal_at_last(as_ps256, NOW, INVALID);
    expect_refusal_at_last(as_rs256, NOW, INVALID);
}

/* Keys and places of keys that a token brings along: nobody looks at them. */
Test(trust, never_follows_what_a_header_points_at)
{
    static const char *const rows[] = {
        "{\"alg\":\"RS256\",\"kid\":\"x\",\"jku\":\"https://evil.example/keys\"}",
        "{\"alg\":\"RS256\",\"kid\":\"x\",\"x5u\":\"https://evil.example/c.pem\"}",
        "{\"alg\":\"RS256\",\"jku\":\"https://evil.example/keys\"}",
        "{\"alg\":\"RS256\",\"kid\":\"https://evil.example/keys\"}",
    };
    char jwk[2048], header[4096];

    expect_good("RS256", RSA_KID, FOREIGN_PAYLOAD);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(kv_wipe_free) char *token = forge_token(rows[i], FOREIGN_PAYLOAD);
        expect_refusal_at_last(token, NOW, UNKNOWN_KEY);
    }
    write_rsa_jwk("x", "", jwk, sizeof(jwk));
    snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"kid\":\"x\",\"jwk\":%s}", jwk);
    kv_auto(kv_wipe_free) char *token = forge_token(header, FOREIGN_PAYLOAD);
    expect_refusal_at_last(token, NOW, UNKNOWN_KEY);
    cr_expect_str_eq(last_url, KEYS_URL);
}

Test(trust, refuses_members_given_twice_and_extensions_it_does_not_know)
{
    static const char *const headers[] = {
        "{\"alg\":\"RS256\",\"kid\":\"" RSA_KID "\",\"kid\":\"" RSA_KID "\"}",
        "{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"" RSA_KID "\"}",
        "{\"alg\":\"RS256\",\"kid\":\"" RSA_KID "\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"RS256\",\"kid\":\"" RSA_KID "\",\"x\":{\"y\":1,\"y\":2}}",
    };
    static const char *const payloads[] = {
        "{" AUD "," FOREIGN_ISS "," FOREIGN_ISS "," LASTING "," CALLER "}",
        "{" AUD ",\"iss\":\"https://evil.example\"," FOREIGN_ISS "," LASTING "," CALLER "}",
        "{" AUD "," FOREIGN_ISS "," LASTING ",\"exp\":9999999999," CALLER "}",
    };

    for (size_t i = 0; i < KV_COUNT(headers); i++) {
        kv_auto(kv_wipe_free) char *token = forge_token(headers[i], FOREIGN_PAYLOAD);
        expect_refusal_at_last(token, NOW, INVALID);
    }
    for (size_t i = 0; i < KV_COUNT(payloads); i++) {
        expect_none("RS256", RSA_KID, payloads[i], UNKNOWN_KEY);
    }
}

Test(trust, refuses_a_changed_token)
{
    static const char *const rows[][2] = { { "RS256", RSA_KID },
                                           { "PS256", RSA_KID },
                                           { "ES256", EC_KID } };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(kv_wipe_free) char *token = forge_foreign(rows[i][0], rows[i][1], FOREIGN_PAYLOAD);
        char *signature = strrchr(token, '.') + 5;

        *signature = *signature == 'A' ? 'B' : 'A';
        expect_refusal_at_last(token, NOW, INVALID);
    }
}

Test(trust, refuses_signatures_of_es256_that_are_no_two_numbers)
{
    static const size_t lengths[] = { 0, 4, 84, 88, 96, 342 };

    expect_good("ES256", EC_KID, FOREIGN_PAYLOAD);
    for (size_t i = 0; i < KV_COUNT(lengths); i++) {
        char token[4096];
        kv_auto(kv_wipe_free) char *good = forge_foreign("ES256", EC_KID, FOREIGN_PAYLOAD);
        size_t head = (size_t) (strrchr(good, '.') + 1 - good);

        memcpy(token, good, head);
        memset(token + head, 'A', lengths[i]);
        token[head + lengths[i]] = '\0';
        expect_refusal_at_last(token, NOW, INVALID);
    }
}

Test(trust, refuses_audiences_it_is_not_for)
{
    expect_none("RS256", RSA_KID,
                "{\"aud\":\"api://other\"," FOREIGN_ISS "," LASTING "," CALLER "}",
                "AKV10022: Invalid audience. Expected " AUDIENCE " or " SERVICE_APP_ID
                ", found: api://other.");
    expect_none("RS256", RSA_KID,
                "{\"aud\":[\"api://other\",\"x\"]," FOREIGN_ISS "," LASTING "," CALLER "}",
                "AKV10022: ");
    expect_none("RS256", RSA_KID, "{\"aud\":[]," FOREIGN_ISS "," LASTING "," CALLER "}",
                UNKNOWN_KEY);
    expect_none("RS256", RSA_KID, "{\"aud\":[7]," FOREIGN_ISS "," LASTING "," CALLER "}",
                UNKNOWN_KEY);
}

Test(trust, takes_the_three_algorithms)
{
    expect_good("RS256", RSA_KID, FOREIGN_PAYLOAD);
    expect_good("PS256", RSA_KID, FOREIGN_PAYLOAD);
    expect_good("ES256", EC_KID, FOREIGN_PAYLOAD);
}

Test(trust, takes_any_audience_of_a_list_and_the_issuers_own)
{
    trusted.audience = "api://vaults";
    cr_assert_eq(reopen_by(&trusting), KV_OK);
    expect_good("RS256", RSA_KID,
                "{\"aud\":[\"account\",\"" AUDIENCE "\"]," FOREIGN_ISS "," LASTING "," CALLER "}");
    expect_good("RS256", RSA_KID,
                "{\"aud\":\"api://vaults\"," FOREIGN_ISS "," LASTING "," CALLER "}");
    expect_none("RS256", FORGE_KEY_ID, "{\"aud\":\"api://vaults\"," ISS "," LASTING "," CALLER "}",
                "AKV10022: ");
}

Test(trust, names_the_caller_as_the_issuer_does)
{
    expect_good("RS256", RSA_KID,
                "{" AUD "," FOREIGN_ISS "," LASTING
                ",\"sub\":\"subject-1\",\"azp\":\"client-1\",\"tid\":\"t\"}");
    cr_expect_str_eq(principal.object_id, "subject-1");
    cr_expect_str_eq(principal.app_id, "client-1");
    cr_expect_str_eq(principal.issuer, FOREIGN);
    expect_good("RS256", RSA_KID,
                "{" AUD "," FOREIGN_ISS "," LASTING
                ",\"sub\":\"s\",\"client_id\":\"client-2\",\"oid\":\"object-2\"}");
    cr_expect_str_eq(principal.object_id, "object-2");
    cr_expect_str_eq(principal.app_id, "client-2");
    expect_none("RS256", RSA_KID, "{" AUD "," FOREIGN_ISS "," LASTING "}", UNKNOWN_KEY);
}

/* KV_TOKEN_LEEWAY on both sides; coffer's own have none (claims.c). */
Test(trust, allows_for_clocks_that_differ)
{
    kv_auto(kv_wipe_free) char *token = forge_foreign("RS256", RSA_KID, FOREIGN_PAYLOAD);

    cr_expect_eq(verify_at_last(token, NOW - 300), KV_OK, "%s", err.message);
    expect_refusal(token, NOW - 301, "[TokenNotYetValid] " INVALID);
    cr_expect_eq(verify(token, NOW + 3600 + 299), KV_OK, "%s", err.message);
    expect_refusal(token, NOW + 3600 + 300, "[TokenExpired] " INVALID);
}

Test(trust, ages_foreign_tokens_as_its_own)
{
    kv_auto(kv_wipe_free) char *token = forge_foreign("RS256", RSA_KID, FOREIGN_PAYLOAD);

    cr_expect_eq(verify_at_last(token, NOW), KV_OK, "%s", err.message);
    token_time.aged = (3600 + 300) * INT64_C(1000);
    expect_refusal(token, NOW, "[TokenExpired] " INVALID);
}
