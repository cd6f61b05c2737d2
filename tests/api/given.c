/* SPDX-License-Identifier: Apache-2.0 */
/* A CA or a server certificate of the user's own, over runs that keep nothing. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/command.h"
#include "kv/base/files.h"
#include "process_tools.h"
#include "vault_tools.h"

static char folder[] = "/tmp/coffer-api-given.XXXXXX";

static void setup(void)
{
    char command[256];

    cr_assert_not_null(mkdtemp(folder));
    snprintf(command, sizeof(command), "sh %s/tests/unit/given.sh %s", SOURCE_ROOT, folder);
    cr_assert_eq(command_run(command), 0, "%s", command);
}

static void teardown(void)
{
    cr_expect_eq(kv_folder_remove(folder, NULL), KV_OK);
}

TestSuite(given_files, .init = setup, .fini = teardown, .timeout = 180);

static const char *path_of(const char *name)
{
    static char paths[8][128];
    static unsigned next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

/* What curl says to a vault when it trusts that file; 0: the connection is good. */
static int ask_vault(const struct daemon *daemon, const char *trusted)
{
    char command[512];

    snprintf(command, sizeof(command),
             "curl -sS --cacert %s -o /dev/null --resolve dev.vault.localhost:%u:127.0.0.1 "
             "https://dev.vault.localhost:%u/keys 2>/dev/null",
             trusted, daemon->port, daemon->port);
    return command_run(command);
}

/* The same by Python, which has its own rules for chains and names. */
static int ask_by_python(const struct daemon *daemon, const char *trusted)
{
    char command[512];

    snprintf(command, sizeof(command),
             "python3 -c 'import socket, ssl; "
             "s = socket.create_connection((\"127.0.0.1\", %u)); "
             "ssl.create_default_context(cafile=\"%s\")"
             ".wrap_socket(s, server_hostname=\"dev.vault.localhost\")' 2>/dev/null",
             daemon->port, trusted);
    return command_run(command);
}

static void expect_refusal(const char *text, const char *const *arguments)
{
    char output[4096];

    cr_expect_eq(program_run(arguments, output, sizeof(output)), 2, "%s", output);
    cr_expect_not_null(strstr(output, text), "%s lacks %s", output, text);
}

Test(given_files, that_are_no_good_are_refused_at_start)
{
    const char *const no_authority[] = {
        "serve",    "--ephemeral",       "--ca-cert", path_of("leaf.pem"),
        "--ca-key", path_of("leaf.key"), NULL,
    };
    const char *const no_name[] = {
        "serve",     "--ephemeral",        "--vault",
        "prod",      "--tls-cert",         path_of("ready-chain.pem"),
        "--tls-key", path_of("ready.key"), NULL,
    };

    expect_refusal("is not the certificate of a CA", no_authority);
    expect_refusal("lacks names by which clients reach this server: prod.vault.localhost", no_name);
}

Test(given_files, make_runs_that_keep_nothing_trusted_by_the_same_certificate)
{
    const char *const arguments[] = {
        "--ephemeral",        "--ca-p12",          path_of("company.p12"),
        "--ca-password-file", path_of("password"), NULL,
    };

    for (int run = 0; run < 2; run++) {
        struct daemon own;

        daemon_prepare(&own);
        cr_assert(daemon_start(&own, arguments));
        cr_expect_eq(ask_vault(&own, path_of("company.pem")), 0);
        cr_expect_neq(ask_vault(&own, path_of("other.pem")), 0);
        cr_expect_eq(ask_by_python(&own, path_of("company.pem")), 0);
        cr_expect_neq(ask_by_python(&own, path_of("other.pem")), 0);
        cr_expect(daemon_stop(&own));
        daemon_discard(&own);
    }
}

Test(given_files, name_a_server_certificate_that_is_used_as_it_is)
{
    const char *const arguments[] = {
        "--ephemeral",       "--tls-cert", path_of("deep-chain.pem"), "--tls-key",
        path_of("deep.key"), "--ca-cert",  path_of("company.pem"),    NULL,
    };
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    cr_expect_eq(ask_vault(&own, path_of("company.pem")), 0);
    cr_expect_neq(ask_vault(&own, path_of("other.pem")), 0);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

/* How often the log warns that the certificate lacks the name of that vault. */
static unsigned count_warnings(const struct daemon *daemon, const char *vault)
{
    char name[128];

    snprintf(name, sizeof(name), "vault=%s name=%s.vault.localhost", vault, vault);
    return api_count_lines(daemon, "certificate_lacks_name", name);
}

Test(given_files, lack_the_name_of_a_vault_that_is_made_later_which_is_logged)
{
    const char *const arguments[] = {
        "--tls-cert", path_of("deep-chain.pem"), "--tls-key", path_of("deep.key"),
        "--ca-cert",  path_of("company.pem"),    NULL,
    };
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    cr_expect_eq(count_warnings(&own, "later"), 0);
    expect(&own, "PUT", "later", NULL, 201);
    expect(&own, "PUT", "later", NULL, 200);
    cr_expect_eq(count_warnings(&own, "later"), 1);
    cr_expect(daemon_stop(&own));
    cr_assert(daemon_start(&own, arguments));
    cr_expect_geq(count_warnings(&own, "later"), 1, "a vault that was kept is out of reach, too");
    cr_expect_eq(count_warnings(&own, "dev"), 0);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(given_files, may_be_pipes_and_the_log_says_which_is_waited_for)
{
    const char *const arguments[] = {
        "--ca-cert", path_of("company.pem"), "--ca-key", path_of("pipe"), NULL,
    };
    char command[512];
    struct daemon own;

    cr_assert_eq(mkfifo(path_of("pipe"), 0600), 0);
    daemon_prepare(&own);
    cr_assert(daemon_launch(&own, arguments));
    for (int i = 0; i < 600 && process_count_lines(&own, "waits_for_pipe file=") == 0; i++) {
        process_pause(50);
    }
    cr_expect_eq(process_count_lines(&own, "waits_for_pipe file="), 1);
    snprintf(command, sizeof(command), "cat %s >%s", path_of("company.key"), path_of("pipe"));
    cr_assert_eq(command_run(command), 0);
    cr_assert(daemon_await(&own));
    cr_expect_eq(ask_vault(&own, path_of("company.pem")), 0);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}
