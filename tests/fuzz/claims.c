/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of a token, whoever has signed it. */
#include <string.h>

#include "fuzz.h"
#include "server/domain/identity/claims.h"

typedef enum kv_code parse_fn(const char *payload, size_t len, struct kv_claims *ret_claims,
                              struct kv_err *err);

static void read_by(parse_fn *parse, const uint8_t *data, size_t size)
{
    const struct kv_token_time when = { .real = INT64_C(1700000000000), .aged = -KV_CLOCK_END };
    struct kv_claims claims;
    struct kv_err err;

    memset(&claims, 0x5a, sizeof(claims));
    if (parse((const char *) data, size, &claims, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_UNAUTHORIZED);
        return;
    }
    FUZZ_HOLDS(claims.audiences[sizeof(claims.audiences) - 1] == '\0');
    FUZZ_HOLDS(kv_claims_are_for(&claims, claims.audiences));
    if (kv_claims_judge_dates(&claims, &when, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_UNAUTHORIZED);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_begin();
    read_by(kv_claims_parse, data, size);
    read_by(kv_claims_parse_foreign, data, size);
    return 0;
}
