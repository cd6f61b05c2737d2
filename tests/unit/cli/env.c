/* SPDX-License-Identifier: Apache-2.0 */
/* coffer env: what it exports, and where the certificate that it names comes from. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../support/command.h"
#include "shell.h"

TestSuite(cli_env, .init = setup, .fini = teardown, .timeout = 60);

Test(cli_env, refuses_a_vault_that_is_not_there)
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

Test(cli_env, prints_what_sdks_read)
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

/* What `coffer env` exports as that variable, with those in the environment; "" when nothing. */
static const char *exported(const char *name, const char *one, const char *other)
{
    static char value[512];
    char head[64];

    more_variables[0] = one;
    more_variables[1] = other;
    write_file("ca.pem", "");
    start(fake_answer("200 OK", INFO));
    cr_assert_eq(RUN("env", "--data", folder), 0);
    fake_stop();
    snprintf(head, sizeof(head), "export %s='", name);

    const char *line = strstr(read_stdout(), head);

    value[0] = '\0';
    if (line != NULL) {
        (void) sscanf(line + strlen(head), "%500[^']", value);
    }
    return value;
}

Test(cli_env, keeps_clients_from_the_proxy_there_is)
{
    static const char here[] = "localhost,.localhost,127.0.0.1,::1,dev.vault.localhost";

    cr_expect_str_eq(exported("NO_PROXY", NULL, NULL), "");
    cr_expect_str_eq(exported("NO_PROXY", "NO_PROXY=corp", NULL), "");
    cr_expect_str_eq(exported("NO_PROXY", "HTTPS_PROXY=", NULL), "");
    cr_expect_str_eq(exported("NO_PROXY", "https_proxy=http://p:1", "NO_PROXY=*"), "");
    cr_expect_str_eq(exported("NO_PROXY", "https_proxy=http://p:1", NULL), here);
    cr_expect_str_eq(exported("no_proxy", "ALL_PROXY=http://p:1", NULL), here);
    cr_expect_str_eq(exported("NO_PROXY", "HTTP_PROXY=http://p:1", "no_proxy=corp, LOCALHOST"),
                     "corp, LOCALHOST,.localhost,127.0.0.1,::1,dev.vault.localhost");
}

Test(cli_env, refuses_a_command_that_is_empty)
{
    cr_expect_eq(RUN("env", "--data", folder, "--"), 2);
    cr_expect_not_null(strstr(read_stderr(), "nothing is behind the --: COMMAND is missing"));
    cr_expect_eq(RUN("env", "--data", folder, "--", ""), 2);
    cr_expect_not_null(strstr(read_stderr(), "the command behind the -- is empty"));
}

Test(cli_env, quotes_for_the_shell)
{
    write_file("ca.pem", "");
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

Test(cli_env, saves_the_certificate_of_a_server_it_knows_by_address_only)
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

/* Files as servers left them that are gone, the later numbers younger; and one that is not ours. */
static void leave_files(int count)
{
    char name[64], path[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(path, folder, "cache/coffer", &err), KV_OK);
    cr_assert_eq(kv_folder_make(path, 0700, &err), KV_OK);
    write_file("cache/coffer/ca-mine.pem", "mine");
    for (int i = 0; i < count; i++) {
        const struct timespec times[2] = { { .tv_sec = 1000 + i }, { .tv_sec = 1000 + i } };

        snprintf(name, sizeof(name), "cache/coffer/ca-%016x.pem", i);
        write_file(name, CA_BODY);
        cr_assert_eq(kv_path_join(path, folder, name, &err), KV_OK);
        cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    }
}

static bool is_cached(const char *name)
{
    char path[KV_PATH_MAX], file[64];

    snprintf(file, sizeof(file), "cache/coffer/ca-%s.pem", name);
    cr_assert_eq(kv_path_join(path, folder, file, &err), KV_OK);
    return kv_file_exists(path);
}

Test(cli_env, keeps_a_bounded_number_of_saved_certificates)
{
    char saved[KV_PATH_MAX];

    write_certificate_of_this_user();
    snprintf(cache_home, sizeof(cache_home), "XDG_CACHE_HOME=%s/cache", folder);
    leave_files(100);
    cr_assert_eq(run_env(CA_ANSWER, NULL, NULL), 0);
    find_named_file(saved);
    expect_ca_in(saved, CA_BODY);
    cr_expect_not(is_cached("0000000000000000"), "the oldest");
    cr_expect_not(is_cached("0000000000000024"), "the last one too many: 100 - 63 = 0x25");
    cr_expect(is_cached("0000000000000025"));
    cr_expect(is_cached("0000000000000063"), "the youngest");
    cr_expect(is_cached("mine"), "somebody else's");
}

Test(cli_env, saves_the_certificate_where_it_is_told_to)
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

Test(cli_env, saves_nothing_that_is_not_a_certificate)
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

Test(cli_env, prints_a_trust_store_for_java_when_asked)
{
    start("HTTP/1.1 200 OK\r\n\r\n0\x82\x01");
    cr_assert_eq(RUN("ca", "--data", folder, "--format", "p12"), 0);
    cr_assert_eq(strncmp(fake_stop(), "GET /ca.p12 HTTP/1.1\r\n", 22), 0);
    cr_assert_str_eq(read_stdout(), "0\x82\x01");
    write_file("ca.pem", "the file\n");
    cr_assert_eq(RUN("ca", "--data", folder, "--format", "p12"), 1, "no PEM in its place");
    cr_assert_eq(RUN("ca", "--data", folder, "--format", "der"), 2);
}

Test(cli_env, says_where_to_get_a_certificate_it_can_save_nowhere)
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

Test(cli_env, replaces_nothing_but_a_file)
{
    char pipe[KV_PATH_MAX], link[KV_PATH_MAX], file[KV_PATH_MAX], named[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(pipe, folder, "pipe", &err), KV_OK);
    cr_assert_eq(kv_path_join(link, folder, "link", &err), KV_OK);
    cr_assert_eq(kv_path_join(file, folder, "file", &err), KV_OK);
    cr_assert_eq(mkfifo(pipe, 0600), 0);
    cr_assert_eq(symlink(file, link), 0);
    cr_expect_eq(run_env(CA_ANSWER, "--ca-file", pipe), 2);
    cr_expect_not_null(strstr(read_stderr(), "pipe is not a regular file"));
    write_file("file", "before\n");
    cr_expect_eq(run_env(CA_ANSWER, "--ca-file", link), 0);
    find_named_file(named);
    cr_expect_str_eq(named, file);
    expect_ca_in(file, CA_BODY);
}
