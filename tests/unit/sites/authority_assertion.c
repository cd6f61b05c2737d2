/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions that an application signs by the key of a certificate: RFC 7523 §3. */
#include "authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "kv/base/base64.h"

static EVP_PKEY *key;
static X509 *certificate;

static void set_up_certificate(void)
{
    set_up_authority();
    key = make_key();
    certificate = make_certificate(key, -1, 30);
    register_client("app");
    register_certificate("app", certificate);
}

static void tear_down_certificate(void)
{
    X509_free(certificate);
    EVP_PKEY_free(key);
    tear_down_authority();
}

TestSuite(assertion, .init = set_up_certificate, .fini = tear_down_certificate, .timeout = 60);

#define AUD_V2 "https://login.localhost:8443" TOKEN_V2
#define NOT_FOUND                                                                                  \
    "The certificate with identifier used to sign the client assertion is not "                    \
    "registered on application. [Reason - The key was not found., "

static const char *good_claims(void)
{
    return write_claims(CLIENT, CLIENT, AUD_V2, 10, 600);
}

/* {"alg":ALG,"x5t":...} with more members behind it, each with its comma before it. */
static const char *header_of(const char *alg, const char *more)
{
    static char header[32768];

    (void) snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"x5t\":\"%s\"%s}", alg,
                    thumbprint_of(certificate, EVP_sha1()), more);
    return header;
}

static void expect_malformed(char *assertion)
{
    post_assertion(assertion);
    expect_aadsts(50027, 401, "invalid_client", "JWT token is invalid or malformed: ");
}

/* --- what is refused --- */

Test(assertion, AADSTS50027_of_what_is_no_signed_token)
{
    static const char *const rows[] = { "x", "..", "a.b", "e30.e30.e30", "e30.e30.e30.e30.e30" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_malformed(strdup(rows[i]));
    }
}

Test(assertion, AADSTS50027_of_algorithms_by_which_anybody_can_sign)
{
    static const char *const algs[] = { "none", "None", "HS256", "HS512", "RS384", "", "RS256 " };

    for (size_t i = 0; i < KV_COUNT(algs); i++) {
        expect_malformed(sign_assertion(key, false, header_of(algs[i], ""), good_claims()));
    }
}

static char *cut_signature(char *assertion)
{
    strrchr(assertion, '.')[1] = '\0';
    return assertion;
}

Test(assertion, AADSTS50027_of_a_token_without_a_signature)
{
    expect_malformed(
        cut_signature(sign_assertion(key, false, header_of("none", ""), good_claims())));
}

/* The public key as the secret of an HMAC lets a stranger in where the header is believed. */
Test(assertion, AADSTS50027_of_an_hmac_by_the_public_key)
{
    unsigned char mac[32];
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    char *text = cut_signature(sign_assertion(key, false, header_of("HS256", ""), good_claims()));
    size_t end = strlen(text);

    cr_assert_not_null(HMAC(EVP_sha256(), spki, len, (unsigned char *) text, end - 1, mac, NULL));
    kv_base64url_encode(mac, sizeof(mac), text + end);
    OPENSSL_free(spki);
    expect_malformed(text);
}

Test(assertion, AADSTS50027_of_members_that_are_given_twice)
{
    static const char twice[] = "{\"iss\":\"" CLIENT "\",\"sub\":\"" CLIENT "\",\"aud\":\"" AUD_V2
                                "\",\"exp\":9999999999,\"sub\":\"other\"}";

    expect_malformed(sign_assertion(key, false, header_of("RS256", ""), twice));
    expect_malformed(
        sign_assertion(key, false, header_of("RS256", ",\"alg\":\"RS256\""), good_claims()));
}

Test(assertion, AADSTS50027_of_a_critical_extension)
{
    expect_malformed(
        sign_assertion(key, false, header_of("RS256", ",\"crit\":[\"exp\"]"), good_claims()));
}

Test(assertion, AADSTS50027_of_claims_that_are_missing_or_of_another_type)
{
    static const char *const rows[] = {
        "{}",
        "[]",
        "{\"iss\":\"" CLIENT "\",\"sub\":\"" CLIENT "\",\"aud\":\"" AUD_V2 "\"}",
        "{\"iss\":\"" CLIENT "\",\"sub\":\"" CLIENT "\",\"exp\":9999999999}",
        "{\"iss\":\"" CLIENT "\",\"aud\":\"" AUD_V2 "\",\"exp\":9999999999}",
        "{\"sub\":\"" CLIENT "\",\"aud\":\"" AUD_V2 "\",\"exp\":9999999999}",
        "{\"iss\":1,\"sub\":\"" CLIENT "\",\"aud\":\"" AUD_V2 "\",\"exp\":9999999999}",
        "{\"iss\":\"" CLIENT "\",\"sub\":\"" CLIENT "\",\"aud\":1,\"exp\":9999999999}",
        "{\"iss\":\"" CLIENT "\",\"sub\":\"" CLIENT "\",\"aud\":\"" AUD_V2 "\",\"exp\":\"1\"}",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_malformed(sign_assertion(key, false, header_of("RS256", ""), rows[i]));
    }
}

Test(assertion, AADSTS50027_of_one_that_is_too_long)
{
    static char claims[KV_TOKEN_MAX];

    memset(claims, ' ', sizeof(claims) - 1);
    memcpy(claims, "{}", 2);
    expect_malformed(sign_assertion(key, false, header_of("RS256", ""), claims));
}

Test(assertion, AADSTS50027_of_one_that_names_no_certificate)
{
    static const char *const headers[] = {
        "{\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"kid\":\"x\"}",
        "{\"alg\":\"RS256\",\"x5t\":\"AAAA\"}",
        "{\"alg\":\"RS256\",\"x5t\":1}",
        "{\"alg\":\"RS256\",\"x5c\":[]}",
        "{\"alg\":\"RS256\",\"x5c\":[\"AAAA\"]}",
        "{\"alg\":\"RS256\",\"jku\":\"https://localhost/keys\",\"x5u\":\"https://localhost/x\"}",
    };

    for (size_t i = 0; i < KV_COUNT(headers); i++) {
        expect_malformed(sign_assertion(key, false, headers[i], good_claims()));
    }
}

Test(assertion, AADSTS50027_of_a_type_that_is_not_known)
{
    post(TOKEN_V2, GOOD "&client_assertion=a.b.c&client_assertion_type=saml");
    expect_aadsts(50027, 401, "invalid_client",
                  "JWT token is invalid or malformed: its client_assertion_type is not known. ");
}

/* An HTTP server could be told to vouch for any key: what a header points at counts for nothing. */
Test(assertion, AADSTS700027_of_a_key_that_is_not_registered)
{
    EVP_PKEY *other = make_key();
    X509 *stranger = make_certificate(other, -1, 30);
    char header[16384];

    (void) snprintf(header, sizeof(header),
                    "{\"alg\":\"RS256\",\"x5t\":\"%s\",\"jku\":\"https://localhost:1/keys\"}",
                    thumbprint_of(stranger, EVP_sha1()));
    post_assertion(sign_assertion(other, false, header, good_claims()));
    expect_aadsts(700027, 401, "invalid_client", NOT_FOUND);
    (void) snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"x5c\":[\"%s\"]}",
                    encode_certificate(stranger));
    post_assertion(sign_assertion(other, false, header, good_claims()));
    expect_aadsts(700027, 401, "invalid_client", NOT_FOUND);
    X509_free(stranger);
    EVP_PKEY_free(other);
}

static void expect_bad_signature(char *assertion)
{
    post_assertion(assertion);
    expect_aadsts(
        700027, 401, "invalid_client",
        "The certificate with identifier used to sign the client assertion is not "
        "registered on application. [Reason - Key was found, but use of the key to verify "
        "the signature failed., Thumbprint of key used by client: '");
}

Test(assertion, AADSTS700027_of_a_signature_by_another_key)
{
    EVP_PKEY *other = make_key();

    expect_bad_signature(sign_assertion(other, false, header_of("RS256", ""), good_claims()));
    EVP_PKEY_free(other);
}

Test(assertion, AADSTS700027_of_one_algorithm_in_place_of_another)
{
    expect_bad_signature(sign_assertion(key, true, header_of("RS256", ""), good_claims()));
    expect_bad_signature(sign_assertion(key, false, header_of("PS256", ""), good_claims()));
    expect_bad_signature(sign_assertion(key, false, header_of("ES256", ""), good_claims()));
}

Test(assertion, AADSTS700027_of_one_that_was_touched)
{
    char *assertion = sign_assertion(key, false, header_of("RS256", ""), good_claims());
    char *signature = strrchr(assertion, '.') + 10;

    *signature = *signature == 'A' ? 'B' : 'A';
    expect_bad_signature(assertion);
}

Test(assertion, AADSTS700027_of_a_certificate_that_is_over_or_not_yet_good)
{
    static const long rows[][2] = { { -30, -1 }, { 1, 30 } };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        X509_free(certificate);
        certificate = make_certificate(key, rows[i][0], rows[i][1]);
        register_certificate("app", certificate);
        post_assertion(sign_assertion(key, false, header_of("RS256", ""), good_claims()));
        expect_aadsts(700027, 401, "invalid_client",
                      "The certificate with identifier used to sign the client assertion is not "
                      "registered on application. [Reason - The key used is expired., ");
    }
}

Test(assertion, AADSTS700021_of_one_in_somebody_elses_name)
{
    static const char other[] = "1a0b0c0d-1111-4222-8333-444455556666";
    const char *const rows[][2] = { { other, other }, { CLIENT, other }, { other, CLIENT } };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        post_assertion(sign_assertion(key, false, header_of("RS256", ""),
                                      write_claims(rows[i][0], rows[i][1], AUD_V2, 10, 600)));
        expect_aadsts(700021, 401, "invalid_client",
                      "Client assertion application identifier doesn't match 'client_id' "
                      "parameter. ");
    }
}

Test(assertion, AADSTS700023_of_one_for_somebody_else)
{
    static const char *const rows[] = {
        "",
        VAULT,
        "https://login.localhost:8443",
        "http://login.localhost:8443" TOKEN_V2,
        "https://login.localhost:8443.evil.example" TOKEN_V2,
        "https://evil.example" TOKEN_V2,
        "https://login.localhost:8443/contoso.com/oauth2/v2.0/token",
        "https://login.localhost:8443" TOKEN_V2 "/x",
        "api://AzureADTokenExchange",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        post_assertion(sign_assertion(key, false, header_of("RS256", ""),
                                      write_claims(CLIENT, CLIENT, rows[i], 10, 600)));
        expect_aadsts(700023, 401, "invalid_client",
                      "Client assertion audience claim does not match Realm issuer. ");
    }
}

Test(assertion, AADSTS700024_of_one_that_is_over_or_not_yet_good)
{
    static const long rows[][2] = { { 1000, 600 }, { -400, 600 }, { 7200, 3600 } };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        post_assertion(
            sign_assertion(key, false, header_of("RS256", ""),
                           write_claims(CLIENT, CLIENT, AUD_V2, rows[i][0], rows[i][1])));
        expect_aadsts(700024, 401, "invalid_client",
                      "Client assertion is not within its valid time range. Current time: 20");
    }
}

/* --- what is taken --- */

static void expect_taken(char *assertion)
{
    post_assertion(assertion);
    cJSON *claims = expect_token();

    cr_assert_str_eq(claim_of(claims, "appid"), CLIENT);
    cr_assert_str_eq(claim_of(claims, "appidacr"), "2");
    cr_assert_str_eq(claim_of(claims, "oid"), entry.object_id);
    cJSON_Delete(claims);
}

Test(assertion, is_taken_by_either_algorithm)
{
    expect_taken(sign_assertion(key, false, header_of("RS256", ""), good_claims()));
    expect_taken(sign_assertion(key, true, header_of("PS256", ""), good_claims()));
}

Test(assertion, names_its_certificate_in_any_of_three_ways)
{
    char header[16384];

    (void) snprintf(header, sizeof(header), "{\"alg\":\"PS256\",\"x5t#S256\":\"%s\"}",
                    thumbprint_of(certificate, EVP_sha256()));
    expect_taken(sign_assertion(key, true, header, good_claims()));
    (void) snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"x5c\":[\"%s\"]}",
                    encode_certificate(certificate));
    expect_taken(sign_assertion(key, false, header, good_claims()));
    (void) snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"x5t\":\"%s\",\"kid\":\"any\"}",
                    thumbprint_of(certificate, EVP_sha1()));
    expect_taken(sign_assertion(key, false, header, good_claims()));
}

/* As the SDKs for Go and Rust write it. */
Test(assertion, names_its_certificate_in_plain_base64_with_padding)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[64], header[256];
    unsigned len = 0;

    cr_assert_eq(X509_digest(certificate, EVP_sha256(), digest, &len), 1);
    cr_assert_eq(EVP_EncodeBlock((unsigned char *) text, digest, (int) len), 44);
    (void) snprintf(header, sizeof(header), "{\"alg\":\"PS256\",\"x5t#S256\":\"%s\"}", text);
    expect_taken(sign_assertion(key, true, header, good_claims()));
    cr_assert_eq(X509_digest(certificate, EVP_sha1(), digest, &len), 1);
    cr_assert_eq(EVP_EncodeBlock((unsigned char *) text, digest, (int) len), 28);
    (void) snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"x5t\":\"%s\"}", text);
    expect_taken(sign_assertion(key, false, header, good_claims()));
}

Test(assertion, is_for_the_endpoint_in_any_of_its_spellings)
{
    static const char *const rows[] = {
        AUD_V2,
        "https://login.localhost:8443" TOKEN_V1,
        "https://LOGIN.localhost" TOKEN_V2,
        "https://login.microsoftonline.com" TOKEN_V2,
        "https://login.microsoftonline.com/" TENANT "/v2.0",
        "https://login.microsoftonline.com/" TENANT,
        "https://login.windows.net/" TENANT "/",
        "https://sts.windows.net/" TENANT "/",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_taken(sign_assertion(key, false, header_of("RS256", ""),
                                    write_claims(CLIENT, CLIENT, rows[i], 10, 600)));
    }
}

Test(assertion, may_be_a_little_early_or_late)
{
    expect_taken(sign_assertion(key, false, header_of("RS256", ""),
                                write_claims(CLIENT, CLIENT, AUD_V2, -200, 600)));
    expect_taken(sign_assertion(key, false, header_of("RS256", ""),
                                write_claims(CLIENT, CLIENT, AUD_V2, 800, 600)));
}

/* Nobody knows the certificate of an application that nobody registered: what it sends must fit. */
Test(assertion, of_an_application_that_is_made_up_is_held_against_its_own_certificate)
{
    EVP_PKEY *other = make_key();
    char header[16384];

    must(kv_principals_reset(principals, &err));
    must(kv_principals_find_client(principals, CLIENT, &entry, &err));
    expect_taken(sign_assertion(key, false, header_of("RS256", ""), good_claims()));
    (void) snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"x5c\":[\"%s\"]}",
                    encode_certificate(certificate));
    expect_taken(sign_assertion(key, false, header, good_claims()));
    expect_bad_signature(sign_assertion(other, false, header, good_claims()));
    EVP_PKEY_free(other);
}
