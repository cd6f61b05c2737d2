/* SPDX-License-Identifier: Apache-2.0 */
/* What is a fault of the service or of the way to it: one fault rule for each. */
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kv/faults/faults.h"

#define GIVES_OUT "unwrapKey,decrypt"

/* "unwrapKey,decrypt" as a list; NULL: nothing. */
static void add_words(cJSON *parent, const char *name, const char *words, bool *ok)
{
    cJSON *list = words != NULL ? kv_json_add_array(parent, name, ok) : NULL;

    while (words != NULL && *words != '\0') {
        size_t len = strcspn(words, ",");
        char word[SCENARIO_TEXT_MAX + 1];

        (void) snprintf(word, sizeof(word), "%.*s", (int) len, words);
        kv_json_append_text(list, word, ok);
        words += len + (words[len] == ',');
    }
}

static enum kv_code add_match(const struct scenario_act *act, const char *operations, cJSON *rule,
                              bool *ok, struct kv_err *err)
{
    cJSON *match = kv_json_add_object(rule, "match", ok);
    struct kv_principal_entry who;

    add_words(match, "vault", act->vault->name, ok);
    add_words(match, "key", scenario_text(act, "key"), ok);
    add_words(match, "operation", operations != NULL ? operations : scenario_text(act, "operation"),
              ok);
    if (scenario_text(act, "identity") != NULL) {
        KV_TRY(scenario_who(act, &who, err));
        add_words(match, "principal", who.object_id, ok);
    }
    return KV_OK;
}

static void add_when(const struct scenario_act *act, int64_t every, cJSON *rule, bool *ok)
{
    int64_t times;
    bool has_times = scenario_number(act, "times", &times);
    cJSON *when = has_times || every > 0 ? kv_json_add_object(rule, "when", ok) : NULL;

    if (has_times) {
        kv_json_add_int(when, "times", times, ok);
    }
    if (every > 0) {
        kv_json_add_int(when, "every", every, ok);
    }
}

static enum kv_code add(struct scenario_act *act, const cJSON *rule, bool ok, const char *what,
                        struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    char id[SCENARIO_ID_SIZE];

    scenario_id(act->row, id);
    KV_TRY(ok ? scenario_keep(act, PART_RULE, id, err) : KV_OUT_OF_MEMORY(err));
    KV_TRY(kv_faults_add(act->scenarios->tools.faults, rule, act->now, &shown, err));
    return scenario_note(act, err, "the fault rule %s: added, for %s", id, what);
}

/* A rule of that name which is somebody else's is not ours to remove. */
static enum kv_code begin_rule(const struct scenario_act *act, cJSON **ret_rule, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *rule = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *other = NULL;
    char id[SCENARIO_ID_SIZE];
    bool ok = rule != NULL;

    scenario_id(act->row, id);
    if (kv_faults_show(act->scenarios->tools.faults, id, &other, NULL) == KV_OK) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There is a fault rule '%s' already: remove it first.",
                       id);
    }
    kv_json_add_text(rule, "id", id, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_rule = kv_take(rule);
    return KV_OK;
}

static enum kv_code add_rule(struct scenario_act *act, const char *stage, const char *operations,
                             int64_t every, cJSON *effect, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *owned = effect;
    kv_auto(cJSON_Delete) cJSON *rule = NULL;
    bool of_all = stage != NULL && strcmp(stage, "connection") == 0;
    bool ok = effect != NULL;

    KV_TRY(begin_rule(act, &rule, err));
    if (stage != NULL) {
        kv_json_add_text(rule, "stage", stage, &ok);
    }
    if (!of_all) {
        KV_TRY(add_match(act, operations, rule, &ok, err));
    }
    add_when(act, every, rule, &ok);
    kv_json_add_take(rule, "effect", kv_take(owned), &ok);
    return add(act, rule, ok, of_all ? "all vaults" : act->vault->name, err);
}

enum kv_code scenario_add_rule(struct scenario_act *act, const char *operations, int64_t every,
                               cJSON *effect, struct kv_err *err)
{
    return add_rule(act, NULL, operations, every, effect, err);
}

/* {name: text} */
static cJSON *effect_of(const char *name, const char *text)
{
    cJSON *effect = cJSON_CreateObject();
    bool ok = effect != NULL;

    kv_json_add_text(effect, name, text, &ok);
    return effect;
}

static void add_retry_after(const struct scenario_act *act, cJSON *effect)
{
    int64_t seconds = 0;
    bool ok = effect != NULL;

    if (scenario_number(act, "retry_after", &seconds) && seconds > 0) {
        kv_json_add_int(effect, "retry_after", seconds, &ok);
    }
}

enum kv_code throttle(struct scenario_act *act, struct kv_err *err)
{
    cJSON *effect = effect_of("error", "THROTTLED");

    add_retry_after(act, effect);
    return add_rule(act, NULL, NULL, 0, effect, err);
}

/* 500 and 503 in the service's own words; 502 and 504 come from what stands before it. */
enum kv_code fail_server(struct scenario_act *act, struct kv_err *err)
{
    static const struct {
        int status;
        const char *error, *code, *message;
    } rows[] = {
        { 500, "INTERNAL", NULL, NULL },
        { 502, NULL, "BadGateway", "The gateway received an invalid response." },
        { 503, "UNAVAILABLE", NULL, NULL },
        { 504, NULL, "GatewayTimeout", "The gateway did not receive a response in time." },
    };
    int64_t status = 0;
    bool ok = true;

    (void) scenario_number(act, "status", &status);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (rows[i].status != status) {
            continue;
        }
        cJSON *effect = rows[i].error != NULL ? effect_of("error", rows[i].error)
                                              : effect_of("code", rows[i].code);
        if (rows[i].error == NULL) {
            kv_json_add_int(effect, "status", status, &ok);
            kv_json_add_text(effect, "message", rows[i].message, &ok);
        }
        add_retry_after(act, effect);
        return add_rule(act, NULL, NULL, 0, effect, err);
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'status' is 500, 502, 503 or 504.");
}

enum kv_code slow_down(struct scenario_act *act, struct kv_err *err)
{
    cJSON *effect = cJSON_CreateObject();
    int64_t delay = 0;
    bool ok = effect != NULL;

    if (scenario_is(act, "how", "never")) {
        kv_json_add_bool(effect, "hang", true, &ok);
    } else if (scenario_number(act, "delay", &delay)) {
        kv_json_add_int(effect, "delay", delay, &ok);
    }
    return add_rule(act, NULL, NULL, 0, effect, err);
}

/* A connection that is refused is for no vault and no request, and nobody can count it. */
static enum kv_code check_refused(const struct scenario_act *act, struct kv_err *err)
{
    static const char *const narrower[] = { "key", "operation", "identity" };
    int64_t times;

    for (size_t i = 0; i < KV_COUNT(narrower); i++) {
        if (scenario_text(act, narrower[i]) != NULL) {
            return KV_FAIL(
                err, KV_BAD_PARAMETER, 0,
                "'%s' cannot be given with refused connections, which are of all vaults.",
                narrower[i]);
        }
    }
    if (scenario_number(act, "times", &times)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'times' cannot be given with refused connections, which nobody counts.");
    }
    return KV_OK;
}

enum kv_code cut_connections(struct scenario_act *act, struct kv_err *err)
{
    if (scenario_is(act, "how", "refused")) {
        cJSON *effect;
        bool ok = true;

        KV_TRY(check_refused(act, err));
        effect = cJSON_CreateObject();
        kv_json_add_bool(effect, "refuse", true, &ok);
        return add_rule(act, "connection", NULL, 0, ok ? effect : NULL, err);
    }
    return add_rule(act, NULL, NULL, 0, effect_of("cut", scenario_text(act, "how")), err);
}

/* What is left of a wrong name without a name server: nobody who answers, or nobody there. */
enum kv_code lose_name(struct scenario_act *act, struct kv_err *err)
{
    cJSON *effect = cJSON_CreateObject();
    bool ok = effect != NULL;

    if (scenario_is(act, "how", "no-answer")) {
        kv_json_add_bool(effect, "hang", true, &ok);
    } else {
        kv_json_add_text(effect, "cut", "empty", &ok);
    }
    return add_rule(act, "arrival", NULL, 0, effect, err);
}

/* contract §2.2; the vault's new tenant is none that anybody has. */
enum kv_code move_tenant(struct scenario_act *act, struct kv_err *err)
{
    char message[512], tenant[KV_UUID_LENGTH + 1];
    struct kv_principal_entry who;
    bool ok = true;

    kv_uuid_of("tenant", "another", tenant);
    KV_TRY(kv_principals_find_name(act->scenarios->config.principals, "", &who, err));
    if (scenario_is(act, "how", "audience")) {
        (void) snprintf(message, sizeof(message),
                        "AKV10022: Invalid audience. Expected https://vault.azure.net, found: "
                        "https://management.azure.com.");
    } else if (scenario_is(act, "how", "expired")) {
        (void) snprintf(message, sizeof(message),
                        "[TokenExpired] Error validating token: 'S2S12086'.");
    } else {
        (void) snprintf(message, sizeof(message),
                        "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/%s/, "
                        "found https://sts.windows.net/%s/.",
                        tenant, who.tenant);
    }
    cJSON *effect = effect_of("message", message);
    kv_json_add_int(effect, "status", 401, &ok);
    kv_json_add_text(effect, "code", "Unauthorized", &ok);
    return add_rule(act, NULL, NULL, 0, effect, err);
}

enum kv_code use_wrong_key(struct scenario_act *act, struct kv_err *err)
{
    return add_rule(act, NULL, GIVES_OUT, 0, effect_of("error", "CANNOT_DECRYPT"), err);
}

enum kv_code flap_permission(struct scenario_act *act, struct kv_err *err)
{
    bool by_policy = act->vault->access == KV_ACCESS_POLICY;
    int64_t every = 2;

    (void) scenario_number(act, "every", &every);
    return add_rule(act, NULL, NULL, every,
                    effect_of("error", by_policy ? "ACCESS_DENIED" : "FORBIDDEN_BY_RBAC"), err);
}

enum kv_code return_wrong_plaintext(struct scenario_act *act, struct kv_err *err)
{
    return add_rule(act, NULL, GIVES_OUT, 0, effect_of("result", "wrong_plaintext"), err);
}

enum kv_code shorten_signature(struct scenario_act *act, struct kv_err *err)
{
    const char *result = scenario_is(act, "half", "s") ? "zero_s" : "zero_r";

    return add_rule(act, NULL, "sign", 0, effect_of("result", result), err);
}
