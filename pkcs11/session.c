/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: a fixed number of read-write sessions, opened when first lent, kept open, and closed
 * after an error, because only that reliably ends an operation that the error left active (§5.2
 * lets modules differ). Opening one costs less than a microsecond where it was measured.
 */
#include "session.h"

#include <assert.h>
#include <stdlib.h>

#include "core.h"
#include "door.h"
#include "hsm_pause.h"

#define HSM_SESSIONS_MAX 1024 /* above any sensible number of threads */

struct hsm_pool {
    pthread_mutex_t lock; /* lock.def: hsm.pool */
    pthread_cond_t returned;
    struct hsm_session *idle; /* guarded by lock; the last one given back on top */
    unsigned lent;            /* guarded by lock */
    atomic_uint open;         /* sessions that have a handle */
    unsigned bound;
    struct hsm_session sessions[];
};

static struct hsm_session *pop_idle(struct hsm_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->idle) {
        pthread_cond_wait(&pool->returned, &pool->lock);
    }
    struct hsm_session *session = pool->idle;
    pool->idle = kv_take(session->next);
    pool->lent++;
    pthread_mutex_unlock(&pool->lock);
    return session;
}

static void push_idle(struct hsm_pool *pool, struct hsm_session *session)
{
    pthread_mutex_lock(&pool->lock);
    session->next = pool->idle;
    pool->idle = session;
    pool->lent--;
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
}

static CK_RV open_session(struct hsm_session *session)
{
    struct hsm *hsm = session->hsm;
    CK_SESSION_HANDLE handle;

    HSM_TRY(HSM_DOOR(&hsm->module, C_OpenSession, hsm->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
                     NULL, NULL, &handle));
    session->handle = handle;
    atomic_fetch_add(&hsm->pool->open, 1);
    return CKR_OK;
}

static void close_session(struct hsm_session *session)
{
    if (session->handle == CK_INVALID_HANDLE) {
        return;
    }
    HSM_CLOSE(&session->hsm->module, session->handle, C_CloseSession, session->handle);
    session->handle = CK_INVALID_HANDLE;
    session->spent = false;
    atomic_fetch_sub(&session->hsm->pool->open, 1);
}

static CK_RV lend(struct hsm *hsm, struct hsm_session **ret_session)
{
    struct hsm_session *session = pop_idle(hsm->pool);
    CK_RV rv = session->handle == CK_INVALID_HANDLE ? open_session(session) : CKR_OK;

    if (rv != CKR_OK) {
        push_idle(hsm->pool, session);
        return rv;
    }
    *ret_session = session;
    return CKR_OK;
}

CK_RV hsm_pool_new(struct hsm *hsm, unsigned bound, struct hsm_pool **ret_pool)
{
    if (bound == 0 || bound > HSM_SESSIONS_MAX) {
        return CKR_ARGUMENTS_BAD;
    }
    struct hsm_pool *pool = calloc(1, sizeof(*pool) + bound * sizeof(pool->sessions[0]));
    if (!pool) {
        return CKR_HOST_MEMORY;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->returned, NULL);
    pool->bound = bound;
    for (unsigned i = 0; i < bound; i++) {
        pool->sessions[i].hsm = hsm;
        pool->sessions[i].module = &hsm->module;
        pool->sessions[i].next = pool->idle;
        pool->idle = &pool->sessions[i];
    }
    *ret_pool = pool;
    return CKR_OK;
}

void hsm_pool_free(struct hsm_pool *pool)
{
    if (!pool) {
        return;
    }
    pthread_cond_destroy(&pool->returned);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void hsm_pool_close_sessions(struct hsm_pool *pool)
{
    assert(pool->lent == 0);
    for (unsigned i = 0; i < pool->bound; i++) {
        close_session(&pool->sessions[i]);
    }
}

void hsm_pool_count(struct hsm_pool *pool, unsigned *ret_open, unsigned *ret_lent)
{
    *ret_open = atomic_load(&pool->open);
    pthread_mutex_lock(&pool->lock);
    *ret_lent = pool->lent;
    pthread_mutex_unlock(&pool->lock);
}

/* Fails also while a writer waits, so nobody waits for a token that is gone; for one that is paused
 * one does. */
static bool enter(struct hsm *hsm)
{
    if (pthread_rwlock_tryrdlock(&hsm->open_lock) == 0) {
        return true;
    }
    if (!atomic_load(&hsm->is_paused)) { /* any more, perhaps */
        return pthread_rwlock_tryrdlock(&hsm->open_lock) == 0;
    }
    const struct timespec until = hsm_time_in(HSM_PAUSE_MAX);

    return HSM_READ_UNTIL(&hsm->open_lock, &until) == 0;
}

CK_RV hsm_session_acquire(struct hsm *hsm, struct hsm_session **ret_session)
{
    if (!enter(hsm)) {
        return HSM_RV_TOKEN_GONE;
    }
    CK_RV rv = hsm->usable ? lend(hsm, ret_session) : hsm->refusal;
    if (rv != CKR_OK) {
        pthread_rwlock_unlock(&hsm->open_lock);
    }
    return rv;
}

void hsm_session_begin_to_make(struct hsm_session *session)
{
    if (!session->has_objects) {
        pthread_rwlock_rdlock(&session->hsm->objects_lock);
        session->has_objects = true;
    }
}

CK_RV hsm_session_acquire_to_make(struct hsm *hsm, struct hsm_session **ret_session)
{
    HSM_TRY(hsm_session_acquire(hsm, ret_session));
    hsm_session_begin_to_make(*ret_session);
    return CKR_OK;
}

CK_RV hsm_session_acquire_to_generate(struct hsm *hsm, struct hsm_session **ret_session)
{
    return hsm->capabilities.settles ? hsm_session_acquire(hsm, ret_session)
                                     : hsm_session_acquire_to_make(hsm, ret_session);
}

CK_RV hsm_session_acquire_to_destroy(struct hsm *hsm, struct hsm_session **ret_session)
{
    HSM_TRY(hsm_session_acquire(hsm, ret_session));
    pthread_rwlock_wrlock(&hsm->objects_lock);
    (*ret_session)->has_objects = true;
    return CKR_OK;
}

void hsm_session_release(struct hsm_session *session)
{
    if (!session) {
        return;
    }
    struct hsm *hsm = session->hsm;
    if (session->has_objects) {
        session->has_objects = false;
        pthread_rwlock_unlock(&hsm->objects_lock);
    }
    if (session->spent) {
        close_session(session);
    }
    session->key = NULL;
    push_idle(hsm->pool, session);
    pthread_rwlock_unlock(&hsm->open_lock);
}

CK_RV hsm_session_renew(struct hsm_session *session)
{
    if (session->spent) {
        close_session(session);
    }
    return session->handle == CK_INVALID_HANDLE ? open_session(session) : CKR_OK;
}
