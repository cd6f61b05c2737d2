/* SPDX-License-Identifier: Apache-2.0 */
/* Vaults that are put back to what the options say. */
#include "vaults.h"

TestSuite(vaults_reset, .init = scratch_make, .fini = tear_down, .timeout = 120);

Test(vaults_reset, come_back_as_the_options_say_when_they_are_reset)
{
    static const char *const specs[] = { "dev,retention=7", "two" };

    open_table(specs, 2);
    int64_t id = id_of("dev");
    cr_assert_eq(make("later", NOW), KV_OK);
    cr_assert_eq(change("dev,sku=standard,purge-protection"), KV_OK);
    cr_assert_eq(delete_vault("two"), KV_OK);
    execute("INSERT INTO vault (name) VALUES ('old')");
    cr_assert_eq(kv_vaults_reset(vaults, NULL, NOW, &err), KV_OK, "%s", err.message);
    cr_expect_eq(tenant.emptied, KV_VAULTS_ALL);
    kv_auto(kv_vault_release) const struct kv_vault *dev = kv_vaults_acquire(vaults, "dev");
    cr_assert_not_null(dev);
    cr_expect_gt(dev->id, id);
    cr_expect_eq(dev->sku, KV_SKU_PREMIUM);
    cr_expect_not(dev->purge_protection);
    cr_expect_eq(dev->retention_days, 7);
    cr_expect_neq(id_of("two"), 0);
    cr_expect_eq(id_of("later"), 0);
    cr_expect_eq(kv_vaults_count(vaults), 2);
    kv_auto(kv_vault_release) const struct kv_vault *first =
        kv_vaults_acquire_host(vaults, "localhost");
    cr_expect_eq(first, dev);
    cr_expect_eq(make("old,kind=hsm", NOW), KV_OK, "it is forgotten");
    reopen("dev,retention=7");
    cr_expect_eq(id_of("dev"), dev->id);
}

Test(vaults_reset, are_reset_one_by_one)
{
    open_one("dev,retention=7");
    int64_t dev = id_of("dev");
    cr_assert_eq(make("later,retention=9,kind=hsm", NOW), KV_OK);
    int64_t later = id_of("later");
    cr_assert_eq(make("third", NOW), KV_OK);
    cr_expect_eq(kv_vaults_reset(vaults, "none", NOW, &err), KV_VAULT_NOT_FOUND);
    cr_assert_eq(kv_vaults_reset(vaults, "later", NOW, &err), KV_OK, "%s", err.message);
    cr_expect_eq(tenant.emptied, later);
    kv_auto(kv_vault_release) const struct kv_vault *vault = kv_vaults_acquire(vaults, "later");
    cr_expect_gt(vault->id, later);
    cr_expect_eq(vault->kind, KV_MANAGED_HSM, "no option says otherwise");
    cr_expect_eq(vault->retention_days, 9);
    cr_expect_eq(id_of("dev"), dev);
    cr_assert_eq(delete_vault("dev"), KV_OK);
    cr_assert_eq(kv_vaults_reset(vaults, "dev", NOW, &err), KV_OK);
    cr_expect_gt(id_of("dev"), dev);
    kv_auto(kv_vault_release) const struct kv_vault *first =
        kv_vaults_acquire_host(vaults, "localhost");
    cr_expect_str_eq(first->name, "dev");
    cr_expect_eq(kv_vaults_count(vaults), 3);
}

Test(vaults_reset, stay_as_they_are_when_a_reset_fails)
{
    open_one("dev");
    int64_t dev = id_of("dev");
    cr_assert_eq(make("later", NOW), KV_OK);
    tenant.refuses = true;
    cr_expect_eq(kv_vaults_reset(vaults, NULL, NOW, &err), KV_UNAVAILABLE);
    cr_expect_eq(kv_vaults_reset(vaults, "dev", NOW, &err), KV_UNAVAILABLE);
    cr_expect_eq(id_of("dev"), dev);
    cr_expect_neq(id_of("later"), 0);
    reopen("dev");
    cr_expect_eq(id_of("dev"), dev);
}
