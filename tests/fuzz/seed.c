/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seed, and the keys that are given in it: JWK and PEM. What is taken can be written as a JWK, which is
 * the same key again.
 */
#include <string.h>

#include "fuzz.h"
#include "server/domain/seeds/core.h"

static void check_again(const struct seed_material *material, const cJSON *jwk)
{
    kv_auto(seed_material_done) struct seed_material again = { .kty = NULL };
    struct kv_err err;

    FUZZ_HOLDS(seed_material_read(jwk, NULL, "again", &again, &err) == KV_OK);
    FUZZ_HOLDS(again.key.family == material->key.family && again.key.curve == material->key.curve);
    FUZZ_HOLDS(again.key.d.len == material->key.d.len && again.key.n.len == material->key.n.len);
}

static void read_key(const cJSON *item)
{
    const cJSON *jwk = cJSON_GetObjectItemCaseSensitive(item, "jwk");
    const char *pem = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "pem"));
    kv_auto(seed_material_done) struct seed_material material = { .kty = NULL };
    kv_auto(cJSON_Delete) cJSON *written = NULL;
    struct kv_err err;

    if (!cJSON_IsObject(jwk) && pem == NULL) {
        return;
    }
    jwk = cJSON_IsObject(jwk) ? jwk : NULL;
    if (seed_material_read(jwk, pem, "key", &material, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_BAD_PARAMETER && strncmp(err.message, "key", 3) == 0);
        return;
    }
    written = seed_material_render(&material);
    FUZZ_HOLDS(written != NULL);
    check_again(&material, written);
}

static void read_date(const cJSON *item)
{
    struct kv_maybe_time time = { .given = false };
    struct kv_err err;

    if (seed_read_date(item, "key", "created", &time, &err) == KV_OK && time.given) {
        FUZZ_HOLDS(time.value <= KV_TIME_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    fuzz_auto char *text = fuzz_take_text(&input, '\0');
    kv_auto(cJSON_Delete) cJSON *seed = NULL;
    const cJSON *item;
    struct kv_err err;

    fuzz_begin();
    if (kv_seed_parse(text, strlen(text), &seed, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_BAD_PARAMETER && err.message[0] != '\0');
        return 0;
    }
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(seed, "versions")) {
        read_key(item);
        read_date(cJSON_GetObjectItemCaseSensitive(item, "created"));
    }
    return 0;
}
