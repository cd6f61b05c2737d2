/* SPDX-License-Identifier: Apache-2.0 */
/* A key is judged by the JWK's own words first: which kid, what use, which algorithm. */

#include "key_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"

#define KID_SIZE 257

struct row {
    char kid[KID_SIZE];
    unsigned algs; /* that it may verify */
    struct kv_jws_key *key;
};

struct kv_key_set {
    size_t count;
    struct row row[KV_KEY_SET_MAX];
};

struct jwk {
    const char *kid, *use, *alg;
};

static const struct kv_json_field jwk_fields[] = {
    KV_JSON_FIELD(struct jwk, kid, "kid", KV_JSON_STRING),
    KV_JSON_FIELD(struct jwk, use, "use", KV_JSON_STRING),
    KV_JSON_FIELD(struct jwk, alg, "alg", KV_JSON_STRING),
};

/* The algorithms that the JWK leaves open; none for a key that is not for us. */
static unsigned read_algs(const struct jwk *jwk)
{
    if (jwk->use != NULL && strcmp(jwk->use, "sig") != 0) {
        return 0;
    }
    return jwk->alg == NULL ? KV_JWS_ANY : kv_jws_alg_find(jwk->alg);
}

/* False if the key is not for us; then there is nothing to free. */
static bool read_row(const cJSON *item, struct row *ret_row)
{
    struct jwk jwk = { .kid = NULL };
    struct row row = { .key = NULL };

    if (!cJSON_IsObject(item)
        || kv_json_bind(item, jwk_fields, KV_COUNT(jwk_fields), &jwk, NULL) != KV_OK
        || jwk.kid == NULL || *jwk.kid == '\0' || read_algs(&jwk) == 0
        || snprintf(row.kid, sizeof(row.kid), "%s", jwk.kid) >= (int) sizeof(row.kid)
        || kv_jws_key_import(item, &row.key, NULL) != KV_OK) {
        return false;
    }
    row.algs = read_algs(&jwk) & kv_jws_key_algs(row.key);
    if (row.algs == 0) {
        kv_jws_key_free(row.key);
        return false;
    }
    *ret_row = row;
    return true;
}

static bool is_taken(const struct kv_key_set *set, const struct row *row)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->row[i].kid, row->kid) == 0 && (set->row[i].algs & row->algs) != 0) {
            return true;
        }
    }
    return false;
}

static enum kv_code add_row(struct kv_key_set *set, const struct row *row, struct kv_err *err)
{
    if (set->count == KV_KEY_SET_MAX || is_taken(set, row)) {
        enum kv_code code =
            set->count == KV_KEY_SET_MAX
                ? KV_FAIL(err, KV_BAD_PARAMETER, 0, "the set has more than %d keys", KV_KEY_SET_MAX)
                : KV_FAIL(err, KV_BAD_PARAMETER, 0, "the set has two keys with the kid %s",
                          row->kid);

        kv_jws_key_free(row->key);
        return code;
    }
    set->row[set->count++] = *row;
    return KV_OK;
}

static enum kv_code read_rows(const cJSON *keys, struct kv_key_set *set, struct kv_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, keys) {
        struct row row;

        if (read_row(item, &row)) {
            KV_TRY(add_row(set, &row, err));
        }
    }
    if (set->count == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "the set has no key with a kid that verifies RS256, PS256 or ES256");
    }
    return KV_OK;
}

enum kv_code kv_key_set_parse(const char *json, size_t len, struct kv_key_set **ret_set,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *tree = NULL;
    kv_auto(kv_key_set_free) struct kv_key_set *set = calloc(1, sizeof(*set));
    const cJSON *keys;

    if (set == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (kv_json_parse(json, len, &tree, NULL) != KV_OK || !kv_json_is_unique(tree)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "it is not JSON, or has a member twice");
    }
    keys = cJSON_GetObjectItemCaseSensitive(tree, "keys");
    if (!cJSON_IsArray(keys)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "it is not a JWK Set: it has no list of keys");
    }
    KV_TRY(read_rows(keys, set, err));
    *ret_set = kv_take(set);
    return KV_OK;
}

void kv_key_set_free(struct kv_key_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        kv_jws_key_free(set->row[i].key);
    }
    free(set);
}

const struct kv_jws_key *kv_key_set_find(const struct kv_key_set *set, const char *kid,
                                         unsigned alg)
{
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        const struct row *row = &set->row[i];

        if (strcmp(row->kid, kid) == 0 && (row->algs & alg) != 0) {
            return row->key;
        }
    }
    return NULL;
}

static bool has_row(const struct kv_key_set *set, const struct row *row)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->row[i].kid, row->kid) == 0 && set->row[i].algs == row->algs
            && strcmp(kv_jws_key_id(set->row[i].key), kv_jws_key_id(row->key)) == 0) {
            return true;
        }
    }
    return false;
}

bool kv_key_set_is_same(const struct kv_key_set *a, const struct kv_key_set *b)
{
    if (a == NULL || b == NULL || a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!has_row(b, &a->row[i])) {
            return false;
        }
    }
    return true;
}
