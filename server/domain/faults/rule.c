/* SPDX-License-Identifier: Apache-2.0 */
#include "rule.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"

#define COMMENT_MAX 1024

/* A rule as it was given. */
struct sent_rule {
    char *id, *comment;
    struct fault_rule *rule; /* what the other members go to */
    const cJSON *effect;
    bool has_stage;
    kv_millis ttl;
};

static void sent_rule_done(struct sent_rule *sent)
{
    free(sent->id);
    free(sent->comment);
}
KV_DEFINE_CLEANUP_VALUE(struct sent_rule, sent_rule_done)

static void release_counts(struct fault_counts *counts)
{
    if (counts != NULL && atomic_fetch_sub(&counts->references, 1) == 1) {
        free(counts);
    }
}

static struct fault_counts *share_counts(struct fault_counts *counts)
{
    if (counts == NULL) {
        counts = calloc(1, sizeof(*counts));
    }
    if (counts != NULL) {
        atomic_fetch_add(&counts->references, 1);
    }
    return counts;
}

struct fault_rule *fault_rule_acquire(struct fault_rule *rule)
{
    atomic_fetch_add_explicit(&rule->references, 1, memory_order_relaxed);
    return rule;
}

void fault_rule_release(struct fault_rule *rule)
{
    if (rule == NULL || atomic_fetch_sub_explicit(&rule->references, 1, memory_order_acq_rel) > 1) {
        return;
    }
    cJSON_Delete(rule->source);
    fault_match_done(&rule->match);
    fault_effect_done(&rule->effect);
    release_counts(rule->counts);
    free(rule);
}

static enum kv_code read_id(const cJSON *value, const char *name, void *target, struct kv_err *err)
{
    struct sent_rule *sent = target;

    KV_TRY(fault_read_text(value, name, &sent->id, err));
    for (const char *at = sent->id; *at != '\0'; at++) {
        if (!isalnum((unsigned char) *at) && strchr("-_.", *at) == NULL) {
            sent->id[0] = '\0';
            break;
        }
    }
    if (*sent->id == '\0' || strlen(sent->id) > KV_FAULT_ID_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' must be 1 to %d letters, digits, dots, dashes and underscores.", name,
                       KV_FAULT_ID_MAX);
    }
    return KV_OK;
}

static enum kv_code read_comment(const cJSON *value, const char *name, void *target,
                                 struct kv_err *err)
{
    struct sent_rule *sent = target;

    KV_TRY(fault_read_body(value, name, &sent->comment, err));
    if (strlen(sent->comment) > COMMENT_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' must be at most %d bytes.", name,
                       COMMENT_MAX);
    }
    return KV_OK;
}

static enum kv_code read_enabled(const cJSON *value, const char *name, void *target,
                                 struct kv_err *err)
{
    struct sent_rule *sent = target;
    bool enabled = true;

    KV_TRY(fault_read_bool(value, name, &enabled, err));
    sent->rule->disabled = !enabled;
    return KV_OK;
}

static enum kv_code read_stage(const cJSON *value, const char *name, void *target,
                               struct kv_err *err)
{
    static const char *const stages[] = {
        [KV_FAULT_CONNECTION] = "connection",
        [KV_FAULT_HANDSHAKE] = "handshake",
        [KV_FAULT_ARRIVAL] = "arrival",
        [KV_FAULT_REQUEST] = "request",
    };
    struct sent_rule *sent = target;

    for (unsigned i = 0; cJSON_IsString(value) && i < KV_COUNT(stages); i++) {
        if (strcmp(value->valuestring, stages[i]) == 0) {
            sent->rule->stage = (enum kv_fault_stage) i;
            sent->has_stage = true;
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "'%s' must be \"connection\", \"handshake\", \"arrival\" or \"request\".", name);
}

static enum kv_code read_match(const cJSON *value, const char *name, void *target,
                               struct kv_err *err)
{
    struct sent_rule *sent = target;

    (void) name;
    return fault_read_match(value, "match", &sent->rule->match, err);
}

static enum kv_code read_when(const cJSON *value, const char *name, void *target,
                              struct kv_err *err)
{
    struct sent_rule *sent = target;

    (void) name;
    return fault_read_when(value, "when", &sent->rule->when, err);
}

static enum kv_code read_effect(const cJSON *value, const char *name, void *target,
                                struct kv_err *err)
{
    struct sent_rule *sent = target;

    if (!cJSON_IsObject(value)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' must be an object.", name);
    }
    sent->effect = value;
    return KV_OK;
}

static enum kv_code read_members(const cJSON *json, struct sent_rule *sent, struct kv_err *err)
{
    static const struct fault_member members[] = {
        { "id", read_id, 0 },           { "comment", read_comment, 0 },
        { "enabled", read_enabled, 0 }, { "stage", read_stage, 0 },
        { "match", read_match, 0 },     { "when", read_when, 0 },
        { "effect", read_effect, 0 },   { "ttl", fault_read_span, offsetof(struct sent_rule, ttl) },
    };

    return fault_read_object(json, "rule", members, KV_COUNT(members), sent, err);
}

/* What happens to a connection before there is a request is a cut at once, or what only fits there. */
static bool is_of_connections(const struct fault_effect *effect)
{
    enum kv_fault_cut cut = effect->done.cut;
    bool can_be_cut =
        cut == KV_FAULT_CUT_NONE || cut == KV_FAULT_CUT_RESET || cut == KV_FAULT_CUT_EMPTY;
    bool acts_on_answer = effect->done.has_answer || effect->done.hang || effect->done.carried_out
                          || effect->done.malformed_json || effect->done.pieces > 0
                          || effect->done.twist != KV_FAULT_TWIST_NONE
                          || effect->delay.kind != DELAY_NONE;

    return can_be_cut && !acts_on_answer;
}

/* Nobody sees a connection that the kernel refuses, so nothing can be counted. */
static enum kv_code check_refusing(const struct fault_rule *rule, struct kv_err *err)
{
    if (!fault_match_is_of_all(&rule->match)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A connection that is refused is never seen: 'refuse' is for all, and "
                       "nothing can be matched with it.");
    }
    if (!fault_when_is_of_clock(&rule->when)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A connection that is refused is never seen, nor counted: of 'when' only "
                       "from, until and for can go with 'refuse'.");
    }
    return KV_OK;
}

/* All that there is of it is an address, and all that can be done is to end it. */
static enum kv_code check_connection(const struct fault_rule *rule, struct kv_err *err)
{
    if (rule->effect.done.refuse) {
        KV_TRY(check_refusing(rule, err));
    }
    if (!fault_match_is_of_clients(&rule->match)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A connection has no request yet: only 'client' can be matched with "
                       "'stage':'connection'.");
    }
    if (!is_of_connections(&rule->effect)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "All that can go wrong with 'stage':'connection' is 'refuse', or 'cut' as "
                       "reset or empty, at once.");
    }
    return KV_OK;
}

/* A client hello names the server, and no more. */
static enum kv_code check_handshake(const struct fault_rule *rule, struct kv_err *err)
{
    if (!fault_match_is_of_vaults(&rule->match)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A handshake has no request yet: only 'vault' and 'client' can be matched "
                       "with 'stage':'handshake', or with 'certificate'.");
    }
    if (!is_of_connections(&rule->effect)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "All that can go wrong with 'stage':'handshake' is 'certificate', or 'cut' "
                       "as reset or empty, at once.");
    }
    return KV_OK;
}

/* A few effects say by themselves where they act: another stage contradicts them. */
static enum kv_code check_stage(struct fault_rule *rule, bool has_stage, struct kv_err *err)
{
    const struct kv_fault_effect *done = &rule->effect.done;
    bool is_of_handshake = done->certificate != KV_FAULT_CERTIFICATE_GOOD;
    enum kv_fault_stage own = is_of_handshake ? KV_FAULT_HANDSHAKE : KV_FAULT_CONNECTION;

    if (is_of_handshake || done->refuse) {
        if (has_stage && rule->stage != own) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' acts with 'stage':'%s', and no other.",
                           is_of_handshake ? "certificate" : "refuse",
                           is_of_handshake ? "handshake" : "connection");
        }
        rule->stage = own;
    }
    if (rule->stage == KV_FAULT_HANDSHAKE) {
        return check_handshake(rule, err);
    }
    return rule->stage == KV_FAULT_CONNECTION ? check_connection(rule, err) : KV_OK;
}

/* What one member says of another; in this order, because an effect narrows the operations. */
static enum kv_code check(struct fault_rule *rule, const struct sent_rule *sent, kv_millis now,
                          struct kv_err *err)
{
    if (sent->effect == NULL && rule->when.quota.limit == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A rule needs an 'effect'; an empty one lets the request through.");
    }
    KV_TRY(fault_match_check(&rule->match, rule->stage, err));
    KV_TRY(fault_when_check(&rule->when, now, err));
    KV_TRY(fault_effect_read(sent->effect, rule->stage, &rule->match, &rule->effect, err));
    return check_stage(rule, sent->has_stage, err);
}

/* The JSON with the rule's id in front. */
static cJSON *keep_source(const cJSON *json, const char *id)
{
    kv_auto(cJSON_Delete) cJSON *source = cJSON_CreateObject();
    const cJSON *member;
    bool ok = source != NULL;

    kv_json_add_text(source, "id", id, &ok);
    cJSON_ArrayForEach (member, json) {
        if (strcmp(member->string, "id") != 0) {
            kv_json_add_take(source, member->string, cJSON_Duplicate(member, true), &ok);
        }
    }
    return ok ? kv_take(source) : NULL;
}

enum kv_code fault_rule_new(const cJSON *json, const char *id, kv_millis now,
                            struct fault_counts *counts, struct fault_rule **ret_rule,
                            struct kv_err *err)
{
    kv_auto(fault_rule_release) struct fault_rule *rule = calloc(1, sizeof(*rule));
    kv_auto(sent_rule_done) struct sent_rule sent = { .rule = rule };

    if (rule == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) fault_rule_acquire(rule);
    fault_match_init(&rule->match);
    rule->stage = KV_FAULT_REQUEST;
    rule->made = now;
    KV_TRY(read_members(json, &sent, err));
    KV_TRY(check(rule, &sent, now, err));
    (void) snprintf(rule->id, sizeof(rule->id), "%s", sent.id != NULL ? sent.id : id);
    rule->expires = sent.ttl != 0 ? kv_clock_monotonic() + sent.ttl : INT64_MAX;
    rule->counts = share_counts(counts);
    rule->source = keep_source(json, rule->id);
    if (rule->counts == NULL || rule->source == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_rule = kv_take(rule);
    return KV_OK;
}

/* Its source with the members of `json` in place of its own. */
static cJSON *merge(const struct fault_rule *rule, const cJSON *json)
{
    kv_auto(cJSON_Delete) cJSON *merged = cJSON_Duplicate(rule->source, true);
    const cJSON *member;
    bool ok = merged != NULL;

    cJSON_ArrayForEach (member, json) {
        cJSON_DeleteItemFromObjectCaseSensitive(merged, member->string);
        if (!cJSON_IsNull(member)) {
            kv_json_add_take(merged, member->string, cJSON_Duplicate(member, true), &ok);
        }
    }
    return ok ? kv_take(merged) : NULL;
}

static bool has_member(const cJSON *json, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(json, name) != NULL;
}

enum kv_code fault_rule_change(const struct fault_rule *rule, const cJSON *json, kv_millis now,
                               struct fault_rule **ret_rule, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *merged = merge(rule, json);
    kv_auto(fault_rule_release) struct fault_rule *changed = NULL;
    bool is_new = has_member(json, "when") || has_member(json, "match");

    if (merged == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (has_member(json, "id")) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "A rule keeps its id.");
    }
    KV_TRY(fault_rule_new(merged, rule->id, is_new ? now : rule->made, is_new ? NULL : rule->counts,
                          &changed, err));
    if (!has_member(json, "ttl")) {
        changed->expires = rule->expires;
    }
    *ret_rule = kv_take(changed);
    return KV_OK;
}

bool fault_rule_has_expired(const struct fault_rule *rule)
{
    return rule->expires <= kv_clock_monotonic();
}

enum kv_fault_refusing fault_rule_refusing(const struct fault_rule *rule, kv_millis now)
{
    if (!rule->effect.done.refuse || rule->disabled || fault_rule_has_expired(rule)) {
        return KV_FAULT_REFUSES_NEVER;
    }
    return fault_when_is_due(&rule->when, now) ? KV_FAULT_REFUSES_NOW : KV_FAULT_REFUSES_LATER;
}

cJSON *fault_rule_show(const struct fault_rule *rule)
{
    kv_auto(cJSON_Delete) cJSON *shown = cJSON_Duplicate(rule->source, true);
    bool ok = shown != NULL;

    kv_json_add_int(shown, "seen", (int64_t) atomic_load(&rule->counts->seen), &ok);
    kv_json_add_int(shown, "hits", (int64_t) atomic_load(&rule->counts->hits), &ok);
    if (rule->expires != INT64_MAX) {
        kv_millis left = rule->expires - kv_clock_monotonic();

        kv_json_add_int(shown, "expires_in", left > 0 ? (left + 999) / 1000 : 0, &ok);
    }
    return ok ? kv_take(shown) : NULL;
}
