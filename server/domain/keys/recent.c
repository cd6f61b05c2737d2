/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions that were looked up recently, for an operation or to be shown. Each is valid until anything at all is
 * committed: then the store has another edition, and the version is looked up again. That is coarse
 * but cannot be wrong, and a client that wraps and signs a thousand times a second commits nothing
 * meanwhile.
 */
#include "recent.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "core.h"

/* What a version was looked up by, and when. */
struct question {
    uint64_t edition; /* of the store */
    kv_millis now;    /* a key that was live then is live later, in the same edition */
    int64_t vault;    /* its id */
    char name[KV_KEY_NAME_MAX + 1];
    char version[KV_VERSION_LENGTH + 1]; /* "": the latest */
};

/* Immutable once it is in a slot, but for the note, which is set once. */
struct kv_key_lease {
    atomic_uint references;
    _Atomic(void *) note;
    struct question question;
    struct kv_key key;
};

/* False for names that no key can have: those are not remembered. The edition is read before the
 * store, so that a commit in between makes the lease stale, not wrong. */
static bool pose(const struct kv_scope *scope, const char *name, const char *version,
                 struct question *ret_question)
{
    size_t name_len = strlen(name);
    size_t version_len = version != NULL ? strlen(version) : 0;

    ret_question->edition = kv_store_edition(scope->keys->config.store);
    ret_question->now = scope->now;
    ret_question->vault = scope->vault->id;
    if (name_len > KV_KEY_NAME_MAX || version_len > KV_VERSION_LENGTH) {
        return false;
    }
    memcpy(ret_question->name, name, name_len + 1);
    memcpy(ret_question->version, version != NULL ? version : "", version_len + 1);
    return true;
}

static bool answers(const struct kv_key_lease *lease, const struct question *question)
{
    const struct question *answered = &lease->question;

    return answered->edition == question->edition && answered->now <= question->now
           && answered->vault == question->vault
           && strcmp(answered->version, question->version) == 0
           && strcmp(answered->name, question->name) == 0;
}

static struct kv_key_lease **choose_slot(struct key_leases *leases, const struct question *question)
{
    unsigned by_name, by_version;

    HASH_JEN(question->name, strlen(question->name), by_name);
    HASH_JEN(question->version, strlen(question->version), by_version);
    return &leases->slot[(by_name ^ by_version) % KEY_LEASES_MAX];
}

static struct kv_key_lease *hold(struct kv_key_lease *lease)
{
    atomic_fetch_add_explicit(&lease->references, 1, memory_order_relaxed);
    return lease;
}

static struct kv_key_lease *acquire_recent(struct key_leases *leases,
                                           const struct question *question)
{
    pthread_mutex_lock(&leases->mutex);
    struct kv_key_lease *lease = *choose_slot(leases, question);
    lease = lease != NULL && answers(lease, question) ? hold(lease) : NULL;
    pthread_mutex_unlock(&leases->mutex);
    return lease;
}

static void remember(struct key_leases *leases, struct kv_key_lease *lease)
{
    pthread_mutex_lock(&leases->mutex);
    struct kv_key_lease **slot = choose_slot(leases, &lease->question);
    struct kv_key_lease *former = *slot;
    *slot = hold(lease);
    pthread_mutex_unlock(&leases->mutex);
    kv_key_lease_release(former);
}

enum kv_code kv_key_lease_acquire(const struct kv_scope *scope, const char *name,
                                  const char *version, struct kv_key_lease **ret_lease,
                                  struct kv_err *err)
{
    struct key_leases *leases = &scope->keys->leases;
    struct question question;
    bool is_known = pose(scope, name, version, &question);
    struct kv_key_lease *recent = is_known ? acquire_recent(leases, &question) : NULL;

    if (recent != NULL) {
        *ret_lease = recent;
        return KV_OK;
    }
    kv_auto(kv_key_lease_release) struct kv_key_lease *lease = calloc(1, sizeof(*lease));
    if (lease == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    atomic_init(&lease->references, 1);
    KV_TRY(kv_key_get(scope, name, version, &lease->key, err));
    if (is_known) {
        lease->question = question;
        remember(leases, lease);
    }
    *ret_lease = kv_take(lease);
    return KV_OK;
}

const struct kv_key *kv_key_lease_key(const struct kv_key_lease *lease)
{
    return &lease->key;
}

const void *kv_key_lease_note(const struct kv_key_lease *lease)
{
    return atomic_load_explicit(&lease->note, memory_order_acquire);
}

void kv_key_lease_keep(struct kv_key_lease *lease, void *take_note)
{
    void *none = NULL;

    if (!atomic_compare_exchange_strong(&lease->note, &none, take_note)) {
        free(take_note);
    }
}

void kv_key_lease_release(struct kv_key_lease *lease)
{
    if (lease == NULL
        || atomic_fetch_sub_explicit(&lease->references, 1, memory_order_acq_rel) > 1) {
        return;
    }
    kv_key_done(&lease->key);
    free(atomic_load(&lease->note));
    free(lease);
}

void key_leases_init(struct key_leases *leases)
{
    (void) pthread_mutex_init(&leases->mutex, NULL); /* cannot fail on Linux */
}

void key_leases_done(struct key_leases *leases)
{
    for (size_t i = 0; i < KEY_LEASES_MAX; i++) {
        kv_key_lease_release(leases->slot[i]);
    }
    (void) pthread_mutex_destroy(&leases->mutex);
}
