/* SPDX-License-Identifier: Apache-2.0 */
/* Key pairs: what is refused, what lies on the token afterwards, what can leave it. */
#include "fixture.h"

#include <string.h>

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

TestSuite(generate, .init = setup, .fini = teardown, .timeout = 60);

static void open_bare(bool extractable)
{
    token.config.extractable = extractable;
    test_token_open(&token);
}

static CK_OBJECT_HANDLE private_half(CK_SESSION_HANDLE session, const struct key *key)
{
    return test_token_find(&token, session, CKO_PRIVATE_KEY, key->id);
}

static CK_RV read_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                            CK_ATTRIBUTE_TYPE type)
{
    unsigned char value[HSM_MODULUS_MAX];
    CK_ATTRIBUTE attribute = { type, value, sizeof(value) };

    return token.functions->C_GetAttributeValue(session, object, &attribute, 1);
}

static bool read_flag(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL flag = 0xff;
    CK_ATTRIBUTE attribute = { type, &flag, sizeof(flag) };

    cr_assert_eq(token.functions->C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
    cr_assert(flag == CK_TRUE || flag == CK_FALSE);
    return flag == CK_TRUE;
}

static CK_RV wrap(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP_PAD, NULL, 0 };
    unsigned char wrapped[4096];
    CK_ULONG len = sizeof(wrapped);

    return token.functions->C_WrapKey(session, &mechanism, wrapping, key, wrapped, &len);
}

static CK_OBJECT_HANDLE wrapping_key(CK_SESSION_HANDLE session, unsigned char tag)
{
    unsigned char id[HSM_ID_LENGTH];

    memset(id, tag, sizeof(id));
    CK_OBJECT_HANDLE key = test_token_find(&token, session, CKO_SECRET_KEY, id);
    cr_assert_neq(key, CK_INVALID_HANDLE);
    return key;
}

static void assert_generates(CK_ULONG bits, unsigned long exponent)
{
    struct hsm_key_facts facts;
    struct key key;

    generate_key(&token, 1, bits, exponent, &key);
    cr_assert_eq(key.public.modulus_len, bits / 8);
    cr_assert(key.public.modulus[0] & 0x80);
    cr_assert_eq(hsm_key_facts(token.hsm, key.id, &facts), CKR_OK);
    cr_assert(facts.on_token && facts.is_private);
    cr_assert_eq(facts.local, test_token_is_softhsm(), "NSS forgets it of what it stores");
    cr_assert(facts.sensitive && facts.always_sensitive);
    cr_assert_eq(facts.extractable, token.config.extractable);
    cr_assert_eq(facts.never_extractable, !token.config.extractable);
    assert_key_works(&token, &key);
}

static void assert_reveals_nothing(void)
{
    static const CK_ATTRIBUTE_TYPE secrets[] = {
        CKA_PRIVATE_EXPONENT, CKA_PRIME_1,    CKA_PRIME_2,
        CKA_EXPONENT_1,       CKA_EXPONENT_2, CKA_COEFFICIENT,
    };
    struct key key;

    generate_quick_key(&token, 1, &key);
    CK_SESSION_HANDLE session = test_token_session(&token);
    CK_OBJECT_HANDLE object = private_half(session, &key);
    for (size_t i = 0; i < KV_COUNT(secrets); i++) {
        cr_expect_eq(read_attribute(session, object, secrets[i]), CKR_ATTRIBUTE_SENSITIVE);
    }
}

Test(generate, refuses_sizes_the_module_or_we_do_not_take)
{
    static const CK_ULONG rows[] = { 0, 504, 511, 1025, 2047, 4104, 8192 };
    const unsigned char id[HSM_ID_LENGTH] = { 1 };
    struct hsm_rsa_public public;

    open_bare(true);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(hsm_generate_rsa(token.hsm, id, HSM_BOUND, rows[i], 65537, &public),
                     CKR_KEY_SIZE_RANGE, "%lu bits", rows[i]);
    }
}

Test(generate, refuses_exponents_that_are_none)
{
    static const unsigned long rows[] = { 0, 1, 2, 4, 65536, ~0UL - 1 };
    const unsigned char id[HSM_ID_LENGTH] = { 1 };
    struct hsm_rsa_public public;

    open_bare(true);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(hsm_generate_rsa(token.hsm, id, HSM_BOUND, QUICK_BITS, rows[i], &public),
                     CKR_ATTRIBUTE_VALUE_INVALID, "exponent %lu", rows[i]);
    }
}

Test(generate, leaves_nothing_when_it_fails_after_the_pair_was_made)
{
    const unsigned char id[HSM_ID_LENGTH] = { 1 };
    struct hsm_rsa_public public;

    open_bare(true);
    refusal = (struct refusal){ "C_GetAttributeValue", CKR_DEVICE_MEMORY, 0 };
    cr_assert_eq(hsm_generate_rsa(token.hsm, id, HSM_BOUND, QUICK_BITS, 65537, &public),
                 CKR_DEVICE_MEMORY);
    cr_assert_not(hsm_has_key(token.hsm, id));
    CK_SESSION_HANDLE session = test_token_session(&token);
    cr_assert_eq(test_token_count(&token, session, CKO_PRIVATE_KEY), 0);
    cr_assert_eq(test_token_count(&token, session, CKO_PUBLIC_KEY), 0);
}

Test(generate, keeps_only_the_private_half)
{
    struct key key;

    open_bare(true);
    generate_quick_key(&token, 1, &key);
    CK_SESSION_HANDLE session = test_token_session(&token);
    cr_assert_eq(test_token_count(&token, session, CKO_PRIVATE_KEY), 1);
    cr_assert_eq(test_token_count(&token, session, CKO_PUBLIC_KEY), 0);
}

Test(generate, loses_no_public_half_when_it_cannot_be_destroyed)
{
    struct key key;

    open_bare(true);
    refusal = (struct refusal){ "C_DestroyObject", CKR_DEVICE_ERROR, 0 };
    generate_quick_key(&token, 1, &key);
    assert_key_works(&token, &key);
    cr_assert_eq(test_token_count(&token, test_token_session(&token), CKO_PUBLIC_KEY), 0);
}

Test(generate, takes_the_smallest_exponent)
{
    static const unsigned char three[] = { 3 };
    struct key key;

    need_softhsm("the module does not take 3");
    open_bare(true);
    generate_key(&token, 1, QUICK_BITS, 3, &key);
    cr_assert_eq(key.public.exponent_len, sizeof(three));
    cr_assert_arr_eq(key.public.exponent, three, sizeof(three));
    assert_key_works(&token, &key);
}

Test(generate, takes_the_usual_exponent)
{
    static const unsigned char f4[] = { 1, 0, 1 };
    struct key key;

    open_bare(true);
    generate_key(&token, 1, QUICK_BITS, 65537, &key);
    cr_assert_eq(key.public.exponent_len, sizeof(f4));
    cr_assert_arr_eq(key.public.exponent, f4, sizeof(f4));
}

Test(generate, takes_an_exponent_of_eight_bytes)
{
    struct key key;

    open_bare(true);
    generate_key(&token, 1, QUICK_BITS, ~0UL, &key);
    cr_assert_eq(key.public.exponent_len, 8);
    assert_key_works(&token, &key);
}

Test(generate, gives_the_key_no_other_use)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        bool expected;
    } rows[] = {
        { CKA_DECRYPT, true }, { CKA_SIGN, true },    { CKA_SIGN_RECOVER, false },
        { CKA_UNWRAP, true },  { CKA_DERIVE, false },
    };
    struct key key;

    open_bare(true);
    generate_quick_key(&token, 1, &key);
    CK_SESSION_HANDLE session = test_token_session(&token);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(read_flag(session, private_half(session, &key), rows[i].type),
                     rows[i].expected, "attribute 0x%lx", rows[i].type);
    }
}

Test(generate, reveals_no_secret_when_keys_are_extractable)
{
    open_bare(true);
    assert_reveals_nothing();
}

Test(generate, reveals_no_secret_when_keys_never_leave)
{
    open_bare(false);
    assert_reveals_nothing();
}

Test(generate, lets_no_key_out_when_keys_never_leave)
{
    struct key key;

    need_softhsm("the module wraps what is not extractable");
    open_bare(false);
    make_sentinel(&token, 9);
    generate_quick_key(&token, 1, &key);
    CK_SESSION_HANDLE session = test_token_session(&token);
    cr_assert_eq(wrap(session, wrapping_key(session, 9), private_half(session, &key)),
                 CKR_KEY_UNEXTRACTABLE);
}

Test(generate, lets_a_key_out_under_the_wrapping_key_only)
{
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE can_wrap = { CKA_WRAP, &yes, sizeof(yes) };
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;
    struct key key;

    open_bare(true);
    make_sentinel(&token, 9);
    generate_quick_key(&token, 1, &key);
    CK_SESSION_HANDLE session = test_token_session(&token);
    cr_assert_eq(wrap(session, wrapping_key(session, 9), private_half(session, &key)), CKR_OK);
    cr_assert_eq(token.functions->C_FindObjectsInit(session, &can_wrap, 1), CKR_OK);
    cr_assert_eq(token.functions->C_FindObjects(session, found, 2, &count), CKR_OK);
    cr_assert_eq(token.functions->C_FindObjectsFinal(session), CKR_OK);
    cr_assert_eq(count, 1);
    cr_assert_eq(found[0], wrapping_key(session, 9));
}

Test(generate, makes_a_wrapping_key_that_only_wraps)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        bool expected;
    } rows[] = {
        { CKA_TOKEN, true },
        { CKA_PRIVATE, true },
        { CKA_SENSITIVE, true },
        { CKA_WRAP, true },
        { CKA_UNWRAP, true },
        { CKA_EXTRACTABLE, false },
        { CKA_ENCRYPT, false },
        { CKA_DECRYPT, false },
        { CKA_SIGN, false },
        { CKA_VERIFY, false },
        { CKA_DERIVE, false },
        { CKA_ALWAYS_SENSITIVE, true },
        { CKA_NEVER_EXTRACTABLE, true },
    };

    open_bare(true);
    make_sentinel(&token, 9);
    CK_SESSION_HANDLE session = test_token_session(&token);
    CK_OBJECT_HANDLE key = wrapping_key(session, 9);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(read_flag(session, key, rows[i].type), rows[i].expected, "attribute 0x%lx",
                     rows[i].type);
    }
    cr_assert_eq(read_attribute(session, key, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE);
    if (test_token_is_softhsm()) { /* NSS wraps what is not extractable */
        cr_assert_eq(wrap(session, key, key), CKR_KEY_UNEXTRACTABLE);
    }
}

/* The sizes in use take their time, and much of it under valgrind. */
TestSuite(sizes, .init = setup, .fini = teardown, .timeout = 600);

Test(sizes, include_2048_bits)
{
    open_bare(true);
    assert_generates(2048, 65537);
}

Test(sizes, include_2048_bits_that_never_leave)
{
    open_bare(false);
    assert_generates(2048, 65537);
}

Test(sizes, include_3072_bits)
{
    open_bare(true);
    assert_generates(3072, 65537);
}

Test(sizes, include_4096_bits_that_never_leave)
{
    open_bare(false);
    assert_generates(4096, 65537);
}
