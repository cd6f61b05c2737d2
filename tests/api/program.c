/* SPDX-License-Identifier: Apache-2.0 */
/* The program as a user meets it: options, subcommands, restarts, signals. docs/options.md. */
#include "../support/api.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../support/raw.h"

TestSuite(program, .timeout = 180);

static void expect_run(const char *const *arguments, int status, const char *part)
{
    char output[16384];
    int got = program_run(arguments, output, sizeof(output));

    cr_expect_eq(got, status, "%s: %d %s", arguments[0], got, output);
    cr_expect_not_null(strstr(output, part), "%s lacks \"%s\"", output, part);
}

#define RUN(status, part, ...)                                                                     \
    expect_run((const char *const[]){ __VA_ARGS__, NULL }, (status), (part))

Test(program, bad_options_are_refused_by_name)
{
    RUN(2, "--nonsense", "serve", "--nonsense");
    RUN(2, "--port", "serve", "--port", "70000");
    RUN(2, "--auth", "serve", "--auth", "maybe");
    RUN(2, "--deletion-lag", "serve", "--deletion-lag", "soon");
    RUN(2, "a_b", "serve", "--ephemeral", "--vault", "a_b");
    RUN(2, "colour", "serve", "--ephemeral", "--vault", "dev,colour=red");
    RUN(2, "retention", "serve", "--ephemeral", "--vault", "dev,retention=6");
    RUN(2, "named twice", "serve", "--ephemeral", "--vault", "dev", "--vault", "DEV");
    RUN(2, "must be open, policy or rbac", "serve", "--ephemeral", "--vault", "dev,access=all");
    RUN(2, "give role=.. or permissions=..", "serve", "--ephemeral", "--grant", "dev");
    RUN(2, "are two persons", "serve", "--grant", "dev,role=owner,identity=a,principal=b");
    RUN(2, "go with a role", "serve", "--grant", "dev,permissions=get,key=k");
    RUN(2, "once each", "serve", "--grant", "dev,role=owner,colour=red");
    RUN(2, "once each", "serve", "--grant", "dev,role=owner,role=reader");
    RUN(2, "--access-delay", "serve", "--ephemeral", "--access-delay", "61m");
    RUN(2, "--pkcs11-pin-file", "serve", "--ephemeral", "--pkcs11-module", "/nowhere.so");
    RUN(2, "frobnicate", "frobnicate");
}

Test(program, help_and_version_work)
{
    RUN(0, "serve", "--help");
    RUN(0, "0.1.0", "--version");
    RUN(0, "--deletion-lag", "serve", "--help");
    RUN(0, "--resource", "token", "--help");
    RUN(0, "purge-protection", "serve", "--help");
    RUN(0, "deletion-lag = ", "serve", "--print-config");
}

Test(program, subcommands_find_no_server_where_none_runs)
{
    RUN(1, "/nowhere", "healthcheck", "--data", "/nowhere");
    RUN(1, "/nowhere", "token", "--data", "/nowhere");
    RUN(1, "/nowhere", "env", "--data", "/nowhere");
    RUN(1, "/nowhere", "hosts", "--data", "/nowhere");
    RUN(1, "/nowhere", "ca", "--data", "/nowhere");
}

Test(program, subcommands_find_the_server_through_its_folder)
{
    char url[64];
    const char *folder = api_daemon()->folder;

    snprintf(url, sizeof(url), "https://locked.vault.localhost:%u", api_daemon()->port);
    RUN(0, "", "healthcheck", "--data", folder);
    RUN(0, "-----BEGIN CERTIFICATE-----", "ca", "--data", folder);
    RUN(0, "export IDENTITY_ENDPOINT=", "env", "--data", folder);
    RUN(0, url, "env", "--vault", "locked", "--data", folder);
    RUN(0, "127.0.0.1 dev.vault.localhost", "hosts", "--data", folder);
    RUN(0, "eyJ", "token", "--data", folder);
    RUN(0, "eyJ", "token", "--data", folder, "--identity", "backup-job", "--resource",
        "https://management.azure.com");
}

static void start_ephemeral(struct daemon *own)
{
    static const char *const arguments[] = { "--ephemeral", NULL };

    daemon_prepare(own);
    cr_assert(daemon_start(own, arguments));
}

/* As in a container: nothing says where it is, and there may be no home. */
Test(program, subcommands_find_the_one_server_with_ephemeral)
{
    char base[] = "/tmp/coffer-base-XXXXXX";
    struct daemon one, other;

    cr_assert_not_null(mkdtemp(base));
    setenv("TMPDIR", base, 1);
    unsetenv("HOME");
    unsetenv("XDG_STATE_HOME");
    RUN(2, "neither XDG_STATE_HOME nor HOME", "healthcheck");
    start_ephemeral(&one);
    RUN(0, "ready", "healthcheck");
    RUN(1, "no coffer is running on", "healthcheck", "--data", base);
    setenv("XDG_STATE_HOME", base, 1);
    RUN(0, "ready", "healthcheck");
    RUN(0, "/ca.pem'", "env");
    start_ephemeral(&other);
    RUN(1, "2 coffers are running with --ephemeral", "healthcheck");
    cr_expect(daemon_stop(&one) && daemon_stop(&other));
    RUN(1, "no coffer is running on", "healthcheck");
    daemon_discard(&one);
    daemon_discard(&other);
    cr_expect_eq(rmdir(base), 0);
}

Test(program, a_module_or_token_that_is_not_there_is_named)
{
    char pin[300];
    FILE *file;

    snprintf(pin, sizeof(pin), "%s/some-pin", api_daemon()->folder);
    file = fopen(pin, "w");
    fputs("1234\n", file);
    fclose(file);
    cr_assert_eq(chmod(pin, 0600), 0);
    RUN(1, "/nowhere.so", "serve", "--ephemeral", "--port", "0", "--control-port", "0",
        "--pkcs11-module", "/nowhere.so", "--pkcs11-pin-file", pin);
    RUN(1, "/nowhere.pin does not exist", "serve", "--ephemeral", "--port", "0", "--control-port",
        "0", "--pkcs11-module", "/nowhere.so", "--pkcs11-pin-file", "/nowhere.pin");
}

Test(program, a_second_server_does_not_take_the_folder_or_the_port)
{
    char port[16];

    RUN(1, api_daemon()->folder, "serve", "--data", api_daemon()->folder, "--port", "0",
        "--control-port", "0");
    snprintf(port, sizeof(port), "%u", api_daemon()->port);
    RUN(1, port, "serve", "--ephemeral", "--port", port, "--control-port", "0");
}

Test(program, secrets_are_kept_in_files_for_the_owner_only)
{
    static const char *const files[] = { "pin", "issuer.pem", "tls/ca.key", "tls/server.key",
                                         "coffer.db" };
    char path[400];
    struct stat status;

    API_SKIP_WITH_NSS("the token is not the program's own");
    for (size_t i = 0; i < KV_COUNT(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", api_daemon()->folder, files[i]);
        cr_expect_eq(stat(path, &status), 0, "%s", path);
        cr_expect_eq(status.st_mode & 077, 0, "%s: %o", path, status.st_mode);
    }
}

Test(program, log_holds_no_secret)
{
    API_CLIENT(dev);
    char version[33];
    char wrapped[1024];
    char line[8192];
    FILE *log;

    api_create_key(&dev, "discreet", "", version);
    api_wrap(&dev, "discreet", NULL, "RSA-OAEP", "c2VjcmV0LXBsYWludGV4dA", wrapped);
    API_REPLY(bad, api_unwrap(&dev, "discreet", NULL, "RSA-OAEP", "c2VjcmV0LXBsYWludGV4dA"));
    cr_assert_eq(bad.status, 400);
    log = fopen(api_daemon()->log, "r");
    while (fgets(line, sizeof(line), log) != NULL) {
        cr_expect_null(strstr(line, "c2VjcmV0"), "%s", line);
        cr_expect_null(strstr(line, "secret-plain"), "%s", line);
        cr_expect_null(strstr(line, "eyJ"), "%s", line);
    }
    fclose(log);
}

Test(program, everything_is_there_after_a_restart)
{
    static const char value[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    struct daemon own;
    char version[33];
    char wrapped[1024];

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
    {
        API_CLIENT_OF(&own, dev);

        api_create_key(&dev, "stays", ",\"tags\":{\"a\":\"b\"}", version);
        api_wrap(&dev, "stays", NULL, "RSA-OAEP-256", value, wrapped);
        cr_assert(daemon_stop(&own));
        cr_assert(daemon_start(&own, NULL));

        /* the token of before is still good: the issuer key stayed, too */
        API_REPLY(reply, api_unwrap(&dev, "stays", version, "RSA-OAEP-256", wrapped));
        cr_assert_str_eq(reply_text(&reply, "value"), value, "%s", reply.body);
        API_REPLY(get, client_call(&dev, "GET", "/keys/stays", NULL));
        cr_assert_str_eq(reply_text(&get, "tags.a"), "b");
    }
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

static void make_key_and_stop(struct daemon *own)
{
    char version[33];

    daemon_prepare(own);
    cr_assert(daemon_start(own, NULL));
    {
        API_CLIENT_OF(own, dev);
        api_create_key(&dev, "precious", "", version);
    }
    cr_assert(daemon_stop(own));
}

static void move(const struct daemon *from, const char *name, const struct daemon *to,
                 const char *new_name)
{
    char old_path[400], new_path[400];

    snprintf(old_path, sizeof(old_path), "%s/%s", from->folder, name);
    snprintf(new_path, sizeof(new_path), "%s/%s", to->folder, new_name);
    cr_assert_eq(rename(old_path, new_path), 0, "%s", old_path);
}

/* One that is missing is damage.c's. */
Test(program, a_store_does_not_go_with_another_token)
{
    struct daemon own, other;

    API_SKIP_WITH_NSS("the token is not the program's own");
    make_key_and_stop(&own);
    make_key_and_stop(&other);
    move(&own, "tokens", &own, "tokens-away");
    move(&other, "tokens", &own, "tokens");
    move(&other, "pin", &own, "pin");
    RUN(1, "not the one", "serve", "--data", own.folder, "--port", "0", "--control-port", "0");
    daemon_discard(&own);
    daemon_discard(&other);
}

Test(program, a_token_whose_store_was_lost_is_left_alone)
{
    struct daemon own;
    char path[400];

    API_SKIP_WITH_NSS("the token is not the program's own");
    make_key_and_stop(&own);
    snprintf(path, sizeof(path), "%s/coffer.db", own.folder);
    cr_assert_eq(unlink(path), 0);
    RUN(1, "the store was lost", "serve", "--data", own.folder, "--port", "0", "--control-port",
        "0");
    daemon_discard(&own);
}

Test(program, ephemeral_leaves_nothing_behind)
{
    static const char *const arguments[] = { "--ephemeral", NULL };
    struct daemon own;

    API_SKIP_WITH_NSS("the token is not the program's own");
    daemon_prepare(&own);
    setenv("TMPDIR", own.folder, 1);
    cr_assert(daemon_start(&own, arguments));
    cr_expect_neq(rmdir(own.folder), 0, "its temporary folder must be in there");
    cr_assert(daemon_stop(&own));
    cr_expect_eq(rmdir(own.folder), 0, "the folder must be empty again");
    daemon_discard(&own);
}

static void pause_shortly(void)
{
    const struct timespec pause = { .tv_nsec = 10000000 };

    nanosleep(&pause, NULL);
}

/* Keys that are made, are being made, and are still to be made. */
static long count_begun(const struct daemon *own)
{
    return api_metric(own, "coffer_key_versions")
           + api_metric(own, "coffer_jobs_running{lane=\"generate\"}")
           + api_metric(own, "coffer_jobs_waiting{lane=\"generate\"}");
}

/* A daemon that asks for no token, with as many generations of keys under way. */
static void start_generating(struct daemon *own, struct raw *raw, size_t count)
{
    static const char *const arguments[] = { "--auth", "off", NULL };
    static const char slow[] =
        "POST /keys/slow/create?api-version=7.6 HTTP/1.1\r\nHost: dev.vault.localhost\r\n"
        "Content-Type: application/json\r\nContent-Length: 29\r\n\r\n"
        "{\"kty\":\"RSA\",\"key_size\":3072}";

    daemon_prepare(own);
    cr_assert(daemon_start(own, arguments));
    for (size_t i = 0; i < count; i++) {
        cr_assert(raw_open(&raw[i], own->port, true));
    }
    for (size_t i = 0; i < count; i++) { /* at once, so that they wait for each other */
        cr_assert(raw_send(&raw[i], slow, strlen(slow)));
    }
    while (count_begun(own) < (long) count) {
        pause_shortly();
    }
}

/* It has seen the signal when it takes no connections any more. */
static void end_in_order(const struct daemon *own)
{
    struct raw probe;

    cr_assert_eq(kill(own->pid, SIGTERM), 0);
    while (raw_open(&probe, own->port, false)) {
        raw_close(&probe);
        pause_shortly();
    }
    raw_close(&probe);
}

/* Requests in flight when SIGTERM comes are answered before the program ends. */
Test(program, sigterm_lets_requests_finish)
{
    struct daemon own;
    struct raw raw[2];
    char answer[8192];
    int status = -1;

    start_generating(&own, raw, KV_COUNT(raw));
    end_in_order(&own);
    for (size_t i = 0; i < KV_COUNT(raw); i++) {
        raw_read(&raw[i], answer, sizeof(answer), "}}");
        cr_expect_eq(strncmp(answer, "HTTP/1.1 200", 12), 0, "%s", answer);
        cr_expect_not_null(strstr(answer, "/keys/slow/"), "%s", answer);
        raw_close(&raw[i]);
    }
    cr_expect_eq(waitpid(own.pid, &status, 0), own.pid); /* another signal would end it at once */
    cr_expect_eq(status, 0);

    cr_assert(daemon_start(&own, NULL));
    {
        API_CLIENT_OF(&own, dev);
        API_REPLY(get, client_call(&dev, "GET", "/keys/slow/versions", NULL));
        cr_expect_eq(get.status, 200, "%s", get.body);
        cr_expect_eq(cJSON_GetArraySize(reply_item(&get, "value")), 2, "%s", get.body);
    }
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(program, second_signal_after_a_second_ends_it_at_once)
{
    struct daemon own;
    struct raw raw[32]; /* many seconds of work */
    int status = 0;

    start_generating(&own, raw, KV_COUNT(raw));
    end_in_order(&own);
    cr_expect_eq(waitpid(own.pid, &status, WNOHANG), 0, "it must wait for its requests");
    for (int i = 0; i < 110; i++) { /* within a second it would count as the first */
        pause_shortly();
    }
    kill(own.pid, SIGINT);
    cr_expect_eq(waitpid(own.pid, &status, 0), own.pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGINT, "%d", status);
    for (size_t i = 0; i < KV_COUNT(raw); i++) {
        raw_close(&raw[i]);
    }
    own.pid = 0;
    daemon_discard(&own);
}
