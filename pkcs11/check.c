/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health: check the token, and if it does not answer, close everything and open it again. Nothing
 * less helps: SoftHSM does not notice that a token folder is back until it is finalised.
 */
#include "core.h"
#include "door.h"
#include "hsm_pause.h"
#include "lookup.h"
#include "sentinel.h"
#include "token.h"

#define PIN_PAUSE 60 /* seconds; some modules lock after a few wrong PINs */

static time_t monotonic_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static CK_RV open_again(struct hsm *hsm)
{
    HSM_TRY(hsm_token_open(hsm));
    HSM_TRY(hsm_look(&hsm->anchor));
    return hsm_fill_map(&hsm->anchor);
}

static void leave_as_it_is(void *context)
{
    (void) context;
}

static bool is_about_pin(CK_RV rv)
{
    return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED;
}

/* Nobody is inside. */
static CK_RV reopen_locked(struct hsm *hsm, hsm_exchange_fn *exchange, void *context)
{
    hsm->usable = false;
    hsm_token_close(hsm);
    exchange(context);
    CK_RV rv = open_again(hsm);
    hsm->refusal = is_about_pin(rv) ? rv : HSM_RV_TOKEN_GONE;
    if (rv == CKR_OK) {
        hsm->usable = true;
        atomic_fetch_add(&hsm->reopened, 1);
    } else {
        hsm_token_close(hsm);
    }
    return rv;
}

/* Waits until nobody is inside; whoever comes meanwhile is told at once that the token is gone. */
static CK_RV reopen(struct hsm *hsm)
{
    pthread_rwlock_wrlock(&hsm->open_lock);
    CK_RV rv = reopen_locked(hsm, leave_as_it_is, NULL);
    pthread_rwlock_unlock(&hsm->open_lock);
    return rv;
}

static CK_RV reopen_unless_paused(struct hsm *hsm)
{
    if (monotonic_now() < hsm->not_before) {
        return hsm->pin_verdict;
    }
    CK_RV rv = reopen(hsm);
    if (is_about_pin(rv)) {
        hsm->pin_verdict = rv;
        hsm->not_before = monotonic_now() + PIN_PAUSE + 1; /* whole seconds: round up */
    }
    return rv;
}

static CK_RV look_now(struct hsm *hsm)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;

    HSM_TRY(hsm_session_acquire(hsm, &session));
    return hsm_look(session);
}

CK_RV hsm_check(struct hsm *hsm)
{
    pthread_mutex_lock(&hsm->check_lock);
    CK_RV rv = look_now(hsm);
    if (rv != CKR_OK) {
        rv = reopen_unless_paused(hsm);
    }
    pthread_mutex_unlock(&hsm->check_lock);
    return rv;
}

void hsm_trust_pin(struct hsm *hsm)
{
    pthread_mutex_lock(&hsm->check_lock);
    hsm->not_before = 0;
    pthread_mutex_unlock(&hsm->check_lock);
}

/* Whoever checks meanwhile waits too: he would find the token gone. */
CK_RV hsm_pause(struct hsm *hsm, unsigned patience)
{
    const struct timespec until = hsm_time_in(patience);

    if (HSM_LOCK_UNTIL(&hsm->check_lock, &until) != 0) {
        return CKR_FUNCTION_CANCELED;
    }
    atomic_store(&hsm->is_paused, true);
    if (HSM_WRITE_UNTIL(&hsm->open_lock, &until) != 0) {
        atomic_store(&hsm->is_paused, false);
        pthread_mutex_unlock(&hsm->check_lock);
        return CKR_FUNCTION_CANCELED;
    }
    return CKR_OK;
}

CK_RV hsm_reopen(struct hsm *hsm, hsm_exchange_fn *exchange, void *context)
{
    return reopen_locked(hsm, exchange, context);
}

void hsm_resume(struct hsm *hsm)
{
    atomic_store(&hsm->is_paused, false);
    pthread_rwlock_unlock(&hsm->open_lock);
    pthread_mutex_unlock(&hsm->check_lock);
}
