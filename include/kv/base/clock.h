/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/clock.h - the only source of time.
 *
 * The wall clock is virtual: real by default; a test may freeze or shift it, or have it run faster, and
 * then every date, deadline and lifetime the API shows moves with it. A request reads the clock once, on
 * arrival; everything it decides uses that one reading. Monotonic time is always real: it bounds
 * queues and timeouts.
 * Thread-safe: all functions may be called from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "kv/base/err.h"

struct kv_clock; /* opaque */

typedef int64_t kv_time;   /* seconds since 1970, UTC */
typedef int64_t kv_millis; /* milliseconds since 1970, UTC; or a span of milliseconds */

/* 9999-12-31T23:59:59Z, the last second that the service and its clients can name. */
#define KV_TIME_MAX INT64_C(253402300799)
#define KV_CLOCK_END (KV_TIME_MAX * 1000 + 999) /* its last millisecond, in kv_millis */

/* Creates a clock that follows the system. Free with kv_clock_free(); NULL is fine there. */
enum kv_code kv_clock_new(struct kv_clock **ret_clock, struct kv_err *err) kv_must_check;
void kv_clock_free(struct kv_clock *clock);
KV_DEFINE_CLEANUP(struct kv_clock *, kv_clock_free)

/* The virtual time. It stops at the end of the year 9999. */
kv_millis kv_clock_now(const struct kv_clock *clock);

/* Seconds of a reading, rounded down. */
kv_time kv_seconds(kv_millis reading);

/* Moves the clock by `span`, which may be negative; refused (KV_BAD_PARAMETER) when the virtual
 * time would leave the years 1970 to 9999. */
enum kv_code kv_clock_shift(struct kv_clock *clock, kv_millis span,
                            struct kv_err *err) kv_must_check;

/* Whether such a shift would be refused; moves nothing. */
enum kv_code kv_clock_check_shift(struct kv_clock *clock, kv_millis span,
                                  struct kv_err *err) kv_must_check;

/* Stops the clock at its present reading, or lets it run on from there. */
void kv_clock_freeze(struct kv_clock *clock, bool frozen);
bool kv_clock_is_frozen(const struct kv_clock *clock);

/* Has the clock run that many times as fast as the system's from its present reading on; a frozen one
 * once it runs again. KV_BAD_PARAMETER outside 1 to KV_CLOCK_RATE_MAX, a day in a second. */
#define KV_CLOCK_RATE_MAX 86400
enum kv_code kv_clock_scale(struct kv_clock *clock, int64_t rate, struct kv_err *err) kv_must_check;
int64_t kv_clock_rate(const struct kv_clock *clock);

/*
 * Holds the clock at `reading` until it is held at another one, shifted, reset or released.
 * Underneath it goes on running, or stays frozen: a shift counts from there, so the time during
 * which it was held is not lost. One thread at a time may hold it; the callers see to that.
 */
void kv_clock_hold(struct kv_clock *clock, kv_millis reading);
void kv_clock_let_go(struct kv_clock *clock);

/* Back to the system's time, running at its pace; tokens count as not aged. */
void kv_clock_reset(struct kv_clock *clock);

/*
 * Token time: the clock by which access tokens are judged, and the only one they follow. Clients
 * keep a token as long as the clock of their machine says, whatever the virtual clock shows, and no
 * library asks for another one before. So a move of the virtual clock, forward or back, a clock
 * that is frozen or held, and its reset leave a token good for its remaining real life. Only
 * kv_clock_age_tokens() makes tokens older, or younger, than they are.
 *
 * A token is dated by `real` when it is issued, and carries `aged` and `epoch` of that moment. When it
 * comes back it is judged at
 *     real + aged            if it is of another epoch, or
 *     real + aged - its aged if it is of this one.
 * An epoch begins when the clock is made and whenever it is reset, with `aged` 0: so a token of
 * before a restart or a reset, even one that had been aged to its end, is good for its real life.
 */
struct kv_token_time {
    kv_millis real;  /* kv_clock_real() */
    kv_millis aged;  /* by how much tokens were aged in this epoch; may be negative */
    kv_millis epoch; /* its name: no two epochs of a data folder have the same */
};
struct kv_token_time kv_clock_token_time(const struct kv_clock *clock);

/* Makes all tokens there are older by `span`; younger if it is negative. Moves nothing else. What
 * would be beyond eight thousand years counts as that. */
void kv_clock_age_tokens(struct kv_clock *clock, kv_millis span);

/*
 * Waits until the virtual time reaches `until`, at most `patience` real milliseconds, or until the
 * clock is moved or kv_clock_wake() is called, whichever comes first. The caller then checks the
 * clock again.
 */
void kv_clock_wait(struct kv_clock *clock, kv_millis until, kv_millis patience);
void kv_clock_wake(struct kv_clock *clock);

/*
 * A callback for whenever the clock is moved, scaled, frozen or unfrozen, for code that waits in another
 * way. `tell` is called with the clock's lock held: it must take no lock and must not call the
 * clock.
 */
struct kv_clock_watch {
    void (*tell)(void *argument);
    void *argument;
    LIST_ENTRY(kv_clock_watch) link; /* the clock's, as is the watch until kv_clock_unwatch() */
};
void kv_clock_watch(struct kv_clock *clock, struct kv_clock_watch *watch);
void kv_clock_unwatch(struct kv_clock *clock, struct kv_clock_watch *watch);

/* How many real milliseconds the virtual time takes to reach `until` if nobody touches the clock; 0
 * if it already has; INT64_MAX if it never will because it is frozen. */
kv_millis kv_clock_span(const struct kv_clock *clock, kv_millis until);

/* The system's own wall time, for what does not follow the virtual clock: certificates, logs. */
kv_millis kv_clock_real(void);

/* Real, monotonic, origin unspecified: for timeouts and durations. */
kv_millis kv_clock_monotonic(void);
int64_t kv_clock_monotonic_us(void);

/* RFC 7231 date ("Tue, 21 Nov 2023 13:41:26 GMT") and RFC 3339 with milliseconds. */
#define KV_HTTP_DATE_SIZE 30
#define KV_ISO_DATE_SIZE 25
void kv_time_render_http(kv_time time, char ret_text[KV_HTTP_DATE_SIZE]);
void kv_time_render_iso(kv_millis time, char ret_text[KV_ISO_DATE_SIZE]);

/* Reads a date, or a date and time with Z or an offset, of RFC 3339: 2026-03-01,
 * 2026-03-01T12:30:00Z, 2026-03-01T12:30:00.250+01:00. A date alone means its first instant, UTC.
 * False, with nothing written, for anything else and for dates that do not exist. */
bool kv_time_parse_iso(const char *text, kv_millis *ret_time);
