/* SPDX-License-Identifier: Apache-2.0 */
/* Which objects the token holds. */
#include "private.h"

_Static_assert(HSM_ID_LENGTH == KV_OBJECT_LENGTH, "an object's id is the same on both sides");

void kv_custody_each_object(struct kv_custody *custody, kv_custody_visit_fn *visit, void *context)
{
    hsm_each_key(custody->config.hsm, visit, context);
}
