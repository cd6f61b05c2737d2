/* SPDX-License-Identifier: Apache-2.0 */
/* wait.h - orders to wait until something has come: {"filter":{...},"count":n,"timeout":seconds}. */
#pragma once

#include "private.h"

struct wait_order {
    cJSON *body;         /* owned */
    const cJSON *filter; /* borrowed from it; NULL: none */
    int64_t wanted;      /* how many; 1 unless it is said */
    kv_millis until;     /* monotonic */
};
void wait_order_done(struct wait_order *order);
KV_DEFINE_CLEANUP_VALUE(struct wait_order, wait_order_done)

/* Reads the body of such a request, which may ask for `most`. KV_BAD_PARAMETER says what is wrong. */
enum kv_code wait_read(const struct kv_request *request, int64_t most, struct wait_order *ret_order,
                       struct kv_err *err) kv_must_check;
