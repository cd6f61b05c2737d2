/* SPDX-License-Identifier: Apache-2.0 */
/* What a seed grants at a vault, and from where the vault can be reached. */
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kv/access/firewall.h"
#include "kv/access/grants.h"

/* Whom it is for: one of the two. */
struct whom {
    const char *identity, *principal;
};

static enum kv_code find_whom(const struct seed_run *run, const struct whom *whom, const char *path,
                              char ret_object_id[KV_UUID_LENGTH + 1], struct kv_err *err)
{
    if ((whom->identity == NULL) == (whom->principal == NULL)) {
        return seed_fail(path, KV_BAD_PARAMETER,
                         "give whom it is for: identity, a name, or principal, an object id", err);
    }
    if (whom->identity != NULL) {
        return seed_find_principal(run, whom->identity, seed_member(path, "identity").text,
                                   ret_object_id, err);
    }
    if (!kv_uuid_is_valid(whom->principal)) {
        return seed_fail(seed_member(path, "principal").text, KV_BAD_PARAMETER, "it must be a GUID",
                         err);
    }
    (void) snprintf(ret_object_id, KV_UUID_LENGTH + 1, "%s", whom->principal);
    return KV_OK;
}

/* --- access policies --- */

struct sent_policy {
    struct whom whom;
    const char *application;
    const cJSON *permissions;
};

static const struct kv_json_field policy_fields[] = {
    KV_JSON_FIELD(struct sent_policy, whom.identity, "identity", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_policy, whom.principal, "principal", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_policy, application, "application_id", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_policy, permissions, "permissions", KV_JSON_ARRAY),
};

static enum kv_code join_words(const cJSON *permissions, const char *path,
                               char ret_words[KV_ACCESS_WORDS_MAX + 1], struct kv_err *err)
{
    const cJSON *item;
    size_t used = 0;

    ret_words[0] = '\0';
    cJSON_ArrayForEach (item, permissions) {
        const char *word = cJSON_GetStringValue(item);

        if (word == NULL || *word == '\0' || strchr(word, ' ') != NULL
            || used + strlen(word) + 1 > KV_ACCESS_WORDS_MAX) {
            return seed_fail(seed_member(path, "permissions").text, KV_BAD_PARAMETER,
                             "it is a list of words such as \"get\" and \"wrapKey\"", err);
        }
        used += (size_t) snprintf(ret_words + used, KV_ACCESS_WORDS_MAX + 1 - used, "%s%s",
                                  used > 0 ? " " : "", word);
    }
    return KV_OK;
}

static enum kv_code read_policy(const struct seed_run *run, const cJSON *item, const char *path,
                                struct kv_policy *policy, struct kv_err *err)
{
    struct sent_policy sent = { .application = NULL };

    KV_TRY(seed_bind(item, path, policy_fields, KV_COUNT(policy_fields), &sent, err));
    KV_TRY(find_whom(run, &sent.whom, path, policy->principal, err));
    if (sent.application != NULL && !kv_uuid_is_valid(sent.application)) {
        return seed_fail(seed_member(path, "application_id").text, KV_BAD_PARAMETER,
                         "it must be a GUID", err);
    }
    (void) snprintf(policy->application, sizeof(policy->application), "%s",
                    sent.application != NULL ? sent.application : "");
    return join_words(sent.permissions, path, policy->words, err);
}

/* The same principal must not have another policy there. */
static enum kv_code check_policy(struct kv_access *access, const struct kv_vault *vault,
                                 const struct kv_policy *policy, struct kv_err *err)
{
    kv_auto(kv_policy_list_done) struct kv_policy_list list = { .count = 0 };
    struct kv_policy wanted;

    KV_TRY(kv_access_check_policy(vault, policy, &wanted, err));
    if (vault->id == 0) {
        return KV_OK;
    }
    KV_TRY(kv_access_policies(access, vault, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        const struct kv_policy *is = &list.policy[i];

        if (is->until == KV_ACCESS_NEVER && strcmp(is->principal, wanted.principal) == 0
            && strcmp(is->application, wanted.application) == 0
            && strcmp(is->words, wanted.words) != 0) {
            return KV_FAIL(err, KV_CONFLICT, 0, "there is another access policy: %.200s",
                           is->words);
        }
    }
    return KV_OK;
}

static enum kv_code do_policy(struct seed_run *run, const cJSON *item, const struct kv_vault *vault,
                              const char *path, struct kv_err *err)
{
    struct kv_access *access = run->seeds->config.access;
    struct kv_policy policy = { .since = 0 }, stored;
    struct kv_err why = { .code = KV_OK };

    KV_TRY(read_policy(run, item, path, &policy, err));
    return seed_at(path,
                   run->applies
                       ? kv_access_set_policy(access, vault, &policy, run->now, &stored, &why)
                       : check_policy(access, vault, &policy, &why),
                   &why, err);
}

/* --- role assignments --- */

struct sent_assignment {
    struct whom whom;
    const char *role, *scope, *key;
    struct kv_maybe_bool deny;
};

static const struct kv_json_field assignment_fields[] = {
    KV_JSON_FIELD(struct sent_assignment, whom.identity, "identity", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_assignment, whom.principal, "principal", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_assignment, role, "role", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_assignment, scope, "scope", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_assignment, key, "key", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_assignment, deny, "deny", KV_JSON_BOOL),
};

/* One that is there already is as the seed has it: there is nothing else to it. */
static enum kv_code assign(const struct seed_run *run, const struct kv_assignment_draft *draft,
                           struct kv_err *err)
{
    struct kv_assignment made;
    enum kv_code code = kv_access_assign(run->seeds->config.access, draft, run->now, &made, err);

    return code == KV_ROLE_ASSIGNMENT_EXISTS ? KV_OK : code;
}

/* Of one by a role that the seed is yet to make, all but the role is looked at. */
static enum kv_code check_assignment(const struct seed_run *run,
                                     const struct kv_assignment_draft *draft, struct kv_err *err)
{
    const bool role_is_to_come = draft->role != NULL && seed_has_role(run, draft->role);

    return kv_access_check_assignment(run->seeds->config.access, draft, role_is_to_come, err);
}

static enum kv_code do_assignment(struct seed_run *run, const cJSON *item,
                                  const struct kv_vault *vault, const char *path,
                                  struct kv_err *err)
{
    struct sent_assignment sent = { .role = NULL };
    char principal[KV_UUID_LENGTH + 1];
    struct kv_err why = { .code = KV_OK };

    KV_TRY(seed_bind(item, path, assignment_fields, KV_COUNT(assignment_fields), &sent, err));
    KV_TRY(find_whom(run, &sent.whom, path, principal, err));

    const struct kv_assignment_draft draft = {
        vault, principal, sent.role, sent.scope, sent.key, sent.deny.value,
    };

    return seed_at(path,
                   run->applies ? assign(run, &draft, &why) : check_assignment(run, &draft, &why),
                   &why, err);
}

/* --- the firewall --- */

static enum kv_code give_ranges(struct kv_network_change *change, enum kv_network_list which,
                                const cJSON *item, const char *path, struct kv_err *err)
{
    const cJSON *range;
    int index = 0;

    change->lists_given |= 1U << which;
    cJSON_ArrayForEach (range, item) {
        const char *text = cJSON_GetStringValue(
            cJSON_IsObject(range) ? cJSON_GetObjectItemCaseSensitive(range, "value") : range);
        const struct seed_path at = seed_item(path, item->string, index++);
        struct kv_err why = { .code = KV_OK };

        if (text == NULL) {
            return seed_fail(at.text, KV_BAD_PARAMETER, "it must be a range of addresses", err);
        }
        KV_TRY(seed_at(at.text, kv_network_give_range(change, which, text, &why), &why, err));
    }
    return KV_OK;
}

static enum kv_code give_member(struct kv_network_change *change, const cJSON *member,
                                const char *path, struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };

    for (unsigned i = 0; i < KV_NETWORK_WORDS; i++) {
        if (strcmp(kv_network_word_row(i)->name, member->string) == 0 && cJSON_IsString(member)) {
            return seed_at(seed_member(path, member->string).text,
                           kv_network_give_word(change, i, member->valuestring, &why), &why, err);
        }
    }
    for (unsigned i = 0; i < KV_NETWORK_LISTS; i++) {
        if (strcmp(kv_network_list_row(i)->name, member->string) == 0 && cJSON_IsArray(member)) {
            return give_ranges(change, i, member, path, err);
        }
    }
    return seed_fail(seed_member(path, member->string).text, KV_BAD_PARAMETER,
                     "it is no network setting, or of another type", err);
}

static enum kv_code do_firewall(struct seed_run *run, const cJSON *item,
                                const struct kv_vault *vault, const char *path, struct kv_err *err)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .mode =
                                                                            KV_NETWORK_REPLACE };
    kv_auto(kv_network_done) struct kv_network network = { .since = 0 };
    const struct seed_path at = seed_member(path, "firewall");
    struct kv_err why = { .code = KV_OK };
    const cJSON *member;

    if (!cJSON_IsObject(item)) {
        return seed_fail(at.text, KV_BAD_PARAMETER, "it must be an object", err);
    }
    cJSON_ArrayForEach (member, item) {
        KV_TRY(give_member(&change, member, at.text, err));
    }
    if (!run->applies) {
        return KV_OK;
    }
    return seed_at(
        at.text,
        kv_network_change(run->seeds->config.access, vault, &change, run->now, &network, &why),
        &why, err);
}

/* --- all of a vault --- */

typedef enum kv_code grant_fn(struct seed_run *run, const cJSON *item, const struct kv_vault *vault,
                              const char *path, struct kv_err *err);

static enum kv_code do_each(struct seed_run *run, const cJSON *owner, const char *name,
                            const struct kv_vault *vault, const char *path, grant_fn *grant,
                            struct kv_err *err)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(owner, name);
    const cJSON *item;
    int index = 0;

    if (array != NULL && !cJSON_IsArray(array)) {
        return seed_fail(seed_member(path, name).text, KV_BAD_PARAMETER, "it must be a list", err);
    }
    cJSON_ArrayForEach (item, array) {
        KV_TRY(grant(run, item, vault, seed_item(path, name, index++).text, err));
    }
    return KV_OK;
}

enum kv_code seed_grants(struct seed_run *run, const cJSON *item, const char *path,
                         struct kv_err *err)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));
    const cJSON *firewall = cJSON_GetObjectItemCaseSensitive(item, "firewall");
    struct kv_vault vault;

    KV_TRY(seed_find_vault(run, name, path, &vault, err));
    KV_TRY(do_each(run, item, "policies", &vault, path, do_policy, err));
    KV_TRY(do_each(run, item, "assignments", &vault, path, do_assignment, err));
    return firewall != NULL ? do_firewall(run, firewall, &vault, path, err) : KV_OK;
}
