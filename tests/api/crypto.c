/* SPDX-License-Identifier: Apache-2.0 */
/* RSA encryption, against OpenSSL both ways: contract §7.1, §8. */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "kv/base/base64.h"
#include "kv/custody/custody.h"

TestSuite(crypto, .timeout = 180);

/* What OpenSSL is told for each row, independently of what the daemon does. */
static const struct {
    const char *alg;
    int padding;
    const char *hash;
    size_t overhead;
} algorithms[] = {
    [KV_ALG_RSA1_5] = { "RSA1_5", RSA_PKCS1_PADDING, NULL, 11 },
    [KV_ALG_RSA_OAEP] = { "RSA-OAEP", RSA_PKCS1_OAEP_PADDING, "SHA1", 42 },
    [KV_ALG_RSA_OAEP_256] = { "RSA-OAEP-256", RSA_PKCS1_OAEP_PADDING, "SHA256", 66 },
};

static BIGNUM *number(const struct reply *key, const char *member)
{
    const char *text = reply_text(key, member);
    unsigned char bytes[512];
    size_t len;

    cr_assert(kv_base64url_decode(text, strlen(text), bytes, &len));
    return BN_bin2bn(bytes, (int) len, NULL);
}

static EVP_PKEY *public_key(const struct reply *key)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *n = number(key, "key.n");
    BIGNUM *e = number(key, "key.e");
    EVP_PKEY *result = NULL;
    OSSL_PARAM *params;

    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
    params = OSSL_PARAM_BLD_to_param(builder);
    cr_assert(EVP_PKEY_fromdata_init(ctx) == 1
              && EVP_PKEY_fromdata(ctx, &result, EVP_PKEY_PUBLIC_KEY, params) == 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    return result;
}

/* Encrypts with OpenSSL under the key an answer shows; the result in base64url. */
static void encrypt_here(const struct reply *key, size_t alg, const void *plain, size_t len,
                         char *ret_text)
{
    EVP_PKEY *public = public_key(key);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(public, NULL);
    unsigned char cipher[512];
    size_t cipher_len = sizeof(cipher);

    cr_assert(EVP_PKEY_encrypt_init(ctx) == 1
              && EVP_PKEY_CTX_set_rsa_padding(ctx, algorithms[alg].padding) == 1);
    if (algorithms[alg].hash != NULL) {
        EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, algorithms[alg].hash, NULL);
        EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, algorithms[alg].hash, NULL);
    }
    cr_assert_eq(EVP_PKEY_encrypt(ctx, cipher, &cipher_len, plain, len), 1);
    kv_base64url_encode(cipher, cipher_len, ret_text);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(public);
}

static struct reply call(struct client *client, const char *path, const char *alg,
                         const char *value)
{
    char body[4096];

    snprintf(body, sizeof(body), "{\"alg\":\"%s\",\"value\":\"%s\"}", alg, value);
    return client_call(client, "POST", path, body);
}

static struct reply make_key(struct client *client, const char *name, const char *kty, int bits)
{
    char path[128];
    char body[128];
    struct reply key;

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    snprintf(body, sizeof(body), "{\"kty\":\"%s\",\"key_size\":%d}", kty, bits);
    key = client_call(client, "POST", path, body);
    cr_assert_eq(key.status, 200, "%s", key.body);
    return key;
}

/* Limits first: the longest plaintext passes both ways, one byte more does not. */
static void check_limits(struct client *client, const struct reply *key, const char *name,
                         size_t alg, size_t modulus_len)
{
    static const char *const operations[] = { "encrypt", "wrapkey" };
    size_t max = modulus_len - algorithms[alg].overhead;
    unsigned char plain[512];
    char text[1024];
    char path[128];
    char message[256];

    memset(plain, 0xA5, sizeof(plain));
    for (size_t i = 0; i < KV_COUNT(operations); i++) {
        snprintf(path, sizeof(path), "/keys/%s/%s", name, operations[i]);
        kv_base64url_encode(plain, max + 1, text);
        snprintf(message, sizeof(message),
                 "Invalid length of 'value': %zu bytes. %s requires at most %zu bytes, encoded "
                 "with base64url.",
                 max + 1, algorithms[alg].alg, max);
        API_REPLY(longer, call(client, path, algorithms[alg].alg, text));
        cr_expect(reply_is_error(&longer, 400, "BadParameter", NULL, message));

        kv_base64url_encode(plain, max, text);
        API_REPLY(longest, call(client, path, algorithms[alg].alg, text));
        cr_expect_eq(longest.status, 200, "%s", longest.body);
        cr_expect_eq(strlen(reply_text(&longest, "value")), KV_BASE64URL_LENGTH(modulus_len));
        cr_expect_str_eq(reply_text(&longest, "kid"), reply_text(key, "key.kid"));
    }
}

/* What OpenSSL encrypted comes back; what the daemon encrypted does, too. */
static void check_round_trips(struct client *client, const struct reply *key, const char *name,
                              size_t alg)
{
    static const struct {
        const char *forth, *back;
    } pairs[] = { { "encrypt", "decrypt" }, { "wrapKey", "unwrapKey" } };
    static const char plain[] = "0123456789abcdef0123456789ABCDEF";
    char value[64];
    char cipher[1024];
    char path[128];

    kv_base64url_encode(plain, 32, value);
    for (size_t i = 0; i < KV_COUNT(pairs); i++) {
        encrypt_here(key, alg, plain, 32, cipher);
        snprintf(path, sizeof(path), "/keys/%s/%s", name, pairs[i].back);
        API_REPLY(foreign, call(client, path, algorithms[alg].alg, cipher));
        cr_expect_str_eq(reply_text(&foreign, "value"), value, "%s", foreign.body);

        snprintf(path, sizeof(path), "/keys/%s//%s", name, pairs[i].forth);
        API_REPLY(forth, call(client, path, algorithms[alg].alg, value));
        snprintf(path, sizeof(path), "/keys/%s/%s", name, pairs[i].back);
        API_REPLY(back, call(client, path, algorithms[alg].alg, reply_text(&forth, "value")));
        cr_expect_str_eq(reply_text(&back, "value"), value, "%s", back.body);
        cr_expect_str_eq(reply_text(&back, "kid"), reply_text(key, "key.kid"));
    }
}

static void check_algorithm(size_t alg)
{
    static const struct {
        const char *kty;
        int bits;
    } keys[] = { { "RSA", 2048 }, { "RSA-HSM", 3072 }, { "RSA-HSM", 4096 } };
    API_CLIENT(dev);

    cr_assert_str_eq(algorithms[alg].alg, kv_alg_row((enum kv_alg) alg)->name);
    for (size_t i = 0; i < KV_COUNT(keys); i++) {
        char name[64];

        snprintf(name, sizeof(name), "alg-%zu-%d", alg, keys[i].bits);
        API_REPLY(key, make_key(&dev, name, keys[i].kty, keys[i].bits));
        check_limits(&dev, &key, name, alg, (size_t) keys[i].bits / 8);
        check_round_trips(&dev, &key, name, alg);
    }
}

Test(crypto, RSA1_5_agrees_with_openssl)
{
    check_algorithm(KV_ALG_RSA1_5);
    api_proves("encrypt,decrypt,wrapKey,unwrapKey RSA,RSA-HSM RSA1_5");
}

Test(crypto, RSA_OAEP_agrees_with_openssl)
{
    check_algorithm(KV_ALG_RSA_OAEP);
    api_proves("encrypt,decrypt,wrapKey,unwrapKey RSA,RSA-HSM RSA-OAEP");
}

Test(crypto, RSA_OAEP_256_agrees_with_openssl)
{
    check_algorithm(KV_ALG_RSA_OAEP_256);
    api_proves("encrypt,decrypt,wrapKey,unwrapKey RSA,RSA-HSM RSA-OAEP-256");
}

Test(crypto, CANNOT_DECRYPT_whatever_is_wrong_with_the_ciphertext)
{
    API_CLIENT(dev);
    API_REPLY(key, make_key(&dev, "oracle", "RSA", 2048));
    unsigned char bytes[512];
    char good[1024];
    char texts[6][1024];

    encrypt_here(&key, KV_ALG_RSA_OAEP_256, "x", 1, good);
    memset(bytes, 0x00, sizeof(bytes));
    kv_base64url_encode(bytes, 256, texts[0]); /* zero */
    memset(bytes, 0xFF, sizeof(bytes));
    kv_base64url_encode(bytes, 256, texts[1]); /* above the modulus */
    kv_base64url_encode(bytes, 255, texts[2]); /* too short */
    kv_base64url_encode(bytes, 257, texts[3]); /* too long */
    texts[4][0] = '\0';                        /* empty */
    snprintf(texts[5], sizeof(texts[5]), "%s", good);
    texts[5][100] = good[100] == 'A' ? 'B' : 'A'; /* one character changed */

    for (size_t alg = 0; alg < KV_COUNT(algorithms); alg++) {
        for (size_t i = 0; i < KV_COUNT(texts); i++) {
            API_REPLY(reply, api_unwrap(&dev, "oracle", NULL, algorithms[alg].alg, texts[i]));

            cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL,
                                     "Unable to decrypt specified value with this key."),
                      "%s, case %zu", algorithms[alg].alg, i);
        }
    }
    API_REPLY(other, api_unwrap(&dev, "oracle", NULL, "RSA-OAEP", good));
    cr_expect(reply_is_error(&other, 400, "BadParameter", NULL,
                             "Unable to decrypt specified value with this key."));
}

Test(crypto, empty_plaintext_comes_back_empty)
{
    API_CLIENT(dev);
    API_REPLY(key, make_key(&dev, "nothing", "RSA", 2048));

    for (size_t alg = 0; alg < KV_COUNT(algorithms); alg++) {
        API_REPLY(forth, call(&dev, "/keys/nothing/encrypt", algorithms[alg].alg, ""));
        API_REPLY(back, call(&dev, "/keys/nothing/decrypt", algorithms[alg].alg,
                             reply_text(&forth, "value")));

        cr_expect_eq(back.status, 200, "%s", back.body);
        cr_expect(cJSON_IsString(reply_item(&back, "value")));
        cr_expect_str_eq(reply_text(&back, "value"), "");
    }
}

/* contract §16, invariants 1 to 3: what a rotation means for data wrapped before it */
Test(crypto, old_data_opens_with_the_old_version_only)
{
    static const char value[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    API_CLIENT(dev);
    char first[33];
    char second[33];
    char wrapped[1024];

    api_create_key(&dev, "rotated", "", first);
    api_wrap(&dev, "rotated", NULL, "RSA-OAEP-256", value, wrapped);
    api_create_key(&dev, "rotated", "", second);

    API_REPLY(old, api_unwrap(&dev, "rotated", first, "RSA-OAEP-256", wrapped));
    cr_assert_str_eq(reply_text(&old, "value"), value, "%s", old.body);

    API_REPLY(named, api_unwrap(&dev, "rotated", second, "RSA-OAEP-256", wrapped));
    cr_expect_eq(named.status, 400);
    API_REPLY(latest, api_unwrap(&dev, "rotated", NULL, "RSA-OAEP-256", wrapped));
    cr_expect_eq(latest.status, 400);
}
