/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row is asked again before each step, because running rows changes what is due. It is asked for
 * times later than those at which it ran, so that a travel makes progress whatever its rows do.
 */
#include "kv/base/agenda.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct kv_agenda {
    struct kv_clock *clock;
    struct kv_agenda_row row[KV_AGENDA_ROWS_MAX];
    size_t rows;
    atomic_bool stop;
    pthread_mutex_t turn; /* lock.def: agenda.turn */
};

struct kv_agenda_report {
    const struct kv_agenda_row *row;
    kv_millis at;
    struct kv_travel_log *log; /* NULL: nobody wants to know */
    bool has_failed;           /* which was noted */
};

/* How far one row has got. */
struct progress {
    kv_millis after; /* everything due by then has run */
    bool sits_out;
};

struct travel {
    struct kv_agenda *agenda;
    struct kv_trip trip;
    kv_millis at; /* what the clock shows */
    struct kv_travel_log *log;
    struct progress progress[KV_AGENDA_ROWS_MAX];
};

void kv_travel_log_init(struct kv_travel_log *log)
{
    *log = (struct kv_travel_log){ .event = NULL };
}

void kv_travel_log_done(struct kv_travel_log *log)
{
    free(log->event);
    kv_travel_log_init(log);
}

enum kv_code kv_agenda_new(struct kv_clock *clock, struct kv_agenda **ret_agenda,
                           struct kv_err *err)
{
    struct kv_agenda *agenda = calloc(1, sizeof(*agenda));

    if (agenda == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    agenda->clock = clock;
    atomic_init(&agenda->stop, false);
    (void) pthread_mutex_init(&agenda->turn, NULL); /* cannot fail on Linux */
    *ret_agenda = agenda;
    return KV_OK;
}

void kv_agenda_free(struct kv_agenda *agenda)
{
    if (agenda == NULL) {
        return;
    }
    (void) pthread_mutex_destroy(&agenda->turn);
    free(agenda);
}

void kv_agenda_add(struct kv_agenda *agenda, const struct kv_agenda_row *row)
{
    assert(agenda->rows < KV_AGENDA_ROWS_MAX);
    agenda->row[agenda->rows++] = *row;
}

void kv_agenda_stop(struct kv_agenda *agenda)
{
    if (agenda != NULL) {
        atomic_store(&agenda->stop, true);
    }
}

void kv_agenda_acquire(struct kv_agenda *agenda)
{
    pthread_mutex_lock(&agenda->turn);
}

bool kv_agenda_try_acquire(struct kv_agenda *agenda)
{
    return pthread_mutex_trylock(&agenda->turn) == 0;
}

void kv_agenda_release(struct kv_agenda *agenda)
{
    if (agenda != NULL) {
        pthread_mutex_unlock(&agenda->turn);
    }
}

bool kv_trip_is_over(const struct kv_trip *trip)
{
    return atomic_load(&trip->agenda->stop) || kv_clock_monotonic() >= trip->deadline;
}

static struct kv_event *add_event(struct kv_travel_log *log)
{
    if (log->event == NULL) {
        log->event = calloc(KV_AGENDA_EVENTS_MAX, sizeof(*log->event));
    }
    if (log->event == NULL || log->count == KV_AGENDA_EVENTS_MAX) {
        log->left_off++;
        return NULL;
    }
    return &log->event[log->count++];
}

void kv_agenda_note(struct kv_agenda_report *report, const char *scope, const char *subject,
                    const char *failure)
{
    struct kv_event *event = report->log == NULL ? NULL : add_event(report->log);

    report->has_failed = report->has_failed || failure != NULL;
    if (event == NULL) {
        return;
    }
    event->at = report->at;
    event->what = report->row->name;
    event->scope_word = report->row->scope_word;
    event->subject_word = report->row->subject_word;
    (void) snprintf(event->scope, sizeof(event->scope), "%s", scope == NULL ? "" : scope);
    (void) snprintf(event->subject, sizeof(event->subject), "%s", subject == NULL ? "" : subject);
    (void) snprintf(event->failure, sizeof(event->failure), "%s", failure == NULL ? "" : failure);
}

static enum kv_code ask(const struct kv_agenda_row *row, const struct kv_trip *trip,
                        kv_millis after, kv_millis *ret_due, struct kv_err *err)
{
    return row->next(row->context, trip, after, ret_due, err);
}

static struct kv_trip make_trip(const struct kv_agenda *agenda, kv_millis until, bool is_travel)
{
    kv_millis now = kv_clock_now(agenda->clock);

    return (struct kv_trip){
        .agenda = agenda,
        .from = now,
        .until = until < now ? now : until,
        .is_travel = is_travel,
        .started = kv_clock_monotonic(),
        .deadline = INT64_MAX,
    };
}

enum kv_code kv_agenda_next(struct kv_agenda *agenda, struct kv_due *ret_due, struct kv_err *err)
{
    const struct kv_trip trip = make_trip(agenda, INT64_MIN, true);
    struct kv_due first = { .at = INT64_MAX };

    for (size_t i = 0; i < agenda->rows; i++) {
        kv_millis due;

        KV_TRY(ask(&agenda->row[i], &trip, trip.from, &due, err));
        if (due < first.at && due <= KV_CLOCK_END) { /* the clock gets no further */
            first = (struct kv_due){ .at = due, .what = agenda->row[i].name };
        }
    }
    *ret_due = first;
    return KV_OK;
}

bool kv_agenda_is_idle(struct kv_agenda *agenda, kv_millis span)
{
    kv_millis until;

    if (__builtin_add_overflow(kv_clock_now(agenda->clock), span, &until)) {
        return true; /* such a move is refused */
    }

    const struct kv_trip trip = make_trip(agenda, until, true);

    for (size_t i = 0; i < agenda->rows && until > trip.from; i++) {
        kv_millis due;

        if (ask(&agenda->row[i], &trip, trip.from - 1, &due, NULL) != KV_OK || due <= until) {
            return false;
        }
    }
    return true;
}

static struct kv_agenda_report make_report(const struct travel *travel, size_t row)
{
    return (struct kv_agenda_report){
        .row = &travel->agenda->row[row],
        .at = travel->at,
        .log = travel->log,
    };
}

/* A row may have told itself, and better, what failed. */
static void sit_out(struct travel *travel, size_t row, struct kv_agenda_report *report,
                    const struct kv_err *err)
{
    travel->progress[row].sits_out = true;
    if (!report->has_failed) {
        kv_agenda_note(report, NULL, NULL, err->message);
    }
}

/* The row that is due first, and when; false: none. */
static bool find_step(struct travel *travel, size_t *ret_row, kv_millis *ret_due)
{
    *ret_due = INT64_MAX;
    for (size_t i = 0; i < travel->agenda->rows; i++) {
        const struct progress *progress = &travel->progress[i];
        struct kv_agenda_report report = make_report(travel, i);
        kv_millis due;
        struct kv_err err;

        if (progress->sits_out) {
            continue;
        }
        if (ask(&travel->agenda->row[i], &travel->trip, progress->after, &due, &err) != KV_OK) {
            sit_out(travel, i, &report, &err);
        } else if (due < *ret_due) {
            *ret_due = due;
            *ret_row = i;
        }
    }
    return *ret_due <= travel->trip.until;
}

/* The clock never goes back on the way: anything that falls due for a past time is due now. */
static void take_step(struct travel *travel, size_t place, kv_millis due)
{
    const struct kv_agenda_row *row = &travel->agenda->row[place];
    struct kv_err err;

    if (due > travel->at) {
        travel->at = due;
        kv_clock_hold(travel->agenda->clock, travel->at);
    }
    travel->progress[place].after = travel->at;

    struct kv_agenda_report report = make_report(travel, place);

    if (row->run(row->context, &travel->trip, travel->at, &report, &err) != KV_OK) {
        sit_out(travel, place, &report, &err);
    }
    travel->log->unfinished = kv_trip_is_over(&travel->trip); /* it may have been cut short */
}

static void go(struct travel *travel)
{
    size_t row = 0;
    kv_millis due;

    for (size_t i = 0; i < travel->agenda->rows; i++) {
        travel->progress[i].after = travel->trip.from - 1;
    }
    for (size_t steps = 0; find_step(travel, &row, &due); steps++) {
        if (steps == KV_AGENDA_STEPS_MAX || kv_trip_is_over(&travel->trip)) {
            travel->log->unfinished = true;
            return;
        }
        take_step(travel, row, due);
    }
}

enum kv_code kv_agenda_travel(struct kv_agenda *agenda, kv_millis span, kv_millis patience,
                              struct kv_travel_log *log, struct kv_err *err)
{
    struct travel travel = { .agenda = agenda, .log = log };

    KV_TRY(kv_clock_check_shift(agenda->clock, span, err));
    travel.at = kv_clock_now(agenda->clock);
    if (span > 0) {
        travel.trip = make_trip(agenda, travel.at + span, true);
        travel.trip.from = travel.at; /* a clock that runs has gone on by now */
        travel.trip.deadline = travel.trip.started + (patience > 0 ? patience : 0);
        kv_clock_hold(agenda->clock, travel.at);
        go(&travel);
    }

    enum kv_code code = kv_clock_shift(agenda->clock, span, err);

    if (code != KV_OK) { /* it ran into the end of time meanwhile */
        kv_clock_let_go(agenda->clock);
    }
    return code;
}

enum kv_code kv_agenda_look(struct kv_agenda *agenda, enum kv_pace pace, kv_millis *ret_due,
                            struct kv_err *err)
{
    const struct kv_trip trip = make_trip(agenda, INT64_MIN, false);
    kv_millis first = INT64_MAX;

    for (size_t i = 0; i < agenda->rows; i++) {
        kv_millis due = INT64_MAX;

        if (agenda->row[i].pace == pace) {
            KV_TRY(ask(&agenda->row[i], &trip, trip.from - 1, &due, err));
        }
        first = due < first ? due : first;
    }
    *ret_due = first;
    return KV_OK;
}

static enum kv_code catch_up(const struct kv_agenda_row *row, const struct kv_trip *trip,
                             struct kv_err *err)
{
    struct kv_agenda_report unread = { .row = row, .at = trip->from };
    kv_millis due;

    KV_TRY(ask(row, trip, trip->from - 1, &due, err));
    return due <= trip->from ? row->run(row->context, trip, trip->from, &unread, err) : KV_OK;
}

enum kv_code kv_agenda_catch_up(struct kv_agenda *agenda, enum kv_pace pace, struct kv_err *err)
{
    const struct kv_trip trip = make_trip(agenda, INT64_MIN, false);
    enum kv_code first = KV_OK;

    for (size_t i = 0; i < agenda->rows; i++) {
        struct kv_err *where = first == KV_OK ? err : NULL;
        enum kv_code code =
            agenda->row[i].pace == pace ? catch_up(&agenda->row[i], &trip, where) : KV_OK;

        first = first == KV_OK ? code : first;
    }
    return first;
}
