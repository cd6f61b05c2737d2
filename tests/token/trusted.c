/* SPDX-License-Identifier: Apache-2.0 */
/* The trusted wrapping key: that keys leave under it and no other, whoever is logged in tries. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "outside.h"

#define OBJECTS_MAX 4

static struct test_token token;
static unsigned char id[HSM_ID_LENGTH], back[HSM_ID_LENGTH];
static unsigned char blob[HSM_TRANSFER_MAX];
static size_t blob_len;

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static char label[] = "coffer trusted wrapping key";
static const enum hsm_kind kinds[] = { HSM_RSA, HSM_EC, HSM_AES };

static void setup(void)
{
    set_id(1, id);
    set_id(2, back);
    test_token_prepare(&token, NULL, NULL);
    token.config.so_pin = TEST_TOKEN_SO_PIN;
    token.config.so_pin_len = strlen(TEST_TOKEN_SO_PIN);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(trusted, .init = setup, .fini = teardown, .timeout = 120);

static void open_trusted(void)
{
    open_token(&token, true);
    if (!hsm_capabilities(token.hsm)->trusted_wrap) {
        need_softhsm("the module does not keep to what a trusted key is for");
    }
    cr_assert(hsm_capabilities(token.hsm)->trusted_wrap);
}

static size_t find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count,
                   CK_OBJECT_HANDLE ret_objects[OBJECTS_MAX])
{
    CK_ULONG found = 0;

    cr_assert_eq(token.functions->C_FindObjectsInit(session, template, count), CKR_OK);
    cr_assert_eq(token.functions->C_FindObjects(session, ret_objects, OBJECTS_MAX, &found), CKR_OK);
    cr_assert_eq(token.functions->C_FindObjectsFinal(session), CKR_OK);
    return found;
}

static size_t find_trusted(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ret_objects[OBJECTS_MAX])
{
    CK_ATTRIBUTE template[] = {
        { CKA_TRUSTED, (void *) &yes, sizeof(yes) },
        { CKA_LABEL, label, sizeof(label) - 1 },
    };

    return find(session, template, KV_COUNT(template), ret_objects);
}

static size_t find_key(CK_SESSION_HANDLE session, const unsigned char *key,
                       CK_OBJECT_HANDLE ret_objects[OBJECTS_MAX])
{
    CK_ATTRIBUTE template[] = { { CKA_ID, (void *) key, HSM_ID_LENGTH } };

    return find(session, template, KV_COUNT(template), ret_objects);
}

/* What somebody who has the PIN can wrap by: an AES key that he knows, and the sentinel. */
static size_t gather_foreign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ret_keys[OBJECTS_MAX])
{
    static const unsigned char value[HSM_AES_MAX] = { 9 };
    CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
    CK_KEY_TYPE aes = CKK_AES;
    unsigned char sentinel[HSM_ID_LENGTH];
    CK_ATTRIBUTE known[] = {
        { CKA_CLASS, &secret, sizeof(secret) },
        { CKA_KEY_TYPE, &aes, sizeof(aes) },
        { CKA_WRAP, (void *) &yes, sizeof(yes) },
        { CKA_VALUE, (void *) value, sizeof(value) },
    };

    cr_assert_eq(token.functions->C_CreateObject(session, known, KV_COUNT(known), &ret_keys[0]),
                 CKR_OK);
    set_id(99, sentinel);
    ret_keys[1] = find_object(&token, session, secret, aes, sentinel);
    return 2;
}

/* By every mechanism, under every key that is not trusted. */
static void assert_unwrappable(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, const char *what)
{
    static const CK_MECHANISM_TYPE types[] = { CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD };
    CK_OBJECT_HANDLE keys[OBJECTS_MAX];
    size_t count = gather_foreign(session, keys);
    unsigned char out[HSM_WRAPPED_MAX];

    for (size_t i = 0; i < count * KV_COUNT(types); i++) {
        CK_MECHANISM mechanism = { types[i % KV_COUNT(types)], NULL, 0 };
        CK_ULONG len = sizeof(out);
        CK_RV rv = token.functions->C_WrapKey(session, &mechanism, keys[i / KV_COUNT(types)],
                                              object, out, &len);

        cr_expect_eq(rv, CKR_KEY_NOT_WRAPPABLE, "%s, try %zu: %s", what, i, hsm_rv_name(rv));
    }
}

/* As it is, after an attempt to free it, and as a copy. */
static void assert_bound(const unsigned char *key, const char *what)
{
    CK_SESSION_HANDLE session = test_token_session(&token);
    CK_ATTRIBUTE freed = { CKA_WRAP_WITH_TRUSTED, (void *) &no, sizeof(no) };
    CK_ATTRIBUTE copied[] = { { CKA_TOKEN, (void *) &no, sizeof(no) }, freed };
    CK_OBJECT_HANDLE objects[OBJECTS_MAX], copy;
    size_t count = find_key(session, key, objects);

    cr_assert_gt(count, 0, "%s", what);
    for (size_t i = 0; i < count; i++) {
        assert_unwrappable(session, objects[i], what);
        cr_expect_neq(token.functions->C_SetAttributeValue(session, objects[i], &freed, 1), CKR_OK);
        assert_unwrappable(session, objects[i], what);
        cr_expect_neq(token.functions->C_CopyObject(session, objects[i], copied, 2, &copy), CKR_OK);
        cr_assert_eq(token.functions->C_CopyObject(session, objects[i], copied, 1, &copy), CKR_OK);
        assert_unwrappable(session, copy, what);
    }
    cr_assert_eq(token.functions->C_CloseSession(session), CKR_OK);
}

static CK_RV export(enum hsm_bond bond)
{
    return hsm_export_wrapped(token.hsm, id, bond, blob, HSM_WRAPPED_MAX, &blob_len);
}

static CK_RV import(enum hsm_kind kind, enum hsm_bond bond)
{
    return hsm_import_wrapped(token.hsm, back, bond, kind, blob, blob_len);
}

/* What is in `blob` comes back as a key that works. */
static void assert_comes_back(enum hsm_kind kind, enum hsm_bond bond)
{
    CK_RV rv = import(kind, bond);

    cr_assert_eq(rv, CKR_OK, "kind %d: %s", (int) kind, hsm_rv_name(rv));
    assert_kind_works(&token, kind, back);
}

static CK_RV release(const unsigned char *key, const struct hsm_rsa_public *target)
{
    return hsm_export_transfer(token.hsm, key, target, HSM_SHA1, NULL, blob, sizeof(blob),
                               &blob_len);
}

static void take_away(const unsigned char *key)
{
    cr_assert_eq(hsm_destroy(token.hsm, key), CKR_OK);
}

Test(trusted, wrapping_is_no_foreign_keys_business_for_a_key_that_was_generated)
{
    open_trusted();
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        generate_kind(&token, kinds[i], 1, id);
        assert_bound(id, "generated");
        take_away(id);
    }
}

Test(trusted, wrapping_is_no_foreign_keys_business_for_a_key_that_was_imported)
{
    static const unsigned char value[HSM_AES_MAX] = { 3 };
    unsigned char scalar[HSM_COORDINATE_MAX];
    EVP_PKEY *rsa = outside_make_rsa(2048), *ec = outside_make_ec(HSM_P256);
    struct outside_numbers numbers;
    struct hsm_rsa_private private;
    struct hsm_ec_public point;

    open_trusted();
    outside_numbers(rsa, &numbers, &private);
    cr_assert_eq(hsm_import_rsa(token.hsm, id, HSM_BOUND, &private), CKR_OK);
    assert_bound(id, "RSA");
    take_away(id);
    outside_scalar(ec, HSM_P256, scalar);
    outside_point(ec, HSM_P256, &point);
    cr_assert_eq(hsm_import_ec(token.hsm, id, HSM_BOUND, HSM_P256, scalar, 32, &point), CKR_OK);
    assert_bound(id, "EC");
    take_away(id);
    cr_assert_eq(hsm_import_aes(token.hsm, id, HSM_BOUND, value, sizeof(value)), CKR_OK);
    assert_bound(id, "AES");
    take_away(id);
    cr_assert_eq(hsm_import_secret(token.hsm, id, HSM_BOUND, value, 20), CKR_OK);
    assert_bound(id, "secret");
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
}

Test(trusted, wrapping_is_no_foreign_keys_business_for_a_key_that_was_transferred)
{
    struct key kek;

    open_trusted();
    generate_quick_key(&token, 50, &kek);
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        generate_bound(&token, kinds[i], HSM_EXPORTABLE, id);
        cr_assert_eq(release(id, &kek.public), CKR_OK);
        CK_RV rv =
            hsm_import_transfer(token.hsm, kek.id, back, HSM_BOUND, kinds[i], blob, blob_len);
        cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
        assert_bound(back, "transferred");
        take_away(id);
        take_away(back);
    }
}

Test(trusted, wrapping_is_no_foreign_keys_business_for_a_key_that_came_back)
{
    open_trusted();
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        generate_kind(&token, kinds[i], 1, id);
        cr_assert_eq(export(HSM_BOUND), CKR_OK);
        take_away(id);
        assert_comes_back(kinds[i], HSM_BOUND);
        assert_bound(back, "restored");
        take_away(back);
    }
}

Test(trusted, wrapping_is_no_foreign_keys_business_for_the_copy_of_a_key_in_use)
{
    CK_ATTRIBUTE copies[] = { { CKA_TOKEN, (void *) &no, sizeof(no) } };
    CK_OBJECT_HANDLE found[OBJECTS_MAX];

    open_trusted();
    generate_kind(&token, HSM_EC, 1, id);
    CK_SESSION_HANDLE session = test_token_session(&token);
    size_t count = 0;
    for (int i = 0; i < 100000 && count == 0; i++) { /* until it is in constant use */
        assert_kind_works(&token, HSM_EC, id);
        count = i % 100 == 99 ? find(session, copies, 1, found) : 0;
    }
    cr_assert_eq(count, 1);
    assert_unwrappable(session, found[0], "copy");
}

Test(trusted, wrapping_key_can_be_made_by_no_user)
{
    CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
    CK_KEY_TYPE aes = CKK_AES;
    CK_ULONG length = HSM_AES_MAX;
    unsigned char value[HSM_AES_MAX] = { 9 };
    CK_ATTRIBUTE trust = { CKA_TRUSTED, (void *) &yes, sizeof(yes) };
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    CK_ATTRIBUTE generated[] = { { CKA_VALUE_LEN, &length, sizeof(length) }, trust };
    CK_ATTRIBUTE created[] = {
        { CKA_CLASS, &secret, sizeof(secret) },
        { CKA_KEY_TYPE, &aes, sizeof(aes) },
        { CKA_VALUE, value, sizeof(value) },
        trust,
    };
    CK_OBJECT_HANDLE key;

    open_trusted();
    CK_SESSION_HANDLE session = test_token_session(&token);
    const CK_FUNCTION_LIST *functions = token.functions;
    cr_expect_neq(functions->C_GenerateKey(session, &mechanism, generated, 2, &key), CKR_OK);
    cr_expect_neq(functions->C_CreateObject(session, created, 4, &key), CKR_OK);
    cr_assert_eq(functions->C_CreateObject(session, created, 3, &key), CKR_OK);
    cr_expect_neq(functions->C_SetAttributeValue(session, key, &trust, 1), CKR_OK);
    cr_expect_neq(functions->C_CopyObject(session, key, &trust, 1, &key), CKR_OK);
}

/* It neither decrypts what it wrapped, nor can be made to, nor can a copy. */
static void assert_good_for_nothing_else(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    static const CK_ATTRIBUTE_TYPE uses[] = { CKA_DECRYPT,          CKA_ENCRYPT,
                                              CKA_DERIVE,           CKA_SIGN,
                                              CKA_EXTRACTABLE,      CKA_MODIFIABLE,
                                              CKA_WRAP_WITH_TRUSTED };
    const CK_FUNCTION_LIST *functions = token.functions;
    CK_ATTRIBUTE bare = { CKA_UNWRAP_TEMPLATE, NULL, 0 };
    CK_MECHANISM mechanism = { CKM_AES_ECB, NULL, 0 };
    CK_OBJECT_HANDLE copy;

    cr_expect_eq(functions->C_DecryptInit(session, &mechanism, key),
                 CKR_KEY_FUNCTION_NOT_PERMITTED);
    cr_expect_eq(functions->C_EncryptInit(session, &mechanism, key),
                 CKR_KEY_FUNCTION_NOT_PERMITTED);
    for (size_t i = 0; i < KV_COUNT(uses); i++) {
        CK_ATTRIBUTE change = { uses[i], (void *) &yes, sizeof(yes) };

        cr_expect_neq(functions->C_SetAttributeValue(session, key, &change, 1), CKR_OK);
        cr_expect_neq(functions->C_CopyObject(session, key, &change, 1, &copy), CKR_OK);
    }
    cr_expect_neq(functions->C_SetAttributeValue(session, key, &bare, 1), CKR_OK);
    cr_expect_neq(functions->C_CopyObject(session, key, &bare, 1, &copy), CKR_OK);
}

static void assert_protected(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    CK_BBOOL sensitive = no, bound = no, private = no;
    unsigned char value[HSM_AES_MAX];
    CK_ATTRIBUTE template[] = {
        { CKA_SENSITIVE, &sensitive, sizeof(sensitive) },
        { CKA_WRAP_WITH_TRUSTED, &bound, sizeof(bound) },
        { CKA_PRIVATE, &private, sizeof(private) },
    };
    CK_ATTRIBUTE secret = { CKA_VALUE, value, sizeof(value) };

    cr_assert_eq(token.functions->C_GetAttributeValue(session, object, template, 3), CKR_OK);
    cr_expect(sensitive && bound && private);
    cr_expect_eq(token.functions->C_GetAttributeValue(session, object, &secret, 1),
                 CKR_ATTRIBUTE_SENSITIVE);
    assert_unwrappable(session, object, "unwrapped");
}

/* Whoever has a blob, and may use the key, gets nothing out of it that he can read or wrap. */
static void assert_unwraps_protected_only(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP_PAD, NULL, 0 };
    CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
    CK_KEY_TYPE types[] = { CKK_AES, CKK_GENERIC_SECRET };
    size_t unwrapped = 0;

    for (unsigned i = 0; i < 8 * KV_COUNT(types); i++) {
        CK_ATTRIBUTE template[] = {
            { CKA_CLASS, &secret, sizeof(secret) },
            { CKA_KEY_TYPE, &types[i / 8], sizeof(types[0]) },
            { CKA_TOKEN, (void *) &no, sizeof(no) },
            { CKA_EXTRACTABLE, (void *) &yes, sizeof(yes) },
            { CKA_SENSITIVE, (void *) (i & 1 ? &no : &yes), sizeof(yes) },
            { CKA_WRAP_WITH_TRUSTED, (void *) (i & 2 ? &no : &yes), sizeof(yes) },
            { CKA_PRIVATE, (void *) (i & 4 ? &no : &yes), sizeof(yes) },
        };
        CK_OBJECT_HANDLE object;

        for (CK_ULONG count = 4; count <= KV_COUNT(template); count++) {
            if (token.functions->C_UnwrapKey(session, &mechanism, key, blob, blob_len, template,
                                             count, &object)
                == CKR_OK) {
                unwrapped++;
                assert_protected(session, object);
            }
        }
    }
    cr_expect_geq(unwrapped, KV_COUNT(types));
}

Test(trusted, wrapping_key_is_good_for_nothing_else)
{
    CK_OBJECT_HANDLE keys[OBJECTS_MAX], copy;

    open_trusted();
    generate_kind(&token, HSM_AES, 1, id);
    cr_assert_eq(export(HSM_BOUND), CKR_OK);
    blob_len = HSM_AES_MAX + 8; /* without the twin */
    CK_SESSION_HANDLE session = test_token_session(&token);
    cr_assert_eq(find_trusted(session, keys), 1);
    assert_good_for_nothing_else(session, keys[0]);
    assert_unwraps_protected_only(session, keys[0]);
    if (token.functions->C_CopyObject(session, keys[0], NULL, 0, &copy) == CKR_OK) {
        assert_good_for_nothing_else(session, copy);
        assert_unwraps_protected_only(session, copy);
    }
}
