/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - how the other files of this domain use the pool (kv/keys/pool.h). */
#pragma once

#include <pthread.h>

#include "kv/custody/custody.h"
#include "kv/keys/pool.h"
#include "kv/store/store.h"

/* A pair that nobody has. */
struct pooled {
    struct kv_material material;
    enum kv_pool_kind kind;
    unsigned era; /* of the pool, when it came */
    struct pooled *next;
};

struct key_pool {
    pthread_mutex_t mutex; /* lock.def: keys.pool; guards what follows */
    pthread_cond_t changed;
    bool stopped;
    bool is_filling;  /* a pair is being generated */
    unsigned holders; /* who wants none to be */
    unsigned era;     /* counted when all that was there is given up */
    struct shelf {
        struct pooled *first; /* the oldest */
        struct kv_pool_level level;
    } shelf[KV_POOL_KINDS];
};
void pool_init(struct key_pool *pool, const struct kv_pool_plan *plan);
void pool_done(struct key_pool *pool);

/* Which kind a spec is; false: of none that is kept. */
bool pool_find_kind(const struct kv_key_spec *spec, enum kv_pool_kind *ret_kind);
struct kv_key_spec pool_spec(enum kv_pool_kind kind);

/* Whether pool_take() would look for one. */
bool pool_has(struct kv_keys *keys, const struct kv_key_spec *spec);

/* Counts a key that was asked for, and is going to be generated. */
void pool_ask(struct kv_keys *keys, const struct kv_key_spec *spec);

/* Takes a pair of that kind, NULL if there is none: to be stored as a version's and spent, or given
 * back, or dropped when something is wrong with it. */
struct pooled *pool_take(struct kv_keys *keys, const struct kv_key_spec *spec);
void pool_give_back(struct kv_keys *keys, struct pooled *pooled);
void pool_drop(struct kv_keys *keys, struct pooled *pooled);
/* It is a version's now, and counted as asked for and taken. */
void pool_spend(struct kv_keys *keys, struct pooled *pooled);

/* Whether the token has it; anything but KV_OK: the token fails. */
enum kv_code pool_look_at(struct kv_keys *keys, const struct pooled *pooled,
                          bool *ret_is_usable) kv_must_check;

/* What makes keys of now different from those of then, on the token: as the options have it, and
 * whether they are bound to a trusted wrapping key. */
#define POOL_FORM_SIZE 64
void pool_describe_form(const struct kv_keys *keys, char ret_form[POOL_FORM_SIZE]);

/* Inside the transaction that gives the object an owner: whether it was in the pool until now. */
enum kv_code pool_settle(struct kv_db *db, const unsigned char *object, bool *ret_was,
                         struct kv_err *err) kv_must_check;

/* When all of the store was put back: gives up what the pool had then. The first in a transaction, the
 * second after it. */
enum kv_code pool_doom_all(struct kv_db *db, struct kv_err *err) kv_must_check;
void pool_clear(struct kv_keys *keys);

/* rows.c: the table. */
enum kv_code pool_row_save(struct kv_keys *keys, const struct pooled *pooled, const char *form,
                           struct kv_err *err) kv_must_check;
enum kv_code pool_row_doom(struct kv_keys *keys, const unsigned char *object,
                           struct kv_err *err) kv_must_check;
/* Calls `visit` for each row; one whose columns make no sense comes with the kind KV_POOL_KINDS. It
 * must not use the store. */
typedef enum kv_code pool_visit_fn(void *context, const struct pooled *pooled, const char *form,
                                   struct kv_err *err);
enum kv_code pool_rows_each(struct kv_keys *keys, pool_visit_fn *visit, void *context,
                            struct kv_err *err) kv_must_check;
