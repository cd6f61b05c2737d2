/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what to resources: whoever has a token. */
#include "private.h"

enum kv_code arm_authorize(const struct arm_call *call, const char *action, const char *scope,
                           struct kv_err *err)
{
    (void) call;
    (void) action;
    (void) scope;
    (void) err;
    return KV_OK;
}
