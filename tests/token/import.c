/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that were made elsewhere and come with their numbers. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "outside.h"

static struct test_token token;
static struct refusal refusal;
static const unsigned char id[HSM_ID_LENGTH] = { 1 };

static void setup(void)
{
    refusal = (struct refusal){ 0 };
    test_token_create(&token, refuse, &refusal);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(import, .init = setup, .fini = teardown, .timeout = 120);

/* Imports a key made for this, as clients may send it: with zeros before every number. */
static void import_rsa(unsigned bits, size_t zeros, struct hsm_rsa_public *ret_public)
{
    struct outside_numbers numbers;
    struct hsm_rsa_private private;
    unsigned char padded[8][OUTSIDE_NUMBER_MAX + 4] = { 0 };
    EVP_PKEY *key = outside_make_rsa(bits);
    struct hsm_bytes *const parts[] = {
        &private.modulus, &private.public_exponent, &private.private_exponent, &private.prime_1,
        &private.prime_2, &private.exponent_1,      &private.exponent_2,       &private.coefficient,
    };

    outside_numbers(key, &numbers, &private);
    outside_rsa_public(key, ret_public);
    for (size_t i = 0; i < KV_COUNT(parts); i++) {
        memcpy(padded[i] + zeros, parts[i]->bytes, parts[i]->len);
        *parts[i] = (struct hsm_bytes){ padded[i], parts[i]->len + zeros };
    }
    CK_RV rv = hsm_import_rsa(token.hsm, id, HSM_BOUND, &private);
    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
    EVP_PKEY_free(key);
}

static void assert_rsa_works(const struct hsm_rsa_public *public)
{
    struct key key = { .public = *public };

    memcpy(key.id, id, sizeof(id));
    assert_key_works(&token, &key);
}

static CK_RV import_ec(enum hsm_curve curve, size_t len, EVP_PKEY **ret_key)
{
    unsigned char scalar[HSM_COORDINATE_MAX + 1] = { 0 };
    struct hsm_ec_public public;

    *ret_key = outside_make_ec(curve);
    outside_scalar(*ret_key, curve, scalar);
    outside_point(*ret_key, curve, &public);
    return hsm_import_ec(token.hsm, id, HSM_BOUND, curve, scalar, len, &public);
}

static void assert_ec_works(enum hsm_curve curve)
{
    EVP_PKEY *key;

    if (!(hsm_capabilities(token.hsm)->ec_curves & HSM_BIT(curve))) {
        cr_skip_test("the module does not have this curve");
    }
    CK_RV rv = import_ec(curve, hsm_curve_width(curve), &key);
    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
    assert_ec_key_works(&token, id, key);
    EVP_PKEY_free(key);
}

Test(import, of_rsa_refuses_a_key_with_a_number_missing)
{
    struct outside_numbers numbers;
    struct hsm_rsa_private private;
    EVP_PKEY *key = outside_make_rsa(1024);

    outside_numbers(key, &numbers, &private);
    struct hsm_bytes *const parts[] = {
        &private.modulus, &private.public_exponent, &private.private_exponent, &private.prime_1,
        &private.prime_2, &private.exponent_1,      &private.exponent_2,       &private.coefficient,
    };
    for (size_t i = 0; i < KV_COUNT(parts); i++) {
        size_t len = parts[i]->len;

        parts[i]->len = 0;
        cr_expect_eq(hsm_import_rsa(token.hsm, id, HSM_BOUND, &private), CKR_KEY_SIZE_RANGE,
                     "number %zu", i);
        parts[i]->len = len;
    }
    cr_assert_eq(count_objects(&token), 0);
    EVP_PKEY_free(key);
}

Test(import, of_rsa_refuses_a_key_that_is_too_large)
{
    static const unsigned char large[HSM_MODULUS_MAX + 1] = { 1 };
    const struct hsm_bytes number = { large, sizeof(large) };
    const struct hsm_rsa_private private = {
        number, number, number, number, number, number, number, number,
    };

    cr_assert_eq(hsm_import_rsa(token.hsm, id, HSM_BOUND, &private), CKR_KEY_SIZE_RANGE);
}

Test(import, of_ec_wants_the_full_width)
{
    EVP_PKEY *key;

    cr_assert_eq(import_ec(HSM_P256, 31, &key), CKR_KEY_SIZE_RANGE);
    EVP_PKEY_free(key);
    cr_assert_eq(import_ec(HSM_P256, 33, &key), CKR_KEY_SIZE_RANGE);
    EVP_PKEY_free(key);
    cr_assert_eq(count_objects(&token), 0);
}

Test(import, of_aes_wants_one_of_three_sizes)
{
    static const size_t rows[] = { 0, 1, 15, 17, 23, 25, 31, 33, 64 };
    const unsigned char value[64] = { 1 };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(hsm_import_aes(token.hsm, id, HSM_BOUND, value, rows[i]), CKR_KEY_SIZE_RANGE,
                     "%zu bytes", rows[i]);
    }
    cr_assert_eq(count_objects(&token), 0);
}

Test(import, of_a_private_key_is_refused_by_a_module_that_takes_none)
{
    EVP_PKEY *key;

    hsm_close(kv_take(token.hsm));
    refusal = (struct refusal){ .function = "C_CreateObject", .rv = CKR_FUNCTION_NOT_SUPPORTED };
    test_token_open(&token);
    cr_assert_not(hsm_capabilities(token.hsm)->import);
    cr_assert_eq(import_ec(HSM_P256, 32, &key), HSM_RV_NO_MECHANISM);
    EVP_PKEY_free(key);
}

Test(import, of_rsa_with_2048_bits_works)
{
    struct hsm_rsa_public public;

    import_rsa(2048, 0, &public);
    assert_rsa_works(&public);
}

Test(import, of_rsa_with_4096_bits_works)
{
    struct hsm_rsa_public public;

    import_rsa(4096, 0, &public);
    assert_rsa_works(&public);
}

Test(import, of_rsa_does_not_mind_leading_zeros)
{
    struct hsm_rsa_public public;

    import_rsa(1024, 3, &public);
    assert_rsa_works(&public);
}

Test(import, of_rsa_has_a_public_half_that_can_be_read)
{
    struct hsm_rsa_public public;
    struct hsm_public told;

    import_rsa(1024, 1, &public);
    cr_assert_eq(hsm_read_public(token.hsm, id, HSM_RSA, &told), CKR_OK);
    cr_assert_eq(told.rsa.modulus_len, public.modulus_len);
    cr_assert_arr_eq(told.rsa.modulus, public.modulus, public.modulus_len);
    cr_assert_eq(told.rsa.exponent_len, public.exponent_len);
    cr_assert_arr_eq(told.rsa.exponent, public.exponent, public.exponent_len);
}

Test(import, of_p256_works)
{
    assert_ec_works(HSM_P256);
}

Test(import, of_p256k_works)
{
    assert_ec_works(HSM_P256K);
}

Test(import, of_p384_works)
{
    assert_ec_works(HSM_P384);
}

Test(import, of_p521_works)
{
    assert_ec_works(HSM_P521);
}

Test(import, is_told_from_a_key_that_was_generated)
{
    struct hsm_rsa_public public;
    struct hsm_key_facts facts;

    import_rsa(1024, 0, &public);
    cr_assert_eq(hsm_key_facts(token.hsm, id, &facts), CKR_OK);
    cr_assert(facts.on_token && facts.is_private && facts.sensitive && facts.extractable);
    cr_assert_not(facts.local || facts.always_sensitive || facts.never_extractable);
}

Test(import, is_there_after_the_token_was_closed)
{
    struct hsm_rsa_public public;
    EVP_PKEY *key;

    cr_assert_eq(import_ec(HSM_P256, 32, &key), CKR_OK);
    EVP_PKEY_free(key);
    hsm_close(kv_take(token.hsm));
    test_token_open(&token);
    assert_kind_works(&token, HSM_EC, id);
    cr_assert_eq(hsm_destroy(token.hsm, id), CKR_OK);
    import_rsa(1024, 0, &public);
    hsm_close(kv_take(token.hsm));
    test_token_open(&token);
    assert_rsa_works(&public);
}

Test(import, of_aes_has_no_public_half)
{
    const unsigned char value[16] = { 1 };
    struct hsm_public told;

    cr_assert_eq(hsm_import_aes(token.hsm, id, HSM_BOUND, value, sizeof(value)), CKR_OK);
    cr_assert_eq(hsm_read_public(token.hsm, id, HSM_AES, &told), CKR_ARGUMENTS_BAD);
}
