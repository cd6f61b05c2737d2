/* SPDX-License-Identifier: Apache-2.0 */
/* A check reads under the lock of the sets, which the fetching thread takes only to swap one. */

#include "trust.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "key_set.h"
#include "kv/base/clock.h"
#include "trust_source.h"

struct row {
    struct kv_trust_source source;
    char audience[KV_RESOURCE_MAX + 1]; /* "": none */
    struct kv_key_set *set;             /* guarded by sets; NULL: not known yet */

    /* guarded by turns */
    bool is_wanted; /* to be fetched, or being fetched */
    kv_millis last; /* monotonic: when the last fetch ended */
};

struct kv_trust {
    size_t count;
    struct row row[KV_TRUSTED_MAX];
    struct kv_seen *seen;
    kv_issuer_told_fn *told;
    kv_millis pause, lifetime;

    pthread_rwlock_t sets; /* lock.def: identity.keys */

    pthread_mutex_t turns; /* lock.def: identity.fetches */
    pthread_cond_t changed;
    bool stop; /* guarded by turns */

    pthread_t fetcher;
    bool has_fetcher;
};

static void swap_set(struct kv_trust *trust, size_t place, struct kv_key_set *set)
{
    struct row *row = &trust->row[place];

    pthread_rwlock_wrlock(&trust->sets);
    struct kv_key_set *old = row->set;
    bool is_same = kv_key_set_is_same(old, set);
    row->set = set;
    pthread_rwlock_unlock(&trust->sets);
    if (old != NULL && !is_same) {
        kv_seen_forget(trust->seen, place);
    }
    kv_key_set_free(old);
}

static enum kv_code fetch(struct kv_trust *trust, size_t place, struct kv_err *err)
{
    struct kv_key_set *set = NULL;

    KV_TRY(kv_trust_source_read(&trust->row[place].source, &set, err));
    swap_set(trust, place, set);
    return KV_OK;
}

/* The row to fetch next; false: none, and in *ret_span how long there is none. */
static bool find_due_locked(const struct kv_trust *trust, size_t *ret_place, kv_millis *ret_span)
{
    kv_millis now = kv_clock_monotonic();

    *ret_span = trust->lifetime;
    for (size_t i = 0; i < trust->count; i++) {
        kv_millis left = trust->row[i].last + trust->lifetime - now;

        if (trust->row[i].is_wanted || left <= 0) {
            *ret_place = i;
            return true;
        }
        *ret_span = left < *ret_span ? left : *ret_span;
    }
    return false;
}

static void wait_locked(struct kv_trust *trust, kv_millis span)
{
    kv_millis until = kv_clock_monotonic() + span;
    const struct timespec deadline = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };

    (void) pthread_cond_timedwait(&trust->changed, &trust->turns, &deadline);
}

/* What could not be fetched is tried again when it is due. */
static void fetch_row(struct kv_trust *trust, size_t place)
{
    struct kv_err err;
    enum kv_code code = fetch(trust, place, &err);

    if (trust->told != NULL) {
        trust->told(trust->row[place].source.issuer, code != KV_OK ? &err : NULL);
    }
    pthread_mutex_lock(&trust->turns);
    trust->row[place].is_wanted = false;
    trust->row[place].last = kv_clock_monotonic();
    pthread_mutex_unlock(&trust->turns);
}

static void *run_fetcher(void *argument)
{
    struct kv_trust *trust = argument;
    size_t place;
    kv_millis span;

    pthread_mutex_lock(&trust->turns);
    while (!trust->stop) {
        if (!find_due_locked(trust, &place, &span)) {
            wait_locked(trust, span);
            continue;
        }
        pthread_mutex_unlock(&trust->turns);
        fetch_row(trust, place);
        pthread_mutex_lock(&trust->turns);
    }
    pthread_mutex_unlock(&trust->turns);
    return NULL;
}

static enum kv_code refuse(const struct kv_trusted_issuer *issuer, const char *why,
                           struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the trusted issuer %.128s: %s", issuer->issuer, why);
}

/* Keys in a file are there at once, or never. */
static enum kv_code add_row(struct kv_trust *trust, const struct kv_identity_config *config,
                            const struct kv_trusted_issuer *issuer, struct kv_err *err)
{
    size_t place = trust->count;
    struct row *row = &trust->row[place];
    struct kv_err reason = { .message = "" };
    size_t known;

    if (kv_trust_find(trust, issuer->issuer, &known)) {
        return refuse(issuer, "it is there twice", err);
    }
    if (issuer->audience != NULL
        && (*issuer->audience == '\0' || strlen(issuer->audience) > KV_RESOURCE_MAX)) {
        return refuse(issuer, "its audience is empty or too long", err);
    }
    if (kv_trust_source_init(&row->source, issuer, config->fetch, &reason) != KV_OK) {
        return refuse(issuer, reason.message, err);
    }
    memcpy(row->audience, issuer->audience != NULL ? issuer->audience : "",
           issuer->audience != NULL ? strlen(issuer->audience) + 1 : 1);
    trust->count++;
    row->is_wanted = !row->source.is_file;
    row->last = kv_clock_monotonic();
    if (row->source.is_file && fetch(trust, place, &reason) != KV_OK) {
        return refuse(issuer, reason.message, err);
    }
    return KV_OK;
}

static enum kv_code start_fetcher(struct kv_trust *trust, struct kv_err *err)
{
    int rc = pthread_create(&trust->fetcher, NULL, run_fetcher, trust);

    if (rc != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) rc,
                       "cannot start the thread that fetches keys of issuers");
    }
    trust->has_fetcher = true;
    return KV_OK;
}

static void init_locks(struct kv_trust *trust)
{
    pthread_condattr_t attributes;

    (void) pthread_rwlock_init(&trust->sets, NULL); /* these cannot fail on Linux */
    (void) pthread_mutex_init(&trust->turns, NULL);
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&trust->changed, &attributes);
    (void) pthread_condattr_destroy(&attributes);
}

enum kv_code kv_trust_new(const struct kv_identity_config *config, struct kv_seen *seen,
                          struct kv_trust **ret_trust, struct kv_err *err)
{
    struct kv_trust *raw = calloc(1, sizeof(*raw));

    if (raw == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    raw->seen = seen;
    raw->told = config->told;
    raw->pause = config->keys_pause > 0 ? config->keys_pause : KV_KEYS_PAUSE;
    raw->lifetime = config->keys_lifetime > 0 ? config->keys_lifetime : KV_KEYS_LIFETIME;
    init_locks(raw);

    kv_auto(kv_trust_free) struct kv_trust *trust = raw;

    if (config->trusted_count > KV_TRUSTED_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "more than %d issuers are trusted",
                       KV_TRUSTED_MAX);
    }
    for (size_t i = 0; i < config->trusted_count; i++) {
        KV_TRY(add_row(trust, config, &config->trusted[i], err));
    }
    KV_TRY(start_fetcher(trust, err));
    *ret_trust = kv_take(trust);
    return KV_OK;
}

static void stop_fetcher(struct kv_trust *trust)
{
    pthread_mutex_lock(&trust->turns);
    trust->stop = true;
    pthread_cond_broadcast(&trust->changed);
    pthread_mutex_unlock(&trust->turns);
    (void) pthread_join(trust->fetcher, NULL);
}

void kv_trust_free(struct kv_trust *trust)
{
    if (trust == NULL) {
        return;
    }
    if (trust->has_fetcher) {
        stop_fetcher(trust);
    }
    for (size_t i = 0; i < trust->count; i++) {
        kv_key_set_free(trust->row[i].set);
    }
    (void) pthread_cond_destroy(&trust->changed);
    (void) pthread_mutex_destroy(&trust->turns);
    (void) pthread_rwlock_destroy(&trust->sets);
    free(trust);
}

bool kv_trust_find(const struct kv_trust *trust, const char *issuer, size_t *ret_place)
{
    for (size_t i = 0; i < trust->count; i++) {
        if (strcmp(trust->row[i].source.issuer, issuer) == 0) {
            *ret_place = i;
            return true;
        }
    }
    return false;
}

const char *kv_trust_audience(const struct kv_trust *trust, size_t place)
{
    return trust->row[place].audience[0] != '\0' ? trust->row[place].audience : NULL;
}

/* False when it has been asked for so recently that it is not worth asking again. */
static bool want(struct kv_trust *trust, struct row *row)
{
    pthread_mutex_lock(&trust->turns);
    bool is_coming = row->is_wanted || kv_clock_monotonic() - row->last >= trust->pause;
    if (is_coming && !row->is_wanted) {
        row->is_wanted = true;
        pthread_cond_broadcast(&trust->changed);
    }
    pthread_mutex_unlock(&trust->turns);
    return is_coming;
}

enum kv_trust_answer kv_trust_check(struct kv_trust *trust, size_t place, const struct kv_jws *jws)
{
    struct row *row = &trust->row[place];
    enum kv_trust_answer answer = KV_TRUST_UNKNOWN;

    pthread_rwlock_rdlock(&trust->sets);
    const struct kv_jws_key *key = kv_key_set_find(row->set, jws->kid, jws->alg);
    if (key != NULL) {
        answer = kv_jws_is_signed(jws, key) ? KV_TRUST_SIGNED : KV_TRUST_FORGED;
    }
    pthread_rwlock_unlock(&trust->sets);
    return answer == KV_TRUST_UNKNOWN && want(trust, row) ? KV_TRUST_PENDING : answer;
}
