/* SPDX-License-Identifier: Apache-2.0 */
/* The agenda: moves it refuses or cuts short, rows that fail, and what it lists. */
#include "agenda.h"

TestSuite(agenda_bounds, .init = setup, .fini = teardown, .timeout = 60);

Test(agenda_bounds, refuses_a_move_that_leaves_the_years_and_runs_nothing)
{
    struct row a = { .name = "a", .time = { 100 } };

    add(&a);
    cr_assert_eq(go(INT64_MAX, LONG), KV_BAD_PARAMETER);
    cr_assert_eq(go(KV_TIME_MAX * 1000, LONG), KV_BAD_PARAMETER);
    expect("", 0);
}

/* Beyond the calendar nothing falls due: the clock cannot get there. */
Test(agenda_bounds, has_nothing_next_that_lies_beyond_the_years)
{
    struct row a = { .name = "a", .time = { KV_TIME_MAX * 1000 + 1000 - START } };
    struct row b = { .name = "b", .time = { KV_TIME_MAX * 1000 + 999 - START } };
    struct kv_due due = { .at = 0 };

    add(&a);
    cr_assert_eq(kv_agenda_next(agenda, &due, &err), KV_OK);
    cr_expect_eq(due.at, INT64_MAX);
    add(&b);
    cr_assert_eq(kv_agenda_next(agenda, &due, &err), KV_OK);
    cr_expect_eq(due.at, KV_TIME_MAX * 1000 + 999);
    cr_expect_str_eq(due.what, "b");
}

Test(agenda_bounds, runs_nothing_when_the_clock_is_set_back)
{
    struct row a = { .name = "a", .time = { -100, -300 } };

    add(&a);
    cr_assert_eq(go(-200, LONG), KV_OK);
    cr_assert_eq(go(0, LONG), KV_OK);
    expect("", -200);
    cr_expect_not(travel.unfinished);
}

Test(agenda_bounds, lets_a_row_that_failed_sit_out_and_says_why)
{
    struct row a = { .name = "a", .time = { 100, 300 }, .fails = true };
    struct row b = { .name = "b", .time = { 200, 400 } };

    add(&a);
    add(&b);
    cr_assert_eq(go(500, LONG), KV_OK);
    expect("a100 b200 b400 ", 500);
    cr_assert_eq(travel.count, 1);
    cr_expect_str_eq(travel.event[0].what, "a");
    cr_expect_eq(travel.event[0].at, START + 100);
    cr_expect_str_eq(travel.event[0].failure, "a is away");
    cr_expect_not(travel.unfinished);
}

Test(agenda_bounds, lets_a_row_that_cannot_say_when_sit_out_and_says_why)
{
    struct row a = { .name = "a", .asks_in_vain = true };
    struct row b = { .name = "b", .time = { 200 } };

    add(&a);
    add(&b);
    cr_expect_not(kv_agenda_is_idle(agenda, 1), "nobody knows that");
    cr_assert_eq(go(500, LONG), KV_OK);
    expect("b200 ", 500);
    cr_assert_eq(travel.count, 1);
    cr_expect_str_eq(travel.event[0].failure, "nobody knows");
    cr_expect_eq(kv_agenda_next(agenda, &(struct kv_due){ 0 }, &err), KV_UNAVAILABLE);
}

Test(agenda_bounds, gets_on_whatever_a_row_says)
{
    struct row a = { .name = "a", .is_stubborn = true };
    struct row b = { .name = "b", .time = { 200 } };

    add(&b);
    add(&a);
    cr_assert_eq(go(500, 200), KV_OK);
    cr_expect_eq(kv_clock_now(clock_), START + 500);
    cr_expect_leq(atomic_load(&a.runs), KV_AGENDA_STEPS_MAX);
    cr_expect(travel.unfinished);
}

Test(agenda_bounds, is_where_it_was_to_go_although_time_ran_out)
{
    struct row a = { .name = "a", .time = { 100, 300 } };

    cr_assert_eq(go(50, 0), KV_OK);
    cr_expect_not(travel.unfinished, "there was nothing to do");
    add(&a);
    cr_assert_eq(go(450, 0), KV_OK);
    expect("", 500);
    cr_expect(travel.unfinished);
}

Test(agenda_bounds, runs_so_many_rows_on_one_way_and_no_more)
{
    struct row a = { .name = "a", .is_endless = true };

    add(&a);
    cr_assert_eq(go(2 * FOREVER * (kv_millis) KV_AGENDA_STEPS_MAX, LONG), KV_OK);
    cr_expect_eq(atomic_load(&a.runs), KV_AGENDA_STEPS_MAX);
    cr_expect_eq(kv_clock_now(clock_), START + 2 * FOREVER * (kv_millis) KV_AGENDA_STEPS_MAX);
    cr_expect(travel.unfinished);
}

Test(agenda_bounds, ends_a_travel_when_it_is_stopped)
{
    struct row a = { .name = "a", .time = { 100, 300 }, .stops = true };

    add(&a);
    cr_assert_eq(go(500, LONG), KV_OK);
    expect("a100 ", 500);
    cr_expect(travel.unfinished);
    cr_assert_eq(go(500, LONG), KV_OK);
    expect("a100 ", 1000);
}

Test(agenda_bounds, lists_so_many_events_and_counts_the_rest)
{
    struct row a = { .name = "a", .time = { 100 }, .notes = KV_AGENDA_EVENTS_MAX + 7 };

    add(&a);
    cr_assert_eq(go(500, LONG), KV_OK);
    cr_expect_eq(travel.count, KV_AGENDA_EVENTS_MAX);
    cr_expect_eq(travel.left_off, 7);
}

Test(agenda_bounds, cuts_texts_that_are_too_long)
{
    char name[300];
    struct row a = { .name = name, .time = { 100 }, .notes = 1 };

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    add(&a);
    cr_assert_eq(go(500, LONG), KV_OK);
    cr_expect_eq(strlen(travel.event[0].subject), sizeof(travel.event[0].subject) - 1);
}
