/* SPDX-License-Identifier: Apache-2.0 */
/* What only the server can tell of a script: whether its scenarios, filters and rules make sense. */
#include <string.h>

#include "scenario.h"

/* Members beside the filter. */
static bool is_beside(const char *name)
{
    static const char *const names[] = { "count", "min", "max", "timeout" };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static cJSON *copy_beside(const cJSON *value, bool beside, bool *ok)
{
    cJSON *copy = cJSON_CreateObject();
    const cJSON *member;

    *ok = *ok && copy != NULL;
    cJSON_ArrayForEach (member, value) {
        if (is_beside(member->string) == beside && strcmp(member->string, "timeout") != 0) {
            kv_json_add_take(copy, member->string, cJSON_Duplicate(member, true), ok);
        }
    }
    return copy;
}

cJSON *kv_script_question(const struct kv_script_step *step, int64_t since)
{
    bool ok = true;
    cJSON *question = copy_beside(step->value, true, &ok);
    cJSON *filter = copy_beside(step->value, false, &ok);

    if (cJSON_GetObjectItemCaseSensitive(filter, "since") == NULL) {
        kv_json_add_int(filter, "since", since, &ok);
    }
    kv_json_add_take(question, "filter", filter, &ok);
    if (!ok) {
        cJSON_Delete(question);
        return NULL;
    }
    return question;
}

/* --- scenarios --- */

static const cJSON *find_named(const cJSON *list, const char *name)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, list) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));

        if (text != NULL && strcmp(text, name) == 0) {
            return item;
        }
    }
    return NULL;
}

static enum kv_code check_with(size_t i, const struct kv_script_step *step, const cJSON *scenario,
                               struct kv_err *err)
{
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(scenario, "parameters");
    const cJSON *item;

    cJSON_ArrayForEach (item, step->value) {
        if (find_named(params, item->string) == NULL) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "step %zu: '%.64s' is no parameter of %s",
                           i + 1, item->string, step->text);
        }
    }
    cJSON_ArrayForEach (item, params) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));

        if (name != NULL && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "required"))
            && cJSON_GetObjectItemCaseSensitive(step->value, name) == NULL) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "step %zu: %s needs '%s'", i + 1, step->text,
                           name);
        }
    }
    return KV_OK;
}

static enum kv_code check_scenario(size_t i, const struct kv_script_step *step,
                                   const cJSON *scenarios, struct kv_err *err)
{
    const cJSON *scenario = find_named(scenarios, step->text);

    if (scenario == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "step %zu: there is no scenario '%.64s'", i + 1,
                       step->text);
    }
    return step->action == SCRIPT_APPLY ? check_with(i, step, scenario, err) : KV_OK;
}

/* Each is applied before it is reverted, and reverted before it is applied again. */
static enum kv_code check_order(const struct kv_script *script, size_t i, struct kv_err *err)
{
    const struct kv_script_step *step = &script->step[i];
    bool is_applied = false;

    for (size_t j = 0; j < i; j++) {
        const struct kv_script_step *before = &script->step[j];

        if (before->text != NULL && before->action <= SCRIPT_REVERT
            && strcmp(before->text, step->text) == 0) {
            is_applied = before->action == SCRIPT_APPLY;
        }
    }
    if (is_applied == (step->action == SCRIPT_REVERT)) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "step %zu: %s is %s", i + 1, step->text,
                   is_applied ? "applied already by then" : "not applied by an earlier step");
}

/* --- what is tried --- */

/* The journal answers at once whether it could count that. */
static enum kv_code check_filter(const struct kv_cli_server *server,
                                 const struct kv_script_step *step, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *question = kv_script_question(step, 0);
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    if (question == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (step->action == SCRIPT_WAIT_FOR
        && cJSON_GetObjectItemCaseSensitive(question, "count") == NULL
        && cJSON_AddNumberToObject(question, "count", 1) == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return kv_cli_send(server, "POST", SCRIPT_REQUESTS_PATH "/expect", question, &answer, err);
}

static enum kv_code remove_rule(const struct kv_cli_server *server, const cJSON *rule,
                                struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    const char *id = NULL;

    kv_buf_init(&path, 512);
    KV_TRY(kv_cli_read_text(rule, "id", &id, err));
    KV_TRY(kv_buf_printf(&path, err, "%s", SCRIPT_FAULTS_PATH "/"));
    KV_TRY(kv_cli_append_escaped(&path, id, err));
    return kv_cli_send(server, "DELETE", path.data, NULL, &answer, err);
}

/* A rule that does nothing is added, and removed again. */
static enum kv_code check_rule(const struct kv_cli_server *server, const cJSON *rule,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *idle = cJSON_Duplicate(rule, true);
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    bool ok = idle != NULL;

    if (cJSON_GetObjectItemCaseSensitive(rule, "rules") != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "one rule a step");
    }
    if (ok) {
        cJSON_DeleteItemFromObjectCaseSensitive(idle, "enabled");
    }
    kv_json_add_bool(idle, "enabled", false, &ok);
    KV_TRY(ok ? kv_cli_send(server, "POST", SCRIPT_FAULTS_PATH, idle, &answer, err)
              : KV_OUT_OF_MEMORY(err));
    return remove_rule(server, answer, err);
}

static enum kv_code check_step(const struct kv_cli_server *server, const struct kv_script *script,
                               size_t i, const cJSON *scenarios, struct kv_err *err)
{
    const struct kv_script_step *step = &script->step[i];

    switch (step->action) {
    case SCRIPT_APPLY:
    case SCRIPT_REVERT:
        KV_TRY(check_scenario(i, step, scenarios, err));
        return check_order(script, i, err);
    case SCRIPT_WAIT_FOR:
    case SCRIPT_EXPECT:
        return check_filter(server, step, err);
    case SCRIPT_FAULT:
        return check_rule(server, step->value, err);
    case SCRIPT_ADVANCE:
    case SCRIPT_PAUSE:
    case SCRIPT_HSM: /* which nothing but doing it can tell */
    case SCRIPT_ACTIONS:
        break;
    }
    return KV_OK;
}

enum kv_code kv_script_load(const struct kv_options *options, const struct kv_cli_server *server,
                            struct kv_script *ret_script, struct kv_err *err)
{
    kv_auto(kv_script_done) struct kv_script script = { .json = NULL };
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_err reason;

    KV_TRY(kv_script_read(options, &script, err));
    KV_TRY(kv_cli_get_json(server, SCENARIOS_PATH, &answer, err));
    const cJSON *scenarios = cJSON_GetObjectItemCaseSensitive(answer, "scenarios");
    for (size_t i = 0; i < script.count; i++) {
        if (check_step(server, &script, i, scenarios, &reason) != KV_OK) {
            bool has_place = strncmp(reason.message, "step ", 5) == 0;

            return has_place
                       ? KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s", reason.message)
                       : KV_FAIL(err, KV_BAD_PARAMETER, 0, "step %zu (%s): %.900s", i + 1,
                                 kv_script_action_name(script.step[i].action), reason.message);
        }
    }
    *ret_script = script;
    script = (struct kv_script){ .json = NULL }; /* the caller's now */
    return KV_OK;
}
