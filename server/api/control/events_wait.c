/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for events. */
#include <stdlib.h>

#include "events.h"

#define TIMEOUT_DEFAULT 30.0 /* seconds */
#define TIMEOUT_MAX 590.0    /* less than a request may wait at all */
#define SHOWN_MAX 100        /* events in the answer */

/* What somebody waits for; request->context. */
struct wait {
    cJSON *body; /* the filter borrows from it */
    struct kv_event_filter filter;
    int64_t wanted, count;
    kv_millis until; /* monotonic */
};

struct wait_args {
    const cJSON *filter, *timeout;
    struct kv_maybe_int count;
};
static const struct kv_json_field wait_fields[] = {
    KV_JSON_FIELD(struct wait_args, filter, "filter", KV_JSON_OBJECT),
    KV_JSON_FIELD(struct wait_args, count, "count", KV_JSON_INT),
    KV_JSON_FIELD(struct wait_args, timeout, "timeout", KV_JSON_ANY),
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

    cJSON_Delete(wait->body);
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

static enum kv_code read_timeout(const cJSON *timeout, kv_millis *ret_span, struct kv_err *err)
{
    double seconds = timeout != NULL ? cJSON_GetNumberValue(timeout) : TIMEOUT_DEFAULT;

    if (!(seconds >= 0 && seconds <= TIMEOUT_MAX)) { /* not a number, too */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "timeout is a number of seconds from 0 to %.0f.",
                       TIMEOUT_MAX);
    }
    *ret_span = (kv_millis) (seconds * 1000);
    return KV_OK;
}

static enum kv_code begin_wait(struct kv_request *request, struct kv_err *err)
{
    struct wait *wait = calloc(1, sizeof(*wait));
    struct wait_args args = { .filter = NULL };
    kv_millis span = 0;

    if (wait == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    request->context = wait;
    request->context_free = free_wait;
    KV_TRY(control_bind_body(request, wait_fields, KV_COUNT(wait_fields), &args, &wait->body, err));
    KV_TRY(read_filter(args.filter, &wait->filter, err));
    KV_TRY(read_timeout(args.timeout, &span, err));
    wait->wanted = args.count.given ? args.count.value : 1;
    if (wait->wanted < 0 || wait->wanted > KV_EVENTS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "count is a number from 0 to %d.", KV_EVENTS_MAX);
    }
    wait->until = kv_clock_monotonic() + span;
    return KV_OK;
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
    if (wait->count >= wait->wanted || kv_clock_monotonic() >= wait->until) {
        return KV_OK;
    }
    return kv_step_wait_news(request, wait->until);
}

enum kv_code control_events_wait(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    const struct wait *wait = request->context;
    int64_t next = 0;
    bool ok = body != NULL;

    kv_json_add_bool(body, "met", wait->count >= wait->wanted, &ok);
    kv_json_add_int(body, "count", wait->count, &ok);
    KV_TRY(events_add_list(request->app, &wait->filter, SHOWN_MAX, body, &next, err));
    kv_json_add_int(body, "next", next, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}
