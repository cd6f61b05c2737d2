/* SPDX-License-Identifier: Apache-2.0 */
/* The network settings of a vault, as they are named and given. */
#include <assert.h>
#include <strings.h>

#include "kv/access/firewall.h"

static const struct kv_network_word_row words[KV_NETWORK_WORDS] = {
    [KV_NETWORK_DEFAULT_ACTION] = { "defaultAction", "default-action", { "Allow", "Deny" } },
    [KV_NETWORK_BYPASS] = { "bypass", "bypass", { "AzureServices", "None" } },
    [KV_NETWORK_PUBLIC_ACCESS] = { "publicNetworkAccess",
                                   "public-access",
                                   { "Enabled", "Disabled", "SecuredByPerimeter" } },
};

static const struct kv_network_list_row lists[KV_NETWORK_LISTS] = {
    [KV_NETWORK_RULES] = { "ipRules", "allow", KV_NETWORK_RULES_MAX },
    [KV_NETWORK_PRIVATE] = { "privateEndpoints", "private", KV_NETWORK_PRIVATE_MAX },
};

const struct kv_network_word_row *kv_network_word_row(enum kv_network_word word)
{
    assert(word < KV_NETWORK_WORDS);
    return &words[word];
}

const struct kv_network_list_row *kv_network_list_row(enum kv_network_list list)
{
    assert(list < KV_NETWORK_LISTS);
    return &lists[list];
}

void kv_network_done(struct kv_network *network)
{
    for (size_t i = 0; i < KV_NETWORK_LISTS; i++) {
        kv_cidrs_done(&network->list[i]);
    }
}

void kv_network_change_done(struct kv_network_change *change)
{
    kv_network_done(&change->to);
}

enum kv_code kv_network_give_word(struct kv_network_change *change, enum kv_network_word word,
                                  const char *value, struct kv_err *err)
{
    const struct kv_network_word_row *row = kv_network_word_row(word);

    for (unsigned i = 0; row->words[i] != NULL; i++) {
        if (strcasecmp(row->words[i], value) == 0) {
            change->to.word[word] = i;
            change->words_given |= 1U << word;
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s is %s%s%s%s%s, which '%.64s' is not.", row->name,
                   row->words[0], row->words[2] != NULL ? ", " : " or ", row->words[1],
                   row->words[2] != NULL ? " or " : "", row->words[2] != NULL ? row->words[2] : "",
                   value);
}

/* The same range twice is the same rule. */
enum kv_code kv_network_give_range(struct kv_network_change *change, enum kv_network_list list,
                                   const char *range, struct kv_err *err)
{
    const struct kv_network_list_row *row = kv_network_list_row(list);
    struct kv_cidrs *given = &change->to.list[list];
    struct kv_cidr cidr;

    KV_TRY(kv_cidr_parse(range, &cidr, err));
    change->lists_given |= 1U << list;
    if (kv_cidrs_find(given, &cidr) < given->count) {
        return KV_OK;
    }
    if (given->count >= row->max) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "A vault can have %zu %s at most.", row->max,
                       row->name);
    }
    return kv_cidrs_add(given, &cidr, err);
}
