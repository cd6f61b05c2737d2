/* SPDX-License-Identifier: Apache-2.0 */
/* Moving the clock over what falls due on the way: the mover's answer comes when it has happened, in
 * order of time, and lists it. Each test has a daemon of its own, whose clock stands still. */
#include "../support/api.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#define DAY 86400L
#define HOUR 3600L
#define START 1669071668L /* 2022-11-21T23:01:08Z */

static struct daemon own;

static void start(void)
{
    static const char *const arguments[] = { "--vault",        "dev", "--vault", "brief,retention=7",
                                             "--deletion-lag", "1h",  NULL };

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    api_set_clock(&own, "{\"set\":1669071668,\"frozen\":true}");
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(travel, .init = start, .fini = stop, .timeout = 240);

/* With a client of its own: a token does not outlive a jump of the clock. */
static void call(const char *vault, const char *method, const char *path, const char *body)
{
    __attribute__((cleanup(client_close))) struct client client;

    client_open(&client, &own, vault);
    API_REPLY(reply, client_call(&client, method, path, body));
    cr_assert_eq(reply.status, 200, "%s %s: %ld %s", method, path, reply.status, reply.body);
}

static void make(const char *vault, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    call(vault, "POST", path, "{\"kty\":\"EC\"}");
}

static void make_deleted(const char *vault, const char *name)
{
    char path[64];

    make(vault, name);
    snprintf(path, sizeof(path), "/keys/%s", name);
    call(vault, "DELETE", path, NULL);
}

static void make_rotating(const char *name, const char *after)
{
    char path[64];
    char policy[256];

    make("dev", name);
    snprintf(path, sizeof(path), "/keys/%s/rotationpolicy", name);
    snprintf(policy, sizeof(policy),
             "{\"lifetimeActions\":[{\"action\":{\"type\":\"Rotate\"},\"trigger\":"
             "{\"timeAfterCreate\":\"%s\"}}]}",
             after);
    call("dev", "PUT", path, policy);
}

static struct reply ask_clock(const char *method, const char *order)
{
    __attribute__((cleanup(client_close))) struct client client = { .curl = curl_easy_init(),
                                                                    .daemon = &own };
    const struct request request = {
        .method = method,
        .target = "/control/v1/clock",
        .body = order,
        .control = true,
    };

    return client_send(&client, &request);
}

static struct reply move_clock(const char *order)
{
    struct reply reply = ask_clock("POST", order);

    cr_assert_eq(reply.status, 200, "%s: %ld %s", order, reply.status, reply.body);
    return reply;
}

/* "2022-11-28T23:01:08.000Z purge brief/a": so much after the start. */
static void expect_event(const struct reply *reply, int place, long after, const char *what,
                         const char *vault, const char *key)
{
    const time_t at = START + after;
    char expected[160];
    char path[32];
    char stamp[32];
    struct tm calendar;
    const cJSON *event;

    (void) gmtime_r(&at, &calendar);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S.000Z", &calendar);
    snprintf(expected, sizeof(expected),
             "{\"at\":\"%s\",\"what\":\"%s\",\"vault\":\"%s\",\"key\":\"%s\"}", stamp, what, vault,
             key);
    snprintf(path, sizeof(path), "ran.%d", place);
    event = reply_item(reply, path);
    cr_assert_not_null(event, "%s is not in %s", path, reply->body);
    char *text = cJSON_PrintUnformatted(event);
    cr_expect_str_eq(text, expected, "%s", path);
    cJSON_free(text);
}

static void expect_end(const struct reply *reply, long after, int events)
{
    cr_expect_eq((long) reply_number(reply, "epoch"), START + after, "%s", reply->body);
    cr_expect_eq(cJSON_GetArraySize(reply_item(reply, "ran")), events, "%s", reply->body);
    cr_expect_eq((int) reply_number(reply, "left_off"), 0);
    cr_expect(cJSON_IsFalse(reply_item(reply, "unfinished")));
    cr_expect(cJSON_IsTrue(reply_item(reply, "frozen")));
}

static int count_versions(const char *name)
{
    char path[64];
    API_CLIENT_OF(&own, dev);

    snprintf(path, sizeof(path), "/keys/%s/versions", name);
    API_REPLY(reply, client_call(&dev, "GET", path, NULL));
    cr_assert_eq(reply.status, 200, "%ld %s", reply.status, reply.body);
    return cJSON_GetArraySize(reply_item(&reply, "value"));
}

static long read_created(const char *name)
{
    char path[64];
    API_CLIENT_OF(&own, dev);

    snprintf(path, sizeof(path), "/keys/%s", name);
    API_REPLY(reply, client_call(&dev, "GET", path, NULL));
    cr_assert_eq(reply.status, 200, "%ld %s", reply.status, reply.body);
    return (long) reply_number(&reply, "attributes.created");
}

Test(travel, goes_nowhere_next_when_nothing_is_due)
{
    API_REPLY(none, ask_clock("POST", "{\"to\":\"next\"}"));
    cr_expect_eq(none.status, 409, "%ld %s", none.status, none.body);
    cr_expect_str_eq(reply_text(&none, "error.message"),
                     "Nothing is due: there is no next time to go to.");
    API_REPLY(clock, ask_clock("GET", NULL));
    cr_expect(cJSON_IsNull(reply_item(&clock, "next")), "%s", clock.body);
    cr_expect_eq((long) reply_number(&clock, "epoch"), START);
}

Test(travel, runs_nothing_when_the_clock_is_set_back)
{
    make_deleted("brief", "a");
    API_REPLY(back, move_clock("{\"advance\":\"-P100D\"}"));
    expect_end(&back, -100 * DAY, 0);
    API_REPLY(forth, move_clock("{\"set\":1669071668}"));
    expect_end(&forth, 0, 0);
}

/* The purge needs no token; the rotation is made up for once it is back. */
Test(travel, goes_on_without_the_token_and_says_what_failed)
{
    const struct timespec pause = { .tv_nsec = 50000000 };
    char from[400];
    char to[400];

    API_SKIP_WITH_NSS("the token is not the program's own");
    make_deleted("brief", "a");
    make_rotating("first", "P7D");
    make_rotating("second", "P9D");
    snprintf(from, sizeof(from), "%s/tokens", own.folder);
    snprintf(to, sizeof(to), "%s/tokens-away", own.folder);
    cr_assert_eq(rename(from, to), 0);

    API_REPLY(moved, move_clock("{\"advance\":\"P10D\"}"));
    expect_end(&moved, 10 * DAY, 3);
    expect_event(&moved, 0, HOUR, "deletion", "brief", "a");
    expect_event(&moved, 1, 7 * DAY, "purge", "brief", "a");
    cr_expect_str_eq(reply_text(&moved, "ran.2.what"), "rotation");
    cr_expect_str_eq(reply_text(&moved, "ran.2.key"), "first");
    cr_expect_str_neq(reply_text(&moved, "ran.2.failed"), "", "%s", moved.body);

    cr_assert_eq(rename(to, from), 0);
    for (int i = 0; i < 1200 && count_versions("first") + count_versions("second") < 4; i++) {
        nanosleep(&pause, NULL);
    }
    cr_expect_eq(count_versions("first"), 2);
    cr_expect_eq(count_versions("second"), 2);
}

static void change_store(const char *sql)
{
    sqlite3 *store;
    char path[400];

    snprintf(path, sizeof(path), "%s/coffer.db", own.folder);
    cr_assert_eq(sqlite3_open_v2(path, &store, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(store, 10000);
    cr_assert_eq(sqlite3_exec(store, sql, NULL, NULL, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(store));
    sqlite3_close(store);
}

Test(travel, holds_up_no_key_for_another_that_cannot_be_rotated)
{
    make_rotating("failing", "P7D");
    make_rotating("fine", "P8D");
    change_store("CREATE TRIGGER obstacle BEFORE INSERT ON version WHEN"
                 " (SELECT fold FROM key WHERE id = NEW.key) = 'FAILING'"
                 " BEGIN SELECT RAISE(ABORT, 'an obstacle'); END");
    API_REPLY(moved, move_clock("{\"advance\":\"P10D\"}"));
    expect_end(&moved, 10 * DAY, 2);
    cr_expect_str_eq(reply_text(&moved, "ran.0.key"), "failing");
    cr_expect_str_neq(reply_text(&moved, "ran.0.failed"), "", "%s", moved.body);
    expect_event(&moved, 1, 8 * DAY, "rotation", "dev", "fine");
}

Test(travel, lists_a_purge_of_ten_thousand_keys_in_part_and_counts_the_rest)
{
    make_deleted("brief", "a");
    change_store(
        "CREATE TEMP TABLE more AS SELECT * FROM key;"
        "CREATE TEMP TABLE n AS WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c"
        " WHERE i < 9999) SELECT i FROM c;"
        "CREATE TEMP TABLE copies AS SELECT more.*, n.i FROM more, n;"
        "UPDATE copies SET id = 1000 + i, name = name || i, fold = fold || i, latest = NULL;"
        "ALTER TABLE copies DROP COLUMN i;"
        "INSERT INTO key SELECT * FROM copies");
    cr_assert_eq(api_metric(&own, "coffer_keys{state=\"deleted\"}"), 10000);
    API_REPLY(moved, move_clock("{\"set\":1672000000}"));
    cr_expect_eq(api_metric(&own, "coffer_keys{state=\"deleted\"}"), 0);
    cr_expect_eq((long) reply_number(&moved, "epoch"), 1672000000);
    cr_expect_eq(cJSON_GetArraySize(reply_item(&moved, "ran")), 256);
    cr_expect_eq((int) reply_number(&moved, "left_off"), 20000 - 256, "%.200s", moved.body);
    cr_expect(cJSON_IsFalse(reply_item(&moved, "unfinished")));
    cr_expect(cJSON_IsNull(reply_item(&moved, "next")));
}

Test(travel, lets_purges_and_rotations_happen_in_order_of_time)
{
    make_rotating("second", "P8D");
    make_rotating("fourth", "P10D");
    make_rotating("later", "P13D");
    make_deleted("brief", "first");
    API_REPLY(short_, move_clock("{\"advance\":\"P2D\"}"));
    expect_end(&short_, 2 * DAY, 1);
    make_deleted("brief", "third");

    API_REPLY(clock, ask_clock("GET", NULL));
    cr_expect_str_eq(reply_text(&clock, "next.what"), "deletion");
    cr_expect_str_eq(reply_text(&clock, "next.at"), "2022-11-24T00:01:08.000Z");

    API_REPLY(moved, move_clock("{\"advance\":\"P10D\"}"));
    expect_end(&moved, 12 * DAY, 5);
    expect_event(&moved, 0, 2 * DAY + HOUR, "deletion", "brief", "third");
    expect_event(&moved, 1, 7 * DAY, "purge", "brief", "first");
    expect_event(&moved, 2, 8 * DAY, "rotation", "dev", "second");
    expect_event(&moved, 3, 9 * DAY, "purge", "brief", "third");
    expect_event(&moved, 4, 10 * DAY, "rotation", "dev", "fourth");
    cr_expect_eq(read_created("second"), START + 8 * DAY, "the clock stood there");
    cr_expect_eq(read_created("fourth"), START + 10 * DAY);
    cr_expect_eq(count_versions("second"), 2);
    cr_expect_eq(count_versions("later"), 1);
    cr_expect_str_eq(reply_text(&moved, "next.what"), "rotation");
    cr_expect_str_eq(reply_text(&moved, "next.at"), "2022-12-04T23:01:08.000Z");
}

/* It would have been due some 150 times. Then it is rotated at the end of the way. */
Test(travel, rotates_once_at_its_end_what_fell_due_again_and_again)
{
    make_rotating("jumped", "P7D");
    make_deleted("dev", "a");
    API_REPLY(moved, move_clock("{\"advance\":\"P1000D\"}"));
    expect_end(&moved, 1000 * DAY, 3);
    expect_event(&moved, 1, 90 * DAY, "purge", "dev", "a");
    expect_event(&moved, 2, 1000 * DAY, "rotation", "dev", "jumped");
    cr_expect_eq(count_versions("jumped"), 2);
    cr_expect_eq(read_created("jumped"), START + 1000 * DAY);
}

Test(travel, goes_from_one_time_to_the_next)
{
    static const struct {
        long after;
        const char *what, *vault, *key;
    } rows[] = {
        { HOUR, "deletion", "brief", "a" },
        { 7 * DAY, "purge", "brief", "a" },
        { 7 * DAY + 1, "rotation", "dev", "r" },
        { 14 * DAY + 2, "rotation", "dev", "r" },
    };

    make_deleted("brief", "a");
    make_rotating("r", "PT168H1S");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(moved, move_clock("{\"to\":\"next\"}"));
        expect_end(&moved, rows[i].after, 1);
        expect_event(&moved, 0, rows[i].after, rows[i].what, rows[i].vault, rows[i].key);
    }
}

/* What is pending ends by itself; a name is taken until its purge is over. */
Test(travel, tells_when_what_is_pending_is_over)
{
    make_deleted("dev", "a");
    make_deleted("dev", "b");
    API_REPLY(deleted, move_clock("{\"to\":\"next\"}"));
    expect_end(&deleted, HOUR, 2);
    call("dev", "POST", "/deletedkeys/a/recover", NULL);
    API_CLIENT_OF(&own, dev);
    API_REPLY(purge, client_call(&dev, "DELETE", "/deletedkeys/b", NULL));
    cr_assert_eq(purge.status, 204);
    API_REPLY(over, move_clock("{\"to\":\"next\"}"));
    expect_end(&over, 2 * HOUR, 2);
    expect_event(&over, 0, 2 * HOUR, "recovery", "dev", "a");
    expect_event(&over, 1, 2 * HOUR, "purge", "dev", "b");
}

static void *travel_far(void *reply)
{
    *(struct reply *) reply = ask_clock("POST", "{\"advance\":\"P9D\"}");
    return NULL;
}

static void *travel_on(void *reply)
{
    *(struct reply *) reply = ask_clock("POST", "{\"advance\":\"P1D\"}");
    return NULL;
}

/* Of keys that take a while, some more than can be rotated while this test waits. */
static void make_many_rotating(int count)
{
    char sql[1200];

    call("dev", "POST", "/keys/r/create", "{\"kty\":\"RSA\"}");
    call("dev", "PUT", "/keys/r/rotationpolicy",
         "{\"lifetimeActions\":[{\"action\":{\"type\":\"Rotate\"},\"trigger\":"
         "{\"timeAfterCreate\":\"P8D\"}}]}");
    snprintf(sql, sizeof(sql),
             "CREATE TEMP TABLE n AS WITH RECURSIVE c (i) AS (SELECT 1001 UNION ALL SELECT i + 1"
             " FROM c WHERE i < %d) SELECT i FROM c;"
             "CREATE TEMP TABLE k AS SELECT key.*, n.i FROM key, n;"
             "CREATE TEMP TABLE v AS SELECT version.*, n.i FROM version, n;"
             "CREATE TEMP TABLE p AS SELECT rotation_policy.*, n.i FROM rotation_policy, n;"
             "UPDATE k SET id = i, latest = i, name = name || i, fold = fold || i;"
             "UPDATE v SET id = i, key = i, object = randomblob(16),"
             " version = lower(hex(randomblob(16)));"
             "UPDATE p SET key = i;"
             "ALTER TABLE k DROP COLUMN i; ALTER TABLE v DROP COLUMN i;"
             "ALTER TABLE p DROP COLUMN i;"
             "INSERT INTO key SELECT * FROM k; INSERT INTO version SELECT * FROM v;"
             "INSERT INTO rotation_policy SELECT * FROM p",
             1000 + count);
    change_store(sql);
}

static void await_rotations(long count)
{
    const struct timespec pause = { .tv_nsec = 20000000 };
    long done = 0;

    for (int i = 0; i < 3000 && done < count; i++) {
        nanosleep(&pause, NULL);
        done = api_metric(&own, "coffer_rotations_total{trigger=\"policy\"}");
    }
    cr_assert_geq(done, count);
}

Test(travel, holds_up_no_request_and_a_second_mover_waits_for_its_turn)
{
    struct reply far = { 0 };
    struct reply on = { 0 };
    pthread_t first;
    pthread_t second;

    make_many_rotating(6);
    cr_assert_eq(pthread_create(&first, NULL, travel_far, &far), 0);
    await_rotations(2);
    cr_assert_eq(pthread_create(&second, NULL, travel_on, &on), 0);

    API_REPLY(clock, ask_clock("GET", NULL));
    cr_expect_eq((long) reply_number(&clock, "epoch"), START + 8 * DAY, "%s", clock.body);
    make("dev", "meanwhile");
    cr_assert_eq(pthread_join(first, NULL), 0);
    cr_assert_eq(pthread_join(second, NULL), 0);
    expect_end(&far, 9 * DAY, 7);
    expect_end(&on, 10 * DAY, 0);
    reply_done(&far);
    reply_done(&on);
}

Test(travel, ends_at_shutdown_with_an_answer)
{
    struct reply far = { 0 };
    pthread_t thread;

    make_many_rotating(2000);
    cr_assert_eq(pthread_create(&thread, NULL, travel_far, &far), 0);
    await_rotations(2);
    cr_assert(daemon_stop(&own), "it must not wait for the rest of the way");
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_expect_eq(far.status, 200, "%ld %s", far.status, far.body);
    cr_expect(cJSON_IsTrue(reply_item(&far, "unfinished")), "%.300s", far.body);
    cr_expect_eq((long) reply_number(&far, "epoch"), START + 9 * DAY, "it is there all the same");
    reply_done(&far);
    cr_assert(daemon_start(&own, NULL));
}
