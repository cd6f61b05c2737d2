/* SPDX-License-Identifier: Apache-2.0 */
/* What a former run has left in the pool. */
#include <stdlib.h>
#include <string.h>

#include "../core.h"
#include "pool.h"

struct stock {
    struct kv_keys *keys;
    char form[POOL_FORM_SIZE];
    unsigned char (*doomed)[KV_OBJECT_LENGTH]; /* heap */
    size_t count;
};

static enum kv_code add_doomed(struct stock *stock, const struct pooled *pooled, struct kv_err *err)
{
    void *longer = reallocarray(stock->doomed, stock->count + 1, sizeof(*stock->doomed));

    if (longer == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    stock->doomed = longer;
    memcpy(stock->doomed[stock->count++], pooled->material.object, KV_OBJECT_LENGTH);
    return KV_OK;
}

static bool is_welcome(const struct stock *stock, const struct pooled *pooled, const char *form)
{
    const struct kv_pool_plan *plan = &stock->keys->config.pool.plan;
    struct kv_pool_level level;
    bool is_usable;

    if (pooled->kind == KV_POOL_KINDS || plan->size[pooled->kind] == 0
        || strcmp(form, stock->form) != 0) {
        return false;
    }
    kv_pool_look(stock->keys, pooled->kind, &level);
    return level.ready < KV_POOL_MOST
           && (pool_look_at(stock->keys, pooled, &is_usable) != KV_OK || is_usable);
}

static enum kv_code take_in(void *context, const struct pooled *row, const char *form,
                            struct kv_err *err)
{
    struct stock *stock = context;

    if (!is_welcome(stock, row, form)) {
        return add_doomed(stock, row, err);
    }
    struct pooled *pooled = malloc(sizeof(*pooled));

    if (pooled == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *pooled = *row;
    pool_give_back(stock->keys, pooled); /* the era is the first one, as that of the row */
    return KV_OK;
}

/* What the token cannot make is not wanted; where the pool adapts, what a former run was asked for is
 * what it left. */
static void settle_wants(struct kv_keys *keys)
{
    const struct kv_pool_plan *plan = &keys->config.pool.plan;

    for (enum kv_pool_kind kind = 0; kind < KV_POOL_KINDS; kind++) {
        struct kv_pool_level *level = &keys->pool.shelf[kind].level;
        const struct kv_key_spec spec = pool_spec(kind);

        if (kv_custody_check(keys->config.custody, &spec, NULL) != KV_OK) {
            keys->config.pool.plan.size[kind] = 0;
            level->wanted = 0;
        } else if (plan->adapts) {
            level->wanted = level->ready < plan->size[kind] ? level->ready : plan->size[kind];
        }
    }
}

static enum kv_code doom(struct stock *stock, struct kv_err *err)
{
    for (size_t i = 0; i < stock->count; i++) {
        KV_TRY(pool_row_doom(stock->keys, stock->doomed[i], err));
    }
    return KV_OK;
}

enum kv_code kv_pool_open(struct kv_keys *keys, struct kv_err *err)
{
    struct stock stock = { .keys = keys };

    if (keys->config.pool.form == NULL) {
        keys->config.pool.plan = (struct kv_pool_plan){ .adapts = false };
        keys->config.pool.form = "";
    }
    pool_describe_form(keys, stock.form);
    enum kv_code code = pool_rows_each(keys, take_in, &stock, err);
    if (code == KV_OK) {
        settle_wants(keys);
        code = doom(&stock, err);
    }
    free(stock.doomed);
    return code;
}
