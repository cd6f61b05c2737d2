/* SPDX-License-Identifier: Apache-2.0 */
/* The table of wordings: every row, as everybody says it. */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <unistr.h>

#include "kv/base/err.h"

TestSuite(wording, .timeout = 60);

static const char *const samples[KV_TEXT_ARGS_MAX] = { "<one>",  "<two>",  "<three>",
                                                       "<four>", "<five>", "<six>" };

static const struct kv_speaker speakers[] = {
    { false, KV_BUILD_2021 }, { false, KV_BUILD_2024 }, { false, KV_BUILD_2026 },
    { true, KV_BUILD_2021 },  { true, KV_BUILD_2024 },  { true, KV_BUILD_2026 },
};
static const struct kv_speaker *const newest_vault = &speakers[2];

static struct kv_err say(enum kv_text text, const char *const *args,
                         const struct kv_speaker *speaker)
{
    struct kv_err err;

    cr_assert_eq(kv_err_refuse(&err, "here", text, 7, args), kv_text_row(text)->code);
    kv_err_word(&err, speaker);
    return err;
}

Test(wording, has_no_row_for_what_is_worded_by_its_raiser, .signal = SIGABRT)
{
    (void) kv_text_row(KV_TEXT_NONE);
}

/* Which arguments a text takes, as bits; a brace that begins none fails the test. */
static unsigned arguments_of(const struct kv_text_row *row, const char *text)
{
    unsigned taken = 0;

    for (const char *brace = strchr(text, '{'); brace != NULL; brace = strchr(brace + 1, '{')) {
        unsigned number = isdigit((unsigned char) brace[1]) ? (unsigned) (brace[1] - '0') : 0;

        cr_assert(number >= 1 && number <= row->arguments && brace[2] == '}', "%s: %s", row->symbol,
                  text);
        taken |= 1U << (number - 1);
    }
    return taken;
}

Test(wording, takes_in_each_column_arguments_that_the_raiser_gives)
{
    for (enum kv_text text = KV_TEXT_NONE + 1; text < KV_TEXT_COUNT; text++) {
        const struct kv_text_row *row = kv_text_row(text);
        unsigned taken = 0;

        cr_assert_leq(row->arguments, KV_TEXT_ARGS_MAX, "%s", row->symbol);
        for (size_t i = 0; i < KV_BUILD_COUNT; i++) {
            taken |= row->vault[i] != NULL ? arguments_of(row, row->vault[i]) : 0;
            taken |= row->hsm[i] != NULL ? arguments_of(row, row->hsm[i]) : 0;
        }
        cr_expect_eq(taken, (1U << row->arguments) - 1, "%s: an argument is of no use",
                     row->symbol);
    }
}

Test(wording, is_whole_whoever_says_it)
{
    for (enum kv_text text = KV_TEXT_NONE + 1; text < KV_TEXT_COUNT; text++) {
        const struct kv_text_row *row = kv_text_row(text);

        for (size_t i = 0; i < KV_COUNT(speakers); i++) {
            const struct kv_err err = say(text, samples, &speakers[i]);

            cr_expect_neq(err.message[0], '\0', "%s", row->symbol);
            cr_expect_null(strpbrk(err.message, "{}"), "%s: %s", row->symbol, err.message);
            cr_expect_lt(strlen(err.message), sizeof(err.message) - 256, "%s leaves no room",
                         row->symbol);
            cr_expect_eq(kv_err_row(err.code)->status, kv_err_row(row->code)->status, "%s",
                         row->symbol);
            cr_expect(err.cause == 7 && strcmp(err.where, "here") == 0, "the log still tells why");
        }
    }
}

/* contract §9.1, §19 row 19: its texts have none before the Activity ID */
Test(wording, ends_without_a_period_at_a_managed_hsm_what_has_an_inner_code_at_a_vault)
{
    for (enum kv_text text = KV_TEXT_NONE + 1; text < KV_TEXT_COUNT; text++) {
        const struct kv_text_row *row = kv_text_row(text);

        for (size_t i = 0; i < KV_COUNT(speakers); i++) {
            const struct kv_err err = say(text, samples, &speakers[i]);
            size_t len = strlen(err.message);

            cr_expect(!speakers[i].is_hsm || kv_err_row(row->code)->inner == NULL
                          || err.message[len - 1] != '.',
                      "%s: %s", row->symbol, err.message);
        }
    }
}

/* The columns by example: what each kind and each build says, and who says the same. */
static const struct {
    enum kv_text text;
    bool is_hsm;
    enum kv_build_year build;
    enum kv_code code;
    const char *message;
} said[] = {
    { KV_TEXT_DELETED_KEY_NOT_FOUND, true, KV_BUILD_2026, KV_KEY_NOT_FOUND,
      "Key not found: https://<two>/deletedkeys/<one>" },
    { KV_TEXT_DELETED_KEY_NOT_FOUND, true, KV_BUILD_2021, KV_KEY_NOT_FOUND,
      "Key not found: https://<two>/deletedkeys/<one>" },
    { KV_TEXT_DELETED_KEY_NOT_FOUND, false, KV_BUILD_2021, KV_KEY_NOT_FOUND,
      "Deleted Key not found: <one>" },
    { KV_TEXT_KEY_TO_ROTATE_NOT_FOUND, true, KV_BUILD_2026, KV_KEY_NOT_FOUND,
      "Key not found: Key not found: https://<two>/keys/<one>" },
    { KV_TEXT_VERSION_NOT_FOUND, true, KV_BUILD_2026, KV_KEY_NOT_FOUND,
      "Key not found: https://<two>/keys/<one>" },
    { KV_TEXT_NAME_INVALID, true, KV_BUILD_2026, KV_INVALID_KEY_IDENTIFIER,
      "Invalid key identifier" },
    { KV_TEXT_NAME_INVALID, false, KV_BUILD_2021, KV_BAD_PARAMETER,
      "The request URI contains an invalid name: <one>" },
    { KV_TEXT_KEY_SIZE_UNKNOWN, true, KV_BUILD_2026, KV_BAD_PARAMETER,
      "Invalid key size: '<one>'" },
    { KV_TEXT_BACKUP_CORRUPT, true, KV_BUILD_2024, KV_BACKUP_MALFORMED,
      "Backup blob belongs to a different crypto domain and cannot be used with this instance." },
    { KV_TEXT_EXPORTABLE_LACKS_POLICY, false, KV_BUILD_2026, KV_BAD_PARAMETER,
      "AKV.SKR.1004: Exportable keys must have release policy." },
    { KV_TEXT_EXPORTABLE_LACKS_POLICY, true, KV_BUILD_2026, KV_BAD_PARAMETER,
      "Exportable keys must have release policy" },
    { KV_TEXT_KEY_IS_DISABLED, true, KV_BUILD_2026, KV_KEY_DISABLED,
      "Operation <one> is not allowed on a disabled key" },

    { KV_TEXT_TOKEN_AUDIENCE, false, KV_BUILD_2021, KV_UNAUTHORIZED,
      "AKV10022: Invalid audience. Expected <one>, found: <three>." },
    { KV_TEXT_TOKEN_AUDIENCE, false, KV_BUILD_2024, KV_UNAUTHORIZED,
      "AKV10022: Invalid audience. Expected <one> or <two>, found: <three>." },
    { KV_TEXT_TOKEN_AUDIENCE, false, KV_BUILD_2026, KV_UNAUTHORIZED,
      "AKV10022: Invalid audience. Expected <one> or <two>, found: <three>." },
    { KV_TEXT_TOKEN_AUDIENCE, true, KV_BUILD_2026, KV_UNAUTHORIZED,
      "AKV10022: Invalid audience. Expected <one>, found: <three>." },
    { KV_TEXT_TOKEN_MISSING, false, KV_BUILD_2021, KV_TOKEN_MISSING,
      "AKV10000: Request is missing a Bearer or PoP token." },
    { KV_TEXT_TOKEN_MISSING, false, KV_BUILD_2024, KV_TOKEN_MISSING,
      "AKV10000: Request is missing a Bearer or PoP token." },
    { KV_TEXT_TOKEN_MISSING, false, KV_BUILD_2026, KV_TOKEN_MISSING,
      "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token." },
    { KV_TEXT_CANNOT_DECRYPT_RSA, false, KV_BUILD_2021, KV_CANNOT_DECRYPT,
      "The parameter is incorrect.\r\n" },
    { KV_TEXT_CANNOT_DECRYPT_RSA, true, KV_BUILD_2021, KV_CANNOT_DECRYPT,
      "The parameter is incorrect.\r\n" },
    { KV_TEXT_CANNOT_DECRYPT_RSA, false, KV_BUILD_2024, KV_CANNOT_DECRYPT,
      "Unable to decrypt specified value with this key." },
    { KV_TEXT_CANNOT_DECRYPT_RSA_OAEP, false, KV_BUILD_2021, KV_CANNOT_DECRYPT,
      "Error occurred while decoding OAEP padding." },
    { KV_TEXT_CANNOT_DECRYPT, false, KV_BUILD_2021, KV_CANNOT_DECRYPT,
      "Unable to decrypt specified value with this key." },
    { KV_TEXT_FORBIDDEN_BY_POLICY, false, KV_BUILD_2021, KV_FORBIDDEN_BY_POLICY,
      "The user, group or application '<one>' does not have keys <two> permission on key vault "
      "'<three>;location=<four>'. For help resolving this issue, please see "
      "https://go.microsoft.com/fwlink/?linkid=2125287" },
    { KV_TEXT_FORBIDDEN_BY_RBAC, false, KV_BUILD_2024, KV_FORBIDDEN_BY_RBAC,
      "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny "
      "assignments or role definitions were changed recently, please observe propagation "
      "time.\r\nCaller: <one>\r\nAction: 'Microsoft.KeyVault/vaults/<two>'\r\nResource: "
      "'<three>'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: "
      "'DeniedWithNoValidRBAC' \r\nVault: <four>;location=<five>\r\n" },
    { KV_TEXT_FORBIDDEN_BY_RBAC, false, KV_BUILD_2021, KV_FORBIDDEN_BY_RBAC,
      "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny "
      "assignments or role definitions were changed recently, please observe propagation "
      "time.\r\nCaller: <one>\r\nAction: 'Microsoft.KeyVault/vaults/<two>'\r\nResource: "
      "'<three>'\r\nAssignment: (not found)\r\nVault: <four>;location=<five>\r\n" },
    { KV_TEXT_FORBIDDEN_AT_HSM, true, KV_BUILD_2026, KV_ACCESS_DENIED,
      "Not authorized to access Microsoft.KeyVault/managedHsm/<one> on <two>" },
};

Test(wording, depends_on_who_speaks)
{
    for (size_t i = 0; i < KV_COUNT(said); i++) {
        const struct kv_speaker speaker = { said[i].is_hsm, said[i].build };
        const struct kv_err err = say(said[i].text, samples, &speaker);

        cr_expect_eq(err.code, said[i].code, "row %zu", i);
        cr_expect_str_eq(err.message, said[i].message);
    }
}

Test(wording, leaves_alone_what_its_raiser_worded)
{
    for (size_t i = 0; i < KV_COUNT(speakers); i++) {
        struct kv_err err;

        KV_IGNORE(KV_REFUSE(&err, KV_TEXT_NAME_INVALID, 0, "a_b"));
        KV_IGNORE(KV_FAIL(&err, KV_KEY_DISABLED, 0, "{1} is as it is."));
        kv_err_word(&err, &speakers[i]);
        cr_expect_eq(err.code, KV_KEY_DISABLED);
        cr_expect_str_eq(err.message, "{1} is as it is.");
    }
}

/* As what it was raised by was: nobody has asked yet who speaks. */
Test(wording, is_a_newest_vaults_until_somebody_knows_better)
{
    struct kv_err err;

    cr_assert_eq(KV_REFUSE(&err, KV_TEXT_KEY_SIZE_UNKNOWN, 0, KV_ARG_NUMBER(-1), "1, 2, 3"),
                 KV_KEY_SIZE_NOT_SUPPORTED);
    cr_assert_str_eq(err.message, "Unsupported key size (-1). Supported sizes are [1, 2, 3]");
    cr_assert_not_null(strstr(err.where, "wording.c:"));
    err.detail = "because";
    kv_err_word(&err, newest_vault);
    cr_assert_str_eq(err.message, "Unsupported key size (-1). Supported sizes are [1, 2, 3]");
    kv_err_word(&err, &(const struct kv_speaker){ true, KV_BUILD_2026 });
    cr_assert_str_eq(err.message, "Invalid key size: '-1'");
    cr_assert_str_eq(err.detail, "because");
}

Test(wording, needs_nobody_to_listen)
{
    cr_assert_eq(KV_REFUSE(NULL, KV_TEXT_KEY_IS_DISABLED, 0, "sign"), KV_KEY_DISABLED);
}

Test(wording, may_quote_its_own_earlier_message_and_arguments)
{
    struct kv_err err;

    KV_IGNORE(KV_REFUSE(&err, KV_TEXT_DELETED_KEY_NOT_FOUND, 0, "name", "host"));
    KV_IGNORE(KV_REFUSE(&err, KV_TEXT_DELETED_KEY_NOT_FOUND, 0, err.message, err.args));
    cr_assert_str_eq(err.message, "Deleted Key not found: Deleted Key not found: name");
    kv_err_word(&err, &(const struct kv_speaker){ true, KV_BUILD_2026 });
    cr_assert_str_eq(err.message,
                     "Key not found: https://name/deletedkeys/Deleted Key not found: name");
}

/* Whoever sends it: what does not fit is cut between characters, and nothing is written beyond. */
Test(wording, cuts_arguments_of_any_length)
{
    char text[3000];

    for (size_t lead = 0; lead < 4; lead++) {
        memset(text, 'x', sizeof(text));
        for (size_t i = lead; i + 4 < sizeof(text); i += 4) {
            memcpy(text + i, "\xf0\x9f\x94\x91", 5); /* one character of four bytes */
        }
        for (size_t i = 0; i < KV_COUNT(speakers); i++) {
            const char *const args[] = { text, text, text };
            const struct kv_err err = say(KV_TEXT_VERSION_NOT_FOUND, args, &speakers[i]);
            const struct kv_err invalid = say(KV_TEXT_NAME_INVALID, args, &speakers[i]);

            cr_expect_null(u8_check((const uint8_t *) err.message, strlen(err.message)));
            cr_expect_null(u8_check((const uint8_t *) err.args, strlen(err.args)));
            cr_expect(speakers[i].is_hsm || strlen(invalid.message) >= sizeof(err.message) - 4,
                      "an argument that is longer than what is kept of it");
        }
    }
}
