/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of another issuer: a JWK Set from a file or over the network. */
#include "server/domain/identity/key_set.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kv_auto(kv_key_set_free) struct kv_key_set *set = NULL;
    kv_auto(kv_key_set_free) struct kv_key_set *again = NULL;
    struct kv_err err;

    fuzz_begin();
    if (size > KV_KEY_SET_TEXT_MAX) {
        return 0;
    }
    if (kv_key_set_parse((const char *) data, size, &set, &err) != KV_OK) {
        FUZZ_HOLDS(set == NULL && err.code == KV_BAD_PARAMETER);
        return 0;
    }
    FUZZ_HOLDS(kv_key_set_parse((const char *) data, size, &again, NULL) == KV_OK);
    FUZZ_HOLDS(kv_key_set_is_same(set, again) && kv_key_set_is_same(again, set));
    FUZZ_HOLDS(kv_key_set_find(set, "", KV_JWS_RS256) == NULL);
    return 0;
}
