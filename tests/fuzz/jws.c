/* SPDX-License-Identifier: Apache-2.0 */
/* A token, as it stands behind "Bearer " or in a release: taken apart, checked, read. */
#include <string.h>

#include "fuzz.h"
#include "kv/base/jws.h"
#include "server/domain/identity/claims.h"
#include "signer.h"

static void read_claims(const struct kv_jws *jws)
{
    kv_auto(kv_buf_done) struct kv_buf payload;
    struct kv_claims claims;
    struct kv_err err;

    kv_buf_init(&payload, KV_TOKEN_MAX);
    FUZZ_HOLDS(kv_jws_read(jws, &payload, &err) == KV_OK); /* it was looked at by then */
    FUZZ_HOLDS(payload.len <= KV_BASE64URL_BYTES(jws->payload_len));
    if (kv_claims_parse(payload.data, payload.len, &claims, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_UNAUTHORIZED);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_auto char *text = fuzz_text(data, size);
    kv_auto(kv_jws_done) struct kv_jws jws = { .header = NULL };
    bool is_signed;

    fuzz_begin();
    if (size > KV_TOKEN_MAX || !kv_jws_parse_as(text, size, KV_JWS_ANY, &jws)) {
        return 0;
    }
    FUZZ_HOLDS((jws.alg & KV_JWS_ANY) != 0);
    FUZZ_HOLDS(jws.text == text && jws.len == size && jws.kid != NULL);
    FUZZ_HOLDS(jws.payload >= text && jws.payload + jws.payload_len <= text + size);
    is_signed = kv_jws_is_signed(&jws, signer_key());
    (void) is_signed; /* either will do */
    read_claims(&jws);
    return 0;
}
