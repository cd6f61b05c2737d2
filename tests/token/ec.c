/* SPDX-License-Identifier: Apache-2.0 */
/* Key pairs on elliptic curves: what lies on the token, and that OpenSSL believes the signatures. */
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

TestSuite(ec, .init = setup, .fini = teardown, .timeout = 60);

static void need_curve(enum hsm_curve curve)
{
    if (!(hsm_capabilities(token.hsm)->ec_curves & HSM_BIT(curve))) {
        cr_skip_test("the module does not have this curve");
    }
}

static void assert_signs(enum hsm_curve curve, size_t digest_len, size_t signature_len)
{
    CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
    unsigned char digest[64], signature[2 * HSM_COORDINATE_MAX];
    struct hsm_ec_public public;
    size_t len = 0;

    need_curve(curve);
    memset(digest, 0xa5, sizeof(digest));
    cr_assert_eq(hsm_generate_ec(token.hsm, id, HSM_BOUND, curve, &public), CKR_OK);
    cr_assert_eq(public.coordinate_len, signature_len / 2);
    cr_assert_eq(
        hsm_sign(token.hsm, id, &mechanism, digest, digest_len, signature, sizeof(signature), &len),
        CKR_OK);
    cr_assert_eq(len, signature_len);
    EVP_PKEY *key = outside_ec(curve, &public);
    cr_assert(outside_verify_ec(key, digest, digest_len, signature, len));
    digest[0] ^= 1;
    cr_assert_not(outside_verify_ec(key, digest, digest_len, signature, len));
    EVP_PKEY_free(key);
}

Test(ec, leaves_nothing_when_the_point_cannot_be_read)
{
    struct hsm_ec_public public;

    refusal = (struct refusal){ "C_GetAttributeValue", CKR_DEVICE_MEMORY, 0 };
    cr_assert_eq(hsm_generate_ec(token.hsm, id, HSM_BOUND, HSM_P256, &public), CKR_DEVICE_MEMORY);
    refusal = (struct refusal){ 0 };
    cr_assert_not(hsm_has_key(token.hsm, id));
    cr_assert_eq(count_objects(&token), 0);
}

Test(ec, keeps_only_the_private_half)
{
    struct hsm_ec_public public;

    cr_assert_eq(hsm_generate_ec(token.hsm, id, HSM_BOUND, HSM_P256, &public), CKR_OK);
    CK_SESSION_HANDLE session = test_token_session(&token);
    cr_assert_eq(test_token_count(&token, session, CKO_PRIVATE_KEY), 1);
    cr_assert_eq(test_token_count(&token, session, CKO_PUBLIC_KEY), 0);
}

Test(ec, of_p256_signs)
{
    assert_signs(HSM_P256, 32, 64);
}

Test(ec, of_p256k_signs)
{
    assert_signs(HSM_P256K, 32, 64);
}

Test(ec, of_p384_signs)
{
    assert_signs(HSM_P384, 48, 96);
}

Test(ec, of_p521_signs)
{
    assert_signs(HSM_P521, 64, 132);
}

/* A short r or s, or coordinate, shows up once in 256 tries. */
Test(ec, has_signatures_of_full_width_always)
{
    CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
    unsigned char digest[32] = { 0 }, signature[64];
    struct hsm_ec_public public;
    bool short_r = false;

    cr_assert_eq(hsm_generate_ec(token.hsm, id, HSM_BOUND, HSM_P256, &public), CKR_OK);
    EVP_PKEY *key = outside_ec(HSM_P256, &public);
    for (unsigned i = 0; i < 4000 && !short_r; i++) {
        size_t len = 0;

        digest[0] = (unsigned char) i;
        cr_assert_eq(hsm_sign(token.hsm, id, &mechanism, digest, sizeof(digest), signature,
                              sizeof(signature), &len),
                     CKR_OK);
        cr_assert_eq(len, sizeof(signature));
        short_r = signature[0] == 0;
    }
    cr_assert(short_r, "no r with a leading zero came up");
    cr_assert(outside_verify_ec(key, digest, sizeof(digest), signature, sizeof(signature)));
    EVP_PKEY_free(key);
}

Test(ec, does_not_tell_the_point_of_its_private_half_or_the_same_one)
{
    struct hsm_ec_public made;
    struct hsm_public told;

    cr_assert_eq(hsm_generate_ec(token.hsm, id, HSM_BOUND, HSM_P384, &made), CKR_OK);
    CK_RV rv = hsm_read_public(token.hsm, id, HSM_EC, &told);
    if (rv != HSM_RV_NO_MECHANISM) {
        cr_assert_eq(rv, CKR_OK);
        cr_assert_eq(told.curve, HSM_P384);
        cr_assert_arr_eq(told.ec.x, made.x, 48);
        cr_assert_arr_eq(told.ec.y, made.y, 48);
    }
}
