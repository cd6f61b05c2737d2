/* SPDX-License-Identifier: Apache-2.0 */
/* Making, opening and closing a token. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

static struct test_token token;

static void setup(void)
{
    test_token_prepare(&token, NULL, NULL);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(open, .init = setup, .fini = teardown, .timeout = 60);

static void assert_not_initialised(void)
{
    CK_INFO info;

    if (test_token_is_softhsm()) { /* NSS answers at any time */
        cr_assert_neq(token.functions->C_GetInfo(&info), CKR_OK);
    }
}

static bool is_initialised(void)
{
    CK_INFO info;

    return token.functions->C_GetInfo(&info) == CKR_OK;
}

static void assert_refused(CK_RV expected)
{
    struct hsm *hsm = NULL;

    cr_assert_eq(hsm_open(&token.config, &hsm), expected, "expected %s", hsm_rv_name(expected));
    cr_assert_null(hsm, "an output is written on success only");
    assert_not_initialised();
}

static void initialise_module(void)
{
    CK_C_INITIALIZE_ARGS arguments = {
        .flags = CKF_OS_LOCKING_OK,
        .pReserved = (void *) token.config.init_args,
    };

    cr_assert_eq(token.functions->C_Initialize(&arguments), CKR_OK);
}

/* The first slot without a token. */
static CK_SLOT_ID blank_slot(void)
{
    CK_SLOT_ID slots[16];
    CK_ULONG count = KV_COUNT(slots);
    CK_TOKEN_INFO info = { .flags = CKF_TOKEN_INITIALIZED };
    CK_ULONG i = 0;

    cr_assert_eq(token.functions->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    while (i < count && (info.flags & CKF_TOKEN_INITIALIZED)) {
        cr_assert_eq(token.functions->C_GetTokenInfo(slots[i++], &info), CKR_OK);
    }
    cr_assert_not(info.flags & CKF_TOKEN_INITIALIZED);
    return slots[i - 1];
}

/* A token with that label and no user PIN. */
static void init_token_only(const char *text)
{
    CK_UTF8CHAR label[32];

    memset(label, ' ', sizeof(label));
    memcpy(label, text, strlen(text));
    initialise_module();
    cr_assert_eq(token.functions->C_InitToken(blank_slot(), (CK_UTF8CHAR *) TEST_TOKEN_SO_PIN,
                                              strlen(TEST_TOKEN_SO_PIN), label),
                 CKR_OK);
    cr_assert_eq(token.functions->C_Finalize(NULL), CKR_OK);
}

Test(open, refuses_a_module_that_is_not_there)
{
    token.config.module = "/nonexistent/module.so";
    assert_refused(HSM_RV_NOT_LOADABLE);
}

Test(open, refuses_a_library_that_is_no_module)
{
    token.config.module = "libm.so.6";
    assert_refused(HSM_RV_NOT_LOADABLE);
}

Test(open, refuses_a_label_no_token_has)
{
    token.config.token_label = TEST_TOKEN_LABEL "s";
    assert_refused(HSM_RV_NO_TOKEN);
}

Test(open, refuses_a_label_two_tokens_have)
{
    need_softhsm("the module has one token");
    init_token_only(TEST_TOKEN_LABEL);
    assert_refused(HSM_RV_TWO_TOKENS);
}

Test(open, refuses_a_wrong_pin)
{
    token.config.pin = "00000000";
    assert_refused(CKR_PIN_INCORRECT);
}

Test(open, refuses_settings_outside_their_limits)
{
    static const char long_pin[HSM_PIN_MAX + 1] = "1";
    static const struct {
        const char *label;
        size_t pin_len;
        unsigned sessions;
        CK_RV expected;
    } rows[] = {
        { NULL, 8, 4, CKR_ARGUMENTS_BAD },
        { "", 8, 4, CKR_ARGUMENTS_BAD },
        { "a label of thirty-three characters", 8, 4, CKR_ARGUMENTS_BAD },
        { TEST_TOKEN_LABEL, sizeof(long_pin), 4, CKR_PIN_LEN_RANGE },
        { TEST_TOKEN_LABEL, 8, 0, CKR_ARGUMENTS_BAD },
        { TEST_TOKEN_LABEL, 8, 1025, CKR_ARGUMENTS_BAD },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        token.config.token_label = rows[i].label;
        token.config.pin = long_pin;
        token.config.pin_len = rows[i].pin_len;
        token.config.sessions = rows[i].sessions;
        assert_refused(rows[i].expected);
    }
}

Test(open, hands_the_arguments_to_the_module)
{
    need_softhsm("the module wants arguments");
    token.config.init_args = "SoftHSM takes none";
    assert_refused(CKR_ARGUMENTS_BAD);
}

Test(open, takes_empty_arguments_for_none)
{
    need_softhsm("the module wants arguments");
    token.config.init_args = "";
    test_token_open(&token);
}

Test(open, works_twice_after_each_other)
{
    struct key key;

    test_token_open(&token);
    generate_quick_key(&token, 1, &key);
    hsm_close(kv_take(token.hsm));
    assert_not_initialised();
    test_token_open(&token);
    assert_key_works(&token, &key);
}

Test(open, leaves_a_module_initialised_that_was_so_before)
{
    initialise_module();
    test_token_open(&token);
    hsm_close(kv_take(token.hsm));
    cr_assert(is_initialised());
    cr_assert_eq(token.functions->C_Finalize(NULL), CKR_OK);
}

Test(open, shares_the_login_of_another_user_of_the_module)
{
    CK_SESSION_INFO info;

    initialise_module();
    CK_SESSION_HANDLE session = test_token_session(&token);
    cr_assert_eq(token.functions->C_Login(session, CKU_USER, (CK_UTF8CHAR *) TEST_TOKEN_PIN,
                                          strlen(TEST_TOKEN_PIN)),
                 CKR_OK);
    test_token_open(&token);
    hsm_close(kv_take(token.hsm));
    cr_assert_eq(token.functions->C_GetSessionInfo(session, &info), CKR_OK);
    cr_assert_eq(info.state, CKS_RW_USER_FUNCTIONS, "the login was not ours to end");
    cr_assert_eq(token.functions->C_Finalize(NULL), CKR_OK);
}

Test(open, knows_the_keys_that_are_there)
{
    struct hsm_counters counters;
    struct key key;

    test_token_open(&token);
    generate_quick_key(&token, 1, &key);
    generate_quick_key(&token, 2, &key);
    hsm_close(kv_take(token.hsm));
    test_token_open(&token);
    hsm_counters(token.hsm, &counters);
    cr_assert_eq(counters.keys, 2);
    cr_assert(hsm_has_key(token.hsm, key.id));
}

Test(open, describes_the_token)
{
    struct hsm_info info;

    need_softhsm("the texts are those of SoftHSM");
    test_token_open(&token);
    hsm_describe(token.hsm, &info);
    cr_assert_str_eq(info.label, TEST_TOKEN_LABEL);
    cr_assert_str_eq(info.manufacturer, "SoftHSM project");
    cr_assert_eq(strlen(info.serial), 16);
    cr_assert_eq(info.cryptoki_version.major, 2);
}

Test(open, closing_nothing_is_fine)
{
    hsm_close(NULL);
}

TestSuite(init_token, .init = setup, .fini = teardown, .timeout = 60);

static CK_RV init_again(void)
{
    return hsm_init_token(&token.config, TEST_TOKEN_SO_PIN, strlen(TEST_TOKEN_SO_PIN));
}

Test(init_token, refuses_a_module_that_is_not_there)
{
    token.config.module = "/nonexistent/module.so";
    cr_assert_eq(init_again(), HSM_RV_NOT_LOADABLE);
}

Test(init_token, refuses_a_label_that_does_not_fit)
{
    token.config.token_label = "a label of thirty-three characters";
    cr_assert_eq(init_again(), CKR_ARGUMENTS_BAD);
}

Test(init_token, refuses_a_user_pin_the_token_does_not_take)
{
    need_softhsm("the module's tokens are made by a tool of its own");
    token.config.token_label = "another";
    token.config.pin_len = 1;
    cr_assert_eq(init_again(), CKR_PIN_LEN_RANGE);
    assert_not_initialised();
}

Test(init_token, leaves_a_token_alone_that_is_there)
{
    struct key key;

    test_token_open(&token);
    generate_quick_key(&token, 1, &key);
    hsm_close(kv_take(token.hsm));
    token.config.pin = "another PIN";
    cr_assert_eq(init_again(), CKR_OK);
    token.config.pin = TEST_TOKEN_PIN;
    test_token_open(&token);
    assert_key_works(&token, &key);
}

Test(init_token, finishes_one_that_was_killed_half_way)
{
    need_softhsm("the module's tokens are made by a tool of its own");
    init_token_only("half-made");
    token.config.token_label = "half-made";
    assert_refused(CKR_USER_PIN_NOT_INITIALIZED);
    cr_assert_eq(init_again(), CKR_OK);
    test_token_open(&token);
}

Test(init_token, makes_a_second_one_of_another_label)
{
    struct hsm_info info;

    need_softhsm("the module's tokens are made by a tool of its own");
    token.config.token_label = "another";
    cr_assert_eq(init_again(), CKR_OK);
    test_token_open(&token);
    hsm_describe(token.hsm, &info);
    cr_assert_str_eq(info.label, "another");
}

/* Calls of the module from the start to the token open. */
static unsigned long count_calls(void)
{
    struct hsm_counters counters;

    hsm_close(token.hsm);
    token.hsm = NULL;
    cr_assert_eq(hsm_open(&token.config, &token.hsm), CKR_OK);
    hsm_counters(token.hsm, &counters);
    return counters.calls;
}

Test(open, asks_once_about_each_key)
{
    struct key key;

    need_softhsm("others may keep more objects of a key");
    test_token_open(&token);
    generate_quick_key(&token, 1, &key);
    unsigned long with_one = count_calls();
    generate_quick_key(&token, 2, &key);
    generate_quick_key(&token, 3, &key);
    cr_expect_eq(count_calls(), with_one + 2);
    cr_expect(hsm_has_key(token.hsm, key.id));
}

Test(open, finds_the_sentinel_without_a_search)
{
    static struct refusal refusal; /* asked until the token is closed, which is after the test */
    unsigned char id[HSM_ID_LENGTH], other[HSM_ID_LENGTH];

    set_id(9, id);
    set_id(8, other);
    test_token_open(&token);
    cr_assert_eq(hsm_create_sentinel(token.hsm, id), CKR_OK);
    token.config.gate = refuse;
    token.config.gate_context = &refusal;
    (void) count_calls();
    refusal = (struct refusal){ .function = "C_FindObjectsInit", .rv = CKR_DEVICE_ERROR };
    cr_expect_eq(hsm_adopt_sentinel(token.hsm, other), CKR_DEVICE_ERROR, "it is not the one");
    cr_expect_eq(hsm_adopt_sentinel(token.hsm, id), CKR_OK);
    refusal.function = NULL;
    cr_expect_eq(hsm_adopt_sentinel(token.hsm, other), HSM_RV_OTHER_TOKEN);
    cr_expect_eq(hsm_check(token.hsm), CKR_OK);
}
