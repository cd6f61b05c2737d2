/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and moving the virtual clock. */
#include <string.h>

#include "kv/base/duration.h"
#include "kv/base/json.h"
#include "private.h"

/* What a body asks for; advance and set are borrowed from it. */
struct order {
    const cJSON
        *advance;     /* seconds, may be negative, or a duration of ISO 8601, also with a minus */
    const cJSON *set; /* seconds since 1970, or a date of RFC 3339 */
    struct kv_maybe_bool frozen;
    struct kv_maybe_bool reset;
};

static const struct kv_json_field order_fields[] = {
    KV_JSON_FIELD(struct order, advance, "advance", KV_JSON_ANY),
    KV_JSON_FIELD(struct order, set, "set", KV_JSON_ANY),
    KV_JSON_FIELD(struct order, frozen, "frozen", KV_JSON_BOOL),
    KV_JSON_FIELD(struct order, reset, "reset", KV_JSON_BOOL),
};

/* Whole seconds the virtual clock is ahead; the two readings are not of one instant. */
static int64_t read_offset(kv_millis now)
{
    return kv_seconds(now - kv_clock_real() + 500);
}

static enum kv_code respond_clock(const struct kv_clock *clock, struct kv_response *response,
                                  struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_millis now = kv_clock_now(clock);
    char iso[KV_ISO_DATE_SIZE];
    bool ok = true;

    kv_time_render_iso(now, iso);
    kv_json_add_text(body, "now", iso, &ok);
    kv_json_add_int(body, "epoch", kv_seconds(now), &ok);
    kv_json_add_bool(body, "frozen", kv_clock_is_frozen(clock), &ok);
    kv_json_add_int(body, "offset", read_offset(now), &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

/* A misspelt order must not pass for one that was carried out. */
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
                           "'%.64s' is not one of advance, set, frozen and reset.", member->string);
        }
    }
    return KV_OK;
}

static enum kv_code parse_order(const cJSON *body, struct order *ret_order, struct kv_err *err)
{
    KV_TRY(refuse_unknown(body, err));
    if (kv_json_bind(body, order_fields, KV_COUNT(order_fields), ret_order, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "frozen and reset are true or false.");
    }
    int moves = (ret_order->advance != NULL) + (ret_order->set != NULL) + ret_order->reset.value;
    if (moves > 1 || (moves == 0 && !ret_order->frozen.given)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Give frozen, or one of advance, set and reset, or both.");
    }
    return KV_OK;
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

static enum kv_code read_span(const struct order *order, kv_millis now, kv_millis *ret_span,
                              struct kv_err *err)
{
    kv_millis target;

    *ret_span = 0;
    if (order->advance != NULL) {
        return read_advance(order->advance, now, ret_span, err);
    }
    if (order->set != NULL) {
        KV_TRY(read_set(order->set, &target, err));
        *ret_span = target - now;
    }
    return KV_OK;
}

static enum kv_code move(const struct order *order, struct kv_clock *clock, struct kv_err *err)
{
    kv_millis span;

    KV_TRY(read_span(order, kv_clock_now(clock), &span, err));
    return kv_clock_shift(clock, span, err);
}

/* The step that can fail comes before those that cannot: a refused order changes nothing. */
static enum kv_code carry_out(const struct order *order, struct kv_clock *clock, struct kv_err *err)
{
    if (order->reset.value) { /* and then there is no span */
        kv_clock_reset(clock);
    }
    KV_TRY(move(order, clock, err));
    if (order->frozen.given) {
        kv_clock_freeze(clock, order->frozen.value);
    }
    /* Once more, so that a clock that is set and frozen stands exactly there. */
    return order->set != NULL ? move(order, clock, err) : KV_OK;
}

enum kv_code control_clock_get(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    return respond_clock(request->app->clock, response, err);
}

enum kv_code control_clock_set(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct order order = { 0 };

    if (kv_json_parse(request->body.data, request->body.len, &body, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The body is not a JSON object.");
    }
    KV_TRY(parse_order(body, &order, err));
    KV_TRY(carry_out(&order, request->app->clock, err));
    return respond_clock(request->app->clock, response, err);
}
