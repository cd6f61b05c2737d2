/* SPDX-License-Identifier: Apache-2.0 */
/* The life of scenarios: listed, applied, reverted. */
#include "kv/scenarios/scenarios.h"

#include <stdlib.h>

#include "core.h"

#define APPLIED_MAX 64 /* there are fewer scenarios */

enum kv_code kv_scenarios_new(const struct kv_scenarios_config *config,
                              struct kv_scenarios **ret_scenarios, struct kv_err *err)
{
    struct kv_scenarios *scenarios = calloc(1, sizeof(*scenarios));

    if (scenarios == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    scenarios->config = *config;
    *ret_scenarios = scenarios;
    return applied_migrate(config->store, err);
}

void kv_scenarios_free(struct kv_scenarios *scenarios)
{
    free(scenarios);
}

void kv_scenarios_equip(struct kv_scenarios *scenarios, const struct kv_scenarios_tools *tools)
{
    scenarios->tools = *tools;
}

/* --- shown --- */

static void add_param(cJSON *list, const struct scenario_param *param, bool *ok)
{
    cJSON *shown = cJSON_CreateObject();

    kv_json_add_take(list, NULL, shown, ok);
    if (!*ok) {
        return;
    }

    kv_json_add_text(shown, "name", param->name, ok);
    kv_json_add_text(shown, "type", param->is_number ? "number" : "text", ok);
    kv_json_add_bool(shown, "required", param->is_needed, ok);
    if (param->fallback != NULL && param->is_number) {
        kv_json_add_int(shown, "default", strtoll(param->fallback, NULL, 10), ok);
    } else if (param->fallback != NULL) {
        kv_json_add_text(shown, "default", param->fallback, ok);
    }
    if (param->words != NULL) {
        kv_json_add_text(shown, "words", param->words, ok);
    }
    kv_json_add_text(shown, "line", param->line, ok);
}

static void add_applied(cJSON *shown, const struct applied *applied, bool *ok)
{
    char since[KV_ISO_DATE_SIZE];

    kv_time_render_iso(applied->since, since);
    kv_json_add_text(shown, "since", since, ok);
    kv_json_add_take(shown, "with", cJSON_Duplicate(applied->with, true), ok);
    kv_json_add_take(shown, "changed", cJSON_Duplicate(applied->changed, true), ok);
}

static enum kv_code show(struct kv_scenarios *scenarios, const struct scenario_row *row,
                         cJSON **ret_shown, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *shown = cJSON_CreateObject();
    kv_auto(applied_done) struct applied applied = { .name = NULL };
    bool ok = shown != NULL, is_applied;

    KV_TRY(applied_load(scenarios, row->name, &applied, &is_applied, err));
    kv_json_add_int(shown, "number", row->number, &ok);
    kv_json_add_text(shown, "name", row->name, &ok);
    kv_json_add_text(shown, "line", row->line, &ok);
    cJSON *params = kv_json_add_array(shown, "parameters", &ok);
    for (size_t i = 0; row->param[i].name != NULL; i++) {
        add_param(params, &row->param[i], &ok);
    }
    kv_json_add_bool(shown, "applied", is_applied, &ok);
    if (is_applied) {
        add_applied(shown, &applied, &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_shown = kv_take(shown);
    return KV_OK;
}

enum kv_code kv_scenarios_show(struct kv_scenarios *scenarios, const char *name, cJSON **ret_shown,
                               struct kv_err *err)
{
    const struct scenario_row *row = NULL;

    KV_TRY(scenario_find(name, &row, err));
    return show(scenarios, row, ret_shown, err);
}

enum kv_code kv_scenarios_list(struct kv_scenarios *scenarios, cJSON **ret_shown,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *shown = cJSON_CreateObject();
    bool ok = shown != NULL;
    cJSON *list = kv_json_add_array(shown, "scenarios", &ok);

    for (size_t i = 0; i < scenario_count; i++) {
        cJSON *one = NULL;

        KV_TRY(show(scenarios, &scenario_rows[i], &one, err));
        kv_json_add_take(list, NULL, one, &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_shown = kv_take(shown);
    return KV_OK;
}

/* --- applied and reverted --- */

/* What failed halfway leaves nothing behind; what cannot be put back stays applied, to be reverted. */
static void undo(struct scenario_act *act)
{
    if (scenario_put_back(act->scenarios, act->kept, false, act->now, NULL) == KV_OK) {
        KV_IGNORE(applied_remove(act->scenarios, act->row->name, NULL));
    }
}

static enum kv_code perform(struct scenario_act *act, struct kv_err *err)
{
    enum kv_code code = act->row->apply(act, err);

    if (code == KV_OK) {
        code = applied_save(act, err);
    }
    if (code != KV_OK) {
        undo(act);
    }
    return code;
}

enum kv_code kv_scenarios_apply(struct kv_scenarios *scenarios, const char *name, const cJSON *with,
                                kv_millis now, cJSON **ret_shown, struct kv_err *err)
{
    kv_auto(scenario_act_done) struct scenario_act act = { .scenarios = scenarios, .now = now };

    KV_TRY(scenario_find(name, &act.row, err));
    KV_TRY(scenario_read(&act, with, err));
    KV_TRY(applied_check(&act, err));
    KV_TRY(scenario_acquire_vault(&act, err));
    KV_TRY(perform(&act, err));
    kv_clock_wake(scenarios->config.clock);
    return show(scenarios, act.row, ret_shown, err);
}

static enum kv_code revert(struct kv_scenarios *scenarios, const char *name, bool at_start,
                           kv_millis now, struct kv_err *err)
{
    kv_auto(applied_done) struct applied applied = { .name = NULL };
    bool found;

    KV_TRY(applied_load(scenarios, name, &applied, &found, err));
    if (!found) {
        return KV_FAIL(err, KV_CONFLICT, 0, "%s is not applied.", name);
    }
    KV_TRY(scenario_put_back(scenarios, applied.kept, at_start, now, err));
    KV_TRY(applied_remove(scenarios, name, err));
    kv_clock_wake(scenarios->config.clock);
    return KV_OK;
}

enum kv_code kv_scenarios_revert(struct kv_scenarios *scenarios, const char *name, kv_millis now,
                                 cJSON **ret_shown, struct kv_err *err)
{
    const struct scenario_row *row = NULL;

    KV_TRY(scenario_find(name, &row, err));
    KV_TRY(revert(scenarios, row->name, false, now, err));
    return show(scenarios, row, ret_shown, err);
}

/* The last one first, as they lie on each other; what cannot be put back is forgotten. */
static enum kv_code revert_all(struct kv_scenarios *scenarios, const char *vault, bool at_start,
                               kv_millis now, size_t *ret_count, size_t *ret_failed,
                               struct kv_err *err)
{
    char names[APPLIED_MAX][SCENARIO_NAME_SIZE];

    *ret_failed = 0;
    KV_TRY(applied_names(scenarios, vault, names, APPLIED_MAX, ret_count, err));
    for (size_t i = *ret_count; i > 0; i--) {
        if (revert(scenarios, names[i - 1], at_start, now, NULL) != KV_OK) {
            *ret_failed += 1;
            KV_TRY(applied_remove(scenarios, names[i - 1], err));
        }
    }
    return KV_OK;
}

enum kv_code kv_scenarios_end(struct kv_scenarios *scenarios, const char *vault, kv_millis now,
                              struct kv_err *err)
{
    size_t count, failed;

    return revert_all(scenarios, vault, false, now, &count, &failed, err);
}

bool kv_scenarios_has(struct kv_scenarios *scenarios, const char *vault)
{
    char name[1][SCENARIO_NAME_SIZE];
    size_t count = 0;

    return applied_names(scenarios, vault, name, 1, &count, NULL) != KV_OK || count > 0;
}

enum kv_code kv_scenarios_recover(struct kv_scenarios *scenarios, kv_millis now, size_t *ret_count,
                                  size_t *ret_failed, struct kv_err *err)
{
    return revert_all(scenarios, NULL, true, now, ret_count, ret_failed, err);
}
