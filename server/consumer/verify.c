/* SPDX-License-Identifier: Apache-2.0 */
/* What a deployment asks of a key before it is used: control-plane.md §4.1, by the rows of profile.c. */
#include <string.h>

#include "probe.h"

static bool has_size(const struct rules *rules, unsigned bits)
{
    if (rules->sizes[0] == 0) {
        return true;
    }
    for (size_t i = 0; i < KV_COUNT(rules->sizes); i++) {
        if (rules->sizes[i] != 0 && rules->sizes[i] == bits) {
            return true;
        }
    }
    return false;
}

/* HOST's first label is the vault's name. */
static size_t count_name(const struct key_place *key)
{
    return strcspn(key->host, ".") + strlen(key->name);
}

const char *verify_key(const struct probe *probe)
{
    const struct rules *rules = probe->settings.rules;
    const struct key_facts *facts = &probe->facts;

    if (rules->wants_version && probe->settings.key.version[0] == '\0') {
        return "The URL of the key names no version: give https://VAULT/keys/NAME/VERSION.";
    }
    if (rules->name_max > 0 && count_name(&probe->settings.key) > rules->name_max) {
        return "The names of vault and key have more than 94 characters together.";
    }
    if (rules->wants_rsa && !facts->is_rsa) {
        return "The key is no RSA key.";
    }
    if (!rules->allows_hsm && facts->is_hsm) {
        return "The key is of type RSA-HSM, and RSA is wanted.";
    }
    if (facts->is_rsa && !has_size(rules, facts->bits)) {
        return "The key has not 2048 or 3072 bits.";
    }
    if (rules->wants_purge_protection && facts->is_purgeable) {
        return "The vault has no purge protection: its keys can be purged.";
    }
    return NULL;
}
