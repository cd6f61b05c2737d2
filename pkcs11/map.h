/* SPDX-License-Identifier: Apache-2.0 */
/* map.h - the token's keys by CKA_ID: their objects. Thread-safe. */
#pragma once

#include <stdint.h>

#include "hsm.h"

/* A key may be two objects of one CKA_ID: itself, and the twin that does its HMAC. */
enum hsm_role { HSM_KEY, HSM_TWIN };
#define HSM_ROLES 2

/* Where a key is, and what is known about its use (hot.c). */
struct hsm_place {
    CK_OBJECT_HANDLE key;  /* of the token */
    CK_OBJECT_HANDLE copy; /* CK_INVALID_HANDLE: none */
    int64_t used;          /* monotonic ms: the last use */
    int64_t seen;          /* monotonic ms: when the key itself was last good for one */
    int64_t took;          /* ms that such a use took, of late */
    unsigned run;          /* uses without a pause */
};

struct hsm_map;
CK_RV hsm_map_new(struct hsm_map **ret_map) kv_must_check;
void hsm_map_free(struct hsm_map *map);
KV_DEFINE_CLEANUP(struct hsm_map *, hsm_map_free)
/* Adds a key, or replaces its handle and forgets what was known about its use. */
CK_RV hsm_map_put(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                  CK_OBJECT_HANDLE handle) kv_must_check;
bool hsm_map_find(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                  CK_OBJECT_HANDLE *ret_handle);
/* Passes the entry of a key, under the lock, to `visit`, which must not call back; false if there
 * is no such key. */
typedef void hsm_place_fn(struct hsm_place *place, void *context);
bool hsm_map_visit(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                   hsm_place_fn *visit, void *context);
/* Both roles. */
void hsm_map_remove(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH]);
/* Removes one role, unless it has another handle by now. */
void hsm_map_remove_stale(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH],
                          enum hsm_role role, CK_OBJECT_HANDLE stale);
/* Moves the entries of `from`, which nobody else knows, to `map` in place of its own. */
void hsm_map_replace(struct hsm_map *map, struct hsm_map *from);
size_t hsm_map_count(struct hsm_map *map);
void hsm_map_each(struct hsm_map *map, hsm_visit_fn *visit, void *context);
