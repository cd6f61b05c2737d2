/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/scenarios/scenarios.h - incidents by name: what happens to customer-managed keys in the service
 * (consumers.md §2), one row for each, acted out on what the other domains have and taken back again.
 *
 * Where the failure is a state of the service, the state is changed: a key is disabled, a role is
 * withdrawn, a vault is deleted, the token is taken out. Where it is a fault, a fault rule is added.
 * What was there before is in the store from before the change until it is put back, so that a revert
 * leaves everything as it was, down to the dates, and a kill in between loses nothing:
 * kv_scenarios_recover() puts it back at the next start.
 *
 * Thread-safe: which are applied is read from the store. What changes that is called with the agenda's
 * turn (kv/base/agenda.h), and may take as long as a key takes to be generated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

struct kv_access;
struct kv_agenda;
struct kv_custody;
struct kv_faults;
struct kv_hsm_faults;
struct kv_keys;
struct kv_principals;
struct kv_store;
struct kv_vaults;
struct kv_scenarios; /* opaque */

/* What they change that lasts. All borrowed. */
struct kv_scenarios_config {
    struct kv_store *store;
    struct kv_clock *clock;
    struct kv_vaults *vaults;
    struct kv_custody *custody;
    struct kv_keys *keys;
    struct kv_access *access;
    struct kv_principals *principals;
};

/* What they change that ends with the process. All borrowed. */
struct kv_scenarios_tools {
    struct kv_agenda *agenda;
    struct kv_faults *faults;
    struct kv_hsm_faults *hsm_faults;
};

/* Migrates its table. Free with kv_scenarios_free(); NULL is fine there. */
enum kv_code kv_scenarios_new(const struct kv_scenarios_config *config,
                              struct kv_scenarios **ret_scenarios,
                              struct kv_err *err) kv_must_check;
void kv_scenarios_free(struct kv_scenarios *scenarios);
KV_DEFINE_CLEANUP(struct kv_scenarios *, kv_scenarios_free)

/* Before the first is applied. */
void kv_scenarios_equip(struct kv_scenarios *scenarios, const struct kv_scenarios_tools *tools);

/* Puts back what scenarios of a former run have changed; before anybody else changes these things. *ret_count: how many
 * there were. One that cannot be put back is given up, and counted in *ret_failed. */
enum kv_code kv_scenarios_recover(struct kv_scenarios *scenarios, kv_millis now, size_t *ret_count,
                                  size_t *ret_failed, struct kv_err *err) kv_must_check;

/* {"scenarios":[...]}, by number; or one of them, KV_NOT_FOUND if there is none of that name: what it
 * is, its parameters, and where it is applied since when, with which, and what it changed. The caller
 * deletes *ret_shown, here and below. */
enum kv_code kv_scenarios_list(struct kv_scenarios *scenarios, cJSON **ret_shown,
                               struct kv_err *err) kv_must_check;
enum kv_code kv_scenarios_show(struct kv_scenarios *scenarios, const char *name, cJSON **ret_shown,
                               struct kv_err *err) kv_must_check;

/*
 * Applies one, with the members of `with`. KV_BAD_PARAMETER for a member that it has not, of the wrong
 * type, or missing; KV_CONFLICT when it is applied already, when another one has changed the same
 * thing, and when it would change nothing. Then nothing has changed.
 */
enum kv_code kv_scenarios_apply(struct kv_scenarios *scenarios, const char *name, const cJSON *with,
                                kv_millis now, cJSON **ret_shown, struct kv_err *err) kv_must_check;

/* Takes one back; KV_CONFLICT when it is not applied, and when something is in the way: then it is
 * still applied. */
enum kv_code kv_scenarios_revert(struct kv_scenarios *scenarios, const char *name, kv_millis now,
                                 cJSON **ret_shown, struct kv_err *err) kv_must_check;

/* Before a reset of a vault, or with NULL of everything: takes those back that are about it, or all;
 * what is in the way of one is about to go anyway. */
enum kv_code kv_scenarios_end(struct kv_scenarios *scenarios, const char *vault, kv_millis now,
                              struct kv_err *err) kv_must_check;

/* Whether any is applied that is about that vault. */
bool kv_scenarios_has(struct kv_scenarios *scenarios, const char *vault);

/*
 * {"digest":"...","tables":{...}}: SHA-256, in hex, over everything in the store that lasts and over
 * which objects the token holds. Two that are equal are of the same state. Scenarios that are
 * applied, objects that are about to be destroyed and the clock are no part of it.
 */
enum kv_code kv_scenarios_digest(struct kv_scenarios *scenarios, cJSON **ret_shown,
                                 struct kv_err *err) kv_must_check;
