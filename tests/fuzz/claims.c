/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of a token, whoever has signed it. */
#include <string.h>

#include "fuzz.h"
#include "server/domain/identity/claims.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kv_claims claims;
    struct kv_err err;

    fuzz_begin();
    memset(&claims, 0x5a, sizeof(claims));
    if (kv_claims_parse((const char *) data, size, &claims, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_UNAUTHORIZED);
        return 0;
    }
    FUZZ_HOLDS(memchr(claims.audience, '\0', sizeof(claims.audience)) != NULL);
    return 0;
}
