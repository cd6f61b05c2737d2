/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of algorithms on tokens that can only do some of what they ask for. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "hsm.h"
#include "kv/custody/custody.h"

TestSuite(ways, .timeout = 60);

static const struct hsm_capabilities everything = {
    .rsa_generate = true,
    .rsa_raw = true,
    .rsa_pkcs = true,
    .rsa_pss = HSM_BIT(HSM_SHA256) | HSM_BIT(HSM_SHA384) | HSM_BIT(HSM_SHA512),
    .ec_curves = HSM_BIT(HSM_P256) | HSM_BIT(HSM_P256K) | HSM_BIT(HSM_P384) | HSM_BIT(HSM_P521),
    .aes_generate = true,
    .aes_128 = true,
    .aes_192 = true,
    .aes_256 = true,
    .aes_cbc = true,
    .aes_cbc_pad = true,
    .aes_gcm = true,
    .aes_key_wrap = true,
    .aes_key_wrap_pad = true,
    .hmac = true,
};

/* Expects exactly the algorithms of a list between blanks to have that way. */
static void expect_exactly(const struct hsm_capabilities *can, enum kv_way way, const char *list)
{
    for (enum kv_alg alg = 0; alg < KV_ALG_COUNT; alg++) {
        char name[64];

        snprintf(name, sizeof(name), " %s ", kv_alg_row(alg)->name);
        cr_expect_eq(kv_alg_way(can, alg) == way, strstr(list, name) != NULL, "%s",
                     kv_alg_row(alg)->name);
    }
}

Test(ways, are_none_where_the_token_can_do_nothing)
{
    const struct hsm_capabilities nothing = { .rsa_generate = false };

    for (enum kv_alg alg = 0; alg < KV_ALG_COUNT; alg++) {
        cr_expect_eq(kv_alg_way(&nothing, alg), KV_WAY_NONE, "%s", kv_alg_row(alg)->name);
    }
}

Test(ways, of_encryption_are_outside_always)
{
    expect_exactly(&everything, KV_WAY_OUTSIDE, " RSA1_5 RSA-OAEP RSA-OAEP-256 ");
    expect_exactly(&everything, KV_WAY_NONE, "");
}

Test(ways, of_signatures_are_outside_where_the_mechanism_lacks)
{
    struct hsm_capabilities can = everything;

    can.rsa_pkcs = false;
    can.rsa_pss = HSM_BIT(HSM_SHA256);
    expect_exactly(&can, KV_WAY_OUTSIDE,
                   " RSA1_5 RSA-OAEP RSA-OAEP-256 RS256 RS384 RS512 RSNULL PS384 PS512 ");
    can.rsa_raw = false;
    expect_exactly(&can, KV_WAY_OUTSIDE, "");
    expect_exactly(&can, KV_WAY_NONE,
                   " RSA1_5 RSA-OAEP RSA-OAEP-256 RS256 RS384 RS512 RSNULL PS384 PS512 ");
}

/* What becomes impossible when one thing is missing. */
static const struct {
    size_t missing; /* where the capability stands */
    const char *list;
} losses[] = {
    { offsetof(struct hsm_capabilities, aes_cbc), " A128CBC A192CBC A256CBC " },
    { offsetof(struct hsm_capabilities, aes_cbc_pad), " A128CBCPAD A192CBCPAD A256CBCPAD " },
    { offsetof(struct hsm_capabilities, aes_gcm), " A128GCM A192GCM A256GCM " },
    { offsetof(struct hsm_capabilities, aes_key_wrap), " A128KW A192KW A256KW CKM_AES_KEY_WRAP " },
    { offsetof(struct hsm_capabilities, aes_key_wrap_pad), " CKM_AES_KEY_WRAP_PAD " },
    { offsetof(struct hsm_capabilities, hmac), " HS256 HS384 HS512 " },
    { offsetof(struct hsm_capabilities, aes_192), " A192CBC A192CBCPAD A192GCM A192KW " },
};

Test(ways, end_with_the_mechanism_or_the_size)
{
    for (size_t i = 0; i < KV_COUNT(losses); i++) {
        struct hsm_capabilities can = everything;

        *(bool *) ((char *) &can + losses[i].missing) = false;
        expect_exactly(&can, KV_WAY_NONE, losses[i].list);
    }
}

Test(ways, end_with_the_curve)
{
    struct hsm_capabilities can = everything;

    can.ec_curves = HSM_BIT(HSM_P256) | HSM_BIT(HSM_P521);
    expect_exactly(&can, KV_WAY_NONE, " ES256K ES384 ");
}

Test(ways, end_with_every_size_of_aes)
{
    struct hsm_capabilities can = everything;

    can.aes_128 = false;
    can.aes_192 = false;
    can.aes_256 = false;
    expect_exactly(&can, KV_WAY_NONE,
                   " A128CBC A192CBC A256CBC A128CBCPAD A192CBCPAD A256CBCPAD A128GCM A192GCM "
                   "A256GCM A128KW A192KW A256KW CKM_AES_KEY_WRAP CKM_AES_KEY_WRAP_PAD HS256 "
                   "HS384 HS512 ");
}
