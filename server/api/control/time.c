/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and moving the virtual clock. Where nothing is due on the way it is moved at once; else the
 * request goes on alone on the lane of generation, where keys are rotated, and is answered when the clock
 * is there.
 */
#include <stdint.h>

#include "clock.h"
#include "kv/base/duration.h"

/* After this the clock goes to its destination, and whatever has not run by then runs in the
 * background: the waiting client gets its answer before it gives up, and before its request
 * expires. */
#define TRAVEL_MS INT64_C(30000)
#define ARRIVAL_MS INT64_C(90000) /* since the request came; it may have waited for its turn */

/* Durations count from now, since months differ; a minus before the P counts back. */
static bool read_duration(const char *text, kv_millis now, kv_millis *ret_span)
{
    bool is_back = text[0] == '-';
    kv_time start = kv_seconds(now);
    struct kv_duration duration;

    if (!kv_duration_parse(text + is_back, &duration)) {
        return false;
    }
    kv_time end =
        is_back ? kv_duration_before(&duration, start) : kv_duration_after(&duration, start);
    *ret_span = (end - start) * 1000;
    return true;
}

/* Seconds are at most 2^53 either way, so milliseconds do not overflow. */
static enum kv_code read_advance(const struct clock_order *order, kv_millis now,
                                 kv_millis *ret_span, struct kv_err *err)
{
    const cJSON *advance = order->advance;
    int64_t seconds;

    if (kv_json_is_int(advance, &seconds)) {
        *ret_span = seconds * 1000;
        return KV_OK;
    }
    if (cJSON_IsString(advance) && read_duration(advance->valuestring, now, ret_span)) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "%s is whole seconds or a duration such as P90D, PT15M or -PT1H.",
                   order->advance_name);
}

static enum kv_code read_set(const struct clock_order *order, kv_millis *ret_time,
                             struct kv_err *err)
{
    const cJSON *set = order->set;
    int64_t seconds;

    if (kv_json_is_int(set, &seconds)) {
        *ret_time = seconds * 1000;
        return KV_OK;
    }
    if (cJSON_IsString(set) && kv_time_parse_iso(set->valuestring, ret_time)) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "%s is whole seconds since 1970 or a date such as 2030-01-01T00:00:00Z.",
                   order->set_name);
}

static enum kv_code find_next(struct kv_agenda *agenda, kv_millis *ret_time, struct kv_err *err)
{
    struct kv_due due;

    KV_TRY(kv_agenda_next(agenda, &due, err));
    if (due.at == INT64_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "Nothing is due: there is no next time to go to.");
    }
    *ret_time = due.at;
    return KV_OK;
}

static enum kv_code find_target(const struct clock_order *order, const struct kv_app *app,
                                kv_millis now, kv_millis *ret_target, struct kv_err *err)
{
    *ret_target = now;
    if (order->set != NULL) {
        return read_set(order, ret_target, err);
    }
    if (order->is_next) {
        return find_next(app->agenda, ret_target, err);
    }
    if (order->is_offset_given || order->reset) {
        *ret_target = kv_clock_real() + order->offset * 1000;
    }
    return KV_OK;
}

/* How far to move the clock from now; refuses impossible moves. */
static enum kv_code read_span(const struct clock_order *order, const struct kv_app *app,
                              kv_millis *ret_span, struct kv_err *err)
{
    kv_millis now = kv_clock_now(app->clock);
    kv_millis target;

    if (order->advance != NULL) {
        KV_TRY(read_advance(order, now, ret_span, err));
        return kv_clock_check_shift(app->clock, *ret_span, err);
    }
    KV_TRY(find_target(order, app, now, &target, err));
    *ret_span = target - now;
    return kv_clock_check_shift(app->clock, *ret_span, err);
}

/* A clock that is to be frozen is frozen before it is moved, so that it stops exactly there; and one
 * that is to be slower is slowed down, so that it does not run past its destination meanwhile. */
static enum kv_code calm_down(const struct clock_order *order, const struct kv_app *app,
                              struct kv_err *err)
{
    if (order->rate != 0 && order->rate < kv_clock_rate(app->clock)) {
        KV_TRY(kv_clock_scale(app->clock, order->rate, err));
    }
    if (order->frozen.value && !order->reset) {
        kv_clock_freeze(app->clock, true);
    }
    return KV_OK;
}

/* What is to be so from the destination on. */
static enum kv_code settle(const struct clock_order *order, const struct kv_app *app,
                           struct kv_err *err)
{
    if (order->reset) {
        kv_clock_reset(app->clock);
    }
    if (order->rate != 0) {
        KV_TRY(kv_clock_scale(app->clock, order->rate, err));
    }
    if (order->frozen.given) {
        kv_clock_freeze(app->clock, order->frozen.value);
    }
    return KV_OK;
}

/* Called with the turn. Everything that can be refused comes first, so that a refused command
 * changes nothing. */
static enum kv_code carry_out(const struct clock_order *order, const struct kv_app *app,
                              kv_millis patience, struct kv_travel_log *log, struct kv_err *err)
{
    kv_millis span;

    KV_TRY(read_span(order, app, &span, err));
    KV_TRY(calm_down(order, app, err));
    KV_TRY(read_span(order, app, &span, err));
    KV_TRY(kv_agenda_travel(app->agenda, span, patience, log, err));
    if (order->ages_tokens) {
        kv_clock_age_tokens(app->clock, span);
    }
    return settle(order, app, err);
}

static enum kv_code carry_out_and_respond(const struct clock_order *order, const struct kv_app *app,
                                          kv_millis patience, struct kv_response *response,
                                          struct kv_err *err)
{
    kv_auto(kv_travel_log_done) struct kv_travel_log log;

    kv_travel_log_init(&log);
    KV_TRY(carry_out(order, app, patience, &log, err));
    return clock_respond(app, &log, response, err);
}

enum kv_code control_clock_get(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    return clock_respond(request->app, NULL, response, err);
}

/* On the lane. The command is read again: another one may have been carried out meanwhile. */
static enum kv_code travel(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    const struct kv_app *app = request->app;
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct clock_order order = { 0 };

    KV_TRY(clock_read_order(request, &body, &order, err));
    kv_agenda_acquire(app->agenda);

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;
    kv_millis left = ARRIVAL_MS - (kv_clock_monotonic() - request->arrived / 1000);

    return carry_out_and_respond(&order, app, left < TRAVEL_MS ? left : TRAVEL_MS, response, err);
}

enum kv_code control_clock_move(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    const struct kv_app *app = request->app;
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct clock_order order = { 0 };
    kv_millis span;

    KV_TRY(clock_read_order(request, &body, &order, err));
    if (!kv_agenda_try_acquire(app->agenda)) {
        return kv_request_continue(request, KV_LANE_ALONE, travel);
    }

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;

    KV_TRY(read_span(&order, app, &span, err));
    if (!kv_agenda_is_idle(app->agenda, span)) {
        return kv_request_continue(request, KV_LANE_ALONE, travel);
    }
    return carry_out_and_respond(&order, app, 0, response, err);
}
