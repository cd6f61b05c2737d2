/* SPDX-License-Identifier: Apache-2.0 */
/* A module that gives other answers than it may: nothing it says is believed unseen. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "core.h" /* to put another function into the open module */

static struct test_token token;
static CK_FUNCTION_LIST list; /* the module's own, with one entry replaced */

static void setup(void)
{
    test_token_create(&token, NULL, NULL);
    list = *token.functions;
    token.hsm->module.functions = &list;
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(module, .init = setup, .fini = teardown, .timeout = 60);

static CK_RV find_too_many(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG room,
                           CK_ULONG *ret_count)
{
    (void) session;
    (void) objects;
    *ret_count = room + 1;
    return CKR_OK;
}

static CK_RV decrypt_to_less(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out,
                             CK_ULONG *out_len)
{
    CK_RV rv = token.functions->C_Decrypt(session, in, in_len, out, out_len);

    *out_len -= 1;
    return rv;
}

/* Refuses the handle only when the operation has begun. */
static CK_RV begin_and_lose(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                            CK_OBJECT_HANDLE key)
{
    CK_RV rv = token.functions->C_DecryptInit(session, mechanism, key);

    list.C_DecryptInit = token.functions->C_DecryptInit;
    return rv == CKR_OK ? CKR_KEY_HANDLE_INVALID : rv;
}

/* The modulus with eight zeros in front of it. */
static CK_RV read_padded(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
                         CK_ULONG count)
{
    CK_RV rv = token.functions->C_GetAttributeValue(session, object, template, count);

    if (rv == CKR_OK && template[0].type == CKA_MODULUS) {
        unsigned char *value = template[0].pValue;

        memmove(value + 8, value, template[0].ulValueLen);
        memset(value, 0, 8);
        template[0].ulValueLen += 8;
    }
    return rv;
}

static CK_RV read_shortened(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                            CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_RV rv = token.functions->C_GetAttributeValue(session, object, template, count);

    template[0].ulValueLen -= 1;
    return rv;
}

static CK_RV read_nothing(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                          CK_ATTRIBUTE *template, CK_ULONG count)
{
    (void) session;
    (void) object;
    for (CK_ULONG i = 0; i < count; i++) {
        memset(template[i].pValue, 0, template[i].ulValueLen);
        template[i].ulValueLen = CK_UNAVAILABLE_INFORMATION;
    }
    return CKR_OK;
}

static CK_RV generate(struct key *ret_key)
{
    memset(ret_key->id, 1, sizeof(ret_key->id));
    return hsm_generate_rsa(token.hsm, ret_key->id, HSM_BOUND, QUICK_BITS, 65537, &ret_key->public);
}

static void assert_no_key_is_left(void)
{
    cr_assert_eq(test_token_count(&token, test_token_session(&token), CKO_PRIVATE_KEY), 0);
}

Test(module, that_finds_more_than_was_asked_is_refused)
{
    const unsigned char id[HSM_ID_LENGTH] = { 1 };

    list.C_FindObjects = find_too_many;
    cr_assert_eq(hsm_destroy(token.hsm, id), CKR_GENERAL_ERROR);
}

Test(module, that_decrypts_to_another_length_is_refused)
{
    unsigned char bytes[QUICK_BYTES] = { 0 }, out[QUICK_BYTES] = { 7 };
    struct key key;

    generate_quick_key(&token, 1, &key);
    list.C_Decrypt = decrypt_to_less;
    cr_assert_eq(hsm_rsa_raw(token.hsm, key.id, bytes, sizeof(bytes), out),
                 CKR_ENCRYPTED_DATA_LEN_RANGE);
    cr_assert_eq(out[0], 7, "an output is written on success only");
}

Test(module, that_fails_half_way_gets_the_next_call_in_another_session)
{
    struct key key;

    generate_quick_key(&token, 1, &key);
    list.C_DecryptInit = begin_and_lose;
    assert_key_works(&token, &key);
}

Test(module, that_makes_a_key_of_another_size_is_refused)
{
    struct key key;

    list.C_GetAttributeValue = read_shortened;
    cr_assert_eq(generate(&key), CKR_PUBLIC_KEY_INVALID);
    assert_no_key_is_left();
}

Test(module, that_tells_nothing_about_the_public_half_is_refused)
{
    struct key key;

    list.C_GetAttributeValue = read_nothing;
    cr_assert_eq(generate(&key), CKR_PUBLIC_KEY_INVALID);
    assert_no_key_is_left();
}

Test(module, that_pads_numbers_with_zeros_is_fine)
{
    struct key key;

    list.C_GetAttributeValue = read_padded;
    cr_assert_eq(generate(&key), CKR_OK);
    cr_assert_eq(key.public.modulus_len, QUICK_BYTES);
    assert_key_works(&token, &key);
}
