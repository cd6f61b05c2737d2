/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestations before the judge: contract §11. The authority is a table here; its key is the one of
 * forge.h, so that nothing but the token decides.
 */
#include "kv/release/release.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "forge.h"
#include "kv/base/base64.h"

#define NOW 1800000000
#define ISSUER "https://a.test"
#define POLICY                                                                                     \
    "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"https://b.test\",\"allOf\":[{\"claim\":"   \
    "\"c\",\"equals\":\"w\"}]},{\"authority\":\"" ISSUER "\",\"allOf\":[{\"claim\":\"c\","         \
    "\"equals\":\"v\"}]}]}"
#define HEADER "{\"alg\":\"RS256\",\"kid\":\"k1\"}"
#define CLAIMS(more) "{\"iss\":\"" ISSUER "/\",\"exp\":1800000001,\"c\":\"v\"," more "}"
#define KEYS(list) "\"x-ms-runtime\":{\"keys\":[" list "]}"

/* The public half of forge.h's key (RFC 7515 A.2); 256 bytes, as attested keys have to have. */
#define N                                                                                          \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define JWK(more) "{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"AQAB\"" more "}"
#define TARGET KEYS(JWK(""))
#define GOOD CLAIMS(TARGET)
#define CONFIGURATION "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://a.test/certs\"}"
#define SET(list) "{\"keys\":[" list "]}"
#define GOOD_SET SET(JWK(",\"kid\":\"k0\"") "," JWK(",\"kid\":\"k1\""))

#define NO_TOKEN "Target environment attestation is not a JSON web token signed with RS256."
#define DENIED "Target environment attestation statement cannot be verified."
#define UNMET                                                                                      \
    "Target environment attestation does not have the claims that the release policy demands."
#define NO_KEY                                                                                     \
    "Target environment attestation does not have the required enclave held data claim (maa-ehd)"
#define NO_JSON "The attestation authority did not answer with JSON."
#define NO_URL "The attestation authority names a URL that cannot be used."

static struct {
    const char *configuration, *keys;
    unsigned asked;
} authority;

static void setup(void)
{
    authority.configuration = CONFIGURATION;
    authority.keys = GOOD_SET;
    authority.asked = 0;
}
TestSuite(release_judge, .init = setup, .timeout = 120);

/* NULL: it cannot be reached. */
static enum kv_code fetch(const char *url, struct kv_buf *body, struct kv_err *err)
{
    const char *text = authority.keys;

    if (authority.asked++ == 0) {
        cr_expect_str_eq(url, ISSUER "/.well-known/openid-configuration");
        text = authority.configuration;
    }
    if (text == NULL) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0, "nobody there");
    }
    return kv_buf_append(body, text, strlen(text), err);
}

static enum kv_code judge(const char *token, struct kv_release_target *ret_target,
                          struct kv_err *err)
{
    kv_auto(kv_authorities_free) struct kv_authorities *authorities = NULL;
    struct kv_release_case release = { .policy = POLICY, .target = token, .now = NOW };

    KV_TRY(kv_authorities_new(fetch, &authorities, err)); /* with nothing to remember */
    release.authorities = authorities;
    authority.asked = 0;
    return kv_release_judge(&release, ret_target, err);
}

static void expect_refused(const char *token, enum kv_code code, const char *message,
                           unsigned asked)
{
    struct kv_release_target target = { .modulus_len = 77 };
    struct kv_err err = { .message = "" };

    cr_expect_eq(judge(token, &target, &err), code, "%.100s", token);
    cr_expect_str_eq(err.message, message, "%.100s", token);
    cr_expect_eq(authority.asked, asked, "%s: asked %u times", message, authority.asked);
    cr_expect_eq(target.modulus_len, 77, "written on failure");
}

Test(release_judge, refuses_texts_that_are_no_token)
{
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c",
        "e30.e30.e30",
        "e30.e30.e30.e30",
        "eyJhbGciOiJSUzI1NiJ9",
        "eyJhbGciOiJSUzI1NiJ9.",
        "eyJhbGciOiJSUzI1NiJ9..",
        "eyJhbGciOiJSUzI1NiJ9.W10.AAAA",                    /* [] */
        "eyJhbGciOiJSUzI1NiJ9.bnVsbA.AAAA",                 /* null */
        "WyJSUzI1NiJd.e30.AAAA",                            /* ["RS256"] */
        "eyJhbGciOiJSUzI1NiJ9.e30=.AAAA",                   /* padded */
        "eyJhbGciOiJSUzI1NiJ9 .e30.AAAA",                   /* a blank */
        "eyJhbGciOiJSUzI1NiJ9.e30.AAAA.AAAA.AAAA",          /* JWE has five parts */
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJcdTAwMDAifQ.AAAA", /* {"iss":"\u0000"} */
        "{\"alg\":\"RS256\"}.{}.AAAA",                      /* not encoded */
    };

    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        expect_refused(texts[i], KV_BAD_PARAMETER, NO_TOKEN, 0);
    }
}

Test(release_judge, refuses_every_algorithm_but_RS256)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\"}",
        "{\"alg\":\"RS512\",\"kid\":\"k1\"}",
        "{\"alg\":\"PS256\",\"kid\":\"k1\"}",
        "{\"alg\":\"rs256\",\"kid\":\"k1\"}",
        "{\"alg\":[\"RS256\"],\"kid\":\"k1\"}",
        "{\"kid\":\"k1\"}",
    };
    static char *(*const forgers[])(const char *header,
                                    const char *payload) = { forge_token, forge_hmac_token,
                                                             forge_unsigned_token };

    for (size_t i = 0; i < KV_COUNT(headers) * KV_COUNT(forgers); i++) {
        char *token = forgers[i % KV_COUNT(forgers)](headers[i / KV_COUNT(forgers)], GOOD);

        expect_refused(token, KV_BAD_PARAMETER, NO_TOKEN, 0);
        free(token);
    }
}

/* A text with blanks behind it. */
static const char *pad(char *ret_text, size_t size, const char *text)
{
    memset(ret_text, ' ', size);
    memcpy(ret_text, text, strlen(text));
    ret_text[size - 1] = '\0';
    return ret_text;
}

/* Each part for itself is as long as it may be, or shorter. */
Test(release_judge, refuses_a_token_that_is_too_long)
{
    static char header[4096];
    static char claims[48000];
    char *token =
        forge_token(pad(header, sizeof(header), HEADER), pad(claims, sizeof(claims), GOOD));

    cr_assert_gt(strlen(token), KV_ATTESTATION_MAX);
    expect_refused(token, KV_BAD_PARAMETER, NO_TOKEN, 0);
    free(token);
}

/* Nobody is asked who is not named: a token must not choose where we connect to. */
Test(release_judge, asks_no_authority_that_the_policy_does_not_name)
{
    static const char *const claims[] = {
        "{" TARGET "}",
        "{\"iss\":null," TARGET "}",
        "{\"iss\":\"\"," TARGET "}",
        "{\"iss\":\"http://a.test\"," TARGET "}",
        "{\"iss\":\"https://a.test.c.test\"," TARGET "}",
        "{\"iss\":\"https://a.test/x\"," TARGET "}",
        "{\"iss\":[\"https://a.test\"]," TARGET "}",
        "{\"iss\":\"https://169.254.169.254\"," TARGET "}",
    };

    for (size_t i = 0; i < KV_COUNT(claims); i++) {
        char *token = forge_token(HEADER, claims[i]);

        expect_refused(token, KV_RELEASE_DENIED, DENIED, 0);
        free(token);
    }
}

Test(release_judge, believes_only_the_key_that_signed)
{
    static const char *const sets[] = {
        "{}",
        "{\"keys\":null}",
        "{\"keys\":{\"k1\":" JWK("") "}}",
        SET(""),
        SET("null"),
        SET(JWK("")),
        SET(JWK(",\"kid\":\"k2\"")),
        SET(JWK(",\"kid\":\"K1\"")),
        SET("{\"kty\":\"RSA\",\"kid\":\"k1\"}"),
        SET("{\"kty\":\"RSA\",\"kid\":\"k1\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"),
        SET("{\"kty\":\"RSA\",\"kid\":\"k1\",\"n\":\"" N "\",\"e\":\"Aw\"}"),
        SET("{\"kty\":\"oct\",\"kid\":\"k1\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}"),
        SET("{\"kty\":\"oct\",\"kid\":\"k1\",\"n\":\"" N "\",\"e\":\"AQAB\"}"),
    };
    char *token = forge_token(HEADER, GOOD);

    for (size_t i = 0; i < KV_COUNT(sets); i++) {
        authority.keys = sets[i];
        expect_refused(token, KV_RELEASE_DENIED, DENIED, 2);
    }
    free(token);
}

Test(release_judge, believes_no_signature_but_that_over_the_text)
{
    char *tokens[] = {
        forge_rs512_token(HEADER, GOOD),
        forge_hmac_token(HEADER, GOOD),
        forge_unsigned_token(HEADER, GOOD),
        forge_token(HEADER, GOOD),
    };
    char *last = tokens[KV_COUNT(tokens) - 1];
    size_t at = strlen(last) - 100;

    last[at] = last[at] == 'A' ? 'B' : 'A';
    for (size_t i = 0; i < KV_COUNT(tokens); i++) {
        expect_refused(tokens[i], KV_RELEASE_DENIED, DENIED, 2);
        free(tokens[i]);
    }
}

Test(release_judge, is_as_good_as_the_authority)
{
    static const struct {
        const char *configuration, *keys, *message;
        unsigned asked;
    } rows[] = {
        { NULL, GOOD_SET, "nobody there", 1 },
        { "", GOOD_SET, NO_JSON, 1 },
        { "<html>", GOOD_SET, NO_JSON, 1 },
        { "{}", GOOD_SET, NO_URL, 1 },
        { "{\"jwks_uri\":1}", GOOD_SET, NO_URL, 1 },
        { "{\"jwks_uri\":\"http://a.test/certs\"}", GOOD_SET, NO_URL, 1 },
        { "{\"jwks_uri\":\"file:///etc/passwd\"}", GOOD_SET, NO_URL, 1 },
        { CONFIGURATION, NULL, "nobody there", 2 },
        { CONFIGURATION, "[]", NO_JSON, 2 },
    };
    char *token = forge_token(HEADER, GOOD);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        authority.configuration = rows[i].configuration;
        authority.keys = rows[i].keys;
        expect_refused(token, KV_UNAVAILABLE, rows[i].message, rows[i].asked);
    }
    free(token);
}

static const struct {
    const char *claims;
    enum kv_code code;
    const char *message;
} rows_of_claims[] = {
#define BY_ISSUER(claims) "{\"iss\":\"" ISSUER "\",\"c\":\"v\"," claims "," TARGET "}"
    { "{\"iss\":\"" ISSUER "\",\"c\":\"v\"," TARGET "}", KV_RELEASE_DENIED, DENIED },
    { BY_ISSUER("\"exp\":\"1800000001\""), KV_RELEASE_DENIED, DENIED },
    { BY_ISSUER("\"exp\":null"), KV_RELEASE_DENIED, DENIED },
    { BY_ISSUER("\"exp\":0"), KV_RELEASE_DENIED, DENIED },
    { BY_ISSUER("\"exp\":-1"), KV_RELEASE_DENIED, DENIED },
    { BY_ISSUER("\"exp\":1800000000"), KV_RELEASE_DENIED, DENIED },
    { BY_ISSUER("\"exp\":1800000001,\"nbf\":1800000001"), KV_RELEASE_DENIED, DENIED },
    { BY_ISSUER("\"exp\":1800000001,\"nbf\":1e300"), KV_RELEASE_DENIED, DENIED },
    { "{\"iss\":\"" ISSUER "\",\"exp\":1800000001," TARGET "}", KV_BAD_PARAMETER, UNMET },
    { "{\"iss\":\"" ISSUER "\",\"exp\":1800000001,\"c\":\"V\"," TARGET "}", KV_BAD_PARAMETER,
      UNMET },
    /* the claim that another authority would need */
    { "{\"iss\":\"" ISSUER "\",\"exp\":1800000001,\"c\":\"w\"," TARGET "}", KV_BAD_PARAMETER,
      UNMET },
    { CLAIMS("\"d\":1"), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS("\"keys\":[" JWK("") "]"), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS("\"x-ms-runtime\":[" JWK("") "]"), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS("\"x-ms-runtime\":{\"keys\":null}"), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS(KEYS("")), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS(KEYS("null,1,\"RSA\"")), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS(KEYS("{\"kty\":\"RSA\",\"n\":\"" N "\"}")), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS(KEYS("{\"kty\":\"RSA\",\"e\":\"AQAB\"}")), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS(KEYS("{\"kty\":\"EC\",\"n\":\"" N "\",\"e\":\"AQAB\"}")), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS(KEYS("{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"\"}")), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS(KEYS("{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"AA\"}")), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS(KEYS("{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"AQAAAAAAAAAB\"}")), KV_BAD_PARAMETER,
      NO_KEY },
    { CLAIMS(KEYS("{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"AQ\"}")), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS(KEYS("{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"AQAA\"}")), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS(KEYS("{\"kty\":\"RSA\",\"n\":\"" N "=\",\"e\":\"AQAB\"}")), KV_BAD_PARAMETER, NO_KEY },
    { CLAIMS(KEYS("{\"kty\":\"RSA\",\"n\":\"" N N N "\",\"e\":\"AQAB\"}")), KV_BAD_PARAMETER,
      NO_KEY },
};

Test(release_judge, refuses_what_the_claims_do_not_say)
{
    for (size_t i = 0; i < KV_COUNT(rows_of_claims); i++) {
        char *token = forge_token(HEADER, rows_of_claims[i].claims);

        expect_refused(token, rows_of_claims[i].code, rows_of_claims[i].message, 2);
        free(token);
    }
}

static void expect_modulus_refused(const unsigned char *modulus, size_t len)
{
    char text[KV_BASE64URL_LENGTH(KV_RELEASE_NUMBER_MAX + 1) + 1];
    char claims[2048];
    char *token;

    kv_base64url_encode(modulus, len, text);
    snprintf(claims, sizeof(claims), CLAIMS(KEYS("{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}")),
             text);
    token = forge_token(HEADER, claims);
    expect_refused(token, KV_BAD_PARAMETER, NO_KEY, 2);
    free(token);
}

Test(release_judge, refuses_a_modulus_that_is_none)
{
    unsigned char modulus[KV_RELEASE_NUMBER_MAX + 1];

    memset(modulus, 0xff, sizeof(modulus));
    expect_modulus_refused(modulus, 255);
    expect_modulus_refused(modulus, sizeof(modulus));
    modulus[255] = 0xfe;
    expect_modulus_refused(modulus, 256);
    modulus[0] = 0;
    expect_modulus_refused(modulus, 257);
}

Test(release_judge, takes_the_first_rsa_key_that_is_one)
{
    static const char *const claims[] = {
        GOOD,
        CLAIMS(TARGET ",\"nbf\":1800000000"),
        CLAIMS(KEYS("{\"kty\":\"EC\"},{\"kty\":\"RSA\"}," JWK("") ",{\"kty\":\"RSA\",\"n\":\"" N
                                                                  "\",\"e\":\"Aw\"}")),
    };

    for (size_t i = 0; i < KV_COUNT(claims); i++) {
        char *token = forge_token(HEADER, claims[i]);
        struct kv_release_target target;
        struct kv_err err = { .message = "" };
        char text[KV_BASE64URL_LENGTH(KV_RELEASE_NUMBER_MAX) + 1];

        cr_assert_eq(judge(token, &target, &err), KV_OK, "%zu: %s", i, err.message);
        cr_expect_eq(authority.asked, 2);
        kv_base64url_encode(target.modulus, target.modulus_len, text);
        cr_expect_str_eq(text, N);
        cr_expect_eq(target.exponent_len, 3);
        cr_expect_arr_eq(target.exponent, "\1\0\1", 3);
        free(token);
    }
}
