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
        { "dev,group=", "group= is not valid: it takes 1 to 90 letters" },
        { "dev,group=a/b", "group=a/b is not valid" },
        { "dev,group=ends.", "group=ends. is not valid" },
        { "dev,region=", "region= is not valid: it takes 1 to 40 letters" },
        { "dev,region=   ", "is not valid" },
        { "dev,region=east/us", "region=east/us is not valid" },
        { "dev,group=a,group=b", "group is given twice" },
        { "dev,retention=7,sku=standard,retention=8", "retention is given twice" },
        { "dev,retention=7,retention=7", "vault dev: retention is given twice" },
        { "dev,purge-protection,purge-protection=false", "purge-protection is given twice" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_vault_draft draft;
        struct kv_err err;

        cr_expect_eq(kv_vault_parse(rows[i].spec, &draft, &err), KV_BAD_PARAMETER, "%s",
                     rows[i].spec);
        cr_expect_not_null(strstr(err.message, rows[i].named), "%s: %s", rows[i].spec, err.message);
    }
}

Test(vault, survives_a_specification_without_end)
{
    char spec[5000];
    struct kv_vault_draft draft;
    struct kv_err err;

    memset(spec, 'a', sizeof(spec) - 1);
    spec[sizeof(spec) - 1] = '\0';
    cr_expect_eq(kv_vault_parse(spec, &draft, &err), KV_BAD_PARAMETER);
    memcpy(spec, "dev,", 4);
    cr_expect_eq(kv_vault_parse(spec, &draft, &err), KV_BAD_PARAMETER);
}

/* One that is too long is not cut to one that is not. */
Test(vault, lies_in_a_group_with_a_name_of_ninety_characters)
{
    char spec[200] = "dev,group=";
    struct kv_vault_draft draft;

    memset(spec + strlen(spec), 'g', 90);
    cr_assert_eq(kv_vault_parse(spec, &draft, NULL), KV_OK);
    cr_expect_eq(strlen(draft.vault.group), 90);
    spec[strlen(spec)] = 'g';
    cr_expect_eq(kv_vault_parse(spec, &draft, NULL), KV_BAD_PARAMETER);
}

Test(vault, has_the_defaults_of_the_design)
{
    struct kv_vault_draft draft;

    cr_assert_eq(kv_vault_parse("Dev-1", &draft, NULL), KV_OK);
    cr_expect_str_eq(draft.vault.name, "dev-1");
    cr_expect_eq(draft.vault.kind, KV_VAULT);
    cr_expect_eq(draft.vault.sku, KV_SKU_PREMIUM);
    cr_expect_eq(draft.vault.access, KV_ACCESS_OPEN);
    cr_expect_eq(draft.vault.retention_days, 90);
    cr_expect_not(draft.vault.purge_protection);
    cr_expect_str_eq(draft.vault.group, "coffer");
    cr_expect_str_eq(draft.vault.region, "eastus");
}

Test(vault, takes_every_setting)
{
    struct kv_vault_draft draft;

    cr_assert_eq(kv_vault_parse("pool,sku=standard,kind=hsm,retention=7,purge-protection,"
                                "access=rbac,group=rg-(1)_a.b,region=West US 2",
                                &draft, NULL),
                 KV_OK);
    cr_expect_eq(draft.vault.kind, KV_MANAGED_HSM);
    cr_expect_eq(draft.vault.sku, KV_SKU_STANDARD);
    cr_expect_eq(draft.vault.access, KV_ACCESS_RBAC);
    cr_expect_eq(draft.vault.retention_days, 7);
    cr_expect(draft.vault.purge_protection);
    cr_expect_str_eq(draft.vault.group, "rg-(1)_a.b");
    cr_expect_str_eq(draft.vault.region, "westus2");
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
        struct kv_vault_draft draft;

        cr_assert_eq(kv_vault_parse(rows[i].spec, &draft, NULL), KV_OK);
        cr_expect_str_eq(kv_vault_recovery_level(&draft.vault), rows[i].level, "%s", rows[i].spec);
    }
}

Test(vault, names_its_own_host)
{
    struct kv_vault_draft draft;
    char host[KV_VAULT_HOST_SIZE];

    cr_assert_eq(kv_vault_parse("a23456789012345678901234,kind=hsm", &draft, NULL), KV_OK);
    kv_vault_host(&draft.vault, host);
    cr_expect_str_eq(host, "a23456789012345678901234.managedhsm.localhost");
}
