/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that libraries below us might trust: a table for each library, input and right answer. What
 * stands in the way of a row is the function of ours that feeds the library; what the PKCS#11
 * module is fed is in tests/api/foreign.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/err.h>

#include "../../server/http/library.h"
#include "../../server/http/uri.h"
#include "identity/forge.h"
#include "kv/base/json.h"
#include "kv/base/jws.h"

TestSuite(foreign_jose, .timeout = 60);
TestSuite(foreign_cjson, .init = kv_json_setup, .timeout = 60);
TestSuite(foreign_uriparser, .timeout = 60);
TestSuite(foreign_unistring, .init = kv_json_setup, .timeout = 60);
TestSuite(foreign_openssl, .timeout = 60);

static struct kv_err err;

/* --- libmicrohttpd --- */

Test(foreign_microhttpd, is_refused_when_it_has_heads_otherwise_in_memory)
{
    static const char *const others[] = { "1.0.0", "1.0.1", "0.10.0", "0.9", "", "x" };

    for (size_t i = 0; i < KV_COUNT(others); i++) {
        cr_expect_eq(kv_library_check(others[i], &err), KV_UNAVAILABLE, "%s", others[i]);
        cr_expect_not_null(strstr(err.message, "before 1.0"));
    }
    cr_expect_eq(kv_library_check("0.9.75", &err), KV_OK);
    cr_expect_eq(kv_library_check("0.9.77", &err), KV_OK);
}

/* `before`, `part` `times` times, `behind`, with nothing after it: what reads on is seen by a
 * sanitizer. The caller's. */
static char *repeat(const char *before, const char *part, size_t times, const char *behind,
                    size_t *ret_len)
{
    size_t len = strlen(before) + times * strlen(part) + strlen(behind);
    char *text = malloc(len + 1);
    size_t at = strlen(before);

    memcpy(text, before, at);
    for (size_t i = 0; i < times; i++) {
        memcpy(text + at, part, strlen(part));
        at += strlen(part);
    }
    memcpy(text + at, behind, strlen(behind) + 1);
    *ret_len = len;
    return text;
}

/* The header's JSON, and whether a token with it is looked at any further. */
static const struct {
    const char *header;
    bool taken;
} headers[] = {
    { "{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", false },
    { "{\"alg\":\"RS256\",\"crit\":[]}", false },
    { "{\"alg\":\"RS256\",\"crit\":\"b64\"}", false },
    { "{\"alg\":\"RS256\",\"kid\":7}", false },
    { "{\"alg\":\"RS256\",\"kid\":[\"a\"]}", false },
    { "{\"alg\":\"RS256\",\"kid\":{}}", false },
    { "{\"alg\":\"RS256\",\"kid\":\"a\\u0000b\"}", false },
    { "{\"alg\":\"RS256\\u0000\"}", false },
    { "{\"alg\":\"RS256\"}x", false },
    { "{\"alg\":\"RS256\"}{}", false },
    { "[{\"alg\":\"RS256\"}]", false },
    { "\xff{\"alg\":\"RS256\"}", false },
    { "{\"alg\":\"none\",\"alg\":\"RS256\"}", false },
    { "{\"alg\":\"RS256\"}", true },
    { "{\"alg\":\"RS256\",\"kid\":null}", true },
    { "{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\"},\"x5c\":[\"AA\"],\"zip\":\"DEF\"}", true },
};

Test(foreign_jose, headers_are_judged_before_anything_is_believed)
{
    for (size_t i = 0; i < KV_COUNT(headers); i++) {
        kv_auto(kv_jws_done) struct kv_jws jws = { .header = NULL };
        char *token = forge_token(headers[i].header, "{}");

        cr_expect_eq(kv_jws_parse(token, strlen(token), &jws), headers[i].taken, "%s",
                     headers[i].header);
        free(token);
    }
}

Test(foreign_jose, headers_nested_without_end_are_none)
{
    size_t len;
    char *nested = repeat("{\"alg\":\"RS256\",\"a\":", "[", 100000, "", &len);
    char *token = forge_unsigned_token(nested, "{}");
    kv_auto(kv_jws_done) struct kv_jws jws = { .header = NULL };

    cr_expect_not(kv_jws_parse(token, strlen(token), &jws));
    free(token);
    free(nested);
}

/* What a signature is in place of its 342 characters; the key is the one that signs. */
Test(foreign_jose, signatures_of_other_lengths_are_none)
{
    static const size_t lengths[] = { 0, 2, 3, 4, 340, 343, 344, 683, 684, 8000 };
    char *good = forge_token("{\"alg\":\"RS256\"}", "{}");
    size_t head = (size_t) (strrchr(good, '.') + 1 - good);
    struct kv_jws_key *key = NULL;

    cr_assert_eq(kv_jws_key_parse(forge_pem, strlen(forge_pem), &key, &err), KV_OK);
    for (size_t i = 0; i < KV_COUNT(lengths); i++) {
        char token[9000];
        kv_auto(kv_jws_done) struct kv_jws jws = { .header = NULL };

        memcpy(token, good, head);
        memset(token + head, 'A', lengths[i]);
        cr_assert(kv_jws_parse(token, head + lengths[i], &jws), "%zu", lengths[i]);
        cr_expect_not(kv_jws_is_signed(&jws, key), "%zu", lengths[i]);
        cr_expect_eq(ERR_peek_error(), 0, "a refusal leaves nothing in OpenSSL's queue");
    }
    kv_jws_key_free(key);
    free(good);
}

#define LAST_OF_N "oQ" /* of the modulus below, so that another end makes another number */
#define N_BUT_LAST                                                                                 \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0B"   \
    "m4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5" \
    "rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhy" \
    "xXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp"

/* n and e of a JWK. e = 1 lets anybody sign, a long one makes every check as slow as a signature,
 * an even number is none of RSA. */
static const struct {
    const char *n, *e;
    bool taken;
} numbers[] = {
    { N_BUT_LAST LAST_OF_N, "", false },
    { N_BUT_LAST LAST_OF_N, "AA", false },
    { N_BUT_LAST LAST_OF_N, "AQ", false },
    { N_BUT_LAST LAST_OF_N, "Ag", false },
    { N_BUT_LAST LAST_OF_N, "AQAA", false },
    { N_BUT_LAST LAST_OF_N, "AQAB=", false },
    { N_BUT_LAST LAST_OF_N, "AQAAAAAAAAAB", false },
    { N_BUT_LAST LAST_OF_N, N_BUT_LAST LAST_OF_N, false },
    { N_BUT_LAST "oA", "AQAB", false },
    { "AA" N_BUT_LAST LAST_OF_N, "AQAB", false },
    { N_BUT_LAST N_BUT_LAST N_BUT_LAST "AQ", "AQAB", false },
    { N_BUT_LAST LAST_OF_N, "Aw", true },
    { N_BUT_LAST LAST_OF_N, "AQAB", true },
    { N_BUT_LAST LAST_OF_N, "__________8", true },
};

Test(foreign_jose, numbers_of_keys_are_judged)
{
    for (size_t i = 0; i < KV_COUNT(numbers); i++) {
        kv_auto(cJSON_Delete) cJSON *jwk = cJSON_CreateObject();
        kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;
        bool ok = true;

        kv_json_add_text(jwk, "kty", "RSA", &ok);
        kv_json_add_text(jwk, "n", numbers[i].n, &ok);
        kv_json_add_text(jwk, "e", numbers[i].e, &ok);
        cr_expect_eq(kv_jws_key_import(jwk, &key, &err) == KV_OK, numbers[i].taken, "row %zu", i);
        cr_expect_eq(ERR_peek_error(), 0, "row %zu", i);
    }
}

/* Certificates and PEM texts: DER that promises more than there is, and what is no key. */
static const char *const certificates[] = {
    "",
    "AA==",
    "MA==",     /* a sequence without a length */
    "MAA=",     /* an empty one */
    "MIA=",     /* of indefinite length */
    "MIT/////", /* of four gigabytes */
    "MIj//////////w==",
    "MIIBCgKCAQEA", /* that ends in the middle */
    "MAAAAAAAAAAA", /* with something behind it */
    "!!!!",
    "MA A=",
};

Test(foreign_openssl, certificates_that_are_none_are_refused)
{
    for (size_t i = 0; i < KV_COUNT(certificates); i++) {
        kv_auto(cJSON_Delete) cJSON *jwk = cJSON_CreateObject();
        kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;
        bool ok = true;

        kv_json_add_text(jwk, "kty", "RSA", &ok);
        kv_json_append_text(kv_json_add_array(jwk, "x5c", &ok), certificates[i], &ok);
        cr_expect_eq(kv_jws_key_import(jwk, &key, &err), KV_BAD_PARAMETER, "%s", certificates[i]);
        cr_expect_eq(ERR_peek_error(), 0, "%s", certificates[i]);
    }
}

Test(foreign_openssl, certificate_longer_than_any_is_refused)
{
    size_t len;
    char *text = repeat("MIQA", "AAAA", 50000, "", &len);
    kv_auto(cJSON_Delete) cJSON *jwk = cJSON_CreateObject();
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;
    bool ok = true;

    kv_json_add_text(jwk, "kty", "RSA", &ok);
    kv_json_append_text(kv_json_add_array(jwk, "x5c", &ok), text, &ok);
    cr_expect_eq(kv_jws_key_import(jwk, &key, &err), KV_BAD_PARAMETER);
    free(text);
}

/* Its initialization vector has one byte, where AES wants sixteen. */
static const char of_short_vector[] =
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n"
    "-----END RSA PRIVATE KEY-----\n";

static const char *const pems[] = {
    "",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\nMIT/////\n-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\n====\n-----END PRIVATE KEY-----\n",
    of_short_vector,
    "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
    "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
};

Test(foreign_openssl, pem_texts_that_hold_no_key_are_refused)
{
    for (size_t i = 0; i < KV_COUNT(pems); i++) {
        kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;

        cr_expect_eq(kv_jws_key_parse(pems[i], strlen(pems[i]), &key, &err), KV_BAD_PARAMETER, "%s",
                     pems[i]);
        cr_expect_eq(ERR_peek_error(), 0, "%s", pems[i]);
    }
}

/* cJSON recurses, takes control characters for blanks, and ends texts at NUL. */
static const struct {
    const char *before, *part;
    size_t times;
    const char *behind;
    enum kv_code code;
} bodies[] = {
    { "{\"a\":", "[", 100000, "", KV_BAD_PARAMETER },
    { "", "{\"a\":", 50000, "", KV_BAD_PARAMETER },
    { "{\"a\":[", "0,", 100000, "0]}", KV_BAD_PARAMETER },
    { "{", "\"a\":0,", 40000, "\"a\":0}", KV_BAD_PARAMETER },
    { "{\"a\":\"", "\\u0000", 1, "\"}", KV_BAD_PARAMETER },
    { "{\"a\":\"", "\\ud800", 1, "\"}", KV_BAD_PARAMETER },
    { "{\"a\":\"", "\\udc00\\ud800", 1, "\"}", KV_BAD_PARAMETER },
    { "{\"a\":\"", "\\u12", 1, "", KV_BAD_PARAMETER },
    { "{\"a\":\"", "\\", 1, "", KV_BAD_PARAMETER },
    { "{\"a\":\"", "\\x", 1, "\"}", KV_BAD_PARAMETER },
    { "{\"a\":", "-", 2, "1}", KV_BAD_PARAMETER },
    { "{\"a\":", "tru", 1, "", KV_BAD_PARAMETER },
    { "{\"a\":", "nul", 1, "", KV_BAD_PARAMETER },
    { "{\"a\"", "", 0, "", KV_BAD_PARAMETER },
    { "{\"a\":1", ",", 1, "", KV_BAD_PARAMETER },
    { "{\"a\":\x01", "1", 1, "}", KV_BAD_PARAMETER },
    { "{\"a\":", "/**/", 1, "1}", KV_BAD_PARAMETER },
    { "\xef\xbb\xbf", "{", 1, "}}", KV_BAD_PARAMETER },
    { "{\"a\":\"", "x", 250000, "\"}", KV_OK },
    { "{\"a\":", "1e999", 1, "}", KV_OK }, /* no number of ours: it does not bind */
    { "{", "", 0, "\"a\":1,\"a\":2}", KV_OK },
};

Test(foreign_cjson, bodies_are_judged_before_it_sees_them)
{
    for (size_t i = 0; i < KV_COUNT(bodies); i++) {
        kv_auto(cJSON_Delete) cJSON *tree = NULL;
        size_t len;
        char *text =
            repeat(bodies[i].before, bodies[i].part, bodies[i].times, bodies[i].behind, &len);
        char *exact = malloc(len); /* without the NUL */

        memcpy(exact, text, len);
        cr_expect_eq(kv_json_parse(exact, len, &tree, &err), bodies[i].code, "row %zu: %.60s", i,
                     text);
        free(exact);
        free(text);
    }
}

static const struct {
    const char *before, *part;
    size_t times;
    bool taken;
} targets[] = {
    { "/", "%", 1, false },         { "/", "%4", 1, false },       { "/", "%00", 1, false },
    { "/", "%zz", 1, false },       { "/", "%c0%80", 1, false },   { "/", "[", 1, false },
    { "/", "\\", 1, false },        { "/", " ", 1, false },        { "/", "\x7f", 1, false },
    { "/?", "&a", 100, false },     { "/#", "a", 1, false },       { "", "//", 1, true },
    { "", "/", 60000, true },       { "", "/a", 30000, true },     { "/", "a", 60000, true },
    { "/", "%41", 20000, true },    { "", "/..", 20000, true },    { "/?", "&", 60000, true },
    { "/?", "a=", 20000, true },    { "/", "a:", 20000, true },    { "//[", "::", 20000, false },
    { "/?a=", "%2B", 20000, true }, { "", "/@:%40", 10000, true },
};

Test(foreign_uriparser, targets_of_any_length_and_kind)
{
    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        kv_auto(kv_uri_done) struct kv_uri uri = { 0 };
        size_t len;
        char *text = repeat(targets[i].before, targets[i].part, targets[i].times, "", &len);

        cr_expect_eq(kv_uri_parse(text, &uri, &err) == KV_OK, targets[i].taken, "row %zu: %.40s", i,
                     text);
        free(text);
    }
}

/* Truncated, overlong, surrogates, beyond the last character, stray: none of it is UTF-8. */
static const char *const broken[] = {
    "\x80",
    "\xbf\xbf",
    "\xc3",
    "\xc0\x80",
    "\xc1\xbf",
    "\xe2\x82",
    "\xe0\x80\x80",
    "\xe0\x9f\xbf",
    "\xed\xa0\x80",
    "\xed\xbf\xbf",
    "\xf0\x9f\x92",
    "\xf0\x80\x80\x80",
    "\xf0\x8f\xbf\xbf",
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
    "\xf8\x88\x80\x80\x80",
    "\xfe",
    "\xff",
    "a\xc3(",
    "\xe2\x28\xa1",
};

Test(foreign_unistring, text_that_is_no_utf_8_is_refused)
{
    for (size_t i = 0; i < KV_COUNT(broken); i++) {
        kv_auto(cJSON_Delete) cJSON *tree = NULL;
        kv_auto(kv_uri_done) struct kv_uri uri = { 0 };
        char body[64];
        char target[64] = "/";

        snprintf(body, sizeof(body), "{\"a\":\"%s\"}", broken[i]);
        cr_expect_eq(kv_json_parse(body, strlen(body), &tree, &err), KV_BAD_PARAMETER, "row %zu",
                     i);
        for (const char *at = broken[i]; *at != '\0'; at++) {
            snprintf(target + strlen(target), 4, "%%%02x", (unsigned char) *at);
        }
        cr_expect_eq(kv_uri_parse(target, &uri, &err), KV_BAD_URL, "%s", target);
    }
}
