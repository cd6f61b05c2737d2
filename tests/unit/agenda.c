/* SPDX-License-Identifier: Apache-2.0 */
/* The agenda: what falls due on the way runs in order of time, and one mover at a time has the turn. */
#include "agenda.h"

#include <pthread.h>

#include "asleep.h"

TestSuite(agenda, .init = setup, .fini = teardown, .timeout = 60);

Test(agenda, runs_what_is_due_in_order_of_time_and_the_clock_stands_there)
{
    struct row a = { .name = "a", .time = { 100, 400, 300, 600 }, .notes = 1 };
    struct row b = { .name = "b", .time = { 200, 50, 500 }, .notes = 1 };
    struct row c = { .name = "c", .time = { 250 }, .notes = 2 };

    add(&a);
    add(&b);
    add(&c);
    cr_assert_eq(go(500, LONG), KV_OK);
    expect("b50 a100 b200 c250 a300 a400 b500 ", 500);
    cr_assert_eq(travel.count, 8);
    cr_expect_eq(travel.event[3].at, START + 250);
    cr_expect_str_eq(travel.event[3].what, "c");
    cr_expect_str_eq(travel.event[3].scope_word, "vault");
    cr_expect_str_eq(travel.event[3].scope, "dev");
    cr_expect_str_eq(travel.event[3].subject, "c");
    cr_expect_str_eq(travel.event[3].failure, "");
    cr_expect_not(travel.unfinished);
    cr_assert_eq(go(1, LONG), KV_OK);
    expect("b50 a100 b200 c250 a300 a400 b500 ", 501);
}

Test(agenda, runs_rows_of_one_time_in_the_order_of_their_adding)
{
    struct row b = { .name = "b", .time = { 100 } };
    struct row a = { .name = "a", .time = { 100 } };

    add(&b);
    add(&a);
    cr_assert_eq(go(100, LONG), KV_OK);
    expect("b100 a100 ", 100);
}

Test(agenda, runs_first_and_now_what_is_overdue)
{
    struct row a = { .name = "a", .time = { 100 } };
    struct row b = { .name = "b", .time = { -500 } };

    add(&a);
    add(&b);
    cr_assert_eq(go(200, LONG), KV_OK);
    expect("b0 a100 ", 200);
}

/* What becomes due for a time that is past by then is due at once: no clock goes back on its way. */
Test(agenda, runs_what_becomes_due_on_the_way)
{
    struct row b = { .name = "b", .time = { 300 } };
    struct row c = { .name = "c" };
    struct row a = { .name = "a", .time = { 200 }, .other = &c, .adds_to_other = 100 };

    add(&a);
    add(&b);
    add(&c);
    cr_assert_eq(go(500, LONG), KV_OK);
    expect("a200 c200 b300 ", 500);
}

Test(agenda, loses_no_time_of_a_clock_that_runs)
{
    struct row a = { .name = "a", .time = { LONG } };

    kv_clock_freeze(clock_, false);
    kv_millis before = kv_clock_now(clock_) - kv_clock_real();
    add(&a);
    cr_assert_eq(go(2 * LONG, LONG), KV_OK);
    kv_millis moved = kv_clock_now(clock_) - kv_clock_real() - before;
    cr_expect(moved > 2 * LONG - 50 && moved < 2 * LONG + 50, "%lld", (long long) moved);
    cr_expect_eq(atomic_load(&a.runs), 1);
}

Test(agenda, knows_what_is_next_after_now)
{
    struct row a = { .name = "a", .time = { 100, 300, -100 } };
    struct row b = { .name = "b", .time = { 200 } };
    struct kv_due due;

    cr_assert_eq(kv_agenda_next(agenda, &due, &err), KV_OK);
    cr_expect_eq(due.at, INT64_MAX);
    add(&a);
    add(&b);
    cr_assert_eq(kv_agenda_next(agenda, &due, &err), KV_OK);
    cr_expect_eq(due.at, START + 100);
    cr_expect_str_eq(due.what, "a");
    cr_assert_eq(go(100, LONG), KV_OK);
    cr_assert_eq(kv_agenda_next(agenda, &due, &err), KV_OK);
    cr_expect_eq(due.at, START + 200);
    cr_expect_str_eq(due.what, "b");
}

Test(agenda, is_idle_until_the_first_thing_is_due)
{
    struct row a = { .name = "a", .time = { 100 } };

    add(&a);
    cr_expect(kv_agenda_is_idle(agenda, 99));
    cr_expect_not(kv_agenda_is_idle(agenda, 100));
    cr_expect(kv_agenda_is_idle(agenda, -100));
    cr_expect(kv_agenda_is_idle(agenda, INT64_MAX), "that is refused");
}

static void *move_too(void *context)
{
    asleep_soon(context);
    cr_assert_eq(go(1000, LONG), KV_OK);
    return NULL;
}

Test(agenda, has_movers_take_turns)
{
    struct row a = { .name = "a", .time = { 100, 1200 } };
    pthread_t thread;
    atomic_int id = 0;

    add(&a);
    kv_agenda_acquire(agenda);
    cr_assert_eq(pthread_create(&thread, NULL, move_too, &id), 0);
    await_sleep(&id);
    cr_expect_not(kv_agenda_try_acquire(agenda));
    cr_assert_eq(kv_agenda_travel(agenda, 500, LONG, &travel, &err), KV_OK);
    expect("a100 ", 500);
    kv_agenda_release(agenda);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    expect("a100 a1200 ", 1500);
    cr_expect(kv_agenda_try_acquire(agenda));
    kv_agenda_release(agenda);
}

Test(agenda, catches_up_with_what_is_due_at_one_pace)
{
    struct row a = { .name = "a", .time = { -100, 100 }, .fails = true };
    struct row b = { .name = "b", .time = { -100, 70 } };
    struct row c = { .name = "c", .time = { 50 } };
    struct row d = { .name = "d", .time = { -200 } };
    kv_millis due;

    add(&a);
    add(&b);
    add(&c);
    add_at_pace(&d, KV_PACE_SLOW);
    kv_agenda_acquire(agenda);
    cr_expect_eq(kv_agenda_catch_up(agenda, KV_PACE_QUICK, &err), KV_UNAVAILABLE);
    kv_agenda_release(agenda);
    cr_expect_str_eq(err.message, "a is away");
    expect("a0 b0 ", 0);

    a.time[0] = 0;
    cr_assert_eq(kv_agenda_look(agenda, KV_PACE_QUICK, &due, &err), KV_OK);
    cr_expect_eq(due, START + 50);
    cr_assert_eq(kv_agenda_look(agenda, KV_PACE_SLOW, &due, &err), KV_OK);
    cr_expect_eq(due, START);
}
