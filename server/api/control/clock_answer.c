/* SPDX-License-Identifier: Apache-2.0 */
/* What the clock shows, what is due next, and what happened on a way. */
#include <stdint.h>

#include "clock.h"
#include "kv/base/json.h"

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

/* The word of a PUT that would have it so. */
static const char *name_mode(const struct kv_app *app, kv_millis now)
{
    if (kv_clock_is_frozen(app->clock)) {
        return "frozen";
    }
    if (kv_clock_rate(app->clock) != 1) {
        return "scaled";
    }
    return read_offset(now) == 0 ? "system" : "offset";
}

enum kv_code clock_respond(const struct kv_app *app, const struct kv_travel_log *log,
                           struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_millis now = kv_clock_now(app->clock);
    bool ok = true;

    add_instant(body, "now", now, &ok);
    kv_json_add_int(body, "epoch", kv_seconds(now), &ok);
    kv_json_add_text(body, "mode", name_mode(app, now), &ok);
    kv_json_add_bool(body, "frozen", kv_clock_is_frozen(app->clock), &ok);
    kv_json_add_int(body, "rate", kv_clock_rate(app->clock), &ok);
    kv_json_add_int(body, "offset", read_offset(now), &ok);
    kv_json_add_int(body, "tokens_aged", kv_seconds(kv_clock_token_time(app->clock).aged), &ok);
    add_next(body, app->agenda, &ok);
    if (log != NULL) {
        add_travel(body, log, &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}
