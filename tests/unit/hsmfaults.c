/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the HSM by themselves: what the gate says to calls, without a module. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "hsm.h"
#include "kv/hsmfaults/hsmfaults.h"

static struct kv_clock *test_clock;
static struct kv_hsm_faults *faults;
static enum kv_hsm_place place; /* where the token was moved */
static unsigned moves, looks, reopens;
static bool pin_was_doubted, cannot_move, stops_halfway;
static struct kv_err err;

static enum kv_code move(void *context, enum kv_hsm_place to, struct kv_err *ret_err)
{
    (void) context;
    if (cannot_move) {
        return KV_FAIL(ret_err, KV_INTERNAL, 0, "it is stuck");
    }
    if (stops_halfway && to == KV_HSM_REINITIALISED) {
        place = KV_HSM_REMOVED;
        return KV_FAIL(ret_err, KV_INTERNAL, 0, "there is no room for another token");
    }
    place = to;
    moves++;
    return KV_OK;
}

static enum kv_code reopen(void *context, struct kv_err *ret_err)
{
    (void) context;
    (void) ret_err;
    reopens++;
    return KV_OK;
}

static void look(void *context, bool pin)
{
    (void) context;
    pin_was_doubted = pin;
    looks++;
}

static void setup(void)
{
    const struct kv_hsm_hands hands = { NULL, move, reopen, look };

    cr_assert_eq(kv_clock_new(&test_clock, &err), KV_OK);
    kv_clock_freeze(test_clock, true);
    cr_assert_eq(kv_hsm_faults_new(test_clock, &faults, &err), KV_OK);
    kv_hsm_faults_set_hands(faults, &hands);
}

static void teardown(void)
{
    kv_hsm_faults_free(faults);
    kv_clock_free(test_clock);
}

TestSuite(hsmfaults, .init = setup, .fini = teardown, .timeout = 20);

static void add(const struct kv_hsm_fault_args *args)
{
    cJSON *shown = NULL;

    cr_assert_eq(kv_hsm_faults_add(faults, args, &shown, &err), KV_OK, "%s", err.message);
    cJSON_Delete(shown);
}

static void add_kind(const char *kind)
{
    add(&(struct kv_hsm_fault_args){ .kind = kind });
}

/* What a call is answered: CKR_OK if it is made. */
static CK_RV call_with(enum hsm_function function, CK_MECHANISM_TYPE mechanism,
                       const unsigned char *key)
{
    const struct hsm_call call = { function, 1, key, mechanism };
    CK_RV rv = kv_hsm_faults_ask(faults, &call);

    kv_hsm_faults_told(faults, &call, rv);
    return rv;
}

static CK_RV call(enum hsm_function function)
{
    return call_with(function, HSM_MECHANISM_NONE, NULL);
}

Test(hsmfaults, of_none_let_every_call_through)
{
    for (enum hsm_function i = 0; i < HSM_FUNCTIONS; i++) {
        cr_expect_eq(call(i), CKR_OK, "%s", hsm_function_name(i));
    }
}

Test(hsmfaults, never_answer_a_call_that_closes)
{
    static const char *const kinds[] = { "token_removed", "pin_locked", "error" };

    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        add_kind(kinds[i]);
        cr_expect_eq(call(HSM_C_CloseSession), CKR_OK);
        cr_expect_eq(call(HSM_C_Logout), CKR_OK);
        cr_expect_eq(call(HSM_C_Finalize), CKR_OK);
        cr_expect_neq(call(HSM_C_Sign), CKR_OK, "%s", kinds[i]);
        cr_assert_eq(kv_hsm_faults_reset(faults, &err), KV_OK);
    }
}

Test(hsmfaults, of_a_removed_token_leave_the_module_itself_alone)
{
    add_kind("token_removed");
    cr_expect_eq(call(HSM_C_Initialize), CKR_OK);
    cr_expect_eq(call(HSM_C_GetSlotList), CKR_OK);
    cr_expect_eq(call(HSM_C_GetTokenInfo), CKR_TOKEN_NOT_PRESENT);
    cr_expect_eq(call(HSM_C_OpenSession), CKR_TOKEN_NOT_PRESENT);
    cr_expect_eq(place, KV_HSM_REMOVED);
}

Test(hsmfaults, of_a_locked_pin_do_not_let_log_in)
{
    add_kind("pin_locked");
    cr_expect_eq(call(HSM_C_OpenSession), CKR_OK);
    cr_expect_eq(call(HSM_C_Login), CKR_PIN_LOCKED);
    cr_expect_eq(call(HSM_C_SignInit), CKR_USER_NOT_LOGGED_IN);
    cr_assert_eq(kv_hsm_faults_reset(faults, &err), KV_OK);
    cr_expect(pin_was_doubted, "so that it is tried again at once");
}

Test(hsmfaults, limit_the_sessions_that_are_open)
{
    cr_assert_eq(call(HSM_C_OpenSession), CKR_OK);
    add(&(struct kv_hsm_fault_args){ .kind = "session_limit", .limit = { true, 2 } });
    cr_expect_eq(reopens, 1);
    cr_expect_eq(call(HSM_C_OpenSession), CKR_OK);
    cr_expect_eq(call(HSM_C_OpenSession), CKR_SESSION_COUNT);
    cr_expect_eq(call(HSM_C_OpenSession), CKR_SESSION_COUNT, "a refusal opens none");
    cr_expect_eq(call(HSM_C_CloseSession), CKR_OK);
    cr_expect_eq(call(HSM_C_OpenSession), CKR_OK);
}

Test(hsmfaults, know_mechanisms_apart)
{
    cJSON *mechanisms = cJSON_Parse("[\"CKM_ECDSA\",\"CKM_RSA_PKCS\"]");

    add(&(struct kv_hsm_fault_args){ .kind = "mechanism_gone", .mechanisms = mechanisms });
    cJSON_Delete(mechanisms);
    cr_expect_eq(call_with(HSM_C_SignInit, CKM_ECDSA, NULL), CKR_MECHANISM_INVALID);
    cr_expect_eq(call_with(HSM_C_SignInit, CKM_RSA_PKCS, NULL), CKR_MECHANISM_INVALID);
    cr_expect_eq(call_with(HSM_C_SignInit, CKM_RSA_PKCS_PSS, NULL), CKR_OK);
    cr_expect_eq(call(HSM_C_Sign), CKR_OK, "which names none");
}

Test(hsmfaults, know_keys_apart)
{
    static const unsigned char lost[HSM_ID_LENGTH] = { 1, 2, 3 };
    static const unsigned char other[HSM_ID_LENGTH] = { 1, 2, 3, [15] = 1 };

    add(&(struct kv_hsm_fault_args){
        .kind = "key_lost", .object = lost, .vault = "dev", .key = "a", .version = "v" });
    cr_expect_eq(call_with(HSM_C_SignInit, CKM_ECDSA, lost), CKR_KEY_HANDLE_INVALID);
    cr_expect_eq(call_with(HSM_C_SignInit, CKM_ECDSA, other), CKR_OK);
    cr_expect_eq(call_with(HSM_C_SignInit, CKM_ECDSA, NULL), CKR_OK);
    cr_expect_eq(call_with(HSM_C_DestroyObject, HSM_MECHANISM_NONE, lost), CKR_OK,
                 "a key that is hidden can still be purged");
}

Test(hsmfaults, that_come_first_decide)
{
    cJSON *functions = cJSON_Parse("[\"C_Sign\"]");

    add(&(struct kv_hsm_fault_args){
        .kind = "error", .functions = functions, .rv = "CKR_DEVICE_MEMORY", .times = { true, 1 } });
    add(&(struct kv_hsm_fault_args){ .kind = "error", .rv = "CKR_FUNCTION_FAILED" });
    cJSON_Delete(functions);
    cr_expect_eq(call(HSM_C_Sign), CKR_DEVICE_MEMORY);
    cr_expect_eq(call(HSM_C_Sign), CKR_FUNCTION_FAILED, "the first has had its times");
    cr_expect_eq(call(HSM_C_Decrypt), CKR_FUNCTION_FAILED);
}

Test(hsmfaults, end_by_the_virtual_clock_and_not_before)
{
    const kv_millis now = kv_clock_now(test_clock);
    cJSON *span = cJSON_CreateNumber(60);
    bool ended = true;

    add(&(struct kv_hsm_fault_args){ .kind = "token_removed", .span = span });
    cJSON_Delete(span);
    cr_expect_eq(kv_hsm_faults_next(faults, now, now), now + 60000);
    cr_assert_eq(kv_clock_shift(test_clock, 59999, &err), KV_OK);
    cr_assert_eq(kv_hsm_faults_expire(faults, &ended, &err), KV_OK);
    cr_expect_not(ended);
    cr_expect_eq(call(HSM_C_Sign), CKR_TOKEN_NOT_PRESENT);
    cr_assert_eq(kv_clock_shift(test_clock, 1, &err), KV_OK);
    cr_expect_eq(call(HSM_C_Sign), CKR_OK);
    cr_assert_eq(kv_hsm_faults_expire(faults, &ended, &err), KV_OK);
    cr_expect(ended);
    cr_expect_eq(place, KV_HSM_IN_PLACE);
    cr_expect_eq(kv_hsm_faults_next(faults, now, now), INT64_MAX);
}

Test(hsmfaults, that_cannot_be_carried_out_are_not_there)
{
    const struct kv_hsm_fault_args args = { .kind = "token_reinitialised" };
    cJSON *shown = NULL;

    cannot_move = true;
    cr_expect_eq(kv_hsm_faults_add(faults, &args, &shown, &err), KV_INTERNAL);
    cr_expect_str_eq(err.message, "it is stuck");
    cr_expect_null(shown);
    cr_expect_eq(kv_hsm_faults_place(faults), KV_HSM_IN_PLACE);
    cr_assert_eq(kv_hsm_faults_list(faults, &shown, &err), KV_OK);
    cr_expect_null(cJSON_GetObjectItem(shown, "faults")->child);
    cJSON_Delete(shown);
}

Test(hsmfaults, that_stop_halfway_leave_the_token_where_it_was)
{
    const struct kv_hsm_fault_args args = { .kind = "token_reinitialised" };
    cJSON *shown = NULL;

    stops_halfway = true;
    cr_expect_eq(kv_hsm_faults_add(faults, &args, &shown, &err), KV_INTERNAL);
    cr_expect_str_eq(err.message, "there is no room for another token");
    cr_expect_eq(place, KV_HSM_IN_PLACE);
    cr_expect_eq(kv_hsm_faults_place(faults), KV_HSM_IN_PLACE);
}

/* Whoever was to put the token back could not: the agenda does. */
Test(hsmfaults, that_left_the_token_away_are_due_at_once)
{
    const kv_millis now = kv_clock_now(test_clock);
    bool ended;

    add_kind("token_removed");
    cr_assert_eq(kv_hsm_faults_withdraw_kind(faults, "token_removed", &err), KV_OK);
    cr_expect_eq(place, KV_HSM_REMOVED, "that waits for nobody");
    cr_expect_eq(kv_hsm_faults_next(faults, now, now - 1), now);
    cannot_move = true;
    cr_expect_eq(kv_hsm_faults_expire(faults, &ended, &err), KV_INTERNAL);
    cannot_move = false;
    cr_assert_eq(kv_hsm_faults_expire(faults, &ended, &err), KV_OK);
    cr_expect_eq(place, KV_HSM_IN_PLACE);
    cr_expect_eq(kv_hsm_faults_next(faults, now, now - 1), INT64_MAX);
}

Test(hsmfaults, that_were_none_do_not_disturb_the_token_in_a_reset)
{
    cr_assert_eq(kv_hsm_faults_reset(faults, &err), KV_OK);
    cr_expect_eq(looks + moves, 0);
    add_kind("error");
    cr_assert_eq(kv_hsm_faults_reset(faults, &err), KV_OK);
    cr_expect_eq(looks, 1);
}
