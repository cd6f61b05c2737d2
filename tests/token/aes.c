/* SPDX-License-Identifier: Apache-2.0 */
/* AES modes of every key size against OpenSSL, both ways, and what bad input is called. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "outside.h"

#define BLOCK 16
#define TAG 16

static struct test_token token;
static const unsigned char id[HSM_ID_LENGTH] = { 1 };
static const unsigned char value[HSM_AES_MAX] = { 9, 8, 7, 6, 5, 4, 3, 2, 1 };
static unsigned char iv[BLOCK] = { 1, 2, 3 };
static unsigned char aad[] = "additional";
static const unsigned char text[] =
    "attack at dawn, as we said on Tuesday, with everybody who has come";

static void setup(void)
{
    test_token_create(&token, NULL, NULL);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(aes, .init = setup, .fini = teardown, .timeout = 60);

static CK_MECHANISM cbc(bool padded)
{
    return (CK_MECHANISM){ padded ? CKM_AES_CBC_PAD : CKM_AES_CBC, iv, sizeof(iv) };
}

static CK_MECHANISM gcm(CK_GCM_PARAMS *params)
{
    *params = (CK_GCM_PARAMS){
        .pIv = iv,
        .ulIvLen = 12,
        .ulIvBits = 96,
        .pAAD = aad,
        .ulAADLen = sizeof(aad),
        .ulTagBits = TAG * 8,
    };
    return (CK_MECHANISM){ CKM_AES_GCM, params, sizeof(*params) };
}

static void import(size_t len)
{
    CK_RV rv = hsm_import_aes(token.hsm, id, HSM_BOUND, value, len);

    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
}

static size_t encrypt(const CK_MECHANISM *mechanism, size_t len, unsigned char *out, size_t size)
{
    size_t out_len = 0;
    CK_RV rv = hsm_encrypt(token.hsm, id, mechanism, text, len, out, size, &out_len);

    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
    return out_len;
}

static CK_RV decrypt(const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
                     unsigned char *out, size_t size)
{
    size_t out_len = 0;

    return hsm_decrypt(token.hsm, id, mechanism, in, len, out, size, &out_len);
}

static void assert_decrypts(const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
                            size_t text_len)
{
    unsigned char out[128];
    size_t out_len = 0;
    CK_RV rv = hsm_decrypt(token.hsm, id, mechanism, in, len, out, sizeof(out), &out_len);

    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
    cr_assert_eq(out_len, text_len);
    cr_assert_arr_eq(out, text, text_len);
}

/* Both ways, for one size of keys. */
static void assert_cbc(size_t key_len, const EVP_CIPHER *cipher, bool padded, size_t len)
{
    CK_MECHANISM mechanism = cbc(padded);
    unsigned char inside[128], outside[128];

    import(key_len);
    size_t outside_len = outside_cipher(cipher, true, padded, value, iv, text, len, outside);
    cr_assert_eq(encrypt(&mechanism, len, inside, sizeof(inside)), outside_len);
    cr_assert_arr_eq(inside, outside, outside_len);
    assert_decrypts(&mechanism, outside, outside_len, len);
}

static void assert_gcm(size_t key_len, size_t len)
{
    CK_GCM_PARAMS params;
    CK_MECHANISM mechanism = gcm(&params);
    unsigned char inside[128], outside[128];

    import(key_len);
    size_t outside_len =
        outside_gcm_encrypt(value, key_len, iv, aad, sizeof(aad), text, len, outside);
    cr_assert_eq(encrypt(&mechanism, len, inside, sizeof(inside)), outside_len);
    cr_assert_arr_eq(inside, outside, outside_len);
    assert_decrypts(&mechanism, outside, outside_len, len);
}

static void assert_bad(CK_RV rv, const unsigned char *out, size_t size)
{
    cr_assert(hsm_rv_is_bad_input(rv), "%s", hsm_rv_name(rv));
    for (size_t i = 0; i < size; i++) {
        cr_assert_eq(out[i], 0);
    }
}

Test(aes, gcm_refuses_a_wrong_tag_and_keeps_the_text_to_itself)
{
    CK_GCM_PARAMS params;
    CK_MECHANISM mechanism = gcm(&params);
    unsigned char cipher[128], out[128];

    import(32);
    size_t len = encrypt(&mechanism, 40, cipher, sizeof(cipher));
    cipher[len - 1] ^= 1;
    CK_RV rv = decrypt(&mechanism, cipher, len, out, sizeof(out));
    cr_assert_eq(rv, CKR_ENCRYPTED_DATA_INVALID, "%s", hsm_rv_name(rv));
    assert_bad(rv, out, sizeof(out));
}

Test(aes, gcm_refuses_other_additional_data)
{
    CK_GCM_PARAMS params;
    CK_MECHANISM mechanism = gcm(&params);
    unsigned char cipher[128], out[128];

    import(32);
    size_t len = encrypt(&mechanism, 40, cipher, sizeof(cipher));
    params.ulAADLen--;
    assert_bad(decrypt(&mechanism, cipher, len, out, sizeof(out)), out, sizeof(out));
}

Test(aes, gcm_refuses_less_than_a_tag)
{
    static const size_t rows[] = { 0, 1, TAG - 1 };
    CK_GCM_PARAMS params;
    CK_MECHANISM mechanism = gcm(&params);
    unsigned char cipher[TAG] = { 0 }, out[TAG];

    import(32);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        assert_bad(decrypt(&mechanism, cipher, rows[i], out, sizeof(out)), out, sizeof(out));
    }
}

Test(aes, cbc_takes_whole_blocks_only)
{
    static const size_t rows[] = { 1, BLOCK - 1, BLOCK + 1 };
    CK_MECHANISM mechanism = cbc(false);
    unsigned char out[128];
    size_t len = 0;

    import(32);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        assert_bad(hsm_encrypt(token.hsm, id, &mechanism, text, rows[i], out, sizeof(out), &len),
                   out, sizeof(out));
        assert_bad(decrypt(&mechanism, text, rows[i], out, sizeof(out)), out, sizeof(out));
    }
}

Test(aes, cbc_pad_refuses_a_wrong_padding)
{
    CK_MECHANISM plain = cbc(false), padded = cbc(true);
    unsigned char cipher[128], out[128];

    import(32);
    size_t len = encrypt(&plain, 2 * BLOCK, cipher, sizeof(cipher)); /* ends in letters */
    CK_RV rv = decrypt(&padded, cipher, len, out, sizeof(out));
    cr_assert_eq(rv, CKR_ENCRYPTED_DATA_INVALID, "%s", hsm_rv_name(rv));
    assert_bad(rv, out, sizeof(out));
}

Test(aes, goes_on_after_bad_input)
{
    CK_GCM_PARAMS params;
    CK_MECHANISM mechanism = gcm(&params);
    unsigned char cipher[128], out[128];
    struct hsm_counters counters;

    import(32);
    size_t len = encrypt(&mechanism, 40, cipher, sizeof(cipher));
    cipher[0] ^= 1;
    assert_bad(decrypt(&mechanism, cipher, len, out, sizeof(out)), out, sizeof(out));
    cipher[0] ^= 1;
    assert_decrypts(&mechanism, cipher, len, 40);
    hsm_counters(token.hsm, &counters);
    cr_assert_eq(counters.sessions_lent, 0);
}

Test(aes, calls_no_input_bad_while_the_token_is_gone)
{
    CK_GCM_PARAMS params;
    CK_MECHANISM mechanism = gcm(&params);
    unsigned char cipher[128], out[128];

    need_softhsm("the token does not go with its folder");
    import(32);
    size_t len = encrypt(&mechanism, 40, cipher, sizeof(cipher));
    cipher[0] ^= 1;
    test_token_hide(&token);
    CK_RV rv = decrypt(&mechanism, cipher, len, out, sizeof(out));
    cr_assert_not(hsm_rv_is_bad_input(rv), "%s", hsm_rv_name(rv));
    cr_assert(hsm_rv_wants_check(rv), "%s", hsm_rv_name(rv));
    test_token_show(&token);
}

Test(aes, of_128_bits_does_cbc)
{
    assert_cbc(16, EVP_aes_128_cbc(), false, 3 * BLOCK);
}

Test(aes, of_192_bits_does_cbc)
{
    assert_cbc(24, EVP_aes_192_cbc(), false, 3 * BLOCK);
}

Test(aes, of_256_bits_does_cbc)
{
    assert_cbc(32, EVP_aes_256_cbc(), false, 3 * BLOCK);
}

Test(aes, of_128_bits_does_cbc_with_padding)
{
    assert_cbc(16, EVP_aes_128_cbc(), true, 2 * BLOCK + 5);
}

Test(aes, of_192_bits_does_cbc_with_padding)
{
    assert_cbc(24, EVP_aes_192_cbc(), true, 2 * BLOCK);
}

Test(aes, of_256_bits_does_cbc_with_padding)
{
    assert_cbc(32, EVP_aes_256_cbc(), true, 1);
}

Test(aes, of_128_bits_does_gcm)
{
    assert_gcm(16, 40);
}

Test(aes, of_192_bits_does_gcm)
{
    assert_gcm(24, 40);
}

Test(aes, of_256_bits_does_gcm)
{
    assert_gcm(32, 40);
}

Test(aes, does_gcm_of_nothing)
{
    assert_gcm(32, 0);
}

Test(aes, of_every_size_is_generated)
{
    static const CK_ULONG rows[] = { 128, 192, 256 };
    CK_MECHANISM mechanism = cbc(false);
    unsigned char generated[HSM_ID_LENGTH], key[HSM_AES_MAX], inside[64], outside[64];
    size_t len;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const EVP_CIPHER *ciphers[] = { EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc() };

        set_id((unsigned char) (10 + i), generated);
        cr_assert_eq(hsm_generate_aes(token.hsm, generated, HSM_BOUND, rows[i]), CKR_OK);
        cr_assert_eq(extract_aes(&token, generated, key), rows[i] / 8);
        cr_assert_eq(
            hsm_encrypt(token.hsm, generated, &mechanism, text, 32, inside, sizeof(inside), &len),
            CKR_OK);
        outside_cipher(ciphers[i], true, false, key, iv, text, 32, outside);
        cr_assert_arr_eq(inside, outside, 32);
    }
}

Test(aes, is_generated_anew_each_time)
{
    unsigned char ids[2][HSM_ID_LENGTH], keys[2][HSM_AES_MAX];

    for (unsigned char i = 0; i < 2; i++) {
        set_id(10 + i, ids[i]);
        cr_assert_eq(hsm_generate_aes(token.hsm, ids[i], HSM_BOUND, 256), CKR_OK);
        extract_aes(&token, ids[i], keys[i]);
    }
    for (size_t at = 0; at < HSM_AES_MAX; at += BLOCK) {
        cr_assert_arr_neq(keys[0] + at, keys[1] + at, BLOCK);
    }
    cr_assert_arr_neq(keys[0], keys[0] + BLOCK, BLOCK, "one block twice");
}

Test(aes, is_generated_in_no_other_size)
{
    static const CK_ULONG rows[] = { 0, 8, 64, 120, 127, 255, 512 };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(hsm_generate_aes(token.hsm, id, HSM_BOUND, rows[i]), CKR_KEY_SIZE_RANGE,
                     "%lu bits", rows[i]);
    }
    cr_assert_eq(count_objects(&token), 0);
}
