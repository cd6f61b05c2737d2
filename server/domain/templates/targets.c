/* SPDX-License-Identifier: Apache-2.0 */
/* What texts name: an index over the items. Keys have a letter of their kind before them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ids.h"
#include "plan.h"

#define KEY_SIZE (2 * KV_TEMPLATE_ID_MAX)
#define PROVIDERS "providers/"

enum kind { KIND_SYMBOL = 's', KIND_ID = 'i', KIND_RELATIVE = 'r', KIND_NAME = 'n' };

/* In the order in which they are tried. */
static const enum kind kinds[] = { KIND_SYMBOL, KIND_ID, KIND_RELATIVE, KIND_NAME };

static bool make_key(enum kind kind, const char *text, char key[KEY_SIZE])
{
    key[0] = (char) kind;
    return template_fold_id(text, key + 1, KEY_SIZE - 1);
}

static struct template_target *find(const struct kv_template_plan *plan, enum kind kind,
                                    const char *text)
{
    struct template_target *target = NULL;
    char key[KEY_SIZE];

    if (make_key(kind, text, key)) {
        HASH_FIND_STR(plan->targets, key, target);
    }
    return target;
}

static enum kv_code add(struct kv_template_plan *plan, enum kind kind, const char *text,
                        size_t item, struct kv_err *err)
{
    struct template_target *target = find(plan, kind, text);
    char key[KEY_SIZE];

    if (target
        != NULL) { /* rounds of one loop stand in a row, other items of a name do not count */
        target->is_ambiguous |= kind != KIND_SYMBOL || target->first + target->count != item;
        target->count += kind == KIND_SYMBOL;
        return KV_OK;
    }
    if (!make_key(kind, text, key)) {
        return KV_OK; /* longer than any text that can name it */
    }
    target = calloc(1, sizeof(*target));
    if (target == NULL || (target->key = strdup(key)) == NULL) {
        free(target);
        return KV_OUT_OF_MEMORY(err);
    }
    target->first = item;
    target->count = 1;
    HASH_ADD_KEYPTR(hh, plan->targets, target->key, strlen(target->key), target);
    return KV_OK;
}

void template_targets_free(struct template_target *targets)
{
    struct template_target *target, *next;

    HASH_ITER (hh, targets, target, next) {
        HASH_DEL(targets, target);
        free(target->key);
        free(target);
    }
}

/* Two may not be the same, whatever their conditions; what exists may be named besides. */
static enum kv_code add_id(struct kv_template_plan *plan, size_t index, struct kv_err *err)
{
    const struct template_item *item = &plan->item[index];
    bool is_there = find(plan, KIND_ID, item->id) != NULL;

    if (is_there && item->shown.is_existing) {
        return KV_OK;
    }
    if (is_there) {
        return template_invalid(err,
                                "The resource '%.200s/%.200s' at " TEMPLATE_PLACE
                                " is defined multiple times in a template. Please see "
                                "https://aka.ms/arm-template/#resources for usage details",
                                item->type, item->name, TEMPLATE_PLACE_OF(item->source));
    }
    return add(plan, KIND_ID, item->id, index, err);
}

/* What stands behind the last provider; and "type/name" without mixing them. */
static enum kv_code add_relative(struct kv_template_plan *plan, size_t index, struct kv_err *err)
{
    const struct template_item *item = &plan->item[index];
    const char *at = item->id, *relative = item->id;
    char both[KEY_SIZE];

    while ((at = strcasestr(at, PROVIDERS)) != NULL) {
        at += strlen(PROVIDERS);
        relative = at;
    }
    KV_TRY(add(plan, KIND_RELATIVE, relative, index, err));
    (void) snprintf(both, sizeof(both), "%s/%s", item->type, item->name);
    if (template_segments(item->name) == 1) {
        return KV_OK; /* the same */
    }
    return add(plan, KIND_RELATIVE, both, index, err);
}

static enum kv_code add_names(struct kv_template_plan *plan, size_t index, struct kv_err *err)
{
    const struct template_item *item = &plan->item[index];

    if (item->symbol != NULL) {
        KV_TRY(add(plan, KIND_SYMBOL, item->symbol, index, err));
    }
    if (item->loop.name != NULL) {
        KV_TRY(add(plan, KIND_SYMBOL, item->symbol != NULL ? item->source->string : item->loop.name,
                   index, err));
    }
    if (item->shown.is_existing) {
        return KV_OK;
    }
    KV_TRY(add_relative(plan, index, err));
    return add(plan, KIND_NAME, item->name, index, err);
}

enum kv_code template_index(struct kv_template_plan *plan, struct kv_err *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (!plan->item[i].shown.is_existing) {
            KV_TRY(add_id(plan, i, err));
        }
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->item[i].shown.is_existing) {
            KV_TRY(add_id(plan, i, err));
        }
        KV_TRY(add_names(plan, i, err));
    }
    return KV_OK;
}

const struct template_target *template_find_target(const struct kv_template_plan *plan,
                                                   const char *text)
{
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        const struct template_target *target = find(plan, kinds[i], text);

        if (target != NULL) {
            return target;
        }
    }
    return NULL;
}
