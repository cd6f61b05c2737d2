/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that are made in a session and copied onto the token: what is left when that fails, and that
 * nobody can tell afterwards. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "outside.h"

static struct test_token token;
static struct refusal refusal;

/* What comes from outside: keys in the clear, a backup, and what BYOK brings, for the key `kek`. */
static EVP_PKEY *outer_rsa, *outer_ec;
static struct key kek;
static struct parcel {
    unsigned char bytes[HSM_TRANSFER_MAX];
    size_t len;
} backup, transfer, aes_backup;

static void setup(void)
{
    refusal = (struct refusal){ 0 };
    test_token_prepare(&token, refuse, &refusal);
}

static void teardown(void)
{
    EVP_PKEY_free(outer_rsa);
    EVP_PKEY_free(outer_ec);
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

static CK_RV take_rsa(const unsigned char *id)
{
    struct outside_numbers numbers;
    struct hsm_rsa_private key;

    outside_numbers(outer_rsa, &numbers, &key);
    return hsm_import_rsa(token.hsm, id, HSM_BOUND, &key);
}

static CK_RV take_ec(const unsigned char *id)
{
    unsigned char scalar[HSM_COORDINATE_MAX];
    struct hsm_ec_public public;

    outside_scalar(outer_ec, HSM_P256, scalar);
    outside_point(outer_ec, HSM_P256, &public);
    return hsm_import_ec(token.hsm, id, HSM_BOUND, HSM_P256, scalar, public.coordinate_len,
                         &public);
}

static CK_RV restore(const unsigned char *id)
{
    return hsm_import_wrapped(token.hsm, id, HSM_BOUND, HSM_EC, backup.bytes, backup.len);
}

static CK_RV restore_aes(const unsigned char *id)
{
    return hsm_import_wrapped(token.hsm, id, HSM_BOUND, HSM_AES, aes_backup.bytes, aes_backup.len);
}

static CK_RV unpack(const unsigned char *id)
{
    return hsm_import_transfer(token.hsm, kek.id, id, HSM_BOUND, HSM_EC, transfer.bytes,
                               transfer.len);
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
    { "an RSA key taken in", take_rsa, 1 },
    { "an EC key taken in", take_ec, 1 },
    { "an EC key restored", restore, 1 },
    { "an AES key restored", restore_aes, 2 },
    { "an EC key that BYOK brings", unpack, 1 },
};

static void pack(enum hsm_kind kind, unsigned char tag, struct parcel *ret_parcel)
{
    unsigned char id[HSM_ID_LENGTH];

    set_id(tag, id);
    generate_bound(&token, kind, HSM_EXPORTABLE, id);
    cr_assert_eq(hsm_export_wrapped(token.hsm, id, HSM_EXPORTABLE, ret_parcel->bytes,
                                    sizeof(ret_parcel->bytes), &ret_parcel->len),
                 CKR_OK);
}

/* For all the ways. */
static void furnish(void)
{
    unsigned char id[HSM_ID_LENGTH];

    outer_rsa = outside_make_rsa(QUICK_BITS);
    outer_ec = outside_make_ec(HSM_P256);
    make_sentinel(&token, 99);
    generate_quick_key(&token, 98, &kek);
    pack(HSM_EC, 97, &backup);
    pack(HSM_AES, 96, &aes_backup);
    set_id(97, id);
    cr_assert_eq(hsm_export_transfer(token.hsm, id, &kek.public, HSM_SHA1, NULL, transfer.bytes,
                                     sizeof(transfer.bytes), &transfer.len),
                 CKR_OK);
}

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
    furnish();
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
    furnish();
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
    furnish();
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

/* Opening a session, which ends with both halves, generating, reading the point, and copying. */
Test(settle, takes_few_calls)
{
    unsigned char id[HSM_ID_LENGTH];

    open_bare();
    set_id(1, id);
    cr_assert_eq(make_ec(id), CKR_OK);
    set_id(2, id);
    unsigned long before = count_calls();
    cr_assert_eq(make_ec(id), CKR_OK);
    cr_assert_leq(count_calls() - before, 4);
}
