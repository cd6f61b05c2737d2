/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for requests: until they are there, until the time is over, and many at once. */
#include "journal_tools.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "kv/base/clock.h"

TestSuite(journal_wait, .timeout = 240);

#define WAITERS 64

static void get(const char *key)
{
    char path[96];
    API_CLIENT(dev);

    (void) snprintf(path, sizeof(path), "/keys/%s", key);
    API_REPLY(reply, client_call(&dev, "GET", path, NULL));
    cr_assert_eq(reply.status, 404, "%s", reply.body);
}

Test(journal_wait, ends_at_its_time_when_there_are_too_few)
{
    get("wait-few");
    kv_millis start = kv_clock_monotonic();
    API_REPLY(reply, journal_post("/wait", "{\"filter\":{\"key\":\"wait-few\"},\"count\":2,"
                                           "\"timeout\":0.5}"));
    cr_expect_geq(kv_clock_monotonic() - start, 500);
    cr_expect(cJSON_IsFalse(reply_item(&reply, "met")));
    cr_expect_eq(reply_number(&reply, "count"), 1);
    cr_expect_str_eq(journal_text(journal_entry(&reply, 0), "key"), "wait-few");
}

Test(journal_wait, does_not_wait_for_what_is_there)
{
    get("wait-there");
    API_REPLY(one, journal_post("/wait", "{\"filter\":{\"key\":\"wait-there\"}}"));
    cr_expect(cJSON_IsTrue(reply_item(&one, "met")));
    API_REPLY(none, journal_post("/wait", "{\"filter\":{\"key\":\"wait-nobody\"},\"count\":0}"));
    cr_expect(cJSON_IsTrue(reply_item(&none, "met")));
}

struct waiter {
    unsigned number, wanted;
    atomic_bool met;
};

/* Of the same key, for as many requests as it wants. */
static void *wait_for_some(void *argument)
{
    struct waiter *waiter = argument;
    char body[128];

    (void) snprintf(body, sizeof(body),
                    "{\"filter\":{\"key\":\"wait-many\"},\"count\":%u,\"timeout\":120}",
                    waiter->wanted);
    struct reply reply = journal_ask(api_daemon(), "POST", "/wait", body);
    waiter->met = reply.status == 200 && cJSON_IsTrue(reply_item(&reply, "met"));
    reply_done(&reply);
    return NULL;
}

static bool all_met(const struct waiter *waiters, unsigned wanted)
{
    bool met = true;

    for (unsigned i = 0; i < WAITERS; i++) {
        met = met && (waiters[i].wanted > wanted || waiters[i].met);
    }
    return met;
}

/* More than there are workers: a wait that held one would hold up what it waits for. */
Test(journal_wait, of_many_ends_for_each_when_its_own_are_there)
{
    static struct waiter waiters[WAITERS];
    pthread_t threads[WAITERS];

    for (unsigned i = 0; i < WAITERS; i++) {
        waiters[i] = (struct waiter){ .number = i, .wanted = i % 2 == 0 ? 2 : 4 };
        cr_assert_eq(pthread_create(&threads[i], NULL, wait_for_some, &waiters[i]), 0);
    }
    for (unsigned made = 1; made <= 4; made++) {
        get("wait-many");
        while (made % 2 == 0 && !all_met(waiters, made)) {
            sched_yield();
        }
        cr_expect(made == 4 || !all_met(waiters, 4), "none ends too early");
    }
    for (unsigned i = 0; i < WAITERS; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
        cr_expect(waiters[i].met);
    }
}
