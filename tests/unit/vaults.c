/* SPDX-License-Identifier: Apache-2.0 */
/* The life of vaults in a store: what is refused, what stays, what goes. */
#include "vaults.h"

TestSuite(vaults, .init = scratch_make, .fini = tear_down, .timeout = 120);

Test(vaults, refuse_options_that_contradict_the_store)
{
    static const struct {
        const char *spec, *said;
    } rows[] = {
        { "dev,retention=8", "'dev' has retention=7, not 8" },
        { "dev,kind=hsm", "'dev' has kind=vault, not hsm" },
        { "dev,sku=premium", "'dev' has sku=standard, not premium" },
        { "dev,purge-protection", "'dev' has purge-protection=false, not true" },
        { "dev,access=rbac", "'dev' has access=open, not rbac" },
        { "dev,group=other", "'dev' has group=rg, not other" },
        { "dev,region=westus", "'dev' has region=eastus, not westus" },
    };

    open_one("dev,retention=7,sku=standard,group=rg");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        close_table();
        cr_expect_eq(try_open(&rows[i].spec, 1), KV_BAD_PARAMETER, "%s", rows[i].spec);
        cr_expect_not_null(strstr(err.message, rows[i].said), "%s", err.message);
    }
    reopen("dev"); /* which says nothing of them */
    cr_expect_neq(id_of("dev"), 0);
    reopen("dev,retention=7");
}

Test(vaults, refuse_a_change_of_what_is_for_good)
{
    open_one("dev");
    cr_assert_eq(make("safe,purge-protection", NOW), KV_OK);
    cr_expect_eq(change("dev,retention=7"), KV_CONFLICT);
    cr_expect_str_eq(err.message,
                     "The vault 'dev' has retention=90, not 7, and that cannot be changed.");
    cr_expect_eq(change("dev,kind=hsm"), KV_CONFLICT);
    cr_expect_eq(change("dev,group=other"), KV_CONFLICT);
    cr_expect_eq(change("dev,region=westus"), KV_CONFLICT);
    cr_expect_eq(change("safe,purge-protection=false"), KV_CONFLICT);
    cr_expect_eq(change("none,sku=standard"), KV_VAULT_NOT_FOUND);
    cr_expect_eq(change("dev,sku=standard,purge-protection"), KV_OK, "%s", err.message);
    kv_auto(kv_vault_release) const struct kv_vault *vault = kv_vaults_acquire(vaults, "dev");
    cr_expect_eq(vault->sku, KV_SKU_STANDARD);
    cr_expect(vault->purge_protection);
    cr_expect_eq(vault->made, NOW);
    cr_expect_eq(vault->changed, NOW + 5);
}

Test(vaults, are_made_once)
{
    open_one("dev");
    cr_expect_eq(make("new,retention=7", NOW), KV_OK);
    int64_t id = id_of("new");
    cr_expect_eq(make("new", NOW), KV_OK);
    cr_expect_eq(make("new,retention=7", NOW), KV_OK);
    cr_expect_eq(id_of("new"), id);
    cr_expect_eq(make("new,retention=9", NOW), KV_CONFLICT);
    cr_expect_str_eq(err.message, "The vault 'new' has retention=7, not 9.");
    reopen("dev");
    cr_expect_eq(id_of("new"), id);
    cr_expect_eq(kv_vaults_count(vaults), 2);
}

Test(vaults, keep_their_name_while_they_are_deleted)
{
    open_one("dev");
    int64_t id = id_of("dev");
    cr_assert_eq(delete_vault("dev"), KV_OK);
    cr_expect_eq(id_of("dev"), 0);
    cr_expect_null(kv_vaults_acquire_id(vaults, id));
    cr_expect_null(kv_vaults_acquire_host(vaults, "localhost"));
    cr_expect_eq(make("dev", NOW), KV_CONFLICT);
    cr_expect_eq(delete_vault("dev"), KV_CONFLICT);
    cr_expect_eq(change("dev,sku=standard"), KV_CONFLICT);
    reopen("dev");
    cr_expect_eq(id_of("dev"), 0, "it stays deleted");
    cr_assert_eq(recover("dev", NOW), KV_OK);
    cr_expect_eq(id_of("dev"), id);
    cr_expect_eq(recover("dev", NOW), KV_CONFLICT);
}

Test(vaults, are_never_mistaken_for_later_ones_of_their_name)
{
    open_one("dev");
    int64_t id = id_of("dev");
    kv_auto(kv_vault_release) const struct kv_vault *former = kv_vaults_acquire(vaults, "dev");
    cr_expect_eq(kv_vaults_purge(vaults, "dev", NOW, &err), KV_CONFLICT);
    cr_assert_eq(delete_vault("dev"), KV_OK);
    cr_assert_eq(kv_vaults_purge(vaults, "dev", NOW, &err), KV_OK);
    cr_expect_eq(tenant.emptied, id);
    cr_expect_eq(kv_vaults_purge(vaults, "dev", NOW, &err), KV_VAULT_NOT_FOUND);
    cr_assert_eq(make("dev,kind=hsm", NOW), KV_OK);
    cr_expect_gt(id_of("dev"), id);
    cr_expect_null(kv_vaults_acquire_id(vaults, id));
    cr_expect_eq(former->kind, KV_VAULT, "a snapshot stays as it was");
}

Test(vaults, take_nothing_any_more_when_they_are_purged)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    open_one("dev");
    int64_t id = id_of("dev");
    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK);
    cr_expect_eq(kv_vault_check(db, id, &err), KV_OK);
    cr_assert_eq(delete_vault("dev"), KV_OK);
    cr_assert_eq(kv_vaults_purge(vaults, "dev", NOW, &err), KV_OK);
    cr_expect_eq(kv_vault_check(db, id, &err), KV_VAULT_NOT_FOUND);
}

Test(vaults, stay_deleted_when_what_is_in_them_cannot_go)
{
    open_one("dev");
    cr_assert_eq(delete_vault("dev"), KV_OK);
    tenant.refuses = true;
    cr_expect_eq(kv_vaults_purge(vaults, "dev", NOW, &err), KV_UNAVAILABLE);
    cr_expect_eq(recover("dev", NOW), KV_OK);
    cr_expect_neq(id_of("dev"), 0);
}

Test(vaults, are_not_purged_by_hand_under_purge_protection)
{
    open_one("dev,purge-protection,retention=7");
    cr_assert_eq(delete_vault("dev"), KV_OK);
    cr_expect_eq(kv_vaults_purge(vaults, "dev", NOW, &err), KV_PURGE_PROTECTED);
    cr_expect_eq(tenant.calls, 0);
    cr_expect_eq(recover("dev", NOW + 7 * DAY - 1), KV_OK);
}

Test(vaults, are_purged_when_their_retention_ends)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;

    open_one("dev,purge-protection,retention=7");
    cr_assert_eq(make("late,retention=8", NOW), KV_OK);
    cr_expect_eq(kv_vaults_next_purge(vaults, 0), INT64_MAX);
    cr_assert_eq(delete_vault("dev"), KV_OK);
    cr_assert_eq(delete_vault("late"), KV_OK);
    purge_due(NOW);
    cr_expect_eq(kv_vaults_next_purge(vaults, 0), (NOW + 7 * DAY) * 1000);
    cr_expect_eq(kv_vaults_next_purge(vaults, (NOW + 7 * DAY) * 1000), (NOW + 8 * DAY) * 1000);
    cr_expect_eq(kv_vaults_get(vaults, "dev", NOW + 7 * DAY - 1, &vault, &err), KV_OK);
    cr_expect_eq(kv_vaults_get(vaults, "dev", NOW + 7 * DAY, &vault, &err), KV_VAULT_NOT_FOUND);
    cr_expect_eq(recover("dev", NOW + 7 * DAY), KV_VAULT_NOT_FOUND);
    cr_expect_eq(tenant.calls, 1, "whoever asks first finds it purged");
    purge_due(NOW + 8 * DAY);
    cr_expect_str_eq(purged, "late");
    cr_expect_eq(tenant.calls, 2);
    cr_expect_eq(kv_vaults_next_purge(vaults, 0), INT64_MAX);
    cr_expect_eq(make("dev", NOW + 8 * DAY), KV_OK);
}

Test(vaults, of_a_store_from_before_are_known_by_their_names_alone)
{
    open_one("dev");
    execute("INSERT INTO vault (name) VALUES ('old')");
    execute("INSERT INTO vault (name) VALUES ('older')");
    reopen("dev");
    cr_expect_eq(id_of("old"), 0);
    cr_expect_eq(kv_vaults_count(vaults), 1);
    reopen("old,kind=hsm,retention=9");
    kv_auto(kv_vault_release) const struct kv_vault *old = kv_vaults_acquire(vaults, "old");
    cr_assert_not_null(old);
    cr_expect_eq(old->kind, KV_MANAGED_HSM);
    cr_expect_eq(old->retention_days, 9);
    cr_expect_eq(make("older", NOW), KV_OK, "%s", err.message);
    cr_expect_eq(id_of("older"), old->id + 1);
}

/* What a hand may have written into the store. */
Test(vaults, with_a_name_or_a_setting_that_no_vault_can_have_are_refused)
{
    static const char *const rows[] = {
        "kind = -1",
        "kind = 9",
        "kind = 1000000",
        "sku = 2",
        "access = 5",
        "retention = -1",
        "retention = 91",
        "retention = NULL",
        "purge_protection = 2",
        "made = -1",
        "changed = 253402300800",
        "deleted = -1",
        "deleted = 7",
        "purge = 7",
        "deleted = 7, purge = 9223372036854775807",
        "name = ''",
        "name = 'EVIL'",
        "name = 'e/vil'",
        "name = 'e' || char(10) || 'vil'",
        "name = 'a23456789012345678901234567890'",
        "name = x'6465760041'",
        "name = 7",
        "resource_group = ''",
        "resource_group = 'a/b'",
        "region = 'east/us'",
    };
    static const char wanted[] = "dev";
    const char *specs[] = { wanted };
    char sql[200];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        open_one(wanted);
        cr_assert_eq(make("evil", NOW), KV_OK, "%s", err.message);
        snprintf(sql, sizeof(sql), "UPDATE vault SET %s WHERE name = 'evil'", rows[i]);
        execute(sql);
        close_table();
        cr_expect_eq(try_open(specs, 1), KV_INTERNAL, "%s", rows[i]);
        cr_expect_not_null(strstr(err.message, "the store is damaged: its vault "), "%s: %s",
                           rows[i], err.message);
        execute("DELETE FROM vault WHERE name <> 'dev'");
        close_table();
    }
    open_one(wanted);
}

Test(vaults, are_ten_thousand_at_most)
{
    kv_auto(kv_vault_list_done) struct kv_vault_list list = { .vault = NULL };

    open_one("dev");
    execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9998)"
            " INSERT INTO vault (name, kind, sku, access, retention, purge_protection, made,"
            " changed) SELECT 'v' || i || 'x', 0, 1, 0, 90, 0, 0, 0 FROM n");
    reopen("v7x");
    cr_expect_eq(make("last", NOW), KV_OK, "%s", err.message);
    cr_expect_eq(make("more", NOW), KV_CONFLICT);
    cr_expect_str_eq(err.message, "There are 10000 vaults, and no more can be made.");
    cr_assert_eq(kv_vaults_list(vaults, &list, &err), KV_OK);
    cr_expect_eq(list.count, 10000);
    cr_expect_str_eq(list.vault[0]->name, "v7x", "the one for hosts that name none comes first");
    cr_expect_str_eq(list.vault[1]->name, "dev");
    cr_expect_str_eq(list.vault[9999]->name, "last");
}

Test(vaults, are_told_by_their_hosts)
{
    static const struct {
        const char *host;
        const char *name; /* "": none */
    } rows[] = {
        { "dev.vault.localhost", "dev" },
        { "DEV.VAULT.LOCALHOST", "dev" },
        { "two.vault.azure.net", "two" },
        { "dev.vault.localhost.", "dev" },
        { "pool.managedhsm.localhost", "pool" },
        { "pool.managedhsm.azure.net", "pool" },
        { "localhost", "dev" },
        { "127.0.0.1", "dev" },
        { "::1", "dev" },
        { "vault.localhost", "dev" },
        { "other.vault.localhost", "" },
        { "other.vault.localhost.", "" },
        { "dev.managedhsm.localhost", "" },
        { "pool.vault.localhost", "" },
        { "a.dev.vault.localhost", "" },
        { "de.vault.localhost", "" },
    };
    static const char *const specs[] = { "dev", "two", "pool,kind=hsm" };

    open_table(specs, KV_COUNT(specs));
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(kv_vault_release) const struct kv_vault *found =
            kv_vaults_acquire_host(vaults, rows[i].host);

        cr_expect_str_eq(found != NULL ? found->name : "", rows[i].name, "%s", rows[i].host);
    }
}
