/* SPDX-License-Identifier: Apache-2.0 */
/* core.h - what the files of this folder share: a run through a seed, and how its members are read. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "kv/base/json.h"
#include "kv/custody/private_key.h"
#include "kv/keys/keys.h"
#include "kv/seeds/seeds.h"
#include "kv/vaults/vaults.h"

#define SEED_ITEMS_MAX 1000 /* of a kind */

struct kv_seeds {
    struct kv_seeds_config config;
    pthread_mutex_t turn;                              /* lock.def: seeds.turn */
    char role_ids[SEED_ITEMS_MAX][KV_UUID_LENGTH + 1]; /* of the seed; guarded by turn */
};

/* One way through a seed: everything is looked at in the first, and done in the second. */
struct seed_run {
    struct kv_seeds *seeds;
    const cJSON *seed;
    bool applies;
    kv_millis now;    /* as the seed sets the clock */
    size_t new_roles; /* those that were looked at, and are to be made */
};

/* --- read.c: where something is, and what it is --- */

#define SEED_PATH_SIZE 160
struct seed_path {
    char text[SEED_PATH_SIZE];
};
/* "keys" and 3 below "": "keys[3]"; "jwk" below that: "keys[3].jwk". */
struct seed_path seed_item(const char *parent, const char *name, int index);
struct seed_path seed_member(const char *parent, const char *name);

/* Puts the path before the message of a failure. */
enum kv_code seed_at(const char *path, enum kv_code code, const struct kv_err *why,
                     struct kv_err *err);
enum kv_code seed_fail(const char *path, enum kv_code code, const char *reason, struct kv_err *err);

/* Binds members; refuses those that are not in the table, and what is no object. */
enum kv_code seed_bind(const cJSON *object, const char *path, const struct kv_json_field *fields,
                       size_t count, void *ret_args, struct kv_err *err) kv_must_check;

/* A number of seconds since 1970, or a date; `item` NULL leaves it as it is. */
enum kv_code seed_read_date(const cJSON *item, const char *parent, const char *name,
                            struct kv_maybe_time *ret_time, struct kv_err *err) kv_must_check;

/* Calls `visit` for each item of an array; NULL is an empty one. */
typedef enum kv_code seed_visit_fn(struct seed_run *run, const cJSON *item, const char *path,
                                   struct kv_err *err);
enum kv_code seed_each(struct seed_run *run, const cJSON *array, const char *parent,
                       const char *name, seed_visit_fn *visit, struct kv_err *err) kv_must_check;

/* --- what there is in a seed --- */

/* The vault that it names: there, or to be made; a copy. KV_NOT_FOUND. */
enum kv_code seed_find_vault(const struct seed_run *run, const char *name, const char *path,
                             struct kv_vault *ret_vault, struct kv_err *err) kv_must_check;
seed_visit_fn seed_vault;    /* vaults.c: the vault alone */
seed_visit_fn seed_identity; /* identities.c */
seed_visit_fn seed_members;  /* identities.c: of a group, once all are there */
seed_visit_fn seed_role;     /* roles.c */
seed_visit_fn seed_grants;   /* grants.c: of a vault; also its network settings */
seed_visit_fn seed_key;      /* keys.c */

/* Who is meant by an identity's name; one that the seed has need not be there yet. */
enum kv_code seed_find_principal(const struct seed_run *run, const char *name, const char *path,
                                 char ret_object_id[KV_UUID_LENGTH + 1],
                                 struct kv_err *err) kv_must_check;

/* Before the next ones: what ids the roles of the seed have, or are to have. */
void seed_note_roles(struct seed_run *run);
/* Whether a role of the seed is meant: by its id, what ends with that, or its name. */
bool seed_has_role(const struct seed_run *run, const char *text);

/* --- material.c: a private key as a seed has it --- */

enum { SEED_NUMBERS = 11 };
struct seed_material {
    struct kv_buf bytes[SEED_NUMBERS];
    struct kv_sent_key key; /* points to them */
    const char *kty, *curve;
};
/* From a JWK, or from PEM, with exactly one of the two; release it in any case. */
enum kv_code seed_material_read(const cJSON *jwk, const char *pem, const char *path,
                                struct seed_material *ret_material,
                                struct kv_err *err) kv_must_check;
void seed_material_done(struct seed_material *material);
KV_DEFINE_CLEANUP_VALUE(struct seed_material, seed_material_done)
/* A JWK of its numbers, for the caller to delete; NULL: out of memory. */
cJSON *seed_material_render(const struct seed_material *material);

/* --- keeping.c: test material --- */

enum kv_code seed_keep_migrate(struct kv_store *store, struct kv_err *err) kv_must_check;
enum kv_code seed_keep(struct kv_seeds *seeds, const unsigned char object[KV_OBJECT_LENGTH],
                       const cJSON *jwk, struct kv_err *err) kv_must_check;
/* *ret_jwk NULL: there is none. */
enum kv_code seed_find_kept(struct kv_seeds *seeds, const unsigned char object[KV_OBJECT_LENGTH],
                            cJSON **ret_jwk, struct kv_err *err) kv_must_check;

/* --- export_keys.c --- */

enum kv_code seed_export_keys(struct kv_seeds *seeds, const struct kv_vault *vault, kv_millis now,
                              cJSON *array, struct kv_err *err) kv_must_check;

/* --- roles.c --- */

/* The custom roles; those that the seed's vaults assign alone, if it says so. None: no member. */
enum kv_code seed_export_roles(struct kv_seeds *seeds, bool assigned_only, cJSON *seed,
                               struct kv_err *err) kv_must_check;
