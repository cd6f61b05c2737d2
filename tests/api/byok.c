/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that come wrapped for the HSM, and are refused: contract §6.2, BYOK. */
#include <stdio.h>
#include <string.h>

#include "../support/jwk.h"
#include "byok_tools.h"

TestSuite(byok, .timeout = 180);

#define MISMATCH "The key in \"key_hsm\" is not the one that the other members describe."
#define NO_BLOB "\"key_hsm\" is not a key transfer blob: "

static bool is_bad(const struct reply *reply, const char *message)
{
    return reply_is_error(reply, 400, "BadParameter", NULL, message);
}

Test(byok, refuses_what_is_no_transfer_blob)
{
    EVP_PKEY *key = jwk_new_ec("prime256v1");
    char blob[BYOK_TEXT_SIZE];
    char kid[512];
    API_CLIENT(dev);
    API_REPLY(kek, byok_make_kek(&dev, "byok-kek-forms", ""));
    const char *own = reply_text(&kek, "key.kid");

    API_REPLY(text, byok_send(&dev, "byok-form", key, "EC-HSM", "=!"));
    cr_expect(is_bad(&text, NO_BLOB "it is not JSON in base64url."));
    API_REPLY(json, byok_send(&dev, "byok-form", key, "EC-HSM", "e30"));
    cr_expect(is_bad(&json, NO_BLOB "its schema_version is not 1.0.0."));
    byok_render_blob("2.0.0", own, BYOK_ENC, "x", 1, blob);
    API_REPLY(schema, byok_send(&dev, "byok-form", key, "EC-HSM", blob));
    cr_expect(is_bad(&schema, NO_BLOB "its schema_version is not 1.0.0."));
    byok_render_blob(BYOK_SCHEMA, own, "CKM_AES", "x", 1, blob);
    API_REPLY(enc, byok_send(&dev, "byok-form", key, "EC-HSM", blob));
    cr_expect(is_bad(&enc, NO_BLOB "its header names other algorithms than dir and "
                                   "CKM_RSA_AES_KEY_WRAP."));
    snprintf(kid, sizeof(kid), "https://std.vault.localhost%s", strstr(own, "/keys/"));
    byok_render_blob(BYOK_SCHEMA, kid, BYOK_ENC, "x", 1, blob);
    API_REPLY(vault, byok_send(&dev, "byok-form", key, "EC-HSM", blob));
    cr_expect(
        is_bad(&vault, "The key exchange key that \"key_hsm\" names is not a key of this vault."));
    byok_render_blob(BYOK_SCHEMA, own, BYOK_ENC, "x", 1, blob);
    API_REPLY(bytes, byok_send(&dev, "byok-form", key, "EC-HSM", blob));
    cr_expect(is_bad(&bytes, BYOK_CANNOT_UNWRAP));
    EVP_PKEY_free(key);
}

Test(byok, refuses_a_blob_that_was_changed)
{
    EVP_PKEY *key = jwk_new_ec("prime256v1");
    EVP_PKEY *target;
    unsigned char bytes[TRANSFER_MAX];
    unsigned char wrapped[TRANSFER_MAX];
    char blob[BYOK_TEXT_SIZE];
    size_t len;
    API_CLIENT(dev);
    API_REPLY(kek, byok_make_kek(&dev, "byok-kek-changed", ""));

    target = jwk_parse(reply_item(&kek, "key"));
    len = transfer_render_key(key, bytes);
    len = transfer_wrap(target, "SHA1", bytes, len, wrapped);
    for (size_t i = 0; i < len; i += 37) {
        wrapped[i] ^= 1;
        byok_render_blob(BYOK_SCHEMA, reply_text(&kek, "key.kid"), BYOK_ENC, wrapped, len, blob);
        API_REPLY(reply, byok_send(&dev, "byok-changed", key, "EC-HSM", blob));
        cr_expect(is_bad(&reply, BYOK_CANNOT_UNWRAP), "byte %zu", i);
        wrapped[i] ^= 1;
    }
    EVP_PKEY_free(target);
    EVP_PKEY_free(key);
}

/* Of the same size, and larger and smaller than described. */
Test(byok, refuses_a_key_that_is_not_the_one_described)
{
    EVP_PKEY *keys[] = {
        jwk_new_rsa(2048),        jwk_new_rsa(2048),       jwk_new_rsa(3072),
        jwk_new_ec("prime256v1"), jwk_new_ec("secp384r1"), jwk_new_ec("secp384r1")
    };
    char blob[BYOK_TEXT_SIZE];
    API_CLIENT(dev);
    API_REPLY(kek, byok_make_kek(&dev, "byok-kek-other", ""));

    for (size_t i = 0; i < KV_COUNT(keys); i++) {
        const size_t family = i - i % 3;

        byok_wrap_key(&kek, keys[i], blob);
        for (size_t j = family; j < family + 3; j++) {
            if (j != i) {
                API_REPLY(reply, byok_send(&dev, "byok-other", keys[j],
                                           family == 0 ? "RSA-HSM" : "EC-HSM", blob));
                cr_expect(is_bad(&reply, MISMATCH), "%zu as %zu", i, j);
            }
        }
    }
    for (size_t i = 0; i < KV_COUNT(keys); i++) {
        EVP_PKEY_free(keys[i]);
    }
    API_REPLY(nothing, client_call(&dev, "GET", "/keys/byok-other", NULL));
    cr_expect_eq(nothing.status, 404, "a refused key must leave nothing");
}

static struct reply send_alone(struct client *client, const char *blob, const char *members)
{
    char body[2 * BYOK_TEXT_SIZE];

    snprintf(body, sizeof(body), "{\"key\":{\"key_hsm\":\"%s\",%s}}", blob, members);
    return client_call(client, "PUT", "/keys/byok-alone", body);
}

/* Nothing is told of the key but what is wrong. */
Test(byok, refuses_what_does_not_go_with_a_key_that_comes_without_its_public_half)
{
    EVP_PKEY *keys[] = { jwk_new_rsa(2048), jwk_new_ec("prime256v1"), jwk_new_ec("secp224r1") };
    static const struct {
        size_t key;
        const char *members, *message;
    } rows[] = {
        { 0, "\"kty\":\"RSA-HSM\",\"n\":\"AQAB\"", BYOK_BAD_RSA },
        { 0, "\"kty\":\"RSA-HSM\",\"e\":\"AQAB\"", BYOK_BAD_RSA },
        { 0, "\"kty\":\"EC-HSM\"", BYOK_CANNOT_UNWRAP },
        { 1, "\"kty\":\"RSA-HSM\"", BYOK_CANNOT_UNWRAP },
        { 1, "\"kty\":\"EC-HSM\",\"crv\":\"P-256\",\"x\":\"AQAB\"", BYOK_BAD_EC },
        { 1, "\"kty\":\"EC-HSM\",\"crv\":\"P-256\",\"y\":\"AQAB\"", BYOK_BAD_EC },
        { 1, "\"kty\":\"EC-HSM\",\"x\":\"AQAB\",\"y\":\"AQAB\"", "Unsupported curve" },
        { 1, "\"kty\":\"EC-HSM\",\"crv\":\"P-224\"", "Unsupported curve" },
        { 1, "\"kty\":\"EC-HSM\",\"crv\":\"P-384\"", MISMATCH },
        { 1, "\"kty\":\"EC-HSM\",\"crv\":\"P-256K\"", MISMATCH },
        { 2, "\"kty\":\"EC-HSM\"", BYOK_CANNOT_UNWRAP },
    };
    char blob[KV_COUNT(keys)][BYOK_TEXT_SIZE];
    API_CLIENT(dev);
    API_REPLY(kek, byok_make_kek(&dev, "byok-kek-alone", ""));

    for (size_t i = 0; i < KV_COUNT(keys); i++) {
        byok_wrap_key(&kek, keys[i], blob[i]);
    }
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, send_alone(&dev, blob[rows[i].key], rows[i].members));
        cr_expect(is_bad(&reply, rows[i].message), "%s: %s", rows[i].members, reply.body);
    }
    API_REPLY(nothing, client_call(&dev, "GET", "/keys/byok-alone", NULL));
    cr_expect_eq(nothing.status, 404, "a refused key must leave nothing");
    for (size_t i = 0; i < KV_COUNT(keys); i++) {
        EVP_PKEY_free(keys[i]);
    }
}

Test(byok, refuses_a_size_there_is_not_also_without_the_public_half)
{
    EVP_PKEY *key = jwk_new_rsa(1024);
    char blob[BYOK_TEXT_SIZE];
    API_CLIENT(dev);
    API_REPLY(kek, byok_make_kek(&dev, "byok-kek-small", ""));

    byok_wrap_key(&kek, key, blob);
    API_REPLY(reply, send_alone(&dev, blob, "\"kty\":\"RSA-HSM\""));
    cr_expect(reply_is_error(&reply, 400, "BadParameter", "KeySizeNotSupported",
                             "Unsupported key size (1024). Supported sizes are [2048, 3072, 4096]"),
              "%s", reply.body);
    EVP_PKEY_free(key);
}

Test(byok, wants_a_key_exchange_key_that_can_do_nothing_else)
{
    EVP_PKEY *key = jwk_new_ec("prime256v1");
    char blob[BYOK_TEXT_SIZE];
    API_CLIENT(dev);
    API_REPLY(usual, client_call(&dev, "POST", "/keys/byok-usual/create", "{\"kty\":\"RSA-HSM\"}"));
    API_REPLY(software, client_call(&dev, "POST", "/keys/byok-software/create",
                                    "{\"kty\":\"RSA\",\"key_ops\":[\"import\"]}"));
    API_REPLY(kek, byok_make_kek(&dev, "byok-kek-off", ""));

    byok_wrap_key(&usual, key, blob);
    API_REPLY(wrong_ops, byok_send(&dev, "byok-usual-target", key, "EC-HSM", blob));
    cr_expect(reply_is_error(&wrong_ops, 403, "Forbidden", "KeyOperationForbidden",
                             "Operation import is not permitted on this key."));
    byok_wrap_key(&software, key, blob);
    API_REPLY(wrong_type, byok_send(&dev, "byok-usual-target", key, "EC-HSM", blob));
    cr_expect(is_bad(&wrong_type, "A key exchange key must be of type RSA-HSM."));
    byok_wrap_key(&kek, key, blob);
    API_REPLY(plain, byok_send(&dev, "byok-usual-target", key, "EC", blob));
    cr_expect(is_bad(&plain, "\"key_hsm\" needs a key type of the HSM."));
    API_REPLY(off, client_call(&dev, "PATCH", "/keys/byok-kek-off",
                               "{\"attributes\":{\"enabled\":false}}"));
    cr_assert_eq(off.status, 200);
    API_REPLY(disabled, byok_send(&dev, "byok-usual-target", key, "EC-HSM", blob));
    cr_expect(reply_is_error(&disabled, 403, "Forbidden", "KeyDisabled",
                             "Operation import is not allowed on a disabled key."));
    EVP_PKEY_free(key);
}

/* The kid of a key exchange key with something else where `from` stands. */
static void replace(const struct reply *kek, const char *from, const char *to, char ret_kid[512])
{
    const char *kid = reply_text(kek, "key.kid");
    const char *at = strstr(kid, from);

    cr_assert_not_null(at);
    snprintf(ret_kid, 512, "%.*s%s%s", (int) (at - kid), kid, to, at + strlen(from));
}

static void expect_not_found(struct client *client, const char *kid)
{
    EVP_PKEY *key = jwk_new_ec("prime256v1");
    char blob[BYOK_TEXT_SIZE];

    byok_render_blob(BYOK_SCHEMA, kid, BYOK_ENC, "x", 1, blob);
    API_REPLY(reply, byok_send(client, "byok-lost", key, "EC-HSM", blob));
    cr_expect_eq(reply.status, 404, "%s: %s", kid, reply.body);
    cr_expect_str_eq(reply_text(&reply, "error.code"), "KeyNotFound", "%s", kid);
    EVP_PKEY_free(key);
}

Test(byok, KEY_NOT_FOUND_of_the_key_exchange_key)
{
    char kid[512];
    API_CLIENT(dev);
    API_REPLY(kek, byok_make_kek(&dev, "byok-kek-lost", ""));
    const char *version = strrchr(reply_text(&kek, "key.kid"), '/') + 1;

    replace(&kek, "byok-kek-lost", "byok-kek-never-made", kid);
    expect_not_found(&dev, kid);
    replace(&kek, version, "0123456789abcdef0123456789abcdef", kid);
    expect_not_found(&dev, kid);
    replace(&kek, version, "latest", kid);
    expect_not_found(&dev, kid);
    API_REPLY(deleted, client_call(&dev, "DELETE", "/keys/byok-kek-lost", NULL));
    cr_assert_eq(deleted.status, 200, "%s", deleted.body);
    expect_not_found(&dev, reply_text(&kek, "key.kid"));
}

/* Nothing is wrong with the name that the import is for. */
Test(byok, KEY_NOT_FOUND_by_a_managed_hsm_names_the_key_exchange_key)
{
    char message[600];
    char blob[BYOK_TEXT_SIZE];
    char kid[512];
    API_HSM_OF(api_daemon(), pool);
    EVP_PKEY *key = jwk_new_ec("prime256v1");

    snprintf(kid, sizeof(kid), "https://%s:%u/keys/never-made/%032d", pool.host, pool.daemon->port,
             0);
    snprintf(message, sizeof(message),
             "\"Key not found: %.*s (Activity ID: ", (int) (strrchr(kid, '/') - kid), kid);
    byok_render_blob(BYOK_SCHEMA, kid, BYOK_ENC, kid, 300, blob);
    API_REPLY(reply, byok_send(&pool, "byok-lost", key, "EC-HSM", blob));
    cr_expect_eq(reply.status, 404, "%ld", reply.status);
    cr_expect_not_null(strstr(reply.body, message), "%s", reply.body);
    EVP_PKEY_free(key);
}

Test(byok, refuses_a_key_of_another_type)
{
    static const unsigned char value[32] = { 1 };
    EVP_PKEY *rsa = jwk_new_rsa(2048);
    EVP_PKEY *ec = jwk_new_ec("prime256v1");
    char blob[3][BYOK_TEXT_SIZE];
    API_HSM_OF(api_daemon(), pool);
    API_REPLY(kek, byok_make_kek(&pool, "byok-kek-types", ""));
    const struct {
        const EVP_PKEY *key;
        const char *kty;
    } rows[] = { { rsa, "RSA-HSM" }, { ec, "EC-HSM" }, { NULL, "oct-HSM" } };

    byok_wrap_key(&kek, rsa, blob[0]);
    byok_wrap_key(&kek, ec, blob[1]);
    byok_wrap_value(&kek, value, sizeof(value), blob[2]);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        for (size_t j = 0; j < KV_COUNT(rows); j++) {
            if (j != i) {
                API_REPLY(reply, byok_send(&pool, "byok-type", rows[j].key, rows[j].kty, blob[i]));
                cr_expect(byok_is_refused_by_pool(&reply, BYOK_CANNOT_UNWRAP), "%zu as %zu", i, j);
            }
        }
    }
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
}

Test(byok, refuses_a_symmetric_key_of_a_size_there_is_not)
{
    static const unsigned char value[64] = { 1 };
    static const size_t sizes[] = { 1, 8, 15, 20, 33, 64 };
    char blob[BYOK_TEXT_SIZE];
    API_HSM_OF(api_daemon(), pool);
    API_REPLY(kek, byok_make_kek(&pool, "byok-kek-sizes", ""));

    for (size_t i = 0; i < KV_COUNT(sizes); i++) {
        byok_wrap_value(&kek, value, sizes[i], blob);
        API_REPLY(reply, byok_send(&pool, "byok-size", NULL, "oct-HSM", blob));
        cr_expect(byok_is_refused_by_pool(&reply, BYOK_CANNOT_UNWRAP), "%zu", sizes[i]);
    }
    API_REPLY(nothing, client_call(&pool, "GET", "/keys/byok-size", NULL));
    cr_expect_eq(nothing.status, 404, "a refused key must leave nothing");
}
