/* SPDX-License-Identifier: Apache-2.0 */
/* The gate is asked before every call, and what it answers is what the caller gets. */
#include "furnished.h"

#include <string.h>

#include <criterion/criterion.h>

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
        { call_open, "C_Initialize" },
        { call_open, "C_GetSlotList" },
        { call_open, "C_GetTokenInfo" },
        { call_open, "C_OpenSession" },
        { call_open, "C_Login" },
        { call_open, "C_GetInfo" },
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

/* What was asked and told, in this order. */
#define RECORDS_MAX 4096

struct record {
    enum hsm_function function;
    bool has_session, has_key, was_told;
    unsigned char key[HSM_ID_LENGTH];
    CK_RV rv;
};

static struct record records[RECORDS_MAX];
static size_t recorded;

static void add_record(const struct hsm_call *call, bool was_told, CK_RV rv)
{
    struct record *record = &records[recorded];

    cr_assert_lt(recorded++, RECORDS_MAX);
    *record = (struct record){
        .function = call->function,
        .has_session = call->session != CK_INVALID_HANDLE,
        .has_key = call->key != NULL,
        .was_told = was_told,
        .rv = rv,
    };
    if (call->key) {
        memcpy(record->key, call->key, HSM_ID_LENGTH);
    }
}

static CK_RV ask_and_record(void *context, const struct hsm_call *call)
{
    add_record(call, false, CKR_OK);
    return refuse(context, call);
}

static void record_told(void *context, const struct hsm_call *call, CK_RV rv)
{
    (void) context;
    add_record(call, true, rv);
}

/* The token once more, behind a gate that records. */
static void open_recorded(void)
{
    hsm_close(kv_take(token.hsm));
    token.config.gate = ask_and_record;
    token.config.told = record_told;
    test_token_open(&token);
}

/* The first record of that function since `from`; NULL when there is none. */
static const struct record *find_record(enum hsm_function function, bool was_told, size_t from)
{
    for (size_t i = from; i < recorded; i++) {
        if (records[i].function == function && records[i].was_told == was_told) {
            return &records[i];
        }
    }
    return NULL;
}

/* Every call was asked about and then told, on this thread one after another. */
static void assert_pairs(size_t from)
{
    cr_assert_gt(recorded, from);
    cr_assert_eq((recorded - from) % 2, 0);
    for (size_t i = from; i < recorded; i += 2) {
        cr_assert(!records[i].was_told && records[i + 1].was_told);
        cr_assert_eq(records[i].function, records[i + 1].function);
        cr_assert_eq(records[i].has_session, records[i + 1].has_session);
        cr_assert_eq(records[i].has_key, records[i + 1].has_key);
    }
}

static void assert_in_order(const enum hsm_function *functions, size_t count, size_t from)
{
    for (size_t i = 0; i < count; i++) {
        const struct record *record = find_record(functions[i], true, from);

        cr_assert_not_null(record, "%s", hsm_function_name(functions[i]));
        cr_expect_eq(record->rv, CKR_OK, "%s", hsm_function_name(functions[i]));
        from = (size_t) (record - records);
    }
}

Test(gate, is_asked_and_told_when_the_token_is_opened_and_closed)
{
    static const enum hsm_function opening[] = { HSM_C_Initialize,   HSM_C_GetSlotList,
                                                 HSM_C_GetTokenInfo, HSM_C_OpenSession,
                                                 HSM_C_Login,        HSM_C_GetInfo };
    static const enum hsm_function closing[] = { HSM_C_Logout, HSM_C_CloseSession, HSM_C_Finalize };

    open_recorded();
    assert_pairs(0);
    assert_in_order(opening, KV_COUNT(opening), 0);

    size_t before = recorded;
    hsm_close(kv_take(token.hsm));
    assert_pairs(before);
    assert_in_order(closing, KV_COUNT(closing), before);
}

/* A module that still is initialised says so. */
static bool is_finalised(void)
{
    CK_C_INITIALIZE_ARGS arguments = {
        .flags = CKF_OS_LOCKING_OK,
        .pReserved = (void *) token.config.init_args,
    };

    return token.functions->C_Initialize(&arguments) == CKR_OK
           && token.functions->C_Finalize(NULL) == CKR_OK;
}

Test(gate, cannot_keep_a_call_that_closes_from_being_made)
{
    static const char *const closing[] = { "C_CloseSession", "C_Logout", "C_Finalize" };

    for (size_t i = 0; i < KV_COUNT(closing); i++) {
        refusal = (struct refusal){ closing[i], CKR_DEVICE_ERROR, 0 };
        cr_assert_eq(call_random(), CKR_OK);
        hsm_close(kv_take(token.hsm));
        cr_expect(is_finalised(), "%s", closing[i]);
        refusal = (struct refusal){ 0 };
        test_token_open(&token);
    }
}

static void expect_key(const struct record *record, const unsigned char *id, const char *when)
{
    cr_assert_not_null(record, "%s", when);
    cr_expect(record->has_session, "%s", when);
    cr_assert(record->has_key, "%s", when);
    cr_expect_arr_eq(record->key, id, HSM_ID_LENGTH, "%s", when);
}

Test(gate, knows_the_session_and_the_key_of_a_call)
{
    open_recorded();
    size_t before = recorded;
    cr_assert_eq(call_raw(), CKR_OK);
    expect_key(find_record(HSM_C_DecryptInit, false, before), key.id, "a key is used");
    expect_key(find_record(HSM_C_Decrypt, true, before), key.id, "a key is used");

    cr_assert_eq(call_generate(), CKR_OK);
    expect_key(find_record(HSM_C_GenerateKeyPair, false, before), another_id, "a key is made");

    before = recorded;
    cr_assert_eq(call_random(), CKR_OK);
    const struct record *random = find_record(HSM_C_GenerateRandom, false, before);
    cr_assert(random && random->has_session && !random->has_key, "the key before is forgotten");

    cr_assert_eq(call_destroy(), CKR_OK);
    expect_key(find_record(HSM_C_DestroyObject, true, before), key.id, "a key is destroyed");
    assert_pairs(0);
}

Test(gate, is_told_of_what_it_answered_itself)
{
    open_recorded();
    refusal = (struct refusal){ "C_GenerateRandom", CKR_DEVICE_ERROR, 0 };
    size_t before = recorded;
    cr_assert_eq(call_random(), CKR_DEVICE_ERROR);
    const struct record *told = find_record(HSM_C_GenerateRandom, true, before);
    cr_assert(told && told->rv == CKR_DEVICE_ERROR);
}

Test(gate, knows_functions_by_their_names)
{
    cr_expect_str_eq(hsm_function_name(HSM_C_Initialize), "C_Initialize");
    for (enum hsm_function i = 0; i < HSM_FUNCTIONS; i++) {
        cr_expect_eq(strncmp(hsm_function_name(i), "C_", 2), 0);
    }
}
