/* SPDX-License-Identifier: Apache-2.0 */
/* RSA signatures, and what signing has in common. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "outside.h"

static struct test_token token;
static struct key key;

static void setup(void)
{
    test_token_create(&token, NULL, NULL);
    generate_quick_key(&token, 1, &key);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(sign, .init = setup, .fini = teardown, .timeout = 60);

static const unsigned char bytes[HSM_MODULUS_MAX] = { 1, 2, 3 };

static CK_RV sign(const CK_MECHANISM *mechanism, size_t len, unsigned char *out, size_t size,
                  size_t *ret_len)
{
    return hsm_sign(token.hsm, key.id, mechanism, bytes, len, out, size, ret_len);
}

static void assert_pss(enum hsm_hash hash, CK_MECHANISM_TYPE type, CK_RSA_PKCS_MGF_TYPE mgf,
                       const EVP_MD *md)
{
    size_t digest_len = (size_t) EVP_MD_get_size(md), len = 0;
    CK_RSA_PKCS_PSS_PARAMS params = { .hashAlg = type, .mgf = mgf, .sLen = digest_len };
    CK_MECHANISM mechanism = { CKM_RSA_PKCS_PSS, &params, sizeof(params) };
    unsigned char signature[256];
    struct key larger;

    if (!(hsm_capabilities(token.hsm)->rsa_pss & HSM_BIT(hash))) {
        cr_skip_test("the module does not do PSS with this hash");
    }
    generate_key(&token, 2, 2048, 65537, &larger); /* 1024 bits are too few for SHA-512 */
    cr_assert_eq(hsm_sign(token.hsm, larger.id, &mechanism, bytes, digest_len, signature,
                          sizeof(signature), &len),
                 CKR_OK);
    cr_assert_eq(len, sizeof(signature));
    EVP_PKEY *public = outside_rsa(&larger.public);
    cr_assert(outside_verify_rsa(public, md, true, bytes, signature, len));
    signature[100] ^= 1;
    cr_assert_not(outside_verify_rsa(public, md, true, bytes, signature, len));
    EVP_PKEY_free(public);
}

Test(sign, needs_a_key_that_is_there)
{
    const unsigned char nobody[HSM_ID_LENGTH] = { 77 };
    CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };
    unsigned char out[QUICK_BYTES];
    size_t len = 0;

    cr_assert_eq(hsm_sign(token.hsm, nobody, &mechanism, bytes, 32, out, sizeof(out), &len),
                 HSM_RV_NO_KEY);
}

Test(sign, refuses_a_mechanism_the_module_does_not_have)
{
    CK_MECHANISM mechanism = { CKM_VENDOR_DEFINED | 1, NULL, 0 };
    unsigned char out[QUICK_BYTES];
    size_t len = 0;

    cr_assert_eq(sign(&mechanism, 32, out, sizeof(out), &len), HSM_RV_NO_MECHANISM);
}

Test(sign, refuses_a_mechanism_for_other_keys)
{
    CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
    unsigned char out[QUICK_BYTES];
    size_t len = 0;

    cr_assert_neq(sign(&mechanism, 32, out, sizeof(out), &len), CKR_OK);
}

Test(sign, takes_no_more_bytes_than_the_padding_leaves_room_for)
{
    CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };
    unsigned char out[QUICK_BYTES];
    size_t len = 0;

    cr_assert_eq(sign(&mechanism, QUICK_BYTES - 11, out, sizeof(out), &len), CKR_OK);
    CK_RV rv = sign(&mechanism, QUICK_BYTES - 10, out, sizeof(out), &len);
    cr_assert(hsm_rv_is_bad_input(rv), "%s", hsm_rv_name(rv));
}

Test(sign, leaves_zeros_when_there_is_no_room)
{
    CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };
    const unsigned char zeros[QUICK_BYTES - 1] = { 0 };
    unsigned char out[QUICK_BYTES - 1];
    size_t len = 4711;

    memset(out, 0xff, sizeof(out));
    cr_assert_eq(sign(&mechanism, 32, out, sizeof(out), &len), CKR_BUFFER_TOO_SMALL);
    cr_assert_arr_eq(out, zeros, sizeof(out));
    cr_assert_eq(len, 4711);
}

Test(sign, pads_any_bytes_as_they_are)
{
    CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };
    unsigned char out[QUICK_BYTES], back[HSM_MODULUS_MAX];
    size_t len = 0, back_len = sizeof(back);

    cr_assert_eq(sign(&mechanism, 5, out, sizeof(out), &len), CKR_OK);
    EVP_PKEY *public = outside_rsa(&key.public);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(public, NULL);
    cr_assert_eq(EVP_PKEY_verify_recover_init(context), 1);
    cr_assert_eq(EVP_PKEY_verify_recover(context, back, &back_len, out, len), 1);
    cr_assert_eq(back_len, 5);
    cr_assert_arr_eq(back, bytes, 5);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(public);
}

Test(sign, over_a_digest_info_is_what_openssl_verifies)
{
    static const unsigned char prefix[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                            0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                            0x01, 0x05, 0x00, 0x04, 0x20 };
    CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };
    unsigned char info[sizeof(prefix) + 32], out[QUICK_BYTES];
    size_t len = 0;

    memcpy(info, prefix, sizeof(prefix));
    memset(info + sizeof(prefix), 0x5a, 32);
    cr_assert_eq(
        hsm_sign(token.hsm, key.id, &mechanism, info, sizeof(info), out, sizeof(out), &len),
        CKR_OK);
    EVP_PKEY *public = outside_rsa(&key.public);
    cr_assert(outside_verify_rsa(public, EVP_sha256(), false, info + sizeof(prefix), out, len));
    EVP_PKEY_free(public);
}

Test(sign, by_pss_with_sha256_is_what_openssl_verifies)
{
    assert_pss(HSM_SHA256, CKM_SHA256, CKG_MGF1_SHA256, EVP_sha256());
}

Test(sign, by_pss_with_sha384_is_what_openssl_verifies)
{
    assert_pss(HSM_SHA384, CKM_SHA384, CKG_MGF1_SHA384, EVP_sha384());
}

Test(sign, by_pss_with_sha512_is_what_openssl_verifies)
{
    assert_pss(HSM_SHA512, CKM_SHA512, CKG_MGF1_SHA512, EVP_sha512());
}
