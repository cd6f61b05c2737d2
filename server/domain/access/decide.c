/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: contract §9.3, §14; control-plane.md §2.3, §2.5, §2.6. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "access_core.h"

/* What the rules for a caller come to. */
struct verdict {
    bool has_policy; /* whatever it permits */
    bool is_granted;
    bool is_denied;
    char name[KV_UUID_LENGTH + 1]; /* of the assignment that decides */
};

static bool applies(const struct access_rule *rule, const struct kv_access_question *question)
{
    return rule->since <= question->now && question->now < rule->until
           && (rule->application[0] == '\0'
               || strcasecmp(rule->application, question->app_id) == 0);
}

static void weigh(const struct access_rule *rule, const struct kv_access_question *question,
                  struct verdict *verdict)
{
    bool concerns = (rule->permissions & KV_PERMISSION_BIT(question->permission)) != 0;

    verdict->has_policy |= rule->kind == ACCESS_POLICY;
    if (!concerns || verdict->is_denied || (verdict->is_granted && rule->kind != ACCESS_DENY)) {
        return;
    }
    verdict->is_denied = rule->kind == ACCESS_DENY;
    verdict->is_granted = !verdict->is_denied;
    memcpy(verdict->name, rule->name, sizeof(verdict->name));
}

static bool is_of_mode(const struct access_rule *rule, const struct kv_vault *vault)
{
    return (rule->kind == ACCESS_POLICY) == (vault->access == KV_ACCESS_POLICY);
}

/* The rules for the caller at one place; key "": the vault, or with vault 0 what is above it. */
static void weigh_place(const struct access_index *index, const struct kv_access_question *question,
                        struct access_spot *spot, int64_t vault, const char *key,
                        struct verdict *verdict)
{
    const struct access_rule *rule;

    access_spot_move(spot, vault, key);
    for (rule = access_index_find(index, spot); rule != NULL; rule = rule->next) {
        if (is_of_mode(rule, question->vault) && applies(rule, question)) {
            weigh(rule, question, verdict);
        }
    }
}

/* What was granted to one: the caller, or a group that he is in. */
static void weigh_one(const struct access_index *index, const struct kv_access_question *question,
                      struct access_spot *spot, struct verdict *verdict)
{
    const struct kv_vault *vault = question->vault;
    const char *key = question->key != NULL ? question->key : "";

    weigh_place(index, question, spot, vault->id, "", verdict);
    if (vault->access != KV_ACCESS_RBAC) {
        return;
    }
    if (vault->kind == KV_VAULT) {
        weigh_place(index, question, spot, 0, "", verdict);
        weigh_place(index, question, spot, ACCESS_IN_GROUP, vault->group, verdict);
    } else if (question->at_keys || *key != '\0') {
        weigh_place(index, question, spot, vault->id, ACCESS_ALL_KEYS, verdict);
    }
    if (*key != '\0') {
        weigh_place(index, question, spot, vault->id, key, verdict);
    }
}

static void weigh_all(const struct access_index *index, const struct kv_access_question *question,
                      struct verdict *verdict)
{
    struct access_spot spot;

    access_spot_fill(&spot, 0, question->object_id, "");
    weigh_one(index, question, &spot, verdict);
    for (size_t i = 0; i < question->group_count; i++) {
        access_spot_fill(&spot, 0, question->groups[i], "");
        weigh_one(index, question, &spot, verdict);
    }
}

/* contract §9.3: both verdicts have the same text */
static enum kv_code refuse_by_policy(const struct kv_access_question *question,
                                     const struct verdict *verdict, struct kv_err *err)
{
    const char *word = kv_permission_row(question->permission)->policy;

    if (verdict->has_policy) {
        return KV_REFUSE(err, KV_TEXT_FORBIDDEN_BY_POLICY, 0, question->caller, word,
                         question->vault->name, question->vault->region);
    }
    return KV_REFUSE(err, KV_TEXT_ON_NO_POLICY, 0, question->caller, word, question->vault->name,
                     question->vault->region);
}

/* Lower case up to the vault, and the key as asked for: contract §9.3. */
static void print_resource(const struct kv_access *access,
                           const struct kv_access_question *question,
                           char ret_resource[KV_ACCESS_SCOPE_MAX + 1])
{
    struct access_place place = { .level = ACCESS_VAULT };
    size_t len;

    access_place_render(access, &place, question->vault, ret_resource);
    for (len = 0; ret_resource[len] != '\0'; len++) {
        ret_resource[len] = (char) tolower((unsigned char) ret_resource[len]);
    }
    if (question->key != NULL) {
        (void) snprintf(ret_resource + len, KV_ACCESS_SCOPE_MAX + 1 - len, "/keys/%.*s",
                        ACCESS_KEY_MAX, question->key);
    }
}

static enum kv_code refuse_by_rbac(const struct kv_access *access,
                                   const struct kv_access_question *question,
                                   const struct verdict *verdict, struct kv_err *err)
{
    const char *action = kv_permission_row(question->permission)->vault_action;
    char resource[KV_ACCESS_SCOPE_MAX + 1];

    print_resource(access, question, resource);
    if (verdict->is_denied) {
        return KV_REFUSE(err, KV_TEXT_DENIED_BY_ASSIGNMENT, 0, question->caller, action, resource,
                         verdict->name, question->vault->name, question->vault->region);
    }
    return KV_REFUSE(err, KV_TEXT_FORBIDDEN_BY_RBAC, 0, question->caller, action, resource,
                     question->vault->name, question->vault->region);
}

static enum kv_code refuse_at_hsm(const struct kv_access_question *question, struct kv_err *err)
{
    char scope[sizeof("/keys/") + ACCESS_KEY_MAX] = "/";

    if (question->key != NULL) {
        (void) snprintf(scope, sizeof(scope), "/keys/%s", question->key);
    }
    return KV_REFUSE(err, KV_TEXT_FORBIDDEN_AT_HSM, 0,
                     kv_permission_row(question->permission)->hsm_action, scope);
}

static enum kv_code decide(const struct kv_access *access,
                           const struct kv_access_question *question, const struct verdict *verdict,
                           struct kv_err *err)
{
    if (verdict->is_granted) {
        return KV_OK;
    }
    if (question->vault->kind == KV_MANAGED_HSM) {
        return refuse_at_hsm(question, err);
    }
    return question->vault->access == KV_ACCESS_POLICY
               ? refuse_by_policy(question, verdict, err)
               : refuse_by_rbac(access, question, verdict, err);
}

bool access_is_current_locked(const struct kv_access *access, uint64_t edition)
{
    return access->index != NULL && access_index_edition(access->index) >= edition;
}

static bool is_current(struct kv_access *access, uint64_t edition)
{
    pthread_rwlock_rdlock(&access->lock);
    bool current = access_is_current_locked(access, edition);
    pthread_rwlock_unlock(&access->lock);
    return current;
}

static void swap(struct kv_access *access, struct access_index *index)
{
    pthread_rwlock_wrlock(&access->lock);
    struct access_index *former = access->index;
    access->index = index;
    pthread_rwlock_unlock(&access->lock);
    access_index_free(former);
}

static enum kv_code read_anew_locked(struct kv_access *access, uint64_t wanted, struct kv_err *err)
{
    kv_auto(access_index_free) struct access_index *index = NULL;

    if (is_current(access, wanted)) { /* somebody else has read it meanwhile */
        return KV_OK;
    }
    KV_TRY(access_index_new(atomic_load(&access->edition), &index, err));
    KV_TRY(access_index_read(access, index, err));
    swap(access, kv_take(index));
    return KV_OK;
}

enum kv_code access_read_anew(struct kv_access *access, uint64_t wanted, struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };

    pthread_mutex_lock(&access->reading);
    enum kv_code code = read_anew_locked(access, wanted, &why);
    pthread_mutex_unlock(&access->reading);
    return code == KV_OK ? KV_OK
                         : KV_FAIL(err, KV_UNAVAILABLE, why.cause,
                                   "What callers may do cannot be read at the moment.");
}

enum kv_code kv_access_refresh(struct kv_access *access, struct kv_err *err)
{
    return access_read_anew(access, atomic_load(&access->edition), err);
}

/* False: the index does not know all that was committed before `edition` was asked for. */
static bool try_weigh(struct kv_access *access, const struct kv_access_question *question,
                      uint64_t edition, struct verdict *verdict)
{
    pthread_rwlock_rdlock(&access->lock);
    bool current = access_is_current_locked(access, edition);
    if (current) {
        weigh_all(access->index, question, verdict);
    }
    pthread_rwlock_unlock(&access->lock);
    return current;
}

enum kv_code kv_access_check(struct kv_access *access, const struct kv_access_question *question,
                             char ret_assignment[KV_UUID_LENGTH + 1], struct kv_err *err)
{
    const uint64_t edition = atomic_load(&access->edition);
    struct verdict verdict = { .name = "" };

    ret_assignment[0] = '\0';
    if (question->vault->access == KV_ACCESS_OPEN || question->permission == KV_PERMISSION_NONE) {
        return KV_OK;
    }
    while (!try_weigh(access, question, edition,
                      &verdict)) { /* once: no index is older than one before it */
        KV_TRY(access_read_anew(access, edition, err));
    }
    KV_TRY(decide(access, question, &verdict, err));
    memcpy(ret_assignment, verdict.name, sizeof(verdict.name));
    return KV_OK;
}

enum kv_code kv_access_refuse(const struct kv_access *access,
                              const struct kv_access_question *question, bool has_policy,
                              struct kv_err *err)
{
    const struct verdict verdict = { .has_policy = has_policy };

    return decide(access, question, &verdict, err);
}

const char *kv_access_idle_reason(const struct kv_vault *vault, bool is_policy)
{
    switch (vault->access) {
    case KV_ACCESS_OPEN:
        return "the vault is access=open, where every caller may do anything";
    case KV_ACCESS_POLICY:
        return is_policy ? NULL : "the vault is access=policy, where access policies count";
    case KV_ACCESS_RBAC:
        return is_policy ? "the vault is access=rbac, where role assignments count" : NULL;
    }
    return NULL;
}
