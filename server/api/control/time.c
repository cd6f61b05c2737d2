/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and moving the virtual clock. */
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

struct order {
    struct kv_maybe_int advance; /* seconds, may be negative */
    struct kv_maybe_int set;     /* seconds since 1970 */
    struct kv_maybe_bool frozen;
    struct kv_maybe_bool reset;
};

static const struct kv_json_field order_fields[] = {
    KV_JSON_FIELD(struct order, advance, "advance", KV_JSON_INT),
    KV_JSON_FIELD(struct order, set, "set", KV_JSON_INT),
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

static enum kv_code parse_order(const struct kv_request *request, struct order *ret_order,
                                struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    if (kv_json_parse(request->body.data, request->body.len, &body, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The body is not a JSON object.");
    }
    KV_TRY(refuse_unknown(body, err));
    if (kv_json_bind(body, order_fields, KV_COUNT(order_fields), ret_order, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "advance and set are whole seconds, frozen and reset true or false.");
    }
    int moves = ret_order->advance.given + ret_order->set.given + ret_order->reset.value;
    if (moves > 1 || (moves == 0 && !ret_order->frozen.given)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Give frozen, or one of advance, set and reset, or both.");
    }
    return KV_OK;
}

/* Seconds are at most 2^53 either way, so milliseconds do not overflow. */
static kv_millis span_of(const struct order *order, const struct kv_clock *clock)
{
    return order->set.given ? order->set.value * 1000 - kv_clock_now(clock)
                            : order->advance.value * 1000;
}

/* The step that can fail comes before those that cannot: a refused order changes nothing. */
static enum kv_code carry_out(const struct order *order, struct kv_clock *clock, struct kv_err *err)
{
    if (order->reset.value) { /* and then there is no span */
        kv_clock_reset(clock);
    }
    KV_TRY(kv_clock_shift(clock, span_of(order, clock), err));
    if (order->frozen.given) {
        kv_clock_freeze(clock, order->frozen.value);
    }
    /* Once more, so that a clock that is set and frozen stands exactly there. */
    return order->set.given ? kv_clock_shift(clock, span_of(order, clock), err) : KV_OK;
}

enum kv_code control_clock_get(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    return respond_clock(request->app->clock, response, err);
}

enum kv_code control_clock_set(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    struct order order = { 0 };

    KV_TRY(parse_order(request, &order, err));
    KV_TRY(carry_out(&order, request->app->clock, err));
    return respond_clock(request->app->clock, response, err);
}
