/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vaults.h - a table of vaults in a scratch folder, for the tests of vaults.c and vaults_reset.c.
 */
#pragma once

#include "kv/vaults/vaults.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/store/store.h"
#include "scratch.h"

#define NOW ((kv_time) 1700000000)
#define DAY ((kv_time) 86400)

static struct kv_store *store;
static struct kv_vaults *vaults;
static struct kv_err err;

/* A tenant that notes which vault it was told to empty, or refuses to. */
static struct {
    int64_t emptied;
    unsigned calls;
    bool refuses;
} tenant;

static inline enum kv_code empty(void *context, struct kv_db *db, int64_t vault,
                                 struct kv_err *ret_err)
{
    (void) context;
    (void) db;
    tenant.calls++;
    tenant.emptied = vault;
    return tenant.refuses ? KV_FAIL(ret_err, KV_UNAVAILABLE, 0, "not now") : KV_OK;
}

static inline enum kv_code try_open(const char *const *specs, size_t count)
{
    struct kv_vault_draft drafts[8];

    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(kv_vault_parse(specs[i], &drafts[i], &err), KV_OK, "%s", err.message);
    }
    cr_assert_eq(kv_store_open("vaults.db", 4, &store, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_vaults_new(store, &vaults, &err), KV_OK, "%s", err.message);
    kv_vaults_add_tenant(vaults, empty, NULL, NULL);
    return kv_vaults_open(vaults, drafts, count, NOW, &err);
}

static inline void open_table(const char *const *specs, size_t count)
{
    cr_assert_eq(try_open(specs, count), KV_OK, "%s", err.message);
}

static inline void open_one(const char *spec)
{
    open_table(&spec, 1);
}

static inline void close_table(void)
{
    kv_vaults_free(vaults);
    kv_store_close(store);
    vaults = NULL;
    store = NULL;
}

static inline void reopen(const char *spec)
{
    close_table();
    open_one(spec);
}

static inline void tear_down(void)
{
    close_table();
    scratch_remove();
}

static inline enum kv_code make(const char *spec, kv_time now)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct kv_vault_draft draft;
    bool is_new;

    cr_assert_eq(kv_vault_parse(spec, &draft, &err), KV_OK, "%s", err.message);
    return kv_vaults_make(vaults, &draft, now, &is_new, &vault, &err);
}

static inline enum kv_code change(const char *spec)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct kv_vault_draft draft;

    cr_assert_eq(kv_vault_parse(spec, &draft, &err), KV_OK, "%s", err.message);
    return kv_vaults_change(vaults, &draft, NOW + 5, &vault, &err);
}

static inline enum kv_code delete_vault(const char *name)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;

    return kv_vaults_delete(vaults, name, NOW, &vault, &err);
}

static inline enum kv_code recover(const char *name, kv_time now)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;

    return kv_vaults_recover(vaults, name, now, &vault, &err);
}

static char purged[KV_VAULT_NAME_MAX + 1]; /* the last of them */

static inline bool note_purged(void *context, const struct kv_vault *vault)
{
    (void) context;
    (void) snprintf(purged, sizeof(purged), "%s", vault->name);
    return true;
}

static inline void purge_due(kv_time now)
{
    cr_assert_eq(kv_vaults_purge_due(vaults, now, note_purged, NULL, &err), KV_OK);
}

/* 0: nobody who lives has the name. */
static inline int64_t id_of(const char *name)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = kv_vaults_acquire(vaults, name);

    return vault != NULL ? vault->id : 0;
}

static inline void execute(const char *sql)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK);
    cr_assert_eq(kv_db_run(db, sql, KV_NO_BINDS, NULL, &err), KV_OK, "%s", err.message);
}
