/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what, from where, and who there is. At a vault that is open to everybody nothing was granted
 * that could be withdrawn: there a fault rule refuses as a vault does that goes by grants. */
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kv/access/firewall.h"
#include "kv/access/grants.h"
#include "kv/access/keeping.h"
#include "kv/identity/keeping.h"
#include "kv/identity/registry.h"

static struct kv_access *access_of(const struct scenario_act *act)
{
    return act->scenarios->config.access;
}

/* --- grants --- */

static enum kv_code check_mode(const struct scenario_act *act, enum kv_access_mode wanted,
                               struct kv_err *err)
{
    if (act->vault->access == wanted) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_CONFLICT, 0, "The vault '%s' does not go by %s: use %s.",
                   act->vault->name, wanted == KV_ACCESS_RBAC ? "roles" : "access policies",
                   wanted == KV_ACCESS_RBAC ? "policy-removed" : "role-removed");
}

static enum kv_code keep_grants(struct scenario_act *act, const char *object_id, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, KV_KEPT_MAX);
    KV_TRY(kv_access_keep(access_of(act), act->vault, object_id, &text, err));
    return scenario_keep(act, PART_GRANTS, text.data, err);
}

static enum kv_code refuse_by_rule(struct scenario_act *act, const char *operations,
                                   const char *error, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *effect = cJSON_CreateObject();
    bool ok = effect != NULL;

    kv_json_add_text(effect, "error", error, &ok);
    return ok ? scenario_add_rule(act, operations, 0, kv_take(effect), err) : KV_OUT_OF_MEMORY(err);
}

static enum kv_code fail_nothing(const struct scenario_act *act, const char *what,
                                 struct kv_err *err)
{
    return KV_FAIL(err, KV_CONFLICT, 0, "'%.128s' has no %s at the vault '%s' that it could lose.",
                   scenario_text(act, "identity"), what, act->vault->name);
}

static enum kv_code withdraw_roles(struct scenario_act *act, const char *object_id,
                                   struct kv_err *err)
{
    kv_auto(kv_assignment_list_done) struct kv_assignment_list list = { .count = 0 };
    size_t withdrawn = 0;

    KV_TRY(kv_access_assignments(access_of(act), act->vault, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        const struct kv_assignment *one = &list.assignment[i];

        if (!one->deny && strcmp(one->principal, object_id) == 0 && one->until > act->now) {
            KV_TRY(kv_access_unassign(access_of(act), act->vault, one->name, act->now, err));
            KV_TRY(scenario_note(act, err, "%s: role '%s' withdrawn", act->vault->name,
                                 one->role_name));
            withdrawn++;
        }
    }
    return withdrawn > 0 ? KV_OK : fail_nothing(act, "role", err);
}

enum kv_code remove_role(struct scenario_act *act, struct kv_err *err)
{
    struct kv_principal_entry who;

    if (act->vault->access == KV_ACCESS_OPEN) {
        return refuse_by_rule(act, NULL, "FORBIDDEN_BY_RBAC", err);
    }
    KV_TRY(check_mode(act, KV_ACCESS_RBAC, err));
    KV_TRY(scenario_who(act, &who, err));
    KV_TRY(keep_grants(act, who.object_id, err));
    return withdraw_roles(act, who.object_id, err);
}

/* Adds a word of access policies, once. */
static void add_word(char *words, const char *word)
{
    size_t used = strlen(words);

    (void) snprintf(words + used, KV_ACCESS_WORDS_MAX + 1 - used, "%s%s", used > 0 ? " " : "",
                    word);
}

/* The words of a policy without one of them; "all" is taken apart. False: it is not among them. */
static bool leave_out(const char *words, const char *word, char ret_words[KV_ACCESS_WORDS_MAX + 1])
{
    kv_permissions set = 0;
    bool found = false;

    for (words += strspn(words, " "); *words != '\0'; words += strspn(words, " ")) {
        size_t len = strcspn(words, " ");

        (void) kv_permissions_add_word(&set, words, len);
        words += len;
    }
    ret_words[0] = '\0';
    for (enum kv_permission i = KV_PERMISSION_NONE + 1; i < KV_PERMISSION_COUNT; i++) {
        const char *policy = kv_permission_row(i)->policy;

        /* get and list are of two permissions each: the second time they are there already */
        if (policy == NULL || (set & KV_PERMISSION_BIT(i)) == 0
            || i == KV_PERMISSION_DELETED_KEYS_GET || i == KV_PERMISSION_DELETED_KEYS_LIST) {
            continue;
        }
        if (strcmp(policy, word) == 0) {
            found = true;
        } else {
            add_word(ret_words, policy);
        }
    }
    return found;
}

static enum kv_code lessen_policy(struct scenario_act *act, const struct kv_policy *policy,
                                  bool *ret_done, struct kv_err *err)
{
    const char *permission = scenario_text(act, "permission");
    struct kv_policy less = *policy;

    *ret_done = true;
    if (permission == NULL) {
        return kv_access_remove_policy(access_of(act), act->vault, policy->principal,
                                       policy->application, act->now, err);
    }
    *ret_done = leave_out(policy->words, permission, less.words);
    return *ret_done ? kv_access_set_policy(access_of(act), act->vault, &less, act->now, &less, err)
                     : KV_OK;
}

static enum kv_code lessen_policies(struct scenario_act *act, const char *object_id,
                                    struct kv_err *err)
{
    kv_auto(kv_policy_list_done) struct kv_policy_list list = { .count = 0 };
    size_t changed = 0;

    KV_TRY(kv_access_policies(access_of(act), act->vault, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        bool done = false;

        if (strcmp(list.policy[i].principal, object_id) == 0 && list.policy[i].until > act->now) {
            KV_TRY(lessen_policy(act, &list.policy[i], &done, err));
        }
        changed += done;
    }
    return changed > 0 ? KV_OK : fail_nothing(act, "such permission", err);
}

/* What an access policy calls get, fault rules call by the names of its operations. */
static const char *operations_of(const char *permission)
{
    static const struct {
        const char *permission, *operations;
    } rows[] = {
        { "get", "getKey,getDeletedKey" },
        { "list", "getKeys,getKeyVersions,getDeletedKeys" },
        { "create", "createKey" },
        { "import", "importKey" },
        { "update", "updateKey" },
        { "delete", "deleteKey" },
        { "backup", "backupKey" },
        { "restore", "restoreKey" },
        { "rotate", "rotateKey" },
        { "recover", "recoverDeletedKey" },
        { "purge", "purgeDeletedKey" },
        { "getrotationpolicy", "getKeyRotationPolicy" },
        { "setrotationpolicy", "updateKeyRotationPolicy" },
    };

    for (size_t i = 0; permission != NULL && i < KV_COUNT(rows); i++) {
        if (strcmp(rows[i].permission, permission) == 0) {
            return rows[i].operations;
        }
    }
    return permission;
}

enum kv_code remove_policy(struct scenario_act *act, struct kv_err *err)
{
    const char *permission = scenario_text(act, "permission");
    kv_permissions set = 0;
    struct kv_principal_entry who;

    if (permission != NULL && !kv_permissions_add_word(&set, permission, strlen(permission))) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%.64s' is not a permission on keys of an access policy.", permission);
    }
    if (act->vault->access == KV_ACCESS_OPEN) {
        return refuse_by_rule(act, operations_of(permission),
                              permission != NULL ? "FORBIDDEN_BY_POLICY" : "ACCESS_DENIED", err);
    }
    KV_TRY(check_mode(act, KV_ACCESS_POLICY, err));
    KV_TRY(scenario_who(act, &who, err));
    KV_TRY(keep_grants(act, who.object_id, err));
    KV_TRY(lessen_policies(act, who.object_id, err));
    return scenario_note(act, err, "%s: %s of '%s' removed", act->vault->name,
                         permission != NULL ? permission : "the access policy",
                         scenario_text(act, "identity"));
}

/* --- who there is --- */

enum kv_code lose_identity(struct scenario_act *act, struct kv_err *err)
{
    struct kv_principals *principals = act->scenarios->config.principals;
    const char *name = kv_principal_name_of(scenario_text(act, "identity"));
    kv_auto(kv_buf_done) struct kv_buf text;
    enum kv_principal_loss loss = KV_LOSS_DELETED;

    if (scenario_is(act, "how", "disabled")) {
        loss = KV_LOSS_DISABLED;
    } else if (scenario_is(act, "how", "secret-expired")) {
        loss = KV_LOSS_SECRETS_EXPIRED;
    }
    kv_buf_init(&text, KV_KEPT_MAX);
    KV_TRY(kv_principal_keep(principals, name, &text, err));
    KV_TRY(scenario_keep(act, PART_IDENTITY, text.data, err));
    KV_TRY(kv_principal_lose(principals, name, loss, kv_seconds(act->now), err));
    return scenario_note(act, err, "%s: %s", scenario_text(act, "identity"),
                         scenario_text(act, "how"));
}

/* --- from where --- */

static enum kv_code change_network(struct scenario_act *act, struct kv_network_change *change,
                                   const char *what, struct kv_err *err)
{
    kv_auto(kv_network_done) struct kv_network after = { .since = 0 };
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, KV_KEPT_MAX);
    KV_TRY(kv_network_keep(access_of(act), act->vault, &text, err));
    KV_TRY(scenario_keep(act, PART_NETWORK, text.data, err));
    KV_TRY(kv_network_change(access_of(act), act->vault, change, act->now, &after, err));
    return scenario_note(act, err, "%s: %s", act->vault->name, what);
}

/* No rule lets anybody in; private endpoints are as they were. */
enum kv_code close_firewall(struct scenario_act *act, struct kv_err *err)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = {
        .mode = KV_NETWORK_SET,
        .lists_given = 1U << KV_NETWORK_RULES,
    };
    const char *bypass = scenario_is(act, "bypass", "none") ? "None" : "AzureServices";

    KV_TRY(kv_network_give_word(&change, KV_NETWORK_DEFAULT_ACTION, "Deny", err));
    KV_TRY(kv_network_give_word(&change, KV_NETWORK_BYPASS, bypass, err));
    return change_network(act, &change, "the firewall lets nobody in", err);
}

enum kv_code close_public(struct scenario_act *act, struct kv_err *err)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .mode = KV_NETWORK_SET };

    KV_TRY(kv_network_give_word(&change, KV_NETWORK_PUBLIC_ACCESS, "Disabled", err));
    return change_network(act, &change, "public access is off", err);
}

/* A private vault's name that resolves to its public address leads to where it is closed. */
enum kv_code lose_dns(struct scenario_act *act, struct kv_err *err)
{
    return scenario_is(act, "how", "wrong-address") ? close_public(act, err) : lose_name(act, err);
}
