/* SPDX-License-Identifier: Apache-2.0 */
/* A token that goes away, comes back, or comes back as another one. */
#include "furnished.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "core.h" /* to let the pause after a wrong PIN pass without waiting for it */
#include "hsm_pause.h"

TestSuite(health, .init = setup, .fini = teardown, .timeout = 60);

static CK_RV decrypt(void)
{
    unsigned char bytes[QUICK_BYTES] = { 0 };

    return hsm_rsa_raw(token.hsm, key.id, bytes, sizeof(bytes), bytes);
}

static CK_RV draw_random(void)
{
    unsigned char bytes[16];

    return hsm_random(token.hsm, bytes, sizeof(bytes));
}

static unsigned long reopened(void)
{
    struct hsm_counters counters;

    hsm_counters(token.hsm, &counters);
    return counters.reopened;
}

static void lose_token(void)
{
    test_token_hide(&token);
    cr_assert_eq(hsm_check(token.hsm), HSM_RV_NO_TOKEN);
}

static void recover_token(void)
{
    test_token_show(&token);
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
}

Test(health, of_a_token_that_works_needs_no_reopening)
{
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    }
    cr_assert_eq(reopened(), 0);
}

Test(health, shows_in_the_first_call_after_the_token_went)
{
    need_softhsm("the token does not go with its folder");
    test_token_hide(&token);
    CK_RV rv = decrypt();
    cr_assert(hsm_rv_wants_check(rv), "%s", hsm_rv_name(rv));
    cr_assert(hsm_has_key(token.hsm, key.id), "the token is gone, not the key");
}

Test(health, is_gone_for_every_call_until_the_token_is_back)
{
    struct hsm_rsa_public public;
    struct hsm_key_facts facts;
    const unsigned char id[HSM_ID_LENGTH] = { 2 };

    need_softhsm("the token does not go with its folder");
    lose_token();
    cr_assert_eq(decrypt(), HSM_RV_TOKEN_GONE);
    cr_assert_eq(draw_random(), HSM_RV_TOKEN_GONE);
    cr_assert_eq(hsm_generate_rsa(token.hsm, id, HSM_BOUND, QUICK_BITS, 65537, &public),
                 HSM_RV_TOKEN_GONE);
    cr_assert_eq(hsm_key_facts(token.hsm, key.id, &facts), HSM_RV_TOKEN_GONE);
    cr_assert_eq(hsm_destroy(token.hsm, key.id), HSM_RV_TOKEN_GONE);
    cr_assert(hsm_has_key(token.hsm, key.id), "the token is gone, not the key");
}

Test(health, returns_with_the_token)
{
    need_softhsm("the token does not go with its folder");
    lose_token();
    cr_assert_eq(hsm_check(token.hsm), HSM_RV_NO_TOKEN);
    recover_token();
    assert_key_works(&token, &key);
    cr_assert_eq(reopened(), 1);
    generate_quick_key(&token, 2, &key);
    assert_key_works(&token, &key);
}

Test(health, returns_when_nobody_looked_while_the_token_was_away)
{
    need_softhsm("the token does not go with its folder");
    test_token_hide(&token);
    cr_assert_neq(decrypt(), CKR_OK);
    recover_token();
    assert_key_works(&token, &key);
}

Test(health, returns_when_the_module_could_not_even_start)
{
    char tokens[sizeof(token.folder) + sizeof("/tokens")];

    need_softhsm("the token does not go with its folder");
    snprintf(tokens, sizeof(tokens), "%s/tokens", token.folder);
    test_token_hide(&token);
    cr_assert_eq(rmdir(tokens), 0);
    cr_assert_eq(hsm_check(token.hsm), CKR_GENERAL_ERROR);
    cr_assert_eq(decrypt(), HSM_RV_TOKEN_GONE);
    recover_token();
    assert_key_works(&token, &key);
}

Test(health, returns_after_somebody_logged_us_out)
{
    cr_assert_eq(token.functions->C_Logout(test_token_session(&token)), CKR_OK);
    CK_RV rv = decrypt();
    cr_assert(hsm_rv_wants_check(rv), "%s", hsm_rv_name(rv));
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    assert_key_works(&token, &key);
}

Test(health, returns_after_somebody_closed_our_sessions)
{
    cr_assert_eq(token.functions->C_CloseAllSessions(test_token_slot(&token)), CKR_OK);
    cr_assert_neq(decrypt(), CKR_OK);
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    assert_key_works(&token, &key);
}

Test(health, returns_after_somebody_finalised_the_module)
{
    need_softhsm("the module does not tell");
    cr_assert_eq(token.functions->C_Finalize(NULL), CKR_OK);
    cr_assert_eq(draw_random(), CKR_CRYPTOKI_NOT_INITIALIZED);
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    assert_key_works(&token, &key);
}

Test(health, forgets_keys_that_went_while_the_token_was_away)
{
    need_softhsm("the token does not go with its folder");
    test_token_elsewhere(&token, destroy_private_keys);
    cr_assert(hsm_has_key(token.hsm, key.id), "nobody has told us yet");
    lose_token();
    recover_token();
    cr_assert_not(hsm_has_key(token.hsm, key.id));
}

Test(health, is_bad_when_the_token_was_initialised_anew)
{
    struct hsm_rsa_public public;

    need_softhsm("the module has no way to initialise a token anew behind our back");
    test_token_elsewhere(&token, initialise_anew);
    cr_assert_eq(decrypt(), HSM_RV_OTHER_TOKEN);
    cr_assert_eq(hsm_check(token.hsm), HSM_RV_OTHER_TOKEN);
    cr_assert_eq(hsm_check(token.hsm), HSM_RV_OTHER_TOKEN);
    cr_assert_eq(hsm_generate_rsa(token.hsm, key.id, HSM_BOUND, QUICK_BITS, 65537, &public),
                 HSM_RV_TOKEN_GONE, "no key of ours may get into a token that is not");
}

Test(health, ends_safely_while_the_token_is_away)
{
    need_softhsm("the token does not go with its folder");
    lose_token();
    hsm_close(kv_take(token.hsm));
    cr_assert_eq(token.functions->C_GetInfo(&(CK_INFO){ 0 }), CKR_CRYPTOKI_NOT_INITIALIZED);
}

Test(health, ends_safely_before_anybody_noticed_that_the_token_went)
{
    test_token_hide(&token);
    hsm_close(kv_take(token.hsm));
}

Test(health, is_what_the_gate_says)
{
    refusal = (struct refusal){ "C_GetTokenInfo", CKR_DEVICE_REMOVED, 0 };
    cr_assert_eq(hsm_check(token.hsm), CKR_DEVICE_REMOVED);
    cr_assert_eq(decrypt(), HSM_RV_TOKEN_GONE);
    cr_assert_eq(reopened(), 0);
    refusal = (struct refusal){ 0 };
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    assert_key_works(&token, &key);
    cr_assert_eq(reopened(), 1);
}

Test(health, waits_after_a_wrong_pin_before_it_tries_another_time)
{
    need_softhsm("the token does not go with its folder");
    test_token_elsewhere(&token, change_pin);
    lose_token();
    test_token_show(&token);
    cr_assert_eq(hsm_check(token.hsm), CKR_PIN_INCORRECT);
    test_token_elsewhere(&token, restore_pin);
    cr_assert_eq(hsm_check(token.hsm), CKR_PIN_INCORRECT, "too early for another login");
    cr_assert_eq(decrypt(), CKR_PIN_INCORRECT, "which says more than that the token is gone");
    token.hsm->not_before -= 50;
    cr_assert_eq(hsm_check(token.hsm), CKR_PIN_INCORRECT, "still too early");
    token.hsm->not_before -= 11;
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    assert_key_works(&token, &key);
}

Test(health, tries_a_pin_at_once_that_is_known_to_be_good_again)
{
    need_softhsm("the token does not go with its folder");
    test_token_elsewhere(&token, change_pin);
    lose_token();
    test_token_show(&token);
    cr_assert_eq(hsm_check(token.hsm), CKR_PIN_INCORRECT);
    test_token_elsewhere(&token, restore_pin);
    hsm_trust_pin(token.hsm);
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    assert_key_works(&token, &key);
}

Test(health, leaves_the_sessions_of_another_user_of_the_module_alone)
{
    CK_C_INITIALIZE_ARGS arguments = {
        .flags = CKF_OS_LOCKING_OK,
        .pReserved = (void *) token.config.init_args,
    };
    CK_SESSION_INFO info;

    hsm_close(kv_take(token.hsm));
    cr_assert_eq(token.functions->C_Initialize(&arguments), CKR_OK);
    test_token_open(&token);
    CK_SESSION_HANDLE session = test_token_session(&token);
    refusal = (struct refusal){ "C_GetTokenInfo", CKR_DEVICE_REMOVED, 0 };
    cr_assert_eq(hsm_check(token.hsm), CKR_DEVICE_REMOVED);
    refusal = (struct refusal){ 0 };
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    assert_key_works(&token, &key);
    cr_assert_eq(token.functions->C_GetSessionInfo(session, &info), CKR_OK);
    hsm_close(kv_take(token.hsm));
    cr_assert_eq(token.functions->C_Finalize(NULL), CKR_OK, "it was not ours to finalise");
}

/* A caller who stays inside the module until he is let go. */
static sem_t entered, let_go;

static CK_RV hold_caller(void *context, const struct hsm_call *call)
{
    if (call->function == HSM_C_GenerateRandom) {
        sem_post(&entered);
        sem_wait(&let_go);
    }
    return refuse(context, call);
}

static void *call_random(void *ret_rv)
{
    *(CK_RV *) ret_rv = draw_random();
    return NULL;
}

static void *call_check(void *ret_rv)
{
    *(CK_RV *) ret_rv = hsm_check(token.hsm);
    return NULL;
}

static void open_with_held_caller(pthread_t *ret_thread, CK_RV *ret_rv)
{
    hsm_close(kv_take(token.hsm));
    sem_init(&entered, 0, 0);
    sem_init(&let_go, 0, 0);
    token.config.gate = hold_caller;
    test_token_open(&token);
    cr_assert_eq(pthread_create(ret_thread, NULL, call_random, ret_rv), 0);
    sem_wait(&entered);
}

Test(health, check_waits_for_those_inside_and_nobody_waits_for_it)
{
    pthread_t caller, checker;
    CK_RV called, checked = CKR_OK;

    open_with_held_caller(&caller, &called);
    refusal = (struct refusal){ "C_GetTokenInfo", CKR_DEVICE_REMOVED, 0 };
    cr_assert_eq(pthread_create(&checker, NULL, call_check, &checked), 0);
    while (decrypt() != HSM_RV_TOKEN_GONE) {
        /* until the check is on its way; the time limit of the suite ends it otherwise */
    }
    sem_post(&let_go);
    pthread_join(caller, NULL);
    pthread_join(checker, NULL);
    cr_assert_eq(called, CKR_OK, "who was inside must not be disturbed");
    cr_assert_eq(checked, CKR_DEVICE_REMOVED);
}
