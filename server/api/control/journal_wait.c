/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for requests, and holding the journal against what a test expects. */
#include <stdlib.h>

#include "journal.h"
#include "wait.h"

#define SHOWN_MAX 100 /* entries in the answer */
#define TEXT_MAX (64 * 1024)

/* What somebody waits for; request->context. */
struct wait {
    struct kv_journal_filter filter;
    size_t wanted, count; /* count: until `at` */
    uint64_t at;
    kv_millis until; /* monotonic */
};

static enum kv_code read_wait(const struct kv_request *request, struct wait *wait,
                              struct kv_err *err)
{
    kv_auto(wait_order_done) struct wait_order order = { .body = NULL };

    KV_TRY(wait_read(request, KV_JOURNAL_MAX, &order, err));
    KV_TRY(journal_read_filter(order.filter, &wait->filter, err));
    KV_TRY(journal_count_attempts(&wait->filter, err));
    wait->wanted = (size_t) order.wanted;
    wait->at = wait->filter.since;
    wait->until = order.until;
    return KV_OK;
}

static enum kv_code begin_wait(struct kv_request *request, struct kv_err *err)
{
    struct wait *wait = calloc(1, sizeof(*wait));

    if (wait == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    request->context = wait;
    request->context_free = free;
    return read_wait(request, wait, err);
}

/* Those that came since it was asked last. */
static void count_more(struct kv_journal *journal, struct wait *wait)
{
    uint64_t since = wait->filter.since;

    wait->filter.since = wait->at;
    wait->count += kv_journal_count(journal, &wait->filter, &wait->at);
    wait->filter.since = since;
}

enum kv_code control_hold_waiters(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    struct kv_journal *journal = NULL;

    (void) response;
    if (request->route->handler != control_requests_wait) {
        return KV_OK;
    }
    KV_TRY(journal_find(request, &journal, err));
    KV_TRY(request->context == NULL ? begin_wait(request, err) : KV_OK);

    struct wait *wait = request->context;
    count_more(journal, wait);
    if (wait->count >= wait->wanted || kv_clock_monotonic() >= wait->until) {
        return KV_OK;
    }
    return kv_step_wait_news(request, wait->until);
}

static enum kv_code add_entries(cJSON *body, struct kv_journal *journal, const struct wait *wait,
                                bool *ok, struct kv_err *err)
{
    kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };
    cJSON *list = kv_json_add_array(body, "requests", ok);
    uint64_t next;

    KV_TRY(kv_journal_read(journal, &wait->filter, SHOWN_MAX, &entries, &next, err));
    for (size_t i = 0; i < entries.count; i++) {
        kv_json_add_take(list, NULL, journal_render(&entries.entry[i]), ok);
    }
    return KV_OK;
}

enum kv_code control_requests_wait(struct kv_request *request, struct kv_response *response,
                                   struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    const struct wait *wait = request->context;
    bool ok = body != NULL;

    kv_json_add_bool(body, "met", wait->count >= wait->wanted, &ok);
    kv_json_add_int(body, "count", (int64_t) wait->count, &ok);
    kv_json_add_int(body, "next", (int64_t) wait->at, &ok);
    KV_TRY(add_entries(body, request->app->journal, wait, &ok, err));
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

/* --- expectations --- */

struct expect_args {
    const cJSON *filter;
    struct kv_maybe_int count, min, max;
};

static const struct kv_json_field expect_fields[] = {
    KV_JSON_FIELD(struct expect_args, filter, "filter", KV_JSON_OBJECT),
    KV_JSON_FIELD(struct expect_args, count, "count", KV_JSON_INT),
    KV_JSON_FIELD(struct expect_args, min, "min", KV_JSON_INT),
    KV_JSON_FIELD(struct expect_args, max, "max", KV_JSON_INT),
};

static enum kv_code read_count(const struct kv_maybe_int *given, const char *name, size_t fallback,
                               size_t *ret_count, struct kv_err *err)
{
    if (given->given && (given->value < 0 || given->value > KV_JOURNAL_MAX)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s is a number from 0 to %d.", name,
                       KV_JOURNAL_MAX);
    }
    *ret_count = given->given ? (size_t) given->value : fallback;
    return KV_OK;
}

static enum kv_code read_wish(const struct expect_args *args, struct kv_journal_wish *ret_wish,
                              struct kv_err *err)
{
    bool has_range = args->min.given || args->max.given;

    if (args->count.given == has_range) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Give count, or min, max or both.");
    }
    if (args->count.given) {
        KV_TRY(read_count(&args->count, "count", 0, &ret_wish->min, err));
        ret_wish->max = ret_wish->min;
        return KV_OK;
    }
    KV_TRY(read_count(&args->min, "min", 0, &ret_wish->min, err));
    KV_TRY(read_count(&args->max, "max", SIZE_MAX, &ret_wish->max, err));
    return ret_wish->min <= ret_wish->max
               ? KV_OK
               : KV_FAIL(err, KV_BAD_PARAMETER, 0, "min is more than max: that is never so.");
}

static enum kv_code respond_expected(bool is_so, size_t count, const struct kv_buf *text,
                                     struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_bool(body, "ok", is_so, &ok);
    kv_json_add_int(body, "count", (int64_t) count, &ok);
    if (!is_so) {
        kv_json_add_text(body, "diff", text->data, &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code control_requests_expect(struct kv_request *request, struct kv_response *response,
                                     struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct kv_journal_filter filter = { .since = 0 };
    struct expect_args args = { .filter = NULL };
    struct kv_journal_wish wish = { 0, 0 };
    struct kv_journal *journal = NULL;
    size_t count = 0;
    bool is_so = false;

    kv_buf_init(&text, TEXT_MAX);
    KV_TRY(journal_find(request, &journal, err));
    KV_TRY(control_bind_body(request, expect_fields, KV_COUNT(expect_fields), &args, &body, err));
    KV_TRY(journal_read_filter(args.filter, &filter, err));
    KV_TRY(journal_count_attempts(&filter, err));
    KV_TRY(read_wish(&args, &wish, err));
    KV_TRY(kv_journal_expect(journal, &filter, &wish, &is_so, &count, &text, err));
    return respond_expected(is_so, count, &text, response, err);
}
