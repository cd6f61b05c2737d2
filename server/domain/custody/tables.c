/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of key types, operations and algorithms, and their look-up by wire name. */
#include "kv/custody/custody.h"

#include <assert.h>
#include <string.h>

static const struct kv_kty_row kty_rows[] = {
#define X(symbol, name, family, hsm, managed)                                                      \
    [KV_KTY_##symbol] = { name, KV_FAMILY_##family, hsm, KV_KTY_##managed },
#include "kv/custody/kty.def"
#undef X
};

static const struct kv_curve_row curve_rows[] = {
#define X(symbol, name, bits, coordinate, group, token)                                            \
    [KV_CURVE_##symbol] = { name, bits, coordinate, group },
#include "kv/custody/curve.def"
#undef X
};

static const struct kv_key_op_row key_op_rows[] = {
#define X(symbol, name, protects) [KV_OP_##symbol] = { name, protects },
#include "kv/custody/key_op.def"
#undef X
};

static const struct kv_alg_row alg_rows[] = {
#define X(symbol, name, family, operations, method, hash, curves, bits, overhead)                  \
    [KV_ALG_##symbol] = { name,           KV_FAMILY_##family, operations, KV_METHOD_##method,      \
                          KV_HASH_##hash, KV_CURVES_##curves, bits,       overhead },
#include "kv/custody/alg.def"
#undef X
};

const struct kv_kty_row *kv_kty_row(enum kv_kty kty)
{
    assert((size_t) kty < KV_COUNT(kty_rows));
    return &kty_rows[kty];
}

bool kv_kty_find(const char *name, enum kv_kty *ret_kty)
{
    for (size_t i = 0; i < KV_COUNT(kty_rows); i++) {
        if (strcmp(kty_rows[i].name, name) == 0) {
            *ret_kty = (enum kv_kty) i;
            return true;
        }
    }
    return false;
}

const struct kv_curve_row *kv_curve_row(enum kv_curve curve)
{
    assert(curve != KV_CURVE_NONE && (size_t) curve < KV_COUNT(curve_rows));
    return &curve_rows[curve];
}

bool kv_curve_find(const char *name, enum kv_curve *ret_curve)
{
    for (size_t i = KV_CURVE_NONE + 1; i < KV_COUNT(curve_rows); i++) {
        if (strcmp(curve_rows[i].name, name) == 0) {
            *ret_curve = (enum kv_curve) i;
            return true;
        }
    }
    return false;
}

const struct kv_key_op_row *kv_key_op_row(enum kv_key_op op)
{
    assert((size_t) op < KV_COUNT(key_op_rows));
    return &key_op_rows[op];
}

bool kv_key_op_find(const char *name, enum kv_key_op *ret_op)
{
    for (size_t i = 0; i < KV_COUNT(key_op_rows); i++) {
        if (strcmp(key_op_rows[i].name, name) == 0) {
            *ret_op = (enum kv_key_op) i;
            return true;
        }
    }
    return false;
}

const struct kv_alg_row *kv_alg_row(enum kv_alg alg)
{
    assert((size_t) alg < KV_COUNT(alg_rows));
    return &alg_rows[alg];
}

bool kv_alg_find(const char *name, enum kv_alg *ret_alg)
{
    for (size_t i = 0; i < KV_COUNT(alg_rows); i++) {
        if (strcmp(alg_rows[i].name, name) == 0) {
            *ret_alg = (enum kv_alg) i;
            return true;
        }
    }
    return false;
}
