/* SPDX-License-Identifier: Apache-2.0 */
/* Events: which there are, in which order, what they look like, and that each is told of once. */
#include "events_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

TestSuite(events, .timeout = 120);

static struct daemon own;
static struct receiver receiver;

static void begin(const char *const *more)
{
    receiver_start(&receiver, NULL);
    events_daemon(&own, &receiver, more);
}

static void end(void)
{
    api_end(&own);
    receiver_stop(&receiver);
}

/* "KeyExpired a" of what it got there. */
static const char *told(size_t place, char ret_text[160])
{
    cJSON *list = cJSON_Parse(receiver.got[place].body);
    const cJSON *event = cJSON_GetArrayItem(list, 0);
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItem(event, "eventType"));
    const char *subject = cJSON_GetStringValue(cJSON_GetObjectItem(event, "subject"));

    cr_assert(type != NULL && subject != NULL, "%s", receiver.got[place].body);
    (void) snprintf(ret_text, 160, "%s %s", strrchr(type, '.') + 1, subject);
    cJSON_Delete(list);
    return ret_text;
}

static void expect_told(const char *const *wanted, size_t count)
{
    char text[160];

    receiver_await(&receiver, count);
    for (size_t i = 0; i < count; i++) {
        cr_expect_str_eq(told(i, text), wanted[i], "event %zu", i);
    }
    cr_expect_eq(receiver.count, count, "%s", receiver.got[count].body);
}

static void call(const char *method, const char *path, const char *body)
{
    API_CLIENT_OF(&own, dev);
    API_REPLY(reply, client_call(&dev, method, path, body));

    cr_assert_eq(reply.status, 200, "%s %s: %ld %s", method, path, reply.status, reply.body);
}

Test(events, are_told_in_the_order_in_which_the_clock_comes_to_them)
{
    static const char *const wanted[] = {
        "KeyNewVersionCreated late", "KeyNewVersionCreated early", "KeyNewVersionCreated never",
        "KeyNearExpiry early",       "KeyNearExpiry late",         "KeyExpired early",
        "KeyExpired late",
    };

    begin(NULL);
    events_key(&own, "late", 50 * EVENTS_DAY);
    events_key(&own, "early", 40 * EVENTS_DAY);
    events_key(&own, "never", 0);
    api_advance(&own, 60 * EVENTS_DAY);
    expect_told(wanted, KV_COUNT(wanted));
    end();
}

Test(events, follow_the_notify_action_of_the_rotation_policy)
{
    static const char *const wanted[] = { "KeyNewVersionCreated k", "KeyNearExpiry k" };

    begin(NULL);
    events_key(&own, "k", 40 * EVENTS_DAY);
    call("PUT", "/keys/k/rotationpolicy",
         "{\"lifetimeActions\":[{\"trigger\":{\"timeBeforeExpiry\":\"P7D\"},"
         "\"action\":{\"type\":\"Notify\"}}]}");
    api_advance(&own, 32 * EVENTS_DAY);
    receiver_await(&receiver, 1);
    cr_expect_eq(receiver.count, 1);
    api_advance(&own, 2 * EVENTS_DAY);
    expect_told(wanted, KV_COUNT(wanted));
    end();
}

Test(events, tell_of_a_new_exp_anew_and_of_an_old_one_not_again)
{
    static const char *const wanted[] = {
        "KeyNewVersionCreated k", "KeyNearExpiry k", "KeyExpired k",
        "KeyNearExpiry k",        "KeyExpired k",
    };
    char body[128];

    begin(NULL);
    events_key(&own, "k", 40 * EVENTS_DAY);
    api_advance(&own, 41 * EVENTS_DAY);
    api_advance(&own, -41 * EVENTS_DAY);
    api_advance(&own, 41 * EVENTS_DAY);
    call("PATCH", "/keys/k", "{\"tags\":{\"a\":\"b\"}}");
    api_advance(&own, EVENTS_DAY);
    (void) snprintf(body, sizeof(body), "{\"attributes\":{\"exp\":%ld}}",
                    EVENTS_START + 80 * EVENTS_DAY);
    call("PATCH", "/keys/k", body);
    api_advance(&own, 40 * EVENTS_DAY);
    expect_told(wanted, KV_COUNT(wanted));
    end();
}

Test(events, are_of_the_latest_version_alone_and_of_no_deleted_key)
{
    static const char *const wanted[] = {
        "KeyNewVersionCreated two",
        "KeyNewVersionCreated two",
        "KeyNewVersionCreated gone",
    };

    begin(NULL);
    events_key(&own, "two", 40 * EVENTS_DAY);
    events_key(&own, "two", 0);
    events_key(&own, "gone", 40 * EVENTS_DAY);
    call("DELETE", "/keys/gone", NULL);
    api_advance(&own, 50 * EVENTS_DAY);
    expect_told(wanted, KV_COUNT(wanted));
    end();
}

static void change_vault(const char *name, const char *body)
{
    char behind[64];
    API_CLIENT_OF(&own, dev);

    (void) snprintf(behind, sizeof(behind), "/%s", name);
    API_REPLY(reply, client_ask_vaults(&dev, "PATCH", behind, body));
    cr_assert_eq(reply.status, 200, "%ld %s", reply.status, reply.body);
}

Test(events, tell_of_access_policies_once_for_each_change)
{
    static const char *const more[] = { "--vault", "shut,access=policy", "--grant",
                                        "shut,permissions=get", NULL };
    char text[160];

    begin(more);
    receiver_await(&receiver, 1);
    cr_expect_str_eq(told(0, text), "VaultAccessPolicyChanged shut");
    cr_assert(daemon_stop(&own));
    events_restart(&own, &receiver, more);
    events_key(&own, "k", 0);
    receiver_await(&receiver, 2);
    cr_expect_str_eq(told(1, text), "KeyNewVersionCreated k");
    change_vault("shut", "{\"access\":\"rbac\"}");
    change_vault("shut", "{\"access\":\"rbac\"}");
    change_vault("shut", "{\"purge_protection\":true}");
    events_key(&own, "behind", 0);
    receiver_await(&receiver, 4);
    cr_expect_str_eq(told(2, text), "VaultAccessPolicyChanged shut");
    cr_expect_str_eq(told(3, text), "KeyNewVersionCreated behind");
    end();
}

static void change_store(const char *sql)
{
    sqlite3 *store;
    char path[400];

    (void) snprintf(path, sizeof(path), "%s/coffer.db", own.folder);
    cr_assert_eq(sqlite3_open_v2(path, &store, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(store, sql, NULL, NULL, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(store));
    sqlite3_close(store);
}

#define LATER 4102444800L /* 2100-01-01: a daemon begins with the time of the system */

/* Nobody is told of what expired before there were events. */
Test(events, are_planned_for_the_keys_of_an_older_folder)
{
    static const char *const wanted[] = { "KeyNearExpiry soon", "KeyNearExpiry late",
                                          "KeyExpired soon", "KeyExpired late" };

    receiver_start(&receiver, NULL);
    daemon_prepare(&own);
    events_restart(&own, &receiver, NULL);
    events_key(&own, "old", 40 * EVENTS_DAY);
    events_key(&own, "soon", LATER - EVENTS_START);
    events_key(&own, "late", LATER - EVENTS_START + EVENTS_DAY);
    call("PUT", "/keys/late/rotationpolicy",
         "{\"lifetimeActions\":[{\"trigger\":{\"timeBeforeExpiry\":\"P9D\"},"
         "\"action\":{\"type\":\"Notify\"}}]}");
    cr_assert(daemon_stop(&own));
    change_store("DROP TABLE key_notice; DROP TABLE pooled;"
                 "UPDATE schema SET version = version - 2 WHERE domain = 'vault';"
                 "DELETE FROM event; DELETE FROM event_hook");
    receiver.count = 0;
    events_restart(&own, &receiver, NULL);
    api_set_clock(&own, "{\"set\":4102531201}"); /* a day and a second later */
    expect_told(wanted, KV_COUNT(wanted));
    end();
}

/* Not a word of it changes: subscribers parse it. */
static void expect_body(char *body, const char *expected)
{
    events_mask(&own, body);
    cr_expect_str_eq(body, expected);
}

#define DATA                                                                                       \
    "\"data\":{\"Id\":\"https://dev.vault.localhost:P/keys/k/VERSION\",\"VaultName\":\"dev\","     \
    "\"ObjectType\":\"Key\",\"ObjectName\":\"k\",\"Version\":\"VERSION\",\"NBF\":null,"            \
    "\"EXP\":1672527668}"
#define PLACE "/subscriptions/GUID/resourceGroups/coffer/providers/Microsoft.KeyVault/vaults/dev"

Test(events, look_as_event_grid_has_them)
{
    begin(NULL);
    events_key(&own, "k", 40 * EVENTS_DAY);
    receiver_await(&receiver, 1);
    expect_body(receiver.got[0].body, "[{\"id\":\"GUID\",\"topic\":\"" PLACE "\",\"subject\":\"k\","
                                      "\"eventType\":\"Microsoft.KeyVault.KeyNewVersionCreated\","
                                      "\"eventTime\":\"2022-11-21T23:01:08.0000000Z\"," DATA
                                      ",\"dataVersion\":\"1\",\"metadataVersion\":\"1\"}]");
    cr_expect_not_null(strstr(receiver.got[0].head, "POST /hook?code=hush HTTP/1.1\r\n"));
    cr_expect_not_null(strstr(receiver.got[0].head, "aeg-event-type: Notification\r\n"));
    cr_expect_not_null(strstr(receiver.got[0].head, "aeg-delivery-count: 0"));
    cr_expect_eq(receiver.handshakes, 1);
    end();
}

Test(events, look_as_cloudevents_has_them)
{
    static const char *const more[] = { "--event-schema", "cloudevents", NULL };

    begin(more);
    events_key(&own, "k", 40 * EVENTS_DAY);
    receiver_await(&receiver, 1);
    expect_body(receiver.got[0].body,
                "{\"id\":\"GUID\",\"source\":\"" PLACE "\",\"subject\":\"k\","
                "\"type\":\"Microsoft.KeyVault.KeyNewVersionCreated\","
                "\"time\":\"2022-11-21T23:01:08.0000000Z\"," DATA ",\"specversion\":\"1.0\"}");
    cr_expect_not_null(strstr(receiver.got[0].head, "Content-Type: application/cloudevents+json"));
    cr_expect_eq(receiver.handshakes, 1);
    end();
}

Test(events, are_lines_of_a_file_that_may_be_moved_away)
{
    char path[400], moved[400], line[1024] = "";
    const char *more[] = { "--event-file", path, NULL };

    daemon_prepare(&own);
    (void) snprintf(path, sizeof(path), "%s.events", own.log);
    (void) snprintf(moved, sizeof(moved), "%s.moved", own.log);
    receiver_start(&receiver, NULL);
    events_restart(&own, &receiver, more);
    events_key(&own, "k", 40 * EVENTS_DAY);
    events_await(&own, "delivered", 1);
    cr_assert_eq(rename(path, moved), 0);
    events_key(&own, "other", 0);
    events_await(&own, "delivered", 2);

    FILE *file = fopen(moved, "r");
    cr_assert_not_null(file);
    cr_expect_not_null(fgets(line, sizeof(line), file));
    cr_expect_not_null(strstr(line, "\"subject\":\"k\""));
    cr_expect_null(fgets(line, sizeof(line), file));
    fclose(file);
    file = fopen(path, "r");
    cr_assert_not_null(file);
    cr_expect_not_null(fgets(line, sizeof(line), file));
    cr_expect_not_null(strstr(line, "\"subject\":\"other\""), "%s", line);
    fclose(file);
    unlink(path);
    unlink(moved);
    end();
}
