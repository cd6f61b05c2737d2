/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intent.h - token objects that are about to be made. Once they are recorded, a crash leaves at
 * most objects that the next start destroys; doomed ones are destroyed by the next tidying; settled
 * ones get an owner in the same transaction.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "kv/keys/keys.h"
#include "kv/store/store.h"

#define INTENT_SPARES 16 /* written by one commit */

/* Ids that are recorded, and that nobody has taken yet. */
struct intents {
    pthread_mutex_t mutex; /* lock.def: keys.intents; guards what follows */
    unsigned char spare[INTENT_SPARES][KV_OBJECT_LENGTH];
    size_t count;
    unsigned era_of_spares;

    atomic_uint era; /* counted when those of before hold no more */
};

/* Takes the id of an object that is about to be made. It is on the disk already, mostly since an earlier
 * call: a create waits for the disk once, when it settles. */
enum kv_code intent_take(struct kv_keys *keys, unsigned char ret_object[KV_OBJECT_LENGTH],
                         struct kv_err *err) kv_must_check;

/* When the store is put back to a state that does not have the spare ones. It waits for nobody: whoever
 * takes one may be waiting for the store meanwhile. */
void intents_forget(struct kv_keys *keys);
/* At an end, so that the next start has nothing to sweep. */
enum kv_code intents_give_back(struct kv_keys *keys, struct kv_err *err) kv_must_check;

/* `objects`: each KV_OBJECT_LENGTH bytes, one after the other. */
enum kv_code intent_write(struct kv_keys *keys, const unsigned char *objects, size_t count,
                          struct kv_err *err) kv_must_check;
/* Of objects whose making failed. */
enum kv_code intent_doom(struct kv_keys *keys, const unsigned char *objects, size_t count,
                         struct kv_err *err) kv_must_check;
enum kv_code intent_settle(struct kv_db *db, const unsigned char *object,
                           struct kv_err *err) kv_must_check;
