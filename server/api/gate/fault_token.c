/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are no good, by a fault rule. */
#include "faults.h"
#include "kv/app/api.h"
#include "kv/base/duration.h"

#define AGE (KV_DAY * 1000) /* milliseconds since when an old token was a new one */
#define FOREIGN_TENANT "11111111-2222-4333-8444-555555555555"
#define OTHER_AUDIENCE "https://storage.azure.com"

/* The vault finds out; the answer looks like any other. */
static void twist(enum kv_fault_twist how, struct kv_token_order *order)
{
    switch (how) {
    case KV_FAULT_TWIST_OLD_TOKEN:
        order->when.real -= AGE;
        break;
    case KV_FAULT_TWIST_FOREIGN_TOKEN:
        order->tenant = FOREIGN_TENANT;
        break;
    case KV_FAULT_TWIST_OTHER_AUDIENCE:
        order->audience = OTHER_AUDIENCE;
        break;
    case KV_FAULT_TWIST_NONE:
    case KV_FAULT_TWIST_PLAINTEXT:
    case KV_FAULT_TWIST_ZERO_R:
    case KV_FAULT_TWIST_ZERO_S:
        break; /* of a vault */
    }
}

enum kv_code kv_fault_issue(const struct kv_request *request, const struct kv_token_order *order,
                            struct kv_token *ret_token, struct kv_err *err)
{
    enum kv_fault_twist how = gate_fault_twist(request);
    struct kv_token_order twisted = *order;

    twist(how, &twisted);
    KV_TRY(kv_identity_issue_order(request->app->identity, &twisted, ret_token, err));
    if (how == KV_FAULT_TWIST_OLD_TOKEN) {
        ret_token->not_before += AGE / 1000;
        ret_token->expires += AGE / 1000;
    }
    return KV_OK;
}
