/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate: what becomes of a call. With no fault that is a look at one number. A call that is held up
 * waits without our lock; what the token layer holds meanwhile it would hold across a slow module, too.
 */
#include <string.h>

#include "core.h"

/* What is to become of a call. */
struct fate {
    CK_RV rv;
    kv_millis delay;
    uint64_t serial; /* of the fault that says so */
};

bool fault_is_over(const struct fault *fault, kv_millis now, kv_millis monotonic)
{
    return now >= fault->until || monotonic >= fault->real_end;
}

static bool has_mechanism(const struct fault *fault, CK_MECHANISM_TYPE mechanism)
{
    for (unsigned i = 0; i < fault->mechanism_count; i++) {
        if (fault->mechanisms[i] == mechanism) {
            return true;
        }
    }
    return fault->mechanism_count == 0;
}

static bool has_object(const struct fault *fault, const unsigned char *key)
{
    if (!fault->has_object || key == NULL) {
        return !fault->has_object;
    }
    for (size_t i = 0; i < HSM_ID_LENGTH; i++) {
        if (fault->object[i] != key[i]) {
            return false;
        }
    }
    return true;
}

static bool concerns(const struct fault *fault, const struct hsm_call *call, long sessions)
{
    return (fault->calls & CALL_BIT(call->function)) != 0 && has_mechanism(fault, call->mechanism)
           && has_object(fault, call->key)
           && (fault->kind != KIND_SESSION_LIMIT || sessions > (long) fault->limit);
}

/* Whether it is the turn of this call; counts it. */
static bool takes(struct fault *fault)
{
    uint64_t ticket = fault->seen++;

    if (ticket < fault->skip || (ticket - fault->skip + 1) % fault->every != 0
        || (fault->times != 0 && fault->hits >= fault->times)) {
        return false;
    }
    fault->hits++;
    return true;
}

/* Whose PIN is locked is not logged in, and cannot log in. */
static CK_RV verdict_of(const struct fault *fault, const struct hsm_call *call)
{
    return fault->kind == KIND_PIN_LOCKED && call->function == HSM_C_Login ? CKR_PIN_LOCKED
                                                                           : fault->rv;
}

static struct fate decide(struct kv_hsm_faults *faults, const struct hsm_call *call)
{
    const kv_millis now = kv_clock_now(faults->clock);
    const kv_millis monotonic = kv_clock_monotonic();
    const long sessions = atomic_load(&faults->sessions);
    struct fate fate = { .rv = CKR_OK };

    pthread_mutex_lock(&faults->lock);
    for (unsigned i = 0; i < atomic_load(&faults->count); i++) {
        struct fault *fault = &faults->items[i];

        if (concerns(fault, call, sessions) && !fault_is_over(fault, now, monotonic)
            && takes(fault)) {
            fate = (struct fate){ verdict_of(fault, call), fault->delay, fault->serial };
            break;
        }
    }
    pthread_mutex_unlock(&faults->lock);
    return fate;
}

static bool is_there_locked(const struct kv_hsm_faults *faults, uint64_t serial)
{
    for (unsigned i = 0; i < atomic_load(&faults->count); i++) {
        if (faults->items[i].serial == serial) {
            return true;
        }
    }
    return false;
}

/* As long as the fault says, or until it is withdrawn. */
static void hold_up(struct kv_hsm_faults *faults, const struct fate *fate)
{
    const kv_millis end = kv_clock_monotonic() + fate->delay;
    const struct timespec until = { .tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000 };
    int result = 0;

    pthread_mutex_lock(&faults->lock);
    while (result == 0 && !atomic_load(&faults->ended) && is_there_locked(faults, fate->serial)) {
        result = pthread_cond_clockwait(&faults->changed, &faults->lock, CLOCK_MONOTONIC, &until);
    }
    pthread_mutex_unlock(&faults->lock);
}

CK_RV kv_hsm_faults_ask(void *faults_, const struct hsm_call *call)
{
    struct kv_hsm_faults *faults = faults_;

    if (call->function == HSM_C_OpenSession) { /* taken back below if it is not opened */
        atomic_fetch_add(&faults->sessions, 1);
    }
    if (atomic_load_explicit(&faults->count, memory_order_relaxed) == 0
        || atomic_load(&faults->ended)) {
        return CKR_OK;
    }
    struct fate fate = decide(faults, call);
    if (fate.delay > 0) {
        hold_up(faults, &fate);
    }
    return fate.rv;
}

void kv_hsm_faults_told(void *faults_, const struct hsm_call *call, CK_RV rv)
{
    struct kv_hsm_faults *faults = faults_;
    bool is_open = call->function == HSM_C_OpenSession && rv == CKR_OK;

    if ((call->function == HSM_C_OpenSession && !is_open) || call->function == HSM_C_CloseSession) {
        atomic_fetch_sub(&faults->sessions, 1);
    }
}
