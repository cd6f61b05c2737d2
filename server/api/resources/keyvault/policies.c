/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accessPolicies of a vault (control-plane.md §1.2). What is granted on keys is the domain's; what is
 * granted on secrets, certificates and storage, which coffer has not, is kept and shown beside it.
 */
#include "kv/access/grants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "private.h"

KV_DEFINE_CLEANUP(struct kv_policy *, free)

#define WORDS_MAX 32 /* of a list of permissions */
#define WORD_MAX 32  /* characters of one */

static const char *const others[] = { "secrets", "certificates", "storage" };

/* ---- reading ---------------------------------------------------------------------------------- */

static enum kv_code check_words(const cJSON *words, const char *name, struct kv_err *err)
{
    const cJSON *word;
    int count = 0;

    cJSON_ArrayForEach (word, words) {
        if (!cJSON_IsString(word) || strlen(word->valuestring) > WORD_MAX || ++count > WORDS_MAX
            || word->valuestring[strcspn(word->valuestring, " ")] != '\0') {
            return keyvault_invalid(name, err);
        }
    }
    return KV_OK;
}

/* "get list" of ["Get", "List"]: words that were checked. */
static void join_words(const cJSON *words, char *ret_text, size_t size)
{
    const cJSON *word;
    size_t used = 0;

    ret_text[0] = '\0';
    cJSON_ArrayForEach (word, words) {
        int len =
            snprintf(ret_text + used, size - used, "%s%s", used > 0 ? " " : "", word->valuestring);

        used += (size_t) len < size - used ? (size_t) len : 0;
    }
}

#define JOINED_SIZE (WORDS_MAX * (WORD_MAX + 1) + 1)

static enum kv_code check_permissions(const cJSON *entry, const cJSON **ret_keys,
                                      struct kv_err *err)
{
    const cJSON *permissions = NULL;

    KV_TRY(keyvault_object(entry, "permissions", &permissions, err));
    if (permissions == NULL) {
        return keyvault_missing("accessPolicies.permissions", err);
    }
    KV_TRY(keyvault_array(permissions, "keys", ret_keys, err));
    KV_TRY(check_words(*ret_keys, "permissions.keys", err));
    for (size_t i = 0; i < KV_COUNT(others); i++) {
        const cJSON *words = NULL;

        KV_TRY(keyvault_array(permissions, others[i], &words, err));
        KV_TRY(check_words(words, others[i], err));
    }
    return KV_OK;
}

struct sent_ids {
    const char *tenant, *object, *application;
};

static enum kv_code read_ids(const cJSON *entry, struct sent_ids *ret_ids, struct kv_err *err)
{
    struct sent_ids ids = { .application = "" };

    KV_TRY(cJSON_IsObject(entry) ? KV_OK : keyvault_invalid("accessPolicies", err));
    KV_TRY(keyvault_text(entry, "tenantId", &ids.tenant, err));
    KV_TRY(keyvault_text(entry, "objectId", &ids.object, err));
    KV_TRY(keyvault_text(entry, "applicationId", &ids.application, err));
    if (ids.tenant == NULL || ids.object == NULL) {
        return keyvault_missing(
            ids.tenant == NULL ? "accessPolicies.tenantId" : "accessPolicies.objectId", err);
    }
    *ret_ids = ids;
    return KV_OK;
}

/* The domain's part of an entry, in its form. */
static enum kv_code read_entry(const struct kv_vault *vault, const cJSON *entry, const char *tenant,
                               struct kv_policy *ret_policy, struct kv_err *err)
{
    struct sent_ids ids = { .application = "" };
    struct kv_policy sent = { .since = KV_ACCESS_ALWAYS };
    char words[JOINED_SIZE];
    const cJSON *keys = NULL;

    KV_TRY(read_ids(entry, &ids, err));
    if (strcasecmp(ids.tenant, tenant) != 0) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "An access policy is for another tenant than the vault's, %s.", tenant);
    }
    if (!kv_uuid_is_valid(ids.object)
        || (*ids.application != '\0' && !kv_uuid_is_valid(ids.application))) {
        return keyvault_invalid("accessPolicies.objectId", err);
    }
    KV_TRY(check_permissions(entry, &keys, err));
    join_words(keys, words, sizeof(words));
    if (snprintf(sent.words, sizeof(sent.words), "%s", words) >= (int) sizeof(sent.words)) {
        return keyvault_invalid("permissions.keys", err);
    }
    (void) snprintf(sent.principal, sizeof(sent.principal), "%s", ids.object);
    (void) snprintf(sent.application, sizeof(sent.application), "%s", ids.application);
    return keyvault_reword(kv_access_check_policy(vault, &sent, ret_policy, err), err);
}

enum kv_code keyvault_policies_check(const struct kv_vault *vault, const cJSON *sent,
                                     const char *tenant, struct kv_err *err)
{
    const cJSON *entry;

    if (cJSON_GetArraySize(sent) > KV_ACCESS_POLICIES_MAX) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "A vault can have %d access policies at most.",
                       KV_ACCESS_POLICIES_MAX);
    }
    cJSON_ArrayForEach (entry, sent) {
        struct kv_policy policy;

        KV_TRY(read_entry(vault, entry, tenant, &policy, err));
    }
    return KV_OK;
}

/* ---- showing ------------------------------------------------------------------------------------ */

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));

    return text != NULL ? text : "";
}

static bool is_for(const cJSON *entry, const struct kv_policy *policy)
{
    return strcasecmp(text_of(entry, "objectId"), policy->principal) == 0
           && strcasecmp(text_of(entry, "applicationId"), policy->application) == 0;
}

static const cJSON *find_entry(const cJSON *entries, const struct kv_policy *policy)
{
    const cJSON *entry;

    cJSON_ArrayForEach (entry, entries) {
        if (is_for(entry, policy)) {
            return entry;
        }
    }
    return NULL;
}

static void add_words(cJSON *permissions, const char *words, bool *ok)
{
    cJSON *array = kv_json_add_array(permissions, "keys", ok);

    while (*words != '\0') {
        char word[WORD_MAX + 1];
        const size_t len = strcspn(words, " ");

        (void) snprintf(word, sizeof(word), "%.*s", (int) len, words);
        kv_json_append_text(array, word, ok);
        words += len + strspn(words + len, " ");
    }
}

/* `kept`: what was sent for the same caller; NULL: nothing. */
static cJSON *render_entry(const struct kv_policy *policy, const char *tenant, const cJSON *kept,
                           bool *ok)
{
    const cJSON *sent = cJSON_GetObjectItem(kept, "permissions");
    cJSON *entry = cJSON_CreateObject();
    cJSON *permissions;

    kv_json_add_text(entry, "tenantId", tenant, ok);
    kv_json_add_text(entry, "objectId", policy->principal, ok);
    if (policy->application[0] != '\0') {
        kv_json_add_text(entry, "applicationId", policy->application, ok);
    }
    permissions = kv_json_add_object(entry, "permissions", ok);
    add_words(permissions, policy->words, ok);
    for (size_t i = 0; i < KV_COUNT(others); i++) {
        const cJSON *words = cJSON_GetObjectItem(sent, others[i]);

        if (cJSON_IsArray(words)) {
            kv_json_add_take(permissions, others[i], cJSON_Duplicate(words, true), ok);
        }
    }
    return entry;
}

enum kv_code keyvault_policies_render(const struct arm_call *call, const struct kv_vault *vault,
                                      const struct kv_resource *envelope, cJSON **ret_policies,
                                      struct kv_err *err)
{
    const cJSON *kept = cJSON_GetObjectItemCaseSensitive(keyvault_kept(envelope), "accessPolicies");
    const char *tenant = kv_identity_tenant(call->app->identity);
    kv_auto(kv_policy_list_done) struct kv_policy_list list = { .policy = NULL };
    kv_auto(cJSON_Delete) cJSON *policies = cJSON_CreateArray();
    bool ok = policies != NULL;

    KV_TRY(vault->kind == KV_VAULT ? kv_access_policies(call->app->access, vault, &list, err)
                                   : KV_OK);
    for (size_t i = 0; i < list.count; i++) {
        const struct kv_policy *policy = &list.policy[i];

        if (policy->until == KV_ACCESS_NEVER) { /* else it was withdrawn, and goes on for a while */
            kv_json_add_take(policies, NULL,
                             render_entry(policy, tenant, find_entry(kept, policy), &ok), &ok);
        }
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_policies = kv_take(policies);
    return KV_OK;
}

/* ---- changing -------------------------------------------------------------------------------------- */

/* As the domain has them; `ret_rows` has room for all. */
static enum kv_code read_all(const struct arm_call *call, const struct kv_vault *vault,
                             const cJSON *policies, struct kv_policy *ret_rows, size_t *ret_count,
                             struct kv_err *err)
{
    const char *tenant = kv_identity_tenant(call->app->identity);
    const cJSON *entry;
    size_t count = 0;

    cJSON_ArrayForEach (entry, policies) {
        KV_TRY(read_entry(vault, entry, tenant, &ret_rows[count++], err));
    }
    *ret_count = count;
    return KV_OK;
}

enum kv_code keyvault_policies_apply(const struct arm_call *call, const struct kv_vault *vault,
                                     const cJSON *policies, struct kv_resource *envelope,
                                     struct kv_err *err)
{
    kv_auto(free) struct kv_policy *rows =
        calloc((size_t) cJSON_GetArraySize(policies) + 1, sizeof(*rows));
    cJSON *copy = cJSON_Duplicate(policies, true);
    bool ok = rows != NULL && copy != NULL;
    size_t count = 0;

    cJSON_DeleteItemFromObjectCaseSensitive(keyvault_kept(envelope), "accessPolicies");
    kv_json_add_take(keyvault_kept(envelope), "accessPolicies", copy, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(read_all(call, vault, policies, rows, &count, err));
    return keyvault_reword(
        kv_access_set_policies(call->app->access, vault, rows, count, call->now, err), err);
}
