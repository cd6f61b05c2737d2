/* SPDX-License-Identifier: Apache-2.0 */
/* What a deployment asks of a key before it is used: the rules of kv/cmk/cmk.h, as far as the key's
 * URL and the vault's answer to GET tell of them. */
#include <stdio.h>

#include "probe.h"

static enum kv_cmk_fact fact(bool is_so)
{
    return is_so ? KV_CMK_YES : KV_CMK_NO;
}

/* What it is not told stays not known, and nothing fails by that. */
static struct kv_cmk_facts gather(const struct probe *probe)
{
    const struct key_facts *key = &probe->facts;
    const char *rsa = key->is_hsm ? "RSA-HSM" : "RSA";

    return (struct kv_cmk_facts){
        .url = probe->settings.key.url,
        .now = kv_seconds(probe->at),
        .key_state = KV_CMK_KEY_LIVE,
        .purge_protection = fact(!key->is_purgeable),
        .kty = key->is_rsa ? rsa : "another type",
        .bits = key->is_rsa ? key->bits : 0,
    };
}

bool verify_key(const struct probe *probe, char ret_flaw[FLAW_SIZE])
{
    const struct rules *rules = probe->settings.rules;
    const struct kv_cmk_facts facts = gather(probe);
    struct kv_cmk_finding findings[KV_CMK_RULE_COUNT];
    size_t count = rules->are_some ? kv_cmk_check(rules->profile, &facts, findings) : 0;

    for (size_t i = 0; i < count; i++) {
        if (findings[i].verdict == KV_CMK_FAILS) {
            (void) snprintf(ret_flaw, FLAW_SIZE, "this rule does not hold: %s Found: %.100s.",
                            findings[i].says, findings[i].found);
            return false;
        }
    }
    return true;
}
