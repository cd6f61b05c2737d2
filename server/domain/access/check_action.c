/* SPDX-License-Identifier: Apache-2.0 */
/* The decision about actions of the resource manager: control-plane.md §2.3, §2.4. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "access_core.h"

struct verdict {
    bool is_granted, is_denied;
};

/* The two conditions there may be: of the role, and of the assignment. */
static bool conditions_allow(const struct access_rule *rule,
                             const struct kv_action_question *question)
{
    return access_condition_allows(rule->actions->condition, question->action, question->role)
           && (rule->condition == NULL
               || access_condition_allows(rule->condition, question->action, question->role));
}

static bool concerns(const struct access_rule *rule, const struct kv_action_question *question)
{
    return rule->since <= question->now && question->now < rule->until && rule->actions != NULL
           && access_actions_cover(rule->actions->actions, question->action)
           && !access_actions_cover(rule->actions->not_actions, question->action);
}

static void weigh_spot(const struct access_index *index, const struct kv_action_question *question,
                       const struct access_spot *spot, struct verdict *verdict)
{
    const struct access_rule *rule;

    for (rule = access_index_find(index, spot); rule != NULL; rule = rule->next) {
        if (concerns(rule, question)) {
            verdict->is_denied |= rule->kind == ACCESS_DENY;
            verdict->is_granted |= rule->kind == ACCESS_GRANT && conditions_allow(rule, question);
        }
    }
}

/* What the caller, and the groups that it is in, were granted at one id. */
static void weigh_scope(const struct access_index *index, const struct kv_action_question *question,
                        const char *scope, struct verdict *verdict)
{
    char digest[KV_UUID_LENGTH + 1];
    struct access_spot spot;

    access_scope_digest(scope, digest);
    access_spot_fill(&spot, ACCESS_AT_SCOPE, question->object_id, digest);
    weigh_spot(index, question, &spot, verdict);
    for (size_t i = 0; i < question->group_count; i++) {
        access_spot_fill(&spot, ACCESS_AT_SCOPE, question->groups[i], digest);
        weigh_spot(index, question, &spot, verdict);
    }
}

/* At the scope itself and at whatever it begins with, which is what it lies in. */
static void weigh_all(const struct kv_access *access, const struct kv_action_question *question,
                      struct verdict *verdict)
{
    char scope[KV_ACCESS_ID_MAX + 1];
    char root[sizeof("/providers/Microsoft.Management/managementGroups/") + KV_UUID_LENGTH];

    weigh_scope(access->index, question, "/", verdict);
    (void) snprintf(root, sizeof(root), "/providers/Microsoft.Management/managementGroups/%s",
                    access->tenant);
    if (kv_scope_is_within(access, question->scope, root)
        && strcasecmp(question->scope, root) != 0) {
        weigh_scope(access->index, question, root, verdict);
    }
    (void) snprintf(scope, sizeof(scope), "%s", question->scope);
    for (char *slash = scope + strlen(scope); slash != NULL && slash > scope;
         slash = strrchr(scope, '/')) {
        *slash = '\0';
        if (*scope != '\0') {
            weigh_scope(access->index, question, scope, verdict);
        }
    }
}

/* False: the index does not know all that was committed before `edition` was asked for. */
static bool try_weigh(struct kv_access *access, const struct kv_action_question *question,
                      uint64_t edition, struct verdict *verdict)
{
    pthread_rwlock_rdlock(&access->lock);
    bool current = access_is_current_locked(access, edition);
    if (current) {
        weigh_all(access, question, verdict);
    }
    pthread_rwlock_unlock(&access->lock);
    return current;
}

enum kv_code kv_access_check_action(struct kv_access *access,
                                    const struct kv_action_question *question, bool *ret_allowed,
                                    struct kv_err *err)
{
    const uint64_t edition = atomic_load(&access->edition);
    struct verdict verdict = { .is_granted = false };

    while (!try_weigh(access, question, edition, &verdict)) { /* once, as in kv_access_check() */
        KV_TRY(access_read_anew(access, edition, err));
    }
    *ret_allowed = verdict.is_granted && !verdict.is_denied;
    return KV_OK;
}
