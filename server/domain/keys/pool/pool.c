/* SPDX-License-Identifier: Apache-2.0 */
/* The pairs in memory: who takes one, and what is wanted. */
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>

#include "../core.h"

/* --- life --- */

void pool_init(struct key_pool *pool, const struct kv_pool_plan *plan)
{
    (void) pthread_mutex_init(&pool->mutex, NULL); /* these two cannot fail on Linux */
    (void) pthread_cond_init(&pool->changed, NULL);
    for (size_t i = 0; i < KV_POOL_KINDS; i++) {
        pool->shelf[i].level.wanted = plan->adapts ? 0 : plan->size[i];
    }
}

static void free_all(struct pooled *first)
{
    while (first != NULL) {
        struct pooled *next = first->next;

        free(first);
        first = next;
    }
}

void pool_done(struct key_pool *pool)
{
    for (size_t i = 0; i < KV_POOL_KINDS; i++) {
        free_all(pool->shelf[i].first);
    }
    (void) pthread_cond_destroy(&pool->changed);
    (void) pthread_mutex_destroy(&pool->mutex);
}

void pool_clear(struct kv_keys *keys)
{
    struct key_pool *pool = &keys->pool;

    pthread_mutex_lock(&pool->mutex);
    pool->era++;
    for (size_t i = 0; i < KV_POOL_KINDS; i++) {
        free_all(kv_take(pool->shelf[i].first));
        pool->shelf[i].level.ready = 0;
    }
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
}

/* --- what is wanted --- */

static bool is_sound(const struct kv_keys *keys)
{
    const struct kv_pool_config *config = &keys->config.pool;

    return config->is_sound == NULL || config->is_sound(config->context);
}

void pool_describe_form(const struct kv_keys *keys, char ret_form[POOL_FORM_SIZE])
{
    (void) snprintf(ret_form, POOL_FORM_SIZE, "%s%s", keys->config.pool.form,
                    kv_custody_binds(keys->config.custody) ? " bound" : "");
}

/* A kind that is asked for again and again is kept up to its bound. */
static void want_locked(const struct kv_pool_plan *plan, struct shelf *shelf,
                        enum kv_pool_kind kind)
{
    shelf->level.asked++;
    if (plan->adapts && shelf->level.wanted < plan->size[kind]) {
        shelf->level.wanted++;
    }
}

/* The one that lacks most. */
static bool find_wanted_locked(const struct key_pool *pool, enum kv_pool_kind *ret_kind)
{
    unsigned most = 0;

    for (enum kv_pool_kind kind = 0; kind < KV_POOL_KINDS; kind++) {
        const struct kv_pool_level *level = &pool->shelf[kind].level;
        unsigned lack = level->wanted > level->ready ? level->wanted - level->ready : 0;

        if (lack > most) {
            most = lack;
            *ret_kind = kind;
        }
    }
    return most > 0;
}

/* Whether it was stopped. */
static bool rest_locked(struct key_pool *pool, kv_millis rest)
{
    const kv_millis end = kv_clock_monotonic() + rest;
    const struct timespec until = { .tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000 };

    while (!pool->stopped && kv_clock_monotonic() < end) {
        (void) pthread_cond_clockwait(&pool->changed, &pool->mutex, CLOCK_MONOTONIC, &until);
    }
    return pool->stopped;
}

bool kv_pool_await(struct kv_keys *keys, kv_millis rest, enum kv_pool_kind *ret_kind)
{
    struct key_pool *pool = &keys->pool;

    pthread_mutex_lock(&pool->mutex);
    bool stopped = rest_locked(pool, rest);
    while (!stopped && !find_wanted_locked(pool, ret_kind)) {
        pthread_cond_wait(&pool->changed, &pool->mutex);
        stopped = pool->stopped;
    }
    pthread_mutex_unlock(&pool->mutex);
    return !stopped;
}

void kv_pool_stop(struct kv_keys *keys)
{
    pthread_mutex_lock(&keys->pool.mutex);
    keys->pool.stopped = true;
    pthread_cond_broadcast(&keys->pool.changed);
    pthread_mutex_unlock(&keys->pool.mutex);
}

void kv_pool_look(struct kv_keys *keys, enum kv_pool_kind kind, struct kv_pool_level *ret_level)
{
    pthread_mutex_lock(&keys->pool.mutex);
    *ret_level = keys->pool.shelf[kind].level;
    pthread_mutex_unlock(&keys->pool.mutex);
}

/* --- taking --- */

static bool is_kept(const struct kv_keys *keys, const struct kv_key_spec *spec,
                    enum kv_pool_kind *ret_kind)
{
    return keys->config.pool.form != NULL && pool_find_kind(spec, ret_kind)
           && keys->config.pool.plan.size[*ret_kind] > 0;
}

bool pool_has(struct kv_keys *keys, const struct kv_key_spec *spec)
{
    enum kv_pool_kind kind;
    struct kv_pool_level level;

    if (!is_kept(keys, spec, &kind) || !is_sound(keys)) {
        return false;
    }
    kv_pool_look(keys, kind, &level);
    return level.ready > 0;
}

static void put_locked(struct shelf *shelf, struct pooled *pooled)
{
    struct pooled **end = &shelf->first;

    while (*end != NULL) {
        end = &(*end)->next;
    }
    pooled->next = NULL;
    *end = pooled;
    shelf->level.ready++;
}

static struct pooled *pop(struct key_pool *pool, enum kv_pool_kind kind)
{
    pthread_mutex_lock(&pool->mutex);
    struct shelf *shelf = &pool->shelf[kind];
    struct pooled *pooled = shelf->first;
    if (pooled != NULL) {
        shelf->first = kv_take(pooled->next);
        shelf->level.ready--;
    }
    pthread_mutex_unlock(&pool->mutex);
    return pooled;
}

void pool_ask(struct kv_keys *keys, const struct kv_key_spec *spec)
{
    enum kv_pool_kind kind;

    if (is_kept(keys, spec, &kind)) {
        pthread_mutex_lock(&keys->pool.mutex);
        want_locked(&keys->config.pool.plan, &keys->pool.shelf[kind], kind);
        pthread_cond_broadcast(&keys->pool.changed);
        pthread_mutex_unlock(&keys->pool.mutex);
    }
}

enum kv_code pool_look_at(struct kv_keys *keys, const struct pooled *pooled, bool *ret_is_usable)
{
    struct kv_custody_facts facts;
    struct kv_err err;
    enum kv_code code =
        kv_custody_facts(keys->config.custody, pooled->material.object, &facts, &err);

    *ret_is_usable = code == KV_OK && facts.on_token;
    return code == KV_KEY_MATERIAL_MISSING ? KV_OK : code;
}

struct pooled *pool_take(struct kv_keys *keys, const struct kv_key_spec *spec)
{
    enum kv_pool_kind kind;
    struct pooled *pooled;

    if (!is_kept(keys, spec, &kind)) {
        return NULL;
    }
    while (is_sound(keys) && (pooled = pop(&keys->pool, kind)) != NULL) {
        bool is_usable;

        if (pool_look_at(keys, pooled, &is_usable) != KV_OK) {
            pool_give_back(keys, pooled); /* the token fails: whoever generates gets to hear how */
            return NULL;
        }
        if (is_usable) {
            return pooled;
        }
        pool_drop(keys, pooled);
    }
    return NULL;
}

/* Unless all that was there then was given up meanwhile. */
void pool_give_back(struct kv_keys *keys, struct pooled *pooled)
{
    struct key_pool *pool = &keys->pool;

    pthread_mutex_lock(&pool->mutex);
    struct shelf *shelf = &pool->shelf[pooled->kind];
    if (pooled->era == pool->era) {
        put_locked(shelf, kv_take(pooled));
    }
    pthread_mutex_unlock(&pool->mutex);
    free(pooled);
}

/* When the row cannot be written now, the next start finds it again. */
void pool_drop(struct kv_keys *keys, struct pooled *pooled)
{
    KV_IGNORE(pool_row_doom(keys, pooled->material.object, NULL));
    free(pooled);
}

void pool_spend(struct kv_keys *keys, struct pooled *pooled)
{
    struct shelf *shelf = &keys->pool.shelf[pooled->kind];

    pthread_mutex_lock(&keys->pool.mutex);
    shelf->level.taken++;
    want_locked(&keys->config.pool.plan, shelf, pooled->kind);
    pthread_cond_broadcast(&keys->pool.changed);
    pthread_mutex_unlock(&keys->pool.mutex);
    free(pooled);
}
