/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC with AES keys, which some modules do by the twin of the key. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "outside.h"

static struct test_token token;
static struct refusal refusal;
static const unsigned char id[HSM_ID_LENGTH] = { 1 };
static const unsigned char message[] = "the quick brown fox";

static void setup(void)
{
    refusal = (struct refusal){ 0 };
    test_token_prepare(&token, refuse, &refusal);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(hmac, .init = setup, .fini = teardown, .timeout = 60);

static CK_RV sign(CK_MECHANISM_TYPE type, size_t len, unsigned char *out, size_t *ret_len)
{
    CK_MECHANISM mechanism = { type, NULL, 0 };

    return hsm_sign(token.hsm, id, &mechanism, message, len, out, EVP_MAX_MD_SIZE, ret_len);
}

static void assert_same(CK_MECHANISM_TYPE type, const EVP_MD *hash, const unsigned char *key,
                        size_t key_len, size_t len)
{
    unsigned char inside[EVP_MAX_MD_SIZE], outside[EVP_MAX_MD_SIZE];
    size_t inside_len = 0;
    CK_RV rv = sign(type, len, inside, &inside_len);

    cr_assert_eq(rv, CKR_OK, "%s with %zu bytes", hsm_rv_name(rv), key_len);
    cr_assert_eq(inside_len, outside_hmac(hash, key, key_len, message, len, outside));
    cr_assert_arr_eq(inside, outside, inside_len);
}

static void assert_all_hashes(const unsigned char *key, size_t key_len)
{
    assert_same(CKM_SHA256_HMAC, EVP_sha256(), key, key_len, sizeof(message));
    assert_same(CKM_SHA384_HMAC, EVP_sha384(), key, key_len, sizeof(message));
    assert_same(CKM_SHA512_HMAC, EVP_sha512(), key, key_len, sizeof(message));
    assert_same(CKM_SHA256_HMAC, EVP_sha256(), key, key_len, 0);
}

static void assert_generated(CK_ULONG bits)
{
    unsigned char key[HSM_AES_MAX];

    open_token(&token, true);
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_BOUND, bits), CKR_OK);
    cr_assert_eq(extract_aes(&token, id, key), bits / 8);
    assert_all_hashes(key, bits / 8);
}

static void assert_imported(size_t len)
{
    static const unsigned char key[HSM_AES_MAX] = { 3, 1, 4, 1, 5, 9, 2, 6, 5,
                                                    3, 5, 8, 9, 7, 9, 3, 2 };

    open_token(&token, false);
    cr_assert_eq(hsm_import_aes(token.hsm, id, HSM_BOUND, key, len), CKR_OK);
    assert_all_hashes(key, len);
}

/* Opens the token of a module that can neither do HMAC with AES keys nor make twins. */
static void open_without_hmac(void)
{
    refusal = (struct refusal){ "C_DeriveKey", CKR_FUNCTION_NOT_SUPPORTED, 0 };
    open_token(&token, true);
    if (hsm_capabilities(token.hsm)->hmac_native) {
        cr_skip_test("the module does HMAC with AES keys");
    }
    cr_assert_not(hsm_capabilities(token.hsm)->hmac);
}

Test(hmac, is_refused_where_the_module_has_no_way)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    size_t len = 0;

    open_without_hmac();
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_BOUND, 256), CKR_OK);
    cr_assert_eq(sign(CKM_SHA256_HMAC, sizeof(message), out, &len), HSM_RV_NO_MECHANISM);
    assert_kind_works(&token, HSM_AES, id);
}

Test(hmac, of_an_imported_key_needs_no_derivation)
{
    const unsigned char key[HSM_AES_MAX] = { 5 };

    open_without_hmac();
    cr_assert_eq(hsm_import_aes(token.hsm, id, HSM_BOUND, key, sizeof(key)), CKR_OK);
    assert_all_hashes(key, sizeof(key));
}

Test(hmac, needs_a_key_that_is_there)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    size_t len = 0;

    open_token(&token, true);
    cr_assert_eq(sign(CKM_SHA256_HMAC, sizeof(message), out, &len), HSM_RV_NO_KEY);
}

Test(hmac, leaves_no_half_of_a_key_when_the_twin_fails)
{
    const unsigned char key[HSM_AES_MAX] = { 5 };

    open_token(&token, true);
    if (hsm_capabilities(token.hsm)->hmac_native) {
        cr_skip_test("the module does HMAC with AES keys");
    }
    size_t before = count_objects(&token);
    refusal = (struct refusal){ .function = "C_DeriveKey", .rv = CKR_DEVICE_MEMORY, .passes = 1 };
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_BOUND, 256), CKR_DEVICE_MEMORY);
    refusal =
        (struct refusal){ .function = "C_CreateObject", .rv = CKR_DEVICE_MEMORY, .passes = 1 };
    cr_assert_eq(hsm_import_aes(token.hsm, id, HSM_BOUND, key, sizeof(key)), CKR_DEVICE_MEMORY);
    cr_assert_not(hsm_has_key(token.hsm, id));
    cr_assert_eq(count_objects(&token), before);
}

Test(hmac, twin_goes_with_its_key)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    size_t len = 0;

    open_token(&token, true);
    size_t before = count_objects(&token);
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_BOUND, 256), CKR_OK);
    cr_assert_eq(hsm_destroy(token.hsm, id), CKR_OK);
    cr_assert_eq(count_objects(&token), before);
    cr_assert_eq(sign(CKM_SHA256_HMAC, sizeof(message), out, &len), HSM_RV_NO_KEY);
}

Test(hmac, works_after_the_token_was_closed)
{
    unsigned char key[HSM_AES_MAX];
    struct hsm_counters counters;

    open_token(&token, true);
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_BOUND, 256), CKR_OK);
    hsm_close(kv_take(token.hsm));
    test_token_open(&token);
    hsm_counters(token.hsm, &counters);
    cr_assert_eq(counters.keys, 1, "neither the twin nor the wrapping key counts");
    extract_aes(&token, id, key);
    assert_all_hashes(key, sizeof(key));
    assert_kind_works(&token, HSM_AES, id);
}

Test(hmac, works_after_the_module_has_lost_its_handles)
{
    unsigned char key[HSM_AES_MAX];

    open_token(&token, true);
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_BOUND, 256), CKR_OK);
    lose_handles(&token);
    extract_aes(&token, id, key);
    assert_all_hashes(key, sizeof(key));
    assert_kind_works(&token, HSM_AES, id);
}

Test(hmac, with_a_generated_key_of_128_bits)
{
    assert_generated(128);
}

Test(hmac, with_a_generated_key_of_192_bits)
{
    assert_generated(192);
}

Test(hmac, with_a_generated_key_of_256_bits)
{
    assert_generated(256);
}

Test(hmac, with_a_generated_key_that_never_leaves)
{
    unsigned char first[EVP_MAX_MD_SIZE], second[EVP_MAX_MD_SIZE];
    size_t len = 0;

    open_token(&token, false);
    cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_BOUND, 256), CKR_OK);
    cr_assert_eq(sign(CKM_SHA512_HMAC, sizeof(message), first, &len), CKR_OK);
    cr_assert_eq(len, 64);
    cr_assert_eq(sign(CKM_SHA512_HMAC, sizeof(message) - 1, second, &len), CKR_OK);
    cr_assert_arr_neq(first, second, 64);
}

Test(hmac, with_an_imported_key_of_128_bits)
{
    assert_imported(16);
}

Test(hmac, with_an_imported_key_of_192_bits)
{
    assert_imported(24);
}

Test(hmac, with_an_imported_key_of_256_bits)
{
    assert_imported(32);
}

static const unsigned char secret[HSM_SECRET_MAX] = { 2, 7, 1, 8, 2, 8, 1,
                                                      8, 2, 8, 4, 5, 9, [63] = 4 };

Test(hmac, secret_of_another_size_is_refused)
{
    unsigned char longer[HSM_SECRET_MAX + 1] = { 1 };

    open_token(&token, false);
    size_t before = count_objects(&token);
    cr_assert_eq(hsm_import_secret(token.hsm, id, HSM_BOUND, secret, 0), CKR_KEY_SIZE_RANGE);
    cr_assert_eq(hsm_import_secret(token.hsm, id, HSM_BOUND, longer, sizeof(longer)),
                 CKR_KEY_SIZE_RANGE);
    cr_assert_eq(count_objects(&token), before);
}

Test(hmac, with_a_secret_that_is_no_aes_key)
{
    static const size_t lengths[] = { 1, 20, 33, 63, 64 };

    open_token(&token, false);
    size_t before = count_objects(&token);
    for (size_t i = 0; i < KV_COUNT(lengths); i++) {
        cr_assert_eq(hsm_import_secret(token.hsm, id, HSM_BOUND, secret, lengths[i]), CKR_OK);
        assert_all_hashes(secret, lengths[i]);
        cr_assert_eq(hsm_destroy(token.hsm, id), CKR_OK);
    }
    cr_assert_eq(count_objects(&token), before);
}

Test(hmac, with_such_a_secret_outlives_the_process)
{
    struct hsm_counters counters;
    struct hsm_key_facts facts;

    open_token(&token, true);
    cr_assert_eq(hsm_import_secret(token.hsm, id, HSM_BOUND, secret, sizeof(secret)), CKR_OK);
    hsm_close(kv_take(token.hsm));
    test_token_open(&token);
    hsm_counters(token.hsm, &counters);
    cr_assert_eq(counters.keys, 1);
    cr_assert(hsm_has_key(token.hsm, id));
    cr_assert_eq(hsm_key_facts(token.hsm, id, &facts), CKR_OK);
    cr_assert(facts.on_token && facts.is_private && facts.sensitive);
    assert_all_hashes(secret, sizeof(secret));
    lose_handles(&token);
    assert_all_hashes(secret, sizeof(secret));
}

Test(hmac, with_such_a_secret_survives_wrapping)
{
    static const unsigned char other[HSM_ID_LENGTH] = { 9 };
    unsigned char wrapped[HSM_WRAPPED_MAX];
    size_t len;

    open_token(&token, true);
    cr_assert_eq(hsm_import_secret(token.hsm, id, HSM_BOUND, secret, 20), CKR_OK);
    cr_assert_eq(hsm_export_wrapped(token.hsm, id, HSM_BOUND, wrapped, sizeof(wrapped), &len),
                 CKR_OK);
    cr_assert_eq(hsm_destroy(token.hsm, id), CKR_OK);
    cr_assert_neq(hsm_import_wrapped(token.hsm, other, HSM_BOUND, HSM_RSA, wrapped, len), CKR_OK);
    cr_assert_eq(hsm_import_wrapped(token.hsm, id, HSM_BOUND, HSM_AES, wrapped, len), CKR_OK);
    assert_all_hashes(secret, 20);
    wrapped[0] ^= 1;
    cr_assert_neq(hsm_import_wrapped(token.hsm, other, HSM_BOUND, HSM_AES, wrapped, len), CKR_OK);
    cr_assert_not(hsm_has_key(token.hsm, other));
}
