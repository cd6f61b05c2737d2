/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of entries keeps the order of age, a hash table over it gives the lookup; neither
 * grows. */

#include "seen.h"

#include <pthread.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "kv/base/pages.h"

struct entry {
    unsigned char digest[KV_DIGEST_LENGTH];
    struct kv_claims claims;
    bool used;
    UT_hash_handle hh;
};

struct kv_seen {
    pthread_mutex_t mutex; /* lock.def: identity.seen; guards everything below */
    struct entry ring[KV_SEEN_MAX];
    size_t next; /* the oldest entry, or the first unused one */
    struct entry *by_digest;
    unsigned edition; /* counts what was forgotten */
};

static struct entry *find_locked(const struct kv_seen *seen, const unsigned char *digest)
{
    struct entry *entry;

    HASH_FIND(hh, seen->by_digest, digest, KV_DIGEST_LENGTH, entry);
    return entry;
}

static void add_locked(struct kv_seen *seen, const unsigned char *digest,
                       const struct kv_claims *claims)
{
    struct entry *entry = &seen->ring[seen->next];

    if (entry->used) {
        HASH_DEL(seen->by_digest, entry);
    }
    memcpy(entry->digest, digest, KV_DIGEST_LENGTH);
    entry->claims = *claims;
    HASH_ADD(hh, seen->by_digest, digest, KV_DIGEST_LENGTH, entry);
    entry->used = find_locked(seen, digest) == entry; /* without memory it is not added */
    seen->next = (seen->next + 1) % KV_SEEN_MAX;
}

enum kv_code kv_seen_new(struct kv_seen **ret_seen, struct kv_err *err)
{
    struct kv_seen *seen = kv_pages_new(1, sizeof(*seen));

    if (seen == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) pthread_mutex_init(&seen->mutex, NULL); /* cannot fail on Linux */
    *ret_seen = seen;
    return KV_OK;
}

void kv_seen_free(struct kv_seen *seen)
{
    if (seen == NULL) {
        return;
    }
    HASH_CLEAR(hh, seen->by_digest);
    (void) pthread_mutex_destroy(&seen->mutex);
    kv_pages_free(seen, 1, sizeof(*seen));
}

bool kv_seen_find(struct kv_seen *seen, const unsigned char digest[KV_DIGEST_LENGTH],
                  struct kv_claims *ret_claims, unsigned *ret_edition)
{
    pthread_mutex_lock(&seen->mutex);
    const struct entry *entry = find_locked(seen, digest);
    if (entry != NULL) {
        *ret_claims = entry->claims;
    } else {
        *ret_edition = seen->edition;
    }
    pthread_mutex_unlock(&seen->mutex);
    return entry != NULL;
}

void kv_seen_add(struct kv_seen *seen, const unsigned char digest[KV_DIGEST_LENGTH],
                 const struct kv_claims *claims, unsigned edition)
{
    pthread_mutex_lock(&seen->mutex);
    if (edition == seen->edition && find_locked(seen, digest) == NULL) {
        add_locked(seen, digest, claims);
    }
    pthread_mutex_unlock(&seen->mutex);
}

void kv_seen_forget(struct kv_seen *seen, size_t trusted)
{
    pthread_mutex_lock(&seen->mutex);
    for (size_t i = 0; i < KV_SEEN_MAX; i++) {
        struct entry *entry = &seen->ring[i];

        if (entry->used && entry->claims.is_foreign && entry->claims.trusted == trusted) {
            HASH_DEL(seen->by_digest, entry);
            entry->used = false;
        }
    }
    seen->edition++;
    pthread_mutex_unlock(&seen->mutex);
}
