/* SPDX-License-Identifier: Apache-2.0 */
/* Facts held against the rules. */
#include <stdio.h>

#include "private.h"

const char *kv_cmk_verdict_name(enum kv_cmk_verdict verdict)
{
    switch (verdict) {
    case KV_CMK_HOLDS:
        return "holds";
    case KV_CMK_FAILS:
        return "fails";
    case KV_CMK_OPEN:
        break;
    }
    return "not known";
}

/* What gives an identity all three rights: the least that both modes have. */
static const struct {
    const char *coffer, *azure;
} grants[] = {
    [KV_CMK_RBAC] = {
        "coffer access grant --vault {vault} --identity {identity} --role "
        "key-vault-crypto-service-encryption-user",
        "az role assignment create --role 'Key Vault Crypto Service Encryption User' --assignee "
        "{identity} --scope \"$(az keyvault show --name {vault} --query id -o tsv)\"",
    },
    [KV_CMK_POLICY] = {
        "coffer access grant --vault {vault} --identity {identity} --permissions "
        "get,wrapKey,unwrapKey",
        "az keyvault set-policy --name {vault} --spn {identity} --key-permissions get wrapKey "
        "unwrapKey",
    },
};

static const char *find_command(enum kv_cmk_rule rule, const struct kv_cmk_facts *facts)
{
    const struct cmk_rule *row = cmk_rule_row(rule);
    bool is_coffer = facts->control != NULL;

    if (rule == KV_CMK_RULE_VAULT_REACHABLE && facts->reach != NULL) {
        return facts->reach;
    }
    if (row->azure == NULL) {
        return is_coffer ? grants[facts->mode].coffer : grants[facts->mode].azure;
    }
    return is_coffer && row->coffer != NULL ? row->coffer : row->azure;
}

static void judge(enum kv_cmk_rule rule, const struct cmk_case *judged,
                  struct kv_cmk_finding *ret_finding)
{
    const struct cmk_rule *row = cmk_rule_row(rule);

    *ret_finding = (struct kv_cmk_finding){
        .rule = rule, .id = row->id, .says = row->says, .error = row->error
    };
    ret_finding->verdict = row->judge(judged, ret_finding->found);
    cmk_text_expand(row->where, judged, ret_finding->where, sizeof(ret_finding->where));
    if (ret_finding->verdict == KV_CMK_FAILS) {
        cmk_text_expand(find_command(rule, judged->facts), judged, ret_finding->mend,
                        sizeof(ret_finding->mend));
    }
}

size_t kv_cmk_check(enum kv_cmk_profile profile, const struct kv_cmk_facts *facts,
                    struct kv_cmk_finding ret_findings[KV_CMK_RULE_COUNT])
{
    struct kv_cmk_url url;
    struct kv_err flaw = { .code = KV_OK };
    size_t count = 0;

    enum kv_code code = kv_cmk_url_parse(facts->url != NULL ? facts->url : "", &url, &flaw);
    const struct cmk_case judged = { .facts = facts,
                                     .url = &url,
                                     .flaw = code == KV_OK ? NULL : flaw.message };
    for (unsigned i = 0; i < KV_CMK_RULE_COUNT; i++) {
        if ((cmk_rule_row(i)->profiles & 1U << profile) != 0) {
            judge(i, &judged, &ret_findings[count++]);
        }
    }
    return count;
}
