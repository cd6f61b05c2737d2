/* SPDX-License-Identifier: Apache-2.0 */
/* Destroying keys, and what is told about those that are there. */
#include "fixture.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

static struct test_token token;

static void setup(void)
{
    test_token_create(&token, NULL, NULL);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(object, .init = setup, .fini = teardown, .timeout = 60);

/* What a killed generation leaves: a key pair with an id of the given length. */
static void leave_pair(CK_SESSION_HANDLE session, CK_BBOOL on_token, const void *id, size_t id_len)
{
    CK_MECHANISM mechanism = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
    CK_ULONG bits = QUICK_BITS;
    unsigned char f4[] = { 1, 0, 1 };
    CK_OBJECT_HANDLE public, private;
    CK_ATTRIBUTE public_template[] = {
        { CKA_TOKEN, &on_token, sizeof(on_token) },
        { CKA_MODULUS_BITS, &bits, sizeof(bits) },
        { CKA_PUBLIC_EXPONENT, f4, sizeof(f4) },
        { CKA_ID, (void *) id, id_len },
    };
    CK_ATTRIBUTE private_template[] = {
        { CKA_TOKEN, &on_token, sizeof(on_token) },
        { CKA_ID, (void *) id, id_len },
    };

    cr_assert_eq(token.functions->C_GenerateKeyPair(session, &mechanism, public_template,
                                                    KV_COUNT(public_template), private_template,
                                                    KV_COUNT(private_template), &public, &private),
                 CKR_OK);
}

static void write_file(const char *folder, const char *name, const void *bytes, size_t len)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "we");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, len, file), len);
    cr_assert_eq(fclose(file), 0);
}

/* What SoftHSM has written of half a key pair when it is killed early on: the first attribute. The
 * module sees it when it looks at the folder anew. */
static void leave_shred(void)
{
    static const unsigned char shred[32] = { [7] = 2, [14] = 1, [23] = 2 }; /* CKA_KEY_TYPE: RSA */
    char pattern[64];
    glob_t folders;

    snprintf(pattern, sizeof(pattern), "%s/tokens/*", token.folder);
    cr_assert_eq(glob(pattern, 0, NULL, &folders), 0);
    write_file(folders.gl_pathv[0], "shred.object", shred, sizeof(shred));
    write_file(folders.gl_pathv[0], "shred.lock", "", 0);
    globfree(&folders);
}

static bool count_keys(void *context, const unsigned char id[HSM_ID_LENGTH])
{
    unsigned *seen = context;

    cr_assert_lt(id[0], 8);
    seen[id[0]]++;
    return true;
}

static bool stop_at_once(void *context, const unsigned char id[HSM_ID_LENGTH])
{
    unsigned *visits = context;

    (void) id;
    (*visits)++;
    return false;
}

Test(object, has_no_facts_when_it_is_not_there)
{
    const unsigned char id[HSM_ID_LENGTH] = { 1 };
    struct hsm_key_facts facts;

    cr_assert_eq(hsm_key_facts(token.hsm, id, &facts), HSM_RV_NO_KEY);
}

Test(object, that_is_not_there_is_as_good_as_destroyed)
{
    const unsigned char id[HSM_ID_LENGTH] = { 1 };

    cr_assert_eq(hsm_destroy(token.hsm, id), CKR_OK);
}

Test(object, is_not_destroyed_while_the_token_is_gone)
{
    struct key key;

    need_softhsm("the token does not go with its folder");
    generate_quick_key(&token, 1, &key);
    test_token_hide(&token);
    cr_assert_neq(hsm_destroy(token.hsm, key.id), CKR_OK);
    cr_assert(hsm_has_key(token.hsm, key.id));
    test_token_show(&token);
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    assert_key_works(&token, &key);
}

Test(object, is_destroyed_and_no_other)
{
    struct key keys[2];
    unsigned char bytes[QUICK_BYTES] = { 0 };

    generate_quick_key(&token, 1, &keys[0]);
    generate_quick_key(&token, 2, &keys[1]);
    cr_assert_eq(hsm_destroy(token.hsm, keys[0].id), CKR_OK);
    cr_assert_not(hsm_has_key(token.hsm, keys[0].id));
    cr_assert_eq(hsm_rsa_raw(token.hsm, keys[0].id, bytes, sizeof(bytes), bytes), HSM_RV_NO_KEY);
    cr_assert_eq(test_token_count(&token, test_token_session(&token), CKO_PRIVATE_KEY), 1);
    assert_key_works(&token, &keys[1]);
}

Test(object, is_destroyed_with_all_that_share_its_id)
{
    const unsigned char id[HSM_ID_LENGTH] = { 1 };
    CK_SESSION_HANDLE session = test_token_session(&token);

    leave_pair(session, CK_TRUE, id, sizeof(id));
    leave_pair(session, CK_TRUE, id, sizeof(id));
    cr_assert_eq(hsm_destroy(token.hsm, id), CKR_OK);
    cr_assert_eq(test_token_count(&token, session, CKO_PRIVATE_KEY), 0);
    cr_assert_eq(test_token_count(&token, session, CKO_PUBLIC_KEY), 0);
}

Test(object, is_visited_once_each)
{
    unsigned seen[8] = { 0 };
    struct key key;

    for (unsigned char tag = 1; tag < KV_COUNT(seen); tag++) {
        generate_quick_key(&token, tag, &key);
    }
    hsm_each_key(token.hsm, count_keys, seen);
    cr_assert_eq(seen[0], 0);
    for (size_t i = 1; i < KV_COUNT(seen); i++) {
        cr_expect_eq(seen[i], 1);
    }
}

Test(object, is_not_visited_after_the_visitor_had_enough)
{
    unsigned visits = 0;
    struct key key;

    generate_quick_key(&token, 1, &key);
    generate_quick_key(&token, 2, &key);
    hsm_each_key(token.hsm, stop_at_once, &visits);
    cr_assert_eq(visits, 1);
}

Test(object, without_an_id_of_ours_is_no_key)
{
    struct hsm_counters counters;
    CK_SESSION_HANDLE session = test_token_session(&token);

    leave_pair(session, CK_TRUE, "", 0);
    leave_pair(session, CK_TRUE, "fifteen bytes..", 15);
    leave_pair(session, CK_TRUE, "seventeen bytes..", 17);
    hsm_close(kv_take(token.hsm));
    test_token_open(&token);
    hsm_counters(token.hsm, &counters);
    cr_assert_eq(counters.keys, 0);
}

Test(object, is_a_stray_when_nobody_can_name_it)
{
    CK_SESSION_HANDLE session = test_token_session(&token);
    size_t destroyed = 0;
    struct key key;

    generate_quick_key(&token, 1, &key);
    make_sentinel(&token, 9);
    leave_pair(session, CK_TRUE, "", 0);
    leave_pair(session, CK_TRUE, "seventeen bytes..", 17);
    leave_pair(session, CK_FALSE, "", 0); /* killed before CKA_TOKEN was written */
    cr_assert_eq(hsm_destroy_strays(token.hsm, &destroyed), CKR_OK);
    cr_assert_eq(destroyed, 6, "three pairs");
    cr_assert_eq(test_token_count(&token, session, CKO_PRIVATE_KEY), 1);
    cr_assert_eq(test_token_count(&token, session, CKO_PUBLIC_KEY), 0);
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    assert_key_works(&token, &key);
}

Test(object, is_a_stray_when_it_has_not_even_a_class)
{
    size_t destroyed = 0;
    struct key key;

    need_softhsm("the token has no file for each object");
    generate_quick_key(&token, 1, &key);
    make_sentinel(&token, 9);
    hsm_close(token.hsm);
    leave_shred();
    test_token_open(&token);
    cr_assert_eq(count_objects(&token), 3, "key, wrapping key, shred");
    cr_assert_eq(hsm_destroy_strays(token.hsm, &destroyed), CKR_OK);
    cr_assert_eq(destroyed, 1);
    cr_assert_eq(count_objects(&token), 2);
    assert_key_works(&token, &key);
}

Test(object, is_a_stray_when_it_is_a_nameless_secret_key)
{
    CK_SESSION_HANDLE session = test_token_session(&token);
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    CK_BBOOL yes = CK_TRUE;
    CK_ULONG length = 32;
    CK_OBJECT_HANDLE key;
    CK_ATTRIBUTE template[] = {
        { CKA_TOKEN, &yes, sizeof(yes) },
        { CKA_VALUE_LEN, &length, sizeof(length) },
    };
    size_t destroyed = 0;

    make_sentinel(&token, 9);
    cr_assert_eq(
        token.functions->C_GenerateKey(session, &mechanism, template, KV_COUNT(template), &key),
        CKR_OK);
    cr_assert_eq(hsm_destroy_strays(token.hsm, &destroyed), CKR_OK);
    cr_assert_eq(destroyed, 1);
    cr_assert_eq(test_token_count(&token, session, CKO_SECRET_KEY), 1, "the wrapping key");
}

Test(object, is_no_stray_when_it_has_a_name)
{
    size_t destroyed = 1;
    struct key key;

    generate_quick_key(&token, 1, &key);
    cr_assert_eq(hsm_destroy_strays(token.hsm, &destroyed), CKR_OK);
    cr_assert_eq(destroyed, 0);
    assert_key_works(&token, &key);
}

Test(object, that_is_a_sentinel_is_adopted_only_when_it_is_there)
{
    const unsigned char id[HSM_ID_LENGTH] = { 9 };

    cr_assert_eq(hsm_adopt_sentinel(token.hsm, id), HSM_RV_OTHER_TOKEN);
    cr_assert_eq(hsm_check(token.hsm), CKR_OK, "a refused sentinel must not be looked for");
    cr_assert_eq(hsm_create_sentinel(token.hsm, id), CKR_OK);
    cr_assert_eq(hsm_adopt_sentinel(token.hsm, id), CKR_OK);
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
}

Test(object, of_another_class_is_no_sentinel)
{
    struct key key;

    generate_quick_key(&token, 1, &key);
    cr_assert_eq(hsm_adopt_sentinel(token.hsm, key.id), HSM_RV_OTHER_TOKEN);
}
