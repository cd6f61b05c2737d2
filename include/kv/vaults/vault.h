/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/vaults/vault.h - vaults: what `--vault SPEC` says, and what follows from it.
 *
 * Immutable after start, so safe from any thread; pointers to a vault are borrowed and live as
 * long as the struct kv_vaults.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/err.h"

#define KV_VAULT_NAME_MAX 24
#define KV_VAULTS_MAX 256

enum kv_vault_kind { KV_VAULT, KV_MANAGED_HSM };
enum kv_sku { KV_SKU_STANDARD, KV_SKU_PREMIUM };
enum kv_access { KV_ACCESS_OPEN, KV_ACCESS_POLICY, KV_ACCESS_RBAC };

struct kv_vault {
    char name[KV_VAULT_NAME_MAX + 1]; /* lower case */
    enum kv_vault_kind kind;
    enum kv_sku sku;
    enum kv_access access;
    unsigned retention_days; /* 7..90 */
    bool purge_protection;
};

/*
 * Reads NAME[,sku=..][,kind=..][,retention=..][,purge-protection][,access=..] (design §2); a
 * refusal (KV_BAD_PARAMETER) names what is wrong. Names follow contract §1.
 */
enum kv_code kv_vault_parse(const char *spec, struct kv_vault *ret_vault,
                            struct kv_err *err) kv_must_check;

/* contract §5 */
const char *kv_vault_recovery_level(const struct kv_vault *vault);

/* "dev.vault.localhost" or "pool.managedhsm.localhost" into a buffer of KV_VAULT_HOST_SIZE. */
#define KV_VAULT_HOST_SIZE (KV_VAULT_NAME_MAX + sizeof(".managedhsm.localhost"))
void kv_vault_host(const struct kv_vault *vault, char ret_host[KV_VAULT_HOST_SIZE]);

/*
 * The vault a host name selects among `count`: {name}.vault.localhost, .vault.azure.net and the
 * managedhsm pair; a name that is none of these (localhost, an address) is the first vault. NULL:
 * a vault's name, but of no vault here.
 */
const struct kv_vault *kv_vault_of_host(const struct kv_vault *vaults, size_t count,
                                        const char *host);
