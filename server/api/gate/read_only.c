/* SPDX-License-Identifier: Apache-2.0 */
/* The gate that refuses changes of a vault whose region has failed over (consumers.md §2 row 23): what
 * a caller has to be allowed for is a change or is none. */
#include "private.h"

enum kv_code gate_read_only(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    const struct kv_vault *vault = kv_call_of(request)->vault;
    enum kv_permission permission = kv_terms_of(request->route)->permission;

    (void) response;
    if (!vault->read_only || !kv_permission_row(permission)->changes) {
        return KV_OK;
    }
    return KV_REFUSE(err, KV_TEXT_VAULT_IS_READ_ONLY, 0, vault->name);
}
