/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal makes of clients that come back after failures on demand. */
#include "journal_tools.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

TestSuite(journal_retries, .timeout = 120);

static void pause_ms(long millis)
{
    const struct timespec span = { millis / 1000, millis % 1000 * 1000000 };

    (void) nanosleep(&span, NULL);
}

static void get(const char *key, long status)
{
    char path[96];
    API_CLIENT(dev);

    (void) snprintf(path, sizeof(path), "/keys/%s", key);
    API_REPLY(reply, client_call(&dev, "GET", path, NULL));
    cr_assert_eq(reply.status, status, "%s", reply.body);
}

static struct reply audit(const char *key)
{
    char behind[128];

    (void) snprintf(behind, sizeof(behind), "/retries?key=%s", key);
    struct reply reply = journal_ask(api_daemon(), "GET", behind, NULL);
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    return reply;
}

static void fail(const char *key, unsigned times, const char *effect)
{
    char rest[256];

    (void) snprintf(rest, sizeof(rest),
                    "\"match\":{\"key\":\"%s\"},\"when\":{\"times\":%u},\"effect\":%s", key, times,
                    effect);
    fault_add(key, rest);
}

Test(journal_retries, of_who_obeys)
{
    fail("retry-good", 2, "{\"status\":429,\"retry_after\":1}");
    get("retry-good", 429);
    pause_ms(1050);
    get("retry-good", 429);
    pause_ms(1050);
    get("retry-good", 404);
    API_REPLY(reply, audit("retry-good"));
    cr_assert_eq(cJSON_GetArraySize(reply_item(&reply, "setbacks")), 1, "%s", reply.body);
    cr_expect(cJSON_IsTrue(reply_item(&reply, "setbacks.0.obeyed_retry_after")), "%s", reply.body);
    cr_expect_eq(reply_number(&reply, "setbacks.0.demands"), 2);
    cr_expect_eq(reply_number(&reply, "setbacks.0.retries"), 2);
    cr_expect_eq(reply_number(&reply, "setbacks.0.demanded_ms.0"), 1000);
    cr_expect_geq(reply_number(&reply, "setbacks.0.waits_ms.0"), 1000);
    cr_expect_str_eq(reply_text(&reply, "setbacks.0.end"), "refused");
    cr_expect_str_eq(reply_text(&reply, "setbacks.0.operation"), "getKey");
    fault_remove("retry-good");
}

Test(journal_retries, of_who_does_not_and_gives_up)
{
    fail("retry-bad", 3, "{\"status\":503,\"retry_after\":30}");
    for (unsigned i = 0; i < 3; i++) {
        get("retry-bad", 503);
    }
    API_REPLY(reply, audit("retry-bad"));
    cr_expect(cJSON_IsFalse(reply_item(&reply, "setbacks.0.obeyed_retry_after")), "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "setbacks.0.end"), "no further attempt");
    cr_expect_eq(reply_number(&reply, "setbacks.0.statuses.2"), 503);
    fault_remove("retry-bad");
}

/* Whether they came when they were to, a third more or less: a busy machine can hold each up. */
static bool kept_time(const struct reply *audit, const long *waits, size_t count)
{
    bool kept = true;

    for (size_t i = 0; i < count; i++) {
        char path[32];

        (void) snprintf(path, sizeof(path), "setbacks.0.waits_ms.%zu", i);
        double wait = reply_number(audit, path);
        cr_expect_geq(wait, waits[i], "it waited that long at least: %s", audit->body);
        kept = kept && wait < (double) waits[i] * 4 / 3;
    }
    return kept;
}

/* Comes back after these waits, with a key of its own each time; false if a wait took longer. */
static bool comes_back_after(const long *waits, size_t count, unsigned attempt, const char *backoff)
{
    char key[32];

    (void) snprintf(key, sizeof(key), "retry-exp-%u", attempt);
    fail(key, (unsigned) count, "{\"status\":500}");
    for (size_t i = 0; i < count; i++) {
        get(key, 500);
        pause_ms(waits[i]);
    }
    get(key, 404);
    fault_remove(key);
    API_REPLY(reply, audit(key));
    cr_expect(cJSON_IsNull(reply_item(&reply, "setbacks.0.obeyed_retry_after")), "%s", reply.body);
    cr_assert_eq(cJSON_GetArraySize(reply_item(&reply, "setbacks.0.waits_ms")), (int) count);
    if (!kept_time(&reply, waits, count)) {
        return false;
    }
    cr_expect_str_eq(reply_text(&reply, "setbacks.0.backoff"), backoff, "%s", reply.body);
    return true;
}

Test(journal_retries, without_a_demand_are_judged_by_their_waits)
{
    static const long waits[] = { 150, 300, 600, 1200 };
    unsigned attempt = 0;

    while (!comes_back_after(waits, KV_COUNT(waits), attempt, "exponential")) {
        cr_assert_lt(++attempt, 20U, "the machine never keeps time");
    }
}
