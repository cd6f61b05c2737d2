/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets: a mutex alone would let the thread that has just written go next again. */
#include "turn.h"

void store_turn_init(struct store_turn *turn)
{
    (void) pthread_mutex_init(&turn->mutex, NULL); /* these cannot fail on Linux */
    (void) pthread_cond_init(&turn->passed, NULL);
}

void store_turn_done(struct store_turn *turn)
{
    (void) pthread_cond_destroy(&turn->passed);
    (void) pthread_mutex_destroy(&turn->mutex);
}

void store_turn_take(struct store_turn *turn)
{
    pthread_mutex_lock(&turn->mutex);
    uint64_t ticket = turn->next_ticket++;
    while (atomic_load(&turn->now_serving) != ticket) {
        pthread_cond_wait(&turn->passed, &turn->mutex);
    }
    pthread_mutex_unlock(&turn->mutex);
}

void store_turn_give(struct store_turn *turn)
{
    pthread_mutex_lock(&turn->mutex);
    atomic_fetch_add(&turn->now_serving, 1);
    pthread_cond_broadcast(&turn->passed);
    pthread_mutex_unlock(&turn->mutex);
}
