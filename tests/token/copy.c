/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of keys that are used all the time: when there is one, what it can, when it goes. */
#include "fixture.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "attribute.h"
#include "hot.h"
#include "core.h" /* to be in constant use, or not, without regard to real time */

#define LATER (INT64_MAX / 2)

static struct test_token token;
static struct refusal refusal;
static struct key key;

static void setup(void)
{
    refusal = (struct refusal){ 0 };
    test_token_create(&token, refuse, &refusal);
    generate_quick_key(&token, 1, &key);
    make_sentinel(&token, 9);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(copy, .init = setup, .fini = teardown, .timeout = 120);

/* As after many uses in a row, the last of which the key itself has done just now. */
static void heat(struct hsm_place *place, void *context)
{
    (void) context;
    place->run = HSM_COPY_AFTER;
    place->used = place->seen = LATER;
}

/* The same, a while after the key itself has worked. */
static void let_trust_end(struct hsm_place *place, void *context)
{
    heat(place, context);
    place->seen = 0;
}

static void rest(struct hsm_place *place, void *context)
{
    (void) context;
    place->used = place->seen = 0;
}

static CK_RV use_after(hsm_place_fn *event)
{
    unsigned char bytes[QUICK_BYTES] = { 0 };

    cr_assert(hsm_map_visit(token.hsm->map, key.id, HSM_KEY, event, NULL));
    return hsm_rsa_raw(token.hsm, key.id, bytes, sizeof(bytes), bytes);
}

/* The session objects, which nothing else makes here. */
static size_t find_copies(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *ret_copies, CK_ULONG max)
{
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE template[] = { HSM_ATTRIBUTE(CKA_TOKEN, no) };
    CK_ULONG found = 0;

    cr_assert_eq(token.functions->C_FindObjectsInit(session, template, 1), CKR_OK);
    cr_assert_eq(token.functions->C_FindObjects(session, ret_copies, max, &found), CKR_OK);
    cr_assert_eq(token.functions->C_FindObjectsFinal(session), CKR_OK);
    return found;
}

static size_t count_copies(void)
{
    CK_OBJECT_HANDLE copies[2 * HSM_COPIES_MAX];
    CK_SESSION_HANDLE session = test_token_session(&token);
    size_t count = find_copies(session, copies, KV_COUNT(copies));

    cr_assert_eq(token.functions->C_CloseSession(session), CKR_OK);
    return count;
}

static void make_copy(void)
{
    cr_assert_eq(use_after(heat), CKR_OK);
    cr_assert_eq(count_copies(), 1);
}

Test(copy, is_not_made_of_a_key_that_rests_between_its_uses)
{
    for (unsigned i = 0; i < 2 * HSM_COPY_AFTER; i++) {
        cr_assert_eq(use_after(rest), CKR_OK);
    }
    cr_assert_eq(count_copies(), 0);
}

#define APART_MS 38 /* as with NSS softokn, which takes so long for one use */

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000) + time.tv_nsec / 1000000;
}

/* The last use of a module that is quick, or slow, was so long ago. */
static void part(struct hsm_place *place, void *context)
{
    (void) context;
    place->took = 0;
    place->used = now() - APART_MS;
}

static void part_slowly(struct hsm_place *place, void *context)
{
    part(place, context);
    place->took = APART_MS;
}

Test(copy, is_made_of_a_key_whose_uses_are_as_close_as_its_module_allows)
{
    for (unsigned i = 0; i < HSM_COPY_AFTER; i++) {
        cr_assert_eq(use_after(part), CKR_OK);
    }
    cr_expect_eq(count_copies(), 0, "the module could have been asked more often");
    for (unsigned i = 0; i < HSM_COPY_AFTER; i++) {
        cr_assert_eq(use_after(part_slowly), CKR_OK);
    }
    cr_expect_eq(count_copies(), 1);
}

Test(copy, is_trusted_by_what_a_use_takes_and_within_bounds)
{
    cr_expect_eq(hsm_copy_trust(&(struct hsm_place){ .took = 0 }), HSM_COPY_TRUST);
    cr_expect_eq(hsm_copy_trust(&(struct hsm_place){ .took = 5 }), HSM_COPY_TRUST);
    cr_expect_eq(hsm_copy_trust(&(struct hsm_place){ .took = 38 }), 38 * HSM_COPY_TIMES);
    cr_expect_eq(hsm_copy_trust(&(struct hsm_place){ .took = 60000 }), HSM_COPY_MOST);
}

Test(copy, that_the_module_refuses_is_not_asked_for_again)
{
    struct hsm_counters before, after;

    refusal = (struct refusal){ .function = "C_CopyObject", .rv = CKR_FUNCTION_NOT_SUPPORTED };
    hsm_counters(token.hsm, &before);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(use_after(heat), CKR_OK);
    }
    hsm_counters(token.hsm, &after);
    cr_assert_eq(after.failures, before.failures + 1);
    cr_assert_eq(count_copies(), 0);
}

Test(copy, that_fails_while_the_token_is_ill_is_made_later)
{
    refusal = (struct refusal){ .function = "C_CopyObject", .rv = CKR_DEVICE_ERROR };
    cr_assert_eq(use_after(heat), CKR_OK);
    cr_assert_eq(count_copies(), 0);
    refusal = (struct refusal){ 0 };
    make_copy();
}

Test(copy, that_is_lost_leaves_the_work_to_the_key)
{
    CK_SESSION_HANDLE session = test_token_session(&token);
    CK_OBJECT_HANDLE copy;

    make_copy();
    cr_assert_eq(find_copies(session, &copy, 1), 1);
    cr_assert_eq(token.functions->C_DestroyObject(session, copy), CKR_OK);
    cr_assert_eq(use_after(heat), CKR_OK);
}

Test(copy, works_while_it_is_believed_in)
{
    need_softhsm("another process cannot destroy its keys");
    make_copy();
    test_token_elsewhere(&token, destroy_private_keys);
    cr_assert_eq(use_after(heat), CKR_OK, "this was the key's work");
}

Test(copy, goes_with_the_key_as_soon_as_that_is_missed)
{
    need_softhsm("another process cannot destroy its keys");
    make_copy();
    test_token_elsewhere(&token, destroy_private_keys);
    cr_assert_eq(use_after(let_trust_end), HSM_RV_NO_KEY);
    cr_assert_eq(count_copies(), 0);
}

Test(copy, is_destroyed_with_its_key)
{
    make_copy();
    cr_assert_eq(hsm_destroy(token.hsm, key.id), CKR_OK);
    cr_assert_eq(count_copies(), 0);
}

Test(copy, is_made_anew_after_the_token_was_away)
{
    need_softhsm("the token does not go with its folder");
    make_copy();
    test_token_hide(&token);
    cr_assert_eq(hsm_check(token.hsm), HSM_RV_NO_TOKEN);
    test_token_show(&token);
    cr_assert_eq(hsm_check(token.hsm), CKR_OK);
    cr_assert_eq(count_copies(), 0);
    make_copy();
    cr_assert_eq(use_after(heat), CKR_OK);
}

Test(copy, is_made_of_a_bounded_number_of_keys)
{
    unsigned char id[HSM_ID_LENGTH];

    for (unsigned i = 0; i < HSM_COPIES_MAX + 2; i++) {
        generate_kind(&token, HSM_AES, (unsigned char) (100 + i), id);
        cr_assert(hsm_map_visit(token.hsm->map, id, HSM_KEY, heat, NULL));
        assert_kind_works(&token, HSM_AES, id);
    }
    cr_assert_eq(count_copies(), HSM_COPIES_MAX);
}

Test(copy, can_be_read_and_extracted_as_little_as_its_key)
{
    CK_SESSION_HANDLE session = test_token_session(&token);
    CK_BBOOL private = CK_FALSE, sensitive = CK_FALSE, extractable = CK_FALSE;
    unsigned char exponent[QUICK_BYTES];
    CK_ATTRIBUTE template[] = {
        HSM_ATTRIBUTE(CKA_PRIVATE, private),
        HSM_ATTRIBUTE(CKA_SENSITIVE, sensitive),
        HSM_ATTRIBUTE(CKA_EXTRACTABLE, extractable),
    };
    CK_ATTRIBUTE secret = HSM_ATTRIBUTE(CKA_PRIVATE_EXPONENT, exponent);
    CK_OBJECT_HANDLE copy;

    make_copy();
    cr_assert_eq(find_copies(session, &copy, 1), 1);
    cr_assert_eq(token.functions->C_GetAttributeValue(session, copy, template, 3), CKR_OK);
    cr_expect(private);
    cr_expect(sensitive);
    cr_expect_eq(extractable, token.config.extractable);
    cr_expect_eq(token.functions->C_GetAttributeValue(session, copy, &secret, 1),
                 CKR_ATTRIBUTE_SENSITIVE);
}

Test(copy, does_what_its_key_does)
{
    struct hsm_counters before, after;

    make_copy();
    hsm_counters(token.hsm, &before);
    cr_assert(hsm_map_visit(token.hsm->map, key.id, HSM_KEY, heat, NULL));
    assert_key_works(&token, &key);
    hsm_counters(token.hsm, &after);
    cr_assert_eq(after.failures, before.failures);
}
