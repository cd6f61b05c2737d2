/* SPDX-License-Identifier: Apache-2.0 */
/* That nothing secret of a generated key can be read, whoever is logged in tries what he may. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

static struct test_token token;
static unsigned char id[HSM_ID_LENGTH];

static void setup(void)
{
    test_token_prepare(&token, NULL, NULL);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(secrecy, .init = setup, .fini = teardown, .timeout = 120);

/* Every attribute a module could give a secret away by. */
static const struct {
    CK_ATTRIBUTE_TYPE type;
    const char *name;
} secrets[] = {
    { CKA_VALUE, "CKA_VALUE" },
    { CKA_PRIVATE_EXPONENT, "CKA_PRIVATE_EXPONENT" },
    { CKA_PRIME_1, "CKA_PRIME_1" },
    { CKA_PRIME_2, "CKA_PRIME_2" },
    { CKA_EXPONENT_1, "CKA_EXPONENT_1" },
    { CKA_EXPONENT_2, "CKA_EXPONENT_2" },
    { CKA_COEFFICIENT, "CKA_COEFFICIENT" },
};

static const struct {
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
} objects[] = {
    { CKO_PRIVATE_KEY, CKK_RSA },
    { CKO_PRIVATE_KEY, CKK_EC },
    { CKO_SECRET_KEY, CKK_AES },
    { CKO_SECRET_KEY, CKK_GENERIC_SECRET }, /* the twin */
};

/* One by one: some modules give what they may, and an error for the rest. */
static void assert_unreadable(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, const char *how)
{
    for (size_t i = 0; i < KV_COUNT(secrets); i++) {
        unsigned char value[HSM_MODULUS_MAX + 8];
        const unsigned char untouched[16] = { 0 };
        CK_ATTRIBUTE attribute = { secrets[i].type, value, sizeof(value) };

        memset(value, 0, sizeof(value));
        CK_RV rv = token.functions->C_GetAttributeValue(session, object, &attribute, 1);
        cr_expect(rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID,
                  "%s of the %s: %s", secrets[i].name, how, hsm_rv_name(rv));
        cr_expect_eq(attribute.ulValueLen, CK_UNAVAILABLE_INFORMATION);
        /* Where it would begin. NSS leaves something further on: the end of the ciphertext. */
        cr_expect_arr_eq(value, untouched, sizeof(untouched), "%s", secrets[i].name);
    }
}

/* Tries to change a flag in place, and in a copy. */
static void assert_stays(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                         CK_BBOOL value)
{
    CK_ATTRIBUTE change = { type, &value, sizeof(value) };
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE copied[] = { { CKA_TOKEN, &no, sizeof(no) }, change };
    CK_OBJECT_HANDLE copy;

    KV_IGNORE(token.functions->C_SetAttributeValue(session, object, &change, 1)); /* or not */
    assert_unreadable(session, object, "changed key");
    if (token.functions->C_CopyObject(session, object, copied, KV_COUNT(copied), &copy) == CKR_OK) {
        assert_unreadable(session, copy, "copy");
    }
}

static void assert_keeps_its_secrets(enum hsm_kind kind, bool extractable)
{
    open_token(&token, extractable);
    generate_kind(&token, kind, 1, id);
    CK_SESSION_HANDLE session = test_token_session(&token);
    size_t seen = 0;
    for (size_t i = 0; i < KV_COUNT(objects); i++) {
        CK_OBJECT_HANDLE object =
            find_object(&token, session, objects[i].class, objects[i].type, id);

        if (object == CK_INVALID_HANDLE) {
            continue;
        }
        seen++;
        assert_unreadable(session, object, "key");
        assert_stays(session, object, CKA_SENSITIVE, CK_FALSE);
        assert_stays(session, object, CKA_PRIVATE, CK_FALSE);
        assert_stays(session, object, CKA_EXTRACTABLE, CK_TRUE);
    }
    cr_assert_geq(seen, 1);
}

/* A key that was never extractable must not become it where it lies. */
static void assert_never_leaves(enum hsm_kind kind)
{
    struct hsm_key_facts facts;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE change = { CKA_EXTRACTABLE, &yes, sizeof(yes) };

    open_token(&token, false);
    generate_kind(&token, kind, 1, id);
    CK_SESSION_HANDLE session = test_token_session(&token);
    for (size_t i = 0; i < KV_COUNT(objects); i++) {
        CK_OBJECT_HANDLE object =
            find_object(&token, session, objects[i].class, objects[i].type, id);

        if (object != CK_INVALID_HANDLE) {
            cr_expect_neq(token.functions->C_SetAttributeValue(session, object, &change, 1),
                          CKR_OK);
        }
    }
    cr_assert_eq(hsm_key_facts(token.hsm, id, &facts), CKR_OK);
    cr_assert(!facts.extractable && facts.never_extractable);
}

static void assert_origin(enum hsm_kind kind, bool extractable)
{
    struct hsm_key_facts facts;

    open_token(&token, extractable);
    generate_kind(&token, kind, 1, id);
    cr_assert_eq(hsm_key_facts(token.hsm, id, &facts), CKR_OK);
    cr_assert(facts.on_token && facts.is_private);
    cr_assert(facts.sensitive && facts.always_sensitive);
    cr_assert_eq(facts.extractable, extractable);
    cr_assert_eq(facts.never_extractable, !extractable);
    /* A derived key is not, and an AES key with a twin is one. NSS forgets it of what it stores. */
    cr_assert_eq(facts.local, kind != HSM_AES && test_token_is_softhsm());
}

Test(secrecy, of_an_rsa_key_that_leaves_wrapped)
{
    assert_keeps_its_secrets(HSM_RSA, true);
}

Test(secrecy, of_an_rsa_key_that_never_leaves)
{
    assert_keeps_its_secrets(HSM_RSA, false);
}

Test(secrecy, of_an_ec_key_that_leaves_wrapped)
{
    assert_keeps_its_secrets(HSM_EC, true);
}

Test(secrecy, of_an_ec_key_that_never_leaves)
{
    assert_keeps_its_secrets(HSM_EC, false);
}

Test(secrecy, of_an_aes_key_that_leaves_wrapped)
{
    assert_keeps_its_secrets(HSM_AES, true);
}

Test(secrecy, of_an_aes_key_that_never_leaves)
{
    assert_keeps_its_secrets(HSM_AES, false);
}

Test(secrecy, lets_no_rsa_key_become_extractable)
{
    assert_never_leaves(HSM_RSA);
}

Test(secrecy, lets_no_ec_key_become_extractable)
{
    assert_never_leaves(HSM_EC);
}

Test(secrecy, lets_no_aes_key_become_extractable)
{
    assert_never_leaves(HSM_AES);
}

Test(secrecy, is_proven_of_an_rsa_key)
{
    assert_origin(HSM_RSA, true);
}

Test(secrecy, is_proven_of_an_rsa_key_that_never_leaves)
{
    assert_origin(HSM_RSA, false);
}

Test(secrecy, is_proven_of_an_ec_key)
{
    assert_origin(HSM_EC, true);
}

Test(secrecy, is_proven_of_an_ec_key_that_never_leaves)
{
    assert_origin(HSM_EC, false);
}

Test(secrecy, is_proven_of_an_aes_key)
{
    assert_origin(HSM_AES, true);
}

Test(secrecy, is_proven_of_an_aes_key_that_never_leaves)
{
    assert_origin(HSM_AES, false);
}
