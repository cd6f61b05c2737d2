/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secure wrap and unwrap: contract §6 row 26. The service does them for a trusted execution
 * environment that attests itself. In which form is not known, so there is no environment that
 * coffer could take at its word: everybody gets the refusal of one that did not attest itself.
 */
#include "private.h"

enum kv_code secure_refuse(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    (void) request;
    (void) response;
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "The operation needs a target environment attestation, and there is none that "
                   "coffer accepts.");
}
