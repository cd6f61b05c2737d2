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

/* Every key that can be generated: a test each, and one for each that never leaves. */
/* clang-format off */
#define KEYS(X)                                                                                    \
    X(rsa_2048, HSM_RSA, 2048, HSM_P256)                                                           \
    X(rsa_3072, HSM_RSA, 3072, HSM_P256)                                                           \
    X(rsa_4096, HSM_RSA, 4096, HSM_P256)                                                           \
    X(ec_p256,  HSM_EC,  256,  HSM_P256)                                                           \
    X(ec_p256k, HSM_EC,  256,  HSM_P256K)                                                          \
    X(ec_p384,  HSM_EC,  384,  HSM_P384)                                                           \
    X(ec_p521,  HSM_EC,  521,  HSM_P521)                                                           \
    X(aes_128,  HSM_AES, 128,  HSM_P256)                                                           \
    X(aes_192,  HSM_AES, 192,  HSM_P256)                                                           \
    X(aes_256,  HSM_AES, 256,  HSM_P256)
/* clang-format on */

struct kind {
    enum hsm_kind kind;
    CK_ULONG bits;
    enum hsm_curve curve; /* of an HSM_EC */
};

static void generate(const struct kind *kind, bool extractable)
{
    struct hsm_rsa_public rsa;
    struct hsm_ec_public ec;
    CK_RV rv = CKR_ARGUMENTS_BAD;

    open_token(&token, extractable);
    if (kind->kind == HSM_EC && !(hsm_capabilities(token.hsm)->ec_curves & HSM_BIT(kind->curve))) {
        cr_skip_test("the module does not have this curve");
    }
    set_id(1, id);
    switch (kind->kind) {
    case HSM_RSA:
        rv = hsm_generate_rsa(token.hsm, id, HSM_BOUND, kind->bits, 65537, &rsa);
        break;
    case HSM_EC:
        rv = hsm_generate_ec(token.hsm, id, HSM_BOUND, kind->curve, &ec);
        break;
    case HSM_AES:
        rv = hsm_generate_aes(token.hsm, id, HSM_BOUND, kind->bits);
        break;
    }
    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
}

/* An AES key of ours, under which everybody who is logged in may wrap what is extractable. */
static CK_OBJECT_HANDLE create_foreign_key(CK_SESSION_HANDLE session)
{
    static const unsigned char value[HSM_AES_MAX] = { 9 };
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_BBOOL yes = CK_TRUE;
    CK_OBJECT_HANDLE key;
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class, sizeof(class) },
        { CKA_KEY_TYPE, &type, sizeof(type) },
        { CKA_WRAP, &yes, sizeof(yes) },
        { CKA_VALUE, (void *) value, sizeof(value) },
    };

    cr_assert_eq(token.functions->C_CreateObject(session, template, KV_COUNT(template), &key),
                 CKR_OK);
    return key;
}

/* NSS wraps what is not extractable for whoever asks: docs/architecture.md. */
static void assert_no_wrapping(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    static const CK_MECHANISM_TYPE types[] = { CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD };
    unsigned char wrapped[HSM_WRAPPED_MAX];

    for (size_t i = 0; i < KV_COUNT(types) && test_token_is_softhsm(); i++) {
        CK_MECHANISM mechanism = { types[i], NULL, 0 };
        CK_ULONG len = sizeof(wrapped);
        CK_RV rv = token.functions->C_WrapKey(session, &mechanism, create_foreign_key(session),
                                              object, wrapped, &len);

        cr_expect_eq(rv, CKR_KEY_UNEXTRACTABLE, "%s", hsm_rv_name(rv));
    }
}

static void assert_never_becomes_extractable(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE change = { CKA_EXTRACTABLE, &yes, sizeof(yes) };
    CK_ATTRIBUTE copied[] = { { CKA_TOKEN, &no, sizeof(no) }, change };
    CK_OBJECT_HANDLE copy;

    assert_no_wrapping(session, object);
    cr_expect_neq(token.functions->C_SetAttributeValue(session, object, &change, 1), CKR_OK);
    assert_no_wrapping(session, object);
    if (token.functions->C_CopyObject(session, object, copied, KV_COUNT(copied), &copy) == CKR_OK) {
        assert_no_wrapping(session, copy);
    }
}

static void assert_facts(const struct kind *kind, bool extractable)
{
    struct hsm_key_facts facts;

    cr_assert_eq(hsm_key_facts(token.hsm, id, &facts), CKR_OK);
    cr_assert(facts.on_token && facts.is_private);
    cr_assert(facts.sensitive && facts.always_sensitive);
    cr_assert_eq(facts.extractable, extractable);
    cr_assert_eq(facts.never_extractable, !extractable);
    /* A derived key is not, and an AES key with a twin is one. NSS forgets it of what it stores. */
    cr_assert_eq(facts.local, kind->kind != HSM_AES && test_token_is_softhsm());
}

static void assert_keeps_its_secrets(const struct kind *kind, bool extractable)
{
    size_t seen = 0;

    generate(kind, extractable);
    assert_facts(kind, extractable);

    CK_SESSION_HANDLE session = test_token_session(&token);

    for (size_t i = 0; i < KV_COUNT(objects); i++) {
        CK_OBJECT_HANDLE object =
            find_object(&token, session, objects[i].class, objects[i].type, id);

        if (object == CK_INVALID_HANDLE) {
            continue;
        }
        seen++;
        assert_unreadable(session, object, "key");
        if (!extractable) {
            assert_never_becomes_extractable(session, object);
        }
        assert_stays(session, object, CKA_SENSITIVE, CK_FALSE);
        assert_stays(session, object, CKA_PRIVATE, CK_FALSE);
        assert_stays(session, object, CKA_EXTRACTABLE, CK_TRUE);
    }
    cr_assert_eq(seen, kind->kind == HSM_AES && !hsm_capabilities(token.hsm)->hmac_native ? 2 : 1);
    assert_facts(kind, extractable);
}

#define KEEPS(name, ...)                                                                           \
    Test(secrecy, of_##name##_that_leaves_wrapped)                                                 \
    {                                                                                              \
        assert_keeps_its_secrets(&(const struct kind){ __VA_ARGS__ }, true);                       \
    }                                                                                              \
    Test(secrecy, of_##name##_that_never_leaves)                                                   \
    {                                                                                              \
        assert_keeps_its_secrets(&(const struct kind){ __VA_ARGS__ }, false);                      \
    }
KEYS(KEEPS)
