/* SPDX-License-Identifier: Apache-2.0 */
/* Key names, tags, and the tables of types, operations and algorithms. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/custody/custody.h"
#include "kv/keys/keys.h"
#include "server/domain/keys/names.h"

TestSuite(names, .timeout = 120);

Test(names, of_keys_outside_the_rule_are_refused)
{
    static const char *const names[] = { "", "a b", "a_b", "a.b", "a/b", "\xc3\xa4", "a\n" };
    char longer[KV_KEY_NAME_MAX + 2];

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        cr_expect_eq(kv_key_name_check(names[i], NULL), KV_BAD_PARAMETER, "%s", names[i]);
    }
    memset(longer, 'a', sizeof(longer));
    longer[KV_KEY_NAME_MAX + 1] = '\0';
    cr_expect_eq(kv_key_name_check(longer, NULL), KV_BAD_PARAMETER);
    longer[KV_KEY_NAME_MAX] = '\0';
    cr_expect_eq(kv_key_name_check(longer, NULL), KV_OK);
}

/* The documentation wants a letter first; the service does not (contract §4.1). */
Test(names, of_keys_may_start_with_anything_allowed)
{
    cr_expect_eq(kv_key_name_check("0", NULL), KV_OK);
    cr_expect_eq(kv_key_name_check("-", NULL), KV_OK);
    cr_expect_eq(kv_key_name_check("Az-09", NULL), KV_OK);
}

static void fill(char *text, const char *character, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        memcpy(text + i * strlen(character), character, strlen(character) + 1);
    }
}

/* Of UTF-16, as the service and its clients count: the last row's character takes two of them. */
Test(names, of_tags_are_bounded_in_characters_not_bytes)
{
    static const struct {
        const char *character;
        size_t max;
    } rows[] = {
        { "a", KV_TAG_TEXT_MAX },
        { "\xc3\xa4", KV_TAG_TEXT_MAX },
        { "\xe2\x82\xac", KV_TAG_TEXT_MAX },
        { "\xf0\x9f\x94\x91", KV_TAG_TEXT_MAX / 2 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_tags tags = { .packed = NULL };
        char text[4 * KV_TAG_TEXT_MAX];

        fill(text, rows[i].character, rows[i].max + 1);
        cr_expect_eq(kv_tags_add(&tags, text, "", NULL), KV_BAD_PARAMETER, "%zu", i);
        cr_expect_eq(kv_tags_add(&tags, "", text, NULL), KV_BAD_PARAMETER, "%zu", i);
        fill(text, rows[i].character, rows[i].max);
        cr_expect_eq(kv_tags_add(&tags, text, text, NULL), KV_OK, "%zu", i);
        kv_tags_done(&tags);
    }
}

Test(names, of_tags_are_fifteen_at_most_and_keep_their_order)
{
    struct kv_tags tags = { .packed = NULL };
    const char *name;
    const char *value;
    size_t position = 0;
    char text[16];

    for (int i = 0; i < KV_TAGS_MAX; i++) {
        snprintf(text, sizeof(text), "%d", i);
        cr_assert_eq(kv_tags_add(&tags, text, "", NULL), KV_OK);
    }
    cr_expect_eq(kv_tags_add(&tags, "one more", "", NULL), KV_BAD_PARAMETER);
    for (int i = 0; i < KV_TAGS_MAX; i++) {
        snprintf(text, sizeof(text), "%d", i);
        cr_assert(kv_tags_next(&tags, &position, &name, &value));
        cr_expect_str_eq(name, text);
        cr_expect_str_eq(value, "");
    }
    cr_expect_not(kv_tags_next(&tags, &position, &name, &value));
    kv_tags_done(&tags);
}

Test(names, of_the_tables_are_found_exactly)
{
    enum kv_kty kty;
    enum kv_curve curve;
    enum kv_key_op op;
    enum kv_alg alg;

    cr_expect_not(kv_kty_find("rsa", &kty));
    cr_expect_not(kv_curve_find("P-256 ", &curve));
    cr_expect_not(kv_curve_find("secp256k1", &curve));
    cr_expect_not(kv_key_op_find("wrapkey", &op));
    cr_expect_not(kv_alg_find("RSA-OAEP-257", &alg));
    for (int i = 0; i < KV_KTY_COUNT; i++) {
        cr_expect(kv_kty_find(kv_kty_row((enum kv_kty) i)->name, &kty) && (int) kty == i);
    }
    for (int i = KV_CURVE_NONE + 1; i < KV_CURVE_COUNT; i++) {
        cr_expect(kv_curve_find(kv_curve_row((enum kv_curve) i)->name, &curve) && (int) curve == i);
    }
    for (int i = 0; i < KV_OP_COUNT; i++) {
        cr_expect(kv_key_op_find(kv_key_op_row((enum kv_key_op) i)->name, &op) && (int) op == i);
    }
    for (int i = 0; i < KV_ALG_COUNT; i++) {
        cr_expect(kv_alg_find(kv_alg_row((enum kv_alg) i)->name, &alg) && (int) alg == i);
    }
}

/* contract §8.1 */
Test(names, of_algorithms_carry_the_documented_limits)
{
    static const struct {
        enum kv_alg alg;
        size_t max[3];
    } rows[] = {
        { KV_ALG_RSA1_5, { 245, 373, 501 } },
        { KV_ALG_RSA_OAEP, { 214, 342, 470 } },
        { KV_ALG_RSA_OAEP_256, { 190, 318, 446 } },
        { KV_ALG_RSNULL, { 245, 373, 501 } },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        for (size_t j = 0; j < 3; j++) {
            const struct kv_material material = { .modulus_len = 256 + 128 * j };

            cr_expect_eq(kv_custody_needs(&material, rows[i].alg, KV_OP_ENCRYPT).max,
                         rows[i].max[j]);
        }
    }
}

/* As a disk may hold them: nothing behind the bytes is read, which sanitizers see. */
Test(names, tags_that_are_no_pairs_are_none)
{
    static const struct {
        const char *packed;
        size_t len;
        size_t count;
    } rows[] = {
        { "name\0value", 11, 1 }, { "name\0", 6, 1 }, { "a\0b\0c\0d", 8, 2 },
        { "name", 5, 0 },         { "name", 4, 0 },   { "a\0b\0c", 6, 0 },
        { "a\0b", 3, 0 },         { "", 1, 0 },       { "", 0, 0 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char *packed = malloc(rows[i].len > 0 ? rows[i].len : 1);
        struct kv_tags tags;

        cr_assert_not_null(packed);
        memcpy(packed, rows[i].packed, rows[i].len);
        cr_assert_eq(tags_copy(packed, rows[i].len, &tags, NULL), KV_OK);
        cr_expect_eq(tags.count, rows[i].count, "row %zu", i);
        kv_tags_done(&tags);
        free(packed);
    }
}
