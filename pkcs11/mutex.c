/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mutexes of a module that uses ours (§5.4, CK_C_INITIALIZE_ARGS). SoftHSM takes one for every
 * few bytes it handles, for some nanoseconds: a thread that finds it taken does better to retry a
 * few times than to go to sleep, which costs two signing threads a twentieth of their throughput.
 */
#include "mutex.h"

#include <pthread.h>
#include <stdlib.h>

static CK_RV create_mutex(void **ret_mutex)
{
    pthread_mutex_t *mutex = malloc(sizeof(*mutex));
    pthread_mutexattr_t attributes;

    if (!mutex) {
        return CKR_HOST_MEMORY;
    }
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(mutex, &attributes); /* these three cannot fail on Linux */
    pthread_mutexattr_destroy(&attributes);
    *ret_mutex = mutex;
    return CKR_OK;
}

static CK_RV destroy_mutex(void *mutex)
{
    pthread_mutex_destroy(mutex);
    free(mutex);
    return CKR_OK;
}

static CK_RV lock_mutex(void *mutex)
{
    return pthread_mutex_lock(mutex) == 0 ? CKR_OK : CKR_GENERAL_ERROR;
}

static CK_RV unlock_mutex(void *mutex)
{
    return pthread_mutex_unlock(mutex) == 0 ? CKR_OK : CKR_GENERAL_ERROR;
}

void hsm_mutexes_offer(CK_C_INITIALIZE_ARGS *arguments)
{
    arguments->CreateMutex = create_mutex;
    arguments->DestroyMutex = destroy_mutex;
    arguments->LockMutex = lock_mutex;
    arguments->UnlockMutex = unlock_mutex;
    arguments->flags |= CKF_OS_LOCKING_OK; /* or its own */
}
