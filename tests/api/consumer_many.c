/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many services on one coffer, more than it makes checks of at a time, on the virtual clock alone: each
 * is checked every minute, and what happens to the key reaches all of them.
 */
#include <stdio.h>
#include <string.h>

#include "consumer_tools.h"

#define CROWD 64
#define MINUTE 60
#define MINUTES 5

static char url[CONSUMER_URL_SIZE];

static void start_crowd(void)
{
    char name[32];

    consumer_start();
    consumer_key("rol", url);
    for (int i = 0; i < CROWD; i++) {
        (void) snprintf(name, sizeof(name), "c%d", i);
        consumer_add(name, i % 2 == 0 ? "fhir" : "dicom", url, i % 2 == 0 ? "fhir-id" : "dicom-id");
    }
}

/* One after the other, each with a time of its own in which the checks have to be made. */
static void walk_minutes(int count)
{
    for (int i = 0; i < count; i++) {
        consumer_walk(MINUTE);
    }
}

TestSuite(consumer_many, .init = start_crowd, .fini = consumer_stop, .timeout = 300);

static double number_of(const cJSON *object, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void expect_all(const char *state, double checks, const char *when)
{
    const cJSON *one;
    int count = 0;

    API_REPLY(shown, consumer_ask("GET", "", NULL));
    cr_assert_eq(shown.status, 200, "%s", shown.body);
    cJSON_ArrayForEach (one, reply_item(&shown, "consumers")) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(one, "name"));

        cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(one, "state")), state, "%s: %s",
                         when, name);
        cr_expect_eq(number_of(one, "checks"), checks, "%s: %s was checked %g times, not %g", when,
                     name, number_of(one, "checks"), checks);
        cr_expect_eq(number_of(one, "missed"), 0, "%s: %s", when, name);
        count++;
    }
    cr_expect_eq(count, CROWD);
}

/* Of the journal: that so many were made is more than that somebody counted them. */
static void expect_requests(const char *operation, int status, int count)
{
    char body[160];

    (void) snprintf(body, sizeof(body),
                    "{\"filter\":{\"operation\":\"%s\",\"status\":%d,\"vault\":\"rol\","
                    "\"user_agent\":\"azsdk-net-*\"},\"count\":%d}",
                    operation, status, count);
    API_REPLY(said, consumer_control("POST", "/control/v1/requests/expect", body));
    cr_assert_eq(said.status, 200, "%s", said.body);
    cr_expect(cJSON_IsTrue(reply_item(&said, "ok")), "%s: %s", body, said.body);
}

/* What a deployment asks of the vault; the wraps are made with the public key, at home. */
Test(consumer_many, are_checked_every_minute_each)
{
    for (int i = 1; i <= MINUTES; i++) {
        consumer_walk(MINUTE);
        expect_all("encrypted", 1 + i, "a minute later");
    }
    expect_requests("unwrapKey", 200, CROWD * (1 + MINUTES));
    expect_requests("getKey", 200, CROWD * 2 * (1 + MINUTES));
}

/* One journey, which stops at each check on its way. */
Test(consumer_many, are_all_checked_on_a_journey)
{
    consumer_walk(MINUTES * MINUTE);
    expect_all("encrypted", 1 + MINUTES, "minutes later");
    expect_requests("unwrapKey", 200, CROWD * (1 + MINUTES));
}

Test(consumer_many, all_notice_that_the_key_is_disabled_and_is_back)
{
    consumer_walk(MINUTE);
    consumer_change("rol", "{\"enabled\":false}");
    consumer_walk(MINUTE);
    expect_all("access-lost", 3, "the key is disabled");
    expect_requests("unwrapKey", 403, CROWD);
    consumer_change("rol", "{\"enabled\":true}");
    consumer_walk(MINUTE);
    expect_all("healing", 4, "the key is back");
    walk_minutes(10);
    expect_all("encrypted", 14, "ten minutes later");
}

Test(consumer_many, need_the_template_after_half_an_hour)
{
    consumer_change("rol", "{\"enabled\":false}");
    walk_minutes(32);
    expect_all("needs-redeploy", 33, "after 31 minutes");
    consumer_change("rol", "{\"enabled\":true}");
    consumer_walk(MINUTE);
    expect_all("needs-redeploy", 34, "however long it is back");
}

/* Each of them pauses, for half a minute of the real clock; meanwhile there is time for all others. */
Test(consumer_many, pause_without_keeping_others_waiting)
{
    char other[CONSUMER_URL_SIZE], body[160];

    API_REPLY(rule, consumer_control("POST", "/control/v1/faults",
                                     "{\"match\":{\"vault\":\"rol\"},\"effect\":{\"status\":503,"
                                     "\"retry_after\":3600}}"));
    cr_assert_lt(rule.status, 300, "%s", rule.body);
    api_set_clock(&consumer_daemon, "{\"rate\":60,\"frozen\":false}");
    (void) snprintf(body, sizeof(body),
                    "{\"filter\":{\"vault\":\"rol\",\"status\":503},\"count\":%d,\"timeout\":100}",
                    CROWD);
    API_REPLY(asked, consumer_control("POST", "/control/v1/requests/wait", body));
    cr_expect(cJSON_IsTrue(reply_item(&asked, "met")), "%.300s", asked.body);
    consumer_key("pol", other);
    consumer_add("another", "fhir", other, "fhir-id");
    api_set_clock(&consumer_daemon, "{\"frozen\":true}");
    consumer_walk(MINUTE); /* nobody waits for the end of a pause while the clock stands still */
}
