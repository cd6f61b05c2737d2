/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rotations by policy, a row of the agenda. A key whose versions would fall due again and again on
 * the way of a travel is rotated once, at its end; all others when they are due.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "kv/base/log.h"
#include "serve.h"

#define RETRY_FIRST_MS INT64_C(2000) /* doubles with each failure */
#define RETRY_MAX_MS INT64_C(600000)

/* A key whose rotation failed. Uses real time: the return of the token, or of room on the disk,
 * does not come sooner because a virtual clock is moved. */
struct setback {
    int64_t key;
    unsigned failures;
    kv_millis since, until; /* monotonic */
    UT_hash_handle hh;
};

struct rotator {
    struct rotator_config config; /* immutable */
    pthread_mutex_t mutex;        /* lock.def: rotator.setbacks */
    struct setback *setbacks;     /* guarded by mutex */
};

enum kv_code rotator_new(const struct rotator_config *config, struct rotator **ret_rotator,
                         struct kv_err *err)
{
    struct rotator *rotator = calloc(1, sizeof(*rotator));

    if (rotator == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    rotator->config = *config;
    (void) pthread_mutex_init(&rotator->mutex, NULL); /* cannot fail on Linux */
    *ret_rotator = rotator;
    return KV_OK;
}

static void drop_setback_locked(struct rotator *rotator, struct setback *setback)
{
    HASH_DEL(rotator->setbacks, setback);
    free(setback);
}

void rotator_free(struct rotator *rotator)
{
    struct setback *setback, *next;

    if (rotator == NULL) {
        return;
    }
    HASH_ITER (hh, rotator->setbacks, setback, next) {
        drop_setback_locked(rotator, setback);
    }
    (void) pthread_mutex_destroy(&rotator->mutex);
    free(rotator);
}

static struct setback *find_setback_locked(const struct rotator *rotator, int64_t key)
{
    struct setback *setback;

    HASH_FIND(hh, rotator->setbacks, &key, sizeof(key), setback);
    return setback;
}

static kv_millis retry_span(unsigned failures)
{
    kv_millis span = RETRY_FIRST_MS;

    for (unsigned i = 1; i < failures && span < RETRY_MAX_MS; i++) {
        span *= 2;
    }
    return span < RETRY_MAX_MS ? span : RETRY_MAX_MS;
}

/* Drops those of keys that no longer exist. */
static void drop_stale_setbacks_locked(struct rotator *rotator, kv_millis now)
{
    struct setback *setback, *next;

    HASH_ITER (hh, rotator->setbacks, setback, next) {
        if (now - setback->until > RETRY_MAX_MS) {
            drop_setback_locked(rotator, setback);
        }
    }
}

/* If memory is short the key is merely retried sooner. */
static struct setback *need_setback_locked(struct rotator *rotator, int64_t key)
{
    struct setback *setback = find_setback_locked(rotator, key);

    if (setback != NULL) {
        return setback;
    }
    setback = calloc(1, sizeof(*setback));
    if (setback == NULL) {
        return NULL;
    }
    setback->key = key;
    HASH_ADD(hh, rotator->setbacks, key, sizeof(setback->key), setback);
    if (find_setback_locked(rotator, key) == NULL) {
        free(setback);
        return NULL;
    }
    return setback;
}

static void note_failure_locked(struct rotator *rotator, int64_t key)
{
    kv_millis now = kv_clock_monotonic();
    struct setback *setback;

    drop_stale_setbacks_locked(rotator, now);
    setback = need_setback_locked(rotator, key);
    if (setback != NULL) {
        setback->failures++;
        setback->since = now;
        setback->until = now + retry_span(setback->failures);
    }
}

static void note_outcome(struct rotator *rotator, int64_t key, bool done)
{
    pthread_mutex_lock(&rotator->mutex);
    struct setback *setback = find_setback_locked(rotator, key);
    if (!done) {
        note_failure_locked(rotator, key);
    } else if (setback != NULL) {
        drop_setback_locked(rotator, setback);
    }
    pthread_mutex_unlock(&rotator->mutex);
}

/* When the clock is moved, every key is tried, but only once. */
static bool is_put_off(struct rotator *rotator, int64_t key, const struct kv_trip *trip)
{
    pthread_mutex_lock(&rotator->mutex);
    const struct setback *setback = find_setback_locked(rotator, key);
    bool put_off =
        setback != NULL
        && (trip->is_travel ? setback->since >= trip->started : trip->started < setback->until);
    pthread_mutex_unlock(&rotator->mutex);
    return put_off;
}

static void log_failure(const struct kv_vault *vault, const struct kv_rotation *rotation,
                        const struct kv_err *err)
{
    kv_log(KV_LOG_WARNING, "rotation_failed", KV_LOG_TEXT_FIELD("vault", vault->name),
           KV_LOG_TEXT_FIELD("name", rotation->name), KV_LOG_TEXT_FIELD("reason", err->message),
           KV_LOG_NUMBER_FIELD("cause", err->cause), KV_LOG_TEXT_FIELD("where", err->where));
}

struct look {
    struct rotator *rotator;
    const struct kv_trip *trip;
    kv_millis after, until;       /* looks for those due later than `after`, up to `until` */
    const struct kv_vault *vault; /* held; of the first that was found; NULL: nothing */
    struct kv_rotation rotation;
    kv_millis due; /* when it should happen */
};

static void look_done(struct look *look)
{
    kv_vault_release(kv_take(look->vault));
}
KV_DEFINE_CLEANUP_VALUE(struct look, look_done)

/* Keys of deleted vaults wait, as do those of an older store whose vault no option names. */
static void take(struct look *look, const struct kv_rotation *rotation, kv_millis due)
{
    const struct kv_vault *vault =
        kv_vaults_acquire_id(look->rotator->config.vaults, rotation->vault);

    if (vault != NULL) {
        look_done(look);
        look->vault = vault;
        look->rotation = *rotation;
        look->due = due;
    }
}

/* When it should happen on that trip. Anything overdue when the trip begins is due then. */
static kv_millis due_on(const struct kv_trip *trip, const struct kv_rotation *rotation)
{
    kv_millis due = rotation->due < trip->from ? trip->from : rotation->due;

    if (due >= trip->until) {
        return due;
    }
    return kv_rotation_due_again(rotation, due) <= trip->until ? trip->until : due;
}

/* They come in the order of rotation->due, of which due_on() only ever makes a later time. */
static bool take_first(void *context, const struct kv_rotation *rotation)
{
    struct look *look = context;
    kv_millis due = due_on(look->trip, rotation);

    if (look->due <= rotation->due || look->due == look->trip->from) {
        return false;
    }
    if (due > look->after && due <= look->until && due < look->due
        && !is_put_off(look->rotator, rotation->key, look->trip)) {
        take(look, rotation, due);
    }
    return true;
}

static enum kv_code look_for(struct rotator *rotator, kv_millis now, struct look *look,
                             struct kv_err *err)
{
    look->rotator = rotator;
    look->due = INT64_MAX;
    return kv_rotation_each(rotator->config.keys, now, take_first, look, err);
}

static enum kv_code rotate(struct rotator *rotator, const struct look *look, kv_millis at,
                           bool *ret_rotated, struct kv_err *err)
{
    const struct kv_scope scope = {
        .keys = rotator->config.keys,
        .vault = look->vault,
        .authority = look->vault->name,
        .now = at,
    };
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    enum kv_code code = kv_rotation_run(&scope, &look->rotation, ret_rotated, &key, err);

    if (code != KV_OK) {
        log_failure(look->vault, &look->rotation, err);
    }
    if (*ret_rotated) {
        kv_log(KV_LOG_INFO, "rotated", KV_LOG_TEXT_FIELD("vault", look->vault->name),
               KV_LOG_TEXT_FIELD("name", key.name), KV_LOG_TEXT_FIELD("version", key.version));
    }
    note_outcome(rotator, look->rotation.key, code == KV_OK);
    return code;
}

static enum kv_code rotate_and_tell(struct rotator *rotator, const struct look *look, kv_millis at,
                                    struct kv_agenda_report *report, struct kv_err *err)
{
    bool rotated = false;
    enum kv_code code = rotate(rotator, look, at, &rotated, err);

    if (code != KV_OK || rotated) {
        kv_agenda_note(report, look->vault->name, look->rotation.name,
                       code == KV_OK ? NULL : err->message);
    }
    return code;
}

static enum kv_code next_rotation(void *context, const struct kv_trip *trip, kv_millis after,
                                  kv_millis *ret_due, struct kv_err *err)
{
    kv_auto(look_done) struct look look = { .trip = trip, .after = after, .until = INT64_MAX };

    KV_TRY(look_for(context, trip->from, &look, err));
    *ret_due = look.due;
    return KV_OK;
}

/*
 * Generating a key takes seconds: in the background one at a time is enough, so that requests for
 * keys get their turn between two rotations. On a travel a key that cannot be rotated does not hold
 * up the others, unless the token is missing.
 */
static enum kv_code run_rotations(void *context, const struct kv_trip *trip, kv_millis at,
                                  struct kv_agenda_report *report, struct kv_err *err)
{
    kv_auto(look_done) struct look look = { .trip = trip, .after = trip->from - 1, .until = at };

    KV_TRY(look_for(context, at, &look, err));
    while (look.vault != NULL) {
        enum kv_code code = rotate_and_tell(context, &look, at, report, err);

        if (!trip->is_travel || code == KV_UNAVAILABLE) {
            return code;
        }
        look_done(&look);
        if (!kv_trip_is_over(trip)) {
            KV_TRY(look_for(context, at, &look, err));
        }
    }
    return KV_OK;
}

void rotator_add(struct rotator *rotator, struct kv_agenda *agenda)
{
    kv_agenda_add(agenda, &(struct kv_agenda_row){
                              .name = "rotation",
                              .pace = KV_PACE_SLOW,
                              .scope_word = "vault",
                              .subject_word = "key",
                              .context = rotator,
                              .next = next_rotation,
                              .run = run_rotations,
                          });
}
