/* SPDX-License-Identifier: Apache-2.0 */
/* The raw private operation and the sessions it runs in. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define CALLERS 8
#define LENT 2
#define AWAIT_TRIES 10000 /* to see as many callers at once as there may be */

static struct test_token token;
static struct refusal refusal;

static void setup(void)
{
    refusal = (struct refusal){ 0 };
    test_token_create(&token, refuse, &refusal);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(raw, .init = setup, .fini = teardown, .timeout = 60);

static struct hsm_counters counters(void)
{
    struct hsm_counters result;

    hsm_counters(token.hsm, &result);
    return result;
}

Test(raw, refuses_a_key_it_does_not_know)
{
    const unsigned char id[HSM_ID_LENGTH] = { 1 };
    unsigned char bytes[QUICK_BYTES] = { 0 };

    cr_assert_eq(hsm_rsa_raw(token.hsm, id, bytes, sizeof(bytes), bytes), HSM_RV_NO_KEY);
}

Test(raw, refuses_input_of_a_length_no_key_has)
{
    unsigned char bytes[HSM_MODULUS_MAX + 1] = { 0 };
    struct key key;

    generate_quick_key(&token, 1, &key);
    cr_assert_eq(hsm_rsa_raw(token.hsm, key.id, bytes, 0, bytes), CKR_ENCRYPTED_DATA_LEN_RANGE);
    cr_assert_eq(hsm_rsa_raw(token.hsm, key.id, bytes, sizeof(bytes), bytes),
                 CKR_ENCRYPTED_DATA_LEN_RANGE);
}

Test(raw, refuses_input_of_another_length)
{
    static const size_t rows[] = { 1, QUICK_BYTES - 1, QUICK_BYTES + 1, HSM_MODULUS_MAX };
    unsigned char in[HSM_MODULUS_MAX] = { 0 }, out[HSM_MODULUS_MAX] = { 0 };
    const unsigned char untouched[sizeof(out)] = { 0 };
    struct key key;

    in[0] = 1;
    generate_quick_key(&token, 1, &key);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_neq(hsm_rsa_raw(token.hsm, key.id, in, rows[i], out), CKR_OK, "%zu bytes",
                      rows[i]);
    }
    cr_assert_arr_eq(out, untouched, sizeof(out), "an output is written on success only");
}

Test(raw, refuses_input_that_is_not_below_the_modulus)
{
    unsigned char out[QUICK_BYTES];
    struct key key;

    generate_quick_key(&token, 1, &key);
    cr_assert_neq(hsm_rsa_raw(token.hsm, key.id, key.public.modulus, QUICK_BYTES, out), CKR_OK);
    assert_key_works(&token, &key);
}

Test(raw, keeps_leading_zeros_of_the_result)
{
    unsigned char one[QUICK_BYTES] = { [QUICK_BYTES - 1] = 1 };
    unsigned char out[QUICK_BYTES];
    struct key key;

    generate_quick_key(&token, 1, &key);
    memset(out, 0xff, sizeof(out));
    cr_assert_eq(hsm_rsa_raw(token.hsm, key.id, one, sizeof(one), out), CKR_OK);
    cr_assert_arr_eq(out, one, sizeof(one));
}

Test(raw, tells_keys_apart)
{
    struct key keys[3];

    for (unsigned char i = 0; i < KV_COUNT(keys); i++) {
        generate_quick_key(&token, i, &keys[i]);
    }
    for (size_t i = 0; i < KV_COUNT(keys); i++) {
        assert_key_works(&token, &keys[i]);
    }
}

static void destroy_behind_our_back(const struct key *key)
{
    CK_SESSION_HANDLE session = test_token_session(&token);
    CK_OBJECT_HANDLE object = test_token_find(&token, session, CKO_PRIVATE_KEY, key->id);

    cr_assert_eq(token.functions->C_DestroyObject(session, object), CKR_OK);
}

Test(raw, forgets_a_key_destroyed_behind_our_back)
{
    unsigned char bytes[QUICK_BYTES] = { 0 };
    struct key key;

    generate_quick_key(&token, 1, &key);
    destroy_behind_our_back(&key);
    cr_assert(hsm_has_key(token.hsm, key.id), "nobody has told us yet");
    cr_assert_eq(hsm_rsa_raw(token.hsm, key.id, bytes, sizeof(bytes), bytes), HSM_RV_NO_KEY);
    cr_assert_not(hsm_has_key(token.hsm, key.id));
    cr_assert_eq(counters().keys, 0);
}

Test(raw, searches_once_for_a_key_that_is_lost)
{
    unsigned char bytes[QUICK_BYTES] = { 0 };
    struct key key;

    generate_quick_key(&token, 1, &key);
    destroy_behind_our_back(&key);
    cr_assert_eq(hsm_rsa_raw(token.hsm, key.id, bytes, sizeof(bytes), bytes), HSM_RV_NO_KEY);
    unsigned long calls = counters().calls;
    cr_assert_eq(hsm_rsa_raw(token.hsm, key.id, bytes, sizeof(bytes), bytes), HSM_RV_NO_KEY);
    cr_assert_leq(counters().calls, calls + 1, "a search is linear in the number of objects");
}

Test(raw, finds_a_key_again_whose_handle_was_lost)
{
    struct key key;

    generate_quick_key(&token, 1, &key);
    make_sentinel(&token, 9);
    lose_handles(&token);
    assert_key_works(&token, &key);
    cr_assert_eq(counters().reopened, 0);
    unsigned long calls = counters().calls;
    assert_key_works(&token, &key);
    cr_assert_leq(counters().calls, calls + 3, "what was found must be kept");
    cr_assert_eq(counters().keys, 1);
}

TestSuite(session, .init = setup, .fini = teardown, .timeout = 60);

Test(session, is_closed_after_an_error)
{
    unsigned char bytes[16];

    cr_assert_eq(hsm_random(token.hsm, bytes, sizeof(bytes)), CKR_OK);
    cr_assert_eq(counters().sessions_open, 1);
    refusal = (struct refusal){ "C_GenerateRandom", CKR_DEVICE_ERROR, 0 };
    cr_assert_eq(hsm_random(token.hsm, bytes, sizeof(bytes)), CKR_DEVICE_ERROR);
    cr_assert_eq(counters().sessions_open, 0, "a spent session must not go back to the pool");
}

Test(session, has_no_operation_left_of_the_call_before)
{
    unsigned char bytes[QUICK_BYTES];
    struct key key;

    generate_quick_key(&token, 1, &key);
    refusal = (struct refusal){ "C_Decrypt", CKR_DEVICE_ERROR, 0 };
    cr_assert_eq(hsm_rsa_raw(token.hsm, key.id, key.public.modulus, QUICK_BYTES, bytes),
                 CKR_DEVICE_ERROR);
    refusal = (struct refusal){ 0 };
    assert_key_works(&token, &key);
}

Test(session, goes_back_when_none_can_be_opened)
{
    unsigned char bytes[16];

    refusal = (struct refusal){ "C_OpenSession", CKR_SESSION_COUNT, 0 };
    for (unsigned i = 0; i < 2 * token.config.sessions; i++) {
        cr_assert_eq(hsm_random(token.hsm, bytes, sizeof(bytes)), CKR_SESSION_COUNT);
    }
    cr_assert_eq(counters().sessions_lent, 0);
    refusal = (struct refusal){ 0 };
    cr_assert_eq(hsm_random(token.hsm, bytes, sizeof(bytes)), CKR_OK);
}

Test(session, is_used_again)
{
    unsigned char bytes[16];

    for (int i = 0; i < 10; i++) {
        cr_assert_eq(hsm_random(token.hsm, bytes, sizeof(bytes)), CKR_OK);
    }
    cr_assert_eq(counters().sessions_open, 1);
    cr_assert_eq(counters().sessions_lent, 0);
}

/* How many callers are in C_GenerateRandom at once. */
static atomic_uint inside, most;

static CK_RV count_callers(void *context, const struct hsm_call *call)
{
    (void) context;
    if (call->function == HSM_C_GenerateRandom) {
        unsigned now = atomic_fetch_add(&inside, 1) + 1;
        unsigned seen = atomic_load(&most);

        while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now)) {
        }
        for (int i = 0; i < AWAIT_TRIES && atomic_load(&most) < LENT; i++) {
            usleep(2000);
        }
        usleep(2000); /* long enough for one too many to come */
        atomic_fetch_sub(&inside, 1);
    }
    return CKR_OK;
}

static void *draw_random(void *context)
{
    unsigned char bytes[16];
    CK_RV *worst = context;

    for (int i = 0; i < 20 && *worst == CKR_OK; i++) {
        *worst = hsm_random(token.hsm, bytes, sizeof(bytes));
    }
    return NULL;
}

Test(session, is_lent_to_one_caller_and_others_wait)
{
    pthread_t threads[CALLERS];
    CK_RV worst[CALLERS] = { CKR_OK };

    hsm_close(kv_take(token.hsm));
    token.config.sessions = LENT;
    token.config.gate = count_callers;
    test_token_open(&token);
    for (size_t i = 0; i < CALLERS; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, draw_random, &worst[i]), 0);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(worst[i], CKR_OK);
    }
    cr_assert_eq(atomic_load(&most), LENT);
    cr_assert_eq(counters().sessions_open, LENT);
    cr_assert_eq(counters().sessions_lent, 0);
}
