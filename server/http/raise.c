/* SPDX-License-Identifier: Apache-2.0 */
/* The refusals that come not from a site but from the server around it: no room, no time, shutting
 * down. */
#include "exchange.h"

void kv_raise_busy(struct kv_exchange *exchange)
{
    exchange->retry_soon = true;
    exchange->code = KV_FAIL(&exchange->err, KV_UNAVAILABLE, 0,
                             "The service is busy: too many requests are waiting.");
}

void kv_raise_closing(struct kv_exchange *exchange)
{
    exchange->retry_soon = exchange->closing = true;
    exchange->code = KV_FAIL(&exchange->err, KV_UNAVAILABLE, 0, "The service is shutting down.");
}

enum kv_code kv_raise_expired(struct kv_err *err)
{
    return KV_FAIL(err, KV_UNAVAILABLE, 0, "The service is busy: the request took too long.");
}
