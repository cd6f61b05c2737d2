/* SPDX-License-Identifier: Apache-2.0 */
/* --control-token and who else may see it: over the wire, in the data folder, in the log. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv/base/files.h"

#define TOKEN "a-token-of-the-tests-0123456789"

TestSuite(control_token_api, .timeout = 120);

struct row {
    const char *method, *target, *header;
    long status;
};

static void expect(const struct daemon *daemon, const struct row *row)
{
    struct client client = { .curl = curl_easy_init(), .daemon = daemon };
    struct request request = { .method = row->method,
                               .target = row->target,
                               .body = strcmp(row->method, "POST") == 0 ? "{}" : NULL,
                               .headers = { row->header },
                               .control = true };
    API_REPLY(reply, client_send(&client, &request));

    cr_expect_eq(reply.status, row->status, "%s %s: %ld %s", row->method, row->target, reply.status,
                 reply.body);
    if (row->status == 401) {
        const char *challenge = reply_header(&reply, "WWW-Authenticate");
        cr_expect(challenge != NULL && strcmp(challenge, "Bearer") == 0);
        cr_expect_str_eq(reply_text(&reply, "error.code"), "Unauthorized");
        cr_expect_null(strstr(reply.body, TOKEN));
    }
    curl_easy_cleanup(client.curl);
}

static void expect_run(const char *const *arguments, int status, const char *part)
{
    char output[16384];
    int got = program_run(arguments, output, sizeof(output));

    cr_expect_eq(got, status, "%s: %d %s", arguments[0], got, output);
    cr_expect_not_null(strstr(output, part), "%s lacks \"%s\"", output, part);
    cr_expect_null(strstr(output, TOKEN));
}
#define RUN(status, part, ...)                                                                     \
    expect_run((const char *const[]){ __VA_ARGS__, NULL }, (status), (part))

static void path_below(const struct daemon *daemon, const char *name, char ret_path[512])
{
    snprintf(ret_path, 512, "%s/%s", daemon->folder, name);
}

static void write_token(const struct daemon *daemon, mode_t mode, char ret_path[512])
{
    struct kv_err err;

    path_below(daemon, "given", ret_path);
    cr_assert_eq(kv_file_write(ret_path, TOKEN "\n", strlen(TOKEN) + 1, mode, &err), KV_OK, "%s",
                 err.message);
}

Test(control_token_api, is_wanted_of_whoever_asks_for_control_and_of_nobody_else)
{
    static const struct row rows[] = {
        { "GET", "/control/v1/info", NULL, 401 },
        { "GET", "/Control/v1/info", NULL, 401 },
        { "GET", "/%63ontrol/v1/info", NULL, 401 },
        { "GET", "//control/v1/info", NULL, 401 },
        { "GET", "/control/v1/nothing", NULL, 401 },
        { "POST", "/control/v1/reset", NULL, 401 },
        { "POST", "/control/v1/reset?access_token=" TOKEN, NULL, 401 },
        { "OPTIONS", "/control/v1/reset", NULL, 401 },
        { "GET", "/control/v1/info", "Authorization: Bearer a-token-of-the-tests-0123456788", 401 },
        { "GET", "/control/v1/info", "Authorization: Basic " TOKEN, 401 },
        { "GET", "/control/v1/info", "X-Authorization: Bearer " TOKEN, 401 },
        { "GET", "/control/v1/info", "Authorization: Bearer " TOKEN, 200 },
        { "POST", "/control/v1/reset", "Authorization: bearer " TOKEN, 204 },
        { "GET", "/ready", NULL, 200 },
        { "GET", "/health", NULL, 200 },
        { "GET", "/metrics", NULL, 200 },
        { "GET", "/ca.pem", NULL, 200 },
        { "GET", "/ca.p12", NULL, 200 },
        { "GET", "/generate-test-token", NULL, 200 },
        { "GET", "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net",
          "X-IDENTITY-HEADER: any", 200 },
        { "GET",
          "/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
          "https://vault.azure.net",
          "Metadata: true", 200 },
    };
    struct daemon own;
    char file[512];

    daemon_prepare(&own);
    write_token(&own, 0600, file);
    cr_assert(daemon_start(&own, (const char *const[]){ "--control-token-file", file, NULL }));
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect(&own, &rows[i]);
    }
    cr_expect_eq(api_count_lines(&own, TOKEN, TOKEN), 0, "it is in the log");
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

/* What it is for, after the end and after a kill. */
Test(control_token_api, is_left_for_the_commands_of_the_same_user_while_it_counts)
{
    struct daemon own;
    struct stat status;
    char file[512], left[512];

    daemon_prepare(&own);
    write_token(&own, 0600, file);
    path_below(&own, "run.token", left);
    cr_assert(daemon_start(&own, (const char *const[]){ "--control-token-file", file, NULL }));
    cr_assert_eq(stat(left, &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0600);
    RUN(0, "dev ", "vault", "list", "--data", own.folder);
    RUN(1, "401: The control token is not the right one.", "vault", "list", "--data", own.folder,
        "--control-token", "another-token-of-the-tests");
    daemon_kill(&own);
    cr_expect_eq(stat(left, &status), 0, "a kill leaves it");

    cr_assert(daemon_start(&own, NULL));
    cr_expect_neq(stat(left, &status), 0, "it counts no more");
    RUN(0, "dev ", "vault", "list", "--data", own.folder);
    cr_expect(daemon_stop(&own));

    cr_assert(daemon_start(&own, (const char *const[]){ "--control-token-file", file, NULL }));
    cr_expect(daemon_stop(&own));
    cr_expect_neq(stat(left, &status), 0, "it ended");
    cr_expect_eq(stat(file, &status), 0, "what was given is kept");
    daemon_discard(&own);
}

Test(control_token_api, is_not_taken_from_what_coffer_removes_itself)
{
    struct daemon own;
    struct kv_err err;
    char left[512];

    daemon_prepare(&own);
    path_below(&own, "run.token", left);
    cr_assert_eq(kv_file_write(left, TOKEN, strlen(TOKEN), 0600, &err), KV_OK);
    RUN(2, "is coffer's own, and gone when it ends", "serve", "--data", own.folder, "--port", "0",
        "--control-port", "0", "--control-token-file", left);
    daemon_discard(&own);
}

Test(control_token_api, on_the_command_line_is_worth_a_warning)
{
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, (const char *const[]){ "--control-token", TOKEN, NULL }));
    cr_expect_eq(api_count_lines(&own, "warning", "secret_on_command_line"), 1);
    cr_expect_eq(api_count_lines(&own, TOKEN, TOKEN), 0);
    expect(&own, &(struct row){ "GET", "/control/v1/info", NULL, 401 });
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(control_token_api, and_the_secret_of_an_identity_are_told_from_others)
{
    struct daemon own;
    char file[512], spec[600];

    daemon_prepare(&own);
    write_token(&own, 0644, file);
    snprintf(spec, sizeof(spec), "app,secret-file=%s", file);
    RUN(2, "--identity: ", "serve", "--data", own.folder, "--port", "0", "--control-port", "0",
        "--identity", spec);
    cr_assert_eq(chmod(file, 0600), 0);
    cr_assert(daemon_start(&own, (const char *const[]){ "--identity", spec, NULL }));
    cr_expect_eq(api_count_lines(&own, "warning", "secret_on_command_line"), 0);
    cr_expect(daemon_stop(&own));
    cr_assert(daemon_start(&own, (const char *const[]){ "--identity", "b,secret=hush", NULL }));
    cr_expect_eq(api_count_lines(&own, "secret_on_command_line", "option=--identity"), 1);
    cr_expect_eq(api_count_lines(&own, "hush", "hush"), 0);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(control_token_api, is_missed_where_strangers_reach_the_port)
{
    static const struct {
        const char *arguments[5];
        unsigned lines;
    } rows[] = {
        { { "--listen", "any" }, 1 },
        { { "--listen", "0.0.0.0" }, 1 },
        { { "--listen", "localhost" }, 0 },
        { { "--listen", "127.0.0.1" }, 0 },
        { { "--listen", "any", "--control-token", TOKEN }, 0 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct daemon own;

        daemon_prepare(&own);
        cr_assert(daemon_start(&own, rows[i].arguments));
        cr_expect_eq(api_count_lines(&own, "warning", "control_port_open"), rows[i].lines, "%s",
                     rows[i].arguments[1]);
        cr_expect(daemon_stop(&own));
        daemon_discard(&own);
    }
}

/* Of whatever holds a secret, the same rule; what each holds comes after it. */
Test(control_token_api, and_other_secrets_come_from_no_file_that_others_read)
{
    static const char *const options[] = {
        "--ca-key",  "--ca-p12",          "--ca-password-file",
        "--tls-key", "--pkcs11-pin-file", "--control-token-file"
    };
    struct daemon own;
    char file[512], wanted[600];

    daemon_prepare(&own);
    write_token(&own, 0644, file);
    for (size_t i = 0; i < KV_COUNT(options); i++) {
        snprintf(wanted, sizeof(wanted), "coffer: %s: %s has mode 0644, so others can read it",
                 options[i], file);
        RUN(2, wanted, "serve", "--data", own.folder, "--port", "0", "--control-port", "0",
            options[i], file);
    }
    daemon_discard(&own);
}

Test(control_token_api, comes_from_a_shared_file_where_that_is_allowed)
{
    struct daemon own;
    char file[512];

    daemon_prepare(&own);
    write_token(&own, 0444, file);
    cr_assert(daemon_start(
        &own, (const char *const[]){ "--control-token-file", file, "--allow-shared-files", NULL }));
    cr_expect_eq(api_count_lines(&own, "warning", "secret_shared"), 1);
    expect(&own, &(struct row){ "GET", "/control/v1/info", NULL, 401 });
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(control_token_api, comes_from_no_configuration_that_others_read)
{
    static const char with[] = "control-token = " TOKEN "\n", without[] = "log-level = info\n";
    struct daemon own;
    struct kv_err err;
    char file[512];

    daemon_prepare(&own);
    path_below(&own, "conf", file);
    cr_assert_eq(kv_file_write(file, with, strlen(with), 0644, &err), KV_OK);
    RUN(2, "--config: ", "serve", "--data", own.folder, "--port", "0", "--control-port", "0",
        "--config", file);
    cr_assert_eq(kv_file_write(file, without, strlen(without), 0644, &err), KV_OK);
    cr_assert(daemon_start(&own, (const char *const[]){ "--config", file, NULL }));
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}
