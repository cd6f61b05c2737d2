/* SPDX-License-Identifier: Apache-2.0 */
/* A seed as a whole: looked at first, then done. */
#include "kv/seeds/seeds.h"

#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "kv/faults/faults.h"

enum kv_code kv_seeds_new(const struct kv_seeds_config *config, struct kv_seeds **ret_seeds,
                          struct kv_err *err)
{
    KV_TRY(seed_keep_migrate(config->store, err));

    struct kv_seeds *seeds = calloc(1, sizeof(*seeds));

    if (seeds == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    seeds->config = *config;
    (void) pthread_mutex_init(&seeds->turn, NULL); /* cannot fail on Linux */
    *ret_seeds = seeds;
    return KV_OK;
}

void kv_seeds_free(struct kv_seeds *seeds)
{
    if (seeds != NULL) {
        (void) pthread_mutex_destroy(&seeds->turn);
        free(seeds);
    }
}

static enum kv_code refuse_twice(const cJSON *tree, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *copy = cJSON_Duplicate(tree, true);

    if (copy == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (!kv_json_is_unique(copy)) { /* it sorts what it looks at */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the seed gives a member twice");
    }
    return KV_OK;
}

enum kv_code kv_seed_parse(const char *text, size_t len, cJSON **ret_seed, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *seed = NULL;

    if (kv_json_parse_long(text, len, KV_SEED_VALUES_MAX, &seed, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the seed is not a JSON object");
    }
    KV_TRY(refuse_twice(seed, err));
    *ret_seed = kv_take(seed);
    return KV_OK;
}

/* --- the clock --- */

struct sent_clock {
    const cJSON *now;
    struct kv_maybe_bool frozen;
    struct kv_maybe_int rate;
};

static const struct kv_json_field clock_fields[] = {
    KV_JSON_FIELD(struct sent_clock, now, "now", KV_JSON_ANY),
    KV_JSON_FIELD(struct sent_clock, frozen, "frozen", KV_JSON_BOOL),
    KV_JSON_FIELD(struct sent_clock, rate, "rate", KV_JSON_INT),
};

static enum kv_code read_clock(const struct seed_run *run, struct sent_clock *ret_sent,
                               struct kv_maybe_time *ret_now, struct kv_err *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(run->seed, "clock");

    *ret_now = (struct kv_maybe_time){ .given = false };
    if (item == NULL) {
        return KV_OK;
    }
    KV_TRY(seed_bind(item, "clock", clock_fields, KV_COUNT(clock_fields), ret_sent, err));
    if (ret_sent->rate.given
        && (ret_sent->rate.value < 1 || ret_sent->rate.value > KV_CLOCK_RATE_MAX)) {
        return seed_fail("clock.rate", KV_BAD_PARAMETER, "it is from 1 to 86400", err);
    }
    return seed_read_date(ret_sent->now, "clock", "now", ret_now, err);
}

static enum kv_code set_clock(struct kv_clock *clock, const struct sent_clock *sent,
                              const struct kv_maybe_time *now, struct kv_err *err)
{
    bool was_frozen = kv_clock_is_frozen(clock);

    kv_clock_freeze(clock, true);
    enum kv_code code =
        now->given ? kv_clock_shift(clock, now->value * 1000 - kv_clock_now(clock), err) : KV_OK;
    if (code == KV_OK && sent->rate.given) {
        code = kv_clock_scale(clock, sent->rate.value, err);
    }
    kv_clock_freeze(clock, sent->frozen.given ? sent->frozen.value : was_frozen);
    return code;
}

/* The first thing that is done: the dates of all others follow it. */
static enum kv_code do_clock(struct seed_run *run, struct kv_err *err)
{
    struct sent_clock sent = { .now = NULL };
    struct kv_maybe_time now;
    struct kv_err why = { .code = KV_OK };

    KV_TRY(read_clock(run, &sent, &now, err));
    if (run->applies) {
        KV_TRY(seed_at("clock", set_clock(run->seeds->config.clock, &sent, &now, &why), &why, err));
        run->now = kv_clock_now(run->seeds->config.clock);
    } else if (now.given) {
        run->now = now.value * 1000;
    }
    return KV_OK;
}

/* --- fault rules --- */

/* In the place of one that has its id. */
static enum kv_code do_rule(struct seed_run *run, const cJSON *item, const char *path,
                            struct kv_err *err)
{
    struct kv_faults *faults = run->seeds->config.faults;
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "id"));
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    struct kv_err why = { .code = KV_OK };

    if (id == NULL) {
        return seed_fail(path, KV_BAD_PARAMETER, "a fault rule of a seed needs an id", err);
    }
    if (!run->applies) {
        kv_auto(kv_faults_free) struct kv_faults *trial = NULL;

        KV_TRY(kv_faults_new(&trial, err));
        return seed_at(path, kv_faults_add(trial, item, run->now, &shown, &why), &why, err);
    }
    KV_IGNORE(kv_faults_remove(faults, id, NULL)); /* there may be none */
    return seed_at(path, kv_faults_add(faults, item, run->now, &shown, &why), &why, err);
}

/* --- all of it --- */

struct sent {
    const cJSON *clock, *vaults, *identities, *roles, *keys, *faults;
};

static const struct kv_json_field fields[] = {
    KV_JSON_FIELD(struct sent, clock, "clock", KV_JSON_OBJECT),
    KV_JSON_FIELD(struct sent, vaults, "vaults", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct sent, identities, "identities", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct sent, roles, "roles", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct sent, keys, "keys", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct sent, faults, "faults", KV_JSON_ARRAY),
};

static enum kv_code check_count(const cJSON *array, const char *name, struct kv_err *err)
{
    if (cJSON_GetArraySize(array) > SEED_ITEMS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: there can be %d in a seed", name,
                       SEED_ITEMS_MAX);
    }
    return KV_OK;
}

static enum kv_code check_counts(const struct sent *sent, struct kv_err *err)
{
    KV_TRY(check_count(sent->vaults, "vaults", err));
    KV_TRY(check_count(sent->identities, "identities", err));
    KV_TRY(check_count(sent->roles, "roles", err));
    KV_TRY(check_count(sent->keys, "keys", err));
    return check_count(sent->faults, "faults", err);
}

static enum kv_code run_through(struct seed_run *run, struct kv_err *err)
{
    struct sent sent = { .vaults = NULL };

    KV_TRY(seed_bind(run->seed, "", fields, KV_COUNT(fields), &sent, err));
    KV_TRY(check_counts(&sent, err));
    KV_TRY(do_clock(run, err));
    KV_TRY(seed_each(run, sent.vaults, "", "vaults", seed_vault, err));
    KV_TRY(seed_each(run, sent.identities, "", "identities", seed_identity, err));
    KV_TRY(seed_each(run, sent.identities, "", "identities", seed_members, err));
    seed_note_roles(run);
    KV_TRY(seed_each(run, sent.roles, "", "roles", seed_role, err));
    KV_TRY(seed_each(run, sent.vaults, "", "vaults", seed_grants, err));
    KV_TRY(seed_each(run, sent.keys, "", "keys", seed_key, err));
    return seed_each(run, sent.faults, "", "faults", do_rule, err);
}

static enum kv_code check_and_do(struct kv_seeds *seeds, const cJSON *seed, struct kv_err *err)
{
    struct seed_run run = { .seeds = seeds,
                            .seed = seed,
                            .now = kv_clock_now(seeds->config.clock) };

    KV_TRY(run_through(&run, err));
    run.applies = true;
    return run_through(&run, err);
}

enum kv_code kv_seeds_apply(struct kv_seeds *seeds, const cJSON *seed, struct kv_err *err)
{
    pthread_mutex_lock(&seeds->turn);
    enum kv_code code = check_and_do(seeds, seed, err);
    pthread_mutex_unlock(&seeds->turn);
    kv_clock_wake(seeds->config.clock); /* something else may be due now */
    return code;
}
