/* SPDX-License-Identifier: Apache-2.0 */
/* Key wrap and MACs of symmetric keys, what bounds their values, and how the keys are shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/api.h"
#include "../support/cell.h"
#include "kv/base/base64.h"

#define BYTES_MAX 1024
#define VALUE_MAX 65536

static void check_wrap(struct client *client, const struct reply *key, const char *alg, size_t len,
                       size_t wrapped_len)
{
    unsigned char bytes[BYTES_MAX];
    char text[CELL_TEXT_SIZE];
    char wrapped_text[CELL_TEXT_SIZE];
    char bad[CELL_TEXT_SIZE];

    memset(bytes, 0x99, sizeof(bytes));
    const struct operands forth = { .alg = alg, .value = cell_text(bytes, len, text) };

    API_REPLY(wrapped, cell_call(client, key, "wrapKey", &forth));
    cr_assert_eq(wrapped.status, 200, "%s %zu: %s", alg, len, wrapped.body);
    cr_assert_eq(cell_bytes(&wrapped, "value", bytes, sizeof(bytes)), wrapped_len);
    const struct operands back = {
        .alg = alg,
        .value = cell_text(bytes, wrapped_len, wrapped_text),
    };

    cell_value(client, key, "unwrapKey", &back, text);
    const struct operands forged = { .alg = alg, .value = cell_changed(wrapped_text, bad) };

    cell_refused(client, key, "unwrapKey", &forged, CELL_CANNOT);
    const struct operands shorter = { .alg = alg, .value = cell_text(bytes, wrapped_len - 8, bad) };

    cell_refused(client, key, "unwrapKey", &shorter, CELL_CANNOT);
}

static void check_garbage(struct client *client, const struct reply *key, const char *alg)
{
    static const unsigned char zeros[64];
    static const size_t lengths[] = { 0, 1, 7, 8, 15, 16, 17, 24, 40 };
    char text[CELL_TEXT_SIZE];

    for (size_t i = 0; i < KV_COUNT(lengths); i++) {
        const struct operands operands = {
            .alg = alg,
            .value = cell_text(zeros, lengths[i], text),
        };

        cell_refused(client, key, "unwrapKey", &operands, CELL_CANNOT);
    }
}

static void check_wrap_with(struct client *client, const struct reply *key, const char *alg)
{
    static const size_t short_ones[] = { 0, 8, 15 };
    static const size_t odd_ones[] = { 17, 23, 31, 100 };

    cell_lengths_refused(client, key, "wrapKey", alg, short_ones, KV_COUNT(short_ones),
                         "at least 16");
    cell_lengths_refused(client, key, "wrapKey", alg, odd_ones, KV_COUNT(odd_ones),
                         "a multiple of 8");
    check_garbage(client, key, alg);
    check_wrap(client, key, alg, 16, 24);
    check_wrap(client, key, alg, 32, 40);
    check_wrap(client, key, alg, 200, 208);
}

Test(symmetric, A128KW_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A128KW", 128, check_wrap_with);
    api_proves("wrapKey,unwrapKey oct,oct-HSM A128KW");
}

Test(symmetric, A192KW_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A192KW", 192, check_wrap_with);
    api_proves("wrapKey,unwrapKey oct,oct-HSM A192KW");
}

Test(symmetric, A256KW_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A256KW", 256, check_wrap_with);
    api_proves("wrapKey,unwrapKey oct,oct-HSM A256KW");
}

Test(symmetric, CKM_AES_KEY_WRAP_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "CKM_AES_KEY_WRAP", 0, check_wrap_with);
    api_proves("wrapKey,unwrapKey oct,oct-HSM CKM_AES_KEY_WRAP");
}

static void check_padding_wrap_with(struct client *client, const struct reply *key, const char *alg)
{
    static const size_t none = 0;

    cell_lengths_refused(client, key, "wrapKey", alg, &none, 1, "at least 1");
    check_garbage(client, key, alg);
    check_wrap(client, key, alg, 1, 16);
    check_wrap(client, key, alg, 8, 16);
    check_wrap(client, key, alg, 9, 24);
    check_wrap(client, key, alg, 201, 216);
}

Test(symmetric, CKM_AES_KEY_WRAP_PAD_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "CKM_AES_KEY_WRAP_PAD", 0, check_padding_wrap_with);
    api_proves("wrapKey,unwrapKey oct,oct-HSM CKM_AES_KEY_WRAP_PAD");
}

static void expect_verdict(struct client *client, const struct reply *key,
                           const struct operands *operands, bool valid)
{
    API_REPLY(reply, cell_call(client, key, "verify", operands));

    cr_expect_eq(reply.status, 200, "%s", reply.body);
    cr_expect_str_eq(reply.body, valid ? "{\"value\":true}" : "{\"value\":false}", "%s",
                     operands->alg);
}

/* The message as sent is what is signed, of any length. */
static void check_mac(struct client *client, const struct reply *key, const char *alg,
                      const char *message, size_t mac_len)
{
    const struct operands operands = { .alg = alg, .value = message };
    unsigned char mac[BYTES_MAX] = { 0 };
    char text[CELL_TEXT_SIZE];
    char bad[CELL_TEXT_SIZE];

    API_REPLY(signed_, cell_call(client, key, "sign", &operands));
    cr_assert_eq(signed_.status, 200, "%s: %s", alg, signed_.body);
    cr_assert_eq(cell_bytes(&signed_, "value", mac, sizeof(mac)), mac_len);
    struct operands verified = {
        .alg = alg,
        .digest = message,
        .value = cell_text(mac, mac_len, text),
    };

    expect_verdict(client, key, &verified, true);
    verified.value = cell_changed(text, bad);
    expect_verdict(client, key, &verified, false);
    verified.value = cell_text(mac, mac_len - 1, bad);
    expect_verdict(client, key, &verified, false);
    verified.value = cell_text(mac, mac_len + 1, bad);
    expect_verdict(client, key, &verified, false);
    verified.value = "";
    expect_verdict(client, key, &verified, false);
    verified.value = text;
    verified.digest = "AAAA";
    expect_verdict(client, key, &verified, false);
}

static void check_all_macs(const char *alg, size_t mac_len)
{
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(oct_cells); i++) {
        API_REPLY(key, cell_key(&dev, &oct_cells[i]));
        check_mac(&dev, &key, alg, "", mac_len);
        check_mac(&dev, &key, alg, "MQ", mac_len);
        check_mac(&dev, &key, alg, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", mac_len);
    }
}

Test(symmetric, HS256_with_every_key)
{
    check_all_macs("HS256", 32);
    api_proves("sign,verify oct,oct-HSM HS256");
}

Test(symmetric, HS384_with_every_key)
{
    check_all_macs("HS384", 48);
    api_proves("sign,verify oct,oct-HSM HS384");
}

Test(symmetric, HS512_with_every_key)
{
    check_all_macs("HS512", 64);
    api_proves("sign,verify oct,oct-HSM HS512");
}

Test(symmetric, keys_of_another_size_are_named)
{
    static const struct {
        const char *operation, *alg;
        int cell, has, wants;
    } rows[] = {
        { "encrypt", "A128GCM", 2, 256, 128 },    { "decrypt", "A256CBC", 0, 128, 256 },
        { "encrypt", "A192CBCPAD", 5, 256, 192 }, { "wrapKey", "A256KW", 1, 192, 256 },
        { "unwrapKey", "A128KW", 4, 192, 128 },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct operands operands = { .alg = rows[i].alg, .value = "AA" };
        char message[1024];

        API_REPLY(key, cell_key(&dev, &oct_cells[rows[i].cell]));
        snprintf(message, sizeof(message),
                 "Key and encryption algorithm are incompatible. Key %s has size %d, and algorithm "
                 "'%s' can only be used with size %d.",
                 reply_text(&key, "key.kid"), rows[i].has, rows[i].alg, rows[i].wants);
        cell_refused(&dev, &key, rows[i].operation, &operands, message);
    }
}
/* Longest value where nothing else limits it: 64 KiB (include/kv/custody.h). */
Test(symmetric, values_are_bounded)
{
    static const struct {
        const char *operation, *back, *alg;
    } rows[] = {
        { "encrypt", "decrypt", "A256CBC" },
        { "wrapKey", "unwrapKey", "A256KW" },
        { "wrapKey", "unwrapKey", "CKM_AES_KEY_WRAP_PAD" },
        { "sign", NULL, "HS512" },
    };
    unsigned char *bytes = calloc(1, VALUE_MAX + 8);
    char *text = malloc(KV_BASE64URL_LENGTH(VALUE_MAX + 8) + 1);
    API_CLIENT(dev);
    API_REPLY(key, cell_key(&dev, &oct_cells[5]));

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct operands operands = { .alg = rows[i].alg, .iv = CELL_IV, .value = text };
        char message[256];

        kv_base64url_encode(bytes, VALUE_MAX + 8, text);
        snprintf(message, sizeof(message),
                 "Invalid length of 'value': 65544 bytes. %s requires at most 65536 bytes, encoded "
                 "with base64url.",
                 rows[i].alg);
        cell_refused(&dev, &key, rows[i].operation, &operands, message);
        kv_base64url_encode(bytes, VALUE_MAX, text);
        API_REPLY(forth, cell_call(&dev, &key, rows[i].operation, &operands));
        cr_expect_eq(forth.status, 200, "%s: %.200s", rows[i].alg, forth.body);
        if (rows[i].back != NULL) {
            operands.value = reply_text(&forth, "value");
            API_REPLY(back, cell_call(&dev, &key, rows[i].back, &operands));
            cr_expect_eq(back.status, 200, "%s: %.200s", rows[i].alg, back.body);
            cr_expect_str_eq(reply_text(&back, "value"), text);
        }
    }
    free(text);
    free(bytes);
}

/* contract §6.3: never `k`; §4.2: the size of symmetric keys is shown. */
Test(symmetric, keys_show_their_size_and_nothing_else)
{
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(oct_cells); i++) {
        char whole[512];

        API_REPLY(key, cell_key(&dev, &oct_cells[i]));
        snprintf(whole, sizeof(whole),
                 "{\"key\":{\"kid\":\"%s\",\"kty\":\"%s\",\"key_ops\":[\"encrypt\",\"decrypt\","
                 "\"wrapKey\",\"unwrapKey\",\"sign\",\"verify\"]},\"attributes\":{\"enabled\":true,"
                 "\"key_size\":%d,\"created\":",
                 reply_text(&key, "key.kid"), oct_cells[i].kty, oct_cells[i].bits);
        cr_expect_eq(strncmp(key.body, whole, strlen(whole)), 0, "%s", key.body);
    }
}

Test(symmetric, KEY_TYPE_NOT_SUPPORTED_on_a_standard_vault)
{
    static const char *const types[] = { "oct", "oct-HSM" };
    API_CLIENT(std);

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        char body[64];
        char message[64];

        snprintf(body, sizeof(body), "{\"kty\":\"%s\"}", types[i]);
        snprintf(message, sizeof(message), "Invalid kty value: %s", types[i]);
        API_REPLY(reply, client_call(&std, "POST", "/keys/none/create", body));
        cr_expect(reply_is_error(&reply, 400, "BadParameter", "KeyTypeNotSupported", message));
    }
}
