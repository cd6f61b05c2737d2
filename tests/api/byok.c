/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that come wrapped for the HSM: contract §6.2, BYOK. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rsa.h>

#include "../support/jwk.h"
#include "../support/transfer.h"
#include "kv/base64.h"

TestSuite(byok, .timeout = 180);

#define SCHEMA "1.0.0"
#define ENC "CKM_RSA_AES_KEY_WRAP"
#define CANNOT_UNWRAP "The key in \"key_hsm\" cannot be unwrapped with its key exchange key."
#define MISMATCH "The key in \"key_hsm\" is not the one that the other members describe."
#define NO_BLOB "\"key_hsm\" is not a key transfer blob: "

/* A key exchange key as its answer shows it; the tree holds it. */
static struct reply make_kek(struct client *client, const char *name)
{
    char path[128];
    struct reply reply;

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    reply = client_call(client, "POST", path, "{\"kty\":\"RSA-HSM\",\"key_ops\":[\"import\"]}");
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    return reply;
}

/* key_hsm of those bytes. */
static void render_blob(const char *schema, const char *kid, const char *enc, const void *wrapped,
                        size_t len, char ret_text[8192])
{
    char ciphertext[KV_BASE64URL_LENGTH(TRANSFER_MAX) + 1];
    char json[8192];

    kv_base64url_encode(wrapped, len, ciphertext);
    snprintf(
        json, sizeof(json),
        "{\"schema_version\":\"%s\",\"header\":{\"kid\":\"%s\",\"alg\":\"dir\",\"enc\":\"%s\"},"
        "\"ciphertext\":\"%s\",\"generator\":\"test\"}",
        schema, kid, enc, ciphertext);
    cr_assert_lt(strlen(json), 6000);
    kv_base64url_encode(json, strlen(json), ret_text);
}

/* The blob of a private key for that KEK. */
static void wrap_key(const struct reply *kek, const EVP_PKEY *key, char ret_text[8192])
{
    EVP_PKEY *target = jwk_parse(reply_item(kek, "key"));
    unsigned char bytes[TRANSFER_MAX];
    unsigned char wrapped[TRANSFER_MAX];
    size_t len = transfer_render_key(key, bytes);

    len = transfer_wrap(target, "SHA1", bytes, len, wrapped);
    cr_assert_gt(len, 0);
    render_blob(SCHEMA, reply_text(kek, "key.kid"), ENC, wrapped, len, ret_text);
    EVP_PKEY_free(target);
}

/* The public members of a key and a blob. */
static struct reply send_wrapped(struct client *client, const char *name, const EVP_PKEY *key,
                                 const char *kty, const char *blob)
{
    static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi" };
    cJSON *jwk = jwk_render(key, kty);
    char *text;
    char body[16384];
    char path[128];
    struct reply reply;

    for (size_t i = 0; i < KV_COUNT(private_members); i++) {
        jwk_set(jwk, private_members[i], NULL);
    }
    jwk_set(jwk, "key_hsm", blob);
    text = cJSON_PrintUnformatted(jwk);
    snprintf(path, sizeof(path), "/keys/%s", name);
    snprintf(body, sizeof(body), "{\"key\":%s}", text);
    reply = client_call(client, "PUT", path, body);
    cJSON_free(text);
    cJSON_Delete(jwk);
    return reply;
}

static bool is_bad(const struct reply *reply, const char *message)
{
    return reply_is_error(reply, 400, "BadParameter", NULL, message);
}

Test(byok, refuses_what_is_no_transfer_blob)
{
    EVP_PKEY *key = jwk_new_ec("prime256v1");
    char blob[8192];
    char kid[512];
    API_CLIENT(dev);
    API_REPLY(kek, make_kek(&dev, "byok-kek-forms"));
    const char *own = reply_text(&kek, "key.kid");

    API_REPLY(text, send_wrapped(&dev, "byok-form", key, "EC-HSM", "=!"));
    cr_expect(is_bad(&text, NO_BLOB "it is no JSON in base64url."));
    API_REPLY(json, send_wrapped(&dev, "byok-form", key, "EC-HSM", "e30"));
    cr_expect(is_bad(&json, NO_BLOB "its schema_version is not 1.0.0."));
    render_blob("2.0.0", own, ENC, "x", 1, blob);
    API_REPLY(schema, send_wrapped(&dev, "byok-form", key, "EC-HSM", blob));
    cr_expect(is_bad(&schema, NO_BLOB "its schema_version is not 1.0.0."));
    render_blob(SCHEMA, own, "CKM_AES", "x", 1, blob);
    API_REPLY(enc, send_wrapped(&dev, "byok-form", key, "EC-HSM", blob));
    cr_expect(is_bad(&enc, NO_BLOB "its header names other algorithms than dir and "
                                   "CKM_RSA_AES_KEY_WRAP."));
    snprintf(kid, sizeof(kid), "https://std.vault.localhost%s", strstr(own, "/keys/"));
    render_blob(SCHEMA, kid, ENC, "x", 1, blob);
    API_REPLY(vault, send_wrapped(&dev, "byok-form", key, "EC-HSM", blob));
    cr_expect(
        is_bad(&vault, "The key exchange key that \"key_hsm\" names is no key of this vault."));
    render_blob(SCHEMA, own, ENC, "x", 1, blob);
    API_REPLY(bytes, send_wrapped(&dev, "byok-form", key, "EC-HSM", blob));
    cr_expect(is_bad(&bytes, CANNOT_UNWRAP));
    EVP_PKEY_free(key);
}

Test(byok, refuses_a_blob_that_was_changed)
{
    EVP_PKEY *key = jwk_new_ec("prime256v1");
    EVP_PKEY *target;
    unsigned char bytes[TRANSFER_MAX];
    unsigned char wrapped[TRANSFER_MAX];
    char blob[8192];
    size_t len;
    API_CLIENT(dev);
    API_REPLY(kek, make_kek(&dev, "byok-kek-changed"));

    target = jwk_parse(reply_item(&kek, "key"));
    len = transfer_render_key(key, bytes);
    len = transfer_wrap(target, "SHA1", bytes, len, wrapped);
    for (size_t i = 0; i < len; i += 37) {
        wrapped[i] ^= 1;
        render_blob(SCHEMA, reply_text(&kek, "key.kid"), ENC, wrapped, len, blob);
        API_REPLY(reply, send_wrapped(&dev, "byok-changed", key, "EC-HSM", blob));
        cr_expect(is_bad(&reply, CANNOT_UNWRAP), "byte %zu", i);
        wrapped[i] ^= 1;
    }
    EVP_PKEY_free(target);
    EVP_PKEY_free(key);
}

Test(byok, refuses_a_key_that_is_not_the_one_described)
{
    EVP_PKEY *described[] = { jwk_new_rsa(2048), jwk_new_ec("secp384r1") };
    EVP_PKEY *wrapped[] = { jwk_new_rsa(2048), jwk_new_ec("secp384r1") };
    static const char *const types[] = { "RSA-HSM", "EC-HSM" };
    char blob[8192];
    API_CLIENT(dev);
    API_REPLY(kek, make_kek(&dev, "byok-kek-other"));

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        wrap_key(&kek, wrapped[i], blob);
        API_REPLY(reply, send_wrapped(&dev, "byok-other", described[i], types[i], blob));
        cr_expect(is_bad(&reply, MISMATCH), "%s", types[i]);
        EVP_PKEY_free(described[i]);
        EVP_PKEY_free(wrapped[i]);
    }
    API_REPLY(nothing, client_call(&dev, "GET", "/keys/byok-other", NULL));
    cr_expect_eq(nothing.status, 404, "a refused key must leave nothing");
}

Test(byok, wants_a_key_exchange_key_that_can_do_nothing_else)
{
    EVP_PKEY *key = jwk_new_ec("prime256v1");
    char blob[8192];
    API_CLIENT(dev);
    API_REPLY(usual, client_call(&dev, "POST", "/keys/byok-usual/create", "{\"kty\":\"RSA-HSM\"}"));
    API_REPLY(software, client_call(&dev, "POST", "/keys/byok-software/create",
                                    "{\"kty\":\"RSA\",\"key_ops\":[\"import\"]}"));
    API_REPLY(kek, make_kek(&dev, "byok-kek-off"));

    wrap_key(&usual, key, blob);
    API_REPLY(wrong_ops, send_wrapped(&dev, "byok-usual-target", key, "EC-HSM", blob));
    cr_expect(reply_is_error(&wrong_ops, 403, "Forbidden", "KeyOperationForbidden",
                             "Operation import is not permitted on this key."));
    wrap_key(&software, key, blob);
    API_REPLY(wrong_type, send_wrapped(&dev, "byok-usual-target", key, "EC-HSM", blob));
    cr_expect(is_bad(&wrong_type, "A key exchange key must be of type RSA-HSM."));
    wrap_key(&kek, key, blob);
    API_REPLY(plain, send_wrapped(&dev, "byok-usual-target", key, "EC", blob));
    cr_expect(is_bad(&plain, "\"key_hsm\" needs a key type of the HSM."));
    API_REPLY(off, client_call(&dev, "PATCH", "/keys/byok-kek-off",
                               "{\"attributes\":{\"enabled\":false}}"));
    cr_assert_eq(off.status, 200);
    API_REPLY(disabled, send_wrapped(&dev, "byok-usual-target", key, "EC-HSM", blob));
    cr_expect(reply_is_error(&disabled, 403, "Forbidden", "KeyDisabled",
                             "Operation import is not allowed on a disabled key."));
    EVP_PKEY_free(key);
}

Test(byok, brings_the_key)
{
    EVP_PKEY *key = jwk_new_rsa(3072);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    unsigned char cipher[512];
    size_t len = sizeof(cipher);
    char blob[8192];
    char text[1024];
    API_CLIENT(dev);
    API_REPLY(kek, make_kek(&dev, "byok-kek"));

    wrap_key(&kek, key, blob);
    API_REPLY(reply, send_wrapped(&dev, "byok", key, "RSA-HSM", blob));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_expect_eq(reply_number(&reply, "attributes.key_size"), 3072);
    cr_expect_null(reply_item(&reply, "key.key_hsm"));
    cr_assert(EVP_PKEY_encrypt_init(ctx) == 1
              && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1
              && EVP_PKEY_encrypt(ctx, cipher, &len, (const unsigned char *) "plain", 5) == 1);
    kv_base64url_encode(cipher, len, text);
    API_REPLY(plain, api_unwrap(&dev, "byok", NULL, "RSA-OAEP", text));
    cr_expect_str_eq(reply_text(&plain, "value"), "cGxhaW4", "%s", plain.body);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

Test(byok, brings_keys_of_every_curve)
{
    static const char *const groups[] = { "prime256v1", "secp256k1", "secp384r1", "secp521r1" };
    API_CLIENT(dev);
    API_REPLY(kek, make_kek(&dev, "byok-kek-curves"));

    API_SKIP_WITH_NSS("NSS does not have P-256K");
    for (size_t i = 0; i < KV_COUNT(groups); i++) {
        EVP_PKEY *key = jwk_new_ec(groups[i]);
        char blob[8192];

        wrap_key(&kek, key, blob);
        API_REPLY(reply, send_wrapped(&dev, "byok-ec", key, "EC-HSM", blob));
        cr_expect_eq(reply.status, 200, "%s: %s", groups[i], reply.body);
        EVP_PKEY_free(key);
    }
}
