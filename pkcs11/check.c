/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health: look at the token, and when it does not answer, close everything and open it again.
 * Nothing less helps: SoftHSM does not see a token folder that came back before it is finalised.
 */
#include "internal.h"

#include "door.h"

#define PIN_PAUSE 60 /* seconds; modules exist that lock after a few wrong PINs */

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

/* Waits until nobody is inside; whoever comes meanwhile is told at once that the token is gone. */
static CK_RV reopen(struct hsm *hsm)
{
    pthread_rwlock_wrlock(&hsm->open_lock);
    hsm->usable = false;
    hsm_token_close(hsm);
    CK_RV rv = open_again(hsm);
    if (rv == CKR_OK) {
        hsm->usable = true;
        atomic_fetch_add(&hsm->reopened, 1);
    } else {
        hsm_token_close(hsm);
    }
    pthread_rwlock_unlock(&hsm->open_lock);
    return rv;
}

static CK_RV reopen_unless_paused(struct hsm *hsm)
{
    if (monotonic_now() < hsm->not_before) {
        return hsm->pin_verdict;
    }
    CK_RV rv = reopen(hsm);
    if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED) {
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

bool hsm_rv_wants_check(CK_RV rv)
{
    switch (rv) {
    case CKR_GENERAL_ERROR:
    case CKR_FUNCTION_FAILED:
    case CKR_DEVICE_ERROR:
    case CKR_DEVICE_MEMORY:
    case CKR_DEVICE_REMOVED:
    case CKR_SLOT_ID_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
    case HSM_RV_NO_TOKEN:
    case HSM_RV_OTHER_TOKEN:
    case HSM_RV_TOKEN_GONE:
        return true;
    default:
        return false;
    }
}

CK_RV hsm_judge(struct hsm_session *session, CK_RV rv, CK_RV bad_input)
{
    switch (rv) {
    case CKR_GENERAL_ERROR:
    case CKR_FUNCTION_FAILED:
        break;
    default:
        return rv;
    }
    HSM_TRY(hsm_session_renew(session));
    HSM_TRY(hsm_look(session));
    return bad_input;
}

bool hsm_rv_is_bad_input(CK_RV rv)
{
    switch (rv) {
    case CKR_DATA_INVALID:
    case CKR_DATA_LEN_RANGE:
    case CKR_ENCRYPTED_DATA_INVALID:
    case CKR_ENCRYPTED_DATA_LEN_RANGE:
    case CKR_KEY_SIZE_RANGE:
    case CKR_WRAPPED_KEY_INVALID:
    case CKR_WRAPPED_KEY_LEN_RANGE:
        return true;
    default:
        return false;
    }
}
