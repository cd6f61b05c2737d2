/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accessPolicies/{add|replace|remove}: what is sent is added to what each caller has, is put in its
 * place, or is taken from it; other callers keep what they have (control-plane.md §1.1; how the three treat
 * a caller that is there already is inferred from clients).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

static const char *const lists[] = { "keys", "secrets", "certificates", "storage" };

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));

    return text != NULL ? text : "";
}

static cJSON *find_same(cJSON *policies, const cJSON *entry)
{
    cJSON *other;

    cJSON_ArrayForEach (other, policies) {
        if (strcasecmp(text_of(other, "objectId"), text_of(entry, "objectId")) == 0
            && strcasecmp(text_of(other, "applicationId"), text_of(entry, "applicationId")) == 0) {
            return other;
        }
    }
    return NULL;
}

static int find_word(const cJSON *words, const char *wanted)
{
    const cJSON *word;
    int place = 0;

    cJSON_ArrayForEach (word, words) {
        if (strcasecmp(word->valuestring, wanted) == 0) {
            return place;
        }
        place++;
    }
    return -1;
}

static void add_words(cJSON *permissions, const char *name, const cJSON *sent, bool *ok)
{
    cJSON *words = cJSON_GetObjectItem(permissions, name);
    const cJSON *word;

    if (words == NULL && sent != NULL) {
        words = kv_json_add_array(permissions, name, ok);
    }
    cJSON_ArrayForEach (word, sent) {
        if (find_word(words, word->valuestring) < 0) {
            kv_json_append_text(words, word->valuestring, ok);
        }
    }
}

static void remove_words(cJSON *permissions, const char *name, const cJSON *sent)
{
    cJSON *words = cJSON_GetObjectItem(permissions, name);
    const cJSON *word;

    cJSON_ArrayForEach (word, sent) {
        int place = find_word(words, word->valuestring);

        if (place >= 0) {
            cJSON_DeleteItemFromArray(words, place);
        }
    }
}

static int count_words(const cJSON *permissions)
{
    int count = 0;

    for (size_t i = 0; i < KV_COUNT(lists); i++) {
        count += cJSON_GetArraySize(cJSON_GetObjectItem(permissions, lists[i]));
    }
    return count;
}

static void add_entry(cJSON *policies, const cJSON *entry, bool *ok)
{
    cJSON *same = find_same(policies, entry);
    cJSON *permissions = cJSON_GetObjectItem(same, "permissions");
    const cJSON *sent = cJSON_GetObjectItem(entry, "permissions");

    if (same == NULL) {
        kv_json_add_take(policies, NULL, cJSON_Duplicate(entry, true), ok);
        return;
    }
    for (size_t i = 0; i < KV_COUNT(lists); i++) {
        add_words(permissions, lists[i], cJSON_GetObjectItem(sent, lists[i]), ok);
    }
}

static void replace_entry(cJSON *policies, const cJSON *entry, bool *ok)
{
    cJSON_Delete(cJSON_DetachItemViaPointer(policies, find_same(policies, entry)));
    kv_json_add_take(policies, NULL, cJSON_Duplicate(entry, true), ok);
}

/* One without anything left goes, and so does one of which no permission is named. */
static void remove_entry(cJSON *policies, const cJSON *entry, bool *ok)
{
    cJSON *same = find_same(policies, entry);
    cJSON *permissions = cJSON_GetObjectItem(same, "permissions");
    const cJSON *sent = cJSON_GetObjectItem(entry, "permissions");

    (void) ok;
    for (size_t i = 0; i < KV_COUNT(lists); i++) {
        remove_words(permissions, lists[i], cJSON_GetObjectItem(sent, lists[i]));
    }
    if (count_words(permissions) == 0 || count_words(sent) == 0) {
        cJSON_Delete(cJSON_DetachItemViaPointer(policies, same));
    }
}

static const struct {
    const char *name;
    void (*apply)(cJSON *policies, const cJSON *entry, bool *ok);
} kinds[] = {
    { "add", add_entry },
    { "replace", replace_entry },
    { "remove", remove_entry },
};

static enum kv_code merge(const struct arm_call *call, const cJSON *sent, cJSON *policies,
                          struct kv_err *err)
{
    const cJSON *entry;
    bool ok = true;

    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        if (strcasecmp(call->id->leaf, kinds[i].name) == 0) {
            cJSON_ArrayForEach (entry, sent) {
                kinds[i].apply(policies, entry, &ok);
            }
            return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
        }
    }
    return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                   "'%.64s' is none of the operations on access policies: add, replace, remove.",
                   call->id->leaf);
}

static enum kv_code read_sent(const struct arm_call *call, const struct kv_vault *vault,
                              const cJSON **ret_sent, struct kv_err *err)
{
    const cJSON *properties = NULL;

    KV_TRY(keyvault_object(call->body, "properties", &properties, err));
    KV_TRY(keyvault_array(properties, "accessPolicies", ret_sent, err));
    if (*ret_sent == NULL) {
        return keyvault_missing("accessPolicies", err);
    }
    return keyvault_policies_check(vault, *ret_sent, kv_identity_tenant(call->app->identity), err);
}

static enum kv_code answer(const struct arm_call *call, const struct kv_vault *vault,
                           const struct kv_resource *envelope, struct arm_reply *reply,
                           struct kv_err *err)
{
    cJSON *policies = NULL, *properties;
    char id[KV_RESOURCE_ID_MAX + sizeof("/accessPolicies/")];
    bool ok = true;

    KV_TRY(keyvault_policies_render(call, vault, envelope, &policies, err));
    reply->body = cJSON_CreateObject();
    ok = reply->body != NULL;
    (void) snprintf(id, sizeof(id), "%s/accessPolicies/", envelope->id);
    kv_json_add_text(reply->body, "id", id, &ok);
    kv_json_add_text(reply->body, "type", call->type->name, &ok);
    kv_json_add_text(reply->body, "location", vault->region, &ok);
    properties = kv_json_add_object(reply->body, "properties", &ok);
    kv_json_add_take(properties, "accessPolicies", policies, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code keyvault_policies_put(struct arm_call *call, struct arm_reply *reply,
                                   struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_resource_done) struct kv_resource envelope = { .id = NULL };
    kv_auto(cJSON_Delete) cJSON *policies = NULL;
    const cJSON *sent = NULL;

    KV_TRY(keyvault_find_parent(call, &vault, err));
    KV_TRY(read_sent(call, vault, &sent, err));
    KV_TRY(keyvault_envelope(call, vault, &envelope, err));
    KV_TRY(keyvault_policies_render(call, vault, &envelope, &policies, err));
    KV_TRY(merge(call, sent, policies, err));
    if (cJSON_GetArraySize(policies) > 1024) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "A vault can have 1024 access policies at most.");
    }
    KV_TRY(keyvault_policies_apply(call, vault, policies, &envelope, err));
    KV_TRY(keyvault_store(call, &envelope, false, err));
    kv_clock_wake(call->app->clock); /* what was granted may count later */
    return answer(call, vault, &envelope, reply, err);
}
