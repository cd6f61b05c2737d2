/* SPDX-License-Identifier: Apache-2.0 */
/* A key of an attestation authority: numbers, or the first certificate of x5c. */
#include <string.h>

#include "fuzz.h"
#include "kv/base/json.h"
#include "kv/base/jws.h"

#define TEXT_MAX (64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kv_auto(cJSON_Delete) cJSON *jwk = NULL;
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;
    kv_auto(kv_jws_key_free) struct kv_jws_key *again = NULL;
    kv_auto(kv_buf_done) struct kv_buf json;
    struct kv_err err;

    fuzz_begin();
    kv_buf_init(&json, TEXT_MAX);
    if (kv_json_parse((const char *) data, size, &jwk, NULL) != KV_OK) {
        return 0;
    }
    if (kv_jws_key_import(jwk, &key, &err) != KV_OK) {
        FUZZ_HOLDS(key == NULL && err.code == KV_BAD_PARAMETER);
        return 0;
    }
    FUZZ_HOLDS(kv_jws_key_show(key, &json, NULL) == KV_OK);
    FUZZ_HOLDS(kv_json_parse(json.data, json.len, &shown, NULL) == KV_OK);
    FUZZ_HOLDS(kv_jws_key_import(shown, &again, NULL) == KV_OK);
    FUZZ_HOLDS(strcmp(kv_jws_key_id(key), kv_jws_key_id(again)) == 0);
    return 0;
}
