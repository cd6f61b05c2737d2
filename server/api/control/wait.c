/* SPDX-License-Identifier: Apache-2.0 */
#include "wait.h"

#define TIMEOUT_DEFAULT 30.0 /* seconds */
#define TIMEOUT_MAX 590.0    /* less than a request may wait at all */

struct args {
    const cJSON *filter, *timeout;
    struct kv_maybe_int count;
};

static const struct kv_json_field fields[] = {
    KV_JSON_FIELD(struct args, filter, "filter", KV_JSON_OBJECT),
    KV_JSON_FIELD(struct args, count, "count", KV_JSON_INT),
    KV_JSON_FIELD(struct args, timeout, "timeout", KV_JSON_ANY),
};

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

void wait_order_done(struct wait_order *order)
{
    cJSON_Delete(order->body);
}

enum kv_code wait_read(const struct kv_request *request, int64_t most, struct wait_order *ret_order,
                       struct kv_err *err)
{
    struct args args = { .filter = NULL };
    kv_millis span = 0;

    KV_TRY(control_bind_body(request, fields, KV_COUNT(fields), &args, &ret_order->body, err));
    KV_TRY(read_timeout(args.timeout, &span, err));
    ret_order->filter = args.filter;
    ret_order->wanted = args.count.given ? args.count.value : 1;
    ret_order->until = kv_clock_monotonic() + span;
    if (ret_order->wanted < 0 || ret_order->wanted > most) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "count is a number from 0 to %lld.",
                       (long long) most);
    }
    return KV_OK;
}
