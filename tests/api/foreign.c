/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens and bytes made to hurt what reads them, the PKCS#11 module not least: each is refused, and
 * the daemon lives. What other libraries are fed is in tests/unit/foreign.c.
 */
#include "release_tools.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/cell.h"
#include "../support/jwk.h"
#include "byok_tools.h"

TestSuite(foreign, .timeout = 180);
TestSuite(foreign_module, .timeout = 300);

#define TOKEN_MAX 8192
#define INVALID_TOKEN "Error validating token: 'S2S12086'."

/* What stands in the place of a part. "a===" and "aaaaa=" ended the process once. */
static const char *const bad_parts[] = {
    "a===", "aaaaa=", "=",    "====", "a",     "aaaaa",  "YQ==",   "YWE=", "YR",
    "YWF",  "YW+h",   "YW/h", "YW=h", "YWFh=", "%61YWF", "YWFhY=", "*",    "YWFh,YWFh",
};

/* The token with `part` in the place of its first, second or third part. */
static void replace_part(const char *token, unsigned place, const char *part, char *ret_text)
{
    const char *at = token;

    for (unsigned i = 0; i < 3; i++) {
        size_t len = strcspn(at, ".");

        ret_text +=
            snprintf(ret_text, TOKEN_MAX / 3, "%.*s%s", i == place ? (int) strlen(part) : (int) len,
                     i == place ? part : at, i < 2 ? "." : "");
        at += len + 1;
    }
}

static void expect_alive(struct client *client)
{
    API_REPLY(reply, client_call(client, "GET", "/keys/nobody", NULL));

    cr_expect_eq(kill(api_daemon()->pid, 0), 0);
    cr_expect_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
}

Test(foreign, bearer_tokens_are_refused_and_the_daemon_lives)
{
    char changed[TOKEN_MAX];
    char line[TOKEN_MAX + 32];
    const struct request request = {
        .method = "GET",
        .target = "/keys?api-version=7.4",
        .headers = { line },
        .without_token = true,
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(bad_parts); i++) {
        for (unsigned place = 0; place < 3; place++) {
            replace_part(dev.token, place, bad_parts[i], changed);
            snprintf(line, sizeof(line), "Authorization: Bearer %s", changed);
            API_REPLY(reply, client_send(&dev, &request));
            cr_expect(reply_is_error(&reply, 401, "Unauthorized", NULL, INVALID_TOKEN),
                      "part %u: %s", place, bad_parts[i]);
        }
        expect_alive(&dev);
    }
}

Test(foreign, attestations_are_refused_and_the_daemon_lives)
{
    EVP_PKEY *environment = jwk_new_rsa(2048);
    char data[1024];
    char changed[TOKEN_MAX];
    API_CLIENT(dev);

    release_make_policy(&dev, MAA, data);
    API_REPLY(key, release_create(&dev, "foreign-token", "EC-HSM", data));
    cr_assert_eq(key.status, 200, "%s", key.body);
    API_REPLY(attested, release_attest(&dev, environment));
    const char *token = reply_text(&attested, "token");

    cr_assert_lt(strlen(token), TOKEN_MAX / 3);
    for (size_t i = 0; i < KV_COUNT(bad_parts); i++) {
        for (unsigned place = 0; place < 3; place++) {
            replace_part(token, place, bad_parts[i], changed);
            API_REPLY(reply, release_send(&dev, "foreign-token", changed, "CKM_RSA_AES_KEY_WRAP"));
            cr_expect(reply.status == 400 || reply.status == 403, "part %u: %s: %ld %s", place,
                      bad_parts[i], reply.status, reply.body);
        }
        expect_alive(&dev);
    }
    API_REPLY(good, release_send(&dev, "foreign-token", token, "CKM_RSA_AES_KEY_WRAP"));
    cr_expect_eq(good.status, 200, "%s", good.body);
    EVP_PKEY_free(environment);
}

/* What the module is given for a private key: PKCS#8, or anything. */
struct content {
    unsigned char bytes[TRANSFER_MAX];
    size_t len;
};

static void render(const EVP_PKEY *key, struct content *ret_content)
{
    ret_content->len = transfer_render_key(key, ret_content->bytes);
    cr_assert_gt(ret_content->len, 0);
    EVP_PKEY_free((EVP_PKEY *) key);
}

/* Sends it in a transfer blob as that type of key, beside the public half of `described`. Neither
 * 200, unless `may_do`, nor 500. */
static void send_content(struct client *client, const char *kty, const EVP_PKEY *described,
                         const struct reply *kek, const struct content *content, bool may_do)
{
    char blob[BYOK_TEXT_SIZE];

    byok_wrap_value(kek, content->bytes, content->len, blob);
    API_REPLY(reply,
              byok_send(client, may_do ? "foreign-changed" : "foreign-none", described, kty, blob));
    cr_expect((reply.status >= 400 && reply.status < 500) || (may_do && reply.status == 200),
              "%zu bytes as %s: %ld %s", content->len, kty, reply.status, reply.body);
}

static const struct {
    const char *bytes;
    size_t len;
} no_keys[] = {
    { "\0", 1 },
    { "0", 1 },
    { "\x30\x00", 2 },
    { "\x30\x80\x00\x00", 4 },
    { "\x30\x84\xff\xff\xff\xff", 6 },
    { "\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff", 10 },
    { "\x30\x03\x02\x01\x00", 5 },
    { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 },
    { "-----BEGIN PRIVATE KEY-----", 27 },
};

static const char *const kinds[] = { "RSA-HSM", "EC-HSM" };

Test(foreign_module, unwraps_nothing_that_is_no_key)
{
    EVP_PKEY *described[] = { jwk_new_rsa(2048), jwk_new_ec("prime256v1") };
    struct content others[] = { { .len = 0 }, { .len = 0 }, { .len = 0 }, { .len = 0 } };
    EVP_PKEY *explicit = jwk_new_ec("prime256v1");
    API_CLIENT(dev);
    API_REPLY(kek, byok_make_kek(&dev, "foreign-kek-none", ""));

    cr_assert(EVP_PKEY_set_utf8_string_param(explicit, "encoding", "explicit"));
    render(explicit, &others[0]);
    render(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), &others[1]);
    render(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), &others[2]);
    render(jwk_new_rsa(1024), &others[3]);
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        for (size_t j = 0; j < KV_COUNT(no_keys); j++) {
            struct content content = { .len = no_keys[j].len };

            memcpy(content.bytes, no_keys[j].bytes, no_keys[j].len);
            send_content(&dev, kinds[i], described[i], &kek, &content, false);
        }
        for (size_t j = 0; j < KV_COUNT(others); j++) {
            send_content(&dev, kinds[i], described[i], &kek, &others[j], false);
        }
        expect_alive(&dev);
    }
    EVP_PKEY_free(described[0]);
    EVP_PKEY_free(described[1]);
}

/* Cut at any place, and with any byte changed: what is changed where nobody looks is a key still. */
Test(foreign_module, lives_through_keys_that_were_cut_or_changed)
{
    EVP_PKEY *keys[] = { jwk_new_rsa(2048), jwk_new_ec("prime256v1") };
    API_CLIENT(dev);
    API_REPLY(kek, byok_make_kek(&dev, "foreign-kek-cut", ""));

    for (size_t i = 0; i < KV_COUNT(keys); i++) {
        size_t step = i == 0 ? 41 : 5;
        struct content whole;

        cr_assert(EVP_PKEY_up_ref(keys[i]));
        render(keys[i], &whole);
        for (size_t at = 1; at < whole.len; at += step) {
            struct content content = whole;

            content.len = at;
            send_content(&dev, kinds[i], keys[i], &kek, &content, false);
            content.len = whole.len;
            content.bytes[at] ^= 0xff;
            send_content(&dev, kinds[i], keys[i], &kek, &content, true);
        }
        expect_alive(&dev);
        EVP_PKEY_free(keys[i]);
    }
}

static const struct {
    const char *alg, *operation;
} openings[] = {
    { "A256CBC", "decrypt" },
    { "A256CBCPAD", "decrypt" },
    { "A256GCM", "decrypt" },
    { "A256KW", "unwrapkey" },
};

/* Bytes that nobody has encrypted. CBC opens everything that is made of blocks. */
Test(foreign_module, opens_values_of_every_length_or_refuses_them)
{
    unsigned char bytes[80] = { 0 };
    char text[CELL_TEXT_SIZE];
    char iv[CELL_TEXT_SIZE];
    char tag[CELL_TEXT_SIZE];
    API_CLIENT(dev);
    API_REPLY(key, cell_key(&dev, &oct_cells[2]));

    for (size_t i = 0; i < KV_COUNT(openings); i++) {
        bool is_gcm = strcmp(openings[i].alg, "A256GCM") == 0;

        for (size_t len = 0; len < sizeof(bytes); len++) {
            const struct operands operands = {
                .alg = openings[i].alg,
                .value = cell_text(bytes, len, text),
                .iv = cell_text(bytes, is_gcm ? 12 : 16, iv),
                .tag = is_gcm ? cell_text(bytes, 16, tag) : NULL,
            };
            API_REPLY(reply, cell_call(&dev, &key, openings[i].operation, &operands));
            cr_expect(reply.status == 400
                          || (reply.status == 200 && strstr(openings[i].alg, "CBC") != NULL),
                      "%s of %zu bytes: %ld %s", openings[i].alg, len, reply.status, reply.body);
        }
    }
    expect_alive(&dev);
}
