/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every algorithm of symmetric keys with every key it fits: contract §7.1, §8.6, §19 rows 5 to 7.
 * The daemon has symmetric keys in premium vaults. What the ciphertexts are in themselves, known
 * answers show (tests/token); here they go through the whole daemon and back.
 */
#include <stdio.h>
#include <string.h>

#include "../support/api.h"
#include "../support/cell.h"

TestSuite(symmetric, .timeout = 180);

#define BYTES_MAX 1024

/* Encrypts `len` bytes in CBC and decrypts them again; the answer repeats the iv. */
static void check_cbc(struct client *client, const struct reply *key, const char *alg, size_t len,
                      size_t cipher_len)
{
    unsigned char plain[BYTES_MAX];
    unsigned char cipher[BYTES_MAX];
    char text[CELL_TEXT_SIZE];
    char cipher_text[CELL_TEXT_SIZE];
    char whole[CELL_TEXT_SIZE * 2];

    memset(plain, 0x5A, sizeof(plain));
    const struct operands forth = { .alg = alg,
                                    .value = cell_text(plain, len, text),
                                    .iv = CELL_IV };

    API_REPLY(encrypted, cell_call(client, key, "encrypt", &forth));
    cr_assert_eq(encrypted.status, 200, "%s: %s", alg, encrypted.body);
    cr_assert_eq(cell_bytes(&encrypted, "value", cipher, sizeof(cipher)), cipher_len);
    snprintf(whole, sizeof(whole), "{\"iv\":\"%s\",\"kid\":\"%s\",\"value\":\"%s\"}", CELL_IV,
             reply_text(key, "key.kid"), cell_text(cipher, cipher_len, cipher_text));
    cr_expect_str_eq(encrypted.body, whole);
    cr_expect_str_neq(cipher_text, text);

    const struct operands back = { .alg = alg, .value = cipher_text, .iv = CELL_IV };

    cell_value(client, key, "decrypt", &back, text);
}

static void check_iv(struct client *client, const struct reply *key, const char *alg,
                     const char *operation)
{
    struct operands operands = { .alg = alg, .value = CELL_IV };
    char message[256];

    cell_refused(client, key, operation, &operands, "Property 'iv' is required.\r\n");
    operands.iv = "AAAAAAAAAAAAAAAAAAAA";
    snprintf(message, sizeof(message),
             "Invalid length of 'iv': 15 bytes. %s requires 16 bytes, encoded with base64url.",
             alg);
    cell_refused(client, key, operation, &operands, message);
}

/* contract §8.6: what is not whole blocks is filled up with zeros, and comes back with them. */
static void check_filled(struct client *client, const struct reply *key, const char *alg,
                         size_t len, size_t whole_len)
{
    unsigned char plain[BYTES_MAX] = { 0 };
    unsigned char cipher[BYTES_MAX];
    char text[CELL_TEXT_SIZE];
    char cipher_text[CELL_TEXT_SIZE];

    memset(plain, 0x5A, len);
    const struct operands forth = { .alg = alg,
                                    .value = cell_text(plain, len, text),
                                    .iv = CELL_IV };

    API_REPLY(encrypted, cell_call(client, key, "encrypt", &forth));
    cr_assert_eq(encrypted.status, 200, "%s of %zu bytes: %s", alg, len, encrypted.body);
    cr_assert_eq(cell_bytes(&encrypted, "value", cipher, sizeof(cipher)), whole_len);

    const struct operands back = { .alg = alg,
                                   .value = cell_text(cipher, whole_len, cipher_text),
                                   .iv = CELL_IV };

    cell_value(client, key, "decrypt", &back, cell_text(plain, whole_len, text));
}

static void check_cbc_with(struct client *client, const struct reply *key, const char *alg)
{
    static const size_t none = 0;

    check_iv(client, key, alg, "encrypt");
    check_iv(client, key, alg, "decrypt");
    cell_lengths_refused(client, key, "encrypt", alg, &none, 1, "at least 1");
    check_filled(client, key, alg, 1, 16);
    check_filled(client, key, alg, 15, 16);
    check_filled(client, key, alg, 17, 32);
    check_filled(client, key, alg, 200, 208); /* as recorded */
    check_cbc(client, key, alg, 16, 16);
    check_cbc(client, key, alg, 1008, 1008);
}

static void check_cbc_pad_with(struct client *client, const struct reply *key, const char *alg)
{
    check_iv(client, key, alg, "encrypt");
    check_iv(client, key, alg, "decrypt");
    check_cbc(client, key, alg, 0, 16);
    check_cbc(client, key, alg, 1, 16);
    check_cbc(client, key, alg, 15, 16);
    check_cbc(client, key, alg, 16, 32);
    check_cbc(client, key, alg, 999, 1008);
}

Test(symmetric, A128CBC_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A128CBC", 128, check_cbc_with);
    api_proves("encrypt,decrypt oct,oct-HSM A128CBC");
}

Test(symmetric, A192CBC_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A192CBC", 192, check_cbc_with);
    api_proves("encrypt,decrypt oct,oct-HSM A192CBC");
}

Test(symmetric, A256CBC_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A256CBC", 256, check_cbc_with);
    api_proves("encrypt,decrypt oct,oct-HSM A256CBC");
}

Test(symmetric, A128CBCPAD_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A128CBCPAD", 128, check_cbc_pad_with);
    api_proves("encrypt,decrypt oct,oct-HSM A128CBCPAD");
}

Test(symmetric, A192CBCPAD_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A192CBCPAD", 192, check_cbc_pad_with);
    api_proves("encrypt,decrypt oct,oct-HSM A192CBCPAD");
}

Test(symmetric, A256CBCPAD_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A256CBCPAD", 256, check_cbc_pad_with);
    api_proves("encrypt,decrypt oct,oct-HSM A256CBCPAD");
}

/* Whatever of a GCM message is changed, the answer is the same. */
static void check_gcm_forgeries(struct client *client, const struct reply *key,
                                const struct operands *good)
{
    struct operands bad = *good;
    char text[CELL_TEXT_SIZE];

    bad.tag = cell_changed(good->tag, text);
    cell_refused(client, key, "decrypt", &bad, CELL_CANNOT);
    bad = *good;
    bad.iv = cell_changed(good->iv, text);
    cell_refused(client, key, "decrypt", &bad, CELL_CANNOT);
    bad = *good;
    bad.aad = good->aad == NULL || good->aad[0] == '\0' ? "AA" : NULL;
    cell_refused(client, key, "decrypt", &bad, CELL_CANNOT);
    bad = *good;
    bad.value = good->value[0] != '\0' ? cell_changed(good->value, text) : "AA";
    cell_refused(client, key, "decrypt", &bad, CELL_CANNOT);
}

/* contract §8.6: the iv is the service's, 12 bytes; the tag 16. */
static void check_gcm(struct client *client, const struct reply *key, const char *alg, size_t len,
                      const char *aad)
{
    unsigned char bytes[BYTES_MAX];
    char text[CELL_TEXT_SIZE];

    memset(bytes, 0xC3, sizeof(bytes));
    const struct operands forth = { .alg = alg, .value = cell_text(bytes, len, text), .aad = aad };

    API_REPLY(encrypted, cell_call(client, key, "encrypt", &forth));
    API_REPLY(again, cell_call(client, key, "encrypt", &forth));
    cr_assert_eq(encrypted.status, 200, "%s: %s", alg, encrypted.body);
    cr_expect_eq(cell_bytes(&encrypted, "value", bytes, sizeof(bytes)), len);
    cr_expect_eq(cell_bytes(&encrypted, "iv", bytes, sizeof(bytes)), 12);
    cr_expect_eq(cell_bytes(&encrypted, "tag", bytes, sizeof(bytes)), 16);
    cr_expect_str_neq(strstr(encrypted.body, "\"iv\""), strstr(again.body, "\"iv\""),
                      "the same iv twice");

    char value[CELL_TEXT_SIZE];
    char iv[32];
    char tag[32];

    snprintf(value, sizeof(value), "%s", reply_text(&encrypted, "value"));
    snprintf(iv, sizeof(iv), "%s", reply_text(&encrypted, "iv"));
    snprintf(tag, sizeof(tag), "%s", reply_text(&encrypted, "tag"));
    const struct operands back = { .alg = alg, .value = value, .iv = iv, .tag = tag, .aad = aad };

    cell_value(client, key, "decrypt", &back, text);
    check_gcm_forgeries(client, key, &back);
}

static void check_gcm_members(struct client *client, const struct reply *key, const char *alg)
{
    struct operands operands = { .alg = alg, .value = "AA", .tag = CELL_IV };
    char message[256];

    cell_refused(client, key, "decrypt", &operands, "Property 'iv' is required.\r\n");
    operands.iv = CELL_IV; /* of CBC: too long */
    snprintf(message, sizeof(message),
             "Invalid length of 'iv': 16 bytes. %s requires 12 bytes, encoded with base64url.",
             alg);
    cell_refused(client, key, "decrypt", &operands, message);
    operands.iv = "AAAAAAAAAAAAAAAA";
    operands.tag = NULL;
    cell_refused(client, key, "decrypt", &operands, "Property 'tag' is required.\r\n");
    operands.tag = "AAAA"; /* a short tag would be a weak one */
    snprintf(message, sizeof(message),
             "Invalid length of 'tag': 3 bytes. %s requires 16 bytes, encoded with base64url.",
             alg);
    cell_refused(client, key, "decrypt", &operands, message);
}

static void check_gcm_with(struct client *client, const struct reply *key, const char *alg)
{
    check_gcm_members(client, key, alg);
    check_gcm(client, key, alg, 0, "YWFk");
    check_gcm(client, key, alg, 1, NULL);
    check_gcm(client, key, alg, 16, "");
    check_gcm(client, key, alg, 1000, "YWRkaXRpb25hbCBkYXRhIG9mIG1vcmUgdGhhbiBvbmUgYmxvY2s");
}

Test(symmetric, A128GCM_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A128GCM", 128, check_gcm_with);
    api_proves("encrypt,decrypt oct,oct-HSM A128GCM");
}

Test(symmetric, A192GCM_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A192GCM", 192, check_gcm_with);
    api_proves("encrypt,decrypt oct,oct-HSM A192GCM");
}

Test(symmetric, A256GCM_goes_there_and_back)
{
    API_CLIENT(dev);

    cell_each_oct(&dev, "A256GCM", 256, check_gcm_with);
    api_proves("encrypt,decrypt oct,oct-HSM A256GCM");
}

/* contract §8.6, §19 row 6: no padding oracle */
Test(symmetric, CANNOT_DECRYPT_whatever_is_wrong_with_a_padded_ciphertext)
{
    static const unsigned char plain[16] = "0123456789abcdef";
    static const size_t lengths[] = { 0, 1, 15, 17, 31 };
    unsigned char cipher[BYTES_MAX];
    char text[CELL_TEXT_SIZE];
    API_CLIENT(dev);
    API_REPLY(key, cell_key(&dev, &oct_cells[2]));
    struct operands operands = {
        .alg = "A256CBCPAD",
        .value = cell_text(plain, sizeof(plain), text),
        .iv = CELL_IV,
    };

    API_REPLY(good, cell_call(&dev, &key, "encrypt", &operands));
    cr_assert_eq(cell_bytes(&good, "value", cipher, sizeof(cipher)), 32);
    operands.value = text;
    cipher[15] ^= 0x80; /* makes the padding 0x90 */
    cell_text(cipher, 32, text);
    cell_refused(&dev, &key, "decrypt", &operands, CELL_CANNOT);
    cipher[15] ^= 0x80 ^ 0x10; /* makes it 0x00 */
    cell_text(cipher, 32, text);
    cell_refused(&dev, &key, "decrypt", &operands, CELL_CANNOT);
    cipher[15] ^= 0x10;
    for (size_t i = 0; i < KV_COUNT(lengths); i++) {
        cell_text(cipher, lengths[i], text);
        cell_refused(&dev, &key, "decrypt", &operands, CELL_CANNOT);
        operands.alg = "A256CBC";
        cell_refused(&dev, &key, "decrypt", &operands, CELL_CANNOT);
        operands.alg = "A256CBCPAD";
    }
}
