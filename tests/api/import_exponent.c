/* SPDX-License-Identifier: Apache-2.0 */
/* Private exponents in every form that is taken, and those that are not: contract §6.2. */
#include <stdio.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "import_tools.h"
#include "kv/base/base64.h"

TestSuite(exponent, .timeout = 180);

/* The first bytes of d, as many as were recorded. */
static void shorten_d(cJSON *jwk)
{
    char text[KV_BASE64URL_LENGTH(73) + 1];

    snprintf(text, sizeof(text), "%s", cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "d")));
    text[sizeof(text) - 2] = 'A'; /* no bits beyond the last byte */
    jwk_set(jwk, "d", text);
}

Test(exponent, refuses_a_short_private_exponent_when_the_other_numbers_do_not_agree)
{
    static const char *const members[] = { "n", "p", "q", "dp", "dq", "qi" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        cJSON *jwk = import_render_rsa(2048, "RSA");

        shorten_d(jwk);
        jwk_damage(jwk, members[i]);
        API_REPLY(damaged, import_send(&dev, "import-short-d-not", jwk, ""));
        cr_expect(reply_is_error(&damaged, 400, "BadParameter", NULL, BAD_RSA), "%s", members[i]);
        jwk_set(jwk, members[i], NULL);
        API_REPLY(lacking, import_send(&dev, "import-short-d-not", jwk, ""));
        cr_expect(reply_is_error(&lacking, 400, "BadParameter", NULL, BAD_RSA), "%s", members[i]);
        cJSON_Delete(jwk);
    }
}

/* contract §6.2: recorded for a 73-byte d in a key of 2048 bits */
Test(exponent, takes_a_short_private_exponent_when_the_other_numbers_agree)
{
    cJSON *jwk = import_render_rsa(2048, "RSA");
    API_CLIENT(dev);

    shorten_d(jwk);
    API_REPLY(reply, import_send(&dev, "import-short-d", jwk, ""));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    import_assert_decrypts(&dev, "import-short-d", jwk);
    cJSON_Delete(jwk);
}

static BIGNUM *get_number(const EVP_PKEY *key, const char *name)
{
    BIGNUM *number = NULL;

    cr_assert_eq(EVP_PKEY_get_bn_param(key, name, &number), 1);
    return number;
}

/* The inverse of e modulo phi, or, with the common divisor taken out, modulo the lcm. */
static void invert_e(cJSON *jwk, const EVP_PKEY *key, bool by_lcm)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *e = get_number(key, OSSL_PKEY_PARAM_RSA_E);
    BIGNUM *p = get_number(key, OSSL_PKEY_PARAM_RSA_FACTOR1);
    BIGNUM *q = get_number(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
    BIGNUM *modulus = BN_new();
    BIGNUM *divisor = BN_new();
    unsigned char bytes[512];
    char text[1024];

    cr_assert(BN_sub_word(p, 1) == 1 && BN_sub_word(q, 1) == 1 && BN_mul(modulus, p, q, ctx) == 1
              && BN_gcd(divisor, p, q, ctx) == 1);
    if (by_lcm) {
        cr_assert_eq(BN_div(modulus, NULL, modulus, divisor, ctx), 1);
    }
    cr_assert_not_null(BN_mod_inverse(e, e, modulus, ctx));
    kv_base64url_encode(bytes, (size_t) BN_bn2bin(e, bytes), text);
    jwk_set(jwk, "d", text);
    BN_free(divisor);
    BN_free(modulus);
    BN_free(q);
    BN_free(p);
    BN_free(e);
    BN_CTX_free(ctx);
}

Test(exponent, takes_a_private_exponent_modulo_phi_and_modulo_the_least_common_multiple)
{
    EVP_PKEY *key = jwk_new_rsa(2048);
    cJSON *jwk = jwk_render(key, "RSA");
    API_CLIENT(dev);

    for (int by_lcm = 0; by_lcm <= 1; by_lcm++) {
        invert_e(jwk, key, by_lcm);
        API_REPLY(reply, import_send(&dev, "import-inverse", jwk, ""));
        cr_assert_eq(reply.status, 200, "%s", reply.body);
        import_assert_decrypts(&dev, "import-inverse", jwk);
    }
    cJSON_Delete(jwk);
    EVP_PKEY_free(key);
}
