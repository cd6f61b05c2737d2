/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that come wrapped for the HSM, and are refused: contract §6.2, BYOK. */
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "../support/jwk.h"
#include "byok_tools.h"

TestSuite(byok, .timeout = 180);

static const char bad_rsa_text[] = "RSA key is not valid - cannot instantiate crypto service";
static const char bad_ec_text[] = "EC key is not valid - cannot instantiate crypto service";

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
        { 0, "\"kty\":\"RSA-HSM\",\"n\":\"AQAB\"", bad_rsa_text },
        { 0, "\"kty\":\"RSA-HSM\",\"e\":\"AQAB\"", bad_rsa_text },
        { 0, "\"kty\":\"EC-HSM\"", BYOK_CANNOT_UNWRAP },
        { 1, "\"kty\":\"RSA-HSM\"", BYOK_CANNOT_UNWRAP },
        { 1, "\"kty\":\"EC-HSM\",\"crv\":\"P-256\",\"x\":\"AQAB\"", bad_ec_text },
        { 1, "\"kty\":\"EC-HSM\",\"crv\":\"P-256\",\"y\":\"AQAB\"", bad_ec_text },
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

static const char *const rsa_numbers[] = {
    OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,         OSSL_PKEY_PARAM_RSA_D,
    OSSL_PKEY_PARAM_RSA_FACTOR1,   OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};
enum { N, E, D, P, Q, DP, DQ, QI };

/* A private key of those numbers, as its PKCS#8; OpenSSL does not ask whether they make one. */
static size_t render_rsa(BIGNUM *const numbers[], unsigned char ret_bytes[TRANSFER_MAX])
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;
    size_t len;

    for (size_t i = 0; i < KV_COUNT(rsa_numbers); i++) {
        cr_assert_eq(OSSL_PARAM_BLD_push_BN(builder, rsa_numbers[i], numbers[i]), 1);
    }
    params = OSSL_PARAM_BLD_to_param(builder);
    cr_assert(EVP_PKEY_fromdata_init(ctx) == 1
              && EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) == 1);
    len = transfer_render_key(key, ret_bytes);
    cr_assert_gt(len, 0);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return len;
}

/* The PKCS#8 of a key on P-256 without its point, and with that scalar. */
static size_t render_ec(const unsigned char scalar[32], unsigned char ret_bytes[TRANSFER_MAX])
{
    EVP_PKEY *key = jwk_new_ec("prime256v1");
    unsigned char own[32];
    unsigned char *at;
    BIGNUM *d = NULL;
    size_t len;

    cr_assert(EVP_PKEY_set_int_param(key, OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC, 0) == 1
              && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1
              && BN_bn2binpad(d, own, sizeof(own)) == sizeof(own));
    len = transfer_render_key(key, ret_bytes);
    at = memmem(ret_bytes, len, own, sizeof(own));
    cr_assert_not_null(at);
    memcpy(at, scalar, sizeof(own));
    BN_free(d);
    EVP_PKEY_free(key);
    return len;
}

/* The numbers of a good RSA key, some replaced by ones or zeros, or less by one. */
static const struct bad_rsa {
    const char *what;
    unsigned ones, zeros, lessened; /* bits 1 << N and so on */
} bad_rsa[] = {
    { .what = "n is even", .lessened = 1U << N },
    { .what = "n is one", .ones = 1U << N },
    { .what = "all are one", .ones = ~0U },
    { .what = "p and q are even", .lessened = 1U << P | 1U << Q },
    { .what = "d is zero", .zeros = 1U << D | 1U << DP | 1U << DQ | 1U << QI },
    { .what = "e is one", .ones = 1U << E | 1U << D | 1U << DP | 1U << DQ },
};

static size_t render_bad_rsa(EVP_PKEY *good, const struct bad_rsa *bad,
                             unsigned char ret_bytes[TRANSFER_MAX])
{
    BIGNUM *numbers[KV_COUNT(rsa_numbers)] = { NULL };
    size_t len;

    for (size_t i = 0; i < KV_COUNT(rsa_numbers); i++) {
        cr_assert_eq(EVP_PKEY_get_bn_param(good, rsa_numbers[i], &numbers[i]), 1);
        BN_sub_word(numbers[i], bad->lessened >> i & 1);
        if ((bad->ones | bad->zeros) >> i & 1) {
            BN_set_word(numbers[i], bad->ones >> i & 1);
        }
    }
    len = render_rsa(numbers, ret_bytes);
    for (size_t i = 0; i < KV_COUNT(rsa_numbers); i++) {
        BN_free(numbers[i]);
    }
    return len;
}

static struct reply send_bytes(struct client *client, const struct reply *kek, const void *bytes,
                               size_t len, const char *members)
{
    char blob[BYOK_TEXT_SIZE];

    byok_wrap_value(kek, bytes, len, blob);
    return send_alone(client, blob, members);
}

/* As they are refused in clear: the token is well, and another try would be as vain. */
static void refuse_bad_numbers(struct client *client, bool is_pool)
{
    static const unsigned char scalars[][32] = {
        { 0 },
        { 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
          0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 }, /* the order */
    };
    EVP_PKEY *good = jwk_new_rsa(2048);
    unsigned char bytes[TRANSFER_MAX];
    size_t len;
    API_REPLY(kek, byok_make_kek(client, "byok-kek-numbers", ""));

    for (size_t i = 0; i < KV_COUNT(bad_rsa); i++) {
        len = render_bad_rsa(good, &bad_rsa[i], bytes);
        API_REPLY(reply, send_bytes(client, &kek, bytes, len, "\"kty\":\"RSA-HSM\""));
        cr_expect(is_pool ? byok_is_refused_by_pool(&reply, bad_rsa_text)
                          : is_bad(&reply, bad_rsa_text),
                  "%s: %s", bad_rsa[i].what, reply.body);
    }
    for (size_t i = 0; i < KV_COUNT(scalars); i++) {
        len = render_ec(scalars[i], bytes);
        API_REPLY(reply, send_bytes(client, &kek, bytes, len, "\"kty\":\"EC-HSM\""));
        cr_expect(is_pool ? byok_is_refused_by_pool(&reply, bad_ec_text)
                          : is_bad(&reply, bad_ec_text),
                  "scalar %zu: %s", i, reply.body);
    }
    API_REPLY(nothing, client_call(client, "GET", "/keys/byok-alone", NULL));
    cr_expect_eq(nothing.status, 404, "a refused key must leave nothing");
    EVP_PKEY_free(good);
}

Test(byok, refuses_numbers_that_make_no_key)
{
    API_CLIENT(dev);

    refuse_bad_numbers(&dev, false);
}

Test(byok, refuses_numbers_that_make_no_key_for_a_managed_hsm)
{
    API_HSM_OF(api_daemon(), pool);

    refuse_bad_numbers(&pool, true);
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
