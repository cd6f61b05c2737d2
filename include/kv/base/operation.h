/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/operation.h - the operations that clients can ask for, by number and by name.
 *
 * A route names the one it stands for. Constants and pure functions: safe from any thread.
 */
#pragma once

#include <stdint.h>

enum kv_operation {
    KV_OPERATION_NONE, /* a request that no route matches, or whose route has no name */
#define X(symbol, name, place, names) KV_OPERATION_##symbol,
#include "kv/base/operation.def"
#undef X
    KV_OPERATION_COUNT
};

enum kv_operation_place { KV_PLACE_VAULT, KV_PLACE_TOKEN, KV_PLACE_FRONT };
enum kv_operation_names { KV_NAMES_NOTHING, KV_NAMES_KEY, KV_NAMES_VERSION };

/* A row of operation.def. */
struct kv_operation_row {
    const char *name; /* "unwrapKey"; "" of KV_OPERATION_NONE, which is a vault's */
    enum kv_operation_place place;
    enum kv_operation_names names;
};

const struct kv_operation_row *kv_operation_row(enum kv_operation operation);

/* Sets of operations. */
typedef uint64_t kv_operations;
#define KV_OPERATION_BIT(symbol) (UINT64_C(1) << KV_OPERATION_##symbol)
/* Tokens of managed identities, where the request says whose. */
#define KV_OPERATIONS_OF_MANAGED                                                                   \
    (KV_OPERATION_BIT(IMDS_TOKEN) | KV_OPERATION_BIT(APP_SERVICE_TOKEN)                            \
     | KV_OPERATION_BIT(ARC_TOKEN))
/* What the authority is asked; and of that, what says who asks. */
#define KV_OPERATIONS_OF_AUTHORITY                                                                 \
    (KV_OPERATION_BIT(AUTHORITY_DISCOVERY) | KV_OPERATION_BIT(AUTHORITY_KEYS)                      \
     | KV_OPERATIONS_OF_LOGIN)
#define KV_OPERATIONS_OF_LOGIN                                                                     \
    (KV_OPERATION_BIT(AUTHORITY_TOKEN) | KV_OPERATION_BIT(AUTHORITY_DEVICE_CODE))
/* What a front tells everybody, without asking who it is. */
#define KV_OPERATIONS_OPEN (KV_OPERATION_BIT(FHIR_CAPABILITIES) | KV_OPERATION_BIT(HEALTH_CHECK))
_Static_assert(KV_OPERATION_COUNT <= 64, "each has a bit");
