/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - the insides of a plan: resources as the template lists them, loops unrolled, and what has
 * to be done before what.
 *
 * Items keep the order of the template; what users of the plan see is in the order of dependencies.
 */
#pragma once

#include <stdint.h>

#include <uthash.h>

#include "names.h"

/* A resource. Its texts are its own. */
struct template_item {
    struct kv_template_resource shown;
    char *id, *type, *name, *api_version, *symbol;
    const cJSON *source;            /* in the template */
    struct template_loop loop;      /* name NULL: it is in none */
    struct kv_template_scope scope; /* where it is deployed; its texts are kept in `kept` */
    char *kept[2];
    char *below; /* its `scope`; else NULL */
};

/* What a text may name: items from `first` on. */
struct template_target {
    char *key;
    size_t first, count;
    bool is_ambiguous;
    UT_hash_handle hh;
};

struct kv_template_plan {
    const struct kv_template *template;
    struct kv_template *own_template; /* of a nested plan */
    const struct kv_template_world *world;
    struct kv_template_scope scope;
    char *kept[3]; /* the scope's texts */
    struct template_names names;
    struct template_item *item;
    size_t count;
    struct template_target *targets;
    uint64_t *edges;                  /* a row of bits for each item: what is before it */
    size_t *order;                    /* place in the plan -> item */
    size_t *position;                 /* item -> place in the plan */
    size_t *before;                   /* what all `shown.before` point into */
    char link[KV_TEMPLATE_LINK_SIZE]; /* the file that its places are in; "": that of the request */
    unsigned nesting;
    bool is_literal;
};

/* What is wrong with that plan: said of its file. */
enum kv_code template_tell(const struct kv_template_plan *plan, enum kv_code code,
                           struct kv_err *err) kv_must_check;

/* An evaluator for what belongs to a plan, or to one of its items (NULL: the outputs). */
struct template_eval template_plan_eval(struct kv_template_plan *plan,
                                        const struct template_item *item, unsigned may,
                                        struct template_budget *budget);

/* Makes the items. */
enum kv_code template_expand(struct kv_template_plan *plan, struct template_budget *budget,
                             struct kv_err *err) kv_must_check;
void template_item_done(struct template_item *item);

/* ---- Targets ------------------------------------------------------------------------------- */

/* Makes them, once the items are there. KV_INVALID_TEMPLATE for a resource that stands twice. */
enum kv_code template_index(struct kv_template_plan *plan, struct kv_err *err) kv_must_check;
void template_targets_free(struct template_target *targets);

/* What a text names: a symbol, a loop, an id, type and name, or a name. NULL: nothing. */
const struct template_target *template_find_target(const struct kv_template_plan *plan,
                                                   const char *text);

/* ---- Dependencies -------------------------------------------------------------------------- */

/* Whether `item` has to wait for `other`. */
bool template_has_edge(const struct kv_template_plan *plan, size_t item, size_t other);
void template_add_edge(struct kv_template_plan *plan, size_t item, size_t other);

/* Finds all of them: dependsOn, batches of loops, reference(). */
enum kv_code template_connect(struct kv_template_plan *plan, struct template_budget *budget,
                              struct kv_err *err) kv_must_check;

/* Fills `order`, `position` and what is shown. KV_INVALID_TEMPLATE for a circle. */
enum kv_code template_sort(struct kv_template_plan *plan, struct kv_err *err) kv_must_check;

/* ---- What expressions ask of it ------------------------------------------------------------- */

template_fn template_reference, template_references, template_list, template_resource_info;

/* Whether a call asks for a resource; its first argument says which. */
bool template_is_reference(const struct template_node *node);
