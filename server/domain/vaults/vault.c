/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from the settings of a vault, and its host names. */
#include "kv/vaults/vault.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

const char *kv_vault_recovery_level(const struct kv_vault *vault)
{
    static const char *const levels[2][2] = {
        { "CustomizedRecoverable+Purgeable", "CustomizedRecoverable" },
        { "Recoverable+Purgeable", "Recoverable" },
    };

    return levels[vault->retention_days == KV_RETENTION_MAX][vault->purge_protection];
}

static const char *const local_domains[] = {
    [KV_VAULT] = ".vault.localhost",
    [KV_MANAGED_HSM] = ".managedhsm.localhost",
};

void kv_vault_host(const struct kv_vault *vault, char ret_host[KV_VAULT_HOST_SIZE])
{
    snprintf(ret_host, KV_VAULT_HOST_SIZE, "%s%s", vault->name, local_domains[vault->kind]);
}

static const struct {
    const char *suffix;
    enum kv_vault_kind kind;
} domains[] = {
    { ".vault.localhost", KV_VAULT },
    { ".vault.azure.net", KV_VAULT },
    { ".managedhsm.localhost", KV_MANAGED_HSM },
    { ".managedhsm.azure.net", KV_MANAGED_HSM },
};

static bool has_suffix(const char *text, size_t len, const char *suffix)
{
    size_t suffix_len = strlen(suffix);

    return len > suffix_len && strncasecmp(text + len - suffix_len, suffix, suffix_len) == 0;
}

void vault_name_fold(const char *host, size_t len, char ret_name[KV_VAULT_NAME_MAX + 1])
{
    if (len > KV_VAULT_NAME_MAX) {
        len = 0;
    }
    for (size_t i = 0; i < len; i++) {
        ret_name[i] = (char) tolower((unsigned char) host[i]);
    }
    ret_name[len] = '\0';
}

bool kv_vault_host_parse(const char *host, enum kv_vault_kind *ret_kind,
                         char ret_name[KV_VAULT_NAME_MAX + 1])
{
    size_t len = strlen(host);

    len -= len > 0 && host[len - 1] == '.'; /* of an absolute name */
    for (size_t i = 0; i < KV_COUNT(domains); i++) {
        if (has_suffix(host, len, domains[i].suffix)) {
            *ret_kind = domains[i].kind;
            vault_name_fold(host, len - strlen(domains[i].suffix), ret_name);
            return true;
        }
    }
    return false;
}
