/* SPDX-License-Identifier: Apache-2.0 */
/*
 * travel.h - a daemon of the test's own whose clock stands still until it is moved, and what its
 * answers to that say.
 */
#pragma once

#include "../support/api.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#define DAY 86400L
#define HOUR 3600L
#define START 1669071668L /* 2022-11-21T23:01:08Z */

static struct daemon own;

static inline void start(void)
{
    static const char *const arguments[] = {
        "--vault", "dev", "--vault", "brief,retention=7", "--deletion-lag", "1h", NULL
    };

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    api_set_clock(&own, "{\"set\":1669071668,\"frozen\":true}");
}

static inline void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

/* With a client of its own: a token does not outlive a jump of the clock. */
static inline void call(const char *vault, const char *method, const char *path, const char *body)
{
    __attribute__((cleanup(client_close))) struct client client;

    client_open(&client, &own, vault);
    API_REPLY(reply, client_call(&client, method, path, body));
    cr_assert_eq(reply.status, 200, "%s %s: %ld %s", method, path, reply.status, reply.body);
}

static inline void make(const char *vault, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    call(vault, "POST", path, "{\"kty\":\"EC\"}");
}

static inline void make_deleted(const char *vault, const char *name)
{
    char path[64];

    make(vault, name);
    snprintf(path, sizeof(path), "/keys/%s", name);
    call(vault, "DELETE", path, NULL);
}

static inline void make_rotating(const char *name, const char *after)
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

static inline struct reply ask_clock(const char *method, const char *order)
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

static inline struct reply move_clock(const char *order)
{
    struct reply reply = ask_clock("POST", order);

    cr_assert_eq(reply.status, 200, "%s: %ld %s", order, reply.status, reply.body);
    return reply;
}

/* "2022-11-28T23:01:08.000Z purge brief/a": so much after the start. */
static inline void expect_event(const struct reply *reply, int place, long after, const char *what,
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

static inline void expect_end(const struct reply *reply, long after, int events)
{
    cr_expect_eq((long) reply_number(reply, "epoch"), START + after, "%s", reply->body);
    cr_expect_eq(cJSON_GetArraySize(reply_item(reply, "ran")), events, "%s", reply->body);
    cr_expect_eq((int) reply_number(reply, "left_off"), 0);
    cr_expect(cJSON_IsFalse(reply_item(reply, "unfinished")));
    cr_expect(cJSON_IsTrue(reply_item(reply, "frozen")));
}

static inline void change_store(const char *sql)
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
