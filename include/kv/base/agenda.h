/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/agenda.h - what falls due by the virtual clock, and the moving of that clock.
 *
 * Each thing that can fall due is a row, which says when it is due and does it. Moving the clock
 * forwards is a travel: the clock stops at each time at which something is due on the way, the rows
 * run in order of these times, and only then does it reach its destination. What falls due while
 * nobody moves the clock is done by the housekeeper, from the same rows.
 *
 * Rows are added before the first thread uses the agenda; everything else may be called from any
 * thread. One thread at a time has the turn (lock.def: agenda.turn), which is held while rows run.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_AGENDA_ROWS_MAX 16
#define KV_AGENDA_EVENTS_MAX 256  /* that a travel lists; the rest is only counted */
#define KV_AGENDA_STEPS_MAX 10000 /* rows that one travel runs */

struct kv_agenda; /* opaque */

/* A thing that was done, or failed. */
struct kv_event {
    kv_millis at;           /* what the clock showed */
    const char *what;       /* borrowed from the row */
    const char *scope_word; /* the row's names for the two, borrowed; NULL with "" */
    const char *subject_word;
    char scope[64];    /* "" for none */
    char subject[128]; /* "" for none */
    char failure[256]; /* why it did not happen; "" when it did */
};

/* What a travel did. init/done. */
struct kv_travel_log {
    struct kv_event *event; /* heap, in the order in which they ran */
    size_t count;
    size_t left_off; /* further ones */
    bool unfinished; /* bounds or a stop ended it early: the rest is done later */
};
void kv_travel_log_init(struct kv_travel_log *log);
void kv_travel_log_done(struct kv_travel_log *log);
KV_DEFINE_CLEANUP_VALUE(struct kv_travel_log, kv_travel_log_done)

/* The stretch of time that a row is asked about, and in which it runs. */
struct kv_trip {
    kv_millis from;    /* anything overdue counts as due then */
    kv_millis until;   /* same as `from` when only catching up */
    bool is_travel;    /* somebody is moving the clock and waiting for it */
    kv_millis started; /* monotonic */

    kv_millis deadline; /* monotonic; these two are the agenda's own */
    const struct kv_agenda *agenda;
};

/* Whether a row that still has something to do should leave it for later. */
bool kv_trip_is_over(const struct kv_trip *trip);

/* Where a running row reports what it did. */
struct kv_agenda_report;

/* Notes what ran, for `scope` and `subject`, either of which may be NULL. `failure` NULL: it
 * succeeded. All are copied, and cut to fit. */
void kv_agenda_note(struct kv_agenda_report *report, const char *scope, const char *subject,
                    const char *failure);

/*
 * When the row has something to do next: the first time later than `after`, and not before
 * trip->from; INT64_MAX: nothing known. It may be later than trip->until.
 */
typedef enum kv_code kv_agenda_next_fn(void *context, const struct kv_trip *trip, kv_millis after,
                                       kv_millis *ret_due, struct kv_err *err);

/*
 * Does everything that is due by `at`, which is what the clock shows; when only catching up, the
 * row may leave the rest for the next time. A row that fails is skipped for the rest of the trip.
 */
typedef enum kv_code kv_agenda_run_fn(void *context, const struct kv_trip *trip, kv_millis at,
                                      struct kv_agenda_report *report, struct kv_err *err);

/* Slow rows, such as those that generate keys, take seconds. */
enum kv_pace { KV_PACE_QUICK, KV_PACE_SLOW };

struct kv_agenda_row {
    const char *name; /* what happens: "purge" */
    enum kv_pace pace;
    const char *scope_word; /* the names of the two texts in its events; NULL: they have none */
    const char *subject_word;
    void *context; /* of the two functions; borrowed */
    kv_agenda_next_fn *next;
    kv_agenda_run_fn *run;
};

/* The clock is borrowed. Free with kv_agenda_free(); NULL is fine there. */
enum kv_code kv_agenda_new(struct kv_clock *clock, struct kv_agenda **ret_agenda,
                           struct kv_err *err) kv_must_check;
void kv_agenda_free(struct kv_agenda *agenda);
KV_DEFINE_CLEANUP(struct kv_agenda *, kv_agenda_free)

/* Copies the row, its texts borrowed. Rows that are due at the same time run in the order in which
 * they were added. More than KV_AGENDA_ROWS_MAX is a bug. */
void kv_agenda_add(struct kv_agenda *agenda, const struct kv_agenda_row *row);

/* Ends the travel under way after its current row, and every later one at once. */
void kv_agenda_stop(struct kv_agenda *agenda);

/* The turn: the thread that has it may move the clock; others wait, or are told that it is
 * taken. */
void kv_agenda_acquire(struct kv_agenda *agenda);
bool kv_agenda_try_acquire(struct kv_agenda *agenda);
void kv_agenda_release(struct kv_agenda *agenda); /* NULL is fine */
KV_DEFINE_CLEANUP(struct kv_agenda *, kv_agenda_release)

/* The first time later than now at which something is due; INT64_MAX: nothing is, or
 * nothing before the end of the calendar, which the clock cannot leave. */
struct kv_due {
    kv_millis at;
    const char *what; /* the name of the row */
};
enum kv_code kv_agenda_next(struct kv_agenda *agenda, struct kv_due *ret_due,
                            struct kv_err *err) kv_must_check;

/* Whether a travel over that span would run anything. A row that cannot tell counts as one that
 * would. */
bool kv_agenda_is_idle(struct kv_agenda *agenda, kv_millis span);

/*
 * Moves the clock by `span`, as kv_clock_shift() does, and refuses what that refuses. Forwards, it
 * first runs what is due on the way, at most KV_AGENDA_STEPS_MAX rows, starting none after
 * `patience` real milliseconds; then the clock goes to its destination in any case. Call it with
 * the turn.
 */
enum kv_code kv_agenda_travel(struct kv_agenda *agenda, kv_millis span, kv_millis patience,
                              struct kv_travel_log *log, struct kv_err *err) kv_must_check;

/* When rows of that pace are next due; never earlier than now. */
enum kv_code kv_agenda_look(struct kv_agenda *agenda, enum kv_pace pace, kv_millis *ret_due,
                            struct kv_err *err) kv_must_check;

/* Runs the rows of that pace that are due now, each once; the first failure is returned, and does
 * not hold up the other rows. Call it with the turn. */
enum kv_code kv_agenda_catch_up(struct kv_agenda *agenda, enum kv_pace pace,
                                struct kv_err *err) kv_must_check;
