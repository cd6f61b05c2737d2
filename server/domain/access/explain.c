/* SPDX-License-Identifier: Apache-2.0 */
/* What everything that was granted to a caller comes to. The index decides, the lists say the rest. */
#include "kv/access/explain.h"

#include <string.h>
#include <strings.h>

#include "access_core.h"

void kv_access_explanation_done(struct kv_access_explanation *explanation)
{
    kv_assignment_list_done(&explanation->assignments);
    kv_policy_list_done(&explanation->policies);
}

/* The caller's own, or that of a group it is in. */
static bool is_callers(const struct kv_access_question *question, const char *principal)
{
    bool is = strcasecmp(principal, question->object_id) == 0;

    for (size_t i = 0; i < question->group_count && !is; i++) {
        is = strcasecmp(principal, question->groups[i]) == 0;
    }
    return is;
}

/* --- what each grant comes to --- */

static bool is_deciding(enum kv_bearing bearing)
{
    return bearing == KV_BEARING_DENIES || bearing == KV_BEARING_ALLOWS;
}

/* Those that decide are moved to the front. */
static void add_reason(struct kv_access_explanation *explanation, struct kv_access_reason reason)
{
    struct kv_access_reason *slot = &explanation->reason[explanation->count];

    if (explanation->count == KV_ACCESS_REASONS_MAX) {
        explanation->left_out++;
        slot--;
        if (!is_deciding(reason.bearing) || is_deciding(slot->bearing)) {
            return;
        }
    } else {
        explanation->count++;
    }
    *slot = reason;
    for (; slot > explanation->reason && slot->bearing < slot[-1].bearing; slot--) {
        struct kv_access_reason other = slot[-1];

        slot[-1] = *slot;
        *slot = other;
    }
}

static enum kv_bearing judge_time(kv_millis since, kv_millis until, kv_millis now,
                                  enum kv_bearing otherwise)
{
    if (now < since) {
        return KV_BEARING_PENDING;
    }
    return now >= until ? KV_BEARING_ENDED : otherwise;
}

/* --- assignments --- */

/* The rule of that name among those at one place. */
static const struct access_rule *find_at(const struct access_index *index, struct access_spot *spot,
                                         int64_t vault, const char *key, const char *name)
{
    const struct access_rule *rule;

    access_spot_move(spot, vault, key);
    for (rule = access_index_find(index, spot); rule != NULL; rule = rule->next) {
        if (strcmp(rule->name, name) == 0) {
            return rule;
        }
    }
    return NULL;
}

/* The rule an assignment has where the question looks for it (decide.c); NULL: it is elsewhere. */
static const struct access_rule *find_rule(const struct access_index *index,
                                           const struct kv_access_question *question,
                                           const struct kv_assignment *assignment)
{
    const struct kv_vault *vault = question->vault;
    bool has_key = question->key != NULL;
    bool is_hsm = vault->kind == KV_MANAGED_HSM;
    const struct {
        bool is_asked;
        int64_t vault;
        const char *key;
    } places[] = {
        { true, vault->id, "" },
        { !is_hsm, 0, "" },
        { !is_hsm, ACCESS_IN_GROUP, vault->group },
        { is_hsm && (question->at_keys || has_key), vault->id, ACCESS_ALL_KEYS },
        { has_key, vault->id, has_key ? question->key : "" },
    };
    struct access_spot spot;
    const struct access_rule *rule = NULL;

    access_spot_fill(&spot, 0, assignment->principal, "");
    for (size_t i = 0; i < KV_COUNT(places) && rule == NULL; i++) {
        rule = places[i].is_asked
                   ? find_at(index, &spot, places[i].vault, places[i].key, assignment->name)
                   : NULL;
    }
    return rule;
}

static enum kv_bearing judge_assignment(const struct access_index *index,
                                        const struct kv_access_question *question,
                                        const struct kv_assignment *assignment)
{
    const struct access_rule *rule = find_rule(index, question, assignment);

    if (question->vault->access == KV_ACCESS_POLICY) {
        return KV_BEARING_OTHER_MODE;
    }
    if (rule == NULL) {
        return KV_BEARING_ELSEWHERE;
    }
    if ((rule->permissions & KV_PERMISSION_BIT(question->permission)) == 0) {
        return KV_BEARING_LACKS;
    }
    return judge_time(rule->since, rule->until, question->now,
                      assignment->deny ? KV_BEARING_DENIES : KV_BEARING_ALLOWS);
}

/* --- access policies --- */

static bool policy_permits(const struct kv_policy *policy, enum kv_permission permission)
{
    kv_permissions set = 0;

    for (const char *at = policy->words; *at != '\0';) {
        size_t len = strcspn(at, " ");

        (void) kv_permissions_add_word(&set, at, len); /* they were checked when it was given */
        at += len + strspn(at + len, " ");
    }
    return (set & KV_PERMISSION_BIT(permission)) != 0;
}

static enum kv_bearing judge_policy(const struct kv_access_question *question,
                                    const struct kv_policy *policy)
{
    if (question->vault->access == KV_ACCESS_RBAC) {
        return KV_BEARING_OTHER_MODE;
    }
    if (policy->application[0] != '\0' && strcasecmp(policy->application, question->app_id) != 0) {
        return KV_BEARING_OTHER_APPLICATION;
    }
    return policy_permits(policy, question->permission)
               ? judge_time(policy->since, policy->until, question->now, KV_BEARING_ALLOWS)
               : KV_BEARING_LACKS;
}

/* --- the role that would do --- */

static unsigned count_permissions(kv_permissions set)
{
    return (unsigned) __builtin_popcountll(set);
}

/* Whether a role is for keys: one for certificates may read keys, but nobody is given it for that. */
static bool is_for_keys(const char *actions)
{
    return strstr(actions, "secrets/") == NULL && strstr(actions, "certificates/") == NULL;
}

/* Of two roles with as many permissions, the one listed first. */
static const char *find_least_role(enum kv_permission permission)
{
    const struct access_built_in *row;
    const char *least = NULL;
    unsigned fewest = KV_PERMISSION_COUNT + 1;

    for (size_t i = 0; (row = access_built_in(i)) != NULL; i++) {
        kv_permissions set = access_compile_row(ACCESS_OF_VAULTS, row->actions);

        if ((set & KV_PERMISSION_BIT(permission)) != 0 && is_for_keys(row->actions)
            && count_permissions(set) < fewest) {
            fewest = count_permissions(set);
            least = row->role_name;
        }
    }
    return least;
}

static const char *find_least_hsm_role(enum kv_permission permission)
{
    static const struct {
        const char *name, *actions;
    } rows[] = {
#define X(guid, role_name, actions_) { role_name, actions_ },
#include "kv/access/hsm_role.def"
#undef X
    };
    const char *least = NULL;
    unsigned fewest = KV_PERMISSION_COUNT + 1;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_permissions set = access_compile_row(ACCESS_OF_HSMS, rows[i].actions);

        if ((set & KV_PERMISSION_BIT(permission)) != 0 && count_permissions(set) < fewest) {
            fewest = count_permissions(set);
            least = rows[i].name;
        }
    }
    return least;
}

/* --- the whole --- */

static void add_assignments(struct kv_access *access, const struct kv_access_question *question,
                            struct kv_access_explanation *explanation)
{
    pthread_rwlock_rdlock(&access->lock);
    for (size_t i = 0; i < explanation->assignments.count && access->index != NULL; i++) {
        const struct kv_assignment *assignment = &explanation->assignments.assignment[i];

        if (is_callers(question, assignment->principal)) {
            add_reason(explanation,
                       (struct kv_access_reason){
                           .bearing = judge_assignment(access->index, question, assignment),
                           .assignment = assignment,
                       });
        }
    }
    pthread_rwlock_unlock(&access->lock);
}

static void add_policies(const struct kv_access_question *question,
                         struct kv_access_explanation *explanation)
{
    for (size_t i = 0; i < explanation->policies.count; i++) {
        const struct kv_policy *policy = &explanation->policies.policy[i];

        if (is_callers(question, policy->principal)) {
            add_reason(explanation, (struct kv_access_reason){
                                        .bearing = judge_policy(question, policy),
                                        .policy = policy,
                                    });
        }
    }
}

enum kv_code kv_access_explain(struct kv_access *access, const struct kv_access_question *question,
                               struct kv_access_explanation *ret_explanation, struct kv_err *err)
{
    const struct kv_vault *vault = question->vault;
    bool is_hsm = vault->kind == KV_MANAGED_HSM;
    char ignored[KV_UUID_LENGTH + 1];

    memset(ret_explanation, 0, sizeof(*ret_explanation));
    KV_IGNORE(kv_access_check(access, question, ignored, NULL)); /* brings the index up to date */
    KV_TRY(kv_access_assignments(access, vault, &ret_explanation->assignments, err));
    if (!is_hsm) {
        KV_TRY(kv_access_policies(access, vault, &ret_explanation->policies, err));
    }
    add_assignments(access, question, ret_explanation);
    add_policies(question, ret_explanation);
    ret_explanation->role =
        is_hsm ? find_least_hsm_role(question->permission) : find_least_role(question->permission);
    return KV_OK;
}
