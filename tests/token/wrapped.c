/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that leave under the wrapping key and come back (backup). */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "outside.h"

static struct test_token token;
static struct refusal refusal;
static unsigned char id[HSM_ID_LENGTH], back[HSM_ID_LENGTH];
static unsigned char blob[HSM_WRAPPED_MAX];
static size_t blob_len;

static void setup(void)
{
    refusal = (struct refusal){ 0 };
    blob_len = 0;
    set_id(2, back);
    test_token_prepare(&token, refuse, &refusal);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(wrapped, .init = setup, .fini = teardown, .timeout = 120);

static const enum hsm_kind kinds[] = { HSM_RSA, HSM_EC, HSM_AES };

static CK_RV export(void)
{
    return hsm_export_wrapped(token.hsm, id, HSM_BOUND, blob, sizeof(blob), &blob_len);
}

/* An exported key of that kind in `blob`, and gone from the token. */
static void make_blob(enum hsm_kind kind)
{
    open_token(&token, true);
    generate_kind(&token, kind, 1, id);
    CK_RV rv = export();
    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
    cr_assert_eq(hsm_destroy(token.hsm, id), CKR_OK);
}

/* The input is bad, and nothing of it is on the token. */
static void assert_refused(enum hsm_kind kind, const unsigned char *in, size_t len,
                           const char *what, size_t at)
{
    size_t before = count_objects(&token);
    CK_RV rv = hsm_import_wrapped(token.hsm, back, HSM_BOUND, kind, in, len);

    cr_assert(hsm_rv_is_bad_input(rv), "kind %d, %s %zu: %s", (int) kind, what, at,
              hsm_rv_name(rv));
    cr_assert_not(hsm_has_key(token.hsm, back));
    cr_assert_eq(count_objects(&token), before, "kind %d, %s %zu", (int) kind, what, at);
}

static void assert_tampering_is_seen(enum hsm_kind kind)
{
    make_blob(kind);
    for (size_t at = 0; at < blob_len; at += 1 + blob_len / 20) {
        blob[at] ^= 1;
        assert_refused(kind, blob, blob_len, "byte", at);
        blob[at] ^= 1;
    }
}

static void assert_truncation_is_seen(enum hsm_kind kind)
{
    make_blob(kind);
    for (size_t len = 0; len < blob_len; len += 1 + blob_len / 40) {
        assert_refused(kind, blob, len, "length", len);
    }
    assert_refused(kind, blob, blob_len - 8, "length", blob_len - 8);
}

static void assert_comes_back(enum hsm_kind kind)
{
    struct hsm_key_facts facts;

    make_blob(kind);
    CK_RV rv = hsm_import_wrapped(token.hsm, back, HSM_BOUND, kind, blob, blob_len);
    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
    assert_kind_works(&token, kind, back);
    cr_assert_eq(hsm_key_facts(token.hsm, back, &facts), CKR_OK);
    cr_assert(facts.on_token && facts.is_private && facts.sensitive && facts.extractable);
    cr_assert_not(facts.local || facts.always_sensitive);
    set_id(1, id);
    memcpy(id, back, sizeof(id));
    cr_assert_eq(export(), CKR_OK, "and out again");
}

Test(wrapped, needs_a_wrapping_key)
{
    test_token_open(&token);
    generate_kind(&token, HSM_EC, 1, id);
    cr_assert_eq(export(), HSM_RV_OTHER_TOKEN);
    cr_assert_eq(hsm_import_wrapped(token.hsm, back, HSM_BOUND, HSM_EC, blob, 80),
                 HSM_RV_OTHER_TOKEN);
}

Test(wrapped, needs_a_key_that_is_there)
{
    open_token(&token, true);
    cr_assert_eq(export(), HSM_RV_NO_KEY);
}

Test(wrapped, is_refused_where_the_module_does_not_wrap)
{
    refusal = (struct refusal){ .function = "C_WrapKey", .rv = CKR_FUNCTION_NOT_SUPPORTED };
    open_token(&token, true);
    generate_kind(&token, HSM_EC, 1, id);
    cr_assert_not(hsm_capabilities(token.hsm)->backup);
    cr_assert_eq(export(), HSM_RV_NO_MECHANISM);
    cr_assert_eq(hsm_import_wrapped(token.hsm, back, HSM_BOUND, HSM_EC, blob, 80),
                 HSM_RV_NO_MECHANISM);
}

Test(wrapped, is_no_key_that_may_never_leave)
{
    const unsigned char zeros[sizeof(blob)] = { 0 };

    open_token(&token, false);
    cr_assert_not(hsm_capabilities(token.hsm)->backup);
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        generate_kind(&token, kinds[i], (unsigned char) (10 + i), id);
        memset(blob, 0xff, sizeof(blob));
        CK_RV rv = export();
        cr_expect_eq(rv, CKR_KEY_UNEXTRACTABLE, "kind %d: %s", (int) kinds[i], hsm_rv_name(rv));
        cr_expect_arr_eq(blob, zeros, sizeof(blob));
    }
}

Test(wrapped, finds_too_little_room)
{
    open_token(&token, true);
    generate_kind(&token, HSM_AES, 1, id);
    cr_assert_eq(export(), CKR_OK);
    cr_assert_eq(hsm_export_wrapped(token.hsm, id, HSM_BOUND, blob, blob_len - 1, &blob_len),
                 CKR_BUFFER_TOO_SMALL);
}

Test(wrapped, rsa_is_refused_when_it_was_tampered_with)
{
    assert_tampering_is_seen(HSM_RSA);
}

Test(wrapped, ec_is_refused_when_it_was_tampered_with)
{
    assert_tampering_is_seen(HSM_EC);
}

Test(wrapped, aes_is_refused_when_it_was_tampered_with)
{
    assert_tampering_is_seen(HSM_AES);
}

Test(wrapped, rsa_is_refused_when_it_is_not_whole)
{
    assert_truncation_is_seen(HSM_RSA);
}

Test(wrapped, ec_is_refused_when_it_is_not_whole)
{
    assert_truncation_is_seen(HSM_EC);
}

Test(wrapped, is_refused_as_another_kind)
{
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        if (i > 0) {
            test_token_destroy(&token);
            test_token_prepare(&token, refuse, &refusal);
        }
        make_blob(kinds[i]);
        for (size_t j = 0; j < KV_COUNT(kinds); j++) {
            if (i != j) {
                assert_refused(kinds[j], blob, blob_len, "kind", i);
            }
        }
    }
}

Test(wrapped, is_refused_when_it_is_too_long)
{
    static const unsigned char large[HSM_WRAPPED_MAX + 8];

    open_token(&token, true);
    assert_refused(HSM_RSA, large, sizeof(large), "length", sizeof(large));
}

Test(wrapped, is_refused_when_it_was_wrapped_elsewhere)
{
    static const unsigned char kek[HSM_AES_MAX] = { 1 };
    unsigned char pkcs8[OUTSIDE_PKCS8_MAX];
    EVP_PKEY *key = outside_make_ec(HSM_P256);

    open_token(&token, true);
    size_t len = outside_wrap(kek, pkcs8, outside_pkcs8(key, pkcs8), blob);
    assert_refused(HSM_EC, blob, len, "length", len);
    EVP_PKEY_free(key);
}

Test(wrapped, leaves_nothing_when_a_call_fails_after_the_key_was_made)
{
    static const char *const rows[] = { "C_UnwrapKey", "C_GetAttributeValue" };

    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        if (i > 0) {
            test_token_destroy(&token);
            test_token_prepare(&token, refuse, &refusal);
        }
        make_blob(kinds[i]);
        for (size_t j = 0; j < KV_COUNT(rows); j++) {
            for (unsigned passes = 0; passes < 3; passes++) {
                size_t before = count_objects(&token);

                refusal = (struct refusal){ rows[j], CKR_DEVICE_MEMORY, passes };
                CK_RV rv = hsm_import_wrapped(token.hsm, back, HSM_BOUND, kinds[i], blob, blob_len);
                refusal = (struct refusal){ 0 };
                if (rv == CKR_OK) {
                    break; /* there are not so many calls of it */
                }
                cr_assert_eq(rv, CKR_DEVICE_MEMORY);
                cr_assert_eq(count_objects(&token), before, "%s %u", rows[j], passes);
                cr_assert_not(hsm_has_key(token.hsm, back));
            }
            cr_assert_eq(hsm_destroy(token.hsm, back), CKR_OK);
        }
    }
}

Test(wrapped, calls_no_input_bad_while_the_token_is_gone)
{
    need_softhsm("the token does not go with its folder");
    make_blob(HSM_EC);
    test_token_hide(&token);
    CK_RV rv = hsm_import_wrapped(token.hsm, back, HSM_BOUND, HSM_EC, blob, blob_len);
    cr_assert_not(hsm_rv_is_bad_input(rv), "%s", hsm_rv_name(rv));
    cr_assert(hsm_rv_wants_check(rv), "%s", hsm_rv_name(rv));
    test_token_show(&token);
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    cr_assert_eq(hsm_import_wrapped(token.hsm, back, HSM_BOUND, HSM_EC, blob, blob_len), CKR_OK);
    assert_kind_works(&token, HSM_EC, back);
}

Test(wrapped, rsa_comes_back)
{
    assert_comes_back(HSM_RSA);
}

Test(wrapped, ec_comes_back)
{
    assert_comes_back(HSM_EC);
}

Test(wrapped, aes_comes_back)
{
    assert_comes_back(HSM_AES);
}

Test(wrapped, rsa_of_4096_bits_comes_back)
{
    struct outside_numbers numbers;
    struct hsm_rsa_private private;
    struct hsm_public told;
    EVP_PKEY *key = outside_make_rsa(4096);

    open_token(&token, true);
    set_id(1, id);
    outside_numbers(key, &numbers, &private);
    cr_assert_eq(hsm_import_rsa(token.hsm, id, HSM_BOUND, &private), CKR_OK);
    cr_assert_eq(export(), CKR_OK);
    cr_assert_eq(hsm_import_wrapped(token.hsm, back, HSM_BOUND, HSM_RSA, blob, blob_len), CKR_OK);
    cr_assert_eq(hsm_read_public(token.hsm, back, HSM_RSA, &told), CKR_OK);
    cr_assert_arr_eq(told.rsa.modulus, private.modulus.bytes, 512);
    EVP_PKEY_free(key);
}

Test(wrapped, aes_of_every_size_comes_back_and_does_the_same_hmac)
{
    static const CK_ULONG rows[] = { 128, 192, 256 };
    CK_MECHANISM mechanism = { CKM_SHA512_HMAC, NULL, 0 };
    unsigned char first[64], second[64], before[HSM_AES_MAX], after[HSM_AES_MAX];
    size_t len;

    open_token(&token, true);
    set_id(1, id);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(hsm_generate_aes(token.hsm, id, HSM_BOUND, rows[i]), CKR_OK);
        size_t value_len = extract_aes(&token, id, before);
        cr_assert_eq(hsm_sign(token.hsm, id, &mechanism, before, 1, first, sizeof(first), &len),
                     CKR_OK);
        cr_assert_eq(export(), CKR_OK);
        cr_assert_eq(hsm_import_wrapped(token.hsm, back, HSM_BOUND, HSM_AES, blob, blob_len),
                     CKR_OK);
        cr_assert_eq(hsm_sign(token.hsm, back, &mechanism, before, 1, second, sizeof(second), &len),
                     CKR_OK);
        cr_assert_arr_eq(first, second, sizeof(first));
        cr_assert_eq(extract_aes(&token, back, after), value_len);
        cr_assert_arr_eq(before, after, value_len);
        cr_assert_eq(hsm_destroy(token.hsm, id), CKR_OK);
        cr_assert_eq(hsm_destroy(token.hsm, back), CKR_OK);
    }
}

Test(wrapped, comes_back_never_to_leave_where_keys_do_not)
{
    struct hsm_key_facts facts;

    make_blob(HSM_EC);
    hsm_close(kv_take(token.hsm));
    token.config.extractable = false;
    test_token_open(&token);
    unsigned char sentinel[HSM_ID_LENGTH];
    set_id(99, sentinel);
    cr_assert_eq(hsm_adopt_sentinel(token.hsm, sentinel), CKR_OK);
    cr_assert_eq(hsm_import_wrapped(token.hsm, back, HSM_BOUND, HSM_EC, blob, blob_len), CKR_OK);
    cr_assert_eq(hsm_key_facts(token.hsm, back, &facts), CKR_OK);
    cr_assert_not(facts.extractable);
}
