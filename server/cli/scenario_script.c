/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts of steps: read, filled in, and checked as a whole before the first step. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/duration.h"
#include "kv/base/files.h"
#include "scenario.h"

#define FILE_MAX_BYTES (1024 * 1024)
#define WAIT_DEFAULT_MS 30000
#define WAIT_MAX_MS 600000

const struct kv_script_row kv_scripts[] = {
#define X(name, line, json) { name, line, json },
#include "script.def"
#undef X
};
const size_t kv_script_count = KV_COUNT(kv_scripts);

static const char *const action_names[SCRIPT_ACTIONS] = {
    [SCRIPT_APPLY] = "apply", [SCRIPT_REVERT] = "revert",    [SCRIPT_ADVANCE] = "advance",
    [SCRIPT_PAUSE] = "pause", [SCRIPT_WAIT_FOR] = "waitFor", [SCRIPT_EXPECT] = "expect",
    [SCRIPT_FAULT] = "fault", [SCRIPT_HSM] = "hsm",
};

const char *kv_script_action_name(enum kv_script_action action)
{
    return action_names[action];
}

void kv_script_done(struct kv_script *script)
{
    free(script->step);
    cJSON_Delete(script->json);
    *script = (struct kv_script){ .json = NULL };
}

/* --- reading --- */

static enum kv_code read_input(struct kv_buf *text, struct kv_err *err)
{
    char piece[4096];
    ssize_t got;

    while ((got = read(STDIN_FILENO, piece, sizeof(piece))) > 0) {
        KV_TRY(kv_buf_append(text, piece, (size_t) got, err));
    }
    return got == 0 ? KV_OK : KV_FAIL(err, KV_BAD_PARAMETER, 0, "standard input cannot be read");
}

static const struct kv_script_row *find_built_in(const char *name)
{
    for (size_t i = 0; i < kv_script_count; i++) {
        if (strcmp(kv_scripts[i].name, name) == 0) {
            return &kv_scripts[i];
        }
    }
    return NULL;
}

static enum kv_code read_text(const char *name, struct kv_buf *text, struct kv_err *err)
{
    const struct kv_script_row *built_in = find_built_in(name);
    struct kv_err reason;

    if (built_in != NULL) {
        return kv_buf_append(text, built_in->json, strlen(built_in->json), err);
    }
    if (strcmp(name, "-") == 0) {
        return read_input(text, err);
    }
    if (kv_file_read(name, text, &reason) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%.256s' is no script that coffer scenario list names, and no file that "
                       "can be read",
                       name);
    }
    return KV_OK;
}

static enum kv_code parse(const char *name, cJSON **ret_json, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, FILE_MAX_BYTES);
    KV_TRY(read_text(name, &text, err));
    return kv_cli_parse_text(name, &text, KV_CLI_VALUES_MAX, ret_json, err);
}

/* --- what stands for options --- */

static const struct {
    const char *sign;
    enum kv_option option;
    const char *needed; /* NULL: without the option the member is left out */
} signs[] = {
    { "$vault", KV_OPTION_SCENARIO_VAULT, NULL },
    { "$key", KV_OPTION_SCENARIO_KEY, "--key" },
    { "$identity", KV_OPTION_SCENARIO_IDENTITY, NULL },
    { "$version", KV_OPTION_SCENARIO_VERSION, NULL },
};

static const char *find_value(const struct kv_options *options, const char *sign,
                              const char **ret_needed)
{
    for (size_t i = 0; i < KV_COUNT(signs); i++) {
        if (strcmp(signs[i].sign, sign) == 0) {
            *ret_needed = signs[i].needed;
            return kv_option_text(options, signs[i].option);
        }
    }
    return NULL;
}

/* A text such as $foo. */
static bool looks_like_sign(const char *text)
{
    return text[0] == '$' && text[1] != '\0'
           && text[1 + strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_-")] == '\0';
}

/* False: there is no such option, and the member has to go. */
static enum kv_code fill_text(const struct kv_options *options, cJSON *item, bool *ret_stays,
                              struct kv_err *err)
{
    const char *needed = NULL;
    const char *value = find_value(options, item->valuestring, &needed);

    if (value == NULL && looks_like_sign(item->valuestring)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%.64s' stands for nothing: there are $vault, $key, $identity and $version",
                       item->valuestring);
    }
    *ret_stays = value == NULL || *value != '\0';
    if (!*ret_stays && needed != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the script needs %s", needed);
    }
    bool is_filled = value == NULL || *value == '\0' || cJSON_SetValuestring(item, value) != NULL;

    return is_filled ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code fill(const struct kv_options *options, cJSON *tree, struct kv_err *err)
{
    cJSON *next;

    for (cJSON *item = tree->child; item != NULL; item = next) {
        bool stays = true;

        next = item->next;
        if (cJSON_IsString(item)) {
            KV_TRY(fill_text(options, item, &stays, err));
        } else {
            KV_TRY(fill(options, item, err));
        }
        if (!stays) {
            cJSON_Delete(cJSON_DetachItemViaPointer(tree, item));
        }
    }
    return KV_OK;
}

/* --- steps --- */

bool kv_script_span(const cJSON *item, kv_millis *ret_span)
{
    struct kv_duration duration;
    int64_t seconds;

    if (kv_json_is_int(item, &seconds) && seconds >= 0 && seconds <= INT32_MAX) {
        *ret_span = seconds * 1000;
        return true;
    }
    if (!cJSON_IsString(item) || !kv_duration_parse(item->valuestring, &duration)) {
        return false;
    }
    *ret_span = kv_duration_nominal(&duration) * 1000;
    return true;
}

/* A duration forwards or back, or seconds. */
static bool is_move(const cJSON *item)
{
    struct kv_duration duration;

    return cJSON_IsString(item)
           && kv_duration_parse(item->valuestring + (item->valuestring[0] == '-'), &duration);
}

static enum kv_code fail_step(size_t i, const char *reason, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "step %zu: %s", i + 1, reason);
}

static enum kv_code find_action(size_t i, const cJSON *item, struct kv_script_step *step,
                                const cJSON **ret_value, struct kv_err *err)
{
    const cJSON *member;

    *ret_value = NULL;
    cJSON_ArrayForEach (member, item) {
        size_t action = 0;

        while (action < SCRIPT_ACTIONS && strcmp(action_names[action], member->string) != 0) {
            action++;
        }
        if (action < SCRIPT_ACTIONS && *ret_value != NULL) {
            return fail_step(i, "one action a step: there are two", err);
        }
        if (action < SCRIPT_ACTIONS) {
            step->action = (enum kv_script_action) action;
            *ret_value = member;
        } else if (strcmp(member->string, "with") != 0 && strcmp(member->string, "comment") != 0) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "step %zu: '%.64s' is no action: apply, revert, advance, pause, "
                           "waitFor, expect, fault or hsm",
                           i + 1, member->string);
        }
    }
    return *ret_value != NULL ? KV_OK : fail_step(i, "it says nothing to do", err);
}

static enum kv_code read_wait(size_t i, const cJSON *value, struct kv_script_step *step,
                              struct kv_err *err)
{
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(value, "count");
    const cJSON *timeout = cJSON_GetObjectItemCaseSensitive(value, "timeout");

    step->count = 1;
    step->span = WAIT_DEFAULT_MS;
    if (count != NULL && (!kv_json_is_int(count, &step->count) || step->count < 1)) {
        return fail_step(i, "'count' is a number of requests, from 1", err);
    }
    if (timeout != NULL && (!kv_script_span(timeout, &step->span) || step->span > WAIT_MAX_MS)) {
        return fail_step(i, "'timeout' is seconds or a duration such as PT10S, up to PT10M", err);
    }
    return KV_OK;
}

static enum kv_code read_value(size_t i, const cJSON *item, const cJSON *value,
                               struct kv_script_step *step, struct kv_err *err)
{
    const cJSON *with = cJSON_GetObjectItemCaseSensitive(item, "with");

    if (with != NULL && (step->action != SCRIPT_APPLY || !cJSON_IsObject(with))) {
        return fail_step(i, "'with' is an object, and goes with apply alone", err);
    }
    switch (step->action) {
    case SCRIPT_APPLY:
    case SCRIPT_REVERT:
        step->text = cJSON_GetStringValue(value);
        step->value = with;
        return step->text != NULL ? KV_OK : fail_step(i, "the name of a scenario is a text", err);
    case SCRIPT_ADVANCE:
        step->text = cJSON_GetStringValue(value);
        return is_move(value) ? KV_OK : fail_step(i, "'advance' is a duration such as PT30M", err);
    case SCRIPT_PAUSE:
        return kv_script_span(value, &step->span) && step->span <= WAIT_MAX_MS
                   ? KV_OK
                   : fail_step(i, "'pause' is seconds or a duration such as PT2S, up to PT10M",
                               err);
    case SCRIPT_WAIT_FOR:
    case SCRIPT_EXPECT:
    case SCRIPT_FAULT:
    case SCRIPT_HSM:
    case SCRIPT_ACTIONS:
        break;
    }
    step->value = value;
    if (!cJSON_IsObject(value)) {
        return fail_step(i, "what it waits for, expects or makes fail is an object", err);
    }
    return step->action == SCRIPT_WAIT_FOR ? read_wait(i, value, step, err) : KV_OK;
}

static enum kv_code check_members(const cJSON *json, struct kv_err *err)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, json) {
        if (strcmp(member->string, "name") != 0 && strcmp(member->string, "line") != 0
            && strcmp(member->string, "steps") != 0) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "'%.64s' is no member of a script: it can have name, line and steps",
                           member->string);
        }
    }
    return KV_OK;
}

static enum kv_code read_steps(struct kv_script *script, struct kv_err *err)
{
    const cJSON *steps = cJSON_GetObjectItemCaseSensitive(script->json, "steps");
    int count = cJSON_IsArray(steps) ? cJSON_GetArraySize(steps) : 0;
    const cJSON *item, *value;

    KV_TRY(check_members(script->json, err));
    if (count < 1 || count > SCRIPT_STEPS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "a script has 'steps', 1 to %d of them",
                       SCRIPT_STEPS_MAX);
    }
    script->step = calloc((size_t) count, sizeof(script->step[0]));
    if (script->step == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    cJSON_ArrayForEach (item, steps) {
        struct kv_script_step *step = &script->step[script->count];

        if (!cJSON_IsObject(item)) {
            return fail_step(script->count, "a step is an object", err);
        }
        KV_TRY(find_action(script->count, item, step, &value, err));
        KV_TRY(read_value(script->count, item, value, step, err));
        script->count++;
    }
    return KV_OK;
}

enum kv_code kv_script_read(const struct kv_options *options, struct kv_script *ret_script,
                            struct kv_err *err)
{
    kv_auto(kv_script_done) struct kv_script script = { .json = NULL };

    KV_TRY(parse(kv_option_text(options, KV_OPTION_SCENARIO_SCRIPT), &script.json, err));
    KV_TRY(fill(options, script.json, err));
    KV_TRY(read_steps(&script, err));
    *ret_script = script;
    script = (struct kv_script){ .json = NULL }; /* the caller's now */
    return KV_OK;
}
