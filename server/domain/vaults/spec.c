/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what is given for a vault: its name and its settings. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/vaults/vault.h"

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

    if (!isdigit((unsigned char) value[0]) || *end != '\0' || days < KV_RETENTION_MIN
        || days > KV_RETENTION_MAX) {
        return false;
    }
    vault->retention_days = (unsigned) days;
    return true;
}

/* The name alone switches it on; a value is for callers that have to give one. */
static bool set_purge_protection(struct kv_vault *vault, const char *value)
{
    vault->purge_protection = strcmp(value, "false") != 0;
    return value[0] == '\0' || strcmp(value, "true") == 0 || !vault->purge_protection;
}

static const char *const access_names[] = {
    [KV_ACCESS_OPEN] = "open",
    [KV_ACCESS_POLICY] = "policy",
    [KV_ACCESS_RBAC] = "rbac",
};

static bool set_access(struct kv_vault *vault, const char *value)
{
    for (size_t i = 0; i < KV_COUNT(access_names); i++) {
        if (strcmp(value, access_names[i]) == 0) {
            vault->access = (enum kv_access_mode) i;
            return true;
        }
    }
    return false;
}

/* Letters and digits of ASCII, and those of `others`; at most `max`. */
static bool is_made_of(const char *text, const char *others, size_t max)
{
    size_t len = strlen(text);

    for (const char *at = text; *at != '\0'; at++) {
        if (!isalnum((unsigned char) *at) && strchr(others, *at) == NULL) {
            return false;
        }
    }
    return len > 0 && len <= max;
}

static bool set_group(struct kv_vault *vault, const char *value)
{
    if (!is_made_of(value, "-_.()", KV_GROUP_MAX) || value[strlen(value) - 1] == '.') {
        return false;
    }
    memcpy(vault->group, value, strlen(value) + 1);
    return true;
}

/* "East US" and "eastus" are the same region. */
static bool set_region(struct kv_vault *vault, const char *value)
{
    size_t len = 0;

    if (!is_made_of(value, " ", KV_REGION_MAX)) {
        return false;
    }
    for (const char *at = value; *at != '\0'; at++) {
        if (*at != ' ') {
            vault->region[len++] = (char) tolower((unsigned char) *at);
        }
    }
    vault->region[len] = '\0';
    return len > 0;
}

static const struct {
    const char *name;
    setter_fn *set;
    const char *rule;
} settings[KV_SETTING_COUNT] = {
    [KV_SETTING_KIND] = { "kind", set_kind, "must be vault or hsm" },
    [KV_SETTING_SKU] = { "sku", set_sku, "must be standard or premium" },
    [KV_SETTING_RETENTION] = { "retention", set_retention,
                               "must be a number of days from 7 to 90" },
    [KV_SETTING_PURGE_PROTECTION] = { "purge-protection", set_purge_protection,
                                      "takes no value, or true or false" },
    [KV_SETTING_ACCESS] = { "access", set_access, "must be open, policy or rbac" },
    [KV_SETTING_GROUP] = { "group", set_group,
                           "takes 1 to 90 letters, digits and -_.(), and does not end with a "
                           "full stop" },
    [KV_SETTING_REGION] = { "region", set_region, "takes 1 to 40 letters, digits and blanks" },
};

enum kv_code kv_vault_draft_begin(struct kv_vault_draft *ret_draft, const char *name, size_t len,
                                  struct kv_err *err)
{
    struct kv_vault_draft draft = {
        .vault = { .sku = KV_SKU_PREMIUM,
                   .retention_days = KV_RETENTION_MAX,
                   .group = KV_GROUP,
                   .region = KV_REGION },
    };

    KV_TRY(set_name(&draft.vault, name, len, err));
    *ret_draft = draft;
    return KV_OK;
}

enum kv_code kv_vault_draft_set(struct kv_vault_draft *draft, const char *name, const char *value,
                                struct kv_err *err)
{
    for (unsigned i = 0; i < KV_COUNT(settings); i++) {
        if (strcmp(name, settings[i].name) != 0) {
            continue;
        }
        if ((draft->given & 1U << i) != 0) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "vault %s: %s is given twice",
                           draft->vault.name, name);
        }
        if (!settings[i].set(&draft->vault, value)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "vault %s: %.32s=%.64s is not valid: it %s",
                           draft->vault.name, name, value, settings[i].rule);
        }
        draft->given |= 1U << i;
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "vault %s: %.64s is not a setting of a vault",
                   draft->vault.name, name);
}

static enum kv_code apply_setting(struct kv_vault_draft *draft, const char *text, size_t len,
                                  struct kv_err *err)
{
    char setting[sizeof("purge-protection=") + KV_SETTING_TEXT_SIZE];

    snprintf(setting, sizeof(setting), "%.*s", (int) len, text);

    char *equals = strchr(setting, '=');
    const char *value = equals != NULL ? equals + 1 : "";

    if (equals != NULL) {
        *equals = '\0';
    }
    return kv_vault_draft_set(draft, setting, value, err);
}

enum kv_code kv_vault_parse(const char *spec, struct kv_vault_draft *ret_draft, struct kv_err *err)
{
    struct kv_vault_draft draft;
    size_t len = strcspn(spec, ",");

    KV_TRY(kv_vault_draft_begin(&draft, spec, len, err));
    for (const char *rest = spec + len; *rest == ','; rest += len) {
        rest++;
        len = strcspn(rest, ",");
        KV_TRY(apply_setting(&draft, rest, len, err));
    }
    *ret_draft = draft;
    return KV_OK;
}

const char *kv_vault_setting_name(enum kv_vault_setting setting)
{
    return settings[setting].name;
}

void kv_vault_setting_text(const struct kv_vault *vault, enum kv_vault_setting setting,
                           char ret_text[KV_SETTING_TEXT_SIZE])
{
    const char *text = "";

    switch (setting) {
    case KV_SETTING_KIND:
        text = vault->kind == KV_MANAGED_HSM ? "hsm" : "vault";
        break;
    case KV_SETTING_SKU:
        text = vault->sku == KV_SKU_PREMIUM ? "premium" : "standard";
        break;
    case KV_SETTING_PURGE_PROTECTION:
        text = vault->purge_protection ? "true" : "false";
        break;
    case KV_SETTING_ACCESS:
        text = access_names[vault->access];
        break;
    case KV_SETTING_GROUP:
        text = vault->group;
        break;
    case KV_SETTING_REGION:
        text = vault->region;
        break;
    case KV_SETTING_RETENTION:
        snprintf(ret_text, KV_SETTING_TEXT_SIZE, "%u", vault->retention_days);
        return;
    case KV_SETTING_COUNT:
        break;
    }
    snprintf(ret_text, KV_SETTING_TEXT_SIZE, "%s", text);
}
