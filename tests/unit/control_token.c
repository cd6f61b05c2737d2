/* SPDX-License-Identifier: Apache-2.0 */
/* The token of the control port: what may be one, and where it is read from. */
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/control_token.h"
#include "scratch.h"

TestSuite(control_token, .init = scratch_make, .fini = scratch_remove, .timeout = 60);

#define TOKEN "0123456789abcdef"

static struct kv_err err;
static struct kv_secret token;

Test(control_token, is_neither_short_nor_long_nor_of_other_characters)
{
    char text[KV_BEARER_MAX + 2];
    static const char *const rows[] = {
        "",
        "0123456789abcde", /* one too few */
        "0123456789 abcdef",
        "0123456789abcdef\t",
        "0123456789abcdef\xc3\xa9",
        "0123456789abcdef,",
        "0123456789abc=def",
        "================",
        "\"0123456789abcdef\"",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_not(kv_secret_is_bearer(rows[i]), "%zu", i);
    }
    memset(text, 'a', sizeof(text));
    text[KV_BEARER_MAX + 1] = '\0';
    cr_expect_not(kv_secret_is_bearer(text));
    text[KV_BEARER_MAX] = '\0';
    cr_expect(kv_secret_is_bearer(text));
    cr_expect(kv_secret_is_bearer(TOKEN));
    cr_expect(kv_secret_is_bearer("aA0-._~+/aA0-._~+/=="));
}

Test(control_token, is_not_taken_from_a_file_without_one_nor_shown)
{
    static const char *const rows[] = { "", "\n" TOKEN, "short", TOKEN " and more\n",
                                        "\xff\xfe" TOKEN };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(kv_file_write("file", rows[i], strlen(rows[i]), 0600, &err), KV_OK);
        cr_expect_eq(kv_control_token_read("--x", "file", &token, &err), KV_BAD_PARAMETER, "%zu",
                     i);
        cr_expect_eq(strncmp(err.message, "--x: the first line of file is not ", 35), 0, "%s",
                     err.message);
        cr_expect_null(strstr(err.message, TOKEN));
    }
    cr_expect_eq(kv_control_token_read("--x", "absent", &token, &err), KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "--x: absent does not exist");
}

Test(control_token, is_the_first_line_of_a_file)
{
    static const char *const rows[] = { TOKEN, TOKEN "\n", TOKEN "\r\nmore",
                                        "\xef\xbb\xbf" TOKEN "\n" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(kv_file_write("file", rows[i], strlen(rows[i]), 0600, &err), KV_OK);
        cr_assert_eq(kv_control_token_read("--x", "file", &token, &err), KV_OK, "%s", err.message);
        cr_expect_eq(token.len, strlen(TOKEN));
        cr_expect_str_eq((const char *) token.bytes, TOKEN);
    }
}

Test(control_token, is_not_found_behind_another_scheme)
{
    static const char *const rows[] = {
        "", TOKEN, "Basic " TOKEN, "Bearer", "Bearer:" TOKEN, "BearerX " TOKEN, " Bearer " TOKEN
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_null(kv_control_token_shown(rows[i]), "%s", rows[i]);
    }
    cr_expect_str_eq(kv_control_token_shown("bEARER   " TOKEN), TOKEN);
    cr_expect_str_eq(kv_control_token_shown("Bearer "), "");
}

Test(control_token, has_a_digest_of_its_own)
{
    unsigned char one[KV_SECRET_DIGEST_SIZE], other[KV_SECRET_DIGEST_SIZE];

    cr_assert(kv_secret_digest("abc", 3, one));
    cr_expect_eq(memcmp(one, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8), 0, "FIPS 180-4, B.1");
    cr_assert(kv_secret_digest("abd", 3, other));
    cr_expect_not(kv_secret_equal(one, sizeof(one), other, sizeof(other)));
}
