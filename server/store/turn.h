/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn.h - the turn to write: threads that wait for it get it in order of arrival. Private to the
 * store; thread-safe.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct store_turn {
    pthread_mutex_t mutex; /* lock.def: store.writer, by the tickets it guards */
    pthread_cond_t passed;
    uint64_t next_ticket;     /* guarded by mutex */
    atomic_ulong now_serving; /* changed under mutex; the edition, too */
};

void store_turn_init(struct store_turn *turn);
void store_turn_done(struct store_turn *turn);

/* Waits for the threads that came before. */
void store_turn_take(struct store_turn *turn);
void store_turn_give(struct store_turn *turn);
