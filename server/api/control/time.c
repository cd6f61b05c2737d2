/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and moving the virtual clock. Where nothing is due on the way it is moved at once; else the
 * request goes on in the lane of generation, where keys are rotated, and is answered when the clock
 * is there.
 */
#include <stdint.h>
#include <string.h>

#include "kv/base/agenda.h"
#include "kv/base/duration.h"
#include "kv/base/json.h"
#include "private.h"

/* After this the clock goes to its destination, and whatever has not run by then runs in the
 * background: the waiting client gets its answer before it gives up, and before its request
 * expires. */
#define TRAVEL_MS INT64_C(30000)
#define ARRIVAL_MS INT64_C(90000) /* since the request came; it may have waited for its turn */

/* What a body asks for; advance, set, to and tokens are borrowed from it. */
struct order {
    const cJSON
        *advance;     /* seconds, may be negative, or a duration of ISO 8601, also with a minus */
    const cJSON *set; /* seconds since 1970, or a date of RFC 3339 */
    const cJSON *to;  /* "next": where something is due */
    const cJSON *tokens; /* "keep" or "age": whether the move makes tokens older, too */
    struct kv_maybe_bool frozen;
    struct kv_maybe_bool reset;
};

static const struct kv_json_field order_fields[] = {
    KV_JSON_FIELD(struct order, advance, "advance", KV_JSON_ANY),
    KV_JSON_FIELD(struct order, set, "set", KV_JSON_ANY),
    KV_JSON_FIELD(struct order, to, "to", KV_JSON_ANY),
    KV_JSON_FIELD(struct order, tokens, "tokens", KV_JSON_ANY),
    KV_JSON_FIELD(struct order, frozen, "frozen", KV_JSON_BOOL),
    KV_JSON_FIELD(struct order, reset, "reset", KV_JSON_BOOL),
};

/* Whole seconds the virtual clock is ahead; the two readings are not of one instant. */
static int64_t read_offset(kv_millis now)
{
    return kv_seconds(now - kv_clock_real() + 500);
}

static void add_instant(cJSON *parent, const char *name, kv_millis instant, bool *ok)
{
    char iso[KV_ISO_DATE_SIZE];

    kv_time_render_iso(instant, iso);
    kv_json_add_text(parent, name, iso, ok);
}

/* What is due next: null for nothing. While the store cannot be read this is unknown, and left out:
 * the clock can be read and moved all the same. */
static void add_next(cJSON *body, struct kv_agenda *agenda, bool *ok)
{
    struct kv_due due;
    struct kv_err err;

    if (kv_agenda_next(agenda, &due, &err) != KV_OK) {
        return;
    }
    if (due.at == INT64_MAX) {
        kv_json_add_take(body, "next", cJSON_CreateNull(), ok);
        return;
    }

    cJSON *next = kv_json_add_object(body, "next", ok);

    add_instant(next, "at", due.at, ok);
    kv_json_add_text(next, "what", due.what, ok);
}

static void add_word(cJSON *item, const char *name, const char *text, bool *ok)
{
    if (name != NULL && text[0] != '\0') {
        kv_json_add_text(item, name, text, ok);
    }
}

static void add_event(cJSON *list, const struct kv_event *event, bool *ok)
{
    cJSON *item = cJSON_CreateObject();

    add_instant(item, "at", event->at, ok);
    kv_json_add_text(item, "what", event->what, ok);
    add_word(item, event->scope_word, event->scope, ok);
    add_word(item, event->subject_word, event->subject, ok);
    add_word(item, "failed", event->failure, ok);
    kv_json_add_take(list, NULL, item, ok);
}

static void add_travel(cJSON *body, const struct kv_travel_log *log, bool *ok)
{
    cJSON *list = kv_json_add_array(body, "ran", ok);

    for (size_t i = 0; i < log->count; i++) {
        add_event(list, &log->event[i], ok);
    }
    kv_json_add_int(body, "left_off", (int64_t) log->left_off, ok);
    kv_json_add_bool(body, "unfinished", log->unfinished, ok);
}

/* `log` NULL: nobody has moved it. */
static enum kv_code respond_clock(const struct kv_app *app, const struct kv_travel_log *log,
                                  struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_millis now = kv_clock_now(app->clock);
    bool ok = true;

    add_instant(body, "now", now, &ok);
    kv_json_add_int(body, "epoch", kv_seconds(now), &ok);
    kv_json_add_bool(body, "frozen", kv_clock_is_frozen(app->clock), &ok);
    kv_json_add_int(body, "offset", read_offset(now), &ok);
    kv_json_add_int(body, "tokens_aged", kv_seconds(kv_clock_token_time(app->clock).aged), &ok);
    add_next(body, app->agenda, &ok);
    if (log != NULL) {
        add_travel(body, log, &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

/* A misspelt command must not look as if it was carried out. */
static enum kv_code refuse_unknown(const cJSON *body, struct kv_err *err)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, body) {
        size_t i = 0;
        while (i < KV_COUNT(order_fields) && strcmp(member->string, order_fields[i].name) != 0) {
            i++;
        }
        if (i == KV_COUNT(order_fields)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "'%.64s' is not one of advance, set, to, frozen, reset and tokens.",
                           member->string);
        }
    }
    return KV_OK;
}

static bool is_word(const cJSON *item, const char *word)
{
    return cJSON_IsString(item) && strcmp(item->valuestring, word) == 0;
}

/* A reset begins the life of tokens anew: there is nothing to age. */
static enum kv_code check_tokens(const struct order *order, struct kv_err *err)
{
    if (order->tokens == NULL) {
        return KV_OK;
    }
    if (!is_word(order->tokens, "keep") && !is_word(order->tokens, "age")) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "tokens is \"keep\" or \"age\".");
    }
    if (order->advance == NULL && order->set == NULL && order->to == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "tokens goes with advance, set or to.");
    }
    return KV_OK;
}

static enum kv_code parse_order(const cJSON *body, struct order *ret_order, struct kv_err *err)
{
    KV_TRY(refuse_unknown(body, err));
    if (kv_json_bind(body, order_fields, KV_COUNT(order_fields), ret_order, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "frozen and reset must be true or false.");
    }
    if (ret_order->to != NULL && !is_word(ret_order->to, "next")) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "to is \"next\".");
    }
    int moves = (ret_order->advance != NULL) + (ret_order->set != NULL) + (ret_order->to != NULL)
                + ret_order->reset.value;
    if (moves > 1 || (moves == 0 && !ret_order->frozen.given)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Give frozen, or one of advance, set, to and reset, or both.");
    }
    return check_tokens(ret_order, err);
}

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
static enum kv_code read_advance(const cJSON *advance, kv_millis now, kv_millis *ret_span,
                                 struct kv_err *err)
{
    int64_t seconds;

    if (kv_json_is_int(advance, &seconds)) {
        *ret_span = seconds * 1000;
        return KV_OK;
    }
    if (cJSON_IsString(advance) && read_duration(advance->valuestring, now, ret_span)) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "advance is whole seconds or a duration such as P90D, PT15M or -PT1H.");
}

static enum kv_code read_set(const cJSON *set, kv_millis *ret_time, struct kv_err *err)
{
    int64_t seconds;

    if (kv_json_is_int(set, &seconds)) {
        *ret_time = seconds * 1000;
        return KV_OK;
    }
    if (cJSON_IsString(set) && kv_time_parse_iso(set->valuestring, ret_time)) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "set is whole seconds since 1970 or a date such as 2030-01-01T00:00:00Z.");
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

/* How far to move the clock from now; refuses impossible moves. */
static enum kv_code read_span(const struct order *order, const struct kv_app *app,
                              kv_millis *ret_span, struct kv_err *err)
{
    kv_millis now = kv_clock_now(app->clock);
    kv_millis target = now;

    if (order->advance != NULL) {
        KV_TRY(read_advance(order->advance, now, ret_span, err));
        return kv_clock_check_shift(app->clock, *ret_span, err);
    }
    if (order->set != NULL) {
        KV_TRY(read_set(order->set, &target, err));
    }
    if (order->to != NULL) {
        KV_TRY(find_next(app->agenda, &target, err));
    }
    *ret_span = (order->reset.value ? kv_clock_real() : target) - now;
    return kv_clock_check_shift(app->clock, *ret_span, err);
}

/*
 * Called with the turn. Everything that can be refused comes first, so that a refused command
 * changes nothing. A clock that is to be frozen is frozen before it is moved, so that it stops
 * exactly there.
 */
static enum kv_code carry_out(const struct order *order, const struct kv_app *app,
                              kv_millis patience, struct kv_travel_log *log, struct kv_err *err)
{
    kv_millis span;

    KV_TRY(read_span(order, app, &span, err));
    if (order->frozen.value && !order->reset.value) {
        kv_clock_freeze(app->clock, true);
        KV_TRY(read_span(order, app, &span, err));
    }
    KV_TRY(kv_agenda_travel(app->agenda, span, patience, log, err));
    if (is_word(order->tokens, "age")) {
        kv_clock_age_tokens(app->clock, span);
    }
    if (order->reset.value) {
        kv_clock_reset(app->clock);
    }
    if (order->frozen.given) {
        kv_clock_freeze(app->clock, order->frozen.value);
    }
    return KV_OK;
}

static enum kv_code carry_out_and_respond(const struct order *order, const struct kv_app *app,
                                          kv_millis patience, struct kv_response *response,
                                          struct kv_err *err)
{
    kv_auto(kv_travel_log_done) struct kv_travel_log log;

    kv_travel_log_init(&log);
    KV_TRY(carry_out(order, app, patience, &log, err));
    return respond_clock(app, &log, response, err);
}

static enum kv_code read_order(const struct kv_request *request, cJSON **ret_body,
                               struct order *ret_order, struct kv_err *err)
{
    KV_TRY(control_read_body(request, ret_body, err));
    return parse_order(*ret_body, ret_order, err);
}

enum kv_code control_clock_get(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    return respond_clock(request->app, NULL, response, err);
}

/* On the lane. The command is read again: another one may have been carried out meanwhile. */
static enum kv_code travel(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    const struct kv_app *app = request->app;
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct order order = { 0 };

    KV_TRY(read_order(request, &body, &order, err));
    kv_agenda_acquire(app->agenda);

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;
    kv_millis left = ARRIVAL_MS - (kv_clock_monotonic() - request->arrived / 1000);

    return carry_out_and_respond(&order, app, left < TRAVEL_MS ? left : TRAVEL_MS, response, err);
}

enum kv_code control_clock_set(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    const struct kv_app *app = request->app;
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct order order = { 0 };
    kv_millis span;

    KV_TRY(read_order(request, &body, &order, err));
    if (!kv_agenda_try_acquire(app->agenda)) {
        return kv_request_continue(request, KV_LANE_GENERATE, travel);
    }

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;

    KV_TRY(read_span(&order, app, &span, err));
    if (!kv_agenda_is_idle(app->agenda, span)) {
        return kv_request_continue(request, KV_LANE_GENERATE, travel);
    }
    return carry_out_and_respond(&order, app, 0, response, err);
}
