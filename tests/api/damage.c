/* SPDX-License-Identifier: Apache-2.0 */
/* What kills, and hands in the data folder, leave: nothing that was lost is papered over, and
 * nothing that was acknowledged is lost. Each test has a daemon of its own. */
#include "../support/api.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kv/files.h"

#define VALUE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define PATH_SIZE KV_PATH_MAX

static const char *const vaults[] = { "--vault", "dev", "--vault", "pool,kind=hsm", NULL };
static struct daemon own;
static char wrapped[1024]; /* VALUE, by the key "kept" */

static void start(void)
{
    char version[33];

    if (nss_is_chosen()) {
        cr_skip_test("the token is not the program's own");
    }
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, vaults));
    API_CLIENT_OF(&own, dev);
    api_create_key(&dev, "kept", "", version);
    api_wrap(&dev, "kept", NULL, "RSA-OAEP", VALUE, wrapped);
    API_HSM_OF(&own, pool);
    API_REPLY(create, client_call(&pool, "POST", "/keys/kept/create", "{\"kty\":\"RSA-HSM\"}"));
    cr_assert_eq(create.status, 200, "%s", create.body);
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(damage, .init = start, .fini = stop, .timeout = 120);

static void expect_kept_key(void)
{
    API_CLIENT_OF(&own, dev);
    API_REPLY(unwrap, api_unwrap(&dev, "kept", NULL, "RSA-OAEP", wrapped));

    cr_expect_str_eq(reply_text(&unwrap, "value"), VALUE, "%ld %s", unwrap.status, unwrap.body);
}

static void join(char path[PATH_SIZE], const char *folder, const char *name)
{
    cr_assert_eq(kv_path_join(path, folder, name, NULL), KV_OK);
}

static bool is_there(const char *folder, const char *name)
{
    struct stat status;
    char path[PATH_SIZE];

    join(path, folder, name);
    return lstat(path, &status) == 0;
}

/* The folder of the only token. */
static void find_token(char token[PATH_SIZE])
{
    char tokens[PATH_SIZE];
    struct dirent *entry;

    join(tokens, own.folder, "tokens");
    DIR *listing = opendir(tokens);
    cr_assert_not_null(listing);
    token[0] = '\0';
    while ((entry = readdir(listing)) != NULL) {
        if (entry->d_name[0] != '.') {
            join(token, tokens, entry->d_name);
        }
    }
    closedir(listing);
    cr_assert_neq(token[0], '\0');
}

static void make_file(const char *folder, const char *name, const char *text)
{
    char path[PATH_SIZE];

    join(path, folder, name);
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
    join(path, token, "link.object");
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

    daemon_kill(&own);
    find_token(token);
    unsigned objects = count_suffix(token, ".object");
    unsigned locks = count_suffix(token, ".lock");
    leave_empty_files(token);
    cr_assert(daemon_start(&own, vaults));
    cr_expect_not(is_there(token, "half-made.object") || is_there(token, "half-made.lock"));
    cr_expect_not(is_there(token, "half-destroyed.lock"));
    expect_others_are_there(token);
    cr_expect_eq(count_suffix(token, ".object"), objects + 1, "the link");
    cr_expect_eq(count_suffix(token, ".lock"), locks + 1, "the full one");
    expect_kept_key();
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

    cr_assert(daemon_stop(&own));
    find_token(token);
    leave_empty_files(token);
    join(pin, own.folder, "pin");
    save_pin_as_windows_does(pin);
    join(configuration, own.folder, "softhsm2.conf");
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
        "serve", "--data", own.folder, "--port", "0", "--control-port", "0", NULL,
    };
    char pin[PATH_SIZE];
    char away[PATH_SIZE];
    char output[4096];

    cr_assert(daemon_stop(&own));
    join(pin, own.folder, "pin");
    join(away, own.folder, "pin.away");
    cr_assert_eq(rename(pin, away), 0);
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(program_run(arguments, output, sizeof(output)), 1, "%s", output);
        cr_expect_not_null(strstr(output, "/pin is missing"), "%s", output);
        cr_expect_not_null(strstr(output, "restore that file"), "%s", output);
        cr_expect_not(is_there(own.folder, "pin"));
    }
    cr_assert_eq(rename(away, pin), 0);
    cr_assert(daemon_start(&own, vaults));
    expect_kept_key();
}

#define LOST "the store's files were moved, removed or replaced while coffer was running"

#define CHANGED "the store's files were changed by another program while coffer was running"

static const char *reason = LOST; /* of what is unavailable */

static void expect_unavailable(struct client *client, const char *method, const char *path,
                               const char *body)
{
    API_REPLY(reply, client_call(client, method, path, body));

    cr_expect_eq(reply.status, 503, "%s %s: %ld %s", method, path, reply.status, reply.body);
    cr_expect_str_eq(reply_text(&reply, "error.code"), "ServiceUnavailable", "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "error.message"), reason);
}

static void expect_control(struct client *client, const char *target, long status, const char *part)
{
    const struct request request = { .method = "GET", .target = target, .control = true };
    API_REPLY(reply, client_send(client, &request));

    cr_expect_eq(reply.status, status, "%s: %ld %s", target, reply.status, reply.body);
    cr_expect_not_null(strstr(reply.body, part), "%s: %s", target, reply.body);
}

static void expect_refused_writes(void)
{
    API_CLIENT_OF(&own, dev);

    expect_unavailable(&dev, "POST", "/keys/new/create", "{\"kty\":\"RSA\"}");
    expect_unavailable(&dev, "POST", "/keys/kept/rotate", "{}");
    expect_unavailable(&dev, "PATCH", "/keys/kept", "{\"tags\":{\"a\":\"b\"}}");
    expect_unavailable(&dev, "DELETE", "/keys/kept", NULL);
    expect_control(&dev, "/ready", 503, reason);
    expect_control(&dev, "/health", 503, "\"store\":\"unavailable\"");
}

static void expect_lost_store(void)
{
    API_CLIENT_OF(&own, dev);

    expect_refused_writes();
    API_REPLY(get, client_call(&dev, "GET", "/keys/kept", NULL));
    cr_expect_eq(get.status, 200, "what was acknowledged is still told: %s", get.body);
    expect_kept_key();
}

static void await_line(const char *text)
{
    for (int i = 0; i < 600 && api_count_lines(&own, text, "") == 0; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    }
    cr_expect_eq(api_count_lines(&own, text, ""), 1, "%s: %u", text,
                 api_count_lines(&own, text, ""));
}

Test(damage, of_a_database_that_was_removed_refuses_writes)
{
    char database[PATH_SIZE];

    join(database, own.folder, "coffer.db");
    cr_assert_eq(unlink(database), 0);
    expect_lost_store();
    await_line(" store_lost ");
}

Test(damage, of_a_database_that_was_replaced_refuses_writes_until_it_is_back)
{
    kv_auto(kv_buf_done) struct kv_buf bytes;
    char database[PATH_SIZE];
    char away[PATH_SIZE];

    kv_buf_init(&bytes, 16 * 1024 * 1024);
    join(database, own.folder, "coffer.db");
    join(away, own.folder, "coffer.db.away");
    cr_assert_eq(kv_file_read(database, &bytes, NULL), KV_OK);
    cr_assert_eq(rename(database, away), 0);
    cr_assert_eq(kv_file_write(database, bytes.data, bytes.len, 0600, NULL), KV_OK);
    expect_lost_store();
    await_line(" store_lost ");

    cr_assert_eq(rename(away, database), 0);
    await_line(" store_back ");
    API_CLIENT_OF(&own, dev);
    expect_control(&dev, "/ready", 200, "ready");
    expect_control(&dev, "/health", 200, "\"status\":\"healthy\"");
    API_REPLY(create, client_call(&dev, "POST", "/keys/after/create", "{\"kty\":\"RSA\"}"));
    cr_assert_eq(create.status, 200, "%s", create.body);
    daemon_kill(&own);
    cr_assert(daemon_start(&own, vaults));
    API_REPLY(get, client_call(&dev, "GET", "/keys/after", NULL));
    cr_expect_eq(get.status, 200, "%s", get.body);
    expect_kept_key();
}

/* With everything in the database and nothing in the log yet. */
static void settle(void)
{
    cr_assert(daemon_stop(&own));
    cr_assert(daemon_start(&own, vaults));
    reason = CHANGED;
}

Test(damage, of_a_database_that_was_cut_refuses_writes)
{
    char database[PATH_SIZE];

    settle();
    join(database, own.folder, "coffer.db");
    cr_assert_eq(truncate(database, 4096), 0);
    expect_refused_writes();
    await_line(" store_lost ");
}

/* As `cp` does, into the same file. */
Test(damage, of_a_database_that_was_copied_over_refuses_writes)
{
    kv_auto(kv_buf_done) struct kv_buf bytes;
    char database[PATH_SIZE];

    settle();
    kv_buf_init(&bytes, 16 * 1024 * 1024);
    join(database, own.folder, "coffer.db");
    cr_assert_eq(kv_file_read(database, &bytes, NULL), KV_OK);
    int descriptor = open(database, O_WRONLY | O_TRUNC);
    cr_assert_eq(write(descriptor, bytes.data, bytes.len), (ssize_t) bytes.len);
    close(descriptor);
    expect_lost_store();
    await_line(" store_lost ");
}

static void cut_to_nothing(const char *name)
{
    char path[PATH_SIZE];

    join(path, own.folder, name);
    cr_assert_eq(truncate(path, 0), 0);
}

Test(damage, of_a_log_that_was_cut_refuses_writes)
{
    reason = CHANGED;
    cut_to_nothing("coffer.db-wal");
    expect_refused_writes();
    await_line(" store_lost ");
}

/* Which is mapped into the daemon's memory. */
Test(damage, of_an_index_that_was_cut_ends_nothing_and_loses_nothing)
{
    reason = CHANGED;
    cut_to_nothing("coffer.db-shm");
    expect_refused_writes();
    await_line(" store_lost ");
    cr_assert(daemon_stop(&own));
    cr_assert(daemon_start(&own, vaults));
    expect_kept_key();
}

static void take_away(const char *name)
{
    char from[PATH_SIZE];
    char to[PATH_SIZE];

    join(from, own.folder, name);
    snprintf(to, sizeof(to), "%.300s/away-%u", own.folder, (unsigned) strlen(name));
    cr_assert_eq(rename(from, to), 0, "%s", name);
}

/* Of a managed HSM, whose CA signs nothing any more: that it failed, but not over which file. */
Test(damage, of_the_ca_is_told_with_no_path)
{
    API_HSM_OF(&own, pool);

    take_away("tls/ca.key");
    API_REPLY(reply, client_call(&pool, "GET", "/keys/kept/attestation", NULL));
    cr_expect_eq(reply.status, 500, "%ld %s", reply.status, reply.body);
    cr_expect_not_null(strstr(reply.body, "the CA cannot certify"), "%s", reply.body);
    cr_expect_eq(api_count_lines(&own, " not_certified ", ""), 1, "the log says why");
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
    API_CLIENT_OF(&own, dev);
    API_HSM_OF(&own, pool);
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

    join(database, own.folder, "coffer.db-wal");
    cr_assert_eq(truncate(database, 0), 0);
    join(database, own.folder, "coffer.db");
    int descriptor = open(database, O_WRONLY);
    cr_assert_geq(descriptor, 0);
    for (off_t page = 1; page < 16; page += 2) {
        cr_assert_eq(pwrite(descriptor, garbage, sizeof(garbage), page * 4096),
                     (ssize_t) sizeof(garbage));
    }
    close(descriptor);
    ask_for_everything();
}
