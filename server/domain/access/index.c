/* SPDX-License-Identifier: Apache-2.0 */
/* The index: whatever was granted to somebody at some place is found by hashing the two. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "access_core.h"

struct entry {
    struct access_spot spot;
    struct access_rule *rules, *last; /* in the order in which they were made */
    UT_hash_handle hh;
};

struct role_id {
    int64_t vault;
    char name[KV_UUID_LENGTH + 1];
};

struct role {
    struct role_id id;
    kv_permissions permissions;
    struct access_role_actions actions;
    char *texts; /* heap: what these point into; NULL: they have none */
    UT_hash_handle hh;
};

struct networks {
    int64_t vault;
    struct access_network *first, *last; /* in the order in which they were made */
    UT_hash_handle hh;
};

struct access_index {
    uint64_t edition;
    struct entry *entries;
    struct role *roles;
    struct networks *networks;
};

KV_DEFINE_CLEANUP(void *, free)

enum kv_code access_index_new(uint64_t edition, struct access_index **ret_index, struct kv_err *err)
{
    struct access_index *index = calloc(1, sizeof(*index));

    if (index == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    index->edition = edition;
    *ret_index = index;
    return KV_OK;
}

static void free_rules(struct access_rule *rule)
{
    while (rule != NULL) {
        struct access_rule *next = rule->next;

        free(rule->condition);
        free(rule);
        rule = next;
    }
}

static void free_networks(struct networks *networks)
{
    struct networks *item, *next_item;

    HASH_ITER (hh, networks, item, next_item) {
        HASH_DEL(networks, item);
        while (item->first != NULL) {
            struct access_network *next = item->first->next;

            kv_network_done(&item->first->sorted);
            free(item->first);
            item->first = next;
        }
        free(item);
    }
}

void access_index_free(struct access_index *index)
{
    struct entry *entry, *next_entry;
    struct role *role, *next_role;

    if (index == NULL) {
        return;
    }
    HASH_ITER (hh, index->entries, entry, next_entry) {
        HASH_DEL(index->entries, entry);
        free_rules(entry->rules);
        free(entry);
    }
    HASH_ITER (hh, index->roles, role, next_role) {
        HASH_DEL(index->roles, role);
        free(role->texts);
        free(role);
    }
    free_networks(index->networks);
    free(index);
}

uint64_t access_index_edition(const struct access_index *index)
{
    return index->edition;
}

/* Lower case, of ASCII: there are only GUIDs, and names of keys. */
static void fold(const char *text, char *ret_text, size_t size)
{
    size_t i;

    for (i = 0; i + 1 < size && text[i] != '\0'; i++) {
        ret_text[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char) (text[i] | 0x20) : text[i];
    }
    ret_text[i] = '\0';
}

void access_spot_fill(struct access_spot *spot, int64_t vault, const char *principal,
                      const char *key)
{
    memset(spot, 0, sizeof(*spot));
    if (strlen(principal) < sizeof(spot->principal)) {
        fold(principal, spot->principal, sizeof(spot->principal));
    }
    access_spot_move(spot, vault, key);
}

/* What is too long matches nothing, because no stored text is. */
void access_spot_move(struct access_spot *spot, int64_t vault, const char *key)
{
    spot->vault = -1;
    spot->key[0] = '\0';
    if (strlen(key) < sizeof(spot->key)) {
        spot->vault = vault;
        fold(key, spot->key, sizeof(spot->key));
    }
}

/* Behind the key nothing counts. */
static unsigned spot_length(const struct access_spot *spot)
{
    return (unsigned) (offsetof(struct access_spot, key) + strlen(spot->key));
}

static struct entry *find_entry(const struct access_index *index, const struct access_spot *spot)
{
    struct entry *entry;

    HASH_FIND(hh, index->entries, spot, spot_length(spot), entry);
    return entry;
}

const struct access_rule *access_index_find(const struct access_index *index,
                                            const struct access_spot *spot)
{
    const struct entry *entry = find_entry(index, spot);

    return entry != NULL ? entry->rules : NULL;
}

static enum kv_code find_or_add(struct access_index *index, const struct access_spot *spot,
                                struct entry **ret_entry, struct kv_err *err)
{
    struct entry *entry = find_entry(index, spot);

    if (entry == NULL) {
        entry = calloc(1, sizeof(*entry));
        if (entry == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        memcpy(&entry->spot, spot, sizeof(*spot));
        HASH_ADD_KEYPTR(hh, index->entries, &entry->spot, spot_length(&entry->spot), entry);
        if (find_entry(index, spot) != entry) {
            free(entry);
            return KV_OUT_OF_MEMORY(err);
        }
    }
    *ret_entry = entry;
    return KV_OK;
}

enum kv_code access_index_add(struct access_index *index, const struct access_spot *spot,
                              const struct access_rule *rule, struct kv_err *err)
{
    kv_auto(free) void *copy = malloc(sizeof(*rule));
    kv_auto(free) void *condition = rule->condition != NULL ? strdup(rule->condition) : NULL;
    struct entry *entry = NULL;

    if (copy == NULL || (condition == NULL && rule->condition != NULL)) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(find_or_add(index, spot, &entry, err));

    struct access_rule *added = kv_take(copy);

    *added = *rule;
    added->next = NULL;
    added->condition = kv_take(condition);
    if (entry->last != NULL) {
        entry->last->next = added;
    } else {
        entry->rules = added;
    }
    entry->last = added;
    return KV_OK;
}

static void fill_role_id(struct role_id *id, int64_t vault, const char *name)
{
    memset(id, 0, sizeof(*id));
    id->vault = vault;
    fold(name, id->name, sizeof(id->name));
}

static struct role *find_role(const struct access_index *index, const struct role_id *id)
{
    struct role *role;

    HASH_FIND(hh, index->roles, id, sizeof(*id), role);
    return role;
}

/* The three in one piece of memory. */
static bool copy_actions(struct role *role, const struct access_role_actions *from)
{
    size_t first = strlen(from->actions) + 1, second = strlen(from->not_actions) + 1;
    size_t third = strlen(from->condition) + 1;
    char *texts = malloc(first + second + third);

    if (texts == NULL) {
        return false;
    }
    memcpy(texts, from->actions, first);
    memcpy(texts + first, from->not_actions, second);
    memcpy(texts + first + second, from->condition, third);
    role->actions = (struct access_role_actions){
        .actions = texts,
        .not_actions = texts + first,
        .condition = texts + first + second,
    };
    role->texts = texts;
    return true;
}

enum kv_code access_index_add_role(struct access_index *index, int64_t vault, const char *name,
                                   kv_permissions permissions,
                                   const struct access_role_actions *actions, struct kv_err *err)
{
    struct role *role = calloc(1, sizeof(*role));

    if (role == NULL || (actions != NULL && !copy_actions(role, actions))) {
        free(role);
        return KV_OUT_OF_MEMORY(err);
    }
    fill_role_id(&role->id, vault, name);
    role->permissions = permissions;
    HASH_ADD(hh, index->roles, id, sizeof(role->id), role);
    if (find_role(index, &role->id) != role) {
        free(role->texts);
        free(role);
        return KV_OUT_OF_MEMORY(err);
    }
    return KV_OK;
}

const struct access_role_actions *access_index_role_actions(const struct access_index *index,
                                                            const char *name)
{
    struct role_id id;
    const struct role *role;

    fill_role_id(&id, 0, name);
    role = find_role(index, &id);
    return role != NULL && role->texts != NULL ? &role->actions : NULL;
}

kv_permissions access_index_role(const struct access_index *index, int64_t vault, const char *name)
{
    struct role_id id;
    const struct role *role;

    fill_role_id(&id, vault, name);
    role = find_role(index, &id);
    return role != NULL ? role->permissions : 0;
}

static struct networks *find_networks(const struct access_index *index, int64_t vault)
{
    struct networks *item;

    HASH_FIND(hh, index->networks, &vault, sizeof(vault), item);
    return item;
}

const struct access_network *access_index_networks(const struct access_index *index, int64_t vault)
{
    const struct networks *item = find_networks(index, vault);

    return item != NULL ? item->first : NULL;
}

static enum kv_code find_or_add_networks(struct access_index *index, int64_t vault,
                                         struct networks **ret_item, struct kv_err *err)
{
    struct networks *item = find_networks(index, vault);

    if (item == NULL) {
        item = calloc(1, sizeof(*item));
        if (item == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        item->vault = vault;
        HASH_ADD(hh, index->networks, vault, sizeof(item->vault), item);
        if (find_networks(index, vault) != item) {
            free(item);
            return KV_OUT_OF_MEMORY(err);
        }
    }
    *ret_item = item;
    return KV_OK;
}

enum kv_code access_index_take_network(struct access_index *index, int64_t vault,
                                       struct kv_network *network, struct kv_err *err)
{
    struct access_network *added = calloc(1, sizeof(*added));
    kv_auto(free) void *guard = added;
    struct networks *item = NULL;

    if (added == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(find_or_add_networks(index, vault, &item, err));
    (void) kv_take(guard);
    added->sorted = *network;
    *network = (struct kv_network){ .since = 0 };
    for (size_t i = 0; i < KV_NETWORK_LISTS; i++) {
        kv_cidrs_sort(&added->sorted.list[i]);
    }
    if (item->last != NULL) {
        item->last->next = added;
    } else {
        item->first = added;
    }
    item->last = added;
    return KV_OK;
}
