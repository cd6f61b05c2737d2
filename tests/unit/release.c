/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose word counts for an attestation, and how often its authority is asked: contract §11. The
 * authorities are a function of the test; they sign with the key of tests/unit/identity/forge.h.
 */
#include "kv/release/release.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "identity/forge.h"
#include "kv/base/json.h"
#include "kv/base/jws.h"

#define NOW 1700000000
#define HEADER "{\"alg\":\"RS256\",\"kid\":\"" FORGE_KEY_ID "\"}"
#define AUTHORITY "https://attest.example"
#define CONFIGURATION "/.well-known/openid-configuration"
#define TEXT_MAX 4096

static struct kv_authorities *authorities;
static _Thread_local struct kv_err err;
static char jwk[1024];    /* of the key that signs, without its end, so that a kid can be added */
static unsigned asked;    /* how often an authority told its keys */
static const char *known; /* kid of the key that they tell */
static const char *jwks_uri;
static const char *claim, *wanted; /* JSON: what is attested, and what the policy wants */
static const char *answer;         /* what they answer for their keys; NULL: the one key */
static sem_t *door;                /* that whoever is asked waits at; NULL: nobody waits */
static atomic_uint inside;         /* how many did */
static bool hurried;               /* of the case that is judged, as are these */
static uint64_t must_ask;
static kv_millis since;

static enum kv_code fetch(const char *url, struct kv_buf *body, struct kv_err *why)
{
    if (strstr(url, CONFIGURATION) != NULL) {
        inside++;
        if (door != NULL) {
            sem_wait(door);
        }
        return kv_buf_printf(body, why, "{\"jwks_uri\":\"%s\"}", jwks_uri);
    }
    asked++;
    cr_assert_str_eq(url, jwks_uri);
    if (answer != NULL) {
        return kv_buf_append(body, answer, strlen(answer), why);
    }
    return kv_buf_printf(body, why, "{\"keys\":[%s,\"kid\":\"%s\"}]}", jwk, known);
}

static void set_up(void)
{
    struct kv_jws_key *key = NULL;
    struct kv_buf json;

    asked = 0;
    known = FORGE_KEY_ID;
    jwks_uri = AUTHORITY "/certs";
    answer = NULL;
    claim = wanted = "\"1\"";
    kv_buf_init(&json, sizeof(jwk) - 1);
    cr_assert_eq(kv_jws_key_parse(forge_pem, strlen(forge_pem), &key, &err), KV_OK);
    cr_assert_eq(kv_jws_key_show(key, &json, &err), KV_OK);
    snprintf(jwk, sizeof(jwk), "%.*s", (int) json.len - 1, json.data);
    kv_buf_done(&json);
    kv_jws_key_free(key);
    cr_assert_eq(kv_authorities_new(fetch, &authorities, &err), KV_OK);
}

static void tear_down(void)
{
    kv_authorities_free(authorities);
}

TestSuite(authority, .init = set_up, .fini = tear_down, .timeout = 120);

/* Holds an attestation of `issuer` with that header against a policy that names `authority`. */
static enum kv_code judge(const char *authority, const char *issuer, const char *header,
                          kv_time now)
{
    char policy[TEXT_MAX];
    char claims[TEXT_MAX];
    struct kv_release_case release = { .policy = policy, .now = now, .authorities = authorities };
    struct kv_release_target target;
    struct kv_err why = { .message = "" };
    enum kv_code code;
    char *token;

    release.since = since;
    release.must_ask = hurried ? &must_ask : NULL;
    snprintf(policy, sizeof(policy),
             "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"%s\",\"allOf\":"
             "[{\"claim\":\"c\",\"equals\":%s}]}]}",
             authority, wanted);
    snprintf(claims, sizeof(claims),
             "{\"iss\":\"%s\",\"exp\":%d,\"c\":%s,\"x-ms-runtime\":{\"keys\":[%s}]}}", issuer,
             NOW + 1000000, claim, jwk);
    token = forge_token(header, claims);
    release.target = token;
    code = kv_release_judge(&release, &target, &why);
    free(token);
    err = why; /* of whichever thread was the last */
    return code;
}

static enum kv_code judge_at(kv_time now)
{
    return judge(AUTHORITY, AUTHORITY, HEADER, now);
}

Test(authority, asks_nobody_whom_the_policy_does_not_name)
{
    cr_expect_eq(judge("https://other.example", AUTHORITY, HEADER, NOW), KV_RELEASE_DENIED);
    cr_expect_eq(judge(AUTHORITY "s", AUTHORITY, HEADER, NOW), KV_RELEASE_DENIED);
    cr_expect_eq(asked, 0);
}

static const struct {
    const char *jwks_uri, *answer;
} useless[] = {
    { "ftp://attest.example/certs", "{}" },
    { "http://attest.example/certs", "{}" },
    { "", "{}" },
    { AUTHORITY "/certs", "" },
    { AUTHORITY "/certs", "[]" },
    { AUTHORITY "/certs", "{\"keys\":" },
};

Test(authority, is_put_off_while_the_authority_tells_nothing_of_use)
{
    for (size_t i = 0; i < KV_COUNT(useless); i++) {
        tear_down(); /* with nobody who remembers the failure */
        cr_assert_eq(kv_authorities_new(fetch, &authorities, &err), KV_OK);
        jwks_uri = useless[i].jwks_uri;
        answer = useless[i].answer;
        cr_expect_eq(judge_at(NOW), KV_UNAVAILABLE, "%zu", i);
    }
}

/* Whoever comes within a moment of a failure gets the same one, for nothing. */
Test(authority, is_not_asked_again_just_after_it_failed)
{
    jwks_uri = "";
    cr_expect_eq(judge_at(NOW), KV_UNAVAILABLE);
    cr_expect_eq(judge_at(NOW + 1), KV_UNAVAILABLE);
    cr_expect_str_eq(err.message, "The attestation authority names a URL that cannot be used.");
    cr_expect_eq(inside, 1, "%u", inside);
    jwks_uri = AUTHORITY "/certs";
    usleep(KV_AUTHORITY_PAUSE * 1000 + 1000);
    cr_expect_eq(judge_at(NOW), KV_OK, "%s", err.message);
    cr_expect_eq(inside, 2, "%u", inside);
}

#define CROWD 12

static void *judge_beside(void *ret_code)
{
    enum kv_code *code = ret_code;

    *code = judge_at(NOW);
    return NULL;
}

Test(authority, is_asked_by_one_for_all_who_come_meanwhile)
{
    pthread_t threads[CROWD];
    enum kv_code codes[CROWD];
    sem_t closed;

    sem_init(&closed, 0, 0);
    door = &closed;
    for (size_t i = 0; i < CROWD; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, judge_beside, &codes[i]), 0);
    }
    usleep(200 * 1000); /* all are there now, or the fewer wait */
    for (int i = 0; i < CROWD; i++) {
        sem_post(&closed); /* for as many as have been let in */
    }
    for (size_t i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(codes[i], KV_OK);
    }
    cr_expect_eq(asked, 1, "%u", asked);
    sem_destroy(&closed);
    door = NULL;
}

Test(authority, is_not_asked_by_somebody_who_must_not_wait)
{
    hurried = true;
    cr_expect_eq(judge_at(NOW), KV_OK);
    cr_expect_neq(must_ask, 0);
    cr_expect_eq(inside, 0);
    hurried = false;
    cr_expect_eq(judge_at(NOW), KV_OK, "%s", err.message);
    hurried = true;
    cr_expect_eq(judge_at(NOW), KV_OK, "%s", err.message);
    cr_expect_eq(must_ask, 0, "its keys are known now");
    cr_expect_eq(inside, 1);
}

/* As it would be if they had waited together for the one answer. */
Test(authority, is_not_asked_again_by_who_wanted_to_before_it_answered)
{
    static const char another[] = "{\"alg\":\"RS256\",\"kid\":\"another\"}";

    since = kv_clock_monotonic();
    cr_expect_eq(judge(AUTHORITY, AUTHORITY, another, NOW), KV_RELEASE_DENIED);
    cr_expect_eq(judge(AUTHORITY, AUTHORITY, another, NOW), KV_RELEASE_DENIED);
    cr_expect_eq(asked, 1, "%u", asked);
    since = kv_clock_monotonic() + 1;
    cr_expect_eq(judge(AUTHORITY, AUTHORITY, another, NOW), KV_RELEASE_DENIED);
    cr_expect_eq(asked, 2, "%u", asked);
    since = 0;
}

/* What tells no keys drives out no keys. */
Test(authority, keeps_the_keys_of_one_however_many_others_do_not_tell_theirs)
{
    char url[64];

    cr_expect_eq(judge_at(NOW), KV_OK, "%s", err.message);
    jwks_uri = "ftp://of-no-use.example";
    for (unsigned i = 0; i < 3 * KV_AUTHORITIES_MAX; i++) {
        snprintf(url, sizeof(url), "https://attest-%u.example", i);
        cr_expect_eq(judge(url, url, HEADER, NOW), KV_UNAVAILABLE);
    }
    cr_expect_eq(judge_at(NOW), KV_OK, "%s", err.message);
    cr_expect_eq(asked, 1, "%u", asked);
}

static const char *const keyless[] = {
    "{}",
    "{\"keys\":{}}",
    "{\"keys\":[1,null,{},[]]}",
    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"" FORGE_KEY_ID "\"}]}",
    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"" FORGE_KEY_ID "\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
    "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"" FORGE_KEY_ID "\",\"x\":\"AQAB\",\"y\":\"AQAB\"}]}",
};

Test(authority, is_denied_when_the_authority_has_no_such_key)
{
    for (size_t i = 0; i < KV_COUNT(keyless); i++) {
        answer = keyless[i];
        cr_expect_eq(judge_at(NOW + (kv_time) i * KV_AUTHORITY_KEYS_LIFETIME), KV_RELEASE_DENIED,
                     "%s", keyless[i]);
    }
}

Test(authority, asks_an_authority_once_for_many_attestations)
{
    cr_expect_eq(judge_at(NOW), KV_OK, "%s", err.message);
    cr_expect_eq(judge_at(NOW), KV_OK, "%s", err.message);
    cr_expect_eq(judge_at(NOW + KV_AUTHORITY_KEYS_LIFETIME - 1), KV_OK, "%s", err.message);
    cr_expect_eq(asked, 1);
}

/* With a slash at its end it is the same one. */
Test(authority, knows_an_authority_by_its_url_but_for_a_slash)
{
    cr_expect_eq(judge(AUTHORITY "/", AUTHORITY, HEADER, NOW), KV_OK, "%s", err.message);
    cr_expect_eq(judge(AUTHORITY, AUTHORITY "/", HEADER, NOW), KV_OK, "%s", err.message);
    cr_expect_eq(asked, 1);
}

Test(authority, asks_again_when_the_keys_are_old_or_of_the_future)
{
    cr_expect_eq(judge_at(NOW), KV_OK);
    cr_expect_eq(judge_at(NOW + KV_AUTHORITY_KEYS_LIFETIME), KV_OK);
    cr_expect_eq(asked, 2);
    cr_expect_eq(judge_at(NOW), KV_OK);
    cr_expect_eq(asked, 3);
}

Test(authority, asks_again_for_a_key_it_does_not_know)
{
    known = "old";
    cr_expect_eq(judge_at(NOW), KV_RELEASE_DENIED);
    cr_expect_eq(asked, 1);
    known = FORGE_KEY_ID;
    cr_expect_eq(judge_at(NOW), KV_OK, "%s", err.message);
    cr_expect_eq(asked, 2);
    cr_expect_eq(judge_at(NOW), KV_OK, "%s", err.message);
    cr_expect_eq(asked, 2);
}

Test(authority, asks_once_for_a_key_that_nobody_knows)
{
    cr_expect_eq(judge_at(NOW), KV_OK);
    cr_expect_eq(judge(AUTHORITY, AUTHORITY, "{\"alg\":\"RS256\",\"kid\":\"another\"}", NOW),
                 KV_RELEASE_DENIED);
    cr_expect_eq(judge(AUTHORITY, AUTHORITY, "{\"alg\":\"RS256\"}", NOW), KV_RELEASE_DENIED);
    cr_expect_eq(asked, 3);
}

static void judge_of(unsigned number)
{
    char url[64];

    snprintf(url, sizeof(url), "https://attest-%u.example", number);
    cr_expect_eq(judge(url, url, HEADER, NOW), KV_OK, "%s", err.message);
}

Test(authority, remembers_so_many_authorities_and_then_forgets_the_first)
{
    for (unsigned i = 0; i < 2 * KV_AUTHORITIES_MAX; i++) {
        judge_of(i % KV_AUTHORITIES_MAX);
    }
    cr_expect_eq(asked, KV_AUTHORITIES_MAX);
    judge_of(KV_AUTHORITIES_MAX);
    judge_of(1);
    cr_expect_eq(asked, KV_AUTHORITIES_MAX + 1);
    judge_of(0);
    cr_expect_eq(asked, KV_AUTHORITIES_MAX + 2);
}

Test(authority, takes_an_authority_of_the_longest_url_there_may_be)
{
    char url[600];
    kv_auto(kv_buf_done) struct kv_buf compact;
    char policy[TEXT_MAX];
    int len = snprintf(url, sizeof(url), "https://%0503d", 0);

    cr_assert_eq(len, 511);
    kv_buf_init(&compact, KV_RELEASE_POLICY_MAX);
    snprintf(policy, sizeof(policy),
             "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"%s\",\"allOf\":"
             "[{\"claim\":\"c\",\"equals\":\"1\"}]}]}",
             url);
    cr_expect_eq(kv_release_policy_check(policy, strlen(policy), &compact, &err), KV_OK, "%s",
                 err.message);
    cr_expect_eq(judge(url, url, HEADER, NOW), KV_OK, "%s", err.message);
    char longer[601];

    snprintf(longer, sizeof(longer), "%s/", url);
    cr_expect_eq(judge(url, longer, HEADER, NOW), KV_OK, "%s", err.message);
}

/* contract §11: true equals "true"; so numbers equal the texts that JSON has for them. */
static const struct {
    const char *claim, *wanted;
    enum kv_code code;
} claims[] = {
    { "true", "\"true\"", KV_OK },
    { "\"true\"", "true", KV_OK },
    { "true", "\"True\"", KV_BAD_PARAMETER },
    { "false", "true", KV_BAD_PARAMETER },
    { "1", "\"1\"", KV_OK },
    { "1.0", "1", KV_OK },
    { "0.1", "\"0.1\"", KV_OK },
    { "0.1", "0.1", KV_OK },
    { "0.1", "0.10000000000000002", KV_BAD_PARAMETER },
    { "9007199254740993", "9007199254740992", KV_OK }, /* one double */
    { "null", "\"null\"", KV_BAD_PARAMETER },
    { "{}", "\"{}\"", KV_BAD_PARAMETER },
    { "[\"1\"]", "\"1\"", KV_BAD_PARAMETER },
};

Test(authority, compares_claims_as_texts)
{
    for (size_t i = 0; i < KV_COUNT(claims); i++) {
        claim = claims[i].claim;
        wanted = claims[i].wanted;
        cr_expect_eq(judge_at(NOW), claims[i].code, "%s against %s", claim, wanted);
    }
}
