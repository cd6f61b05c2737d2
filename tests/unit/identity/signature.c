/* SPDX-License-Identifier: Apache-2.0 */
/* The signature: whose token is it, whatever it says. */

#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/secret.h"

#define UNKNOWN_KEY                                                                                \
    "AKV10046: Unable to resolve the key used for signature validation. EncodedJwtHeader: '"

TestSuite(signature, .init = set_up, .fini = tear_down, .timeout = 120);

/* The key of the RFC makes the RFC's signature, so what the other tests forge is well made. */
Test(signature, forges_as_rfc7515_a2_signs)
{
    kv_auto(kv_wipe_free) char *token =
        forge_token("{\"alg\":\"RS256\"}", "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                                           "\"http://example.com/is_root\":true}");

    cr_assert_str_eq(token, "eyJhbGciOiJSUzI1NiJ9."
                            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                            "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
                            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
                            "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
                            "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
                            "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
                            "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
                            "p0igcN_IoypGlUPQGe77Rw");
}

Test(signature, refuses_what_is_no_token)
{
    static const char *const rows[] = {
        "",          "a",   ".",     "..",          "...",       "a.b",   "a.b.c", "a.b.c.d",
        "a.b.c.d.e", "e30", "e30..", "e30.e30.e30", "!!!.e30.x", " . . ", "=.=.=",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_refusal(rows[i], NOW, INVALID);
    }
}

Test(signature, refuses_more_or_fewer_parts_than_three)
{
    kv_auto(kv_wipe_free) char *token = forge_token(HEADER, PAYLOAD);
    static const char *const tails[] = { ".", "..", ".e30" };
    char changed[4096];

    for (size_t i = 0; i < KV_COUNT(tails); i++) {
        snprintf(changed, sizeof(changed), "%s%s", token, tails[i]);
        expect_refusal(changed, NOW, INVALID);
    }
    *strrchr(token, '.') = '\0';
    expect_refusal(token, NOW, INVALID);
    *strrchr(token, '.') = '\0';
    expect_refusal(token, NOW, INVALID);
}

/* Puts `part` in the place of a token's first, second or third part. */
static void replace_part(const char *token, unsigned place, const char *part, char ret_text[4096])
{
    const char *first = strchr(token, '.');
    const char *second = strrchr(token, '.');
    const char *parts[] = { token, first + 1, second + 1 };
    const int lens[] = { (int) (first - token), (int) (second - first - 1),
                         (int) strlen(second + 1) };

    snprintf(ret_text, 4096, "%.*s.%.*s.%.*s", place == 0 ? (int) strlen(part) : lens[0],
             place == 0 ? part : parts[0], place == 1 ? (int) strlen(part) : lens[1],
             place == 1 ? part : parts[1], place == 2 ? (int) strlen(part) : lens[2],
             place == 2 ? part : parts[2]);
}

/* Some of these once ended the process inside a JOSE library, before any signature was looked at. */
Test(signature, refuses_parts_that_are_not_base64url)
{
    static const char *const rows[] = {
        "a===", "aaaaa=",  "=",         "====",     "a",       "aaaaa", "YQ==",  "YWE=",
        "YR",   "YWF",     "YW+h",      "YW/h",     "YW h",    " YWFh", "YWFh ", "YWFh\n",
        "YW=h", "YWFhYQ=", "Y\xc3\xa4", "YWFh\x7f", "%61YWFh", "a\tbc",
    };
    kv_auto(kv_wipe_free) char *token = forge_token(HEADER, PAYLOAD);
    char changed[4096];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        for (unsigned place = 0; place < 3; place++) {
            replace_part(token, place, rows[i], changed);
            expect_refusal(changed, NOW, INVALID);
        }
    }
}

/* A good token with `padding` characters of no meaning. */
static char *forge_padded(int padding)
{
    static char payload[KV_TOKEN_MAX];

    snprintf(payload, sizeof(payload), "{" AUD "," ISS "," LASTING "," CALLER ",\"pad\":\"%0*d\"}",
             padding, 0);
    return forge_token(HEADER, payload);
}

Test(signature, refuses_a_token_longer_than_any)
{
    kv_auto(kv_wipe_free) char *base = forge_padded(1);
    int room = (int) (KV_TOKEN_MAX - strlen(base)) / 4 * 3; /* four characters tell three bytes */
    kv_auto(kv_wipe_free) char *longest = forge_padded(1 + room);
    kv_auto(kv_wipe_free) char *longer = forge_padded(1 + room + 6);

    cr_assert_leq(strlen(longest), KV_TOKEN_MAX);
    cr_assert_eq(verify(longest, NOW), KV_OK, "%s", err.message);
    cr_assert_gt(strlen(longer), KV_TOKEN_MAX);
    expect_refusal(longer, NOW, INVALID);
}

Test(signature, refuses_a_token_with_a_nul)
{
    static const char token[] = "e30\0.e30.e30";

    cr_assert_eq(verify_bytes(token, sizeof(token) - 1, NOW), KV_UNAUTHORIZED);
    cr_assert_str_eq(err.message, INVALID);
}

/* The signatures are good: only the header is at fault. */
Test(signature, refuses_every_algorithm_but_rs256)
{
    static const char *const rows[] = {
        "{}",
        "[]",
        "\"RS256\"",
        "{\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":null,\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":256,\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":[\"RS256\"],\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":\"\",\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":\"rs256\",\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":\"RS256 \",\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"ALG\":\"RS256\",\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":\"RS512\",\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":\"PS256\",\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":\"none\",\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":\"none\",\"kid\":\"another\"}",
        "{\"alg\":\"HS256\",\"kid\":\"" FORGE_KEY_ID "\"}",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(kv_wipe_free) char *token = forge_token(rows[i], PAYLOAD);
        expect_refusal(token, NOW, INVALID);
    }
}

Test(signature, refuses_a_good_signature_of_another_algorithm)
{
    kv_auto(kv_wipe_free) char *token =
        forge_rs512_token("{\"alg\":\"RS512\",\"kid\":\"" FORGE_KEY_ID "\"}", PAYLOAD);

    expect_refusal(token, NOW, INVALID);
}

/* Of two equal names one is read, whichever is good for the signer: the signature is not. */
Test(signature, refuses_a_header_of_two_algorithms)
{
    static const char *const rows[] = {
        "{\"alg\":\"RS256\",\"alg\":\"RS512\",\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":\"RS512\",\"alg\":\"RS256\",\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":\"RS256\",\"alg\":\"none\",\"kid\":\"" FORGE_KEY_ID "\"}",
        "{\"alg\":\"RS256\",\"alg\":null,\"kid\":\"" FORGE_KEY_ID "\"}",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(kv_wipe_free) char *token = forge_rs512_token(rows[i], PAYLOAD);
        expect_refusal(token, NOW, INVALID);
    }
}

Test(signature, refuses_an_unsigned_token)
{
    kv_auto(kv_wipe_free) char *none =
        forge_unsigned_token("{\"alg\":\"none\",\"kid\":\"" FORGE_KEY_ID "\"}", PAYLOAD);
    kv_auto(kv_wipe_free) char *bare = forge_unsigned_token(HEADER, PAYLOAD);

    expect_refusal(none, NOW, INVALID);
    expect_refusal(bare, NOW, INVALID);
}

Test(signature, refuses_the_public_key_as_an_hmac_secret)
{
    kv_auto(kv_wipe_free) char *token =
        forge_hmac_token("{\"alg\":\"HS256\",\"kid\":\"" FORGE_KEY_ID "\"}", PAYLOAD);

    expect_refusal(token, NOW, INVALID);
}

Test(signature, refuses_an_unknown_key_and_repeats_the_header)
{
    static const char *const rows[] = {
        "{\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"kid\":\"\"}",
        "{\"alg\":\"RS256\",\"kid\":\"IsUn6\"}",
        "{\"alg\":\"RS256\",\"kid\":\"" FORGE_KEY_ID "x\"}",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(kv_wipe_free) char *token = forge_token(rows[i], PAYLOAD);
        char expected[256];
        snprintf(expected, sizeof(expected), UNKNOWN_KEY "%.*s'.", (int) strcspn(token, "."),
                 token);
        expect_refusal(token, NOW, expected);
    }
}

Test(signature, repeats_at_most_512_characters_of_a_header)
{
    char header[1024];

    snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"kid\":\"%0900d\"}", 0);
    kv_auto(kv_wipe_free) char *token = forge_token(header, PAYLOAD);
    cr_assert_eq(verify(token, NOW), KV_UNAUTHORIZED);
    cr_assert_eq(strlen(err.message), strlen(UNKNOWN_KEY) + 512 + strlen("'."));
}

/* Every character of a good token, one at a time. */
Test(signature, refuses_a_token_that_was_changed_anywhere)
{
    kv_auto(kv_wipe_free) char *token = forge_token(HEADER, PAYLOAD);
    size_t len = strlen(token);

    for (size_t i = 0; i < len; i += 7) {
        char kept = token[i];
        token[i] = kept == 'A' ? 'B' : 'A';
        cr_assert_eq(verify(token, NOW), KV_UNAUTHORIZED, "changed at %zu", i);
        token[i] = kept;
    }
    cr_assert_eq(verify(token, NOW), KV_OK, "%s", err.message);
}

Test(signature, refuses_a_payload_under_anothers_signature)
{
    kv_auto(kv_wipe_free) char *good = forge_token(HEADER, PAYLOAD);
    kv_auto(kv_wipe_free) char *other = forge_unsigned_token(
        HEADER, "{\"aud\":\"" AUDIENCE "\",\"iss\":\"" ISSUER "\"," LASTING ",\"oid\":\"root\"}");
    char mixed[4096];

    snprintf(mixed, sizeof(mixed), "%s%s", other, strrchr(good, '.') + 1);
    expect_refusal(mixed, NOW, INVALID);
}
