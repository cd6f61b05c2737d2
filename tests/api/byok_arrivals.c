/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that come wrapped for the HSM, and arrive: contract §6.2, BYOK. */
#include <stdio.h>
#include <string.h>

#include <openssl/rsa.h>

#include "../support/jwk.h"
#include "../support/nss.h"
#include "byok_tools.h"
#include "kv/base/base64.h"

TestSuite(arrival, .timeout = 180);

/* That key_hsm brings the private half of an RSA key: what is encrypted to it is decrypted. */
static void check_rsa(struct client *client, const char *kek_name, unsigned bits)
{
    EVP_PKEY *key = api_rsa(bits);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    unsigned char cipher[512];
    size_t len = sizeof(cipher);
    char blob[BYOK_TEXT_SIZE];
    char text[1024];
    API_REPLY(kek, byok_make_kek(client, kek_name, ""));

    byok_wrap_key(&kek, key, blob);
    API_REPLY(reply, byok_send(client, "arrived-rsa", key, "RSA-HSM", blob));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_expect_null(reply_item(&reply, "key.key_hsm"));
    cr_assert(EVP_PKEY_encrypt_init(ctx) == 1
              && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1
              && EVP_PKEY_encrypt(ctx, cipher, &len, (const unsigned char *) "plain", 5) == 1);
    kv_base64url_encode(cipher, len, text);
    API_REPLY(plain, api_unwrap(client, "arrived-rsa", NULL, "RSA-OAEP", text));
    cr_expect_str_eq(reply_text(&plain, "value"), "cGxhaW4", "%s", plain.body);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

/* An EC key is only taken when its signature verifies with the point that was sent. */
static void check_ec(struct client *client, const char *kek_name)
{
    static const char *const groups[] = { "prime256v1", "secp256k1", "secp384r1", "secp521r1" };
    API_REPLY(kek, byok_make_kek(client, kek_name, ""));

    for (size_t i = 0; i < KV_COUNT(groups); i++) {
        EVP_PKEY *key = jwk_new_ec(groups[i]);
        char blob[BYOK_TEXT_SIZE];
        /* NSS does not have that curve, and says so once it is to sign */
        long status = nss_is_chosen() && strcmp(groups[i], "secp256k1") == 0 ? 400 : 200;

        byok_wrap_key(&kek, key, blob);
        API_REPLY(reply, byok_send(client, "arrived-ec", key, "EC-HSM", blob));
        cr_expect_eq(reply.status, status, "%s: %s", groups[i], reply.body);
        EVP_PKEY_free(key);
    }
}

/* One block in CBC under a zero iv. */
static void encrypt_block(const unsigned char *value, int bits, const unsigned char *plain,
                          unsigned char ret_cipher[16])
{
    static const unsigned char iv[16];
    char name[16];
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len;

    snprintf(name, sizeof(name), "AES-%d-CBC", bits);
    cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    cr_assert(EVP_EncryptInit_ex2(ctx, cipher, value, iv, NULL) == 1
              && EVP_CIPHER_CTX_set_padding(ctx, 0) == 1
              && EVP_EncryptUpdate(ctx, ret_cipher, &len, plain, 16) == 1);
    EVP_CIPHER_free(cipher);
    EVP_CIPHER_CTX_free(ctx);
}

static void check_decrypts(struct client *client, const unsigned char *value, int bits)
{
    static const unsigned char plain[17] = "sixteen bytes of";
    unsigned char cipher[16];
    char cipher_text[32];
    char plain_text[32];
    char body[256];

    encrypt_block(value, bits, plain, cipher);
    kv_base64url_encode(cipher, 16, cipher_text);
    kv_base64url_encode(plain, 16, plain_text);
    snprintf(body, sizeof(body),
             "{\"alg\":\"A%dCBC\",\"iv\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"value\":\"%s\"}", bits,
             cipher_text);
    API_REPLY(reply, client_call(client, "POST", "/keys/arrived-oct/decrypt", body));
    cr_expect_str_eq(reply_text(&reply, "value"), plain_text, "%d: %s", bits, reply.body);
}

static void check_oct(struct client *pool, const char *kek_name)
{
    API_REPLY(kek, byok_make_kek(pool, kek_name, ""));

    for (int bits = 128; bits <= 256; bits += 64) {
        unsigned char value[32];
        char blob[BYOK_TEXT_SIZE];

        memset(value, bits, sizeof(value));
        byok_wrap_value(&kek, value, (size_t) bits / 8, blob);
        API_REPLY(reply, byok_send(pool, "arrived-oct", NULL, "oct-HSM", blob));
        cr_assert_eq(reply.status, 200, "%s", reply.body);
        cr_expect_eq(reply_number(&reply, "attributes.key_size"), bits);
        check_decrypts(pool, value, bits);
    }
}

static void expect_no_backup(struct client *client, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "/keys/%s/backup", name);
    API_REPLY(reply, client_call(client, "POST", path, NULL));
    cr_expect_eq(reply.status, 403, "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, reply.from_hsm ? "error.code" : "error.innererror.code"),
                     "KeyNotExportable");
}

/* contract §8.4: an import decrypts, and what decrypts still does so outside nbf..exp */
Test(arrival, does_not_ask_whether_the_key_exchange_key_has_expired)
{
    static const char *const times[] = { ",\"attributes\":{\"exp\":946684800}",
                                         ",\"attributes\":{\"nbf\":32503680000}" };
    EVP_PKEY *key = jwk_new_ec("prime256v1");
    char blob[BYOK_TEXT_SIZE];
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(times); i++) {
        API_REPLY(kek, byok_make_kek(&dev, "arrival-kek-time", times[i]));
        byok_wrap_key(&kek, key, blob);
        API_REPLY(reply, byok_send(&dev, "arrival-time", key, "EC-HSM", blob));
        cr_expect_eq(reply.status, 200, "%s: %s", times[i], reply.body);
    }
    EVP_PKEY_free(key);
}

Test(arrival, goes_by_the_version_of_the_key_exchange_key)
{
    EVP_PKEY *key = jwk_new_ec("prime256v1");
    char blob[BYOK_TEXT_SIZE];
    API_CLIENT(dev);
    API_REPLY(first, byok_make_kek(&dev, "arrival-kek-versions", ""));
    API_REPLY(second, byok_make_kek(&dev, "arrival-kek-versions", ""));

    byok_wrap_key(&first, key, blob);
    API_REPLY(reply, byok_send(&dev, "arrival-version", key, "EC-HSM", blob));
    cr_expect_eq(reply.status, 200, "%s", reply.body);
    EVP_PKEY_free(key);
}

Test(arrival, of_rsa_keys_brings_the_private_half)
{
    API_CLIENT(dev);

    check_rsa(&dev, "arrival-kek-2048", 2048);
    check_rsa(&dev, "arrival-kek-3072", 3072);
    check_rsa(&dev, "arrival-kek-4096", 4096);
}

Test(arrival, of_ec_keys_knows_every_curve)
{
    API_CLIENT(dev);

    check_ec(&dev, "arrival-kek-curves");
}

/*
 * What clients send for BYOK, none of them the public half: azure-keyvault-keys' import_key() with
 * JsonWebKey(kty, key_ops, t) and hardware_protected, what `az keyvault key import --byok-file` has
 * it send, and the documented call. EC with and without the curve.
 */
static const struct {
    const char *client, *kty, *body;
    bool has_curve;
} bodies[] = {
    { "azure-keyvault-keys", "RSA-HSM",
      "{\"key\":{\"kty\":\"RSA-HSM\",\"key_ops\":[\"sign\",\"verify\"],\"key_hsm\":\"%s\"},"
      "\"Hsm\":true}",
      false },
    { "az", "RSA-HSM",
      "{\"key\":{\"kty\":\"RSA-HSM\",\"key_hsm\":\"%s\"},\"Hsm\":true,"
      "\"attributes\":{\"enabled\":true}}",
      false },
    { "documentation", "RSA-HSM",
      "{\"key\":{\"kty\":\"RSA-HSM\",\"key_ops\":[\"decrypt\",\"encrypt\"],\"key_hsm\":\"%s\"},"
      "\"attributes\":{\"enabled\":true}}",
      false },
    { "azure-keyvault-keys", "EC-HSM",
      "{\"key\":{\"kty\":\"EC-HSM\",\"key_ops\":[\"sign\"],\"key_hsm\":\"%s\",\"crv\":\"%s\"},"
      "\"Hsm\":true}",
      true },
    { "az", "EC-HSM",
      "{\"key\":{\"kty\":\"EC-HSM\",\"key_hsm\":\"%s\",\"crv\":\"%s\"},\"Hsm\":true,"
      "\"attributes\":{\"enabled\":true}}",
      true },
    { "documentation", "EC-HSM", "{\"key\":{\"kty\":\"EC-HSM\",\"key_hsm\":\"%s\"}}", false },
};

static void expect_shown(const struct reply *reply, const cJSON *jwk, const char *member)
{
    const cJSON *sent = cJSON_GetObjectItem(jwk, member);
    char path[16];

    if (sent != NULL) {
        snprintf(path, sizeof(path), "key.%s", member);
        cr_expect_str_eq(reply_text(reply, path), cJSON_GetStringValue(sent), "%s", member);
    }
}

static void check_bodies(struct client *client, const struct reply *kek, const EVP_PKEY *key,
                         const char *kty)
{
    static const char *const members[] = { "n", "e", "crv", "x", "y" };
    cJSON *jwk = jwk_render(key, kty);
    const char *curve = cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "crv"));
    char blob[BYOK_TEXT_SIZE];
    char body[2 * BYOK_TEXT_SIZE];

    byok_wrap_key(kek, key, blob);
    for (size_t i = 0; i < KV_COUNT(bodies); i++) {
        if (strcmp(bodies[i].kty, kty) != 0) {
            continue;
        }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
        if (bodies[i].has_curve) {
            snprintf(body, sizeof(body), bodies[i].body, blob, curve);
        } else {
            snprintf(body, sizeof(body), bodies[i].body, blob);
        }
#pragma GCC diagnostic pop
        API_REPLY(reply, client_call(client, "PUT", "/keys/arrived-alone", body));
        cr_assert_eq(reply.status, 200, "%s: %s", bodies[i].client, reply.body);
        cr_expect_str_eq(reply_text(&reply, "key.kty"), kty);
        for (size_t j = 0; j < KV_COUNT(members); j++) {
            expect_shown(&reply, jwk, members[j]);
        }
    }
    cJSON_Delete(jwk);
}

static void check_alone(struct client *client)
{
    static const char *const groups[] = { "prime256v1", "secp256k1", "secp384r1", "secp521r1" };
    static const unsigned sizes[] = { 2048, 3072, 4096 };
    API_REPLY(kek, byok_make_kek(client, "arrival-kek-alone", ""));

    for (size_t i = 0; i < KV_COUNT(sizes); i++) {
        EVP_PKEY *key = api_rsa(sizes[i]);

        check_bodies(client, &kek, key, "RSA-HSM");
        EVP_PKEY_free(key);
    }
    for (size_t i = 0; i < KV_COUNT(groups); i++) {
        EVP_PKEY *key = jwk_new_ec(groups[i]);

        if (!nss_is_chosen() || strcmp(groups[i], "secp256k1") != 0) {
            check_bodies(client, &kek, key, "EC-HSM");
        }
        EVP_PKEY_free(key);
    }
}

Test(arrival, without_the_public_half_shows_it_on_a_vault)
{
    API_CLIENT(dev);

    check_alone(&dev);
}

Test(arrival, without_the_public_half_shows_it_on_a_managed_hsm)
{
    API_HSM_OF(api_daemon(), pool);

    check_alone(&pool);
}

Test(arrival, of_symmetric_keys_brings_the_value)
{
    API_HSM_OF(api_daemon(), pool);

    check_oct(&pool, "arrival-kek-sizes");
}

Test(arrival, works_where_no_key_may_leave)
{
    static const char *const arguments[] = { "--key-export", "never",         "--vault", "dev",
                                             "--vault",      "pool,kind=hsm", NULL };
    struct daemon closed;

    daemon_prepare(&closed);
    cr_assert(daemon_start(&closed, arguments));
    {
        API_CLIENT_OF(&closed, dev);
        API_HSM_OF(&closed, pool);

        check_rsa(&dev, "kek", 2048);
        expect_no_backup(&dev, "arrived-rsa");
        check_ec(&dev, "kek");
        expect_no_backup(&dev, "arrived-ec");
        check_oct(&pool, "kek");
        expect_no_backup(&pool, "arrived-oct");
    }
    cr_assert(daemon_stop(&closed));
    daemon_discard(&closed);
}
