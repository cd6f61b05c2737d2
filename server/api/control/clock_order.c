/* SPDX-License-Identifier: Apache-2.0 */
/* What a command to the clock asks for. Each route has its own words for it; they come to one order. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "clock.h"

#define OFFSET_MAX KV_TIME_MAX /* whatever lies beyond leaves the calendar */

/* The members of all routes, borrowed from the body. */
struct words {
    const cJSON *advance, *set, *to, *tokens, *rate, *mode, *offset;
    struct kv_maybe_bool frozen, reset;
};

static const struct kv_json_field clock_fields[] = {
    KV_JSON_FIELD(struct words, advance, "advance", KV_JSON_ANY),
    KV_JSON_FIELD(struct words, set, "set", KV_JSON_ANY),
    KV_JSON_FIELD(struct words, to, "to", KV_JSON_ANY),
    KV_JSON_FIELD(struct words, frozen, "frozen", KV_JSON_BOOL),
    KV_JSON_FIELD(struct words, rate, "rate", KV_JSON_ANY),
    KV_JSON_FIELD(struct words, reset, "reset", KV_JSON_BOOL),
    KV_JSON_FIELD(struct words, tokens, "tokens", KV_JSON_ANY),
};

static const struct kv_json_field state_fields[] = {
    KV_JSON_FIELD(struct words, mode, "mode", KV_JSON_ANY),
    KV_JSON_FIELD(struct words, set, "now", KV_JSON_ANY),
    KV_JSON_FIELD(struct words, offset, "offset", KV_JSON_ANY),
    KV_JSON_FIELD(struct words, rate, "rate", KV_JSON_ANY),
    KV_JSON_FIELD(struct words, tokens, "tokens", KV_JSON_ANY),
};

static const struct kv_json_field advance_fields[] = {
    KV_JSON_FIELD(struct words, advance, "by", KV_JSON_ANY),
    KV_JSON_FIELD(struct words, set, "to", KV_JSON_ANY),
    KV_JSON_FIELD(struct words, frozen, "frozen", KV_JSON_BOOL),
    KV_JSON_FIELD(struct words, tokens, "tokens", KV_JSON_ANY),
};

static const struct kv_json_field next_fields[] = {
    KV_JSON_FIELD(struct words, frozen, "frozen", KV_JSON_BOOL),
    KV_JSON_FIELD(struct words, tokens, "tokens", KV_JSON_ANY),
};

typedef enum kv_code read_fn(const struct words *words, struct clock_order *order,
                             struct kv_err *err);

static bool is_word(const cJSON *item, const char *word)
{
    return cJSON_IsString(item) && strcmp(item->valuestring, word) == 0;
}

/* POST /clock: any of them, and what is not said stays. */
static enum kv_code read_change(const struct words *words, struct clock_order *order,
                                struct kv_err *err)
{
    if (words->to != NULL && !is_word(words->to, "next")) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "to is \"next\".");
    }
    int moves =
        (words->advance != NULL) + (words->set != NULL) + (words->to != NULL) + words->reset.value;
    if (moves > 1 || (moves == 0 && !words->frozen.given && words->rate == NULL)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Give frozen or rate, or one of advance, set, to and reset, or both.");
    }
    order->is_next = words->to != NULL;
    order->reset = words->reset.value;
    return KV_OK;
}

enum place { PLACE_NONE, PLACE_MAY, PLACE_MUST };

/* What the clock can be, and whether that says or needs where it is to stand. */
static const struct mode {
    const char *word;
    enum place place;
    bool frozen, has_rate;
} modes[] = {
    { "system", PLACE_NONE, false, false },
    { "offset", PLACE_MUST, false, false },
    { "frozen", PLACE_MAY, true, false },
    { "scaled", PLACE_MAY, false, true },
};

static enum kv_code find_mode(const cJSON *word, const struct mode **ret_mode, struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(modes); i++) {
        if (is_word(word, modes[i].word)) {
            *ret_mode = &modes[i];
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "mode is \"system\", \"offset\", \"frozen\" or "
                   "\"scaled\".");
}

static enum kv_code check_place(const struct mode *mode, const struct words *words,
                                struct kv_err *err)
{
    int places = (words->set != NULL) + (words->offset != NULL);

    if (places > 0 && mode->place == PLACE_NONE) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "mode %s goes with neither now nor offset.",
                       mode->word);
    }
    if (places > 1 || (places == 0 && mode->place == PLACE_MUST)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Give now or offset, one of the two.");
    }
    if ((words->rate != NULL) != mode->has_rate) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "rate goes with mode scaled, which needs it.");
    }
    return KV_OK;
}

static enum kv_code read_offset(const cJSON *offset, struct clock_order *order, struct kv_err *err)
{
    if (offset == NULL) {
        return KV_OK;
    }
    if (!kv_json_is_int(offset, &order->offset) || order->offset > OFFSET_MAX
        || order->offset < -OFFSET_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "offset is whole seconds ahead of the system's clock, and stays within the "
                       "years 1970 to 9999.");
    }
    order->is_offset_given = true;
    return KV_OK;
}

/* PUT /clock: all of it, so the same body twice is the same as once. */
static enum kv_code read_state(const struct words *words, struct clock_order *order,
                               struct kv_err *err)
{
    const struct mode *mode = NULL;

    KV_TRY(find_mode(words->mode, &mode, err));
    KV_TRY(check_place(mode, words, err));
    KV_TRY(read_offset(words->offset, order, err));
    order->reset = mode->place == PLACE_NONE;
    order->frozen = (struct kv_maybe_bool){ .given = true, .value = mode->frozen };
    order->rate = 1; /* unless the body says otherwise */
    return KV_OK;
}

/* POST /clock/advance */
static enum kv_code read_advance(const struct words *words, struct clock_order *order,
                                 struct kv_err *err)
{
    (void) order;
    if ((words->advance != NULL) == (words->set != NULL)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Give by or to, one of the two.");
    }
    return KV_OK;
}

/* POST /clock/run-to-next-event */
static enum kv_code read_next(const struct words *words, struct clock_order *order,
                              struct kv_err *err)
{
    (void) words;
    (void) err;
    order->is_next = true;
    return KV_OK;
}

/* The routes that move the clock. The texts say which members there are, and which of them are moves
 * that tokens go with. */
static const struct shape {
    enum kv_verb verb;
    const char *path;
    const struct kv_json_field *fields;
    size_t count;
    read_fn *read;
    const char *members, *moves;
    const char *advance_name, *set_name;
} shapes[] = {
    { KV_POST, "/control/v1/clock", clock_fields, KV_COUNT(clock_fields), read_change,
      "advance, set, to, frozen, rate, reset and tokens", "advance, set or to", "advance", "set" },
    { KV_PUT, "/control/v1/clock", state_fields, KV_COUNT(state_fields), read_state,
      "mode, now, offset, rate and tokens", "now or offset", "", "now" },
    { KV_POST, "/control/v1/clock/advance", advance_fields, KV_COUNT(advance_fields), read_advance,
      "by, to, frozen and tokens", "by or to", "by", "to" },
    { KV_POST, "/control/v1/clock/run-to-next-event", next_fields, KV_COUNT(next_fields), read_next,
      "frozen and tokens", "", "", "" },
};

/* The rows of site.c that have this command are those above. */
static const struct shape *find_shape(const struct kv_route *route)
{
    size_t i = 0;

    while (shapes[i].verb != route->verb || strcmp(shapes[i].path, route->path) != 0) {
        i++;
        assert(i < KV_COUNT(shapes));
    }
    return &shapes[i];
}

/* A misspelt command must not look as if it was carried out. */
static enum kv_code refuse_unknown(const cJSON *body, const struct shape *shape, struct kv_err *err)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, body) {
        size_t i = 0;
        while (i < shape->count && strcmp(member->string, shape->fields[i].name) != 0) {
            i++;
        }
        if (i == shape->count) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.64s' is not one of %s.", member->string,
                           shape->members);
        }
    }
    return KV_OK;
}

static enum kv_code read_rate(const cJSON *rate, struct clock_order *order, struct kv_err *err)
{
    if (rate == NULL) {
        return KV_OK;
    }
    if (!kv_json_is_int(rate, &order->rate) || order->rate < 1 || order->rate > KV_CLOCK_RATE_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "rate is a whole number from 1 to %d.",
                       KV_CLOCK_RATE_MAX);
    }
    return KV_OK;
}

/* A reset begins the life of tokens anew: there is nothing to age. */
static enum kv_code read_tokens(const cJSON *tokens, const struct shape *shape,
                                struct clock_order *order, struct kv_err *err)
{
    if (tokens == NULL) {
        return KV_OK;
    }
    if (!is_word(tokens, "keep") && !is_word(tokens, "age")) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "tokens is \"keep\" or \"age\".");
    }
    if (order->advance == NULL && order->set == NULL && !order->is_next
        && !order->is_offset_given) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "tokens goes with %s.", shape->moves);
    }
    order->ages_tokens = is_word(tokens, "age");
    return KV_OK;
}

static enum kv_code read_words(const struct words *words, const struct shape *shape,
                               struct clock_order *order, struct kv_err *err)
{
    *order = (struct clock_order){
        .advance = words->advance,
        .set = words->set,
        .frozen = words->frozen,
        .advance_name = shape->advance_name,
        .set_name = shape->set_name,
    };
    KV_TRY(shape->read(words, order, err));
    KV_TRY(read_rate(words->rate, order, err));
    return read_tokens(words->tokens, shape, order, err);
}

enum kv_code clock_read_order(const struct kv_request *request, cJSON **ret_body,
                              struct clock_order *ret_order, struct kv_err *err)
{
    const struct shape *shape = find_shape(request->route);
    struct words words = { 0 };

    KV_TRY(control_read_body(request, ret_body, err));
    KV_TRY(refuse_unknown(*ret_body, shape, err));
    if (kv_json_bind(*ret_body, shape->fields, shape->count, &words, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "frozen and reset must be true or false.");
    }
    return read_words(&words, shape, ret_order, err);
}
