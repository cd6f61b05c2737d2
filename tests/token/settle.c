/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that are made in a session and copied onto the token: what is left when that fails, and that
 * nobody can tell afterwards. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

static struct test_token token;
static struct refusal refusal;

static void setup(void)
{
    refusal = (struct refusal){ 0 };
    test_token_prepare(&token, refuse, &refusal);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(settle, .init = setup, .fini = teardown, .timeout = 60);

static CK_RV make_rsa(const unsigned char *id)
{
    struct hsm_rsa_public public;

    return hsm_generate_rsa(token.hsm, id, HSM_BOUND, 1024, 65537, &public);
}

static CK_RV make_ec(const unsigned char *id)
{
    struct hsm_ec_public public;

    return hsm_generate_ec(token.hsm, id, HSM_BOUND, HSM_P256, &public);
}

static CK_RV make_aes(const unsigned char *id)
{
    return hsm_generate_aes(token.hsm, id, HSM_BOUND, 256);
}

static CK_RV take_aes(const unsigned char *id)
{
    static const unsigned char value[16] = { 1 };

    return hsm_import_aes(token.hsm, id, HSM_BOUND, value, sizeof(value));
}

static CK_RV take_secret(const unsigned char *id)
{
    static const unsigned char value[20] = { 1 };

    return hsm_import_secret(token.hsm, id, HSM_BOUND, value, sizeof(value));
}

static const struct way {
    const char *name;
    CK_RV (*make)(const unsigned char *id);
    size_t objects; /* that such a key is on the token */
} ways[] = {
    { "RSA", make_rsa, 1 },
    { "EC", make_ec, 1 },
    { "AES", make_aes, 2 },
    { "an AES key taken in", take_aes, 2 },
    { "a secret taken in", take_secret, 1 },
};

static void open_bare(void)
{
    token.config.extractable = true;
    test_token_open(&token);
}

/* Of that id; of all sessions, or on the token. */
static CK_ULONG count(const unsigned char *id, bool on_token)
{
    CK_SESSION_HANDLE session = test_token_session(&token);
    CK_BBOOL flag = on_token ? CK_TRUE : CK_FALSE;
    CK_ATTRIBUTE template[] = {
        { CKA_ID, (void *) id, HSM_ID_LENGTH },
        { CKA_TOKEN, &flag, sizeof(flag) },
    };
    CK_OBJECT_HANDLE found[8];
    CK_ULONG n = 0;

    cr_assert_eq(token.functions->C_FindObjectsInit(session, template, 2), CKR_OK);
    cr_assert_eq(token.functions->C_FindObjects(session, found, KV_COUNT(found), &n), CKR_OK);
    cr_assert_eq(token.functions->C_FindObjectsFinal(session), CKR_OK);
    cr_assert_eq(token.functions->C_CloseSession(session), CKR_OK);
    return n;
}

static unsigned long count_calls(void)
{
    struct hsm_counters counters;

    hsm_counters(token.hsm, &counters);
    return counters.calls;
}

Test(settle, is_done_where_a_copy_is_worth_as_much_as_its_key)
{
    open_bare();
    cr_assert_eq(hsm_capabilities(token.hsm)->settles, test_token_is_softhsm(),
                 "NSS forgets CKA_LOCAL of what it stores");
}

Test(settle, is_not_done_where_keys_cannot_be_copied)
{
    refusal = (struct refusal){ .function = "C_CopyObject", .rv = CKR_FUNCTION_NOT_SUPPORTED };
    open_bare();
    cr_assert_not(hsm_capabilities(token.hsm)->settles);
    for (size_t i = 0; i < KV_COUNT(ways); i++) {
        unsigned char id[HSM_ID_LENGTH];

        set_id((unsigned char) (i + 1), id);
        cr_expect_eq(ways[i].make(id), CKR_OK, "%s", ways[i].name);
        cr_expect(hsm_has_key(token.hsm, id), "%s", ways[i].name);
    }
}

Test(settle, that_was_tried_leaves_nothing_on_the_token)
{
    open_bare();
    cr_assert_eq(count_objects(&token), 0);
}

Test(settle, that_fails_leaves_no_part_of_the_key)
{
    need_softhsm("another module makes its keys on the token");
    open_bare();
    for (size_t i = 0; i < KV_COUNT(ways); i++) {
        for (unsigned passes = 0; passes < ways[i].objects; passes++) {
            unsigned char id[HSM_ID_LENGTH];

            set_id((unsigned char) (i + 1), id);
            refusal = (struct refusal){ "C_CopyObject", CKR_DEVICE_MEMORY, passes };
            cr_expect_eq(ways[i].make(id), CKR_DEVICE_MEMORY, "%s", ways[i].name);
            cr_expect_not(hsm_has_key(token.hsm, id), "%s", ways[i].name);
            cr_expect_eq(count(id, true), 0, "%s after %u copies", ways[i].name, passes);
            cr_expect_eq(count(id, false), 0, "%s after %u copies", ways[i].name, passes);
        }
    }
}

Test(settle, leaves_no_draft_behind)
{
    open_bare();
    for (size_t i = 0; i < KV_COUNT(ways); i++) {
        unsigned char id[HSM_ID_LENGTH];

        set_id((unsigned char) (i + 1), id);
        cr_assert_eq(ways[i].make(id), CKR_OK, "%s", ways[i].name);
        cr_expect_eq(count(id, true),
                     hsm_capabilities(token.hsm)->hmac_native ? 1 : ways[i].objects, "%s",
                     ways[i].name);
        cr_expect_eq(count(id, false), 0, "%s", ways[i].name);
    }
}

/* Generating, reading the point, copying, and destroying the two halves in the session. */
Test(settle, takes_few_calls)
{
    unsigned char id[HSM_ID_LENGTH];

    open_bare();
    set_id(1, id);
    cr_assert_eq(make_ec(id), CKR_OK); /* opens the session */
    set_id(2, id);
    unsigned long before = count_calls();
    cr_assert_eq(make_ec(id), CKR_OK);
    cr_assert_leq(count_calls() - before, 5);
}
