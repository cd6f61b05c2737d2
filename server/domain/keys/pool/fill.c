/* SPDX-License-Identifier: Apache-2.0 */
/* How a pair is made, and when none is. */
#include <stdlib.h>

#include "../core.h"
#include "../intent.h"
#include "pool.h"

#define HOLD_PATIENCE_MS 60000

void kv_pool_hold(struct kv_keys *keys)
{
    struct key_pool *pool = &keys->pool;
    const kv_millis end = kv_clock_monotonic() + HOLD_PATIENCE_MS;
    const struct timespec until = { .tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000 };
    int result = 0;

    pthread_mutex_lock(&pool->mutex);
    pool->holders++;
    while (pool->is_filling && result == 0) {
        result = pthread_cond_clockwait(&pool->changed, &pool->mutex, CLOCK_MONOTONIC, &until);
    }
    pthread_mutex_unlock(&pool->mutex);
}

void kv_pool_let_go(struct kv_keys *keys)
{
    pthread_mutex_lock(&keys->pool.mutex);
    keys->pool.holders--;
    pthread_cond_broadcast(&keys->pool.changed);
    pthread_mutex_unlock(&keys->pool.mutex);
}

/* Waits while somebody holds the pool; false when it was stopped. */
static bool begin_filling(struct key_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    while (pool->holders > 0 && !pool->stopped) {
        pthread_cond_wait(&pool->changed, &pool->mutex);
    }
    pool->is_filling = !pool->stopped;
    bool begun = pool->is_filling;
    pthread_mutex_unlock(&pool->mutex);
    return begun;
}

static void end_filling(struct key_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->is_filling = false;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
}

static unsigned read_era(struct key_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    unsigned era = pool->era;
    pthread_mutex_unlock(&pool->mutex);
    return era;
}

static void put(struct kv_keys *keys, struct pooled *pooled)
{
    pthread_mutex_lock(&keys->pool.mutex);
    keys->pool.shelf[pooled->kind].level.filled++;
    pthread_mutex_unlock(&keys->pool.mutex);
    pool_give_back(keys, pooled);
}

struct generation {
    struct kv_keys *keys;
    const unsigned char *object;
    struct pooled *pooled;
    struct kv_err *err;
    enum kv_code code;
};

static void generate(void *generation_)
{
    struct generation *generation = generation_;
    const struct kv_key_spec spec = pool_spec(generation->pooled->kind);

    generation->code = kv_custody_generate(generation->keys->config.custody, generation->object,
                                           &spec, &generation->pooled->material, generation->err);
}

static enum kv_code generate_at_leisure(struct kv_keys *keys, const unsigned char *object,
                                        struct pooled *pooled, struct kv_err *err)
{
    struct generation generation = { keys, object, pooled, err, KV_OK };

    if (keys->config.pool.at_leisure != NULL) {
        keys->config.pool.at_leisure(generate, &generation);
    } else {
        generate(&generation);
    }
    return generation.code;
}

/* Generated, and from the limbo to the pool. */
static enum kv_code make(struct kv_keys *keys, const unsigned char *object, struct pooled *pooled,
                         struct kv_err *err)
{
    char form[POOL_FORM_SIZE];

    pool_describe_form(keys, form);
    KV_TRY(generate_at_leisure(keys, object, pooled, err));
    return pool_row_save(keys, pooled, form, err);
}

static enum kv_code fill(struct kv_keys *keys, enum kv_pool_kind kind, struct kv_err *err)
{
    unsigned char object[KV_OBJECT_LENGTH];
    struct pooled *pooled = calloc(1, sizeof(*pooled));

    if (pooled == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    pooled->kind = kind;
    pooled->era = read_era(&keys->pool);

    enum kv_code code = intent_take(keys, object, err);

    if (code == KV_OK) {
        code = make(keys, object, pooled, err);
        if (code != KV_OK) {
            KV_IGNORE(
                intent_doom(keys, object, 1, NULL)); /* else the next start's sweep finds it */
        }
    }
    if (code != KV_OK) {
        free(pooled);
        return code;
    }
    put(keys, pooled);
    return KV_OK;
}

enum kv_code kv_pool_fill(struct kv_keys *keys, enum kv_pool_kind kind, struct kv_err *err)
{
    if (!begin_filling(&keys->pool)) {
        return KV_OK;
    }
    enum kv_code code = fill(keys, kind, err);
    end_filling(&keys->pool);
    return code;
}
