/* SPDX-License-Identifier: Apache-2.0 */
/*
 * networkAcls and publicNetworkAccess: the vault's firewall in the words of the resource manager
 * (control-plane.md §1.2). Subnets are kept and shown, and let nobody in: coffer has none.
 */
#include <string.h>

#include "private.h"

#define SUBNETS_MAX 400

static enum kv_code read_word(const cJSON *object, enum kv_network_word word, bool is_whole,
                              struct kv_network_change *change, struct kv_err *err)
{
    const struct kv_network_word_row *row = kv_network_word_row(word);
    const char *value = is_whole ? row->words[0] : NULL;

    KV_TRY(keyvault_text(object, row->name, &value, err));
    if (value == NULL) {
        return KV_OK;
    }
    return keyvault_reword(kv_network_give_word(change, word, value, err), err);
}

/* [{"value": "203.0.113.0/24"}] */
static enum kv_code read_rules(const cJSON *acls, struct kv_network_change *change,
                               struct kv_err *err)
{
    const cJSON *rules = NULL, *rule;

    KV_TRY(keyvault_array(acls, "ipRules", &rules, err));
    change->lists_given |= 1U << KV_NETWORK_RULES;
    cJSON_ArrayForEach (rule, rules) {
        const char *value = NULL;

        KV_TRY(cJSON_IsObject(rule) ? keyvault_text(rule, "value", &value, err)
                                    : keyvault_invalid("ipRules", err));
        if (value == NULL) {
            return keyvault_missing("ipRules.value", err);
        }
        KV_TRY(keyvault_reword(kv_network_give_range(change, KV_NETWORK_RULES, value, err), err));
    }
    return KV_OK;
}

static enum kv_code check_subnets(const cJSON *acls, struct kv_err *err)
{
    const cJSON *rules = NULL, *rule;
    int count = 0;

    KV_TRY(keyvault_array(acls, "virtualNetworkRules", &rules, err));
    cJSON_ArrayForEach (rule, rules) {
        const char *id = NULL;

        KV_TRY(cJSON_IsObject(rule) ? keyvault_text(rule, "id", &id, err)
                                    : keyvault_invalid("virtualNetworkRules", err));
        if (id == NULL || strlen(id) > KV_RESOURCE_ID_MAX || ++count > SUBNETS_MAX) {
            return keyvault_invalid("virtualNetworkRules", err);
        }
    }
    return KV_OK;
}

enum kv_code keyvault_network_read(const cJSON *properties, bool is_whole,
                                   struct kv_network_change *change, struct kv_err *err)
{
    const cJSON *acls = NULL;

    change->mode = KV_NETWORK_SET;
    KV_TRY(read_word(properties, KV_NETWORK_PUBLIC_ACCESS, is_whole, change, err));
    KV_TRY(keyvault_object(properties, "networkAcls", &acls, err));
    if (acls == NULL && !is_whole) {
        return KV_OK;
    }
    KV_TRY(read_word(acls, KV_NETWORK_DEFAULT_ACTION, true, change, err));
    KV_TRY(read_word(acls, KV_NETWORK_BYPASS, true, change, err));
    KV_TRY(read_rules(acls, change, err));
    return check_subnets(acls, err);
}

static bool same_rules(const struct kv_cidrs *one, const struct kv_cidrs *other)
{
    for (size_t i = 0; one->count == other->count && i < one->count; i++) {
        if (kv_cidrs_find(other, &one->cidr[i]) == other->count) {
            return false;
        }
    }
    return one->count == other->count;
}

static bool changes_something(const struct kv_network *is, const struct kv_network_change *change)
{
    for (unsigned i = 0; i < KV_NETWORK_WORDS; i++) {
        if ((change->words_given & 1U << i) != 0 && change->to.word[i] != is->word[i]) {
            return true;
        }
    }
    return (change->lists_given & 1U << KV_NETWORK_RULES) != 0
           && !same_rules(&is->list[KV_NETWORK_RULES], &change->to.list[KV_NETWORK_RULES]);
}

enum kv_code keyvault_network_apply(const struct arm_call *call, const struct kv_vault *vault,
                                    const struct kv_network_change *change, struct kv_err *err)
{
    kv_auto(kv_network_done) struct kv_network is = { .since = 0 };
    kv_auto(kv_network_done) struct kv_network will_be = { .since = 0 };

    KV_TRY(kv_network_get(call->app->access, vault, &is, err));
    if (!changes_something(&is, change)) {
        return KV_OK;
    }
    return keyvault_reword(
        kv_network_change(call->app->access, vault, change, call->now, &will_be, err), err);
}

static void add_word(cJSON *object, const struct kv_network *network, enum kv_network_word word,
                     bool *ok)
{
    const struct kv_network_word_row *row = kv_network_word_row(word);

    kv_json_add_text(object, row->name, row->words[network->word[word]], ok);
}

static void add_rules(cJSON *acls, const struct kv_cidrs *rules, bool *ok)
{
    cJSON *array = kv_json_add_array(acls, "ipRules", ok);

    for (size_t i = 0; i < rules->count; i++) {
        cJSON *rule = cJSON_CreateObject();
        char range[KV_CIDR_SIZE];

        kv_cidr_render(&rules->cidr[i], range);
        kv_json_add_take(array, NULL, rule, ok);
        kv_json_add_text(*ok ? rule : NULL, "value", range, ok);
    }
}

/* control-plane.md §1.2: absent where it says what the defaults are. */
static bool is_default(const struct kv_network *network, const cJSON *subnets)
{
    return network->word[KV_NETWORK_DEFAULT_ACTION] == KV_DEFAULT_ALLOW
           && network->word[KV_NETWORK_BYPASS] == KV_BYPASS_AZURE_SERVICES
           && network->list[KV_NETWORK_RULES].count == 0 && cJSON_GetArraySize(subnets) == 0;
}

void keyvault_network_render(const struct kv_network *network, const cJSON *subnets,
                             cJSON *properties, bool *ok)
{
    cJSON *acls;

    if (is_default(network, subnets)) {
        return;
    }
    acls = kv_json_add_object(properties, "networkAcls", ok);
    add_word(acls, network, KV_NETWORK_BYPASS, ok);
    add_word(acls, network, KV_NETWORK_DEFAULT_ACTION, ok);
    add_rules(acls, &network->list[KV_NETWORK_RULES], ok);
    kv_json_add_take(acls, "virtualNetworkRules",
                     subnets != NULL ? cJSON_Duplicate(subnets, true) : cJSON_CreateArray(), ok);
}
