/* SPDX-License-Identifier: Apache-2.0 */
/* From where a vault lets callers in: contract §9.3, control-plane.md §5.5. */
#include "kv/access/firewall.h"

#include <string.h>
#include <strings.h>

#include "access_core.h"

static const char *const trusted_types[] = {
#define X(type) type,
#include "kv/access/trusted_service.def"
#undef X
};

/* "Microsoft.Sql/servers", at the beginning of a text that goes on with / or ends. */
static bool begins_with_type(const char *text, const char *type)
{
    size_t len = strlen(type);

    return strncasecmp(text, type, len) == 0 && (text[len] == '\0' || text[len] == '/');
}

/* Behind the last "/providers/": a resource can lie below one of another provider. */
static const char *find_type(const char *resource_id)
{
    static const char providers[] = "/providers/";
    const char *found = NULL;

    for (const char *at = strchr(resource_id, '/'); at != NULL; at = strchr(at + 1, '/')) {
        if (strncasecmp(at, providers, strlen(providers)) == 0) {
            found = at + strlen(providers);
        }
    }
    return found;
}

bool kv_network_trusts(const char *resource_id)
{
    const char *type = find_type(resource_id);

    for (size_t i = 0; type != NULL && i < KV_COUNT(trusted_types); i++) {
        if (begins_with_type(type, trusted_types[i])) {
            return true;
        }
    }
    return false;
}

static enum kv_network_verdict decide_without_public_access(const struct kv_network *network,
                                                            bool is_trusted)
{
    if (network->word[KV_NETWORK_BYPASS] == KV_BYPASS_NONE) {
        return KV_NETWORK_KEEPS_ALL_PUBLIC_OUT;
    }
    return is_trusted ? KV_NETWORK_LETS_IN : KV_NETWORK_KEEPS_PUBLIC_OUT;
}

/* A perimeter does not know trusted services, and its rules are the vault's. */
static enum kv_network_verdict decide_within_perimeter(const struct kv_network *network,
                                                       const struct kv_address *client)
{
    return kv_cidrs_have(&network->list[KV_NETWORK_RULES], client) ? KV_NETWORK_LETS_IN
                                                                   : KV_NETWORK_KEEPS_PERIMETER;
}

static enum kv_network_verdict decide_by_rules(const struct kv_network *network,
                                               const struct kv_address *client, bool is_trusted)
{
    if (network->word[KV_NETWORK_DEFAULT_ACTION] == KV_DEFAULT_ALLOW
        || kv_cidrs_have(&network->list[KV_NETWORK_RULES], client)) {
        return KV_NETWORK_LETS_IN;
    }
    if (network->word[KV_NETWORK_BYPASS] == KV_BYPASS_NONE) {
        return KV_NETWORK_KEEPS_ALL_OUT;
    }
    return is_trusted ? KV_NETWORK_LETS_IN : KV_NETWORK_KEEPS_ADDRESS_OUT;
}

enum kv_network_verdict kv_network_decide(const struct kv_network *sorted,
                                          const struct kv_address *client, bool is_trusted)
{
    if (kv_cidrs_have(&sorted->list[KV_NETWORK_PRIVATE], client)) {
        return KV_NETWORK_LETS_IN;
    }
    switch (sorted->word[KV_NETWORK_PUBLIC_ACCESS]) {
    case KV_PUBLIC_DISABLED:
        return decide_without_public_access(sorted, is_trusted);
    case KV_PUBLIC_SECURED_BY_PERIMETER:
        return decide_within_perimeter(sorted, client);
    default:
        return decide_by_rules(sorted, client, is_trusted);
    }
}

/* Of those that count at a time the last one made: when one takes over from another, both may. */
static const struct kv_network *choose(const struct access_network *network, kv_millis now)
{
    const struct kv_network *chosen = NULL;

    for (; network != NULL; network = network->next) {
        if (network->sorted.since <= now && now < network->sorted.until) {
            chosen = &network->sorted;
        }
    }
    return chosen;
}

static enum kv_network_verdict weigh(const struct kv_network *network,
                                     const struct kv_network_question *question)
{
    static const struct kv_address nowhere = { .is_v6 = true }; /* ::, which nobody calls from */
    struct kv_address client;
    bool is_address = kv_address_parse(question->client, &client);

    return kv_network_decide(network, is_address ? &client : &nowhere, question->is_trusted);
}

/* False: the index does not know all that was committed before `edition` was asked for. */
static bool try_weigh(struct kv_access *access, const struct kv_network_question *question,
                      uint64_t edition, enum kv_network_verdict *ret_verdict)
{
    pthread_rwlock_rdlock(&access->lock);
    bool current = access_is_current_locked(access, edition);
    if (current) {
        const struct access_network *first =
            access_index_networks(access->index, question->vault->id);
        const struct kv_network *network = choose(first, question->now);

        *ret_verdict = network != NULL ? weigh(network, question) : KV_NETWORK_LETS_IN;
    }
    pthread_rwlock_unlock(&access->lock);
    return current;
}

static enum kv_code refuse(const struct kv_network_question *question,
                           enum kv_network_verdict verdict, struct kv_err *err)
{
    const char *client = question->client, *name = question->vault->name;

    switch (verdict) {
    case KV_NETWORK_LETS_IN:
        break;
    case KV_NETWORK_KEEPS_ADDRESS_OUT:
        return KV_REFUSE(err, KV_TEXT_ADDRESS_KEPT_OUT, 0, client, question->caller, name,
                         question->vault->region);
    case KV_NETWORK_KEEPS_ALL_OUT:
        return KV_REFUSE(err, KV_TEXT_ALL_KEPT_OUT, 0, client, question->caller, name,
                         question->vault->region);
    case KV_NETWORK_KEEPS_PERIMETER:
        return KV_REFUSE(err, KV_TEXT_OUTSIDE_PERIMETER, 0, client, question->caller, name,
                         question->vault->region);
    case KV_NETWORK_KEEPS_PUBLIC_OUT:
        return KV_REFUSE(err, KV_TEXT_PUBLIC_KEPT_OUT, 0, question->caller_in_full, name,
                         question->vault->region);
    case KV_NETWORK_KEEPS_ALL_PUBLIC_OUT:
        return KV_REFUSE(err, KV_TEXT_ALL_PUBLIC_KEPT_OUT, 0, question->caller_in_full, name,
                         question->vault->region);
    }
    return KV_OK;
}

enum kv_code kv_network_check(struct kv_access *access, const struct kv_network_question *question,
                              struct kv_err *err)
{
    const uint64_t edition = atomic_load(&access->edition);
    enum kv_network_verdict verdict = KV_NETWORK_LETS_IN;

    while (!try_weigh(access, question, edition, &verdict)) { /* once, as for grants */
        KV_TRY(access_read_anew(access, edition, err));
    }
    return refuse(question, verdict, err);
}
