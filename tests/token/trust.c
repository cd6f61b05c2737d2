/* SPDX-License-Identifier: Apache-2.0 */
/* The trusted wrapping key: when it is made and found, and what becomes of keys and blobs that are
 * older or have to leave. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "outside.h"

static struct test_token token;
static struct refusal refusal;
static unsigned char id[HSM_ID_LENGTH], back[HSM_ID_LENGTH];
static unsigned char blob[HSM_TRANSFER_MAX];
static size_t blob_len;

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static const enum hsm_kind kinds[] = { HSM_RSA, HSM_EC, HSM_AES };
static char label[] = "coffer trusted wrapping key";

static void set_so_pin(const char *pin)
{
    token.config.so_pin = pin;
    token.config.so_pin_len = strlen(pin);
}

static void setup(void)
{
    refusal = (struct refusal){ 0 };
    set_id(1, id);
    set_id(2, back);
    test_token_prepare(&token, refuse, &refusal);
    set_so_pin(TEST_TOKEN_SO_PIN);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(trust, .init = setup, .fini = teardown, .timeout = 120);

static void open_trusted(void)
{
    need_softhsm("the module does not keep to what a trusted key is for");
    open_token(&token, true);
    cr_assert(hsm_capabilities(token.hsm)->trusted_wrap);
}

/* As a coffer did that made no trusted key. */
static void open_old(void)
{
    need_softhsm("the module does not keep to what a trusted key is for");
    set_so_pin("");
    open_token(&token, true);
    cr_assert_not(hsm_capabilities(token.hsm)->trusted_wrap);
}

static void reopen(const char *so_pin)
{
    unsigned char sentinel[HSM_ID_LENGTH];

    hsm_close(kv_take(token.hsm));
    set_so_pin(so_pin);
    test_token_open(&token);
    set_id(99, sentinel);
    cr_assert_eq(hsm_adopt_sentinel(token.hsm, sentinel), CKR_OK);
}

/* How many there are, and how many of them are still not whole. */
static size_t count_trusted(bool unfinished)
{
    CK_SESSION_HANDLE session = test_token_session(&token);
    CK_OBJECT_HANDLE objects[4];
    CK_ULONG found = 0;
    CK_ATTRIBUTE template[] = {
        { CKA_TRUSTED, &yes, sizeof(yes) },
        { CKA_LABEL, label, sizeof(label) - 1 },
        { CKA_MODIFIABLE, &yes, sizeof(yes) },
    };

    cr_assert_eq(token.functions->C_FindObjectsInit(session, template, unfinished ? 3 : 2), CKR_OK);
    cr_assert_eq(token.functions->C_FindObjects(session, objects, 4, &found), CKR_OK);
    cr_assert_eq(token.functions->C_FindObjectsFinal(session), CKR_OK);
    cr_assert_eq(token.functions->C_CloseSession(session), CKR_OK);
    return found;
}

static bool is_bound(const unsigned char *key, CK_OBJECT_CLASS class)
{
    CK_SESSION_HANDLE session = test_token_session(&token);
    CK_BBOOL bound = CK_FALSE;
    CK_ATTRIBUTE attribute = { CKA_WRAP_WITH_TRUSTED, &bound, sizeof(bound) };
    CK_OBJECT_HANDLE object = class == CKO_PRIVATE_KEY
                                  ? test_token_find(&token, session, class, key)
                                  : find_object(&token, session, class, CKK_AES, key);

    cr_assert_eq(token.functions->C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
    cr_assert_eq(token.functions->C_CloseSession(session), CKR_OK);
    return bound;
}

static CK_OBJECT_CLASS class_of(enum hsm_kind kind)
{
    return kind == HSM_AES ? CKO_SECRET_KEY : CKO_PRIVATE_KEY;
}

static void export(enum hsm_bond bond)
{
    CK_RV rv = hsm_export_wrapped(token.hsm, id, bond, blob, HSM_WRAPPED_MAX, &blob_len);

    cr_assert_eq(rv, CKR_OK, "%s", hsm_rv_name(rv));
}

static void assert_comes_back(enum hsm_kind kind, enum hsm_bond bond)
{
    CK_RV rv = hsm_import_wrapped(token.hsm, back, bond, kind, blob, blob_len);

    cr_assert_eq(rv, CKR_OK, "kind %d: %s", (int) kind, hsm_rv_name(rv));
    assert_kind_works(&token, kind, back);
    cr_assert_eq(is_bound(back, class_of(kind)), bond == HSM_BOUND);
}

static CK_RV release(const unsigned char *key)
{
    EVP_PKEY *target = outside_make_rsa(2048);
    unsigned char sent[HSM_TRANSFER_MAX];
    struct hsm_rsa_public public;
    size_t len;

    outside_rsa_public(target, &public);
    EVP_PKEY_free(target);
    return hsm_export_transfer(token.hsm, key, &public, HSM_SHA1, NULL, sent, sizeof(sent), &len);
}

static void take_away(const unsigned char *key)
{
    cr_assert_eq(hsm_destroy(token.hsm, key), CKR_OK);
}

/* Keys are made, and go and come, as ever. */
static void assert_all_is_as_before(void)
{
    cr_assert_not(hsm_capabilities(token.hsm)->trusted_wrap);
    generate_kind(&token, HSM_EC, 1, id);
    export(HSM_BOUND);
    cr_assert_eq(release(id), CKR_OK);
    take_away(id);
    cr_assert_eq(hsm_import_wrapped(token.hsm, back, HSM_BOUND, HSM_EC, blob, blob_len), CKR_OK);
    assert_kind_works(&token, HSM_EC, back);
}

Test(trust, is_not_asked_of_a_module_that_gives_none)
{
    if (test_token_is_softhsm()) {
        set_so_pin("");
    }
    open_token(&token, true);
    assert_all_is_as_before();
}

Test(trust, is_not_had_with_a_wrong_so_pin)
{
    need_softhsm("the module's tokens have no SO PIN");
    set_so_pin("00000000");
    open_token(&token, true);
    assert_all_is_as_before();
    cr_assert_eq(count_trusted(false), 0);
}

Test(trust, is_not_had_where_a_call_for_it_fails)
{
    static const char *const rows[] = { "C_CopyObject", "C_GenerateRandom" };

    need_softhsm("the module gives no trust");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (i > 0) {
            test_token_destroy(&token);
            setup();
        }
        refusal = (struct refusal){ rows[i], CKR_FUNCTION_FAILED, 0 };
        open_token(&token, true);
        refusal = (struct refusal){ 0 };
        assert_all_is_as_before();
        cr_assert_eq(count_trusted(false), 0, "%s", rows[i]);
        reopen(TEST_TOKEN_SO_PIN);
        cr_assert(hsm_capabilities(token.hsm)->trusted_wrap, "the next start has it");
    }
}

Test(trust, is_not_needed_where_keys_never_leave)
{
    open_token(&token, false);
    cr_assert_not(hsm_capabilities(token.hsm)->trusted_wrap);
}

Test(trust, is_no_stray_and_no_key_of_a_vault)
{
    struct hsm_counters counters;
    size_t destroyed;

    open_trusted();
    hsm_counters(token.hsm, &counters);
    cr_assert_eq(counters.keys, 0);
    cr_assert_eq(hsm_destroy_strays(token.hsm, &destroyed), CKR_OK);
    cr_assert_eq(destroyed, 0);
    cr_assert_eq(count_objects(&token), 2, "it and the sentinel");
}

Test(trust, does_not_let_a_key_be_released_that_is_not_exportable)
{
    open_trusted();
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        generate_kind(&token, kinds[i], 1, id);
        cr_expect_eq(release(id), CKR_KEY_NOT_WRAPPABLE);
        take_away(id);
    }
}

Test(trust, lets_an_exportable_key_be_released_and_come_back_to_be_so)
{
    open_trusted();
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        generate_bound(&token, kinds[i], HSM_EXPORTABLE, id);
        cr_assert_not(is_bound(id, class_of(kinds[i])));
        cr_assert_eq(release(id), CKR_OK);
        export(HSM_EXPORTABLE);
        take_away(id);
        assert_comes_back(kinds[i], HSM_EXPORTABLE);
        cr_assert_eq(release(back), CKR_OK);
        take_away(back);
    }
}

Test(trust, is_there_again_at_the_next_start)
{
    static const char *const rows[] = { TEST_TOKEN_SO_PIN, "", "00000000" };

    open_trusted();
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        generate_kind(&token, kinds[i], 1, id);
        export(HSM_BOUND);
        take_away(id);
        reopen(rows[i]);
        cr_assert(hsm_capabilities(token.hsm)->trusted_wrap);
        cr_assert_eq(count_trusted(false), 1);
        assert_comes_back(kinds[i], HSM_BOUND);
        take_away(back);
    }
}

Test(trust, outlasts_lost_handles_and_a_token_that_was_away)
{
    open_trusted();
    generate_kind(&token, HSM_EC, 1, id);
    lose_handles(&token);
    export(HSM_BOUND);
    lose_handles(&token);
    assert_comes_back(HSM_EC, HSM_BOUND);
    take_away(back);
    test_token_hide(&token);
    cr_assert_eq(hsm_check(token.hsm), HSM_RV_NO_TOKEN);
    test_token_show(&token);
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    assert_comes_back(HSM_EC, HSM_BOUND);
    export(HSM_BOUND);
}

Test(trust, came_later_than_keys_and_blobs_that_are_as_good_as_before)
{
    unsigned char old[KV_COUNT(kinds)][HSM_WRAPPED_MAX];
    size_t old_len[KV_COUNT(kinds)];

    open_old();
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        generate_kind(&token, kinds[i], (unsigned char) (10 + i), id);
        export(HSM_BOUND);
        memcpy(old[i], blob, blob_len);
        old_len[i] = blob_len;
    }
    reopen(TEST_TOKEN_SO_PIN);
    cr_assert(hsm_capabilities(token.hsm)->trusted_wrap);
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        memcpy(blob, old[i], old_len[i]);
        blob_len = old_len[i];
        assert_comes_back(kinds[i], HSM_BOUND);
        take_away(back);
        set_id((unsigned char) (10 + i), id);
        assert_kind_works(&token, kinds[i], id);
        cr_assert_not(is_bound(id, class_of(kinds[i])), "an old key stays as it is");
        export(HSM_BOUND);
        assert_comes_back(kinds[i], HSM_BOUND);
        take_away(back);
    }
}

Test(trust, came_later_than_keys_that_are_exportable)
{
    open_old();
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        reopen("");
        generate_bound(&token, kinds[i], HSM_EXPORTABLE, id);
        export(HSM_EXPORTABLE);
        reopen(TEST_TOKEN_SO_PIN);
        cr_assert_eq(release(id), CKR_OK);
        assert_comes_back(kinds[i], HSM_EXPORTABLE);
        cr_assert_eq(release(back), CKR_OK);
        take_away(id);
        take_away(back);
    }
}

/* What a kill leaves after the copy was written and before that became the user's own. */
static CK_RV leave_unfinished(const struct test_token *at, CK_SLOT_ID slot)
{
    const CK_FUNCTION_LIST *functions = at->functions;
    unsigned char tag[HSM_ID_LENGTH] = { 77 };
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    CK_ULONG length = HSM_AES_MAX;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    CK_ATTRIBUTE made[] = {
        { CKA_TOKEN, &no, sizeof(no) },   { CKA_PRIVATE, &no, sizeof(no) },
        { CKA_WRAP, &yes, sizeof(yes) },  { CKA_TRUSTED, &yes, sizeof(yes) },
        { CKA_ID, tag, sizeof(tag) },     { CKA_LABEL, label, sizeof(label) - 1 },
        { CKA_ENCRYPT, &no, sizeof(no) }, { CKA_VALUE_LEN, &length, sizeof(length) },
    };
    CK_ATTRIBUTE copied[] = { { CKA_TOKEN, &yes, sizeof(yes) } };

    if (functions->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session)
            != CKR_OK
        || functions->C_Login(session, CKU_SO, (CK_UTF8CHAR *) TEST_TOKEN_SO_PIN,
                              strlen(TEST_TOKEN_SO_PIN))
               != CKR_OK
        || functions->C_GenerateKey(session, &mechanism, made, KV_COUNT(made), &key) != CKR_OK
        || functions->C_Logout(session) != CKR_OK) {
        return CKR_FUNCTION_FAILED;
    }
    CK_RV rv = functions->C_Login(session, CKU_USER, (CK_UTF8CHAR *) TEST_TOKEN_PIN,
                                  strlen(TEST_TOKEN_PIN));
    return rv == CKR_OK ? functions->C_CopyObject(session, key, copied, 1, &key) : rv;
}

Test(trust, is_not_given_to_what_a_killed_start_left)
{
    need_softhsm("the module does not keep to what a trusted key is for");
    set_so_pin("");
    test_token_open(&token);
    hsm_close(kv_take(token.hsm));
    test_token_elsewhere(&token, leave_unfinished);
    open_token(&token, true);
    cr_assert_eq(count_trusted(true), 1, "or this shows nothing");
    cr_assert_not(hsm_capabilities(token.hsm)->trusted_wrap);
    reopen(TEST_TOKEN_SO_PIN);
    cr_assert(hsm_capabilities(token.hsm)->trusted_wrap);
    cr_assert_eq(count_trusted(true), 0);
    cr_assert_eq(count_trusted(false), 1);
}
