/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core.h - what the files of domain/scenarios share: the rows, what a scenario is applied with, and
 * what it keeps of how things were.
 */
#pragma once

#include "kv/base/buf.h"
#include "kv/base/json.h"
#include "kv/identity/principals.h"
#include "kv/keys/keeping.h"
#include "kv/scenarios/scenarios.h"
#include "kv/store/store.h"
#include "kv/vaults/vaults.h"

struct kv_scenarios {
    struct kv_scenarios_config config; /* immutable, as the next one is once it is set */
    struct kv_scenarios_tools tools;
};

/* --- the rows: table.c --- */

#define SCENARIO_PARAMS_MAX 8
#define SCENARIO_TEXT_MAX 256 /* bytes of a parameter's value */
#define SCENARIO_ID_SIZE 64   /* of the names of its fault rule and of its fault of the HSM */

struct scenario_param {
    const char *name;     /* NULL ends the list */
    const char *fallback; /* as a text; NULL: none */
    const char *words;    /* "deleted|disabled": one of them; NULL: any text */
    bool is_needed, is_number;
    int64_t low, high; /* of a number */
    const char *line;
};

/* What a scenario changes, so that no two change the same thing. */
enum scenario_touch {
    TOUCHES_NOTHING, /* it adds a fault rule, of which there can be many */
    TOUCHES_KEY,
    TOUCHES_VAULT,
    TOUCHES_GRANTS, /* of an identity at a vault */
    TOUCHES_NETWORK,
    TOUCHES_IDENTITY,
    TOUCHES_HSM,
    TOUCHES_CLOCK
};

struct scenario_act;
typedef enum kv_code scenario_apply_fn(struct scenario_act *act, struct kv_err *err);

struct scenario_row {
    unsigned number; /* in consumers.md §2 */
    const char *name, *line;
    enum scenario_touch touches;
    scenario_apply_fn *apply;
    struct scenario_param param[SCENARIO_PARAMS_MAX + 1];
};
extern const struct scenario_row scenario_rows[];
extern const size_t scenario_count;

/* KV_NOT_FOUND */
enum kv_code scenario_find(const char *name, const struct scenario_row **ret_row,
                           struct kv_err *err) kv_must_check;

/* --- one that is being applied --- */

struct scenario_act {
    struct kv_scenarios *scenarios;
    const struct scenario_row *row;
    kv_millis now;
    const char *text[SCENARIO_PARAMS_MAX]; /* by the place of the parameter; NULL: not given */
    int64_t number[SCENARIO_PARAMS_MAX];
    const struct kv_vault *vault; /* held; NULL: it has none */
    cJSON *with;                  /* owned, as the next two are: all that it is applied with */
    cJSON *kept;                  /* how things were: texts by the names of parts.c */
    cJSON *changed;               /* what was done, in sentences */
};

/* params.c: reads what is given by the row's parameters; the strings are borrowed from act->with. */
enum kv_code scenario_read(struct scenario_act *act, const cJSON *with,
                           struct kv_err *err) kv_must_check;
enum kv_code scenario_acquire_vault(struct scenario_act *act, struct kv_err *err) kv_must_check;
void scenario_act_done(struct scenario_act *act);
KV_DEFINE_CLEANUP_VALUE(struct scenario_act, scenario_act_done)

/* NULL and false: not given. The row must have a parameter of that name. */
const char *scenario_text(const struct scenario_act *act, const char *name);
bool scenario_number(const struct scenario_act *act, const char *name, int64_t *ret_number);
bool scenario_is(const struct scenario_act *act, const char *name, const char *word);

/* Where keys are worked on, in act->vault. */
struct kv_scope scenario_scope(const struct scenario_act *act);

/* Who is meant by `identity`. */
enum kv_code scenario_who(const struct scenario_act *act, struct kv_principal_entry *ret_entry,
                          struct kv_err *err) kv_must_check;

/* Adds a sentence to what was done. */
enum kv_code scenario_note(struct scenario_act *act, struct kv_err *err, const char *format,
                           ...) kv_must_check kv_printf(3, 4);

/* What it changes, in a buffer of SCENARIO_TOUCH_SIZE: two with the same text are in each other's way;
 * "": nothing. */
#define SCENARIO_TOUCH_SIZE 512
void scenario_touched(const struct scenario_act *act, char ret_touched[SCENARIO_TOUCH_SIZE]);

/* --- parts.c: how things were --- */

enum scenario_part {
    PART_RULE,
    PART_HSM,
    PART_CLOCK,
    PART_VAULT,     /* was deleted */
    PART_READ_ONLY, /* a vault became that */
    PART_KEY,
    PART_NETWORK,
    PART_GRANTS,
    PART_IDENTITY,
    PART_COUNT
};

/* Keeps it, in the store, before anything is changed. */
enum kv_code scenario_keep(struct scenario_act *act, enum scenario_part part, const char *text,
                           struct kv_err *err) kv_must_check;

/* Puts all of it back. At start there are no rules, faults of the HSM, or moves of the clock. */
enum kv_code scenario_put_back(struct kv_scenarios *scenarios, const cJSON *kept, bool at_start,
                               kv_millis now, struct kv_err *err) kv_must_check;

/* The names of its fault rule and of its fault of the HSM. */
void scenario_id(const struct scenario_row *row, char ret_id[SCENARIO_ID_SIZE]);

/* --- rows.c: those that are applied, in the store --- */

enum kv_code applied_migrate(struct kv_store *store, struct kv_err *err) kv_must_check;

struct applied {
    char *name, *vault;
    kv_millis since;
    cJSON *with, *kept, *changed;
};
void applied_done(struct applied *applied);
KV_DEFINE_CLEANUP_VALUE(struct applied, applied_done)

/* Inserts it, or updates what it keeps. */
enum kv_code applied_save(const struct scenario_act *act, struct kv_err *err) kv_must_check;
enum kv_code applied_remove(struct kv_scenarios *scenarios, const char *name,
                            struct kv_err *err) kv_must_check;

/* *ret_applied is zeroed where it is not applied. */
enum kv_code applied_load(struct kv_scenarios *scenarios, const char *name,
                          struct applied *ret_applied, bool *ret_found,
                          struct kv_err *err) kv_must_check;

/* KV_CONFLICT when it is applied, or another one touches the same. */
enum kv_code applied_check(const struct scenario_act *act, struct kv_err *err) kv_must_check;

/* The names of all, oldest first, or of those about a vault; at most `max`. */
#define SCENARIO_NAME_SIZE 64
enum kv_code applied_names(struct kv_scenarios *scenarios, const char *vault,
                           char ret_names[][SCENARIO_NAME_SIZE], size_t max, size_t *ret_count,
                           struct kv_err *err) kv_must_check;

/* --- what they do: of_keys.c, of_vaults.c, of_access.c, of_rules.c --- */

scenario_apply_fn disable_key, expire_key, delete_key, purge_key, restrict_key, rotate_key,
    replace_key;
scenario_apply_fn delete_vault, fail_region_over, remove_token, skew_clock;
scenario_apply_fn remove_policy, remove_role, lose_identity, close_firewall, close_public, lose_dns,
    lose_name;
scenario_apply_fn move_tenant, throttle, fail_server, slow_down, cut_connections, use_wrong_key,
    flap_permission, return_wrong_plaintext, shorten_signature;

/* Adds the scenario's fault rule; `effect` is taken. `operations` NULL: those of the parameter, if there
 * is one, else all. */
enum kv_code scenario_add_rule(struct scenario_act *act, const char *operations, int64_t every,
                               cJSON *effect, struct kv_err *err) kv_must_check;
