/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that arrive from another token, whose part OpenSSL plays. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "outside.h"

static struct test_token token;
static struct refusal refusal;
static struct key kek; /* the key exchange key in the token */
static unsigned char id[HSM_ID_LENGTH];
static unsigned char blob[HSM_TRANSFER_MAX];
static size_t blob_len;

static void setup(void)
{
    refusal = (struct refusal){ 0 };
    set_id(1, id);
    test_token_prepare(&token, refuse, &refusal);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(transfer, .init = setup, .fini = teardown, .timeout = 120);

static const unsigned char transport[HSM_AES_MAX] = { 6, 6, 6 };

static void open_with_kek(bool extractable)
{
    open_token(&token, extractable);
    if (!hsm_capabilities(token.hsm)->rsa_aes_key_wrap) {
        cr_skip_test("the module takes no transfers");
    }
    generate_quick_key(&token, 50, &kek);
}

/* What a vendor's tool would send. */
static void make_blob(const unsigned char *secret, size_t len)
{
    EVP_PKEY *public = outside_rsa(&kek.public);

    blob_len = outside_oaep_encrypt(public, EVP_sha1(), transport, sizeof(transport), blob);
    cr_assert_eq(blob_len, kek.public.modulus_len);
    blob_len += outside_wrap(transport, secret, len, blob + blob_len);
    EVP_PKEY_free(public);
}

static void make_key_blob(EVP_PKEY *key)
{
    unsigned char pkcs8[OUTSIDE_PKCS8_MAX];

    make_blob(pkcs8, outside_pkcs8(key, pkcs8));
}

static CK_RV import(enum hsm_kind kind)
{
    return hsm_import_transfer(token.hsm, kek.id, id, HSM_BOUND, kind, blob, blob_len);
}

static void assert_refused(enum hsm_kind kind, const char *what, size_t at)
{
    size_t before = count_objects(&token);
    CK_RV rv = import(kind);

    cr_assert(hsm_rv_is_bad_input(rv), "%s %zu: %s", what, at, hsm_rv_name(rv));
    cr_assert_not(hsm_has_key(token.hsm, id));
    cr_assert_eq(count_objects(&token), before, "%s %zu", what, at);
}

Test(transfer, needs_the_key_exchange_key)
{
    open_with_kek(true);
    make_blob(transport, 32);
    kek.id[0] ^= 1;
    cr_assert_eq(import(HSM_AES), HSM_RV_NO_KEY);
}

Test(transfer, needs_the_right_key_exchange_key)
{
    struct key other;

    open_with_kek(true);
    make_blob(transport, 32);
    generate_quick_key(&token, 51, &other);
    kek = other;
    assert_refused(HSM_AES, "other key", 0);
}

/* As one for another key may be, if that key's modulus is greater. */
Test(transfer, that_is_no_number_of_the_key_exchange_key_is_refused)
{
    open_with_kek(true);
    make_blob(transport, 32);
    memset(blob, 0xff, kek.public.modulus_len);
    assert_refused(HSM_AES, "number", 0);
}

Test(transfer, needs_a_key_exchange_key_that_can_decrypt)
{
    unsigned char ec[HSM_ID_LENGTH];

    open_with_kek(true);
    make_blob(transport, 32);
    generate_kind(&token, HSM_EC, 51, ec);
    memcpy(kek.id, ec, sizeof(ec));
    cr_assert_neq(import(HSM_AES), CKR_OK);
    cr_assert_not(hsm_has_key(token.hsm, id));
}

Test(transfer, that_was_tampered_with_is_refused)
{
    EVP_PKEY *key = outside_make_ec(HSM_P256);

    open_with_kek(true);
    make_key_blob(key);
    for (size_t at = 1; at < blob_len; at += 25) {
        blob[at] ^= 1;
        assert_refused(HSM_EC, "byte", at);
        blob[at] ^= 1;
    }
    EVP_PKEY_free(key);
}

Test(transfer, that_is_not_whole_is_refused)
{
    EVP_PKEY *key = outside_make_ec(HSM_P256);

    open_with_kek(true);
    make_key_blob(key);
    for (size_t len = blob_len; len > 8; len -= 8) {
        blob_len = len - 8;
        assert_refused(HSM_EC, "length", blob_len);
    }
    EVP_PKEY_free(key);
}

Test(transfer, of_another_kind_is_refused)
{
    EVP_PKEY *key = outside_make_ec(HSM_P256);

    open_with_kek(true);
    make_key_blob(key);
    assert_refused(HSM_RSA, "kind", HSM_RSA);
    assert_refused(HSM_AES, "kind", HSM_AES);
    make_blob(transport, 32);
    assert_refused(HSM_EC, "kind", HSM_EC);
    EVP_PKEY_free(key);
}

Test(transfer, of_an_aes_key_of_a_length_there_is_not_is_refused)
{
    static const size_t rows[] = { 1, 8, 15, 17, 20, 23, 25, 31, 33 };
    const unsigned char value[40] = { 1 };

    open_with_kek(true);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        make_blob(value, rows[i]);
        assert_refused(HSM_AES, "length", rows[i]);
    }
}

Test(transfer, leaves_nothing_when_a_call_fails)
{
    static const char *const rows[] = { "C_UnwrapKey", "C_GetAttributeValue" };

    open_with_kek(true);
    make_blob(transport, 32);
    size_t before = count_objects(&token);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        for (unsigned passes = 0; passes < 4; passes++) {
            refusal = (struct refusal){ rows[i], CKR_DEVICE_MEMORY, passes };
            CK_RV rv = import(HSM_AES);
            refusal = (struct refusal){ 0 };
            if (rv == CKR_OK) {
                break; /* there are not so many calls of it */
            }
            cr_assert_eq(rv, CKR_DEVICE_MEMORY);
            cr_assert_eq(count_objects(&token), before, "%s %u", rows[i], passes);
        }
        cr_assert_eq(hsm_destroy(token.hsm, id), CKR_OK);
    }
}

Test(transfer, of_an_rsa_key_arrives)
{
    EVP_PKEY *key = outside_make_rsa(2048);
    struct key arrived;

    open_with_kek(true);
    make_key_blob(key);
    CK_RV rv = import(HSM_RSA);
    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
    memcpy(arrived.id, id, sizeof(id));
    outside_rsa_public(key, &arrived.public);
    assert_key_works(&token, &arrived);
    EVP_PKEY_free(key);
}

Test(transfer, of_an_ec_key_arrives)
{
    EVP_PKEY *key = outside_make_ec(HSM_P521);

    open_with_kek(true);
    make_key_blob(key);
    CK_RV rv = import(HSM_EC);
    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
    assert_ec_key_works(&token, id, key);
    EVP_PKEY_free(key);
}

/* Whoever gets a key without its public half asks for it. */
Test(transfer, of_an_ec_key_tells_its_curve)
{
    static const enum hsm_curve rows[] = { HSM_P256, HSM_P384, HSM_P521, HSM_P256K };
    enum hsm_curve curve;

    open_with_kek(true);
    cr_assert_eq(hsm_key_curve(token.hsm, id, &curve), HSM_RV_NO_KEY);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        EVP_PKEY *key = outside_make_ec(rows[i]);

        make_key_blob(key);
        cr_assert_eq(import(HSM_EC), CKR_OK);
        cr_assert_eq(hsm_key_curve(token.hsm, id, &curve), CKR_OK);
        cr_assert_eq(curve, rows[i]);
        cr_assert_eq(hsm_destroy(token.hsm, id), CKR_OK);
        EVP_PKEY_free(key);
    }
}

Test(transfer, of_an_aes_key_arrives_and_does_hmac)
{
    CK_MECHANISM mechanism = { CKM_SHA256_HMAC, NULL, 0 };
    unsigned char inside[EVP_MAX_MD_SIZE], outside[EVP_MAX_MD_SIZE];
    const unsigned char value[HSM_AES_MAX] = { 8 };
    struct hsm_key_facts facts;
    size_t len = 0;

    open_with_kek(false);
    make_blob(value, sizeof(value));
    cr_assert_eq(import(HSM_AES), CKR_OK);
    assert_kind_works(&token, HSM_AES, id);
    cr_assert_eq(hsm_sign(token.hsm, id, &mechanism, value, 5, inside, sizeof(inside), &len),
                 CKR_OK);
    cr_assert_eq(outside_hmac(EVP_sha256(), value, sizeof(value), value, 5, outside), len);
    cr_assert_arr_eq(inside, outside, len);
    cr_assert_eq(hsm_key_facts(token.hsm, id, &facts), CKR_OK);
    cr_assert(facts.sensitive && !facts.extractable && !facts.local);
}

Test(transfer, of_an_aes_key_that_is_too_short_for_the_modules_hmac_says_so)
{
    CK_MECHANISM mechanism = { CKM_SHA512_HMAC, NULL, 0 };
    const unsigned char value[16] = { 8 };
    unsigned char out[64];
    size_t len = 0;

    open_with_kek(true);
    if (hsm_capabilities(token.hsm)->hmac_native) {
        cr_skip_test("the module does HMAC with AES keys");
    }
    make_blob(value, sizeof(value));
    cr_assert_eq(import(HSM_AES), CKR_OK);
    cr_assert_eq(hsm_sign(token.hsm, id, &mechanism, value, 5, out, sizeof(out), &len),
                 HSM_RV_NO_MECHANISM);
}

Test(transfer, of_an_aes_key_can_be_backed_up)
{
    CK_MECHANISM mechanism = { CKM_SHA256_HMAC, NULL, 0 };
    const unsigned char value[HSM_AES_MAX] = { 8 };
    unsigned char first[32], second[32];
    size_t len = 0;

    open_with_kek(true);
    make_blob(value, sizeof(value));
    cr_assert_eq(import(HSM_AES), CKR_OK);
    cr_assert_eq(hsm_sign(token.hsm, id, &mechanism, value, 5, first, 32, &len), CKR_OK);
    cr_assert_eq(hsm_export_wrapped(token.hsm, id, HSM_BOUND, blob, sizeof(blob), &blob_len),
                 CKR_OK);
    cr_assert_eq(hsm_destroy(token.hsm, id), CKR_OK);
    cr_assert_eq(hsm_import_wrapped(token.hsm, id, HSM_BOUND, HSM_AES, blob, blob_len), CKR_OK);
    cr_assert_eq(hsm_sign(token.hsm, id, &mechanism, value, 5, second, 32, &len), CKR_OK);
    cr_assert_arr_eq(first, second, sizeof(first));
}
