/* SPDX-License-Identifier: Apache-2.0 */
#include "serve.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "kv/base/agenda.h"
#include "kv/base/log.h"
#include "kv/store/store.h"
#include "trim.h"

#define PATIENCE_MS 2000 /* between two checks of the token */
#define FRESH_MS 100     /* how long a look at the token answers whoever asks */
#define ANSWER_MS 500    /* whoever asks waits for a new look */
#define BACKOFF_MS 125   /* at least, after a round that failed; doubled up to PATIENCE_MS */

struct housekeeper {
    struct kv_clock *clock;
    struct kv_keys *keys;
    struct kv_agenda *agenda;
    struct kv_lanes *lanes;
    struct hsm *hsm;
    struct kv_store *store;
    bool store_is_lost; /* when it was last looked at */
    atomic_bool slow;   /* a job with the slow rows is queued or running */
    pthread_t thread;
    bool running;
    bool failing;      /* used by its thread only: the last tidying failed, which was logged */
    kv_millis backoff; /* used by its thread only */
    atomic_bool stop;
    atomic_bool healthy; /* the token worked when it was last checked */

    pthread_mutex_t mutex; /* lock.def: housekeeper.looks */
    pthread_cond_t looked;
    kv_millis looked_at; /* monotonic; guarded by mutex, as the next two are */
    unsigned long looks;
    bool overdue; /* somebody has waited for a look in vain: the token hangs, or it is at work */
};

static void look_at_token(struct housekeeper *keeper)
{
    CK_RV rv = hsm_check(keeper->hsm);
    bool was_healthy = atomic_exchange(&keeper->healthy, rv == CKR_OK);

    if (was_healthy && rv != CKR_OK) {
        kv_log(KV_LOG_ERROR, "token_lost", KV_LOG_TEXT_FIELD("rv", hsm_rv_name(rv)));
    }
    if (!was_healthy && rv == CKR_OK) {
        kv_log(KV_LOG_INFO, "token_back", KV_LOG_TEXT_FIELD("rv", hsm_rv_name(rv)));
    }
    pthread_mutex_lock(&keeper->mutex);
    keeper->looked_at = kv_clock_monotonic();
    keeper->looks++;
    keeper->overdue = false;
    pthread_cond_broadcast(&keeper->looked);
    pthread_mutex_unlock(&keeper->mutex);
}

/* Writers find out by themselves; this logs it even if nothing is being written. */
static void look_at_store(struct housekeeper *keeper)
{
    struct kv_err err;
    bool is_lost = kv_store_check(keeper->store, &err) != KV_OK;

    if (is_lost && !keeper->store_is_lost) {
        kv_log(KV_LOG_ERROR, "store_lost", KV_LOG_TEXT_FIELD("reason", err.message));
    }
    if (!is_lost && keeper->store_is_lost) {
        kv_log(KV_LOG_INFO, "store_back", KV_LOG_TEXT_FIELD("store", "in its place"));
    }
    keeper->store_is_lost = is_lost;
}

/* Does what is due now, and finds out when there is more. A thread that moves the clock does this
 * itself, and wakes the housekeeper once the clock is there. */
static enum kv_code catch_up(struct housekeeper *keeper, kv_millis *ret_due, struct kv_err *err)
{
    enum kv_code code;

    *ret_due = INT64_MAX;
    if (!kv_agenda_try_acquire(keeper->agenda)) {
        return KV_OK;
    }
    code = kv_agenda_catch_up(keeper->agenda, KV_PACE_QUICK, err);
    kv_agenda_release(keeper->agenda);
    return code == KV_OK ? kv_agenda_look(keeper->agenda, KV_PACE_QUICK, ret_due, err) : code;
}

/* When it fails, for want of the token or of the disk, the next round tries again. */
static kv_millis tidy(struct housekeeper *keeper)
{
    kv_millis due;
    struct kv_err err;
    enum kv_code code = catch_up(keeper, &due, &err);
    enum kv_code tidied = kv_keys_tidy(keeper->keys, code == KV_OK ? &err : NULL);

    if (code != KV_OK || tidied != KV_OK) {
        if (keeper->failing) { /* already logged when it began */
            return INT64_MAX;
        }
        keeper->failing = true;
        kv_log(KV_LOG_WARNING, "tidying_failed", KV_LOG_TEXT_FIELD("reason", err.message),
               KV_LOG_NUMBER_FIELD("cause", err.cause), KV_LOG_TEXT_FIELD("where", err.where));
        return INT64_MAX;
    }
    if (keeper->failing) {
        kv_log(KV_LOG_INFO, "tidying_works", KV_LOG_NUMBER_FIELD("due", due));
    }
    keeper->failing = false;
    return due;
}

/* Alone on the generation lane. After a success there may be more to do at once; after a failure, which
 * the row has logged, the next round is soon enough. */
static void run_slow_rows(void *argument)
{
    struct housekeeper *keeper = argument;
    struct kv_err err;

    kv_agenda_acquire(keeper->agenda);
    bool done = kv_agenda_catch_up(keeper->agenda, KV_PACE_SLOW, &err) == KV_OK;
    kv_agenda_release(keeper->agenda);
    atomic_store(&keeper->slow, false);
    if (done) {
        kv_clock_wake(keeper->clock);
    }
}

static void post_slow_rows(struct housekeeper *keeper)
{
    atomic_store(&keeper->slow, true);
    if (!kv_lanes_post(keeper->lanes, KV_LANE_ALONE, run_slow_rows, keeper)) {
        atomic_store(&keeper->slow, false); /* the queue is full: the next round tries again */
    }
}

/* The housekeeper still has the token to look after while slow rows run. INT64_MAX: nothing is
 * known, or the end of the running job will wake it. */
static kv_millis look_at_slow_rows(struct housekeeper *keeper)
{
    kv_millis due;
    struct kv_err err;

    if (atomic_load(&keeper->slow)) {
        return INT64_MAX;
    }
    if (kv_agenda_look(keeper->agenda, KV_PACE_SLOW, &due, &err) != KV_OK) {
        kv_log(KV_LOG_WARNING, "agenda_unknown", KV_LOG_TEXT_FIELD("reason", err.message),
               KV_LOG_NUMBER_FIELD("cause", err.cause), KV_LOG_TEXT_FIELD("where", err.where));
        return INT64_MAX;
    }
    if (due > kv_clock_now(keeper->clock)) {
        return due;
    }
    if (atomic_load(&keeper->healthy)) {
        post_slow_rows(keeper);
    }
    return INT64_MAX;
}

/*
 * Sleeps until there is something to do. A round that failed has sounded the alarm itself, which
 * would end this sleep: so after a failure only a stop ends it early.
 */
static void rest(struct housekeeper *keeper, kv_millis due)
{
    kv_millis end;

    if (!keeper->failing && atomic_load(&keeper->healthy)) {
        keeper->backoff = BACKOFF_MS;
        kv_clock_wait(keeper->clock, due, PATIENCE_MS);
        return;
    }
    end = kv_clock_monotonic() + keeper->backoff;
    keeper->backoff = keeper->backoff < PATIENCE_MS / 2 ? keeper->backoff * 2 : PATIENCE_MS;
    for (kv_millis left; !atomic_load(&keeper->stop) && (left = end - kv_clock_monotonic()) > 0;) {
        kv_clock_wait(keeper->clock, INT64_MAX, left);
    }
}

static void *keep_house(void *argument)
{
    struct housekeeper *keeper = argument;
    bool is_trimmed = false;

    while (!atomic_load(&keeper->stop)) {
        kv_millis quick;
        kv_millis slow;

        look_at_token(keeper);
        look_at_store(keeper);
        quick = tidy(keeper);
        slow = look_at_slow_rows(keeper);
        rest(keeper, quick < slow ? quick : slow);
        if (!is_trimmed) { /* the start is over, and whoever waited for it has begun */
            trim_code();
            is_trimmed = true;
        }
    }
    return NULL;
}

enum kv_code housekeeper_new(struct kv_clock *clock, struct housekeeper **ret_keeper,
                             struct kv_err *err)
{
    struct housekeeper *keeper = calloc(1, sizeof(*keeper));

    if (keeper == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    keeper->clock = clock;
    keeper->backoff = BACKOFF_MS;
    atomic_init(&keeper->stop, false);
    atomic_init(&keeper->healthy, true);
    (void) pthread_mutex_init(&keeper->mutex, NULL);
    (void) pthread_cond_init(&keeper->looked, NULL);
    *ret_keeper = keeper;
    return KV_OK;
}

enum kv_code housekeeper_start(struct housekeeper *keeper, const struct chores *chores,
                               struct kv_err *err)
{
    int result;

    keeper->keys = chores->keys;
    keeper->hsm = chores->hsm;
    keeper->store = chores->store;
    keeper->agenda = chores->agenda;
    keeper->lanes = chores->lanes;
    result = pthread_create(&keeper->thread, NULL, keep_house, keeper);
    if (result != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) result,
                       "cannot start the thread of the housekeeper");
    }
    keeper->running = true;
    return KV_OK;
}

void housekeeper_stop(struct housekeeper *keeper)
{
    if (keeper == NULL || !keeper->running) {
        return;
    }
    atomic_store(&keeper->stop, true);
    kv_keys_stop_tidying(keeper->keys);
    kv_clock_wake(keeper->clock);
    pthread_join(keeper->thread, NULL);
    keeper->running = false;
}

void housekeeper_free(struct housekeeper *keeper)
{
    if (keeper == NULL) {
        return;
    }
    housekeeper_stop(keeper);
    (void) pthread_cond_destroy(&keeper->looked);
    (void) pthread_mutex_destroy(&keeper->mutex);
    free(keeper);
}

void housekeeper_look(struct housekeeper *keeper)
{
    look_at_token(keeper);
    kv_clock_wake(keeper->clock); /* what failed for want of it can be done now */
}

void housekeeper_alarm(void *keeper)
{
    kv_clock_wake(((struct housekeeper *) keeper)->clock);
}

/* Whether the last look no longer answers; `ret_looks`: how many there have been. */
static bool wants_look(struct housekeeper *keeper, unsigned long *ret_looks)
{
    pthread_mutex_lock(&keeper->mutex);
    bool wants = !keeper->overdue && kv_clock_monotonic() - keeper->looked_at > FRESH_MS;
    *ret_looks = keeper->looks;
    pthread_mutex_unlock(&keeper->mutex);
    return wants;
}

static void await_look(struct housekeeper *keeper, unsigned long looks)
{
    const kv_millis end = kv_clock_monotonic() + ANSWER_MS;
    const struct timespec until = { .tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000 };
    int result = 0;

    pthread_mutex_lock(&keeper->mutex);
    while (keeper->looks == looks && result == 0) {
        result = pthread_cond_clockwait(&keeper->looked, &keeper->mutex, CLOCK_MONOTONIC, &until);
    }
    keeper->overdue = keeper->looks == looks;
    pthread_mutex_unlock(&keeper->mutex);
}

/* A token that does not work is looked at by the housekeeper's own schedule: that may take
 * seconds. */
bool housekeeper_token_is_healthy(void *keeper_)
{
    struct housekeeper *keeper = keeper_;
    unsigned long looks;

    if (atomic_load(&keeper->healthy) && wants_look(keeper, &looks)) {
        kv_clock_wake(keeper->clock);
        await_look(keeper, looks);
    }
    return atomic_load(&keeper->healthy);
}
