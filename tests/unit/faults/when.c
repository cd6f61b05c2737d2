/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the requests that match a rule acts on. */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kv/base/base.h"
#include "kv/base/json.h"

#define REQUESTS 10000
#define THREADS 8

TestSuite(when, .init = fixture_setup, .fini = fixture_teardown, .timeout = 120);

static void add_when(const char *when)
{
    char json[1024];

    (void) snprintf(json, sizeof(json), "{\"id\":\"r\",\"when\":%s,\"effect\":{\"delay\":1}}",
                    when);
    fixture_add(json);
}

/* "x" for a request that the rule acts on, "." for another. */
static void play(size_t count, char *ret_line)
{
    const struct kv_fault_subject subject = fixture_subject();

    for (size_t i = 0; i < count; i++) {
        ret_line[i] = fixture_ask(&subject) ? 'x' : '.';
    }
    ret_line[count] = '\0';
}

Test(when, counts_as_it_says)
{
    static const struct {
        const char *when, *line;
    } rows[] = {
        { "{}", "xxxxxxxx" },
        { "{\"skip\":2}", "..xxxxxx" },
        { "{\"times\":3}", "xxx....." },
        { "{\"every\":3}", "..x..x.." },
        { "{\"skip\":2,\"times\":2}", "..xx...." },
        { "{\"every\":2,\"times\":2}", ".x.x...." },
        { "{\"skip\":1,\"every\":2,\"times\":2}", "..x.x..." },
        { "{\"probability\":1,\"times\":1}", "x......." },
        { "{\"quota\":{\"limit\":3,\"window\":10}}", "...xxxxx" },
    };
    char line[9];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        add_when(rows[i].when);
        play(8, line);
        cr_expect_str_eq(line, rows[i].line, "%s", rows[i].when);
        cr_expect_eq(fixture_count("r", "seen"), 8);
        cr_assert_eq(kv_faults_clear(faults, NULL, NULL), KV_OK);
    }
}

Test(when, by_chance_is_the_same_each_time_and_another_with_another_seed)
{
    static const char *const rows[] = {
        "{\"probability\":0.3,\"seed\":42}",
        "{\"probability\":0.3,\"seed\":42}",
        "{\"probability\":0.3,\"seed\":43}",
    };
    static char line[KV_COUNT(rows)][REQUESTS + 1];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        add_when(rows[i]);
        play(REQUESTS, line[i]);
        cr_expect_eq(fixture_count("r", "seen"), REQUESTS);
        cr_expect_gt(fixture_count("r", "hits"), REQUESTS * 28 / 100);
        cr_expect_lt(fixture_count("r", "hits"), REQUESTS * 32 / 100);
        cr_assert_eq(kv_faults_clear(faults, NULL, NULL), KV_OK);
    }
    cr_expect_str_eq(line[0], line[1]);
    cr_expect_str_neq(line[0], line[2]);
}

static void *ask_many(void *hits)
{
    const struct kv_fault_subject subject = fixture_subject();
    struct kv_fault_hit hit;

    for (unsigned i = 0; i < REQUESTS / THREADS; i++) {
        if (kv_faults_ask(faults, &subject, &hit)) {
            ++*(unsigned *) hits;
            kv_fault_hit_done(&hit);
        }
    }
    return NULL;
}

static unsigned ask_in_parallel(void)
{
    pthread_t thread[THREADS];
    unsigned hits[THREADS] = { 0 }, sum = 0;

    for (unsigned i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_create(&thread[i], NULL, ask_many, &hits[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        sum += hits[i];
    }
    return sum;
}

/* Who asks first does not matter. */
Test(when, counts_exactly_whoever_asks)
{
    static char line[REQUESTS + 1];
    unsigned alone = 0;

    add_when("{\"probability\":0.3,\"seed\":42}");
    play(REQUESTS, line);
    alone = (unsigned) fixture_count("r", "hits");
    cr_assert_eq(kv_faults_clear(faults, NULL, NULL), KV_OK);
    add_when("{\"probability\":0.3,\"seed\":42}");
    cr_expect_eq(ask_in_parallel(), alone);
    cr_assert_eq(kv_faults_clear(faults, NULL, NULL), KV_OK);
    add_when("{\"skip\":100,\"every\":3,\"times\":1000}");
    cr_expect_eq(ask_in_parallel(), 1000);
    cr_assert_eq(kv_faults_clear(faults, NULL, NULL), KV_OK);
    add_when("{\"quota\":{\"limit\":777,\"window\":10}}");
    cr_expect_eq(ask_in_parallel(), REQUESTS - 777);
}

Test(when, goes_by_the_virtual_clock)
{
    static const struct {
        const char *when;
        kv_millis at;
        bool acts;
    } rows[] = {
        { "{\"from\":1700000010}", NOW + 9999, false },
        { "{\"from\":1700000010}", NOW + 10000, true },
        { "{\"until\":\"2023-11-14T22:13:30Z\"}", NOW + 9999, true },
        { "{\"until\":\"2023-11-14T22:13:30Z\"}", NOW + 10000, false },
        { "{\"for\":\"PT10S\"}", NOW + 9999, true },
        { "{\"for\":10}", NOW + 10000, false },
        { "{\"from\":1700000010,\"for\":5}", NOW + 14999, true },
        { "{\"from\":1700000010,\"for\":5}", NOW + 15000, false },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_fault_subject subject = fixture_subject();

        subject.now = rows[i].at;
        add_when(rows[i].when);
        cr_expect_eq(fixture_ask(&subject), rows[i].acts, "%zu: %s", i, rows[i].when);
        cr_expect_eq(fixture_count("r", "seen"), rows[i].acts);
        cr_assert_eq(kv_faults_clear(faults, NULL, NULL), KV_OK);
    }
}

Test(when, has_a_new_quota_in_each_window)
{
    struct kv_fault_subject subject = fixture_subject();
    char line[9];

    add_when("{\"quota\":{\"limit\":2,\"window\":10}}");
    play(4, line);
    cr_expect_str_eq(line, "..xx");
    subject.now += 9999;
    cr_expect(fixture_ask(&subject));
    subject.now += 1;
    cr_expect_not(fixture_ask(&subject));
    cr_expect_not(fixture_ask(&subject));
    cr_expect(fixture_ask(&subject));
}

Test(when, draws_delays_that_are_the_same_each_time)
{
    static const struct {
        const char *delay;
        kv_millis least, most;
    } rows[] = {
        { "250", 250, 250 },
        { "{\"uniform\":{\"lower\":100,\"upper\":300}}", 100, 300 },
        { "{\"normal\":{\"mean\":1000,\"deviation\":10}}", 940, 1060 },
        { "{\"lognormal\":{\"median\":100,\"sigma\":0.1}}", 60, 170 },
        { "{\"lognormal\":{\"median\":1000,\"sigma\":1}}", 20, 50000 },
        { "{\"normal\":{\"mean\":1,\"deviation\":1000}}", 0, 6000 },
    };
    const struct kv_fault_subject subject = fixture_subject();
    kv_millis drawn[2][200];
    char json[256];

    for (size_t i = 0; i < 2 * KV_COUNT(rows); i++) {
        (void) snprintf(json, sizeof(json), "{\"when\":{\"seed\":7},\"effect\":{\"delay\":%s}}",
                        rows[i / 2].delay);
        fixture_add(json);
        for (size_t j = 0; j < KV_COUNT(drawn[0]); j++) {
            cr_assert(fixture_ask(&subject));
            cr_assert(rows[i / 2].least <= fixture_hit.delay
                          && fixture_hit.delay <= rows[i / 2].most,
                      "%s: %ld", json, (long) fixture_hit.delay);
            drawn[i % 2][j] = fixture_hit.delay;
        }
        cr_assert(i % 2 == 0 || memcmp(drawn[0], drawn[1], sizeof(drawn[0])) == 0, "%s", json);
        cr_assert_eq(kv_faults_clear(faults, NULL, NULL), KV_OK);
    }
}

Test(when, slows_down_along_a_ramp)
{
    static const kv_millis rows[][2] = {
        { 0, 0 }, { 15000, 500 }, { 30000, 1000 }, { 60000, 2000 }, { 90000, 2000 }
    };
    struct kv_fault_subject subject = fixture_subject();

    fixture_add("{\"effect\":{\"delay\":{\"ramp\":{\"to\":2000,\"over\":\"PT1M\"}}}}");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        subject.now = NOW + rows[i][0];
        cr_assert(fixture_ask(&subject));
        cr_expect_eq(fixture_hit.delay, rows[i][1], "after %ld", (long) rows[i][0]);
    }
}

/* By real time, for the sake of tests that crash: it is waited for, for as long as it takes. */
Test(when, ends_with_the_time_that_a_rule_has_to_live)
{
    const struct kv_fault_subject subject = fixture_subject();
    const struct timespec tick = { .tv_nsec = 10000000 };

    fixture_add("{\"id\":\"short\",\"ttl\":1,\"effect\":{\"delay\":1}}");
    fixture_add("{\"id\":\"long\",\"ttl\":\"PT1H\",\"effect\":{\"delay\":1}}");
    cr_expect_eq(fixture_count("long", "expires_in"), 3600);
    while (fixture_ask(&subject) && strcmp(fixture_hit.id, "short") == 0) {
        (void) nanosleep(&tick, NULL);
    }
    cr_expect_str_eq(fixture_hit.id, "long");
    cr_expect_eq(kv_faults_show(faults, "short", &(cJSON *){ NULL }, NULL), KV_NOT_FOUND);
    fixture_add("{\"id\":\"short\",\"effect\":{}}");
}
