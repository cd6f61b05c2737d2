/* SPDX-License-Identifier: Apache-2.0 */
/* What is found out about a module that can do less than SoftHSM. */
#include "fixture.h"

#include <criterion/criterion.h>

static struct test_token token;
static struct refusal refusal;

static void setup(void)
{
    refusal = (struct refusal){ 0 };
    test_token_prepare(&token, refuse, &refusal);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(probe, .init = setup, .fini = teardown, .timeout = 60);

static const unsigned char id[HSM_ID_LENGTH] = { 1 };

/* Opens the token of a module that never does `function`. */
static const struct hsm_capabilities *open_without(const char *function)
{
    refusal = (struct refusal){ function, CKR_FUNCTION_NOT_SUPPORTED, 0 };
    test_token_open(&token);
    return hsm_capabilities(token.hsm);
}

Test(probe, of_a_module_that_makes_no_key_pairs_refuses_to_generate)
{
    struct hsm_rsa_public public;

    cr_assert_not(open_without("C_GetMechanismInfo")->rsa_generate);
    cr_assert_eq(hsm_generate_rsa(token.hsm, id, HSM_BOUND, QUICK_BITS, 65537, &public),
                 HSM_RV_NO_MECHANISM);
}

Test(probe, of_a_module_that_does_not_decrypt_refuses_to)
{
    unsigned char bytes[QUICK_BYTES] = { 0 };
    struct key key;

    cr_assert_not(open_without("C_Decrypt")->rsa_raw);
    generate_quick_key(&token, 1, &key);
    cr_assert_eq(hsm_rsa_raw(token.hsm, key.id, bytes, sizeof(bytes), bytes), HSM_RV_NO_MECHANISM);
}

Test(probe, of_a_module_without_aes_refuses_a_wrapping_key)
{
    const struct hsm_capabilities *can = open_without("C_GenerateKey");

    cr_assert_not(can->aes_generate);
    cr_assert_not(can->aes_key_wrap_pad);
    cr_assert_eq(hsm_create_sentinel(token.hsm, id), HSM_RV_NO_MECHANISM);
}

Test(probe, of_a_module_that_does_not_wrap_says_so)
{
    const struct hsm_capabilities *can = open_without("C_WrapKey");

    cr_assert(can->aes_generate);
    cr_assert_not(can->aes_key_wrap_pad);
}

Test(probe, of_a_module_that_takes_no_keys_believes_its_list)
{
    const struct hsm_capabilities *can = open_without("C_CreateObject");

    cr_assert(can->rsa_raw);
    cr_assert(can->aes_generate);
    cr_assert(can->aes_key_wrap_pad);
    cr_assert_not(can->rsa_oaep_sha256, "the list does not tell the hash");
}

Test(probe, of_softhsm_finds_all_but_oaep_with_sha256)
{
    const struct hsm_capabilities *can = open_without(NULL);

    need_softhsm("it is another module");
    cr_assert(can->rsa_generate);
    cr_assert(can->rsa_raw);
    cr_assert(can->aes_generate);
    cr_assert(can->aes_key_wrap_pad);
    cr_assert_not(can->rsa_oaep_sha256, "SoftHSM lists OAEP, but takes it with SHA-1 only");
    cr_assert_eq(can->rsa_oaep, HSM_BIT(HSM_SHA1));
    cr_assert_eq(can->rsa_pss, HSM_BIT(HSM_SHA256) | HSM_BIT(HSM_SHA384) | HSM_BIT(HSM_SHA512));
    cr_assert_eq(can->ec_curves,
                 HSM_BIT(HSM_P256) | HSM_BIT(HSM_P256K) | HSM_BIT(HSM_P384) | HSM_BIT(HSM_P521));
    cr_assert(can->rsa_pkcs && can->rsa_aes_key_wrap && can->import && can->backup);
    cr_assert(can->aes_128 && can->aes_192 && can->aes_256);
    cr_assert(can->aes_cbc && can->aes_cbc_pad && can->aes_gcm && can->aes_key_wrap);
    cr_assert(can->hmac && can->hmac_twin && !can->hmac_native);
    cr_assert_eq(can->rsa_bits_min, 512);
    cr_assert_eq(can->rsa_bits_max, HSM_MODULUS_MAX * 8);
}

Test(probe, leaves_nothing_behind)
{
    struct hsm_counters counters;

    test_token_open(&token);
    hsm_counters(token.hsm, &counters);
    cr_assert_eq(counters.sessions_open, 0);
    cr_assert_eq(test_token_count(&token, test_token_session(&token), CKO_PRIVATE_KEY), 0);
}
