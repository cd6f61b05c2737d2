/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/seeds/seeds.h - an instance as a JSON file says it: vaults, identities, keys with versions and
 * material that are given, grants, network settings, fault rules, the clock (docs/state.md). The same
 * file makes the same ids everywhere, so that tests can hold constants.
 *
 * A seed is checked as a whole before anything of it is done, and refused with the path of what is
 * wrong: "keys[3].versions[0].jwk: ...". What is there already as the seed has it is kept; what is there
 * otherwise is KV_CONFLICT. Material goes into the token; it is kept beside it, to be exported again,
 * only of versions that say it is test material.
 * Thread-safe; those that apply take turns. Imports and generates keys: KV_LANE_ALONE.
 */
#pragma once

#include <cjson/cJSON.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_SEED_FILE_MAX (1024 * 1024) /* bytes, of a file as of a body */
#define KV_SEED_VALUES_MAX 100000      /* in its JSON */

struct kv_seeds; /* opaque */
struct kv_store;
struct kv_vaults;
struct kv_keys;
struct kv_principals;
struct kv_access;
struct kv_faults;

struct kv_seeds_config { /* all borrowed */
    struct kv_store *store;
    struct kv_clock *clock;
    struct kv_vaults *vaults;
    struct kv_keys *keys;
    struct kv_principals *principals;
    struct kv_access *access;
    struct kv_faults *faults;
};

/* Migrates its table; after the keys'. Free with kv_seeds_free(); NULL is fine there. */
enum kv_code kv_seeds_new(const struct kv_seeds_config *config, struct kv_seeds **ret_seeds,
                          struct kv_err *err) kv_must_check;
void kv_seeds_free(struct kv_seeds *seeds);

/* Parses a whole text; KV_BAD_PARAMETER for one that is no JSON object, or gives a member twice. */
enum kv_code kv_seed_parse(const char *text, size_t len, cJSON **ret_seed,
                           struct kv_err *err) kv_must_check;

/* Does what the seed says. KV_BAD_PARAMETER for what cannot be, KV_CONFLICT for what contradicts the
 * instance, KV_NOT_FOUND for vaults, roles and identities that are nowhere; nothing is done then. A
 * failure of the disk or of the token can leave a part: the same seed once more goes on with it. With the
 * agenda's turn: it may move the clock. */
enum kv_code kv_seeds_apply(struct kv_seeds *seeds, const cJSON *seed,
                            struct kv_err *err) kv_must_check;

/* A seed that makes what there is, or one vault of it (NULL: all), as far as material is known; else the
 * version has "material":"in the token". The caller deletes it. KV_VAULT_NOT_FOUND. */
enum kv_code kv_seeds_export(struct kv_seeds *seeds, const char *vault, cJSON **ret_seed,
                             struct kv_err *err) kv_must_check;
