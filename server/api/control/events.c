/* SPDX-License-Identifier: Apache-2.0 */
/* Events of keys and vaults, and what became of them at their receivers: docs/events.md. */
#include "events.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000

/* --- filters --- */

static enum kv_code read_since(const char *text, int64_t *ret_since, struct kv_err *err)
{
    size_t len = strlen(text);

    if (len == 0 || len > 18 || strspn(text, "0123456789") != len) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "since is the number of an event, or 0.");
    }
    *ret_since = strtoll(text, NULL, 10);
    return KV_OK;
}

static enum kv_code read_state(const char *text, struct kv_event_filter *filter, struct kv_err *err)
{
    for (int i = KV_DELIVERY_PENDING; i <= KV_DELIVERY_DROPPED; i++) {
        if (strcmp(text, kv_delivery_state_name((enum kv_delivery_state) i)) == 0) {
            filter->has_state = true;
            filter->state = (enum kv_delivery_state) i;
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "state is pending, delivered or dropped.");
}

enum kv_code events_bind_filter(const struct events_words *words, struct kv_event_filter *filter,
                                struct kv_err *err)
{
    if (words->type != NULL) {
        KV_TRY(kv_event_type_parse(words->type, &filter->type, err));
    }
    if (words->state != NULL) {
        KV_TRY(read_state(words->state, filter, err));
    }
    filter->vault = words->vault;
    filter->key = words->key;
    return KV_OK;
}

static enum kv_code read_filter(const struct kv_request *request, struct kv_event_filter *filter,
                                struct kv_err *err)
{
    const char *since = kv_request_query(request, "since");
    const struct events_words words = {
        .type = kv_request_query(request, "type"),
        .state = kv_request_query(request, "state"),
        .vault = kv_request_query(request, "vault"),
        .key = kv_request_query(request, "key"),
    };

    if (since != NULL) {
        KV_TRY(read_since(since, &filter->since, err));
    }
    return events_bind_filter(&words, filter, err);
}

static enum kv_code read_limit(const struct kv_request *request, size_t *ret_limit,
                               struct kv_err *err)
{
    const char *text = kv_request_query(request, "limit");
    size_t len = text != NULL ? strlen(text) : 0;
    unsigned long limit = LIMIT_DEFAULT;

    if (text != NULL) {
        limit =
            len > 0 && len < 9 && strspn(text, "0123456789") == len ? strtoul(text, NULL, 10) : 0;
    }
    if (limit < 1 || limit > LIMIT_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "limit is a number from 1 to %d.", LIMIT_MAX);
    }
    *ret_limit = limit;
    return KV_OK;
}

/* --- rendering --- */

struct page {
    const struct kv_app *app;
    cJSON *list; /* of its owner */
    int64_t last;
};

static void add_instant(cJSON *object, const char *name, kv_millis instant, bool *ok)
{
    char iso[KV_ISO_DATE_SIZE];

    if (instant > 0) {
        kv_time_render_iso(instant, iso);
        kv_json_add_text(object, name, iso, ok);
    }
}

static void add_delivery(cJSON *list, const char *hook, const struct kv_delivery *delivery,
                         bool *ok)
{
    cJSON *object = cJSON_CreateObject();

    kv_json_add_text(object, "receiver", hook, ok);
    kv_json_add_text(object, "state", kv_delivery_state_name(delivery->state), ok);
    kv_json_add_int(object, "attempts", delivery->attempts, ok);
    if (delivery->status != 0) {
        kv_json_add_int(object, "status", delivery->status, ok);
    }
    add_instant(object, "time", delivery->at, ok);
    if (delivery->error[0] != '\0') {
        kv_json_add_text(object, "error", delivery->error, ok);
    }
    kv_json_add_take(list, NULL, object, ok);
}

static enum kv_code add_deliveries(const struct kv_app *app, struct kv_db *db, int64_t number,
                                   cJSON *list, bool *ok, struct kv_err *err)
{
    for (const char *const *hook = app->event_hook; *hook != NULL; hook++) {
        struct kv_delivery delivery;
        bool is_known = false;

        KV_TRY(kv_events_delivery(db, *hook, number, &delivery, &is_known, err));
        if (is_known) {
            add_delivery(list, *hook, &delivery, ok);
        }
    }
    return KV_OK;
}

static enum kv_code add_event(void *context, struct kv_db *db, const struct kv_key_event *event,
                              struct kv_err *err)
{
    struct page *page = context;
    const struct kv_app *app = page->app;
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    kv_json_add_take(page->list, NULL, object, &ok); /* the list has it, or it is gone */
    kv_json_add_int(object, "number", event->number, &ok);
    kv_json_add_take(object, "event", kv_event_render(event, app->event_schema, app->event_place),
                     &ok);
    KV_TRY(add_deliveries(app, db, event->number, kv_json_add_array(object, "deliveries", &ok), &ok,
                          err));
    page->last = event->number;
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code events_add_list(const struct kv_app *app, const struct kv_event_filter *filter,
                             size_t limit, cJSON *body, int64_t *ret_next, struct kv_err *err)
{
    bool ok = true;
    struct page page = { app, kv_json_add_array(body, "events", &ok), filter->since };

    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_events_each(app->events, filter, limit, add_event, &page, err));
    *ret_next = page.last;
    return KV_OK;
}

enum kv_code control_events(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    const struct kv_app *app = request->app;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    struct kv_event_filter filter = { .since = 0 };
    cJSON *receivers = NULL;
    bool ok = body != NULL;
    int64_t next = 0, last = 0;
    size_t limit = 0;

    KV_TRY(read_filter(request, &filter, err));
    KV_TRY(read_limit(request, &limit, err));
    KV_TRY(kv_events_last(app->events, &last, err));
    KV_TRY(events_add_list(app, &filter, limit, body, &next, err));
    KV_TRY(app->describe_hooks(app->hooks_context, &receivers, err));
    kv_json_add_take(body, "receivers", receivers, &ok);
    kv_json_add_int(body, "next", next, &ok);
    kv_json_add_int(body, "last", last, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code control_events_clear(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    KV_TRY(kv_events_forget(request->app->events, kv_request_query(request, "vault"), err));
    response->status = 204;
    return KV_OK;
}
