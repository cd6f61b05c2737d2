/* SPDX-License-Identifier: Apache-2.0 */
/* The vaults in memory, and the lending of snapshots. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "private.h"

/* A snapshot as lent: the vault is the first member, so that one can be found from the other. */
struct snapshot {
    struct kv_vault vault;
    atomic_uint references;
};

/* The entry stays while its vault changes, so that only creating one can run out of memory. */
struct entry {
    int64_t id;
    char name[KV_VAULT_NAME_MAX + 1];
    bool is_shown;
    const struct kv_vault *now; /* held */
    UT_hash_handle hh_name, hh_id;
};

static bool lives(const struct entry *entry)
{
    return entry->is_shown && entry->now->deleted == 0;
}

enum kv_code vault_snapshot(const struct kv_vault *vault, const struct kv_vault **ret_snapshot,
                            struct kv_err *err)
{
    struct snapshot *snapshot = malloc(sizeof(*snapshot));

    if (snapshot == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    snapshot->vault = *vault;
    atomic_init(&snapshot->references, 1);
    *ret_snapshot = &snapshot->vault;
    return KV_OK;
}

const struct kv_vault *kv_vault_hold(const struct kv_vault *vault)
{
    struct snapshot *snapshot = (struct snapshot *) (uintptr_t) vault;

    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return vault;
}

void kv_vault_release(const struct kv_vault *vault)
{
    struct snapshot *snapshot = (struct snapshot *) (uintptr_t) vault;

    if (snapshot != NULL
        && atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) == 1) {
        free(snapshot);
    }
}

static void free_entry(struct entry *entry)
{
    kv_vault_release(entry->now);
    free(entry);
}

KV_DEFINE_CLEANUP(struct entry *, free)

static struct entry *find_by_name(const struct vault_map *map, const char *name)
{
    struct entry *entry;

    HASH_FIND(hh_name, map->by_name, name, strlen(name), entry);
    return entry;
}

static struct entry *find_by_id(const struct vault_map *map, int64_t id)
{
    struct entry *entry;

    HASH_FIND(hh_id, map->by_id, &id, sizeof(id), entry);
    return entry;
}

/* In both indexes or in neither. */
static bool link_entry(struct vault_map *map, struct entry *entry)
{
    HASH_ADD_KEYPTR(hh_name, map->by_name, entry->name, strlen(entry->name), entry);
    if (find_by_name(map, entry->name) != entry) {
        return false;
    }
    HASH_ADD(hh_id, map->by_id, id, sizeof(entry->id), entry);
    if (find_by_id(map, entry->id) != entry) {
        HASH_DELETE(hh_name, map->by_name, entry);
        return false;
    }
    return true;
}

enum kv_code vault_entry_add(struct kv_vaults *vaults, const struct kv_vault *vault,
                             struct entry **ret_entry, struct kv_err *err)
{
    kv_auto(free) struct entry *entry = calloc(1, sizeof(*entry));
    const struct kv_vault *snapshot = NULL;

    if (entry == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    entry->id = vault->id;
    memcpy(entry->name, vault->name, sizeof(entry->name));
    KV_TRY(vault_snapshot(vault, &snapshot, err));
    entry->now = snapshot;
    pthread_mutex_lock(&vaults->lock);
    bool linked = link_entry(&vaults->map, entry);
    pthread_mutex_unlock(&vaults->lock);
    if (!linked) {
        kv_vault_release(snapshot);
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_entry = kv_take(entry);
    return KV_OK;
}

enum kv_code vault_map_add(struct vault_map *map, const struct kv_vault *vault, struct kv_err *err)
{
    struct entry *entry = calloc(1, sizeof(*entry));

    if (entry == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    entry->id = vault->id;
    memcpy(entry->name, vault->name, sizeof(entry->name));
    entry->now = kv_vault_hold(vault);
    entry->is_shown = true;
    if (!link_entry(map, entry)) {
        free_entry(entry);
        return KV_OUT_OF_MEMORY(err);
    }
    map->living += lives(entry);
    return KV_OK;
}

void vault_map_done(struct vault_map *map)
{
    struct entry *entry, *next;

    HASH_ITER (hh_id, map->by_id, entry, next) {
        HASH_DELETE(hh_name, map->by_name, entry);
        HASH_DELETE(hh_id, map->by_id, entry);
        free_entry(entry);
    }
    *map = (struct vault_map){ .living = 0 };
}

void vault_table_replace(struct kv_vaults *vaults, struct vault_map *map, int64_t first)
{
    pthread_mutex_lock(&vaults->lock);
    struct vault_map former = vaults->map;
    vaults->map = *map;
    vaults->first = first;
    pthread_mutex_unlock(&vaults->lock);
    *map = (struct vault_map){ .living = 0 };
    vault_map_done(&former);
}

void vault_entry_show(struct kv_vaults *vaults, struct entry *entry)
{
    pthread_mutex_lock(&vaults->lock);
    entry->is_shown = true;
    vaults->map.living += lives(entry);
    pthread_mutex_unlock(&vaults->lock);
}

void vault_entry_remove(struct kv_vaults *vaults, struct entry *entry)
{
    struct vault_map *map = &vaults->map;

    pthread_mutex_lock(&vaults->lock);
    vaults->map.living -= lives(entry);
    HASH_DELETE(hh_name, map->by_name, entry);
    HASH_DELETE(hh_id, map->by_id, entry);
    pthread_mutex_unlock(&vaults->lock);
    free_entry(entry);
}

void vault_entry_swap(struct kv_vaults *vaults, struct entry *entry,
                      const struct kv_vault *snapshot)
{
    pthread_mutex_lock(&vaults->lock);
    const struct kv_vault *former = entry->now;
    vaults->map.living -= lives(entry);
    entry->now = snapshot;
    vaults->map.living += lives(entry);
    pthread_mutex_unlock(&vaults->lock);
    kv_vault_release(former);
}

const struct kv_vault *vault_hold_shown(struct kv_vaults *vaults, const char *name)
{
    pthread_mutex_lock(&vaults->lock);
    const struct entry *entry = find_by_name(&vaults->map, name);
    const struct kv_vault *vault =
        entry != NULL && entry->is_shown ? kv_vault_hold(entry->now) : NULL;
    pthread_mutex_unlock(&vaults->lock);
    return vault;
}

struct entry *vault_entry_find(struct kv_vaults *vaults, const char *name)
{
    pthread_mutex_lock(&vaults->lock);
    struct entry *entry = find_by_name(&vaults->map, name);
    pthread_mutex_unlock(&vaults->lock);
    return entry;
}

const struct kv_vault *vault_entry_hold(struct kv_vaults *vaults, struct entry *entry)
{
    pthread_mutex_lock(&vaults->lock);
    const struct kv_vault *vault = kv_vault_hold(entry->now);
    pthread_mutex_unlock(&vaults->lock);
    return vault;
}

size_t vault_entries(struct kv_vaults *vaults)
{
    pthread_mutex_lock(&vaults->lock);
    size_t count = HASH_CNT(hh_id, vaults->map.by_id);
    pthread_mutex_unlock(&vaults->lock);
    return count;
}

/* The deleted one to be purged first, of those due later than `after`. */
static struct entry *first_purge(const struct vault_map *map, kv_millis after)
{
    struct entry *first = NULL;
    struct entry *entry, *next;

    HASH_ITER (hh_id, map->by_id, entry, next) {
        if (entry->now->deleted != 0 && entry->now->purge * 1000 > after
            && (first == NULL || entry->now->purge < first->now->purge)) {
            first = entry;
        }
    }
    return first;
}

static int compare_purges(const void *left, const void *right)
{
    const struct entry *const *a = left, *const *b = right;
    kv_time one = (*a)->now->purge, other = (*b)->now->purge;

    return (one > other) - (one < other);
}

size_t vault_entries_due(struct kv_vaults *vaults, kv_time until, struct entry **ret_entries,
                         size_t max)
{
    struct entry *entry, *next;
    size_t count = 0;

    pthread_mutex_lock(&vaults->lock);
    HASH_ITER (hh_id, vaults->map.by_id, entry, next) {
        if (entry->now->deleted != 0 && entry->now->purge <= until && count < max) {
            ret_entries[count++] = entry;
        }
    }
    pthread_mutex_unlock(&vaults->lock);
    qsort(ret_entries, count, sizeof(struct entry *), compare_purges);
    return count;
}

kv_millis kv_vaults_next_purge(struct kv_vaults *vaults, kv_millis after)
{
    pthread_mutex_lock(&vaults->lock);
    const struct entry *first = first_purge(&vaults->map, after);
    kv_millis due = first != NULL ? first->now->purge * 1000 : INT64_MAX;
    pthread_mutex_unlock(&vaults->lock);
    return due;
}

static const struct kv_vault *lend_locked(const struct entry *entry)
{
    return entry != NULL && lives(entry) ? kv_vault_hold(entry->now) : NULL;
}

const struct kv_vault *kv_vaults_acquire(struct kv_vaults *vaults, const char *name)
{
    pthread_mutex_lock(&vaults->lock);
    const struct kv_vault *vault = lend_locked(find_by_name(&vaults->map, name));
    pthread_mutex_unlock(&vaults->lock);
    return vault;
}

const struct kv_vault *kv_vaults_acquire_id(struct kv_vaults *vaults, int64_t id)
{
    pthread_mutex_lock(&vaults->lock);
    const struct kv_vault *vault = lend_locked(find_by_id(&vaults->map, id));
    pthread_mutex_unlock(&vaults->lock);
    return vault;
}

const struct kv_vault *kv_vaults_acquire_host(struct kv_vaults *vaults, const char *host)
{
    char name[KV_VAULT_NAME_MAX + 1];
    enum kv_vault_kind kind;

    if (!kv_vault_host_parse(host, &kind, name)) {
        return kv_vaults_acquire_id(vaults, vaults->first); /* set before the first request */
    }
    const struct kv_vault *vault = kv_vaults_acquire(vaults, name);
    if (vault != NULL && vault->kind != kind) {
        kv_vault_release(vault);
        return NULL;
    }
    return vault;
}

static int compare_ids(const void *left, const void *right)
{
    const struct kv_vault *const *a = left, *const *b = right;

    return ((*a)->id > (*b)->id) - ((*a)->id < (*b)->id);
}

/* The order of the others stays. */
static void put_first(struct kv_vault_list *list, int64_t first)
{
    for (size_t i = 1; i < list->count; i++) {
        if (list->vault[i]->id == first) {
            const struct kv_vault *vault = list->vault[i];

            memmove(&list->vault[1], &list->vault[0], i * sizeof(list->vault[0]));
            list->vault[0] = vault;
            return;
        }
    }
}

static void list_map(const struct vault_map *map, struct kv_vault_list *list)
{
    struct entry *entry, *next;

    HASH_ITER (hh_id, map->by_id, entry, next) {
        if (entry->is_shown) {
            list->vault[list->count++] = kv_vault_hold(entry->now);
        }
    }
}

/* Memory for as many as there can be is allocated before the lock is taken. */
enum kv_code kv_vaults_list(struct kv_vaults *vaults, struct kv_vault_list *ret_list,
                            struct kv_err *err)
{
    struct kv_vault_list list = { .vault = calloc(KV_VAULTS_MAX, sizeof(list.vault[0])) };

    if (list.vault == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    pthread_mutex_lock(&vaults->lock);
    list_map(&vaults->map, &list);
    pthread_mutex_unlock(&vaults->lock);
    qsort(list.vault, list.count, sizeof(list.vault[0]), compare_ids);
    put_first(&list, vaults->first);
    *ret_list = list;
    return KV_OK;
}

void kv_vault_list_done(struct kv_vault_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        kv_vault_release(list->vault[i]);
    }
    free(list->vault);
    *list = (struct kv_vault_list){ .vault = NULL };
}

size_t kv_vaults_count(struct kv_vaults *vaults)
{
    pthread_mutex_lock(&vaults->lock);
    size_t count = vaults->map.living;
    pthread_mutex_unlock(&vaults->lock);
    return count;
}
