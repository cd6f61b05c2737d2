/* SPDX-License-Identifier: Apache-2.0 */
/* The process: signals, descriptors, limits, and what is left behind. */
#include "process_tools.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "../support/raw.h"

TestSuite(process, .timeout = 180);

static const char *const ephemeral[] = { "--ephemeral", NULL };

static void start_ephemeral(struct daemon *own)
{
    daemon_prepare(own);
    setenv("TMPDIR", own->folder, 1);
    cr_assert(daemon_start(own, ephemeral));
}

Test(process, too_little_address_space_is_told_before_anything_is_made)
{
    const char *const arguments[] = { "serve",          "--ephemeral", "--port", "0",
                                      "--control-port", "0",           NULL };
    char output[4096];
    struct daemon own;
    const char *sanitizers = getenv("SANITIZERS");

    API_SKIP_WITH_NSS("its token is in the folder that has to be empty");
    if (sanitizers != NULL && sanitizers[0] != '\0' && strcmp(sanitizers, "no") != 0) {
        cr_skip_test("a sanitizer has terabytes of addresses");
    }
    daemon_prepare(&own);
    setenv("TMPDIR", own.folder, 1);
    setenv("TEST_WRAPPER", "prlimit --as=209715200", 1);
    cr_expect_eq(program_run(arguments, output, sizeof(output)), 1, "%s", output);
    cr_expect_not_null(strstr(output, "limited to 200 MiB (ulimit -v), but 320 MiB are needed"),
                       "%s", output);
    cr_expect_eq(rmdir(own.folder), 0, "the folder must be empty");
    daemon_discard(&own);
}

Test(process, a_start_removes_what_a_killed_one_left_and_nothing_else)
{
    struct daemon own;
    struct daemon second;

    API_SKIP_WITH_NSS("the token is not the program's own");
    start_ephemeral(&own);
    daemon_prepare(&second);
    cr_assert(daemon_start(&second, ephemeral));
    cr_expect_eq(process_count_lines(&second, "stale_folder_removed"), 0, "the first one lives");
    daemon_kill(&own);
    cr_expect(daemon_stop(&second));
    cr_expect_neq(rmdir(own.folder), 0, "a killed one leaves its folder");
    cr_assert(daemon_start(&own, ephemeral));
    cr_expect_eq(process_count_lines(&own, "stale_folder_removed"), 1);
    cr_expect(daemon_stop(&own));
    cr_expect_eq(rmdir(own.folder), 0, "the folder must be empty again");
    daemon_discard(&own);
    daemon_discard(&second);
}

static void expect_null_device(const struct daemon *own, int descriptor)
{
    char path[64];
    char target[400];

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", own->pid, descriptor);
    ssize_t len = readlink(path, target, sizeof(target) - 1);
    cr_assert_gt(len, 0);
    target[len] = '\0';
    cr_expect_str_eq(target, "/dev/null");
}

Test(process, closed_standard_descriptors_become_no_file_of_its_own)
{
    struct daemon own;

    daemon_prepare(&own);
    int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    close(STDIN_FILENO); /* 1 and 2 are given to it by daemon_launch() */
    bool started = daemon_start(&own, NULL);
    if (saved >= 0) {
        dup2(saved, STDIN_FILENO);
    }
    cr_assert(started);
    expect_null_device(&own, STDIN_FILENO);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(process, a_file_that_may_not_grow_fails_the_write_and_no_more)
{
    static const struct rlimit none = { 0, RLIM_INFINITY };
    static const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
    struct daemon own;

    API_SKIP_WITH_NSS("the token is not the program's own");
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
    {
        API_CLIENT_OF(&own, dev);

        cr_assert_eq(prlimit(own.pid, RLIMIT_FSIZE, &none, NULL), 0);
        API_REPLY(reply, client_call(&dev, "POST", "/keys/full/create", "{\"kty\":\"EC\"}"));
        cr_expect_geq(reply.status, 500, "%ld %s", reply.status, reply.body);
        cr_assert(daemon_is_running(&own));
        cr_assert_eq(prlimit(own.pid, RLIMIT_FSIZE, &all, NULL), 0);
    }
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

/* A purged key whose object cannot be destroyed: the housekeeper tries, at its leisure. */
Test(process, a_token_that_is_away_fills_no_log)
{
    struct daemon own;
    char version[33];
    char from[400];
    char to[400];

    API_SKIP_WITH_NSS("the token is not the program's own");
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
    {
        API_CLIENT_OF(&own, dev);

        api_create_key(&dev, "orphan", "", version);
        snprintf(from, sizeof(from), "%s/tokens", own.folder);
        snprintf(to, sizeof(to), "%s/tokens-away", own.folder);
        cr_assert_eq(rename(from, to), 0);
        API_REPLY(gone, client_call(&dev, "DELETE", "/keys/orphan", NULL));
        API_REPLY(purged, client_call(&dev, "DELETE", "/deletedkeys/orphan", NULL));
        API_REPLY(made, client_call(&dev, "POST", "/keys/other/create", "{\"kty\":\"EC\"}"));
        process_pause(3000);
        cr_expect_geq(process_count_lines(&own, "token_lost"), 1);
        cr_expect_leq(process_count_lines(&own, "tidying_failed"), 1);
        cr_assert_eq(rename(to, from), 0);
    }
    daemon_stop(&own);
    daemon_discard(&own);
}

Test(process, a_closed_standard_error_becomes_the_null_device)
{
    struct daemon own;

    daemon_prepare(&own);
    process_redirect("2>&-");
    cr_assert(daemon_start(&own, NULL));
    expect_null_device(&own, STDERR_FILENO);
    process_expect_answers(&own, 1);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(process, a_closed_standard_output_becomes_the_null_device)
{
    struct daemon own;

    daemon_prepare(&own);
    process_redirect(">&-");
    cr_assert(daemon_launch(&own, NULL));
    process_await_file(&own, "run.json");
    expect_null_device(&own, STDOUT_FILENO);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

static sqlite3 *open_store(const char *path)
{
    sqlite3 *store;

    cr_assert_eq(sqlite3_open_v2(path, &store, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK, "%s", path);
    sqlite3_busy_timeout(store, 10000);
    return store;
}

static void change_store(sqlite3 *store, const char *sql)
{
    cr_assert_eq(sqlite3_exec(store, sql, NULL, NULL, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(store));
}

/* A request that cannot be finished yet: whoever holds the store lets no key be made. */
static void begin_request(struct raw *raw, const struct daemon *own)
{
    static const char text[] = "POST /keys/late/create?api-version=7.6 HTTP/1.1\r\n"
                               "Host: dev.vault.localhost\r\n"
                               "Content-Type: application/json\r\n"
                               "Content-Length: 12\r\n\r\n"
                               "{\"kty\":\"EC\"}";

    cr_assert(raw_open(raw, own->port, true));
    cr_assert(raw_send(raw, text, sizeof(text) - 1));
}

Test(process, a_late_second_signal_ends_it_at_once_and_leaves_no_folder)
{
    static const char *const open_ephemeral[] = { "--ephemeral", "--auth", "off", NULL };
    char pattern[400];
    struct daemon own;
    struct raw raw;
    glob_t found;

    API_SKIP_WITH_NSS("the token is not the program's own");
    daemon_prepare(&own);
    setenv("TMPDIR", own.folder, 1);
    cr_assert(daemon_start(&own, open_ephemeral));
    snprintf(pattern, sizeof(pattern), "%s/coffer-*/coffer.db", own.folder);
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
    sqlite3 *store = open_store(found.gl_pathv[0]);
    change_store(store, "BEGIN IMMEDIATE");
    begin_request(&raw, &own);
    process_pause(300);
    kill(own.pid, SIGTERM);
    process_pause(1300);
    cr_assert(daemon_is_running(&own), "it waits for the request");
    kill(own.pid, SIGINT);
    process_expect_end(&own, 128 + SIGINT);
    cr_expect_eq(rmdir(own.folder), 0, "the folder must be empty again");
    raw_close(&raw);
    sqlite3_close(store);
    globfree(&found);
    daemon_discard(&own);
}

/* More objects to destroy than can be in the time that an end may take. */
#define DOOM_MANY                                                                                  \
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000)"                \
    " INSERT INTO limbo SELECT randomblob(16), 1 FROM n"

static long count_doomed(sqlite3 *store)
{
    sqlite3_stmt *query;

    cr_assert_eq(sqlite3_prepare_v2(store, "SELECT count(*) FROM limbo", -1, &query, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_step(query), SQLITE_ROW);
    long count = (long) sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return count;
}

static sqlite3 *open_own_store(const struct daemon *own)
{
    char path[400];

    snprintf(path, sizeof(path), "%s/coffer.db", own->folder);
    return open_store(path);
}

/* Waits until some of the doomed objects are gone, then has the daemon end before all are. */
static void end_amid_destruction(struct daemon *own, sqlite3 *store, long before)
{
    for (int tries = 0; count_doomed(store) > before - 10; tries++) {
        cr_assert_lt(tries, 3000);
        process_pause(5);
    }
    kill(own->pid, SIGTERM);
    process_expect_end(own, 0);
    cr_expect_gt(count_doomed(store), before / 2, "the next start does the rest");
}

Test(process, ends_while_it_destroys_what_was_purged)
{
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
    sqlite3 *store = open_own_store(&own);
    change_store(store, DOOM_MANY);
    end_amid_destruction(&own, store, 200000);
    sqlite3_close(store);
    daemon_discard(&own);
}

Test(process, ends_while_it_sweeps_at_its_start)
{
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
    cr_assert(daemon_stop(&own));
    sqlite3 *store = open_own_store(&own);
    change_store(store, DOOM_MANY);
    cr_assert(daemon_launch(&own, NULL));
    end_amid_destruction(&own, store, 200000);
    cr_expect_eq(process_count_lines(&own, "info stopping"), 2);
    change_store(store, "DELETE FROM limbo WHERE object > (SELECT min(object) FROM limbo)");
    cr_assert(daemon_start(&own, NULL));
    process_expect_answers(&own, 1);
    cr_expect(daemon_stop(&own));
    sqlite3_close(store);
    daemon_discard(&own);
}

/* Its line is all that one has of a server with --ephemeral. */
Test(process, names_an_address_that_can_be_asked_whatever_it_listens_on)
{
    static const struct {
        const char *listen, *named;
    } rows[] = {
        { "any", " control http://127.0.0.1:" },
        { "0.0.0.0", " control http://127.0.0.1:" },
        { "::", " control http://[::1]:" },
        { "127.0.0.2", " control http://127.0.0.2:" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct daemon own;
        char line[1024], output[1024];

        daemon_prepare(&own);
        cr_assert(daemon_launch(&own, (const char *const[]){ "--listen", rows[i].listen, NULL }));
        ssize_t len = read(own.ready, line, sizeof(line) - 1);
        cr_assert_gt(len, 0, "%s", rows[i].listen);
        line[len] = '\0';
        cr_expect_not_null(strstr(line, rows[i].named), "%s", line);
        cr_expect_eq(program_run((const char *const[]){ "healthcheck", "--data", own.folder, NULL },
                                 output, sizeof(output)),
                     0, "%s: %s", rows[i].listen, output);
        cr_expect(daemon_stop(&own));
        daemon_discard(&own);
    }
}

/* A line of /proc/PID/status, in KiB. */
static long read_memory(const struct daemon *own, const char *label)
{
    char path[64], line[256];
    long kib = -1;

    (void) snprintf(path, sizeof(path), "/proc/%d/status", (int) own->pid);
    FILE *status = fopen(path, "re");
    cr_assert_not_null(status);
    while (fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, label, strlen(label)) == 0) {
            kib = strtol(line + strlen(label), NULL, 10);
        }
    }
    (void) fclose(status);
    cr_assert_gt(kib, 0, "%s", label);
    return kib;
}

/* Soon after it; the suite says how long that may take. */
Test(process, gives_back_the_code_that_only_its_start_runs)
{
    struct daemon own;

    if (getenv("TEST_WRAPPER") != NULL && getenv("TEST_WRAPPER")[0] != '\0') {
        cr_skip_test("what is mapped is the wrapper's");
    }
    api_begin(&own, NULL);
    while (read_memory(&own, "VmHWM:") - read_memory(&own, "VmRSS:") < 4096) {
        process_pause(50);
    }
    process_expect_answers(&own, 3);
    api_end(&own);
}
