/* SPDX-License-Identifier: Apache-2.0 */
/* The explainer: which grant decides, and which one would. */
#include <string.h>

#include "kv/access/explain.h"
#include "why.h"

/* What each bearing is called, and how a sentence about it goes on. */
static const struct {
    const char *word, *text;
} bearings[] = {
    [KV_BEARING_DENIES] = { "denies", "denies it" },
    [KV_BEARING_ALLOWS] = { "allows", "allows it" },
    [KV_BEARING_LACKS] = { "lacks", "does not include it" },
    [KV_BEARING_PENDING] = { "pending", "does not count yet" },
    [KV_BEARING_ENDED] = { "ended", "was withdrawn" },
    [KV_BEARING_ELSEWHERE] = { "elsewhere", "is for another key" },
    [KV_BEARING_OTHER_APPLICATION] = { "other-application", "is for another application" },
    [KV_BEARING_OTHER_MODE] = { "other-mode", "has no effect in the mode of this vault" },
};

static void describe(const struct kv_access_reason *reason, char ret_text[WHY_TEXT_SIZE])
{
    const struct kv_assignment *assignment = reason->assignment;

    if (assignment == NULL) {
        SAY(ret_text, "the access policy '%s'", reason->policy->words);
        return;
    }
    SAY(ret_text, "the %s '%s' on %s", assignment->deny ? "deny assignment of" : "role",
        assignment->role_name, assignment->scope);
}

static cJSON *render_reason(const struct kv_access_reason *reason, bool *ok)
{
    cJSON *object = cJSON_CreateObject();
    char text[WHY_TEXT_SIZE], sentence[WHY_TEXT_SIZE];

    describe(reason, text);
    SAY(sentence, "%.900s %s", text, bearings[reason->bearing].text);
    kv_json_add_text(object, "bearing", bearings[reason->bearing].word, ok);
    if (reason->assignment != NULL) {
        kv_json_add_text(object, "assignment", reason->assignment->name, ok);
    }
    kv_json_add_text(object, "text", sentence, ok);
    return object;
}

/* NULL when memory is out: then the step goes without them. */
static cJSON *render_reasons(const struct kv_access_explanation *explanation)
{
    cJSON *list = cJSON_CreateArray();
    bool ok = list != NULL;

    for (size_t i = 0; i < explanation->count && ok; i++) {
        kv_json_add_take(list, NULL, render_reason(&explanation->reason[i], &ok), &ok);
    }
    if (!ok) {
        cJSON_Delete(list);
        return NULL;
    }
    return list;
}

static const struct kv_access_reason *find_reason(const struct kv_access_explanation *explanation,
                                                  enum kv_bearing bearing)
{
    for (size_t i = 0; i < explanation->count; i++) {
        if (explanation->reason[i].bearing == bearing) {
            return &explanation->reason[i];
        }
    }
    return NULL;
}

/* One that will allow it; a denial is not worth waiting for. */
static const struct kv_access_reason *find_pending(const struct kv_access_explanation *explanation)
{
    for (size_t i = 0; i < explanation->count; i++) {
        const struct kv_access_reason *reason = &explanation->reason[i];

        if (reason->bearing == KV_BEARING_PENDING
            && (reason->assignment == NULL || !reason->assignment->deny)) {
            return reason;
        }
    }
    return NULL;
}

/* --- cures --- */

static void cure_denial(const struct why_question *question, const struct kv_access_reason *denial,
                        struct why_finding *finding)
{
    SAY(finding->cure, "DELETE /control/v1/vaults/%s/assignments/%s", question->vault->name,
        denial->assignment->name);
}

static void cure_by_waiting(const struct kv_access_reason *pending, struct why_finding *finding)
{
    char iso[KV_ISO_DATE_SIZE];

    kv_time_render_iso(
        pending->assignment != NULL ? pending->assignment->since : pending->policy->since, iso);
    SAY(finding->cure, "POST /control/v1/clock {\"set\":\"%s\"}, when it begins to count", iso);
}

/* A new access policy takes the place of the one there is, so it has to have its words too. */
static void cure_policy(const struct why_question *question,
                        const struct kv_access_explanation *explanation,
                        struct why_finding *finding)
{
    const struct kv_access_reason *lacking = find_reason(explanation, KV_BEARING_LACKS);
    char words[KV_ACCESS_WORDS_MAX + 1] = "";

    if (lacking != NULL) {
        (void) snprintf(words, sizeof(words), "%s", lacking->policy->words);
        for (char *at = words; (at = strchr(at, ' ')) != NULL;) {
            *at = ',';
        }
    }
    SAY(finding->cure, "coffer access grant --vault %s%s --permissions %s%s%s",
        question->vault->name, question->who, words, words[0] != '\0' ? "," : "",
        kv_permission_row(question->operation->permission)->policy);
}

static void cure_role(const struct why_question *question, const char *role,
                      struct why_finding *finding)
{
    if (role != NULL) {
        SAY(finding->cure, "coffer access grant --vault %s%s --role '%s'", question->vault->name,
            question->who, role);
    }
}

static void say_cure(const struct why_question *question,
                     const struct kv_access_explanation *explanation, struct why_finding *finding)
{
    const struct kv_access_reason *denial = find_reason(explanation, KV_BEARING_DENIES);
    const struct kv_access_reason *pending = find_pending(explanation);

    if (denial != NULL) {
        cure_denial(question, denial, finding);
    } else if (pending != NULL) {
        cure_by_waiting(pending, finding);
    } else if (question->vault->access == KV_ACCESS_POLICY) {
        cure_policy(question, explanation, finding);
    } else {
        cure_role(question, explanation->role, finding);
    }
}

/* --- the step --- */

/* The first reason is the one that decides, if any does. */
static void say_because(const struct kv_access_explanation *explanation,
                        struct why_finding *finding)
{
    char text[WHY_TEXT_SIZE];

    if (explanation->count == 0) {
        SAY(finding->because, "nothing that reaches the vault is granted to the caller");
        return;
    }
    describe(&explanation->reason[0], text);
    SAY(finding->because, "%.900s %s", text, bearings[explanation->reason[0].bearing].text);
}

enum kv_code why_authorization(struct why_question *question, struct why_finding *finding,
                               struct kv_err *err)
{
    const struct kv_app *app = question->request->app;
    kv_auto(kv_access_explanation_done) struct kv_access_explanation explanation = { .count = 0 };
    char assignment[KV_UUID_LENGTH + 1];

    if (kv_identity_auth(app->identity) == KV_AUTH_OFF) {
        SAY(finding->because, "with --auth off everything is allowed");
        return KV_OK;
    }
    if (question->vault->access == KV_ACCESS_OPEN) {
        SAY(finding->because, "the vault is open: whoever has a valid token may do anything");
        return KV_OK;
    }
    if (question->has_token && !question->is_known) {
        finding->is_skipped = true;
        SAY(finding->because, "the token does not say whose it is");
        return KV_OK;
    }
    enum kv_code code = kv_access_check(app->access, &question->access, assignment, err);

    if (kv_access_explain(app->access, &question->access, &explanation, NULL) != KV_OK) {
        SAY(finding->because, "what was granted cannot be read at the moment");
        return code;
    }
    finding->grants = render_reasons(&explanation);
    say_because(&explanation, finding);
    if (code != KV_OK) {
        say_cure(question, &explanation, finding);
    }
    return code;
}
