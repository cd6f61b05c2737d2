/* SPDX-License-Identifier: Apache-2.0 */
/* Vault specifications and host names. */
#include "kv/vaults/vault.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RETENTION_MIN 7
#define RETENTION_MAX 90
#define NAME_MIN 3

/* contract §1: 3-24 characters, starts with a letter, ends with a letter or digit, no "--" */
static bool name_is_valid(const char *name, size_t len)
{
    if (len < NAME_MIN || len > KV_VAULT_NAME_MAX || !isalpha((unsigned char) name[0])
        || name[len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        bool doubled = name[i] == '-' && name[i - 1] == '-'; /* name[0] is a letter */

        if (doubled || (!isalnum((unsigned char) name[i]) && name[i] != '-')) {
            return false;
        }
    }
    return true;
}

static enum kv_code set_name(struct kv_vault *vault, const char *name, size_t len,
                             struct kv_err *err)
{
    if (!name_is_valid(name, len)) {
        return KV_FAIL(
            err, KV_BAD_PARAMETER, 0,
            "%.*s is not a valid vault name: it takes 3 to 24 letters, digits and single "
            "hyphens, starts with a letter and does not end with a hyphen",
            (int) (len < 64 ? len : 64), name);
    }
    for (size_t i = 0; i < len; i++) {
        vault->name[i] = (char) tolower((unsigned char) name[i]);
    }
    vault->name[len] = '\0';
    return KV_OK;
}

typedef bool setter_fn(struct kv_vault *vault, const char *value);

static bool set_sku(struct kv_vault *vault, const char *value)
{
    vault->sku = strcmp(value, "premium") == 0 ? KV_SKU_PREMIUM : KV_SKU_STANDARD;
    return vault->sku == KV_SKU_PREMIUM || strcmp(value, "standard") == 0;
}

static bool set_kind(struct kv_vault *vault, const char *value)
{
    vault->kind = strcmp(value, "hsm") == 0 ? KV_MANAGED_HSM : KV_VAULT;
    return vault->kind == KV_MANAGED_HSM || strcmp(value, "vault") == 0;
}

static bool set_retention(struct kv_vault *vault, const char *value)
{
    char *end;
    long days = strtol(value, &end, 10);

    if (!isdigit((unsigned char) value[0]) || *end != '\0' || days < RETENTION_MIN
        || days > RETENTION_MAX) {
        return false;
    }
    vault->retention_days = (unsigned) days;
    return true;
}

static bool set_purge_protection(struct kv_vault *vault, const char *value)
{
    vault->purge_protection = true;
    return value[0] == '\0';
}

static bool set_access(struct kv_vault *vault, const char *value)
{
    static const char *const names[] = {
        [KV_ACCESS_OPEN] = "open",
        [KV_ACCESS_POLICY] = "policy",
        [KV_ACCESS_RBAC] = "rbac",
    };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        if (strcmp(value, names[i]) == 0) {
            vault->access = (enum kv_access) i;
            return true;
        }
    }
    return false;
}

static const struct {
    const char *name;
    setter_fn *set;
    const char *rule;
} settings[] = {
    { "sku", set_sku, "must be standard or premium" },
    { "kind", set_kind, "must be vault or hsm" },
    { "retention", set_retention, "must be a number of days from 7 to 90" },
    { "purge-protection", set_purge_protection, "takes no value" },
    { "access", set_access, "must be open, policy or rbac" },
};

static enum kv_code apply_setting(struct kv_vault *vault, const char *text, size_t len,
                                  struct kv_err *err)
{
    char setting[64];

    snprintf(setting, sizeof(setting), "%.*s", (int) len, text);

    char *equals = strchr(setting, '=');
    const char *value = equals != NULL ? equals + 1 : "";

    if (equals != NULL) {
        *equals = '\0';
    }
    for (size_t i = 0; i < KV_COUNT(settings); i++) {
        if (strcmp(setting, settings[i].name) != 0) {
            continue;
        }
        if (!settings[i].set(vault, value)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "vault %s: %s=%s is not valid: it %s",
                           vault->name, setting, value, settings[i].rule);
        }
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "vault %s: %s is not a setting of a vault",
                   vault->name, setting);
}

enum kv_code kv_vault_parse(const char *spec, struct kv_vault *ret_vault, struct kv_err *err)
{
    struct kv_vault vault = { .sku = KV_SKU_PREMIUM, .retention_days = RETENTION_MAX };
    size_t len = strcspn(spec, ",");

    KV_TRY(set_name(&vault, spec, len, err));
    for (const char *rest = spec + len; *rest == ','; rest += len) {
        rest++;
        len = strcspn(rest, ",");
        KV_TRY(apply_setting(&vault, rest, len, err));
    }
    *ret_vault = vault;
    return KV_OK;
}

const char *kv_vault_recovery_level(const struct kv_vault *vault)
{
    static const char *const levels[2][2] = {
        { "CustomizedRecoverable+Purgeable", "CustomizedRecoverable" },
        { "Recoverable+Purgeable", "Recoverable" },
    };

    return levels[vault->retention_days == RETENTION_MAX][vault->purge_protection];
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

static const struct kv_vault *find_vault(const struct kv_vault *vaults, size_t count,
                                         enum kv_vault_kind kind, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (vaults[i].kind == kind && strlen(vaults[i].name) == len
            && strncasecmp(vaults[i].name, name, len) == 0) {
            return &vaults[i];
        }
    }
    return NULL;
}

const struct kv_vault *kv_vault_of_host(const struct kv_vault *vaults, size_t count,
                                        const char *host)
{
    size_t len = strlen(host);

    len -= len > 0 && host[len - 1] == '.'; /* of an absolute name */
    for (size_t i = 0; i < KV_COUNT(domains); i++) {
        if (has_suffix(host, len, domains[i].suffix)) {
            return find_vault(vaults, count, domains[i].kind, host,
                              len - strlen(domains[i].suffix));
        }
    }
    return &vaults[0];
}
