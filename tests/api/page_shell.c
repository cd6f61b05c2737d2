/* SPDX-License-Identifier: Apache-2.0 */
/* coffer key: what a shell sees, one command after another. */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>

TestSuite(page_shell, .timeout = 120);

#define WORDS_MAX 10
#define OUTPUT_SIZE 65536
#define ZEROS "00000000000000000000000000000000"

static const struct {
    const char *words[WORDS_MAX];
    int status;
    const char *said;
} commands[] = {
    { { "key" }, 2, "Usage: coffer key COMMAND" },
    { { "key", "disable" }, 2, "" },
    { { "key", "list", "--vault", "none-such" }, 1, "There is no vault named 'none-such'." },
    { { "key", "show", "none" }, 1, "none was not found" },
    { { "key", "enable", "a_b" }, 1, "invalid name: a_b" },
    { { "key", "enable", "../../../reset" }, 1, "invalid name: ../../../reset" },
    { { "key", "disable", "cmk", "--key-version", ZEROS }, 1, "was not found" },
    { { "key", "disable", "cmk", "--key-version", "?enabled" }, 1, "was not found" },
    { { "key", "recover", "cmk" }, 1, "was not found" },
    { { "key", "list", "--vault", "shell" }, 0, "cmk  EC P-256  usable  " },
    { { "key", "disable", "cmk", "--vault", "shell" }, 0, "cmk  EC P-256  disabled  " },
    { { "key", "list", "--vault", "shell" }, 0, "cmk  EC P-256  disabled  " },
    { { "key", "show", "CMK", "--vault", "shell" }, 0, "Z  disabled\n" },
    { { "key", "enable", "cmk", "--vault", "shell" }, 0, "cmk  EC P-256  usable  " },
    { { "key", "delete", "cmk", "--vault", "shell" }, 0, "cmk  EC P-256  deleted  " },
    { { "key", "delete", "cmk", "--vault", "shell" }, 1, "was not found" },
    { { "key", "list", "--deleted", "--vault", "shell" }, 0, "cmk  EC P-256  deleted  " },
    { { "key", "show", "cmk", "--vault", "shell" }, 0, "cmk  EC P-256  deleted  " },
    { { "key", "recover", "cmk", "--vault", "shell" }, 0, "cmk  EC P-256  usable  " },
};

static int run(const char *const *words, char ret_output[OUTPUT_SIZE])
{
    const char *all[WORDS_MAX + 3];
    char control[64];
    size_t count = 0;
    bool has_command = words[1] != NULL;

    (void) snprintf(control, sizeof(control), "http://127.0.0.1:%u", api_daemon()->control_port);
    for (; words[count] != NULL; count++) {
        all[count] = words[count];
    }
    if (has_command) {
        all[count++] = "--control";
        all[count++] = control;
    }
    all[count] = NULL;
    return program_run(all, ret_output, OUTPUT_SIZE);
}

static void make_vault_with_key(const char *behind, const char *vault)
{
    API_CLIENT(dev);
    API_REPLY(made, client_ask_vaults(&dev, "PUT", behind, "{}"));
    API_REPLY(
        key, client_call_vault(&dev, vault, false, "POST", "/keys/cmk/create", "{\"kty\":\"EC\"}"));

    cr_assert_eq(made.status, 201, "%s", made.body);
    cr_assert_eq(key.status, 200, "%s", key.body);
}

Test(page_shell, does_what_it_says)
{
    char output[OUTPUT_SIZE];

    make_vault_with_key("/shell", "shell");
    for (size_t i = 0; i < KV_COUNT(commands); i++) {
        int status = run(commands[i].words, output);

        cr_expect_eq(status, commands[i].status, "command %zu: %d %s", i, status, output);
        cr_expect_not_null(strstr(output, commands[i].said), "command %zu: %s lacks %s", i, output,
                           commands[i].said);
    }
}

static size_t count_lines(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += *text == '\n';
    }
    return count;
}

/* More than the server gives out at once are asked for in parts. */
Test(page_shell, lists_all_that_there_are)
{
    static const char *const list[] = { "key", "list", "--vault", "plenty", NULL };
    static const char *const show[] = { "key", "show", "cmk", "--vault", "plenty", NULL };
    char output[OUTPUT_SIZE];
    API_CLIENT(dev);

    make_vault_with_key("/plenty", "plenty");
    for (int i = 0; i < 29; i++) {
        API_REPLY(key, client_call_vault(&dev, "plenty", false, "POST", "/keys/cmk/create",
                                         "{\"kty\":\"EC\"}"));
        cr_assert_eq(key.status, 200);
    }
    cr_expect_eq(run(show, output), 0);
    cr_expect_eq(count_lines(output), 31, "%s", output);
    cr_expect_eq(run(list, output), 0);
    cr_expect_eq(count_lines(output), 1, "%s", output);
}
