/* SPDX-License-Identifier: Apache-2.0 */
/* The table: who changes it makes a new index, whoever asks goes on with the one it took. */
#include "kv/faults/faults.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "kv/base/json.h"

struct kv_faults {
    atomic_size_t count;   /* of rules; to tell whether there is any */
    pthread_rwlock_t lock; /* lock.def: faults.rules; guards `index` */
    struct fault_index *index;
    pthread_mutex_t changes;     /* lock.def: faults.changes; held while a new index is made */
    unsigned long long made;     /* ids that were given to rules without one; guarded by changes */
    bool lacks_ca;               /* this and what follows do not change once there are rules */
    void (*tell)(void *context); /* of a change; NULL: nobody */
    void *tell_context;
};

enum kv_code kv_faults_new(struct kv_faults **ret_faults, struct kv_err *err)
{
    struct kv_faults *faults = calloc(1, sizeof(*faults));

    if (faults == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (fault_index_new(NULL, 0, &faults->index, err) != KV_OK) {
        free(faults);
        return KV_OUT_OF_MEMORY(err);
    }
    pthread_rwlock_init(&faults->lock, NULL);
    pthread_mutex_init(&faults->changes, NULL);
    *ret_faults = faults;
    return KV_OK;
}

void kv_faults_free(struct kv_faults *faults)
{
    if (faults == NULL) {
        return;
    }
    fault_index_release(faults->index);
    pthread_mutex_destroy(&faults->changes);
    pthread_rwlock_destroy(&faults->lock);
    free(faults);
}

void kv_faults_watch(struct kv_faults *faults, void (*tell)(void *context), void *context)
{
    faults->tell = tell;
    faults->tell_context = context;
}

void kv_faults_lack_ca(struct kv_faults *faults)
{
    faults->lacks_ca = true;
}

static struct fault_index *acquire_index(struct kv_faults *faults)
{
    pthread_rwlock_rdlock(&faults->lock);
    struct fault_index *index = fault_index_acquire(faults->index);
    pthread_rwlock_unlock(&faults->lock);
    return index;
}

bool kv_faults_has_any(const struct kv_faults *faults)
{
    return faults != NULL && atomic_load_explicit(&faults->count, memory_order_acquire) > 0;
}

bool kv_faults_ask(struct kv_faults *faults, const struct kv_fault_subject *subject,
                   struct kv_fault_hit *ret_hit)
{
    uint64_t ticket = 0;

    if (!kv_faults_has_any(faults)) {
        return false;
    }
    kv_auto(fault_index_release) struct fault_index *index = acquire_index(faults);
    struct fault_rule *rule = fault_index_find(index, subject, &ticket);
    if (rule == NULL || rule->effect.is_empty) {
        return false;
    }
    *ret_hit = (struct kv_fault_hit){
        .effect = &rule->effect.done,
        .id = rule->id,
        .delay = fault_delay_draw(&rule->effect.delay, rule->when.seed, ticket,
                                  subject->now - rule->made),
        .rule = fault_rule_acquire(rule),
    };
    return true;
}

void kv_fault_hit_done(struct kv_fault_hit *hit)
{
    fault_rule_release(hit->rule);
    *hit = (struct kv_fault_hit){ 0 };
}

enum kv_fault_refusing kv_faults_refusing(struct kv_faults *faults, kv_millis now)
{
    kv_auto(fault_index_release) struct fault_index *index = acquire_index(faults);
    enum kv_fault_refusing found = KV_FAULT_REFUSES_NEVER;

    for (size_t i = 0; i < index->count; i++) {
        enum kv_fault_refusing one = fault_rule_refusing(index->rule[i], now);
        found = one > found ? one : found;
    }
    return found;
}

/* A list of rules under way to become the new ones. */
struct draft {
    struct fault_rule **rule;
    size_t count;
};

static void draft_done(struct draft *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        fault_rule_release(draft->rule[i]);
    }
    free(draft->rule);
}
KV_DEFINE_CLEANUP_VALUE(struct draft, draft_done)

/* Of those that are there, without the expired ones; with room for `more`. */
static enum kv_code begin_draft_locked(const struct kv_faults *faults, size_t more,
                                       struct draft *draft, struct kv_err *err)
{
    const struct fault_index *index = faults->index; /* only changed with `changes` held */

    draft->rule = calloc(index->count + more + 1, sizeof(struct fault_rule *));
    if (draft->rule == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < index->count; i++) {
        if (!fault_rule_has_expired(index->rule[i])) {
            draft->rule[draft->count++] = fault_rule_acquire(index->rule[i]);
        }
    }
    return KV_OK;
}

static enum kv_code publish_locked(struct kv_faults *faults, const struct draft *draft,
                                   struct kv_err *err)
{
    struct fault_index *index;

    KV_TRY(fault_index_new(draft->rule, draft->count, &index, err));
    pthread_rwlock_wrlock(&faults->lock);
    struct fault_index *old = faults->index;
    faults->index = index;
    pthread_rwlock_unlock(&faults->lock);
    atomic_store_explicit(&faults->count, draft->count, memory_order_release);
    fault_index_release(old);
    if (faults->tell != NULL) {
        faults->tell(faults->tell_context);
    }
    return KV_OK;
}

/* What the server cannot do for lack of a CA would be another fault than the rule says. */
static enum kv_code check_ca(const struct kv_faults *faults, const struct fault_rule *rule,
                             struct kv_err *err)
{
    enum kv_fault_certificate certificate = rule->effect.done.certificate;

    return !faults->lacks_ca || certificate == KV_FAULT_CERTIFICATE_GOOD
                   || certificate == KV_FAULT_CERTIFICATE_FOREIGN_CA
               ? KV_OK
               : KV_FAIL(err, KV_BAD_PARAMETER, 0,
                         "With --tls-cert coffer has no CA that clients trust: 'certificate' can "
                         "be foreign_ca alone.");
}

static struct fault_rule **find(const struct draft *draft, const char *id)
{
    for (size_t i = 0; i < draft->count; i++) {
        if (strcmp(draft->rule[i]->id, id) == 0) {
            return &draft->rule[i];
        }
    }
    return NULL;
}

static enum kv_code refuse_unknown(const char *id, struct kv_err *err)
{
    return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no rule '%.64s'.", id);
}

static enum kv_code add_locked(struct kv_faults *faults, const cJSON *json, kv_millis now,
                               struct draft *draft, struct kv_err *err)
{
    kv_auto(fault_rule_release) struct fault_rule *rule = NULL;
    char id[KV_FAULT_ID_MAX + 1];

    do {
        (void) snprintf(id, sizeof(id), "rule-%llu", ++faults->made);
    } while (find(draft, id) != NULL);
    enum kv_code code = fault_rule_new(json, id, now, NULL, &rule, err);
    faults->made -= code != KV_OK || strcmp(rule->id, id) != 0; /* it was not needed */
    KV_TRY(code);
    KV_TRY(check_ca(faults, rule, err));
    if (find(draft, rule->id) != NULL) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There is a rule '%s' already.", rule->id);
    }
    if (draft->count == KV_FAULTS_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There are %d rules: remove some.", KV_FAULTS_MAX);
    }
    draft->rule[draft->count++] = kv_take(rule);
    return KV_OK;
}

static enum kv_code show_rule(const struct fault_rule *rule, cJSON **ret_shown, struct kv_err *err)
{
    *ret_shown = fault_rule_show(rule);
    return *ret_shown != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code show_rules(struct fault_rule *const *rule, size_t count, cJSON **ret_shown,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *shown = cJSON_CreateObject();
    bool ok = shown != NULL;
    cJSON *rules = kv_json_add_array(shown, "rules", &ok);

    for (size_t i = 0; ok && i < count; i++) {
        if (!fault_rule_has_expired(rule[i])) {
            kv_json_add_take(rules, NULL, fault_rule_show(rule[i]), &ok);
        }
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_shown = kv_take(shown);
    return KV_OK;
}

/* Several: an object with nothing but an array of them. NULL: it is one. */
static const cJSON *find_several(const cJSON *json)
{
    const cJSON *rules = cJSON_GetObjectItemCaseSensitive(json, "rules");

    return cJSON_IsArray(rules) && cJSON_GetArraySize(json) == 1 ? rules : NULL;
}

static enum kv_code add_all_locked(struct kv_faults *faults, const cJSON *json, kv_millis now,
                                   cJSON **ret_shown, struct kv_err *err)
{
    const cJSON *several = find_several(json);
    size_t more = several != NULL ? (size_t) cJSON_GetArraySize(several) : 1;
    kv_auto(draft_done) struct draft draft = { .rule = NULL };
    const cJSON *one;

    KV_TRY(begin_draft_locked(faults, more, &draft, err));
    size_t before = draft.count;
    if (several == NULL) {
        KV_TRY(add_locked(faults, json, now, &draft, err));
    }
    cJSON_ArrayForEach (one, several) {
        KV_TRY(add_locked(faults, one, now, &draft, err));
    }
    struct fault_rule *const *added = draft.rule + before;
    KV_TRY(several == NULL ? show_rule(added[0], ret_shown, err)
                           : show_rules(added, draft.count - before, ret_shown, err));
    return publish_locked(faults, &draft, err);
}

enum kv_code kv_faults_add(struct kv_faults *faults, const cJSON *json, kv_millis now,
                           cJSON **ret_shown, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *shown = NULL;

    pthread_mutex_lock(&faults->changes);
    enum kv_code code = add_all_locked(faults, json, now, &shown, err);
    pthread_mutex_unlock(&faults->changes);
    KV_TRY(code);
    *ret_shown = kv_take(shown);
    return KV_OK;
}

static enum kv_code change_locked(struct kv_faults *faults, const char *id, const cJSON *json,
                                  kv_millis now, cJSON **ret_shown, struct kv_err *err)
{
    kv_auto(draft_done) struct draft draft = { .rule = NULL };
    struct fault_rule *changed;

    KV_TRY(begin_draft_locked(faults, 0, &draft, err));
    struct fault_rule **rule = find(&draft, id);
    if (rule == NULL) {
        return refuse_unknown(id, err);
    }
    KV_TRY(fault_rule_change(*rule, json, now, &changed, err));
    fault_rule_release(*rule);
    *rule = changed;
    KV_TRY(check_ca(faults, changed, err));
    KV_TRY(show_rule(changed, ret_shown, err));
    return publish_locked(faults, &draft, err);
}

enum kv_code kv_faults_change(struct kv_faults *faults, const char *id, const cJSON *json,
                              kv_millis now, cJSON **ret_shown, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *shown = NULL;

    pthread_mutex_lock(&faults->changes);
    enum kv_code code = change_locked(faults, id, json, now, &shown, err);
    pthread_mutex_unlock(&faults->changes);
    KV_TRY(code);
    *ret_shown = kv_take(shown);
    return KV_OK;
}

enum kv_code kv_faults_show(struct kv_faults *faults, const char *id, cJSON **ret_shown,
                            struct kv_err *err)
{
    kv_auto(fault_index_release) struct fault_index *index = acquire_index(faults);
    const struct draft all = { index->rule, index->count };
    struct fault_rule **rule = find(&all, id);

    return rule != NULL && !fault_rule_has_expired(*rule) ? show_rule(*rule, ret_shown, err)
                                                          : refuse_unknown(id, err);
}

enum kv_code kv_faults_list(struct kv_faults *faults, cJSON **ret_shown, struct kv_err *err)
{
    kv_auto(fault_index_release) struct fault_index *index = acquire_index(faults);

    return show_rules(index->rule, index->count, ret_shown, err);
}

/* Takes those out that `is_out` names, by `argument`; returns how many. */
static size_t take_out(struct draft *draft,
                       bool (*is_out)(const struct fault_rule *rule, const char *argument),
                       const char *argument)
{
    size_t kept = 0, count = draft->count;

    for (size_t i = 0; i < count; i++) {
        if (is_out(draft->rule[i], argument)) {
            fault_rule_release(draft->rule[i]);
        } else {
            draft->rule[kept++] = draft->rule[i];
        }
    }
    draft->count = kept;
    return count - kept;
}

static bool has_id(const struct fault_rule *rule, const char *id)
{
    return strcmp(rule->id, id) == 0;
}

static bool is_of_vault(const struct fault_rule *rule, const char *vault)
{
    return vault == NULL || fault_match_is_of_vault(&rule->match, vault);
}

static enum kv_code remove_locked(struct kv_faults *faults, const char *id, struct kv_err *err)
{
    kv_auto(draft_done) struct draft draft = { .rule = NULL };

    KV_TRY(begin_draft_locked(faults, 0, &draft, err));
    return take_out(&draft, has_id, id) > 0 ? publish_locked(faults, &draft, err)
                                            : refuse_unknown(id, err);
}

enum kv_code kv_faults_remove(struct kv_faults *faults, const char *id, struct kv_err *err)
{
    pthread_mutex_lock(&faults->changes);
    enum kv_code code = remove_locked(faults, id, err);
    pthread_mutex_unlock(&faults->changes);
    return code;
}

static enum kv_code clear_locked(struct kv_faults *faults, const char *vault, struct kv_err *err)
{
    kv_auto(draft_done) struct draft draft = { .rule = NULL };

    KV_TRY(begin_draft_locked(faults, 0, &draft, err));
    (void) take_out(&draft, is_of_vault, vault);
    return publish_locked(faults, &draft, err);
}

enum kv_code kv_faults_clear(struct kv_faults *faults, const char *vault, struct kv_err *err)
{
    pthread_mutex_lock(&faults->changes);
    enum kv_code code = clear_locked(faults, vault, err);
    pthread_mutex_unlock(&faults->changes);
    return code;
}
