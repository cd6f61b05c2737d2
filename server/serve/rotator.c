/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rotations by policy. The housekeeper looks for what is due, a job on the lane of generation
 * rotates it, one key a job: a generation takes seconds, in which the housekeeper has a token to
 * look after, and requests for keys that came meanwhile get their turn between two rotations.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "kv/base/log.h"
#include "serve.h"

#define RETRY_FIRST_MS INT64_C(2000) /* doubles with each failure */
#define RETRY_MAX_MS INT64_C(600000)

/* A key whose rotation failed. In real time: what it waits for, a token that is back or a disk
 * with room, does not come sooner because a virtual clock is moved. */
struct setback {
    int64_t key;
    unsigned failures;
    kv_millis until; /* monotonic */
    UT_hash_handle hh;
};

enum outcome { OUTCOME_NONE, OUTCOME_DONE, OUTCOME_FAILED };

struct rotator {
    struct rotator_config config; /* immutable */
    atomic_bool busy;             /* a job is queued or runs: the next three are its own */
    const struct kv_vault *vault; /* held while it is busy */
    struct kv_rotation rotation;
    enum outcome outcome;
    struct setback *setbacks; /* the housekeeper's */
};

enum kv_code rotator_new(const struct rotator_config *config, struct rotator **ret_rotator,
                         struct kv_err *err)
{
    struct rotator *rotator = calloc(1, sizeof(*rotator));

    if (rotator == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    rotator->config = *config;
    *ret_rotator = rotator;
    return KV_OK;
}

static void drop_setback(struct rotator *rotator, struct setback *setback)
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
        drop_setback(rotator, setback);
    }
    free(rotator);
}

static struct setback *find_setback(const struct rotator *rotator, int64_t key)
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

/* Those of keys that have gone since. */
static void drop_stale_setbacks(struct rotator *rotator, kv_millis now)
{
    struct setback *setback, *next;

    HASH_ITER (hh, rotator->setbacks, setback, next) {
        if (now - setback->until > RETRY_MAX_MS) {
            drop_setback(rotator, setback);
        }
    }
}

/* Without memory for it the key is merely tried again sooner. */
static void note_failure(struct rotator *rotator, kv_millis now)
{
    struct setback *setback = find_setback(rotator, rotator->rotation.key);

    drop_stale_setbacks(rotator, now);
    if (setback == NULL) {
        setback = calloc(1, sizeof(*setback));
        if (setback == NULL) {
            return;
        }
        setback->key = rotator->rotation.key;
        HASH_ADD(hh, rotator->setbacks, key, sizeof(setback->key), setback);
        if (find_setback(rotator, setback->key) == NULL) {
            free(setback);
            return;
        }
    }
    setback->failures++;
    setback->until = now + retry_span(setback->failures);
}

/* Takes notice of how the last job ended. */
static void settle(struct rotator *rotator)
{
    struct setback *setback = find_setback(rotator, rotator->rotation.key);

    switch (rotator->outcome) {
    case OUTCOME_NONE:
        break;
    case OUTCOME_DONE:
        if (setback != NULL) {
            drop_setback(rotator, setback);
        }
        break;
    case OUTCOME_FAILED:
        note_failure(rotator, kv_clock_monotonic());
        break;
    }
    rotator->outcome = OUTCOME_NONE;
}

static void log_failure(const struct rotator *rotator, const struct kv_err *err)
{
    kv_log(KV_LOG_WARNING, "rotation_failed", KV_LOG_TEXT_FIELD("vault", rotator->vault->name),
           KV_LOG_TEXT_FIELD("name", rotator->rotation.name),
           KV_LOG_TEXT_FIELD("reason", err->message), KV_LOG_NUMBER_FIELD("cause", err->cause),
           KV_LOG_TEXT_FIELD("where", err->where));
}

/* On the lane. After a success there may be more to do at once; after a failure the next round is
 * soon enough. */
static void rotate(void *argument)
{
    struct rotator *rotator = argument;
    struct kv_clock *clock = rotator->config.clock;
    const struct kv_scope scope = {
        .keys = rotator->config.keys,
        .vault = rotator->vault,
        .authority = rotator->vault->name,
        .now = kv_clock_now(clock),
    };
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    struct kv_err err;
    bool rotated = false;
    bool done = kv_rotation_run(&scope, &rotator->rotation, &rotated, &key, &err) == KV_OK;

    if (!done) {
        log_failure(rotator, &err);
    }
    if (rotated) {
        kv_log(KV_LOG_INFO, "rotated", KV_LOG_TEXT_FIELD("vault", rotator->vault->name),
               KV_LOG_TEXT_FIELD("name", key.name), KV_LOG_TEXT_FIELD("version", key.version));
    }
    rotator->outcome = done ? OUTCOME_DONE : OUTCOME_FAILED;
    kv_vault_release(kv_take(rotator->vault));
    atomic_store(&rotator->busy, false);
    if (done) {
        kv_clock_wake(clock);
    }
}

struct look {
    struct rotator *rotator;
    kv_millis monotonic;
    const struct kv_vault *vault; /* held; of what was found; NULL: nothing */
    struct kv_rotation rotation;
};

/* Keys of deleted vaults wait, and so do those of a store from before whose vault nobody names. */
static bool take_first(void *context, const struct kv_rotation *rotation)
{
    struct look *look = context;
    const struct setback *setback = find_setback(look->rotator, rotation->key);

    if (setback != NULL && look->monotonic < setback->until) {
        return true;
    }
    look->vault = kv_vaults_acquire_id(look->rotator->config.vaults, rotation->vault);
    look->rotation = *rotation;
    return look->vault == NULL;
}

static void start(struct rotator *rotator, struct look *look)
{
    rotator->vault = kv_take(look->vault);
    rotator->rotation = look->rotation;
    atomic_store(&rotator->busy, true);
    if (!kv_lanes_post(rotator->config.lanes, KV_LANE_GENERATE, rotate, rotator)) {
        kv_vault_release(kv_take(rotator->vault));
        atomic_store(&rotator->busy, false); /* the queue is full: the next round tries again */
    }
}

kv_millis rotator_look(struct rotator *rotator, bool token_is_healthy)
{
    struct look look = { .rotator = rotator, .monotonic = kv_clock_monotonic() };
    kv_millis now = kv_clock_now(rotator->config.clock);
    struct kv_err err;

    if (atomic_load(&rotator->busy)) { /* its end wakes the housekeeper */
        return INT64_MAX;
    }
    settle(rotator);
    if (kv_rotation_each(rotator->config.keys, now, take_first, &look, &err) != KV_OK) {
        kv_log(KV_LOG_WARNING, "rotations_unknown", KV_LOG_TEXT_FIELD("reason", err.message),
               KV_LOG_NUMBER_FIELD("cause", err.cause), KV_LOG_TEXT_FIELD("where", err.where));
        return INT64_MAX;
    }
    bool is_due = look.vault != NULL && look.rotation.due <= now;
    kv_millis due = look.vault != NULL && !is_due ? look.rotation.due : INT64_MAX;
    if (is_due && token_is_healthy) {
        start(rotator, &look);
    }
    kv_vault_release(look.vault);
    return due;
}
