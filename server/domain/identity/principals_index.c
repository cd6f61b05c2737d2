/* SPDX-License-Identifier: Apache-2.0 */
/* The index of principals: by name, by each of their ids, and who is in which groups. */
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "principals_core.h"

/* One of the groups that somebody is in. */
struct belonging {
    const struct person *group;
    struct belonging *next;
};

/* Somebody with an object id: a principal, or only a member, or a group that is not there. */
struct person {
    char object_id[KV_UUID_LENGTH + 1];
    struct record *record; /* NULL: nobody registered it */
    struct belonging *groups, *last;
    UT_hash_handle hh;
};

/* A principal, with its keys in lower case. */
struct record {
    struct kv_principal_entry entry;
    char name[KV_PRINCIPAL_RESOURCE_SIZE];
    char resource[KV_PRINCIPAL_RESOURCE_SIZE];
    bool is_former;
    struct record *next; /* in the order of registration */
    UT_hash_handle by_name, by_client, by_resource;
};

struct principals_index {
    uint64_t edition;
    struct person *persons;
    struct record *first, *last;
    struct record *names, *clients, *resources; /* heads of hash tables */
};

void principals_fold(const char *text, char *ret_text, size_t size)
{
    size_t len;

    for (len = 0; len + 1 < size && text[len] != '\0'; len++) {
        char c = text[len];
        ret_text[len] = c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
    }
    ret_text[len] = '\0';
}

enum kv_code principals_index_new(uint64_t edition, struct principals_index **ret_index,
                                  struct kv_err *err)
{
    struct principals_index *index = calloc(1, sizeof(*index));

    if (index == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    index->edition = edition;
    *ret_index = index;
    return KV_OK;
}

static void free_person(struct person *person)
{
    for (struct belonging *at = person->groups; at != NULL;) {
        struct belonging *next = at->next;

        free(at);
        at = next;
    }
    free(person);
}

void principals_index_free(struct principals_index *index)
{
    struct person *person, *next_person;

    if (index == NULL) {
        return;
    }
    HASH_CLEAR(by_name, index->names);
    HASH_CLEAR(by_client, index->clients);
    HASH_CLEAR(by_resource, index->resources);
    HASH_ITER (hh, index->persons, person, next_person) {
        HASH_DEL(index->persons, person);
        free_person(person);
    }
    for (struct record *at = index->first; at != NULL;) {
        struct record *next = at->next;

        free(at);
        at = next;
    }
    free(index);
}

uint64_t principals_index_edition(const struct principals_index *index)
{
    return index->edition;
}

static struct person *find_person(const struct principals_index *index, const char *object_id)
{
    char folded[KV_UUID_LENGTH + 1];
    struct person *person = NULL;

    if (strlen(object_id) < sizeof(folded)) {
        principals_fold(object_id, folded, sizeof(folded));
        HASH_FIND(hh, index->persons, folded, (unsigned) strlen(folded), person);
    }
    return person;
}

static enum kv_code find_or_add(struct principals_index *index, const char *object_id,
                                struct person **ret_person, struct kv_err *err)
{
    struct person *person = find_person(index, object_id);

    if (person == NULL) {
        person = calloc(1, sizeof(*person));
        if (person == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        principals_fold(object_id, person->object_id, sizeof(person->object_id));
        HASH_ADD_KEYPTR(hh, index->persons, person->object_id, (unsigned) strlen(person->object_id),
                        person);
        if (find_person(index, object_id) != person) {
            free(person);
            return KV_OUT_OF_MEMORY(err);
        }
    }
    *ret_person = person;
    return KV_OK;
}

static const struct record *find_record(const struct principals_index *index,
                                        enum principals_key key, const char *folded)
{
    const unsigned len = (unsigned) strlen(folded);
    struct record *record = NULL;
    const struct person *person;

    switch (key) {
    case PRINCIPALS_BY_NAME:
        HASH_FIND(by_name, index->names, folded, len, record);
        break;
    case PRINCIPALS_BY_CLIENT:
        HASH_FIND(by_client, index->clients, folded, len, record);
        break;
    case PRINCIPALS_BY_RESOURCE:
        HASH_FIND(by_resource, index->resources, folded, len, record);
        break;
    case PRINCIPALS_BY_OBJECT:
        person = find_person(index, folded);
        record = person != NULL ? person->record : NULL;
        break;
    }
    return record;
}

const struct kv_principal_entry *principals_index_find(const struct principals_index *index,
                                                       enum principals_key key, const char *text)
{
    char folded[KV_PRINCIPAL_RESOURCE_SIZE];

    if (strlen(text) >= sizeof(folded)) {
        return NULL; /* no stored text is as long */
    }
    principals_fold(text, folded, sizeof(folded));

    const struct record *record = find_record(index, key, folded);

    return record != NULL ? &record->entry : NULL;
}

/* A former one has given its name and its resource id to the one that was made in its place. */
static bool add_to_tables(struct principals_index *index, struct record *record)
{
    const struct kv_principal_entry *entry = &record->entry;
    bool ok = true;

    if (!record->is_former) {
        HASH_ADD_KEYPTR(by_name, index->names, record->name, (unsigned) strlen(record->name),
                        record);
        ok = find_record(index, PRINCIPALS_BY_NAME, record->name) == record;
    }
    if (ok && entry->client_id[0] != '\0') {
        HASH_ADD_KEYPTR(by_client, index->clients, entry->client_id,
                        (unsigned) strlen(entry->client_id), record);
        ok = find_record(index, PRINCIPALS_BY_CLIENT, entry->client_id) == record;
    }
    if (ok && !record->is_former && record->resource[0] != '\0'
        && find_record(index, PRINCIPALS_BY_RESOURCE, record->resource) == NULL) {
        HASH_ADD_KEYPTR(by_resource, index->resources, record->resource,
                        (unsigned) strlen(record->resource), record);
        ok = find_record(index, PRINCIPALS_BY_RESOURCE, record->resource) == record;
    }
    return ok;
}

static void append(struct principals_index *index, struct record *record)
{
    if (index->last != NULL) {
        index->last->next = record;
    } else {
        index->first = record;
    }
    index->last = record;
}

enum kv_code principals_index_add(struct principals_index *index,
                                  const struct kv_principal_entry *entry, bool is_former,
                                  struct kv_err *err)
{
    struct person *person = NULL;

    KV_TRY(find_or_add(index, entry->object_id, &person, err));

    struct record *record = calloc(1, sizeof(*record));

    if (record == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    record->entry = *entry;
    record->is_former = is_former;
    principals_fold(entry->name, record->name, sizeof(record->name));
    principals_fold(entry->resource, record->resource, sizeof(record->resource));
    append(index, record); /* the index's from now */
    person->record = record;
    return add_to_tables(index, record) ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code principals_index_add_member(struct principals_index *index, const char *group,
                                         const char *member, struct kv_err *err)
{
    struct person *whole = NULL, *part = NULL;

    KV_TRY(find_or_add(index, group, &whole, err));
    KV_TRY(find_or_add(index, member, &part, err));

    struct belonging *belonging = calloc(1, sizeof(*belonging));

    if (belonging == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    belonging->group = whole;
    if (part->last != NULL) {
        part->last->next = belonging;
    } else {
        part->groups = belonging;
    }
    part->last = belonging;
    return KV_OK;
}

/* --- groups --- */

static bool is_living_group(const struct person *person)
{
    return person->record != NULL && person->record->entry.type == KV_PRINCIPAL_GROUP
           && person->record->entry.state == KV_PRINCIPAL_ENABLED;
}

static bool contains(const struct person *const *found, size_t count, const struct person *person)
{
    for (size_t i = 0; i < count; i++) {
        if (found[i] == person) {
            return true;
        }
    }
    return false;
}

/* Adds the groups that somebody is in itself; returns the new count. */
static size_t add_groups_of(const struct person *person, const struct person **found, size_t count,
                            size_t max)
{
    for (const struct belonging *at = person->groups; at != NULL && count < max; at = at->next) {
        if (is_living_group(at->group) && !contains(found, count, at->group)) {
            found[count++] = at->group;
        }
    }
    return count;
}

bool principals_index_has_groups(const struct principals_index *index, const char *object_id)
{
    const struct person *person = find_person(index, object_id);

    return person != NULL && person->groups != NULL;
}

/* Those that were found are asked in turn for theirs, each once: a circle ends. */
static size_t find_groups(const struct person *person, const struct person **found, size_t max)
{
    size_t count = add_groups_of(person, found, 0, max);

    for (size_t i = 0; i < count; i++) {
        count = add_groups_of(found[i], found, count, max);
    }
    return count;
}

size_t principals_index_groups(const struct principals_index *index, const char *object_id,
                               char ret_ids[][KV_UUID_LENGTH + 1], size_t max)
{
    const struct person *found[KV_PRINCIPAL_GROUPS_MAX];
    const struct person *person = find_person(index, object_id);
    size_t count;

    if (person == NULL) {
        return 0;
    }
    count =
        find_groups(person, found, max < KV_PRINCIPAL_GROUPS_MAX ? max : KV_PRINCIPAL_GROUPS_MAX);
    for (size_t i = 0; i < count; i++) {
        memcpy(ret_ids[i], found[i]->object_id, KV_UUID_LENGTH + 1);
    }
    return count;
}

bool principals_index_is_over(const struct principals_index *index)
{
    const struct person *found[KV_PRINCIPAL_GROUPS_MAX + 1];

    for (const struct person *at = index->persons; at != NULL; at = at->hh.next) {
        if (find_groups(at, found, KV_COUNT(found)) > KV_PRINCIPAL_GROUPS_MAX) {
            return true;
        }
    }
    return false;
}

/* One that has a resource id for its name is that resource's, and not that of whoever asks. */
static bool is_resources(const struct kv_principal_entry *entry)
{
    return entry->type == KV_PRINCIPAL_SYSTEM_ASSIGNED && entry->name[0] == '/';
}

const struct kv_principal_entry *principals_index_only(const struct principals_index *index,
                                                       enum kv_principal_type type,
                                                       size_t *ret_count)
{
    const struct kv_principal_entry *only = NULL;

    *ret_count = 0;
    for (const struct record *at = index->first; at != NULL; at = at->next) {
        if (at->entry.type == type && at->entry.state != KV_PRINCIPAL_DELETED
            && !is_resources(&at->entry)) {
            only = *ret_count == 0 ? &at->entry : only;
            ++*ret_count;
        }
    }
    return only;
}
