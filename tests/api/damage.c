/* SPDX-License-Identifier: Apache-2.0 */
/* What kills, and hands in the data folder, leave: nothing that was lost is papered over, and
 * nothing that was acknowledged is lost. Each test has a daemon of its own. */
#include "damage_tools.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(damage, .init = damage_start, .fini = damage_stop, .timeout = 120);

static bool is_there(const char *folder, const char *name)
{
    struct stat status;
    char path[PATH_SIZE];

    damage_join(path, folder, name);
    return lstat(path, &status) == 0;
}

/* The folder of the only token. */
static void find_token(char token[PATH_SIZE])
{
    char tokens[PATH_SIZE];
    struct dirent *entry;

    damage_join(tokens, damage_daemon.folder, "tokens");
    DIR *listing = opendir(tokens);
    cr_assert_not_null(listing);
    token[0] = '\0';
    while ((entry = readdir(listing)) != NULL) {
        if (entry->d_name[0] != '.') {
            damage_join(token, tokens, entry->d_name);
        }
    }
    closedir(listing);
    cr_assert_neq(token[0], '\0');
}

static void make_file(const char *folder, const char *name, const char *text)
{
    char path[PATH_SIZE];

    damage_join(path, folder, name);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    cr_assert_geq(descriptor, 0, "%s", path);
    cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t) strlen(text));
    close(descriptor);
}

static unsigned count_suffix(const char *folder, const char *suffix)
{
    struct dirent *entry;
    unsigned count = 0;
    DIR *listing = opendir(folder);

    cr_assert_not_null(listing);
    while ((entry = readdir(listing)) != NULL) {
        size_t len = strlen(entry->d_name);
        count += len > strlen(suffix) && strcmp(entry->d_name + len - strlen(suffix), suffix) == 0;
    }
    closedir(listing);
    return count;
}

/* What SoftHSM leaves of an object whose making, or whose end, was killed. */
static void leave_empty_files(const char *token)
{
    char path[PATH_SIZE];

    make_file(token, "half-made.object", "");
    make_file(token, "half-made.lock", "");
    make_file(token, "half-destroyed.lock", "");
    make_file(token, "note", "");
    make_file(token, ".object", "");
    make_file(token, "full.lock", "text");
    damage_join(path, token, "link.object");
    cr_assert_eq(symlink("/dev/null", path), 0);
}

static void expect_others_are_there(const char *token)
{
    static const char *const names[] = { "note", ".object", "full.lock", "link.object" };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        cr_expect(is_there(token, names[i]), "%s", names[i]);
    }
}

Test(damage, empty_files_of_a_killed_module_are_swept_at_the_next_start)
{
    char token[PATH_SIZE];

    daemon_kill(&damage_daemon);
    find_token(token);
    unsigned objects = count_suffix(token, ".object");
    unsigned locks = count_suffix(token, ".lock");
    leave_empty_files(token);
    cr_assert(daemon_start(&damage_daemon, damage_vaults));
    cr_expect_not(is_there(token, "half-made.object") || is_there(token, "half-made.lock"));
    cr_expect_not(is_there(token, "half-destroyed.lock"));
    expect_others_are_there(token);
    cr_expect_eq(count_suffix(token, ".object"), objects + 1, "the link");
    cr_expect_eq(count_suffix(token, ".lock"), locks + 1, "the full one");
    damage_expect_kept_key();
}

/* As Notepad saves it. */
static void save_pin_as_windows_does(const char *pin)
{
    kv_auto(kv_buf_done) struct kv_buf old;
    char text[256];

    kv_buf_init(&old, 200);
    cr_assert_eq(kv_file_read(pin, &old, NULL), KV_OK);
    snprintf(text, sizeof(text), "\xef\xbb\xbf%.*s\r\n", (int) strcspn(old.data, "\n"), old.data);
    cr_assert_eq(kv_file_write(pin, text, strlen(text), 0600, NULL), KV_OK);
}

/* The same module by --pkcs11-module, with a token that is somebody's. */
Test(damage, empty_files_on_a_token_of_somebody_else_are_left_alone)
{
    char token[PATH_SIZE];
    char pin[PATH_SIZE];
    char configuration[PATH_SIZE];
    struct daemon other;
    const char *const arguments[] = {
        "--pkcs11-module", getenv("SOFTHSM_MODULE"), "--pkcs11-pin-file", pin, NULL,
    };

    cr_assert(daemon_stop(&damage_daemon));
    find_token(token);
    leave_empty_files(token);
    damage_join(pin, damage_daemon.folder, "pin");
    save_pin_as_windows_does(pin);
    damage_join(configuration, damage_daemon.folder, "softhsm2.conf");
    setenv("SOFTHSM2_CONF", configuration, 1);
    daemon_prepare(&other);
    cr_assert(daemon_start(&other, arguments));
    cr_expect(is_there(token, "half-made.object") && is_there(token, "half-made.lock"));
    cr_expect(is_there(token, "half-destroyed.lock"));
    cr_expect(daemon_stop(&other));
    daemon_discard(&other);
}

Test(damage, of_a_lost_pin_is_said_and_no_new_one_is_written)
{
    const char *const arguments[] = {
        "serve", "--data", damage_daemon.folder, "--port", "0", "--control-port", "0", NULL,
    };
    char pin[PATH_SIZE];
    char away[PATH_SIZE];
    char output[4096];

    cr_assert(daemon_stop(&damage_daemon));
    damage_join(pin, damage_daemon.folder, "pin");
    damage_join(away, damage_daemon.folder, "pin.away");
    cr_assert_eq(rename(pin, away), 0);
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(program_run(arguments, output, sizeof(output)), 1, "%s", output);
        cr_expect_not_null(strstr(output, "/pin is missing"), "%s", output);
        cr_expect_not_null(strstr(output, "restore that file"), "%s", output);
        cr_expect_not(is_there(damage_daemon.folder, "pin"));
    }
    cr_assert_eq(rename(away, pin), 0);
    cr_assert(daemon_start(&damage_daemon, damage_vaults));
    damage_expect_kept_key();
}

static void expect_refused_without_tokens(const char *missing)
{
    const char *const arguments[] = {
        "serve", "--data", damage_daemon.folder, "--port", "0", "--control-port", "0", NULL,
    };
    char output[4096];

    for (int i = 0; i < 2; i++) { /* the first leaves nothing that the second could go by */
        cr_expect_eq(program_run(arguments, output, sizeof(output)), 1, "%s", output);
        cr_expect_not_null(strstr(output, "/tokens: restore that folder"), "%s", output);
        cr_expect_not(is_there(damage_daemon.folder, missing), "%s was made", missing);
    }
}

/* As after a restore that forgot it, or with a volume that is not mounted. */
Test(damage, of_a_lost_tokens_folder_is_said_and_no_new_token_is_made)
{
    char tokens[PATH_SIZE], pin[PATH_SIZE];
    char away[PATH_SIZE], pin_away[PATH_SIZE];

    cr_assert(daemon_stop(&damage_daemon));
    damage_join(tokens, damage_daemon.folder, "tokens");
    damage_join(away, damage_daemon.folder, "tokens.away");
    damage_join(pin, damage_daemon.folder, "pin");
    damage_join(pin_away, damage_daemon.folder, "pin.away");
    cr_assert_eq(rename(tokens, away), 0);
    expect_refused_without_tokens("tokens");
    cr_assert_eq(rename(pin, pin_away), 0);
    expect_refused_without_tokens("pin");
    cr_assert_eq(mkdir(tokens, 0700), 0); /* as a mount point is */
    expect_refused_without_tokens("pin");
    cr_assert_eq(rmdir(tokens), 0, "something was made in it");
    cr_assert_eq(rename(away, tokens), 0);
    cr_assert_eq(rename(pin_away, pin), 0);
    cr_assert(daemon_start(&damage_daemon, damage_vaults));
    damage_expect_kept_key();
}

static long ask_health(void)
{
    const struct request request = { .method = "GET", .target = "/health", .control = true };
    API_CLIENT_OF(&damage_daemon, dev);
    API_REPLY(reply, client_send(&dev, &request));

    return reply.status;
}

/* Whoever asks is not told what was true up to two seconds ago. */
Test(damage, of_a_lost_token_is_in_the_next_answer_about_health)
{
    char tokens[PATH_SIZE], away[PATH_SIZE];

    damage_join(tokens, damage_daemon.folder, "tokens");
    damage_join(away, damage_daemon.folder, "tokens.away");
    for (int i = 0; i < 3; i++) {
        usleep(150000); /* longer than an answer is good for */
        cr_expect_eq(ask_health(), 200);
        usleep(150000);
        cr_assert_eq(rename(tokens, away), 0);
        cr_expect_eq(ask_health(), 503, "the token is away");
        cr_assert_eq(rename(away, tokens), 0);
        for (int tries = 0; tries < 200 && ask_health() != 200; tries++) {
            usleep(50000);
        }
    }
    damage_expect_kept_key();
}

static void take_away(const char *name)
{
    char from[PATH_SIZE];
    char to[PATH_SIZE];

    damage_join(from, damage_daemon.folder, name);
    snprintf(to, sizeof(to), "%.300s/away-%u", damage_daemon.folder, (unsigned) strlen(name));
    cr_assert_eq(rename(from, to), 0, "%s", name);
}

/* The CA was read at start: it goes on signing when its file is lost, as when keys are mounted. */
Test(damage, of_the_ca_leaves_what_runs_alone)
{
    API_HSM_OF(&damage_daemon, pool);

    take_away("tls/ca.key");
    API_REPLY(reply, client_call(&pool, "GET", "/keys/kept/attestation", NULL));
    cr_expect_eq(reply.status, 200, "%ld %s", reply.status, reply.body);
    cr_expect_eq(api_count_lines(&damage_daemon, " not_certified ", ""), 0);
}

/* client_send() of these programs looks for places of this machine in each answer. */
static void ask_for_everything(void)
{
    static const struct call {
        const char *method, *path, *body;
    } calls[] = {
        { "POST", "/keys/new/create", "{\"kty\":\"RSA\"}" },
        { "POST", "/keys/new/create", "{\"kty\":\"EC\"}" },
        { "PUT", "/keys/new", "{\"key\":{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}}" },
        { "GET", "/keys/kept", NULL },
        { "GET", "/keys", NULL },
        { "GET", "/deletedkeys", NULL },
        { "GET", "/keys/kept/attestation", NULL },
        { "GET", "/keys/kept/rotationpolicy", NULL },
        { "POST", "/keys/kept/backup", "" },
        { "POST", "/keys/restore", "{\"value\":\"AAAA\"}" },
        { "POST", "/keys/kept/sign", "{\"alg\":\"RS256\",\"value\":\"" VALUE "\"}" },
        { "POST", "/keys/kept/rotate", "{}" },
        { "PATCH", "/keys/kept", "{\"attributes\":{\"enabled\":true}}" },
        { "POST", "/rng", "{\"count\":4}" },
        { "DELETE", "/keys/kept", NULL },
    };
    static const char *const controls[] = { "/ready",
                                            "/health",
                                            "/metrics",
                                            "/ca.pem",
                                            "/certs",
                                            "/nothing",
                                            "/control/v1/hsm",
                                            "/control/v1/info",
                                            "/control/v1/clock",
                                            "/generate-test-token" };
    API_CLIENT_OF(&damage_daemon, dev);
    API_HSM_OF(&damage_daemon, pool);
    struct client *const clients[] = { &dev, &pool };

    for (size_t i = 0; i < 2 * KV_COUNT(calls); i++) {
        const struct call *call = &calls[i / 2];
        API_REPLY(reply, client_call(clients[i % 2], call->method, call->path, call->body));
        cr_expect_neq(reply.status, 0, "%s %s", call->method, call->path);
    }
    for (size_t i = 0; i < KV_COUNT(controls); i++) {
        const struct request request = { .method = "GET", .target = controls[i], .control = true };
        API_REPLY(reply, client_send(&dev, &request));
        cr_expect_neq(reply.status, 0, "%s", controls[i]);
    }
}

Test(damage, is_told_to_no_client_with_a_path_of_this_machine)
{
    static const char *const names[] = { "tls/ca.key", "tls", "tokens", "coffer.db" };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        take_away(names[i]);
        ask_for_everything();
    }
}

Test(damage, of_the_disks_own_making_is_told_with_no_path)
{
    static const char garbage[8192] = "garbage";
    char database[PATH_SIZE];

    damage_join(database, damage_daemon.folder, "coffer.db-wal");
    cr_assert_eq(truncate(database, 0), 0);
    damage_join(database, damage_daemon.folder, "coffer.db");
    int descriptor = open(database, O_WRONLY);
    cr_assert_geq(descriptor, 0);
    for (off_t page = 1; page < 16; page += 2) {
        cr_assert_eq(pwrite(descriptor, garbage, sizeof(garbage), page * 4096),
                     (ssize_t) sizeof(garbage));
    }
    close(descriptor);
    ask_for_everything();
}
