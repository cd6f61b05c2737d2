/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on their way to somebody who is entitled to them, whose part OpenSSL plays. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "outside.h"

static struct test_token token;
static struct refusal refusal;
static unsigned char id[HSM_ID_LENGTH];
static unsigned char blob[HSM_TRANSFER_MAX];
static size_t blob_len;
static bool asked; /* whether our OAEP was */

static void setup(void)
{
    refusal = (struct refusal){ 0 };
    asked = false;
    set_id(1, id);
    test_token_prepare(&token, refuse, &refusal);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(release, .init = setup, .fini = teardown, .timeout = 120);

static const EVP_MD *md(enum hsm_hash hash)
{
    switch (hash) {
    case HSM_SHA1:
        return EVP_sha1();
    case HSM_SHA256:
        return EVP_sha256();
    case HSM_SHA384:
        return EVP_sha384();
    case HSM_SHA512:
        return EVP_sha512();
    }
    return NULL;
}

static CK_RV our_oaep(const struct hsm_rsa_public *public, enum hsm_hash hash,
                      const unsigned char *in, size_t len, unsigned char *out)
{
    EVP_PKEY *key = outside_rsa(public);
    size_t out_len = outside_oaep_encrypt(key, md(hash), in, len, out);

    EVP_PKEY_free(key);
    asked = true;
    return out_len == public->modulus_len ? CKR_OK : CKR_FUNCTION_FAILED;
}

static CK_RV failing_oaep(const struct hsm_rsa_public *public, enum hsm_hash hash,
                          const unsigned char *in, size_t len, unsigned char *out)
{
    (void) public;
    (void) hash;
    (void) in;
    (void) len;
    (void) out;
    return CKR_VENDOR_DEFINED | 4711;
}

/* Sends the key to an RSA key outside; what arrives there. */
static size_t send(enum hsm_hash hash, unsigned char *ret_secret)
{
    EVP_PKEY *target = outside_make_rsa(2048);
    struct hsm_rsa_public public;
    unsigned char arrived[HSM_MODULUS_MAX];

    outside_rsa_public(target, &public);
    CK_RV rv =
        hsm_export_transfer(token.hsm, id, &public, hash, our_oaep, blob, sizeof(blob), &blob_len);
    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
    cr_assert_eq(outside_oaep_decrypt(target, md(hash), blob, 256, arrived), HSM_AES_MAX);
    cr_assert_eq(asked, !(hsm_capabilities(token.hsm)->rsa_oaep & HSM_BIT(hash)));
    EVP_PKEY_free(target);
    return outside_unwrap(arrived, blob + 256, blob_len - 256, ret_secret);
}

static CK_RV send_to(const struct hsm_rsa_public *public, hsm_oaep_fn *oaep)
{
    return hsm_export_transfer(token.hsm, id, public, HSM_SHA384, oaep, blob, sizeof(blob),
                               &blob_len);
}

static void assert_sends(enum hsm_hash hash)
{
    unsigned char sent[HSM_WRAPPED_MAX], expected[HSM_AES_MAX];

    open_token(&token, true);
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_EXPORTABLE, 256), CKR_OK);
    size_t before = count_objects(&token);
    cr_assert_eq(send(hash, sent), HSM_AES_MAX);
    extract_aes(&token, id, expected);
    cr_assert_arr_eq(sent, expected, sizeof(expected));
    cr_assert_eq(count_objects(&token), before);
}

Test(release, takes_nothing_out_that_may_never_leave)
{
    static const enum hsm_hash rows[] = { HSM_SHA1, HSM_SHA384 };
    const unsigned char zeros[sizeof(blob)] = { 0 };
    struct key target;

    open_token(&token, false);
    generate_key(&token, 50, 2048, 65537, &target);
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_EXPORTABLE, 256), CKR_OK);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        memset(blob, 0xff, sizeof(blob));
        CK_RV rv = hsm_export_transfer(token.hsm, id, &target.public, rows[i], our_oaep, blob,
                                       sizeof(blob), &blob_len);
        cr_expect_eq(rv, CKR_KEY_UNEXTRACTABLE, "%s", hsm_rv_name(rv));
        cr_expect_arr_eq(blob, zeros, sizeof(blob));
    }
}

Test(release, needs_a_key_that_is_there)
{
    struct key target;

    open_token(&token, true);
    generate_quick_key(&token, 50, &target);
    cr_assert_eq(send_to(&target.public, our_oaep), HSM_RV_NO_KEY);
}

Test(release, needs_somebody_who_can_encrypt)
{
    struct key target;

    open_token(&token, true);
    generate_key(&token, 50, 2048, 65537, &target);
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_EXPORTABLE, 256), CKR_OK);
    if (hsm_capabilities(token.hsm)->rsa_oaep & HSM_BIT(HSM_SHA384)) {
        cr_skip_test("the module does OAEP with SHA-384");
    }
    cr_assert_eq(send_to(&target.public, NULL), HSM_RV_NO_MECHANISM);
    cr_assert_eq(send_to(&target.public, failing_oaep), CKR_VENDOR_DEFINED | 4711);
}

Test(release, finds_too_little_room)
{
    static const size_t rows[] = { 0, 255, 256, 257, 256 + 39 };
    struct key target;

    open_token(&token, true);
    generate_key(&token, 50, 2048, 65537, &target);
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_EXPORTABLE, 256), CKR_OK);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(hsm_export_transfer(token.hsm, id, &target.public, HSM_SHA256, our_oaep, blob,
                                         rows[i], &blob_len),
                     CKR_BUFFER_TOO_SMALL, "%zu bytes", rows[i]);
    }
}

Test(release, leaves_nothing_when_a_call_fails)
{
    static const char *const rows[] = { "C_WrapKey", "C_CreateObject", "C_GenerateKey",
                                        "C_GenerateRandom", "C_GetAttributeValue" };
    static const enum hsm_hash hashes[] = { HSM_SHA1, HSM_SHA384 };
    struct key target;

    open_token(&token, true);
    generate_key(&token, 50, 2048, 65537, &target);
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_EXPORTABLE, 256), CKR_OK);
    size_t before = count_objects(&token);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        for (size_t j = 0; j < KV_COUNT(hashes); j++) {
            refusal = (struct refusal){ rows[i], CKR_DEVICE_MEMORY, 0 };
            CK_RV rv = hsm_export_transfer(token.hsm, id, &target.public, hashes[j], our_oaep, blob,
                                           sizeof(blob), &blob_len);
            refusal = (struct refusal){ 0 };
            cr_expect(rv == CKR_DEVICE_MEMORY || rv == CKR_OK, "%s: %s", rows[i], hsm_rv_name(rv));
            cr_expect_eq(count_objects(&token), before, "%s", rows[i]);
        }
    }
}

Test(release, by_sha1_arrives)
{
    assert_sends(HSM_SHA1);
}

Test(release, by_sha256_arrives)
{
    assert_sends(HSM_SHA256);
}

Test(release, by_sha384_arrives)
{
    assert_sends(HSM_SHA384);
}

Test(release, of_an_rsa_key_is_its_pkcs8)
{
    unsigned char sent[HSM_WRAPPED_MAX];
    const unsigned char *at = sent;
    struct hsm_rsa_public told;
    struct key made;

    open_token(&token, true);
    generate_key(&token, 60, 2048, 65537, &made);
    memcpy(id, made.id, sizeof(id));
    size_t len = send(HSM_SHA256, sent);
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long) len);
    cr_assert_not_null(key);
    outside_rsa_public(key, &told);
    cr_assert_arr_eq(told.modulus, made.public.modulus, 256);
    EVP_PKEY_free(key);
}

Test(release, of_an_ec_key_is_its_pkcs8)
{
    unsigned char sent[HSM_WRAPPED_MAX];
    const unsigned char *at = sent;
    struct hsm_ec_public made, told;

    open_token(&token, true);
    cr_assert_eq(hsm_generate_ec(token.hsm, id, HSM_EXPORTABLE, HSM_P384, &made), CKR_OK);
    size_t len = send(HSM_SHA256, sent);
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long) len);
    cr_assert_not_null(key);
    outside_point(key, HSM_P384, &told);
    cr_assert_arr_eq(told.x, made.x, 48);
    cr_assert_arr_eq(told.y, made.y, 48);
    EVP_PKEY_free(key);
}

Test(release, goes_from_this_token_to_this_token)
{
    struct key target;
    unsigned char from[HSM_ID_LENGTH], to[HSM_ID_LENGTH];

    open_token(&token, true);
    generate_key(&token, 50, 2048, 65537, &target);
    generate_kind(&token, HSM_EC, 61, from);
    set_id(62, to);
    cr_assert_eq(hsm_export_transfer(token.hsm, from, &target.public, HSM_SHA1, NULL, blob,
                                     sizeof(blob), &blob_len),
                 CKR_OK);
    cr_assert_eq(
        hsm_import_transfer(token.hsm, target.id, to, HSM_EXPORTABLE, HSM_EC, blob, blob_len),
        CKR_OK);
    assert_kind_works(&token, HSM_EC, to);
}

/* Secure wrap and unwrap: a key that is made in the token and goes through it. */
Test(release, of_a_new_key_goes_through_another_one_to_the_outside)
{
    const enum hsm_hash hash = HSM_SHA1; /* which every module does */
    EVP_PKEY *target = outside_make_rsa(2048);
    struct hsm_rsa_public public;
    struct key kek;
    unsigned char sealed[HSM_MODULUS_MAX], again[HSM_MODULUS_MAX], arrived[2][HSM_MODULUS_MAX];
    size_t sealed_len, again_len;

    outside_rsa_public(target, &public);
    open_token(&token, false);
    generate_key(&token, 50, 2048, 65537, &kek);
    size_t before = count_objects(&token);
    cr_assert_eq(hsm_seal_new(token.hsm, &kek.public, hash, sealed, sizeof(sealed), &sealed_len),
                 CKR_OK);
    for (size_t i = 0; i < KV_COUNT(arrived); i++) {
        CK_RV rv = hsm_seal_again(token.hsm, kek.id, &public, hash, sealed, sealed_len, again,
                                  sizeof(again), &again_len);

        cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
        cr_expect_eq(outside_oaep_decrypt(target, md(hash), again, again_len, arrived[i]),
                     HSM_AES_MAX);
    }
    cr_expect_arr_eq(arrived[0], arrived[1], HSM_AES_MAX);
    cr_expect_eq(count_objects(&token), before);
    sealed[5] ^= 1;
    CK_RV rv = hsm_seal_again(token.hsm, kek.id, &public, hash, sealed, sealed_len, again,
                              sizeof(again), &again_len);
    cr_expect(hsm_rv_is_bad_input(rv), "%s", hsm_rv_name(rv));
    cr_expect_eq(hsm_seal_new(token.hsm, &kek.public, hash, sealed, 255, &sealed_len),
                 CKR_BUFFER_TOO_SMALL);
    EVP_PKEY_free(target);
}
