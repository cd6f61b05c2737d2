/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a deployment asks of a key: the rules that `coffer doctor` has, with the facts that coffer knows by itself
 * because vault and key are its own. Of another's vault nothing is known here: the service asks for it.
 */
#include <stdio.h>
#include <string.h>

#include "kv/access/firewall.h"
#include "kv/keys/keys.h"
#include "private.h"

/* What the facts borrow. */
struct found {
    struct kv_cmk_url url;
    const struct kv_vault *vault;
    struct kv_key key;
    bool has_key;
};

static void found_done(struct found *found)
{
    kv_vault_release(found->vault);
    kv_key_done(&found->key);
}
KV_DEFINE_CLEANUP_VALUE(struct found, found_done)

static enum kv_cmk_fact fact(bool holds)
{
    return holds ? KV_CMK_YES : KV_CMK_NO;
}

/* The vault whose host the URL names; one that is deleted is found, too. */
static bool find_vault(const struct arm_call *call, struct found *found)
{
    char name[KV_VAULT_NAME_MAX + 1];

    if (!kv_public_names_vault(&call->app->public_url, found->url.host, name)) {
        return false;
    }
    if (kv_vaults_get(call->app->vaults, name, kv_seconds(call->now), &found->vault, NULL)
        != KV_OK) {
        found->vault = NULL;
    }
    return true;
}

static void learn_firewall(const struct arm_call *call, const struct found *found,
                           struct kv_cmk_facts *facts)
{
    kv_auto(kv_network_done) struct kv_network network = { 0 };

    if (kv_network_get(call->app->access, found->vault, &network, NULL) == KV_OK) {
        bool is_closed = network.word[KV_NETWORK_DEFAULT_ACTION] == KV_DEFAULT_DENY
                         || network.word[KV_NETWORK_PUBLIC_ACCESS] != KV_PUBLIC_ENABLED;

        facts->firewall_closed = fact(is_closed);
        facts->bypass = fact(network.word[KV_NETWORK_BYPASS] == KV_BYPASS_AZURE_SERVICES);
    }
}

static void learn_vault(const struct arm_call *call, const struct found *found,
                        struct kv_cmk_facts *facts)
{
    facts->vault_live = fact(found->vault != NULL && found->vault->deleted == 0);
    if (found->vault == NULL) {
        return;
    }
    facts->soft_delete = KV_CMK_YES;
    facts->purge_protection = fact(found->vault->purge_protection);
    facts->mode = found->vault->access == KV_ACCESS_POLICY ? KV_CMK_POLICY : KV_CMK_RBAC;
    facts->vault_tenant = kv_identity_tenant(call->app->identity);
    facts->vault_region = found->vault->region;
    learn_firewall(call, found, facts);
}

static bool is_deleted(const struct kv_scope *scope, const char *name)
{
    kv_auto(kv_key_done) struct kv_key key = { 0 };

    return kv_key_get_deleted(scope, name, &key, NULL) == KV_OK;
}

static void learn_attributes(const struct found *found, struct kv_cmk_facts *facts)
{
    const struct kv_attributes *attributes = &found->key.attributes;

    facts->kty = kv_kty_row(found->key.kty)->name;
    facts->bits = found->key.material.bits;
    facts->enabled = fact(attributes->enabled);
    facts->has_dates = true;
    facts->not_before = attributes->not_before.given ? attributes->not_before.value : 0;
    facts->expires = attributes->expires.given ? attributes->expires.value : 0;
    facts->op_wrap = fact(kv_key_ops_allow(&found->key.ops, KV_OP_WRAP));
    facts->op_unwrap = fact(kv_key_ops_allow(&found->key.ops, KV_OP_UNWRAP));
}

static void learn_key(const struct arm_call *call, struct found *found, struct kv_cmk_facts *facts)
{
    const struct kv_scope scope = {
        .keys = call->app->keys,
        .vault = found->vault,
        .authority = "",
        .now = call->now,
    };
    const char *version = found->url.version[0] != '\0' ? found->url.version : NULL;

    if (found->vault == NULL || found->vault->deleted != 0 || found->url.key[0] == '\0') {
        return;
    }
    if (kv_key_get(&scope, found->url.key, version, &found->key, NULL) == KV_OK) {
        facts->key_state = KV_CMK_KEY_LIVE;
        learn_attributes(found, facts);
        return;
    }
    facts->key_state = is_deleted(&scope, found->url.key) ? KV_CMK_KEY_DELETED : KV_CMK_KEY_ABSENT;
}

static enum kv_code refuse(const struct kv_cmk_finding *finding, const char *url,
                           struct kv_err *err)
{
    return KV_FAIL(
        err, KV_ARM_BAD_REQUEST, 0,
        "The customer-managed key '%.200s' cannot be used. This rule does not hold: %s Found: "
        "%s (%s).%s%s",
        url, finding->says, finding->found, finding->where,
        finding->mend[0] != '\0' ? " To mend it: " : "", finding->mend);
}

enum kv_code health_check_key(const struct arm_call *call, enum kv_cmk_profile profile,
                              const char *url, const char *location, struct kv_err *err)
{
    struct kv_cmk_finding findings[KV_CMK_RULE_COUNT];
    kv_auto(found_done) struct found found = { 0 };
    struct kv_cmk_facts facts = { .url = url, .now = kv_seconds(call->now) };
    size_t count;

    facts.service_tenant = kv_identity_tenant(call->app->identity);
    facts.service_region = location;
    if (kv_cmk_url_parse(url, &found.url, NULL) == KV_OK && find_vault(call, &found)) {
        learn_vault(call, &found, &facts);
        learn_key(call, &found, &facts);
    }
    count = kv_cmk_check(profile, &facts, findings);
    for (size_t i = 0; i < count; i++) {
        if (findings[i].verdict == KV_CMK_FAILS) {
            return refuse(&findings[i], url, err);
        }
    }
    return KV_OK;
}
