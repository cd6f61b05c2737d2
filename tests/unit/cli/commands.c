/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands against a control port that says what each test wants. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include "cli.h"
#include "fake.h"
#include "kv/files.h"

#define INFO                                                                                       \
    "{\"vaults\":[{\"name\":\"dev\",\"url\":\"https://dev.vault.localhost:8443\"},"                \
    "{\"name\":\"it's\",\"url\":\"https://hsm.managedhsm.localhost:8443\"}]}"

static char folder[] = "/tmp/coffer-cli-XXXXXX";
static char cache_home[128]; /* XDG_CACHE_HOME=..., when a test sets it */
static struct kv_err err;

static void setup(void)
{
    cr_assert_not_null(mkdtemp(folder));
    cr_redirect_stdout();
    cr_redirect_stderr();
}

static void teardown(void)
{
    cr_assert_eq(kv_folder_remove(folder, &err), KV_OK);
}

TestSuite(cli, .init = setup, .fini = teardown, .timeout = 60);

static void write_file(const char *name, const char *text)
{
    char path[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(path, folder, name, &err), KV_OK);
    cr_assert_eq(kv_file_write(path, text, strlen(text), 0600, &err), KV_OK);
}

/* As a shell would: coffer WORD... with the test's folder for the user's state. */
static int run(const char *const words[])
{
    char state_home[64];
    const char *const environment[] = { state_home, cache_home[0] != '\0' ? cache_home : NULL,
                                        NULL };
    const char *arguments[16] = { "coffer" };
    int count = 1;

    snprintf(state_home, sizeof(state_home), "XDG_STATE_HOME=%s", folder);
    while (words[count - 1] != NULL) {
        arguments[count] = words[count - 1];
        count++;
    }
    return kv_cli_run(count, (char *const *) arguments, (char *const *) environment);
}
#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

/* What was written since the last look. */
static const char *read_back(FILE *written, FILE *redirected)
{
    static char text[4096];

    fflush(written);
    clearerr(redirected);
    size_t len = fread(text, 1, sizeof(text) - 1, redirected);
    text[len] = '\0';
    return text;
}

static const char *read_stdout(void)
{
    return read_back(stdout, cr_get_redirected_stdout());
}

static const char *read_stderr(void)
{
    return read_back(stderr, cr_get_redirected_stderr());
}

/* Starts the fake and says in run.json where it is. */
static void start(const char *answer)
{
    char text[64];

    snprintf(text, sizeof(text), "{\"control_port\":%u}", fake_start(answer));
    write_file("run.json", text);
}

Test(cli, says_what_it_can_when_not_told_what_to_do)
{
    cr_assert_eq(run((const char *const[]){ NULL }), 2);
    cr_assert_not_null(strstr(read_stderr(), "Usage: coffer COMMAND"));
}

Test(cli, refuses_commands_and_options_it_does_not_have)
{
    cr_assert_eq(RUN("helthcheck"), 2);
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
    cr_assert_not_null(strstr(read_stderr(), "/run.json names, does not answer"));
}

Test(cli, passes_on_what_a_refusal_says)
{
    start(fake_answer("503 Busy", "{\"error\":{\"code\":\"X\",\"message\":\"come back later\"}}"));
    cr_assert_eq(RUN("healthcheck", "--data", folder), 1);
    fake_stop();
    const char *text = read_stderr();
    cr_assert_not_null(strstr(text, "answers 503 come back later"), "%s", text);

    start(fake_answer("400 Bad", "{\"error\":\"invalid\",\"error_description\":\"no such one\"}"));
    cr_assert_eq(RUN("token", "--data", folder), 1);
    fake_stop();
    text = read_stderr();
    cr_assert_not_null(strstr(text, "answers 400 no such one"), "%s", text);
}

Test(cli, follows_no_redirect)
{
    start("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
    cr_assert_eq(RUN("ca", "--data", folder), 1);
    fake_stop();
}

Test(cli, stops_reading_a_body_without_end)
{
    static char endless[3 * 1024 * 1024];
    static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";

    memset(endless, 'x', sizeof(endless) - 1);
    memcpy(endless, head, strlen(head));
    start(endless);
    cr_assert_eq(RUN("ca", "--data", folder), 1);
    fake_stop();
    cr_assert_not_null(strstr(read_stderr(), "more than 1048576 bytes"));
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

/* The folder of this user is not that of the server somebody named. */
static void write_certificate_of_this_user(void)
{
    char path[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(path, folder, "coffer", &err), KV_OK);
    cr_assert_eq(kv_folder_make(path, 0700, &err), KV_OK);
    write_file("coffer/ca.pem", "another's\n");
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

Test(cli, prints_both_loopbacks_for_every_vault)
{
    start(fake_answer("200 OK", INFO));
    cr_assert_eq(RUN("hosts", "--data", folder), 0);
    fake_stop();
    cr_assert_stdout_eq_str("127.0.0.1 dev.vault.localhost\n::1 dev.vault.localhost\n"
                            "127.0.0.1 hsm.managedhsm.localhost\n::1 hsm.managedhsm.localhost\n");
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
                         "GET /msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fa%20b%2F%26c"
                         "&client_id=my%20app HTTP/1.1\r\n",
                         101),
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

Test(cli, refuses_a_vault_that_is_not_there)
{
    start(fake_answer("200 OK", INFO));
    cr_assert_eq(RUN("env", "--data", folder, "--vault", "prod"), 1);
    fake_stop();
    cr_assert_not_null(strstr(read_stderr(), "there is no vault named prod"));
}

/* The line must be there: head, value, tail. */
static void expect_line(const char *text, const char *head, const char *value, const char *tail)
{
    char line[KV_PATH_MAX];

    snprintf(line, sizeof(line), "%s%s%s\n", head, value, tail);
    cr_assert_not_null(strstr(text, line), "%s in %s", line, text);
}

Test(cli, prints_what_sdks_read)
{
    char url[64];

    write_file("ca.pem", "");
    start(fake_answer("200 OK", INFO));
    cr_assert_eq(RUN("env", "--data", folder), 0);
    sscanf(strstr(fake_stop(), "Host: "), "Host: %63s", url);
    const char *text = read_stdout();
    expect_line(text, "export AZURE_KEYVAULT_URL='", "https://dev.vault.localhost:8443", "'");
    expect_line(text, "export AZURE_KEYVAULT_NAME='", "dev", "'");
    expect_line(text, "export KEY_VAULT_URI='", "https://dev.vault.localhost:8443", "'");
    expect_line(text, "export IDENTITY_ENDPOINT='http://", url, "/msi/token'");
    expect_line(text, "export IDENTITY_HEADER='", "coffer", "'");
    expect_line(text, "export MSI_ENDPOINT='http://", url, "/msi/token'");
    expect_line(text, "export MSI_SECRET='", "coffer", "'");
    expect_line(text, "export AZURE_POD_IDENTITY_AUTHORITY_HOST='http://", url, "'");
    expect_line(text, "export NODE_EXTRA_CA_CERTS='", folder, "/ca.pem'");
    expect_line(text, "export REQUESTS_CA_BUNDLE='", folder, "/ca.pem'");
    expect_line(text, "export SSL_CERT_FILE='", folder, "/ca.pem'");
    expect_line(text, "export CURL_CA_BUNDLE='", folder, "/ca.pem'");
    cr_assert_null(strstr(text, "#"));
}

Test(cli, quotes_for_the_shell)
{
    start(fake_answer("200 OK", INFO));
    cr_assert_eq(RUN("env", "--data", folder, "--vault", "it's"), 0);
    fake_stop();
    expect_line(read_stdout(), "export AZURE_KEYVAULT_NAME='", "it'\\''s", "'");
}

#define CA_BODY                                                                                    \
    "-----BEGIN CERTIFICATE-----\n"                                                                \
    "AAAA\n"                                                                                       \
    "-----END CERTIFICATE-----\n"
#define CA_ANSWER "HTTP/1.1 200 OK\r\n\r\n" CA_BODY
#define OTHER_CA_ANSWER "HTTP/1.1 200 OK\r\n\r\n" CA_BODY CA_BODY

/* `coffer env --control URL` with one more option, against a server with that certificate. */
static int run_env(const char *ca_answer, const char *option, const char *value)
{
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%u",
             fake_start_two(fake_answer("200 OK", INFO), ca_answer));
    int status =
        option != NULL ? RUN("env", "--control", url, option, value) : RUN("env", "--control", url);
    cr_assert_eq(strncmp(fake_stop(), "GET /ca.pem HTTP/1.1\r\n", 22), 0);
    return status;
}

/* What NODE_EXTRA_CA_CERTS names; "" when nothing does. */
static void find_named_file(char ret_path[KV_PATH_MAX])
{
    const char *line = strstr(read_stdout(), "export NODE_EXTRA_CA_CERTS='");

    ret_path[0] = '\0';
    if (line != NULL) {
        cr_assert_eq(sscanf(line, "export NODE_EXTRA_CA_CERTS='%4000[^']'", ret_path), 1);
    }
}

static void expect_ca_in(const char *path, const char *wanted)
{
    kv_auto(kv_buf_done) struct kv_buf bytes;
    struct stat status;

    kv_buf_init(&bytes, 4096);
    cr_assert_eq(kv_file_read(path, &bytes, &err), KV_OK, "%s", err.message);
    cr_assert_str_eq(bytes.data, wanted);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0644);
}

Test(cli, saves_the_certificate_of_a_server_it_knows_by_address_only)
{
    char first[KV_PATH_MAX], again[KV_PATH_MAX], other[KV_PATH_MAX];

    write_certificate_of_this_user();
    snprintf(cache_home, sizeof(cache_home), "XDG_CACHE_HOME=%s/cache", folder);
    cr_assert_eq(run_env(CA_ANSWER, NULL, NULL), 0);
    find_named_file(first);
    cr_assert_eq(strncmp(first, folder, strlen(folder)), 0, "%s", first);
    cr_assert_not_null(strstr(first, "/cache/coffer/ca-"), "%s", first);
    expect_ca_in(first, CA_BODY);
    cr_assert_eq(run_env(CA_ANSWER, NULL, NULL), 0);
    find_named_file(again);
    cr_assert_str_eq(again, first, "a second shell gets the same name");
    cr_assert_eq(run_env(OTHER_CA_ANSWER, NULL, NULL), 0);
    find_named_file(other);
    cr_assert_str_neq(other, first, "another server another file");
    expect_ca_in(first, CA_BODY);
    expect_ca_in(other, CA_BODY CA_BODY);
}

Test(cli, saves_the_certificate_where_it_is_told_to)
{
    char path[KV_PATH_MAX], named[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(path, folder, "my-ca.pem", &err), KV_OK);
    cr_assert_eq(run_env(CA_ANSWER, "--ca-file", path), 0);
    find_named_file(named);
    cr_assert_str_eq(named, path);
    expect_ca_in(path, CA_BODY);
    cr_assert_eq(run_env(OTHER_CA_ANSWER, "--ca-file", path), 0);
    expect_ca_in(path, CA_BODY CA_BODY);
    cr_assert_eq(run_env(CA_ANSWER, "--ca-file", "/nowhere/ca.pem"), 1);
    cr_assert_not_null(strstr(read_stderr(), "cannot write /nowhere/ca.pem"));
}

Test(cli, saves_nothing_that_is_not_a_certificate)
{
    static const char *const rows[] = {
        "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    };
    char path[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(path, folder, "my-ca.pem", &err), KV_OK);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(run_env(rows[i], "--ca-file", path), 1, "%zu", i);
        cr_assert_not(kv_file_exists(path), "%zu", i);
    }
}

Test(cli, prints_a_trust_store_for_java_when_asked)
{
    start("HTTP/1.1 200 OK\r\n\r\n0\x82\x01");
    cr_assert_eq(RUN("ca", "--data", folder, "--format", "p12"), 0);
    cr_assert_eq(strncmp(fake_stop(), "GET /ca.p12 HTTP/1.1\r\n", 22), 0);
    cr_assert_str_eq(read_stdout(), "0\x82\x01");
    write_file("ca.pem", "the file\n");
    cr_assert_eq(RUN("ca", "--data", folder, "--format", "p12"), 1, "no PEM in its place");
    cr_assert_eq(RUN("ca", "--data", folder, "--format", "jks"), 2);
}

Test(cli, says_where_to_get_a_certificate_it_can_save_nowhere)
{
    write_certificate_of_this_user();
    cr_assert_eq(run_env(CA_ANSWER, NULL, NULL), 0);
    const char *text = read_stdout();
    cr_assert_not_null(strstr(text, "# Save http://127.0.0.1:"), "%s", text);
    cr_assert_not_null(strstr(text, "/ca.pem to a file and set these to its path:\n"), "%s", text);
    cr_assert_null(strstr(text, "export NODE_EXTRA_CA_CERTS"));
    text = read_stderr();
    cr_assert_not_null(strstr(text, "the CA certificate is not saved: none of XDG_CACHE_HOME, "),
                       "%s", text);
    cr_assert_not_null(strstr(text, "--ca-file"), "%s", text);
}
