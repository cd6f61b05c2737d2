/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for events. */
#include <stdlib.h>

#include "events.h"
#include "wait.h"

#define SHOWN_MAX 100 /* events in the answer */

/* What somebody waits for; request->context. */
struct wait {
    struct wait_order order; /* the filter borrows from it */
    struct kv_event_filter filter;
    int64_t count;
};

struct filter_args {
    struct events_words words;
    struct kv_maybe_int since;
};
static const struct kv_json_field filter_fields[] = {
    KV_JSON_FIELD(struct filter_args, words.type, "type", KV_JSON_STRING),
    KV_JSON_FIELD(struct filter_args, words.state, "state", KV_JSON_STRING),
    KV_JSON_FIELD(struct filter_args, words.vault, "vault", KV_JSON_STRING),
    KV_JSON_FIELD(struct filter_args, words.key, "key", KV_JSON_STRING),
    KV_JSON_FIELD(struct filter_args, since, "since", KV_JSON_INT),
};

static void free_wait(void *context)
{
    struct wait *wait = context;

    wait_order_done(&wait->order);
    free(wait);
}

static enum kv_code read_filter(const cJSON *object, struct kv_event_filter *filter,
                                struct kv_err *err)
{
    struct filter_args args = { .words = { .type = NULL } };

    if (object == NULL) {
        return KV_OK;
    }
    KV_TRY(control_bind_object(object, filter_fields, KV_COUNT(filter_fields), &args, err));
    if (args.since.given && args.since.value < 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "since is the number of an event, or 0.");
    }
    filter->since = args.since.given ? args.since.value : 0;
    return events_bind_filter(&args.words, filter, err);
}

static enum kv_code begin_wait(struct kv_request *request, struct kv_err *err)
{
    struct wait *wait = calloc(1, sizeof(*wait));

    if (wait == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    request->context = wait;
    request->context_free = free_wait;
    KV_TRY(wait_read(request, KV_EVENTS_MAX, &wait->order, err));
    return read_filter(wait->order.filter, &wait->filter, err);
}

enum kv_code control_hold_for_events(struct kv_request *request, struct kv_response *response,
                                     struct kv_err *err)
{
    (void) response;
    if (request->route->handler != control_events_wait) {
        return KV_OK;
    }
    KV_TRY(request->context == NULL ? begin_wait(request, err) : KV_OK);

    struct wait *wait = request->context;

    KV_TRY(kv_events_count(request->app->events, &wait->filter, &wait->count, err));
    if (wait->count >= wait->order.wanted || kv_clock_monotonic() >= wait->order.until) {
        return KV_OK;
    }
    return kv_step_wait_news(request, wait->order.until);
}

enum kv_code control_events_wait(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    const struct wait *wait = request->context;
    int64_t next = 0;
    bool ok = body != NULL;

    kv_json_add_bool(body, "met", wait->count >= wait->order.wanted, &ok);
    kv_json_add_int(body, "count", wait->count, &ok);
    KV_TRY(events_add_list(request->app, &wait->filter, SHOWN_MAX, body, &next, err));
    kv_json_add_int(body, "next", next, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}
