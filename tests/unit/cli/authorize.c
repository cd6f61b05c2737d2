/* SPDX-License-Identifier: Apache-2.0 */
/* Which control token a command shows, and to whom. */

#include <stdio.h>
#include <string.h>

#include "shell.h"

TestSuite(cli_authorize, .init = setup, .fini = teardown, .timeout = 60);

#define OPTION "token-of-the-option-1"
#define LEFT "token-of-the-folder-1"
#define LINE(token) "\r\nAuthorization: Bearer " token "\r\n"

static const char *ask(const char *const words[])
{
    start(fake_answer("200 OK", INFO));
    cr_assert_eq(run(words), 0, "%s", read_stderr());
    return fake_stop();
}
#define ASK(...) ask((const char *const[]){ __VA_ARGS__, NULL })

Test(cli_authorize, shows_none_where_there_is_none)
{
    cr_expect_null(strstr(ASK("hosts", "--data", folder), "Authorization"));
}

Test(cli_authorize, refuses_what_is_no_token)
{
    cr_expect_eq(RUN("hosts", "--data", folder, "--control-token", "secret"), 2);
    cr_expect_null(strstr(read_stderr(), "secret"));
    write_file("run.token", "secret");
    start(fake_answer("200 OK", INFO));
    cr_expect_eq(RUN("hosts", "--data", folder), 2);
    cr_expect_null(strstr(read_stderr(), "secret"));
}

Test(cli_authorize, refuses_two_tokens)
{
    write_file("run.json", "{\"control_port\":1}");
    cr_expect_eq(RUN("hosts", "--data", folder, "--control-token", OPTION, "--control-token-file",
                     "/nowhere"),
                 2);
    cr_expect_not_null(strstr(read_stderr(), "both give a token"));
}

Test(cli_authorize, shows_what_the_server_left)
{
    write_file("run.token", LEFT);
    cr_expect_not_null(strstr(ASK("hosts", "--data", folder), LINE(LEFT)));
}

Test(cli_authorize, shows_rather_what_the_user_says)
{
    char path[KV_PATH_MAX];

    write_file("run.token", LEFT);
    cr_expect_not_null(
        strstr(ASK("hosts", "--data", folder, "--control-token", OPTION), LINE(OPTION)));
    write_file("mine", OPTION "\n");
    cr_assert_eq(kv_path_join(path, folder, "mine", &err), KV_OK);
    cr_expect_not_null(
        strstr(ASK("hosts", "--data", folder, "--control-token-file", path), LINE(OPTION)));
}

/* The folder of this user is not that of the server somebody named. */
Test(cli_authorize, shows_no_other_server_what_one_left)
{
    char url[64], path[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(path, folder, "coffer", &err), KV_OK);
    cr_assert_eq(kv_folder_make(path, 0700, &err), KV_OK);
    write_file("coffer/run.token", LEFT);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", fake_start(fake_answer("200 OK", INFO)));
    cr_assert_eq(RUN("hosts", "--control", url), 0);
    cr_expect_null(strstr(fake_stop(), "Authorization"));
}

Test(cli_authorize, shows_none_where_none_is_wanted)
{
    write_file("run.token", LEFT);
    start(fake_answer("200 OK", "{\"access_token\":\"a.b.c\"}"));
    cr_assert_eq(RUN("token", "--data", folder), 0);
    cr_expect_null(strstr(fake_stop(), "Authorization"));
    start(fake_answer("200 OK", "{\"status\":\"ready\"}"));
    cr_assert_eq(RUN("healthcheck", "--data", folder, "--control-token", OPTION), 0);
    cr_expect_null(strstr(fake_stop(), "Authorization"));
}
