/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands against a control port that says what each test wants. */

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kv/base/clock.h"
#include "shell.h"

TestSuite(cli, .init = setup, .fini = teardown, .timeout = 60);

Test(cli, says_what_it_can_when_not_told_what_to_do)
{
    cr_assert_eq(run((const char *const[]){ NULL }), 2);
    cr_assert_not_null(strstr(read_stderr(), "Usage: coffer COMMAND"));
}

Test(cli, refuses_commands_and_options_it_does_not_have)
{
    cr_assert_eq(RUN("helthcheck"), 2);
    cr_assert_str_eq(read_stderr(),
                     "coffer: helthcheck is not a command\nTry \"coffer --help\".\n");
    cr_assert_eq(RUN("ca", "--vault", "dev"), 2);
    cr_assert_eq(RUN("env", "dev"), 2);
    cr_assert_eq(RUN("token", "--resource"), 2);
}

Test(cli, helps_with_every_command)
{
    static const char *const rows[] = { "healthcheck", "ca", "env", "hosts", "token" };

    cr_assert_eq(RUN("--help"), 0);
    cr_assert_eq(RUN("--version"), 0);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(RUN(rows[i], "--help"), 0, "%s", rows[i]);
    }
}

Test(cli, names_the_folder_where_nothing_runs_and_what_to_do)
{
    cr_assert_eq(RUN("healthcheck", "--data", folder), 1);
    const char *text = read_stderr();
    cr_assert_not_null(strstr(text, folder), "%s", text);
    cr_assert_not_null(strstr(text, "coffer serve"), "%s", text);
    cr_assert_not_null(strstr(text, "--control URL"), "%s", text);
}

Test(cli, refuses_a_run_file_without_a_port)
{
    static const char *const rows[] = {
        "",
        "[]",
        "{}",
        "{\"control_port\":\"8080\"}",
        "{\"control_port\":-1}",
        "{\"control_port\":65536}",
        "{\"control_port\":0}",
        "{\"control_port\":8080",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        write_file("run.json", rows[i]);
        cr_assert_eq(RUN("healthcheck", "--data", folder), 1, "%s", rows[i]);
        cr_assert_not_null(strstr(read_stderr(), "does not name a control port"), "%s", rows[i]);
    }
}

Test(cli, refuses_control_addresses_that_are_not_http)
{
    static const char *const rows[] = { "localhost:8080", "https://localhost", "file:///etc/passwd",
                                        "/run.json" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(RUN("ca", "--control", rows[i]), 2, "%s", rows[i]);
        cr_assert_not_null(strstr(read_stderr(), "is not an http:// URL"), "%s", rows[i]);
    }
}

Test(cli, tells_which_file_named_a_server_that_is_gone)
{
    start("");
    cr_assert_eq(RUN("healthcheck", "--data", folder), 1);
    fake_stop();
    cr_assert_eq(RUN("healthcheck", "--data", folder), 1, "and now nobody listens");
    cr_assert_not_null(strstr(read_stderr(), "/run.json, does not answer"));
}

Test(cli, passes_on_what_a_refusal_says)
{
    start(fake_answer("503 Busy", "{\"error\":{\"code\":\"X\",\"message\":\"come back later\"}}"));
    cr_assert_eq(RUN("healthcheck", "--data", folder), 1);
    fake_stop();
    const char *text = read_stderr();
    cr_assert_not_null(strstr(text, "answered 503: come back later"), "%s", text);

    start(fake_answer("400 Bad", "{\"error\":\"invalid\",\"error_description\":\"no such one\"}"));
    cr_assert_eq(RUN("token", "--data", folder), 1);
    fake_stop();
    text = read_stderr();
    cr_assert_not_null(strstr(text, "answered 400: no such one"), "%s", text);
}

Test(cli, follows_no_redirect)
{
    start("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
    cr_assert_eq(RUN("ca", "--data", folder), 1);
    fake_stop();
}

Test(cli, stops_reading_a_body_without_end)
{
    static char endless[9 * 1024 * 1024];
    static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";

    memset(endless, 'x', sizeof(endless) - 1);
    memcpy(endless, head, strlen(head));
    start(endless);
    cr_assert_eq(RUN("ca", "--data", folder), 1);
    fake_stop();
    cr_assert_not_null(strstr(read_stderr(), "more than 8388608 bytes"));
}

Test(cli, refuses_an_answer_that_is_not_coffers)
{
    static const char *const rows[] = { "", "hello", "[]", "{}", "{\"status\":7}" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        start(fake_answer("200 OK", rows[i]));
        cr_assert_eq(RUN("healthcheck", "--data", folder), 1, "%s", rows[i]);
        fake_stop();
    }
}

Test(cli, finds_the_server_by_address_too)
{
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%u//",
             fake_start(fake_answer("200 OK", "{\"status\":\"ready\"}")));
    cr_assert_eq(RUN("healthcheck", "--control", url), 0);
    cr_assert_eq(strncmp(fake_stop(), "GET /ready HTTP/1.1\r\n", 21), 0);
    cr_assert_stdout_eq_str("ready\n");
}

/* It may listen on another address than 127.0.0.1. */
Test(cli, goes_to_the_address_that_the_run_file_says)
{
    char text[128];

    snprintf(text, sizeof(text), "{\"control_port\":1,\"control_url\":\"http://127.0.0.1:%u\"}",
             fake_start(fake_answer("200 OK", "{\"status\":\"ready\"}")));
    write_file("run.json", text);
    cr_assert_eq(RUN("healthcheck", "--data", folder), 0);
    fake_stop();
}

Test(cli, gives_up_on_a_server_that_says_nothing)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    kv_millis before = kv_clock_monotonic();
    char url[64];

    cr_assert_eq(bind(silent, (struct sockaddr *) &address, len), 0);
    cr_assert_eq(listen(silent, 1), 0);
    cr_assert_eq(getsockname(silent, (struct sockaddr *) &address, &len), 0);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", ntohs(address.sin_port));
    cr_assert_eq(RUN("healthcheck", "--control", url), 1);
    cr_expect_lt(kv_clock_monotonic() - before, 20000);
    cr_expect_not_null(strstr(read_stderr(), "does not answer"));
    close(silent);
}

Test(cli, prints_no_other_servers_certificate)
{
    write_certificate_of_this_user();
    cr_assert_eq(RUN("ca", "--control", "http://127.0.0.1:1"), 1);
    cr_assert_stdout_eq_str("");
}

Test(cli, prints_the_certificate_of_the_server)
{
    write_file("ca.pem", "the file\n");
    start(fake_answer("200 OK", "the server\n"));
    cr_assert_eq(RUN("ca", "--data", folder), 0);
    fake_stop();
    cr_assert_stdout_eq_str("the server\n");
}

Test(cli, prints_the_certificate_in_the_folder_when_nothing_runs)
{
    write_file("ca.pem", "the file\n");
    cr_assert_eq(RUN("ca", "--data", folder), 0);
    cr_assert_stdout_eq_str("the file\n");
}

Test(cli, prints_both_loopbacks_for_every_vault_and_the_authority)
{
    start(fake_answer("200 OK", INFO));
    cr_assert_eq(RUN("hosts", "--data", folder), 0);
    fake_stop();
    cr_assert_stdout_eq_str("127.0.0.1 dev.vault.localhost\n::1 dev.vault.localhost\n"
                            "127.0.0.1 hsm.managedhsm.localhost\n::1 hsm.managedhsm.localhost\n"
                            "127.0.0.1 login.localhost\n::1 login.localhost\n");
}

Test(cli, keeps_strange_hosts_out_of_a_hosts_file)
{
    static const char *const rows[] = { "x",           "https://",
                                        "https://a b", "https://a\\nb.example",
                                        "https://A",   "https://a/b" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char body[256];
        snprintf(body, sizeof(body), "{\"vaults\":[{\"url\":\"%s\"}]}", rows[i]);
        start(fake_answer("200 OK", body));
        cr_assert_eq(RUN("hosts", "--data", folder), 1, "%s", rows[i]);
        fake_stop();
    }
}

Test(cli, asks_for_a_token_and_prints_only_that)
{
    start(fake_answer("200 OK", "{\"access_token\":\"a.b.c\",\"expires_on\":\"1\"}"));
    cr_assert_eq(
        RUN("token", "--data", folder, "--resource", "https://a b/&c", "--identity", "my app"), 0);
    const char *request = fake_stop();
    cr_assert_eq(strncmp(request,
                         "GET /control/v1/identities/my%20app/token?resource=https%3A%2F%2Fa%20b%2F"
                         "%26c HTTP/1.1\r\n",
                         88),
                 0, "%s", request);
    cr_assert_not_null(strstr(request, "\r\nX-IDENTITY-HEADER: coffer\r\n"));
    cr_assert_stdout_eq_str("a.b.c\n");
}

Test(cli, asks_for_no_token_with_a_resource_longer_than_any)
{
    static char resource[514];

    memset(resource, '/', sizeof(resource) - 1);
    cr_assert_eq(RUN("token", "--data", folder, "--resource", resource), 2);
    cr_assert_not_null(strstr(read_stderr(), "the resource is longer than 512 characters"));
}
