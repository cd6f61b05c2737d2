/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapped keys that were wrapped well, but whose numbers make no key: contract §6.2, BYOK. */
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "../support/jwk.h"
#include "../support/nss.h"
#include "byok_tools.h"

TestSuite(byok_numbers, .timeout = 180);

static const char *const rsa_numbers[] = {
    OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
    OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
    OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
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
    char body[2 * BYOK_TEXT_SIZE];

    byok_wrap_value(kek, bytes, len, blob);
    snprintf(body, sizeof(body), "{\"key\":{\"key_hsm\":\"%s\",%s}}", blob, members);
    return client_call(client, "PUT", "/keys/byok-numbers", body);
}

typedef bool is_refused_fn(const struct reply *reply, const char *message);

static bool is_refused_by_vault(const struct reply *reply, const char *message)
{
    return reply_is_error(reply, 400, "BadParameter", NULL, message);
}

/* As they are refused in clear: the token is well, and another try would be as vain. NSS looks at
 * the numbers itself, and then it is the unwrapping that fails. */
static void expect_one_refused(const struct reply *reply, is_refused_fn *is_refused,
                               const char *message, const char *what)
{
    bool refused = nss_is_chosen() ? reply->status == 400 : is_refused(reply, message);

    cr_expect(refused, "%s: %ld %s", what, reply->status, reply->body);
}

static void expect_refused(struct client *client, is_refused_fn *is_refused)
{
    static const unsigned char scalars[][32] = {
        { 0 }, { 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
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
        expect_one_refused(&reply, is_refused, BYOK_BAD_RSA, bad_rsa[i].what);
    }
    for (size_t i = 0; i < KV_COUNT(scalars); i++) {
        len = render_ec(scalars[i], bytes);
        API_REPLY(reply, send_bytes(client, &kek, bytes, len, "\"kty\":\"EC-HSM\""));
        expect_one_refused(&reply, is_refused, BYOK_BAD_EC, i == 0 ? "no scalar" : "the order");
    }
    API_REPLY(nothing, client_call(client, "GET", "/keys/byok-numbers", NULL));
    cr_expect_eq(nothing.status, 404, "a refused key must leave nothing");
    EVP_PKEY_free(good);
}

Test(byok_numbers, are_refused_by_a_vault_when_they_make_no_key)
{
    API_CLIENT(dev);

    expect_refused(&dev, is_refused_by_vault);
}

Test(byok_numbers, are_refused_by_a_managed_hsm_when_they_make_no_key)
{
    API_HSM_OF(api_daemon(), pool);

    expect_refused(&pool, byok_is_refused_by_pool);
}
