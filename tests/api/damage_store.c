/* SPDX-License-Identifier: Apache-2.0 */
/* The store's files, when another program moves, removes, replaces, cuts or overwrites them. */
#include "damage_tools.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

TestSuite(damage_store, .init = damage_start, .fini = damage_stop, .timeout = 120);

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
    API_CLIENT_OF(&damage_daemon, dev);

    expect_unavailable(&dev, "POST", "/keys/new/create", "{\"kty\":\"RSA\"}");
    expect_unavailable(&dev, "POST", "/keys/kept/rotate", "{}");
    expect_unavailable(&dev, "PATCH", "/keys/kept", "{\"tags\":{\"a\":\"b\"}}");
    expect_unavailable(&dev, "DELETE", "/keys/kept", NULL);
    expect_control(&dev, "/ready", 503, reason);
    expect_control(&dev, "/health", 503, "\"store\":\"unavailable\"");
}

static void expect_lost_store(void)
{
    API_CLIENT_OF(&damage_daemon, dev);

    expect_refused_writes();
    API_REPLY(get, client_call(&dev, "GET", "/keys/kept", NULL));
    cr_expect_eq(get.status, 200, "what was acknowledged is still told: %s", get.body);
    damage_expect_kept_key();
}

static void change_store(const char *sql)
{
    char path[PATH_SIZE];
    sqlite3 *store;

    damage_join(path, damage_daemon.folder, "coffer.db");
    cr_assert_eq(sqlite3_open_v2(path, &store, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(store, 10000);
    cr_expect_eq(sqlite3_exec(store, sql, NULL, NULL, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(store));
    sqlite3_close(store);
}

static void expect_not_made(const char *verb, const char *path, const char *body)
{
    API_CLIENT_OF(&damage_daemon, dev);
    API_REPLY(reply, client_call(&dev, verb, path, body));

    cr_expect_eq(reply.status, 503, "%s: %ld %s", path, reply.status, reply.body);
    cr_expect_not_null(strstr(reply.body, "put back to an earlier state"), "%s", reply.body);
}

/* As when the state is put back while the token makes a key: the store knows nothing of it. */
Test(damage_store, of_before_gets_no_key_whose_making_it_does_not_know)
{
    static const struct operation {
        const char *verb, *path, *body;
    } calls[] = {
        { "POST", "/keys/late/create", "{\"kty\":\"EC\"}" },
        { "POST", "/keys/kept/rotate", "{}" },
    };
    API_CLIENT_OF(&damage_daemon, dev);

    change_store("CREATE TRIGGER forget AFTER INSERT ON limbo"
                 " BEGIN DELETE FROM limbo WHERE object = NEW.object; END;"
                 "DELETE FROM limbo");
    for (size_t i = 0; i < KV_COUNT(calls); i++) {
        expect_not_made(calls[i].verb, calls[i].path, calls[i].body);
    }
    change_store("DROP TRIGGER forget");
    API_REPLY(none, client_call(&dev, "GET", "/keys/late", NULL));
    cr_expect_eq(none.status, 404, "%s", none.body);
    API_REPLY(made, client_call(&dev, "POST", calls[0].path, calls[0].body));
    cr_expect_eq(made.status, 200, "%s", made.body);
    damage_expect_kept_key();
}

static int64_t count_limbo(void)
{
    char path[PATH_SIZE];
    sqlite3 *store;
    sqlite3_stmt *row;

    damage_join(path, damage_daemon.folder, "coffer.db");
    cr_assert_eq(sqlite3_open_v2(path, &store, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(store, "SELECT count(*) FROM limbo", -1, &row, NULL), SQLITE_OK,
                 "%s", sqlite3_errmsg(store));
    cr_assert_eq(sqlite3_step(row), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(store);
    return count;
}

/* Those that a run has recorded ahead, and not made, are nothing to sweep. */
Test(damage_store, of_a_kill_is_not_what_was_only_recorded)
{
    API_CLIENT_OF(&damage_daemon, dev);

    cr_expect_gt(count_limbo(), 0, "some are recorded with the first");
    daemon_kill(&damage_daemon);
    cr_assert(daemon_start(&damage_daemon, damage_vaults));
    cr_expect_eq(count_limbo(), 0);
    cr_expect_eq(api_count_lines(&damage_daemon, " swept ", ""), 0);
    API_REPLY(made, client_call(&dev, "POST", "/keys/one/create", "{\"kty\":\"EC\"}"));
    cr_expect_eq(made.status, 200, "%s", made.body);
    cr_expect_gt(count_limbo(), 0);
    cr_assert(daemon_stop(&damage_daemon));
    cr_expect_eq(count_limbo(), 0, "given back at the end");
    cr_assert(daemon_start(&damage_daemon, damage_vaults));
}

static void await_line(const char *text)
{
    for (int i = 0; i < 600 && api_count_lines(&damage_daemon, text, "") == 0; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    }
    cr_expect_eq(api_count_lines(&damage_daemon, text, ""), 1, "%s: %u", text,
                 api_count_lines(&damage_daemon, text, ""));
}

Test(damage_store, of_a_database_that_was_removed_refuses_writes)
{
    char database[PATH_SIZE];

    damage_join(database, damage_daemon.folder, "coffer.db");
    cr_assert_eq(unlink(database), 0);
    expect_lost_store();
    await_line(" store_lost ");
}

Test(damage_store, of_a_database_that_was_replaced_refuses_writes_until_it_is_back)
{
    kv_auto(kv_buf_done) struct kv_buf bytes;
    char database[PATH_SIZE];
    char away[PATH_SIZE];

    kv_buf_init(&bytes, 16 * 1024 * 1024);
    damage_join(database, damage_daemon.folder, "coffer.db");
    damage_join(away, damage_daemon.folder, "coffer.db.away");
    cr_assert_eq(kv_file_read(database, &bytes, NULL), KV_OK);
    cr_assert_eq(rename(database, away), 0);
    cr_assert_eq(kv_file_write(database, bytes.data, bytes.len, 0600, NULL), KV_OK);
    expect_lost_store();
    await_line(" store_lost ");

    cr_assert_eq(rename(away, database), 0);
    await_line(" store_back ");
    API_CLIENT_OF(&damage_daemon, dev);
    expect_control(&dev, "/ready", 200, "ready");
    expect_control(&dev, "/health", 200, "\"status\":\"healthy\"");
    API_REPLY(create, client_call(&dev, "POST", "/keys/after/create", "{\"kty\":\"RSA\"}"));
    cr_assert_eq(create.status, 200, "%s", create.body);
    daemon_kill(&damage_daemon);
    cr_assert(daemon_start(&damage_daemon, damage_vaults));
    API_REPLY(get, client_call(&dev, "GET", "/keys/after", NULL));
    cr_expect_eq(get.status, 200, "%s", get.body);
    damage_expect_kept_key();
}

/* With everything in the database and nothing in the log yet. */
static void settle(void)
{
    cr_assert(daemon_stop(&damage_daemon));
    cr_assert(daemon_start(&damage_daemon, damage_vaults));
    reason = CHANGED;
}

Test(damage_store, of_a_database_that_was_cut_refuses_writes)
{
    char database[PATH_SIZE];

    settle();
    damage_join(database, damage_daemon.folder, "coffer.db");
    cr_assert_eq(truncate(database, 4096), 0);
    expect_refused_writes();
    await_line(" store_lost ");
}

/* As `cp` does, into the same file. */
Test(damage_store, of_a_database_that_was_copied_over_refuses_writes)
{
    kv_auto(kv_buf_done) struct kv_buf bytes;
    char database[PATH_SIZE];

    settle();
    kv_buf_init(&bytes, 16 * 1024 * 1024);
    damage_join(database, damage_daemon.folder, "coffer.db");
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

    damage_join(path, damage_daemon.folder, name);
    cr_assert_eq(truncate(path, 0), 0);
}

Test(damage_store, of_a_log_that_was_cut_refuses_writes)
{
    reason = CHANGED;
    cut_to_nothing("coffer.db-wal");
    expect_refused_writes();
    await_line(" store_lost ");
}

/* Which is mapped into the daemon's memory. */
Test(damage_store, of_an_index_that_was_cut_ends_nothing_and_loses_nothing)
{
    reason = CHANGED;
    cut_to_nothing("coffer.db-shm");
    expect_refused_writes();
    await_line(" store_lost ");
    cr_assert(daemon_stop(&damage_daemon));
    cr_assert(daemon_start(&damage_daemon, damage_vaults));
    damage_expect_kept_key();
}
