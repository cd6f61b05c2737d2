/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content of a backup: what is written is read again, and whatever else stands there is refused
 * without harm. Nobody but coffer can seal a blob, but a disk may hold what another build has
 * sealed; run with sanitizers, this shows that no length is believed.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "server/domain/keys/backup/backup.h"

TestSuite(backup_form, .timeout = 60);

static const char tags[] = "name\0value"; /* and the NUL behind it */

static const struct kv_key keys[] = {
    {
        .version = "0123456789abcdef0123456789abcdef",
        .kty = KV_KTY_RSA,
        .ops = { { KV_OP_SIGN, KV_OP_VERIFY }, 2 },
        .material = { .family = KV_FAMILY_RSA,
                      .bits = 2048,
                      .modulus = { 1, 2 },
                      .modulus_len = 2,
                      .exponent = { 1, 0, 1 },
                      .exponent_len = 3 },
        .attributes = { .enabled = true, .not_before = { true, 5 }, .created = 6, .updated = 7 },
        .tags = { (char *) tags, sizeof(tags), 1 },
        .members = (char *) "{\"crv\":\"x\"}",
    },
    {
        .version = "fedcba9876543210fedcba9876543210",
        .kty = KV_KTY_EC_HSM,
        .material = { .family = KV_FAMILY_EC,
                      .bits = 256,
                      .curve = KV_CURVE_P256,
                      .x = { 9 },
                      .y = { 8 } },
        .attributes = { .expires = { true, 253402300799 } },
    },
};

static void write_content(struct kv_buf *content)
{
    const struct backup_policy policy = {
        .given = true,
        .duration = { [BACKUP_EXPIRY] = "P90D", [BACKUP_NOTIFY] = "P30D" },
        .created = 1,
        .updated = 2,
    };
    const struct kv_release_terms terms = {
        .immutable = true,
        .policy = (char *) "{}",
        .content_type = (char *) "application/json",
    };
    const struct kv_wrapped wrapped = { .bytes = { 1, 2, 3 }, .len = 3 };

    cr_assert_eq(backup_append_head(content, "Name", &policy, &terms, KV_COUNT(keys), NULL), KV_OK);
    for (size_t i = 0; i < KV_COUNT(keys); i++) {
        cr_assert_eq(backup_append_version(content, &keys[i], &wrapped, NULL), KV_OK);
    }
}

Test(backup_form, is_read_as_it_was_written)
{
    kv_auto(backup_done) struct backup backup = { .name = "" };
    kv_auto(kv_buf_done) struct kv_buf content;

    kv_buf_init(&content, BACKUP_CONTENT_MAX);
    write_content(&content);
    cr_assert_eq(backup_parse(&content, &backup, NULL), KV_OK);
    cr_expect_str_eq(backup.name, "Name");
    cr_expect_str_eq(backup.policy.duration[BACKUP_EXPIRY], "P90D");
    cr_expect_str_eq(backup.release.policy, "{}");
    cr_expect(backup.release.immutable);
    cr_assert_eq(backup.count, 2);
    cr_expect_str_eq(backup.version[0].key.version, keys[0].version);
    cr_expect_eq(backup.version[0].key.ops.count, 2);
    cr_expect_eq(backup.version[0].key.tags.count, 1);
    cr_expect_str_eq(backup.version[0].key.members, keys[0].members);
    cr_expect_eq(backup.version[1].key.material.x[0], 9);
    cr_expect_eq(backup.version[1].key.attributes.expires.value, 253402300799);
    cr_expect_eq(backup.version[1].wrapped_len, 3);
}

/* Of a copy on the heap, without a byte of room behind it. */
static enum kv_code parse_bytes(const char *bytes, size_t len)
{
    kv_auto(backup_done) struct backup backup = { .name = "" };
    char *copy = malloc(len > 0 ? len : 1);
    const struct kv_buf content = { .data = copy, .len = len, .capacity = len, .max = len };
    enum kv_code code;

    cr_assert_not_null(copy);
    memcpy(copy, bytes, len);
    code = backup_parse(&content, &backup, NULL);
    free(copy);
    return code;
}

Test(backup_form, that_is_cut_anywhere_is_corrupt)
{
    kv_auto(kv_buf_done) struct kv_buf content;

    kv_buf_init(&content, BACKUP_CONTENT_MAX);
    write_content(&content);
    for (size_t len = 0; len < content.len; len++) {
        cr_assert_eq(parse_bytes(content.data, len), KV_BACKUP_CORRUPT, "%zu", len);
    }
    cr_assert_eq(kv_buf_append(&content, "", 1, NULL), KV_OK);
    cr_expect_eq(parse_bytes(content.data, content.len), KV_BACKUP_CORRUPT, "one byte too many");
}

/* A changed date or letter is none of its business: the seal is what finds those. */
Test(backup_form, does_no_harm_whatever_its_bytes_are)
{
    static const unsigned char changes[] = { 0x01, 0x80, 0xff };
    kv_auto(kv_buf_done) struct kv_buf content;

    kv_buf_init(&content, BACKUP_CONTENT_MAX);
    write_content(&content);
    for (size_t i = 0; i < content.len; i++) {
        for (size_t j = 0; j < KV_COUNT(changes); j++) {
            char before = content.data[i];
            enum kv_code code;

            content.data[i] = (char) (before ^ changes[j]);
            code = parse_bytes(content.data, content.len);
            cr_assert(code == KV_OK || code == KV_BACKUP_CORRUPT, "byte %zu: %d", i, (int) code);
            content.data[i] = before;
        }
    }
}
