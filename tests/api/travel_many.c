/* SPDX-License-Identifier: Apache-2.0 */
/* Moving the clock over much that falls due: what is listed is bounded, others are not held up. */
#include "travel.h"

#include <pthread.h>

TestSuite(travel_many, .init = start, .fini = stop, .timeout = 240);

Test(travel_many, lists_a_purge_of_ten_thousand_keys_in_part_and_counts_the_rest)
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

Test(travel_many, holds_up_no_request_and_a_second_mover_waits_for_its_turn)
{
    struct reply far = { 0 };
    struct reply on = { 0 };
    pthread_t first;
    pthread_t second;

    make_many_rotating(6);
    cr_assert_eq(pthread_create(&first, NULL, travel_far, &far), 0);
    await_rotations(1);
    cr_assert_eq(pthread_create(&second, NULL, travel_on, &on), 0);

    API_REPLY(clock, ask_clock("GET", NULL));
    cr_expect_eq((long) reply_number(&clock, "epoch"), START + 8 * DAY, "%s", clock.body);
    call("dev", "POST", "/keys/r/sign",
         "{\"alg\":\"RS256\",\"value\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}");
    API_REPLY(later, ask_clock("GET", NULL));
    cr_expect_eq((long) reply_number(&later, "epoch"), START + 8 * DAY, "all this is on the way");
    cr_assert_eq(pthread_join(first, NULL), 0);
    cr_assert_eq(pthread_join(second, NULL), 0);
    expect_end(&far, 9 * DAY, 7);
    expect_end(&on, 10 * DAY, 0);
    reply_done(&far);
    reply_done(&on);
}

Test(travel_many, ends_at_shutdown_with_an_answer)
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
