/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/vaults/vault.h - one vault or managed HSM: its settings, what `--vault SPEC` says of them,
 * and what follows from them.
 *
 * A struct kv_vault lent by the table (kv/vaults/vaults.h) never changes, and the functions here
 * touch nothing else, so all of them are safe from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_REGION "eastus" /* of a vault that was given no other, for headers and texts */
#define KV_REGION_MAX 40   /* characters */
#define KV_GROUP "coffer"  /* the resource group, likewise */
#define KV_GROUP_MAX 90    /* characters, as in the service */
#define KV_VAULT_NAME_MAX 24
#define KV_RETENTION_MIN 7 /* days */
#define KV_RETENTION_MAX 90

enum kv_vault_kind { KV_VAULT, KV_MANAGED_HSM };
enum kv_sku { KV_SKU_STANDARD, KV_SKU_PREMIUM };
enum kv_access_mode { KV_ACCESS_OPEN, KV_ACCESS_POLICY, KV_ACCESS_RBAC };

struct kv_vault {
    int64_t id; /* permanent: a later vault of the same name has another id; 0: not in the table */
    char name[KV_VAULT_NAME_MAX + 1]; /* lower case */
    enum kv_vault_kind kind;
    enum kv_sku sku;
    enum kv_access_mode access;
    unsigned retention_days; /* 7..90 */
    bool purge_protection;
    char group[KV_GROUP_MAX + 1];   /* the resource group that it lies in, as it was written */
    char region[KV_REGION_MAX + 1]; /* "eastus" */
    bool read_only;                 /* its region has failed over: keys work, changes are refused */
    kv_time made, changed;
    kv_time deleted, purge; /* when it was deleted, and will be purged by itself; 0 while it is
                               live */
};

/* The settings of a vault; a draft has a bit for each that was given. */
enum kv_vault_setting {
    KV_SETTING_KIND,
    KV_SETTING_SKU,
    KV_SETTING_RETENTION,
    KV_SETTING_PURGE_PROTECTION,
    KV_SETTING_ACCESS,
    KV_SETTING_GROUP,
    KV_SETTING_REGION,
    KV_SETTING_COUNT
};

/* A vault to be created, or changes to one: settings not given have their defaults. */
struct kv_vault_draft {
    struct kv_vault vault;
    unsigned given; /* 1 << enum kv_vault_setting */
};

/* A draft with a name and nothing else. KV_BAD_PARAMETER for an invalid name: contract §1. */
enum kv_code kv_vault_draft_begin(struct kv_vault_draft *ret_draft, const char *name, size_t len,
                                  struct kv_err *err) kv_must_check;

/* Adds a setting by its name and value, as in a SPEC; the value is "" if there is only a name.
 * KV_BAD_PARAMETER with a text that says what is wrong. */
enum kv_code kv_vault_draft_set(struct kv_vault_draft *draft, const char *name, const char *value,
                                struct kv_err *err) kv_must_check;

/* Reads NAME[,sku=..][,kind=..][,retention=..][,purge-protection][,access=..][,group=..][,region=..] (docs/options.md). */
enum kv_code kv_vault_parse(const char *spec, struct kv_vault_draft *ret_draft,
                            struct kv_err *err) kv_must_check;

/* The name of a setting in a SPEC, and a vault's value for it as written there: "retention", "90".
 * A text of KV_SETTING_TEXT_SIZE. */
#define KV_SETTING_TEXT_SIZE (KV_GROUP_MAX + 2) /* so that one that is too long is seen to be */
const char *kv_vault_setting_name(enum kv_vault_setting setting);
void kv_vault_setting_text(const struct kv_vault *vault, enum kv_vault_setting setting,
                           char ret_text[KV_SETTING_TEXT_SIZE]);

/* contract §5 */
const char *kv_vault_recovery_level(const struct kv_vault *vault);

/* "dev.vault.localhost" or "pool.managedhsm.localhost" into a buffer of KV_VAULT_HOST_SIZE. */
#define KV_VAULT_HOST_SIZE (KV_VAULT_NAME_MAX + sizeof(".managedhsm.localhost"))
void kv_vault_host(const struct kv_vault *vault, char ret_host[KV_VAULT_HOST_SIZE]);

/*
 * Takes a host name apart: {name}.vault.localhost, .vault.azure.net and the managedhsm pair, in
 * any case, with or without a final dot. False for any other name (localhost, an address); the name
 * is "" if no vault can have it.
 */
bool kv_vault_host_parse(const char *host, enum kv_vault_kind *ret_kind,
                         char ret_name[KV_VAULT_NAME_MAX + 1]);
