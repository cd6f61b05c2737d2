/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/vaults/vault.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(vault, .timeout = 120);

Test(vault, refuses_specifications_that_say_nothing_sensible)
{
    static const struct {
        const char *spec, *named;
    } rows[] = {
        { "", "is not a valid vault name" },
        { "ab", "is not a valid vault name" },
        { "a23456789012345678901234x", "is not a valid vault name" },
        { "1abc", "is not a valid vault name" },
        { "-abc", "is not a valid vault name" },
        { "abc-", "is not a valid vault name" },
        { "a--b", "is not a valid vault name" },
        { "a_b", "is not a valid vault name" },
        { "dev.x", "is not a valid vault name" },
        { "dev,", " is not a setting" },
        { "dev,,sku=premium", " is not a setting" },
        { "dev,colour=red", "colour is not a setting" },
        { "dev,sku", "sku= is not valid: it must be standard or premium" },
        { "dev,sku=gold", "sku=gold is not valid" },
        { "dev,kind=hms", "kind=hms is not valid: it must be vault or hsm" },
        { "dev,retention=6", "retention=6 is not valid: it must be a number of days from 7 to 90" },
        { "dev,retention=91", "retention=91 is not valid" },
        { "dev,retention=7d", "retention=7d is not valid" },
        { "dev,retention=", "retention= is not valid" },
        { "dev,retention=-7", "retention=-7 is not valid" },
        { "dev,purge-protection=yes", "purge-protection=yes is not valid: it takes no value" },
        { "dev,access=all", "access=all is not valid: it must be open, policy or rbac" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_vault vault;
        struct kv_err err;

        cr_expect_eq(kv_vault_parse(rows[i].spec, &vault, &err), KV_BAD_PARAMETER, "%s",
                     rows[i].spec);
        cr_expect_not_null(strstr(err.message, rows[i].named), "%s: %s", rows[i].spec, err.message);
    }
}

Test(vault, survives_a_specification_without_end)
{
    char spec[5000];
    struct kv_vault vault;
    struct kv_err err;

    memset(spec, 'a', sizeof(spec) - 1);
    spec[sizeof(spec) - 1] = '\0';
    cr_expect_eq(kv_vault_parse(spec, &vault, &err), KV_BAD_PARAMETER);
    memcpy(spec, "dev,", 4);
    cr_expect_eq(kv_vault_parse(spec, &vault, &err), KV_BAD_PARAMETER);
}

Test(vault, has_the_defaults_of_the_design)
{
    struct kv_vault vault;

    cr_assert_eq(kv_vault_parse("Dev-1", &vault, NULL), KV_OK);
    cr_expect_str_eq(vault.name, "dev-1");
    cr_expect_eq(vault.kind, KV_VAULT);
    cr_expect_eq(vault.sku, KV_SKU_PREMIUM);
    cr_expect_eq(vault.access, KV_ACCESS_OPEN);
    cr_expect_eq(vault.retention_days, 90);
    cr_expect_not(vault.purge_protection);
}

Test(vault, takes_every_setting)
{
    struct kv_vault vault;

    cr_assert_eq(kv_vault_parse("pool,sku=standard,kind=hsm,retention=7,purge-protection,"
                                "access=rbac",
                                &vault, NULL),
                 KV_OK);
    cr_expect_eq(vault.kind, KV_MANAGED_HSM);
    cr_expect_eq(vault.sku, KV_SKU_STANDARD);
    cr_expect_eq(vault.access, KV_ACCESS_RBAC);
    cr_expect_eq(vault.retention_days, 7);
    cr_expect(vault.purge_protection);
}

/* contract §5 */
Test(vault, recovery_level_follows_retention_and_protection)
{
    static const struct {
        const char *spec, *level;
    } rows[] = {
        { "dev", "Recoverable+Purgeable" },
        { "dev,purge-protection", "Recoverable" },
        { "dev,retention=89", "CustomizedRecoverable+Purgeable" },
        { "dev,retention=7,purge-protection", "CustomizedRecoverable" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_vault vault;

        cr_assert_eq(kv_vault_parse(rows[i].spec, &vault, NULL), KV_OK);
        cr_expect_str_eq(kv_vault_recovery_level(&vault), rows[i].level, "%s", rows[i].spec);
    }
}

Test(vault, is_told_by_its_host)
{
    static const struct {
        const char *host;
        int index; /* -1: none */
    } rows[] = {
        { "dev.vault.localhost", 0 },
        { "DEV.VAULT.LOCALHOST", 0 },
        { "two.vault.azure.net", 1 },
        { "dev.vault.localhost.", 0 },
        { "pool.managedhsm.localhost", 2 },
        { "pool.managedhsm.azure.net", 2 },
        { "localhost", 0 },
        { "127.0.0.1", 0 },
        { "::1", 0 },
        { "vault.localhost", 0 },
        { "other.vault.localhost", -1 },
        { "other.vault.localhost.", -1 },
        { "dev.managedhsm.localhost", -1 },
        { "pool.vault.localhost", -1 },
        { "a.dev.vault.localhost", -1 },
        { "de.vault.localhost", -1 },
    };
    struct kv_vault vaults[3];

    cr_assert_eq(kv_vault_parse("dev", &vaults[0], NULL), KV_OK);
    cr_assert_eq(kv_vault_parse("two", &vaults[1], NULL), KV_OK);
    cr_assert_eq(kv_vault_parse("pool,kind=hsm", &vaults[2], NULL), KV_OK);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct kv_vault *found = kv_vault_of_host(vaults, 3, rows[i].host);

        cr_expect_eq(found, rows[i].index < 0 ? NULL : &vaults[rows[i].index], "%s", rows[i].host);
    }
}

Test(vault, names_its_own_host)
{
    struct kv_vault vault;
    char host[KV_VAULT_HOST_SIZE];

    cr_assert_eq(kv_vault_parse("a23456789012345678901234,kind=hsm", &vault, NULL), KV_OK);
    kv_vault_host(&vault, host);
    cr_expect_str_eq(host, "a23456789012345678901234.managedhsm.localhost");
}
