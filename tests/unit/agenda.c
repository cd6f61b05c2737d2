/* SPDX-License-Identifier: Apache-2.0 */
/* The agenda: moves it refuses or cuts short, then what falls due on the way, in order of time. The
 * rows here have a list of times, and write down what the clock showed when they ran. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "asleep.h"
#include "kv/base/agenda.h"

#define START INT64_C(1700000000000)
#define LONG INT64_C(60000)
#define TIMES_MAX 8
#define FOREVER 1000 /* a row's times, when it has no list: each this much later */

struct row {
    const char *name;
    kv_millis time[TIMES_MAX]; /* after START; 0: done */
    bool is_endless, is_stubborn, asks_in_vain, fails, stops;
    size_t notes; /* of each run */
    kv_millis adds_to_other;
    struct row *other;
    atomic_int runs;
};

static struct kv_clock *clock_;
static struct kv_agenda *agenda;
static struct kv_travel_log travel;
static struct kv_err err;
static char diary[512]; /* "a100 b200 ": what ran, and when */

static void setup(void)
{
    cr_assert_eq(kv_clock_new(&clock_, &err), KV_OK);
    kv_clock_freeze(clock_, true);
    cr_assert_eq(kv_clock_shift(clock_, START - kv_clock_now(clock_), &err), KV_OK);
    cr_assert_eq(kv_agenda_new(clock_, &agenda, &err), KV_OK);
    kv_travel_log_init(&travel);
}

static void teardown(void)
{
    kv_travel_log_done(&travel);
    kv_agenda_free(agenda);
    kv_clock_free(clock_);
}

TestSuite(agenda, .init = setup, .fini = teardown, .timeout = 60);

static enum kv_code next(void *context, const struct kv_trip *trip, kv_millis after,
                         kv_millis *ret_due, struct kv_err *ret_err)
{
    const struct row *row = context;
    kv_millis first = INT64_MAX;

    if (row->asks_in_vain) {
        return KV_FAIL(ret_err, KV_UNAVAILABLE, 0, "nobody knows");
    }
    for (size_t i = 0; i < TIMES_MAX && !row->is_endless; i++) {
        kv_millis due = row->time[i] == 0 ? INT64_MAX : START + row->time[i];
        due = due < trip->from ? trip->from : due;
        first = due > after && due < first ? due : first;
    }
    *ret_due = row->is_stubborn ? trip->from : row->is_endless ? after + FOREVER : first;
    return KV_OK;
}

static void add_time(struct row *row, kv_millis time)
{
    size_t i = 0;

    while (row->time[i] != 0) {
        i++;
    }
    row->time[i] = time;
}

static enum kv_code run(void *context, const struct kv_trip *trip, kv_millis at,
                        struct kv_agenda_report *report, struct kv_err *ret_err)
{
    struct row *row = context;
    size_t len = strlen(diary);

    (void) trip;
    cr_assert_eq(kv_clock_now(clock_), at);
    atomic_fetch_add(&row->runs, 1);
    (void) snprintf(diary + len, sizeof(diary) - len, "%s%lld ", row->name,
                    (long long) (at - START));
    if (row->stops) {
        kv_agenda_stop(agenda);
    }
    if (row->fails) {
        return KV_FAIL(ret_err, KV_UNAVAILABLE, 0, "%s is away", row->name);
    }
    for (size_t i = 0; i < TIMES_MAX; i++) {
        row->time[i] = START + row->time[i] <= at ? 0 : row->time[i];
    }
    if (row->other != NULL) {
        add_time(row->other, row->adds_to_other);
    }
    for (size_t i = 0; i < row->notes; i++) {
        kv_agenda_note(report, "dev", row->name, NULL);
    }
    return KV_OK;
}

static void add_at_pace(struct row *row, enum kv_pace pace)
{
    kv_agenda_add(agenda, &(struct kv_agenda_row){
                              .name = row->name,
                              .pace = pace,
                              .scope_word = "vault",
                              .subject_word = "key",
                              .context = row,
                              .next = next,
                              .run = run,
                          });
}

static void add(struct row *row)
{
    add_at_pace(row, KV_PACE_QUICK);
}

static enum kv_code go(kv_millis span, kv_millis patience)
{
    kv_auto(kv_agenda_release) struct kv_agenda *turn = agenda;

    kv_agenda_acquire(agenda);
    return kv_agenda_travel(turn, span, patience, &travel, &err);
}

static void expect(const char *ran, kv_millis now)
{
    cr_expect_str_eq(diary, ran);
    cr_expect_eq(kv_clock_now(clock_), START + now, "%lld",
                 (long long) (kv_clock_now(clock_) - START));
}

Test(agenda, refuses_a_move_that_leaves_the_years_and_runs_nothing)
{
    struct row a = { .name = "a", .time = { 100 } };

    add(&a);
    cr_assert_eq(go(INT64_MAX, LONG), KV_BAD_PARAMETER);
    cr_assert_eq(go(KV_TIME_MAX * 1000, LONG), KV_BAD_PARAMETER);
    expect("", 0);
}

Test(agenda, runs_nothing_when_the_clock_is_set_back)
{
    struct row a = { .name = "a", .time = { -100, -300 } };

    add(&a);
    cr_assert_eq(go(-200, LONG), KV_OK);
    cr_assert_eq(go(0, LONG), KV_OK);
    expect("", -200);
    cr_expect_not(travel.unfinished);
}

Test(agenda, lets_a_row_that_failed_sit_out_and_says_why)
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

Test(agenda, lets_a_row_that_cannot_say_when_sit_out_and_says_why)
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

Test(agenda, gets_on_whatever_a_row_says)
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

Test(agenda, is_where_it_was_to_go_although_time_ran_out)
{
    struct row a = { .name = "a", .time = { 100, 300 } };

    cr_assert_eq(go(50, 0), KV_OK);
    cr_expect_not(travel.unfinished, "there was nothing to do");
    add(&a);
    cr_assert_eq(go(450, 0), KV_OK);
    expect("", 500);
    cr_expect(travel.unfinished);
}

Test(agenda, runs_so_many_rows_on_one_way_and_no_more)
{
    struct row a = { .name = "a", .is_endless = true };

    add(&a);
    cr_assert_eq(go(2 * FOREVER * (kv_millis) KV_AGENDA_STEPS_MAX, LONG), KV_OK);
    cr_expect_eq(atomic_load(&a.runs), KV_AGENDA_STEPS_MAX);
    cr_expect_eq(kv_clock_now(clock_), START + 2 * FOREVER * (kv_millis) KV_AGENDA_STEPS_MAX);
    cr_expect(travel.unfinished);
}

Test(agenda, ends_a_travel_when_it_is_stopped)
{
    struct row a = { .name = "a", .time = { 100, 300 }, .stops = true };

    add(&a);
    cr_assert_eq(go(500, LONG), KV_OK);
    expect("a100 ", 500);
    cr_expect(travel.unfinished);
    cr_assert_eq(go(500, LONG), KV_OK);
    expect("a100 ", 1000);
}

Test(agenda, lists_so_many_events_and_counts_the_rest)
{
    struct row a = { .name = "a", .time = { 100 }, .notes = KV_AGENDA_EVENTS_MAX + 7 };

    add(&a);
    cr_assert_eq(go(500, LONG), KV_OK);
    cr_expect_eq(travel.count, KV_AGENDA_EVENTS_MAX);
    cr_expect_eq(travel.left_off, 7);
}

Test(agenda, cuts_texts_that_are_too_long)
{
    char name[300];
    struct row a = { .name = name, .time = { 100 }, .notes = 1 };

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    add(&a);
    cr_assert_eq(go(500, LONG), KV_OK);
    cr_expect_eq(strlen(travel.event[0].subject), sizeof(travel.event[0].subject) - 1);
}

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
