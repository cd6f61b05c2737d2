/* SPDX-License-Identifier: Apache-2.0 */
/* Rotations by policy on the virtual clock, without a request that asks for them: contract §10.3.
 * Each test has a daemon of its own and moves its time, which stands still in between. */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#define DAY 86400L
#define NOW 1669071668 /* 2022-11-21 */

static struct daemon own;

static void start(void)
{
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
    api_set_clock(&own, "{\"set\":1669071668,\"frozen\":true}");
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(auto_rotation, .init = start, .fini = stop, .timeout = 180);

/* With a client of its own: a token does not outlive a jump of the clock. */
static void call(const char *method, const char *path, const char *body, struct reply *ret_reply)
{
    API_CLIENT_OF(&own, dev);

    *ret_reply = client_call(&dev, method, path, body);
    cr_assert_eq(ret_reply->status, 200, "%s %s: %ld %s", method, path, ret_reply->status,
                 ret_reply->body);
}

static void copy_version(const struct reply *reply, char ret_version[33])
{
    const char *kid = reply_text(reply, "key.kid");

    cr_assert_gt(strlen(kid), 32, "%s", reply->body);
    snprintf(ret_version, 33, "%s", kid + strlen(kid) - 32);
}

static void make(const char *name, const char *extra, char ret_version[33])
{
    API_CLIENT_OF(&own, dev);

    api_create_key(&dev, name, extra, ret_version);
}

static void set_policy(const char *name, const char *policy)
{
    __attribute__((cleanup(reply_done))) struct reply reply;
    char path[64];

    snprintf(path, sizeof(path), "/keys/%s/rotationpolicy", name);
    call("PUT", path, policy, &reply);
}

#define AFTER(time)                                                                                \
    "{\"lifetimeActions\":[{\"action\":{\"type\":\"Rotate\"},\"trigger\":"                         \
    "{\"timeAfterCreate\":\"" time "\"}}]}"
#define BEFORE(expiry, time)                                                                       \
    "{\"attributes\":{\"expiryTime\":\"" expiry "\"},\"lifetimeActions\":[{\"action\":"            \
    "{\"type\":\"Rotate\"},\"trigger\":{\"timeBeforeExpiry\":\"" time "\"}}]}"

static void make_with_policy(const char *name, const char *policy, char ret_version[33])
{
    make(name, "", ret_version);
    set_policy(name, policy);
}

static void read_version(const char *name, char ret_version[33])
{
    __attribute__((cleanup(reply_done))) struct reply reply;
    char path[64];

    snprintf(path, sizeof(path), "/keys/%s", name);
    call("GET", path, NULL, &reply);
    copy_version(&reply, ret_version);
}

/* Waits until the latest version is another one; `version` becomes that. */
static void await_rotation(const char *name, char version[33])
{
    const struct timespec pause = { .tv_nsec = 50000000 };
    char latest[33];

    read_version(name, latest);
    for (int i = 0; i < 1200 && strcmp(latest, version) == 0; i++) {
        nanosleep(&pause, NULL);
        read_version(name, latest);
    }
    cr_assert_str_neq(latest, version, "%s was not rotated", name);
    memcpy(version, latest, 33);
}

static void expect_version(const char *name, const char *version)
{
    char latest[33];

    read_version(name, latest);
    cr_expect_str_eq(latest, version, "%s was rotated", name);
}

static int count_versions(const char *name)
{
    __attribute__((cleanup(reply_done))) struct reply reply;
    char path[64];

    snprintf(path, sizeof(path), "/keys/%s/versions", name);
    call("GET", path, NULL, &reply);
    return cJSON_GetArraySize(reply_item(&reply, "value"));
}

/* Keys are rotated in the order in which they fall due: once the witness was, what is due later
 * was looked at and left alone. */
Test(auto_rotation, happens_at_the_time_after_creation_and_not_before)
{
    char witness[33];
    char late[33];

    make_with_policy("witness", AFTER("P7D"), witness);
    make_with_policy("late", AFTER("PT168H1S"), late);
    api_advance(&own, 7 * DAY);
    await_rotation("witness", witness);
    expect_version("late", late);
    api_advance(&own, 1);
    await_rotation("late", late);
    cr_expect_eq(count_versions("late"), 2);
}

Test(auto_rotation, happens_at_the_time_before_expiry)
{
    __attribute__((cleanup(reply_done))) struct reply rotated;
    __attribute__((cleanup(reply_done))) struct reply latest;
    char version[33];
    long exp;

    make("expiring", ",\"tags\":{\"a\":\"b\"}", version);
    set_policy("expiring", BEFORE("P30D", "P10D"));
    call("POST", "/keys/expiring/rotate", NULL, &rotated);
    copy_version(&rotated, version);
    cr_assert_eq((long) reply_number(&rotated, "attributes.exp"), NOW + 30 * DAY);

    api_advance(&own, 20 * DAY);
    await_rotation("expiring", version);
    call("GET", "/keys/expiring", NULL, &latest);
    exp = (long) reply_number(&latest, "attributes.exp");
    cr_expect_eq((long) reply_number(&latest, "attributes.created"), NOW + 20 * DAY);
    cr_expect_eq(exp, NOW + 50 * DAY);
    cr_expect_str_eq(reply_text(&latest, "tags.a"), "b");

    api_advance(&own, 20 * DAY); /* and again, from the new version on */
    await_rotation("expiring", version);
    cr_expect_eq(count_versions("expiring"), 4);
}

/* Neither version before the first one with an exp can be due by it. */
Test(auto_rotation, follows_an_exp_that_is_set_later)
{
    __attribute__((cleanup(reply_done))) struct reply patched;
    char witness[33];
    char version[33];
    char body[64];

    make_with_policy("patched", BEFORE("P90D", "P30D"), version);
    make_with_policy("witness", AFTER("P100D"), witness);
    api_advance(&own, 100 * DAY);
    await_rotation("witness", witness);
    expect_version("patched", version);

    snprintf(body, sizeof(body), "{\"attributes\":{\"exp\":%ld}}", NOW + 101 * DAY);
    call("PATCH", "/keys/patched", body, &patched);
    await_rotation("patched", version);
}

/* The witness is due after the key, however often that might have been: by then it was, once. */
Test(auto_rotation, makes_up_for_a_long_jump_once)
{
    char witness[33];
    char version[33];

    make_with_policy("jumped", AFTER("P7D"), version);
    make_with_policy("witness", AFTER("P2Y"), witness);
    api_advance(&own, 3 * 365 * DAY);
    await_rotation("witness", witness);
    await_rotation("jumped", version);
    cr_expect_eq(count_versions("jumped"), 2);
}

/* The rules count eleven months as 330 days; from March to February they are 337. A version that
 * is due when it is made would be followed by another one, and so on for ever. */
Test(auto_rotation, leaves_seven_days_where_the_calendar_leaves_none)
{
    __attribute__((cleanup(reply_done))) struct reply rotated;
    char witness[33];
    char version[33];

    api_set_clock(&own, "{\"set\":1677542400}"); /* 2023-02-28 */
    make_with_policy("witness", AFTER("P7D"), witness);
    make_with_policy("narrow", BEFORE("P337D", "P11M"), version);
    api_advance(&own, DAY); /* 2023-03-01: expires 2024-02-01 */
    call("POST", "/keys/narrow/rotate", NULL, &rotated);
    copy_version(&rotated, version);
    api_advance(&own, 6 * DAY);
    await_rotation("witness", witness);
    expect_version("narrow", version);
    api_advance(&own, DAY);
    await_rotation("narrow", version);
    cr_expect_eq(count_versions("narrow"), 3);
}

/* By hand as well: the time counts from the newest version. */
Test(auto_rotation, starts_over_with_a_rotation_on_request)
{
    __attribute__((cleanup(reply_done))) struct reply rotated;
    char witness[33];
    char version[33];

    make_with_policy("byhand", AFTER("P10D"), version);
    make_with_policy("witness", AFTER("P10D"), witness);
    api_advance(&own, 9 * DAY);
    call("POST", "/keys/byhand/rotate", NULL, &rotated);
    copy_version(&rotated, version);
    api_advance(&own, 9 * DAY);
    await_rotation("witness", witness);
    expect_version("byhand", version);
}

Test(auto_rotation, is_due_at_once_when_the_policy_comes_late)
{
    char version[33];

    make("tardy", "", version);
    api_advance(&own, 30 * DAY);
    set_policy("tardy", AFTER("P30D"));
    await_rotation("tardy", version);
}

Test(auto_rotation, spares_deleted_keys_until_they_are_recovered)
{
    __attribute__((cleanup(reply_done))) struct reply deleted;
    __attribute__((cleanup(reply_done))) struct reply recovered;
    char witness[33];
    char version[33];
    char present[33];

    make_with_policy("buried", AFTER("P7D"), version);
    make_with_policy("witness", AFTER("P8D"), witness);
    call("DELETE", "/keys/buried", NULL, &deleted);
    api_advance(&own, 8 * DAY);
    await_rotation("witness", witness);

    call("POST", "/deletedkeys/buried/recover", NULL, &recovered);
    copy_version(&recovered, present);
    cr_expect_str_eq(present, version);
    await_rotation("buried", version);
}

/* The policy belongs to the key, not to the version: the contract does not say. */
Test(auto_rotation, takes_no_notice_of_a_disabled_version)
{
    __attribute__((cleanup(reply_done))) struct reply latest;
    char version[33];

    make("asleep", ",\"attributes\":{\"enabled\":false}", version);
    set_policy("asleep", AFTER("P7D"));
    api_advance(&own, 7 * DAY);
    await_rotation("asleep", version);
    call("GET", "/keys/asleep", NULL, &latest);
    cr_expect(cJSON_IsTrue(reply_item(&latest, "attributes.enabled")));
}

Test(auto_rotation, is_made_up_for_after_a_restart)
{
    char version[33];

    make_with_policy("durable", AFTER("P7D"), version);
    cr_assert(daemon_stop(&own));
    cr_assert(daemon_start(&own, NULL)); /* the clock is the system's again, years later */
    await_rotation("durable", version);
}

static int count_in_log(const char *one, const char *other)
{
    FILE *log = fopen(own.log, "r");
    char line[4096];
    int count = 0;

    cr_assert_not_null(log);
    while (fgets(line, sizeof(line), log) != NULL) {
        count += strstr(line, one) != NULL && strstr(line, other) != NULL;
    }
    fclose(log);
    return count;
}

static void await_in_log(const char *one, const char *other, int count)
{
    const struct timespec pause = { .tv_nsec = 50000000 };

    for (int i = 0; i < 1200 && count_in_log(one, other) < count; i++) {
        nanosleep(&pause, NULL);
    }
    cr_assert_geq(count_in_log(one, other), count, "%s, %s", one, other);
}

Test(auto_rotation, is_logged_and_counted)
{
    __attribute__((cleanup(reply_done))) struct reply rotated;
    char version[33];

    make("Noted", "", version);
    set_policy("noted", AFTER("P7D"));
    call("POST", "/keys/noted/rotate", NULL, &rotated);
    copy_version(&rotated, version);
    api_advance(&own, 7 * DAY);
    await_rotation("noted", version);

    await_in_log("rotated vault=dev name=Noted", version, 1);
    cr_expect_eq(count_in_log("rotated vault=dev name=Noted", ""), 1, "one on request");
    cr_expect_eq(api_metric(&own, "coffer_rotations_total{trigger=\"policy\"}"), 1);
    cr_expect_eq(api_metric(&own, "coffer_rotations_total{trigger=\"request\"}"), 1);
    cr_expect_eq(api_metric(&own, "coffer_rotations_failed_total"), 0);
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

Test(auto_rotation, that_fails_is_tried_again_and_holds_up_no_other_key)
{
    char failing[33];
    char other[33];

    make_with_policy("failing", AFTER("P7D"), failing);
    make_with_policy("other", AFTER("P8D"), other);
    change_store("CREATE TRIGGER obstacle BEFORE INSERT ON version WHEN"
                 " (SELECT fold FROM key WHERE id = NEW.key) = 'FAILING'"
                 " BEGIN SELECT RAISE(ABORT, 'an obstacle'); END");
    api_advance(&own, 8 * DAY);
    await_rotation("other", other);
    await_in_log("rotation_failed vault=dev name=failing", "", 2);
    cr_expect_geq(api_metric(&own, "coffer_rotations_failed_total"), 2);
    expect_version("failing", failing);

    change_store("DROP TRIGGER obstacle");
    await_rotation("failing", failing);
    cr_expect_eq(count_versions("failing"), 2);
}
