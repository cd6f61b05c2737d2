/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CKA_ID -> object handles. A search on the token is linear in the number of its objects, so the
 * handles are read once and kept; they stay valid until the token is closed or the key destroyed.
 */
#include "map.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Without these uthash would end the process when memory is short. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->refused = true)
#include <uthash.h>

struct entry {
    unsigned char id[HSM_ID_LENGTH];
    struct hsm_place places[HSM_ROLES]; /* key is CK_INVALID_HANDLE: no such object; not in all */
    bool refused;                       /* the table could not take it */
    UT_hash_handle hh;
};

struct hsm_map {
    pthread_mutex_t lock;  /* lock.def: hsm.handles */
    struct entry *entries; /* guarded by lock */
};

static struct entry *find_locked(const struct hsm_map *map, const unsigned char *id)
{
    struct entry *entry = NULL;

    HASH_FIND(hh, map->entries, id, HSM_ID_LENGTH, entry);
    return entry;
}

static void remove_locked(struct hsm_map *map, struct entry *entry)
{
    HASH_DEL(map->entries, entry);
    free(entry);
}

static bool is_empty(const struct entry *entry)
{
    for (size_t i = 0; i < HSM_ROLES; i++) {
        if (entry->places[i].key != CK_INVALID_HANDLE) {
            return false;
        }
    }
    return true;
}

static CK_RV add_locked(struct hsm_map *map, const unsigned char *id, enum hsm_role role,
                        CK_OBJECT_HANDLE handle)
{
    struct entry *entry = calloc(1, sizeof(*entry));

    if (!entry) {
        return CKR_HOST_MEMORY;
    }
    memcpy(entry->id, id, HSM_ID_LENGTH);
    entry->places[role].key = handle;
    HASH_ADD(hh, map->entries, id, HSM_ID_LENGTH, entry);
    if (entry->refused) {
        free(entry);
        return CKR_HOST_MEMORY;
    }
    return CKR_OK;
}

static void free_entries(struct entry *entries)
{
    struct entry *entry, *next;

    HASH_ITER (hh, entries, entry, next) {
        HASH_DEL(entries, entry);
        free(entry);
    }
}

CK_RV hsm_map_new(struct hsm_map **ret_map)
{
    struct hsm_map *map = calloc(1, sizeof(*map));

    if (!map) {
        return CKR_HOST_MEMORY;
    }
    pthread_mutex_init(&map->lock, NULL);
    *ret_map = map;
    return CKR_OK;
}

void hsm_map_free(struct hsm_map *map)
{
    if (!map) {
        return;
    }
    free_entries(map->entries);
    pthread_mutex_destroy(&map->lock);
    free(map);
}

CK_RV hsm_map_put(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                  CK_OBJECT_HANDLE handle)
{
    CK_RV rv = CKR_OK;

    pthread_mutex_lock(&map->lock);
    struct entry *entry = find_locked(map, id);
    if (entry) {
        entry->places[role] = (struct hsm_place){ .key = handle };
    } else {
        rv = add_locked(map, id, role, handle);
    }
    pthread_mutex_unlock(&map->lock);
    return rv;
}

bool hsm_map_visit(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                   hsm_place_fn *visit, void *context)
{
    pthread_mutex_lock(&map->lock);
    struct entry *entry = find_locked(map, id);
    bool found = entry && entry->places[role].key != CK_INVALID_HANDLE;
    if (found) {
        visit(&entry->places[role], context);
    }
    pthread_mutex_unlock(&map->lock);
    return found;
}

static void read_key(struct hsm_place *place, void *context)
{
    CK_OBJECT_HANDLE *key = context;

    *key = place->key;
}

bool hsm_map_find(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                  CK_OBJECT_HANDLE *ret_handle)
{
    return hsm_map_visit(map, id, role, read_key, ret_handle);
}

void hsm_map_remove(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH])
{
    pthread_mutex_lock(&map->lock);
    struct entry *entry = find_locked(map, id);
    if (entry) {
        remove_locked(map, entry);
    }
    pthread_mutex_unlock(&map->lock);
}

void hsm_map_remove_stale(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH],
                          enum hsm_role role, CK_OBJECT_HANDLE stale)
{
    pthread_mutex_lock(&map->lock);
    struct entry *entry = find_locked(map, id);
    if (entry && entry->places[role].key == stale) {
        entry->places[role] = (struct hsm_place){ .key = CK_INVALID_HANDLE };
        if (is_empty(entry)) {
            remove_locked(map, entry);
        }
    }
    pthread_mutex_unlock(&map->lock);
}

void hsm_map_replace(struct hsm_map *map, struct hsm_map *from)
{
    pthread_mutex_lock(&map->lock);
    struct entry *old = map->entries;
    map->entries = kv_take(from->entries);
    pthread_mutex_unlock(&map->lock);
    free_entries(old);
}

size_t hsm_map_count(struct hsm_map *map)
{
    pthread_mutex_lock(&map->lock);
    size_t count = HASH_COUNT(map->entries);
    pthread_mutex_unlock(&map->lock);
    return count;
}

void hsm_map_each(struct hsm_map *map, hsm_visit_fn *visit, void *context)
{
    struct entry *entry, *next;

    pthread_mutex_lock(&map->lock);
    HASH_ITER (hh, map->entries, entry, next) {
        if (!visit(context, entry->id)) {
            break;
        }
    }
    pthread_mutex_unlock(&map->lock);
}
