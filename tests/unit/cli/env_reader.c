/* SPDX-License-Identifier: Apache-2.0 */
/* coffer env: who reads what it exports, in every form, and the command that it runs. */
#include <sys/wait.h>
#include <unistd.h>

#include "../../support/command.h"
#include "shell.h"

TestSuite(cli_env_reader, .init = setup, .fini = teardown, .timeout = 60);

/* Every form, read back by whom it is for: the value survives quotes, blanks and dollars. */
#define ODD_INFO                                                                                   \
    "{\"vaults\":[{\"name\":\"it's \\\"a\\\" $HOME `x` \\\\ #1\",\"url\":\"https://odd:8443\"}]}"
#define ODD_NAME "it's \"a\" $HOME `x` \\ #1"

/* What the reader prints when it has read the variables from a file of that form. */
static const char *read_form(const char *form, const char *reader)
{
    static char text[512];
    char command[512];
    FILE *pipe;
    size_t len;

    write_file("ca.pem", "");
    start(fake_answer("200 OK", ODD_INFO));
    cr_assert_eq(RUN("env", "--data", folder, "--format", form), 0);
    fake_stop();
    write_file("form", read_stdout());
    snprintf(command, sizeof(command), "cd %s && %s", folder, reader);
    pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    len = fread(text, 1, sizeof(text) - 1, pipe);
    text[len] = '\0';
    pclose(pipe);
    return text;
}

Test(cli_env_reader, is_read_back_by_sh)
{
    cr_expect_str_eq(read_form("shell", ". ./form && printf %s \"$AZURE_KEYVAULT_NAME\""),
                     ODD_NAME);
}

Test(cli_env_reader, is_read_back_by_fish)
{
    if (command_run("command -v fish >/dev/null") != 0) {
        cr_skip_test("there is no fish");
    }
    cr_expect_str_eq(
        read_form("fish", "fish -c 'source ./form; printf %s \"$AZURE_KEYVAULT_NAME\"'"), ODD_NAME);
}

Test(cli_env_reader, is_read_back_by_powershell)
{
    if (command_run("command -v pwsh >/dev/null") != 0) {
        cr_skip_test("there is no pwsh");
    }
    cr_expect_str_eq(read_form("powershell",
                               "mv form form.ps1 && pwsh -NoProfile -Command '. "
                               "./form.ps1; [Console]::Write($env:AZURE_KEYVAULT_NAME)'"),
                     ODD_NAME);
}

/* sh understands the double quotes of a dotenv file as its readers do. */
Test(cli_env_reader, is_read_back_from_a_dotenv_file)
{
    cr_expect_str_eq(read_form("dotenv", ". ./form && printf %s \"$AZURE_KEYVAULT_NAME\""),
                     ODD_NAME);
    cr_expect_str_eq(read_form("dotenv", "grep URL= form"),
                     "AZURE_KEYVAULT_URL=https://odd:8443\n");
}

Test(cli_env_reader, is_read_back_as_json)
{
    cr_expect_str_eq(read_form("json",
                               "python3 -c 'import json; "
                               "print(end=json.load(open(\"form\"))[\"AZURE_KEYVAULT_NAME\"])'"),
                     ODD_NAME);
}

/* The runner takes what stands behind the first = as it is. */
Test(cli_env_reader, is_read_back_from_the_environment_file_of_a_workflow)
{
    cr_expect_str_eq(read_form("github", "sed -n 's/^AZURE_KEYVAULT_NAME=//p' form"),
                     ODD_NAME "\n");
}

/* A server that is not ours may answer anything; it must not set a variable of its choice. */
Test(cli_env_reader, gives_a_server_no_line_of_its_own_where_lines_are_read)
{
    static const char *const forms[] = { "dotenv", "github" };
    static const char *const ends[] = { "\\n", "\\r" };
    char info[256];

    write_file("ca.pem", "");
    for (size_t i = 0; i < KV_COUNT(forms) * KV_COUNT(ends); i++) {
        const char *form = forms[i % KV_COUNT(forms)];
        snprintf(info, sizeof(info),
                 "{\"vaults\":[{\"name\":\"a%sPATH=/evil\",\"url\":\"https://odd:8443\"}]}",
                 ends[i / KV_COUNT(forms)]);
        start(fake_answer("200 OK", info));
        cr_expect_eq(RUN("env", "--data", folder, "--format", form), 1, "%s", form);
        fake_stop();
        cr_expect_str_eq(read_stdout(), "", "%s", form);
        cr_expect_not_null(strstr(read_stderr(), "AZURE_KEYVAULT_NAME has a line break in it"));
    }
}

/* PowerShell takes typographic quotes for quotes. */
Test(cli_env_reader, doubles_every_quote_that_powershell_knows)
{
    write_file("ca.pem", "");
    start(fake_answer("200 OK", "{\"vaults\":[{\"name\":\"a\u2018b\u2019c\u201ad\u201be\u00e9'\","
                                "\"url\":\"https://odd:8443\"}]}"));
    cr_expect_eq(RUN("env", "--data", folder, "--format", "powershell"), 0);
    fake_stop();
    const char *text = read_stdout();
    cr_expect_not_null(strstr(text,
                              "$env:AZURE_KEYVAULT_NAME = "
                              "'a\u2018\u2018b\u2019\u2019c\u201a\u201ad\u201b\u201be\u00e9'''"),
                       "%s", text);
}

/* In a process of its own, because it becomes the command. */
static int run_command(const char *const words[])
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        _exit(run(words));
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}
#define RUN_COMMAND(...) run_command((const char *const[]){ __VA_ARGS__, NULL })

static void start_odd(void)
{
    write_file("ca.pem", "");
    start(fake_answer("200 OK", ODD_INFO));
}

Test(cli_env_reader, runs_a_command_and_ends_as_it_does)
{
    start_odd();
    cr_expect_eq(RUN_COMMAND("env", "--data", folder, "--", "sh", "-c",
                             "printf '%s\n' \"$AZURE_KEYVAULT_NAME\"; exit 7"),
                 7);
    fake_stop();
    cr_expect_str_eq(read_stdout(), ODD_NAME "\n");
}

Test(cli_env_reader, says_what_it_cannot_run)
{
    start_odd();
    cr_expect_eq(RUN_COMMAND("env", "--data", folder, "--", "/nowhere/at-all"), 127);
    fake_stop();
    cr_expect_not_null(strstr(read_stderr(), "cannot run /nowhere/at-all: No such file"));
    start_odd();
    cr_expect_eq(RUN_COMMAND("env", "--data", folder, "--", "/tmp"), 126);
    fake_stop();
}
