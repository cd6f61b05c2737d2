/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every algorithm of alg.def with a key that OpenSSL has, too, both ways: what the one signs,
 * encrypts or wraps, the other verifies, decrypts or unwraps. A row of the table without one here
 * fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/api.h"
#include "../support/cell.h"
#include "../support/known.h"
#include "kv/custody/custody.h"

TestSuite(openssl, .timeout = 300);

/* clang-format off */
static const struct known_algorithm algorithms[] = {
    [KV_ALG_RSA1_5]           = { KNOWN_RSA_CRYPT, NULL,         0,   32 },
    [KV_ALG_RSA_OAEP]         = { KNOWN_RSA_CRYPT, "SHA1",       0,   32 },
    [KV_ALG_RSA_OAEP_256]     = { KNOWN_RSA_CRYPT, "SHA256",     0,   32 },
    [KV_ALG_RS256]            = { KNOWN_RSA_SIGN,  "SHA256",     0,   32 },
    [KV_ALG_RS384]            = { KNOWN_RSA_SIGN,  "SHA384",     0,   48 },
    [KV_ALG_RS512]            = { KNOWN_RSA_SIGN,  "SHA512",     0,   64 },
    [KV_ALG_RSNULL]           = { KNOWN_RSA_SIGN,  NULL,         0,   51 },
    [KV_ALG_PS256]            = { KNOWN_RSA_PSS,   "SHA256",     0,   32 },
    [KV_ALG_PS384]            = { KNOWN_RSA_PSS,   "SHA384",     0,   48 },
    [KV_ALG_PS512]            = { KNOWN_RSA_PSS,   "SHA512",     0,   64 },
    [KV_ALG_ES256]            = { KNOWN_ECDSA,     "prime256v1", 256, 32 },
    [KV_ALG_ES256K]           = { KNOWN_ECDSA,     "secp256k1",  256, 32 },
    [KV_ALG_ES384]            = { KNOWN_ECDSA,     "secp384r1",  384, 48 },
    [KV_ALG_ES512]            = { KNOWN_ECDSA,     "secp521r1",  521, 64 },
    [KV_ALG_ECDSA256]         = { KNOWN_ECDSA,     "prime256v1", 256, 32 },
    [KV_ALG_A128CBC]          = { KNOWN_CBC,       "CBC",        128, 48 },
    [KV_ALG_A192CBC]          = { KNOWN_CBC,       "CBC",        192, 48 },
    [KV_ALG_A256CBC]          = { KNOWN_CBC,       "CBC",        256, 48 },
    [KV_ALG_A128CBCPAD]       = { KNOWN_CBC_PAD,   "CBC",        128, 47 },
    [KV_ALG_A192CBCPAD]       = { KNOWN_CBC_PAD,   "CBC",        192, 47 },
    [KV_ALG_A256CBCPAD]       = { KNOWN_CBC_PAD,   "CBC",        256, 47 },
    [KV_ALG_A128GCM]          = { KNOWN_GCM,       "GCM",        128, 45 },
    [KV_ALG_A192GCM]          = { KNOWN_GCM,       "GCM",        192, 45 },
    [KV_ALG_A256GCM]          = { KNOWN_GCM,       "GCM",        256, 45 },
    [KV_ALG_A128KW]           = { KNOWN_WRAP,      "WRAP",       128, 40 },
    [KV_ALG_A192KW]           = { KNOWN_WRAP,      "WRAP",       192, 40 },
    [KV_ALG_A256KW]           = { KNOWN_WRAP,      "WRAP",       256, 40 },
    [KV_ALG_AES_KEY_WRAP]     = { KNOWN_WRAP,      "WRAP",       0,   40 },
    [KV_ALG_AES_KEY_WRAP_PAD] = { KNOWN_WRAP,      "WRAP-PAD",   0,   37 },
    [KV_ALG_HS256]            = { KNOWN_HMAC,      "SHA256",     0,   50 },
    [KV_ALG_HS384]            = { KNOWN_HMAC,      "SHA384",     0,   50 },
    [KV_ALG_HS512]            = { KNOWN_HMAC,      "SHA512",     0,   50 },
};
/* clang-format on */
_Static_assert(KV_COUNT(algorithms) == KV_ALG_COUNT, "the table is not alg.def's");

/* One algorithm with one key. */
struct check {
    struct client *client;
    const struct kv_alg_row *row;
    const struct known_algorithm *algorithm;
    struct known_key key;
    struct reply bundle;
};

static void bring_key(struct check *check, enum kv_alg alg, unsigned bits)
{
    cJSON *body = cJSON_CreateObject();
    char path[64];
    char *text;

    known_key_init(&check->key, check->algorithm, bits);
    cJSON_AddItemToObject(body, "key", known_key_render(&check->key));
    text = cJSON_PrintUnformatted(body);
    snprintf(path, sizeof(path), "/keys/known-%d-%u", (int) alg, bits);
    check->bundle = client_call(check->client, "PUT", path, text);
    cr_assert_eq(check->bundle.status, 200, "%s: %s", check->row->name, check->bundle.body);
    cJSON_free(text);
    cJSON_Delete(body);
}

/* What is signed, encrypted or wrapped. */
static void fill(unsigned char *ret_bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        ret_bytes[i] = (unsigned char) (0x11 + 7 * i);
    }
}

static void expect_verdict(struct check *check, const unsigned char *digest,
                           const unsigned char *signature, size_t len, const char *verdict)
{
    char digest_text[CELL_TEXT_SIZE];
    char text[CELL_TEXT_SIZE];
    const struct operands operands = {
        .alg = check->row->name,
        .digest = cell_text(digest, check->algorithm->len, digest_text),
        .value = cell_text(signature, len, text),
    };

    API_REPLY(reply, cell_call(check->client, &check->bundle, "verify", &operands));
    cr_expect_str_eq(reply.body, verdict, "%s of OpenSSL: %s", check->row->name, reply.body);
}

static void check_signatures(struct check *check)
{
    unsigned char digest[KNOWN_MAX];
    unsigned char signature[KNOWN_MAX];
    char text[CELL_TEXT_SIZE];
    const struct operands operands = { .alg = check->row->name, .value = text };
    size_t len;

    fill(digest, check->algorithm->len);
    cell_text(digest, check->algorithm->len, text);
    API_REPLY(reply, cell_call(check->client, &check->bundle, "sign", &operands));
    cr_assert_eq(reply.status, 200, "%s: %s", check->row->name, reply.body);
    len = cell_bytes(&reply, "value", signature, sizeof(signature));
    cr_expect(known_verifies(&check->key, check->algorithm, digest, signature, len),
              "OpenSSL does not verify %s", check->row->name);

    len = known_sign(&check->key, check->algorithm, digest, signature);
    expect_verdict(check, digest, signature, len, "{\"value\":true}");
    digest[0] ^= 1;
    expect_verdict(check, digest, signature, len, "{\"value\":false}");
}

static const unsigned char aad[] = "additional data";

static bool has_iv(const struct check *check)
{
    return check->algorithm->way == KNOWN_CBC || check->algorithm->way == KNOWN_CBC_PAD
           || check->algorithm->way == KNOWN_GCM;
}

/* OpenSSL encrypts, the daemon decrypts. */
static void check_arrival(struct check *check, const char *operation)
{
    bool is_gcm = check->algorithm->way == KNOWN_GCM;
    struct known_frame frame = { .iv = "0123456789abcde", .aad = aad, .aad_len = sizeof(aad) };
    unsigned char plain[KNOWN_MAX];
    unsigned char bytes[KNOWN_MAX];
    char text[4][CELL_TEXT_SIZE];
    struct operands operands = { .alg = check->row->name, .value = text[0] };
    size_t len;

    fill(plain, check->algorithm->len);
    len = known_encrypt(&check->key, check->algorithm, &frame, plain, check->algorithm->len, bytes);
    cell_text(bytes, len, text[0]);
    operands.iv = has_iv(check) ? cell_text(frame.iv, is_gcm ? 12 : 16, text[1]) : NULL;
    operands.tag = is_gcm ? cell_text(frame.tag, sizeof(frame.tag), text[2]) : NULL;
    operands.aad = is_gcm ? cell_text(aad, sizeof(aad), text[3]) : NULL;
    API_REPLY(reply, cell_call(check->client, &check->bundle, operation, &operands));
    cr_assert_eq(reply.status, 200, "%s %s: %s", operation, check->row->name, reply.body);
    len = cell_bytes(&reply, "value", bytes, sizeof(bytes));
    cr_assert_eq(len, check->algorithm->len, "%s %s", operation, check->row->name);
    cr_expect_arr_eq(bytes, plain, len, "%s %s", operation, check->row->name);
}

/* The daemon encrypts, OpenSSL decrypts. */
static void check_departure(struct check *check, const char *operation)
{
    bool is_gcm = check->algorithm->way == KNOWN_GCM;
    struct known_frame frame = { .iv = "0123456789abcde", .aad = aad, .aad_len = sizeof(aad) };
    unsigned char plain[KNOWN_MAX];
    unsigned char cipher[KNOWN_MAX];
    unsigned char bytes[KNOWN_MAX];
    char text[3][CELL_TEXT_SIZE];
    struct operands operands = { .alg = check->row->name, .value = text[0] };
    size_t len;

    fill(plain, check->algorithm->len);
    cell_text(plain, check->algorithm->len, text[0]);
    operands.iv = has_iv(check) && !is_gcm ? cell_text(frame.iv, 16, text[1]) : NULL;
    operands.aad = is_gcm ? cell_text(aad, sizeof(aad), text[2]) : NULL;
    API_REPLY(reply, cell_call(check->client, &check->bundle, operation, &operands));
    cr_assert_eq(reply.status, 200, "%s %s: %s", operation, check->row->name, reply.body);
    len = cell_bytes(&reply, "value", cipher, sizeof(cipher));
    if (is_gcm) {
        cr_assert_eq(cell_bytes(&reply, "iv", frame.iv, sizeof(frame.iv)), 12);
        cr_assert_eq(cell_bytes(&reply, "tag", frame.tag, sizeof(frame.tag)), sizeof(frame.tag));
    }
    len = known_decrypt(&check->key, check->algorithm, &frame, cipher, len, bytes);
    cr_assert_eq(len, check->algorithm->len, "OpenSSL does not %s %s", operation, check->row->name);
    cr_expect_arr_eq(bytes, plain, len, "%s %s", operation, check->row->name);
}

static void check_with(struct client *client, enum kv_alg alg, unsigned bits)
{
    struct check check = {
        .client = client,
        .row = kv_alg_row(alg),
        .algorithm = &algorithms[alg],
    };

    bring_key(&check, alg, bits);
    if ((check.row->operations & KV_OP_BIT(SIGN)) != 0) {
        check_signatures(&check);
    }
    if ((check.row->operations & KV_OP_BIT(ENCRYPT)) != 0) {
        check_arrival(&check, "decrypt");
        check_departure(&check, "encrypt");
    }
    if ((check.row->operations & KV_OP_BIT(WRAP)) != 0) {
        check_arrival(&check, "unwrapKey");
        check_departure(&check, "wrapKey");
    }
    reply_done(&check.bundle);
    known_key_done(&check.key);
}

/* With a key of each size that the algorithm fits. */
static void check_algorithm(enum kv_alg alg)
{
    static const unsigned sizes[][3] = {
        [KV_FAMILY_RSA] = { 2048, 3072, 4096 },
        [KV_FAMILY_OCT] = { 128, 192, 256 },
    };
    API_CLIENT(dev);

    if (algorithms[alg].bits != 0) {
        check_with(&dev, alg, algorithms[alg].bits);
        return;
    }
    for (size_t i = 0; i < KV_COUNT(sizes[0]); i++) {
        check_with(&dev, alg, sizes[kv_alg_row(alg)->family][i]);
    }
}

#define X(symbol, name, ...)                                                                       \
    Test(openssl, symbol##_goes_both_ways)                                                         \
    {                                                                                              \
        if (KV_ALG_##symbol == KV_ALG_ES256K) {                                                    \
            API_SKIP_WITH_NSS("NSS does not have P-256K");                                         \
        }                                                                                          \
        check_algorithm(KV_ALG_##symbol);                                                          \
    }
#include "kv/custody/alg.def"
#undef X
