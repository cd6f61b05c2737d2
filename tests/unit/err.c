/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <string.h>

#include <criterion/criterion.h>
#include <unistr.h>

#include "kv/base/err.h"

TestSuite(err, .timeout = 120);

Test(err, has_no_row_for_success, .signal = SIGABRT)
{
    (void) kv_err_row(KV_OK);
}

Test(err, has_no_row_beyond_the_table, .signal = SIGABRT)
{
    (void) kv_err_row(KV_CODE_COUNT);
}

Test(err, has_a_whole_row_for_every_code)
{
    for (enum kv_code code = KV_OK + 1; code < KV_CODE_COUNT; code++) {
        const struct kv_err_row *row = kv_err_row(code);
        cr_assert_not_null(row->symbol);
        cr_assert(row->status >= 400 && row->status < 600, "%s: %d", row->symbol, row->status);
        cr_assert_not_null(row->code, "%s", row->symbol);
        cr_assert(row->inner == NULL || row->form == KV_FORM_API, "%s", row->symbol);
    }
}

Test(err, answers_with_the_row_of_the_code)
{
    const struct kv_err_row *row = kv_err_row(KV_KEY_DISABLED);

    cr_assert_str_eq(row->symbol, "KEY_DISABLED");
    cr_assert_eq(row->status, 403);
    cr_assert_eq(row->form, KV_FORM_API);
    cr_assert_str_eq(row->code, "Forbidden");
    cr_assert_str_eq(row->inner, "KeyDisabled");
}

Test(err, cuts_a_long_message)
{
    struct kv_err err;
    char text[2000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    cr_assert_eq(KV_FAIL(&err, KV_INTERNAL, 0, "%s", text), KV_INTERNAL);
    cr_assert_eq(strlen(err.message), sizeof(err.message) - 1);
}

Test(err, leaves_no_half_of_a_character_in_the_middle)
{
    static const struct {
        const char *sent, *said;
    } rows[] = {
        { "\xf0\x9d\x95\x8b\xf0\x9d\x95\x99", "'\xf0\x9d\x95\x8b' is not there" },
        { "ab\xc3\xa9", "'ab\xc3\xa9' is not there" },
        { "abcd\xc3\xa9", "'abcd' is not there" },
        { "\xff\xfe\x80", "'' is not there" },
        { "", "'' is not there" },
    };
    struct kv_err err;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(KV_FAIL(&err, KV_INTERNAL, 0, "'%.5s' is not there", rows[i].sent),
                     KV_INTERNAL);
        cr_expect_str_eq(err.message, rows[i].said);
    }
}

Test(err, cuts_between_characters)
{
    struct kv_err err;
    char text[2000];

    for (size_t lead = 0; lead < 4; lead++) {
        memset(text, 'x', lead);
        for (size_t i = lead; i + 4 < sizeof(text); i += 4) {
            memcpy(text + i, "\xf0\x9f\x94\x91", 5); /* one character of four bytes */
        }
        cr_assert_eq(KV_FAIL(&err, KV_INTERNAL, 0, "%s", text), KV_INTERNAL);
        cr_assert_null(u8_check((const uint8_t *) err.message, strlen(err.message)));
        cr_assert_geq(strlen(err.message), sizeof(err.message) - 4);
    }
}

Test(err, keeps_the_code_when_nobody_wants_details)
{
    cr_assert_eq(KV_FAIL(NULL, KV_CONFLICT, 0, "unheard"), KV_CONFLICT);
}

Test(err, may_quote_its_own_earlier_message)
{
    struct kv_err err;

    cr_assert_eq(KV_FAIL(&err, KV_NOT_FOUND, 0, "no such file"), KV_NOT_FOUND);
    cr_assert_eq(KV_FAIL(&err, KV_BAD_PARAMETER, 0, "--config: %s", err.message), KV_BAD_PARAMETER);
    cr_assert_str_eq(err.message, "--config: no such file");
}

Test(err, records_all_details)
{
    struct kv_err err;

    cr_assert_eq(KV_FAIL(&err, KV_KEY_NOT_FOUND, 0x82, "key %s", "k1"), KV_KEY_NOT_FOUND);
    cr_assert_eq(err.code, KV_KEY_NOT_FOUND);
    cr_assert_eq(err.cause, 0x82);
    cr_assert_str_eq(err.message, "key k1");
    cr_assert_not_null(strstr(err.where, "err.c:"));
}

static enum kv_code try_it(enum kv_code code, int *reached)
{
    KV_TRY(code);
    (*reached)++;
    return KV_OK;
}

Test(err, passes_a_failure_up)
{
    int reached = 0;

    cr_assert_eq(try_it(KV_CONFLICT, &reached), KV_CONFLICT);
    cr_assert_eq(reached, 0);
    cr_assert_eq(try_it(KV_OK, &reached), KV_OK);
    cr_assert_eq(reached, 1);
}
