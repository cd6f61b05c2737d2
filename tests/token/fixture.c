/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>
#include <openssl/bn.h>

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

CK_RV refuse(void *context, const char *function)
{
    const struct refusal *refusal = context;

    return refusal->function && strcmp(refusal->function, function) == 0 ? refusal->rv : CKR_OK;
}

void generate_key(const struct test_token *token, unsigned char tag, CK_ULONG bits,
                  unsigned long exponent, struct key *ret_key)
{
    memset(ret_key->id, tag, sizeof(ret_key->id));
    cr_assert_eq(hsm_generate_rsa(token->hsm, ret_key->id, bits, exponent, &ret_key->public),
                 CKR_OK);
}

void generate_quick_key(const struct test_token *token, unsigned char tag, struct key *ret_key)
{
    generate_key(token, tag, QUICK_BITS, 65537, ret_key);
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

void make_sentinel(const struct test_token *token, unsigned char tag)
{
    unsigned char id[HSM_ID_LENGTH];

    memset(id, tag, sizeof(id));
    cr_assert_eq(hsm_create_sentinel(token->hsm, id), CKR_OK);
    cr_assert_eq(hsm_adopt_sentinel(token->hsm, id), CKR_OK);
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
