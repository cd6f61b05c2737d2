/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of other issuers: which sets are none, where they come from, how often, and what changes. */

#include "trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "key_set.h"
#include "kv/base/secret.h"

TestSuite(trust_keys, .init = set_up_trust, .fini = tear_down_trust, .timeout = 120);

static enum kv_code parse(const char *json)
{
    kv_auto(kv_key_set_free) struct kv_key_set *set = NULL;

    return kv_key_set_parse(json, strlen(json), &set, &err);
}

Test(trust_keys, refuses_what_is_no_set)
{
    static const char *const rows[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        "{\"keys\":[7,null,\"x\",[]]}",
        "{\"keys\":[{\"kid\":\"a\",\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
        "{\"keys\":[{\"kid\":\"a\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(parse(rows[i]), KV_BAD_PARAMETER, "%s", rows[i]);
    }
}

/* Members behind the kid, and whether the key is taken. */
static const struct {
    const char *more;
    bool taken;
} members[] = {
    { ",\"use\":\"enc\"", false },         { ",\"use\":7", false },
    { ",\"alg\":\"none\"", false },        { ",\"alg\":\"HS256\"", false },
    { ",\"alg\":\"RS512\"", false },       { ",\"alg\":[]", false },
    { ",\"use\":\"sig\"", true },          { ",\"x5t\":\"x\",\"issuer\":\"y\"", true },
    { ",\"key_ops\":[\"verify\"]", true },
};

Test(trust_keys, leaves_out_keys_for_other_purposes)
{
    char jwk[2048], json[4096];

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        write_rsa_jwk("a", members[i].more, jwk, sizeof(jwk));
        snprintf(json, sizeof(json), "{\"keys\":[%s]}", jwk);
        cr_expect_eq(parse(json), members[i].taken ? KV_OK : KV_BAD_PARAMETER, "%s",
                     members[i].more);
        write_ec_jwk("a", members[i].more, jwk, sizeof(jwk));
        snprintf(json, sizeof(json), "{\"keys\":[%s]}", jwk);
        cr_expect_eq(parse(json), members[i].taken ? KV_OK : KV_BAD_PARAMETER, "%s",
                     members[i].more);
    }
    write_ec_jwk("a", ",\"alg\":\"RS256\"", jwk, sizeof(jwk));
    snprintf(json, sizeof(json), "{\"keys\":[%s]}", jwk);
    cr_expect_eq(parse(json), KV_BAD_PARAMETER, "a key on a curve signs no RS256");
    write_rsa_jwk("", "", jwk, sizeof(jwk));
    snprintf(json, sizeof(json), "{\"keys\":[%s]}", jwk);
    cr_expect_eq(parse(json), KV_BAD_PARAMETER, "a key without a name");
}

Test(trust_keys, refuses_a_name_that_two_keys_have_unless_the_token_tells_them_apart)
{
    char rsa[2048], ec[512], json[8192];

    write_rsa_jwk("a", "", rsa, sizeof(rsa));
    write_ec_jwk("a", "", ec, sizeof(ec));
    snprintf(json, sizeof(json), "{\"keys\":[%s,%s]}", rsa, rsa);
    cr_expect_eq(parse(json), KV_BAD_PARAMETER);
    snprintf(json, sizeof(json), "{\"keys\":[%s,%s]}", rsa, ec);
    cr_expect_eq(parse(json), KV_OK, "%s", err.message);
}

Test(trust_keys, refuses_more_keys_than_there_may_be)
{
    static char json[65536];
    char jwk[512], kid[16];
    size_t len = (size_t) snprintf(json, sizeof(json), "{\"keys\":[");

    for (int i = 0; i <= KV_KEY_SET_MAX; i++) {
        snprintf(kid, sizeof(kid), "%d", i);
        write_ec_jwk(kid, "", jwk, sizeof(jwk));
        len += (size_t) snprintf(json + len, sizeof(json) - len, "%s%s", i > 0 ? "," : "", jwk);
    }
    snprintf(json + len, sizeof(json) - len, "]}");
    cr_expect_eq(parse(json), KV_BAD_PARAMETER);
}

Test(trust_keys, asks_no_more_often_than_once_in_a_pause)
{
    kv_auto(kv_wipe_free) char *good = forge_foreign("RS256", RSA_KID, FOREIGN_PAYLOAD);

    cr_assert_eq(verify_at_last(good, NOW), KV_OK, "%s", err.message);
    unsigned before = atomic_load(&fetches);
    for (int i = 0; i < 50; i++) {
        char kid[16];

        snprintf(kid, sizeof(kid), "kid-%d", i);
        kv_auto(kv_wipe_free) char *token = forge_foreign("RS256", kid, FOREIGN_PAYLOAD);
        expect_refusal(token, NOW, err.message); /* whatever it says: at once */
        cr_assert_not(token_verdict.must_wait);
    }
    cr_expect_eq(atomic_load(&fetches), before);
}

Test(trust_keys, says_an_unknown_key_while_the_issuer_does_not_answer)
{
    kv_auto(kv_wipe_free) char *token = forge_foreign("RS256", RSA_KID, FOREIGN_PAYLOAD);

    keys[0] = '\0';
    cr_assert_eq(reopen_by(&trusting), KV_OK);
    expect_refusal_at_last(token, NOW, UNKNOWN_KEY);
}

static void announce(const char *json)
{
    snprintf(keys, sizeof(keys), "%s", json);
}

Test(trust_keys, learns_a_new_key_and_forgets_one_that_is_gone)
{
    kv_auto(kv_wipe_free) char *old = forge_foreign("RS256", RSA_KID, FOREIGN_PAYLOAD);
    kv_auto(kv_wipe_free) char *new = forge_foreign("ES256", "ec-2", FOREIGN_PAYLOAD);
    char jwk[512], json[1024];

    trusting.keys_pause = 1;
    cr_assert_eq(reopen_by(&trusting), KV_OK);
    cr_assert_eq(verify_at_last(old, NOW), KV_OK, "%s", err.message);
    write_ec_jwk("ec-2", "", jwk, sizeof(jwk));
    snprintf(json, sizeof(json), "{\"keys\":[%s]}", jwk);
    announce(json);
    usleep(2000); /* more than the pause */
    cr_assert_eq(verify_at_last(new, NOW), KV_OK, "%s", err.message);
    while (verify(old, NOW) == KV_OK) { /* remembered until the fetching thread forgets it */
        usleep(1000);
    }
    cr_expect_eq(strncmp(err.message, UNKNOWN_KEY, strlen(UNKNOWN_KEY)), 0, "%s", err.message);
}

Test(trust_keys, keeps_the_keys_it_has_when_an_answer_is_none)
{
    kv_auto(kv_wipe_free) char *old = forge_foreign("RS256", RSA_KID, FOREIGN_PAYLOAD);
    kv_auto(kv_wipe_free) char *unknown = forge_foreign("RS256", "other", FOREIGN_PAYLOAD);

    trusting.keys_pause = 1;
    cr_assert_eq(reopen_by(&trusting), KV_OK);
    cr_assert_eq(verify_at_last(old, NOW), KV_OK, "%s", err.message);
    unsigned before = atomic_load(&fetches);
    announce("<html>sign in first</html>");
    while (atomic_load(&fetches) == before) {
        usleep(1000);
        (void) verify(unknown, NOW);
    }
    cr_expect_eq(verify_at_last(old, NOW), KV_OK, "%s", err.message);
}

Test(trust_keys, fetches_a_set_anew_when_it_is_old)
{
    trusting.keys_lifetime = 1;
    cr_assert_eq(reopen_by(&trusting), KV_OK);
    unsigned before = atomic_load(&fetches);
    while (atomic_load(&fetches) < before + 3) {
        usleep(1000);
    }
}

Test(trust_keys, reads_a_file_again_when_a_key_is_not_in_it)
{
    char path[KV_PATH_MAX], jwk[2048], json[4096];
    kv_auto(kv_wipe_free) char *first = forge_foreign("RS256", RSA_KID, FOREIGN_PAYLOAD);
    kv_auto(kv_wipe_free) char *second = forge_foreign("PS256", "rsa-2", FOREIGN_PAYLOAD);

    cr_assert_eq(kv_path_join(path, folder, "keys.json", &err), KV_OK);
    cr_assert_eq(kv_file_write(path, keys, strlen(keys), 0600, &err), KV_OK);
    trusted.keys = path;
    trusting.fetch = NULL;
    trusting.keys_pause = 1;
    cr_assert_eq(reopen_by(&trusting), KV_OK, "%s", err.message);
    cr_expect_eq(verify(first, NOW), KV_OK, "it is there at once: %s", err.message);
    write_rsa_jwk("rsa-2", "", jwk, sizeof(jwk));
    snprintf(json, sizeof(json), "{\"keys\":[%s]}", jwk);
    cr_assert_eq(kv_file_write(path, json, strlen(json), 0600, &err), KV_OK);
    usleep(2000);
    cr_expect_eq(verify_at_last(second, NOW), KV_OK, "%s", err.message);
}

/* One answer for both questions: a configuration that is also the set. */
static void announce_configuration(const char *issuer, const char *url)
{
    char jwk[2048], json[4096];

    write_rsa_jwk(RSA_KID, "", jwk, sizeof(jwk));
    snprintf(json, sizeof(json), "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\",\"keys\":[%s]}", issuer,
             url, jwk);
    announce(json);
}

Test(trust_keys, refuses_a_configuration_of_another_issuer_or_without_a_place)
{
    kv_auto(kv_wipe_free) char *token = forge_foreign("RS256", RSA_KID, FOREIGN_PAYLOAD);
    static const char *const rows[][2] = {
        { "https://evil.example", KEYS_URL },
        { FOREIGN "/", KEYS_URL },
        { FOREIGN, "file:///etc/passwd" },
        { FOREIGN, "" },
    };

    trusted.keys = NULL;
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        announce_configuration(rows[i][0], rows[i][1]);
        cr_assert_eq(reopen_by(&trusting), KV_OK);
        expect_refusal_at_last(token, NOW, UNKNOWN_KEY);
        cr_expect_str_eq(last_url, FOREIGN "/.well-known/openid-configuration");
    }
}

Test(trust_keys, finds_the_keys_by_the_issuers_configuration)
{
    kv_auto(kv_wipe_free) char *token = forge_foreign("RS256", RSA_KID, FOREIGN_PAYLOAD);

    trusted.keys = NULL;
    announce_configuration(FOREIGN, "https://elsewhere.example/jwks");
    cr_assert_eq(reopen_by(&trusting), KV_OK);
    cr_assert_eq(verify_at_last(token, NOW), KV_OK, "%s", err.message);
    cr_expect_str_eq(last_url, "https://elsewhere.example/jwks");
}
