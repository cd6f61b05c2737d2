/* SPDX-License-Identifier: Apache-2.0 */
/* What a scenario is applied with. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "kv/identity/registry.h"

#define NAMES_SIZE 256

void scenario_act_done(struct scenario_act *act)
{
    kv_vault_release(act->vault);
    cJSON_Delete(act->with);
    cJSON_Delete(act->kept);
    cJSON_Delete(act->changed);
    *act = (struct scenario_act){ .scenarios = NULL };
}

static size_t find_place(const struct scenario_row *row, const char *name)
{
    size_t place = 0;

    while (row->param[place].name != NULL && strcmp(row->param[place].name, name) != 0) {
        place++;
    }
    return place;
}

static enum kv_code fail_unknown(const struct scenario_row *row, const char *name,
                                 struct kv_err *err)
{
    char names[NAMES_SIZE] = "none";
    size_t used = 0;

    for (size_t i = 0; row->param[i].name != NULL && used < sizeof(names); i++) {
        used += (size_t) snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                                  row->param[i].name);
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.63s' is no parameter of %s: it can have %s.", name,
                   row->name, names);
}

static bool is_among(const char *word, const char *words)
{
    size_t len = strlen(word);

    for (; *words != '\0'; words += strcspn(words, "|"), words += *words == '|') {
        if (len == strcspn(words, "|") && strncmp(word, words, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Nothing that could not be in a name or a list of names: it is shown and logged. */
static bool is_clean(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (!isprint((unsigned char) text[i])) {
            return false;
        }
    }
    return len > 0 && len <= SCENARIO_TEXT_MAX;
}

static enum kv_code check_text(const struct scenario_param *param, const cJSON *member,
                               struct kv_err *err)
{
    if (!cJSON_IsString(member) || !is_clean(member->valuestring)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' must be a text of 1 to %d printable ASCII characters.", param->name,
                       SCENARIO_TEXT_MAX);
    }
    if (param->words != NULL && !is_among(member->valuestring, param->words)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' is one of %s, not '%.64s'.", param->name,
                       param->words, member->valuestring);
    }
    return KV_OK;
}

static enum kv_code check_number(const struct scenario_param *param, const cJSON *member,
                                 struct kv_err *err)
{
    int64_t number;

    if (!kv_json_is_int(member, &number) || number < param->low || number > param->high) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' must be a whole number from %lld to %lld.",
                       param->name, (long long) param->low, (long long) param->high);
    }
    return KV_OK;
}

static enum kv_code check_member(const struct scenario_row *row, const cJSON *with,
                                 const cJSON *member, struct kv_err *err)
{
    const struct scenario_param *param = &row->param[find_place(row, member->string)];

    if (param->name == NULL) {
        return fail_unknown(row, member->string, err);
    }
    if (cJSON_GetObjectItemCaseSensitive(with, member->string) != member) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' is given twice.", param->name);
    }
    return param->is_number ? check_number(param, member, err) : check_text(param, member, err);
}

static enum kv_code check_members(const struct scenario_row *row, const cJSON *with,
                                  struct kv_err *err)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, with) {
        KV_TRY(check_member(row, with, member, err));
    }
    return KV_OK;
}

/* What is not given has its default, and is shown with it. */
static enum kv_code fill_in(struct scenario_act *act, const struct scenario_param *param,
                            struct kv_err *err)
{
    bool ok = true;

    if (cJSON_GetObjectItemCaseSensitive(act->with, param->name) != NULL) {
        return KV_OK;
    }
    if (param->is_needed) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s needs '%s': %s.", act->row->name, param->name,
                       param->line);
    }
    if (strcmp(param->name, "vault") == 0) {
        kv_auto(kv_vault_release) const struct kv_vault *first =
            kv_vaults_acquire_host(act->scenarios->config.vaults, "localhost");

        if (first != NULL) {
            kv_json_add_text(act->with, param->name, first->name, &ok);
        }
    } else if (param->fallback != NULL && param->is_number) {
        kv_json_add_int(act->with, param->name, strtoll(param->fallback, NULL, 10), &ok);
    } else if (param->fallback != NULL) {
        kv_json_add_text(act->with, param->name, param->fallback, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code take_values(struct scenario_act *act, struct kv_err *err)
{
    for (size_t i = 0; act->row->param[i].name != NULL; i++) {
        KV_TRY(fill_in(act, &act->row->param[i], err));

        const cJSON *member = cJSON_GetObjectItemCaseSensitive(act->with, act->row->param[i].name);

        act->text[i] = cJSON_GetStringValue(member);
        act->number[i] = cJSON_IsNumber(member) ? (int64_t) member->valuedouble : -1;
    }
    return KV_OK;
}

enum kv_code scenario_acquire_vault(struct scenario_act *act, struct kv_err *err)
{
    size_t place = find_place(act->row, "vault");

    if (act->row->param[place].name == NULL) {
        return KV_OK;
    }
    if (act->text[place] == NULL) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no first vault any more: name one.");
    }
    act->vault = kv_vaults_acquire(act->scenarios->config.vaults, act->text[place]);
    if (act->vault == NULL) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no vault '%.64s'.", act->text[place]);
    }
    return KV_OK;
}

enum kv_code scenario_read(struct scenario_act *act, const cJSON *with, struct kv_err *err)
{
    KV_TRY(check_members(act->row, with, err));
    act->with = cJSON_Duplicate(with, true);
    act->kept = cJSON_CreateObject();
    act->changed = cJSON_CreateArray();
    if (act->with == NULL || act->kept == NULL || act->changed == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return take_values(act, err);
}

const char *scenario_text(const struct scenario_act *act, const char *name)
{
    size_t place = find_place(act->row, name);

    return act->row->param[place].name != NULL ? act->text[place] : NULL;
}

bool scenario_number(const struct scenario_act *act, const char *name, int64_t *ret_number)
{
    size_t place = find_place(act->row, name);

    if (act->row->param[place].name == NULL || act->number[place] < 0) {
        return false;
    }
    *ret_number = act->number[place];
    return true;
}

bool scenario_is(const struct scenario_act *act, const char *name, const char *word)
{
    const char *text = scenario_text(act, name);

    return text != NULL && strcmp(text, word) == 0;
}

struct kv_scope scenario_scope(const struct scenario_act *act)
{
    return (struct kv_scope){
        .keys = act->scenarios->config.keys,
        .vault = act->vault,
        .authority = act->vault->name,
        .now = act->now,
    };
}

enum kv_code scenario_who(const struct scenario_act *act, struct kv_principal_entry *ret_entry,
                          struct kv_err *err)
{
    return kv_principals_find_name(act->scenarios->config.principals,
                                   kv_principal_name_of(scenario_text(act, "identity")), ret_entry,
                                   err);
}

enum kv_code scenario_note(struct scenario_act *act, struct kv_err *err, const char *format, ...)
{
    char text[SCENARIO_TOUCH_SIZE];
    va_list args;
    bool ok = true;

    va_start(args, format);
    (void) vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    kv_json_append_text(act->changed, text, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* Names of keys are the same in any case. */
static void fold(char *text)
{
    for (; *text != '\0'; text++) {
        *text = (char) tolower((unsigned char) *text);
    }
}

void scenario_touched(const struct scenario_act *act, char ret_touched[SCENARIO_TOUCH_SIZE])
{
    static const char *const kinds[] = {
        [TOUCHES_NOTHING] = "",      [TOUCHES_KEY] = "key",     [TOUCHES_VAULT] = "vault",
        [TOUCHES_GRANTS] = "grants", [TOUCHES_NETWORK] = "net", [TOUCHES_IDENTITY] = "identity",
        [TOUCHES_HSM] = "hsm",       [TOUCHES_CLOCK] = "clock",
    };
    static const char *const of_key[] = { "key", "identity" };
    enum scenario_touch touches = act->row->touches;
    const char *vault = scenario_text(act, "vault");
    const char *subject = "";

    for (size_t i = 0; i < KV_COUNT(of_key); i++) {
        const char *text = scenario_text(act, of_key[i]);
        bool counts =
            touches == TOUCHES_KEY || touches == TOUCHES_GRANTS || touches == TOUCHES_IDENTITY;

        subject = counts && text != NULL ? text : subject;
    }
    (void) snprintf(ret_touched, SCENARIO_TOUCH_SIZE, "%s %s %s", kinds[touches],
                    vault != NULL ? vault : "", subject);
    fold(ret_touched);
    if (touches == TOUCHES_NOTHING) {
        ret_touched[0] = '\0';
    }
}
