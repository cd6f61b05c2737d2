/* SPDX-License-Identifier: Apache-2.0 */
/* The gate is asked before every call, and what it answers is what the caller gets. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

static struct test_token token;
static struct refusal refusal;
static struct key key;

static void setup(void)
{
    create_furnished(&token, &refusal, &key);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(gate, .init = setup, .fini = teardown, .timeout = 60);

static const unsigned char another_id[HSM_ID_LENGTH] = { 7 };

static CK_RV call_generate(void)
{
    struct hsm_rsa_public public;

    return hsm_generate_rsa(token.hsm, another_id, HSM_BOUND, QUICK_BITS, 65537, &public);
}

static CK_RV call_raw(void)
{
    unsigned char bytes[QUICK_BYTES] = { 0 };

    return hsm_rsa_raw(token.hsm, key.id, bytes, sizeof(bytes), bytes);
}

static CK_RV call_random(void)
{
    unsigned char bytes[16];

    return hsm_random(token.hsm, bytes, sizeof(bytes));
}

static CK_RV call_facts(void)
{
    struct hsm_key_facts facts;

    return hsm_key_facts(token.hsm, key.id, &facts);
}

static CK_RV call_destroy(void)
{
    return hsm_destroy(token.hsm, key.id);
}

static CK_RV call_destroy_strays(void)
{
    size_t destroyed;

    return hsm_destroy_strays(token.hsm, &destroyed);
}

static CK_RV call_create_sentinel(void)
{
    return hsm_create_sentinel(token.hsm, another_id);
}

static CK_RV call_adopt_sentinel(void)
{
    const unsigned char id[HSM_ID_LENGTH] = { 9 };

    return hsm_adopt_sentinel(token.hsm, id);
}

static CK_RV call_check(void)
{
    return hsm_check(token.hsm);
}

static CK_RV call_open(void)
{
    hsm_close(kv_take(token.hsm));
    return hsm_open(&token.config, &token.hsm);
}

Test(gate, answers_for_every_function)
{
    static const struct {
        CK_RV (*call)(void);
        const char *function;
    } rows[] = {
        { call_generate, "C_GenerateKeyPair" },
        { call_generate, "C_GetAttributeValue" },
        { call_raw, "C_DecryptInit" },
        { call_raw, "C_Decrypt" },
        { call_random, "C_GenerateRandom" },
        { call_facts, "C_GetAttributeValue" },
        { call_destroy, "C_FindObjectsInit" },
        { call_destroy, "C_FindObjects" },
        { call_destroy, "C_FindObjectsFinal" },
        { call_destroy, "C_DestroyObject" },
        { call_destroy_strays, "C_FindObjectsInit" },
        { call_destroy_strays, "C_GetAttributeValue" },
        { call_destroy_strays, "C_GetTokenInfo" },
        { call_create_sentinel, "C_GenerateKey" },
        { call_adopt_sentinel, "C_FindObjectsInit" },
        { call_check, "C_GetTokenInfo" },
        { call_open, "C_OpenSession" },
        { call_open, "C_FindObjectsInit" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (!token.hsm) {
            test_token_open(&token);
        }
        refusal = (struct refusal){ rows[i].function, CKR_DEVICE_MEMORY, 0 };
        cr_expect_eq(rows[i].call(), CKR_DEVICE_MEMORY, "%s", rows[i].function);
        refusal = (struct refusal){ 0 };
        cr_assert(!token.hsm || hsm_check(token.hsm) == CKR_OK);
    }
}

Test(gate, that_refuses_once_does_no_lasting_harm)
{
    refusal = (struct refusal){ "C_DestroyObject", CKR_DEVICE_ERROR, 0 };
    cr_assert_eq(call_destroy(), CKR_DEVICE_ERROR);
    cr_assert(hsm_has_key(token.hsm, key.id), "nothing was destroyed");
    refusal = (struct refusal){ 0 };
    assert_key_works(&token, &key);
}

Test(gate, counts_calls_and_failures)
{
    struct hsm_counters before, after;

    cr_assert_eq(call_random(), CKR_OK);
    hsm_counters(token.hsm, &before);
    cr_assert_eq(call_random(), CKR_OK);
    refusal = (struct refusal){ "C_GenerateRandom", CKR_DEVICE_ERROR, 0 };
    cr_assert_eq(call_random(), CKR_DEVICE_ERROR);
    hsm_counters(token.hsm, &after);
    cr_assert_eq(after.calls - before.calls, 2);
    cr_assert_eq(after.failures - before.failures, 1);
}
