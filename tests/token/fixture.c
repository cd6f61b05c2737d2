/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>
#include <openssl/bn.h>

#include "outside.h"

#define OTHER_PIN "99119911"

static BIGNUM *number(const unsigned char *bytes, size_t len)
{
    BIGNUM *result = BN_bin2bn(bytes, (int) len, NULL);

    cr_assert_not_null(result);
    return result;
}

static void public_operation(const struct hsm_rsa_public *public, const unsigned char *in,
                             unsigned char *out)
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *modulus = number(public->modulus, public->modulus_len);
    BIGNUM *exponent = number(public->exponent, public->exponent_len);
    BIGNUM *value = number(in, public->modulus_len);

    cr_assert_eq(BN_mod_exp(value, value, exponent, modulus, context), 1);
    cr_assert_eq(BN_bn2binpad(value, out, (int) public->modulus_len), (int) public->modulus_len);
    BN_free(value);
    BN_free(exponent);
    BN_free(modulus);
    BN_CTX_free(context);
}

/* In another process, where a failure is a verdict and not an assertion. */
static CK_RV log_in(const struct test_token *token, CK_SLOT_ID slot, CK_USER_TYPE user,
                    const char *pin, CK_SESSION_HANDLE *ret_session)
{
    CK_FUNCTION_LIST *functions = token->functions;
    CK_RV rv = functions->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                                        ret_session);

    return rv == CKR_OK ? functions->C_Login(*ret_session, user, (CK_UTF8CHAR *) pin, strlen(pin))
                        : rv;
}

static CK_RV set_pin(const struct test_token *token, CK_SLOT_ID slot, const char *from,
                     const char *to)
{
    CK_SESSION_HANDLE session;
    CK_RV rv = log_in(token, slot, CKU_USER, from, &session);

    return rv == CKR_OK ? token->functions->C_SetPIN(session, (CK_UTF8CHAR *) from, strlen(from),
                                                     (CK_UTF8CHAR *) to, strlen(to))
                        : rv;
}

CK_RV refuse(void *context, const struct hsm_call *call)
{
    struct refusal *refusal = context;

    if (!refusal->function || strcmp(refusal->function, hsm_function_name(call->function)) != 0) {
        return CKR_OK;
    }
    if (refusal->passes > 0) {
        refusal->passes--;
        return CKR_OK;
    }
    return refusal->rv;
}

void generate_key(const struct test_token *token, unsigned char tag, CK_ULONG bits,
                  unsigned long exponent, struct key *ret_key)
{
    memset(ret_key->id, tag, sizeof(ret_key->id));
    cr_assert_eq(
        hsm_generate_rsa(token->hsm, ret_key->id, HSM_BOUND, bits, exponent, &ret_key->public),
        CKR_OK);
}

void generate_quick_key(const struct test_token *token, unsigned char tag, struct key *ret_key)
{
    generate_key(token, tag, QUICK_BITS, 65537, ret_key);
}

void need_softhsm(const char *reason)
{
    if (!test_token_is_softhsm()) {
        cr_skip_test("%s", reason);
    }
}

void set_id(unsigned char tag, unsigned char ret_id[HSM_ID_LENGTH])
{
    memset(ret_id, tag, HSM_ID_LENGTH);
}

void open_token(struct test_token *token, bool extractable)
{
    token->config.extractable = extractable;
    test_token_open(token);
    make_sentinel(token, 99);
}

void generate_bound(const struct test_token *token, enum hsm_kind kind, enum hsm_bond bond,
                    const unsigned char id[HSM_ID_LENGTH])
{
    struct hsm_rsa_public rsa;
    struct hsm_ec_public ec;
    CK_RV rv = CKR_ARGUMENTS_BAD;

    switch (kind) {
    case HSM_RSA:
        rv = hsm_generate_rsa(token->hsm, id, bond, QUICK_BITS, 65537, &rsa);
        break;
    case HSM_EC:
        rv = hsm_generate_ec(token->hsm, id, bond, HSM_P256, &ec);
        break;
    case HSM_AES:
        rv = hsm_generate_aes(token->hsm, id, bond, 256);
        break;
    }
    cr_assert_eq(rv, CKR_OK, "kind %d: %s", (int) kind, hsm_rv_name(rv));
}

void generate_kind(const struct test_token *token, enum hsm_kind kind, unsigned char tag,
                   unsigned char ret_id[HSM_ID_LENGTH])
{
    set_id(tag, ret_id);
    generate_bound(token, kind, HSM_BOUND, ret_id);
}

void assert_kind_works(const struct test_token *token, enum hsm_kind kind,
                       const unsigned char id[HSM_ID_LENGTH])
{
    static const CK_MECHANISM_TYPE types[] = {
        [HSM_RSA] = CKM_RSA_PKCS,
        [HSM_EC] = CKM_ECDSA,
        [HSM_AES] = CKM_AES_CBC,
    };
    unsigned char iv[16] = { 1 }, in[32] = { 2 }, out[HSM_MODULUS_MAX];
    CK_MECHANISM mechanism = { types[kind], NULL, 0 };
    size_t len;

    if (kind == HSM_AES) {
        mechanism = (CK_MECHANISM){ types[kind], iv, sizeof(iv) };
        cr_assert_eq(
            hsm_encrypt(token->hsm, id, &mechanism, in, sizeof(in), out, sizeof(out), &len),
            CKR_OK);
    } else {
        cr_assert_eq(hsm_sign(token->hsm, id, &mechanism, in, sizeof(in), out, sizeof(out), &len),
                     CKR_OK);
    }
}

void lose_handles(const struct test_token *token)
{
    CK_SESSION_HANDLE session = test_token_session(token);

    cr_assert_eq(token->functions->C_Logout(session), CKR_OK);
    cr_assert_eq(token->functions->C_Login(session, CKU_USER, (CK_UTF8CHAR *) TEST_TOKEN_PIN,
                                           strlen(TEST_TOKEN_PIN)),
                 CKR_OK);
}

size_t count_objects(const struct test_token *token)
{
    CK_SESSION_HANDLE session = test_token_session(token);
    CK_OBJECT_HANDLE objects[64];
    CK_ULONG found;

    cr_assert_eq(token->functions->C_FindObjectsInit(session, NULL, 0), CKR_OK);
    cr_assert_eq(token->functions->C_FindObjects(session, objects, KV_COUNT(objects), &found),
                 CKR_OK);
    cr_assert_eq(token->functions->C_FindObjectsFinal(session), CKR_OK);
    cr_assert_eq(token->functions->C_CloseSession(session), CKR_OK);
    return found;
}

CK_OBJECT_HANDLE find_object(const struct test_token *token, CK_SESSION_HANDLE session,
                             CK_OBJECT_CLASS class, CK_KEY_TYPE type,
                             const unsigned char id[HSM_ID_LENGTH])
{
    CK_OBJECT_HANDLE objects[2];
    CK_ULONG found;
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class, sizeof(class) },
        { CKA_KEY_TYPE, &type, sizeof(type) },
        { CKA_ID, (void *) id, HSM_ID_LENGTH },
    };

    cr_assert_eq(token->functions->C_FindObjectsInit(session, template, KV_COUNT(template)),
                 CKR_OK);
    cr_assert_eq(token->functions->C_FindObjects(session, objects, KV_COUNT(objects), &found),
                 CKR_OK);
    cr_assert_eq(token->functions->C_FindObjectsFinal(session), CKR_OK);
    cr_assert_leq(found, 1);
    return found == 1 ? objects[0] : CK_INVALID_HANDLE;
}

size_t extract_aes(const struct test_token *token, const unsigned char id[HSM_ID_LENGTH],
                   unsigned char ret_value[HSM_AES_MAX])
{
    static const unsigned char kek[HSM_AES_MAX] = { 7 };
    CK_SESSION_HANDLE session = test_token_session(token);
    CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP, NULL, 0 };
    CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
    CK_KEY_TYPE aes = CKK_AES;
    CK_BBOOL yes = CK_TRUE;
    CK_OBJECT_HANDLE wrapping;
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &secret, sizeof(secret) },
        { CKA_KEY_TYPE, &aes, sizeof(aes) },
        { CKA_WRAP, &yes, sizeof(yes) },
        { CKA_VALUE, (void *) kek, sizeof(kek) },
    };
    unsigned char wrapped[128], value[128];
    CK_ULONG len = sizeof(wrapped);

    cr_assert_eq(token->functions->C_CreateObject(session, template, KV_COUNT(template), &wrapping),
                 CKR_OK);
    cr_assert_eq(token->functions->C_WrapKey(session, &mechanism, wrapping,
                                             find_object(token, session, secret, aes, id), wrapped,
                                             &len),
                 CKR_OK);
    cr_assert_eq(token->functions->C_CloseSession(session), CKR_OK);
    size_t value_len =
        outside_cipher(EVP_aes_256_wrap(), false, false, kek, NULL, wrapped, len, value);
    cr_assert(value_len > 0 && value_len <= HSM_AES_MAX);
    memcpy(ret_value, value, value_len);
    return value_len;
}

void encrypt_sample(const struct hsm_rsa_public *public, unsigned char ret_plain[HSM_MODULUS_MAX],
                    unsigned char ret_cipher[HSM_MODULUS_MAX])
{
    for (size_t i = 0; i < public->modulus_len; i++) {
        ret_plain[i] = (unsigned char) (i * 37); /* starts with a zero: below any modulus */
    }
    public_operation(public, ret_plain, ret_cipher);
}

void assert_key_works(const struct test_token *token, const struct key *key)
{
    unsigned char plain[HSM_MODULUS_MAX], cipher[HSM_MODULUS_MAX], out[HSM_MODULUS_MAX];
    size_t len = key->public.modulus_len;

    encrypt_sample(&key->public, plain, cipher);
    cr_assert_eq(hsm_rsa_raw(token->hsm, key->id, cipher, len, out), CKR_OK);
    cr_assert_arr_eq(out, plain, len);
}

void assert_ec_key_works(const struct test_token *token, const unsigned char id[HSM_ID_LENGTH],
                         EVP_PKEY *key)
{
    CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
    unsigned char digest[32] = { 4 }, signature[2 * HSM_COORDINATE_MAX];
    size_t len = 0;

    cr_assert_eq(hsm_sign(token->hsm, id, &mechanism, digest, sizeof(digest), signature,
                          sizeof(signature), &len),
                 CKR_OK);
    cr_assert(outside_verify_ec(key, digest, sizeof(digest), signature, len));
}

void make_sentinel(const struct test_token *token, unsigned char tag)
{
    unsigned char id[HSM_ID_LENGTH];

    memset(id, tag, sizeof(id));
    cr_assert_eq(hsm_create_sentinel(token->hsm, id), CKR_OK);
    cr_assert_eq(hsm_adopt_sentinel(token->hsm, id), CKR_OK);
}

void create_furnished(struct test_token *token, struct refusal *refusal, struct key *ret_key)
{
    *refusal = (struct refusal){ 0 };
    test_token_create(token, refuse, refusal);
    generate_quick_key(token, 1, ret_key);
    make_sentinel(token, 9);
}

CK_RV initialise_anew(const struct test_token *token, CK_SLOT_ID slot)
{
    CK_UTF8CHAR label[32];
    CK_SESSION_HANDLE session;

    memset(label, ' ', sizeof(label));
    memcpy(label, TEST_TOKEN_LABEL, strlen(TEST_TOKEN_LABEL));
    CK_RV rv = token->functions->C_InitToken(slot, (CK_UTF8CHAR *) TEST_TOKEN_SO_PIN,
                                             strlen(TEST_TOKEN_SO_PIN), label);
    if (rv == CKR_OK) {
        rv = log_in(token, slot, CKU_SO, TEST_TOKEN_SO_PIN, &session);
    }
    return rv == CKR_OK ? token->functions->C_InitPIN(session, (CK_UTF8CHAR *) TEST_TOKEN_PIN,
                                                      strlen(TEST_TOKEN_PIN))
                        : rv;
}

CK_RV change_pin(const struct test_token *token, CK_SLOT_ID slot)
{
    return set_pin(token, slot, TEST_TOKEN_PIN, OTHER_PIN);
}

CK_RV restore_pin(const struct test_token *token, CK_SLOT_ID slot)
{
    return set_pin(token, slot, OTHER_PIN, TEST_TOKEN_PIN);
}

CK_RV destroy_private_keys(const struct test_token *token, CK_SLOT_ID slot)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) } };
    CK_OBJECT_HANDLE keys[16];
    CK_SESSION_HANDLE session;
    CK_ULONG count = 0;
    CK_RV rv = log_in(token, slot, CKU_USER, TEST_TOKEN_PIN, &session);

    if (rv == CKR_OK) {
        rv = token->functions->C_FindObjectsInit(session, template, KV_COUNT(template));
    }
    if (rv == CKR_OK) {
        rv = token->functions->C_FindObjects(session, keys, KV_COUNT(keys), &count);
    }
    for (CK_ULONG i = 0; i < count && rv == CKR_OK; i++) {
        rv = token->functions->C_DestroyObject(session, keys[i]);
    }
    return rv;
}
