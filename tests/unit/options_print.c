/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

#include <criterion/criterion.h>

#include "options.h"

TestSuite(options_print, .init = scratch_make, .fini = options_done, .timeout = 120);

/* What `print` writes; free it. */
static char *printed(enum kv_command command, bool help)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    cr_assert_not_null(out);
    if (help) {
        kv_options_print_help(command, out);
    } else {
        kv_options_print_config(options, out);
    }
    cr_assert_eq(fclose(out), 0);
    return text;
}

Test(options_print, keeps_help_within_80_columns_for_every_command)
{
    for (enum kv_command command = KV_COMMAND_SERVE; command < KV_COMMAND_COUNT; command++) {
        char *text = printed(command, true);
        cr_assert_not_null(strstr(text, "  --help "));
        for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
            cr_assert_leq(strcspn(line, "\n"), 80, "%s", line);
        }
        free(text);
    }
}

Test(options_print, breaks_a_long_choice_between_its_words)
{
    char *text = printed(KV_COMMAND_CONSUMER_WAIT, true);

    cr_assert_not_null(strstr(text, "|\n"), "%s", text);
    cr_assert_not_null(strstr(text, "starting;"), "%s", text);
    free(text);
}

Test(options_print, helps_with_the_command_only)
{
    char *text = printed(KV_COMMAND_TOKEN, true);

    cr_assert_not_null(strstr(text, "  --resource URI "));
    cr_assert_not_null(strstr(text, "https://vault.azure.net)"));
    cr_assert_null(strstr(text, "--port"));
    free(text);
}

Test(options_print, does_not_repeat_a_secret)
{
    cr_assert_eq(load(KV_COMMAND_SERVE,
                      (words){ "--identity", "app,secret=hush,trusted", "--identity=b,secret=hush",
                               "--event-webhook=https://host/hook?code=hush,hush",
                               "--audit-webhook=https://host/audit?code=hush" },
                      (words){ NULL }),
                 KV_OK);
    char *text = printed(KV_COMMAND_SERVE, false);
    cr_assert_not_null(strstr(text, "\nidentity = app,secret=***,trusted b,secret=***\n"));
    cr_assert_not_null(strstr(text, "\nevent-webhook = https://host/hook?***\n"));
    cr_assert_not_null(strstr(text, "\naudit-webhook = https://host/audit?***\n"));
    cr_assert_null(strstr(text, "hush"));
    free(text);
}

Test(options_print, says_where_a_value_comes_from)
{
    write_config("auth = off\n");
    cr_assert_eq(load(KV_COMMAND_SERVE,
                      (words){ "--vault", "a", "--vault=b", "--config=coffer.conf" },
                      (words){ "COFFER_PORT=1" }),
                 KV_OK);
    char *text = printed(KV_COMMAND_SERVE, false);
    cr_assert_not_null(strstr(text, "# --vault\nvault = a b\n"));
    cr_assert_not_null(strstr(text, "# COFFER_PORT\nport = 1\n"));
    cr_assert_not_null(strstr(text, "# coffer.conf:1\nauth = off\n"));
    cr_assert_not_null(strstr(text, "# default\nlisten = localhost\n"));
    cr_assert_not_null(strstr(text, "# default\ndata =\n"));
    cr_assert_null(strstr(text, "config ="));
    free(text);
}

Test(options_print, writes_what_a_file_accepts)
{
    cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ "--deletion-lag=0.5s", "--ephemeral" }),
                 KV_OK);
    char *first = printed(KV_COMMAND_SERVE, false);
    cr_assert_eq(load_file(first), KV_OK, "%s", err.message);
    cr_assert_eq(kv_option_duration(options, KV_OPTION_DELETION_LAG), 500);
    cr_assert(kv_option_flag(options, KV_OPTION_EPHEMERAL));
    free(first);
}

Test(options_print, shows_no_secret)
{
    cr_assert_eq(
        load(KV_COMMAND_SERVE, (words){ NULL }, (words){ "COFFER_CONTROL_TOKEN=0123456789abcdef" }),
        KV_OK);
    char *text = printed(KV_COMMAND_SERVE, false);
    cr_expect_not_null(strstr(text, "# COFFER_CONTROL_TOKEN, and not shown\ncontrol-token =\n"));
    cr_expect_null(strstr(text, "0123456789abcdef"));
    free(text);
}

Test(options_print, shows_no_secret_that_it_refuses)
{
    static const char *const rows[] = { "s3cret", "s3cret but with blanks" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(load_flags(KV_COMMAND_SERVE, (words){ "--control-token", rows[i] }),
                     KV_BAD_PARAMETER);
        cr_expect_eq(strncmp(err.message, "--control-token: the value is not 16 to 256", 43), 0,
                     "%s", err.message);
        cr_expect_null(strstr(err.message, "s3cret"));
    }
    cr_assert_eq(load(KV_COMMAND_SERVE, (words){ NULL }, (words){ "COFFER_CONTROL_TOKEN=" }), KV_OK,
                 "an empty one is none");
}
