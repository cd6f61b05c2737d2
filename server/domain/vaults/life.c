/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How vaults are created, changed and removed. Each change is committed to the store first and then
 * shown in the table: a request only sees what is on disk, so a kill cannot take back what it has
 * seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define DAY_SECONDS 86400

/* Whether the vault agrees with the settings given in the draft; if not, which one differs. */
static bool agrees(const struct kv_vault *vault, const struct kv_vault_draft *draft,
                   enum kv_vault_setting *ret_setting)
{
    for (unsigned i = 0; i < KV_SETTING_COUNT; i++) {
        char is[KV_SETTING_TEXT_SIZE], wanted[KV_SETTING_TEXT_SIZE];

        kv_vault_setting_text(vault, (enum kv_vault_setting) i, is);
        kv_vault_setting_text(&draft->vault, (enum kv_vault_setting) i, wanted);
        if ((draft->given & 1U << i) != 0 && strcmp(is, wanted) != 0) {
            *ret_setting = (enum kv_vault_setting) i;
            return false;
        }
    }
    return true;
}

/* `code`: the outcome for the caller; `advice` ends the sentence. */
static enum kv_code refuse(const struct kv_vault *vault, const struct kv_vault_draft *draft,
                           enum kv_vault_setting setting, enum kv_code code, const char *advice,
                           struct kv_err *err)
{
    char is[KV_SETTING_TEXT_SIZE], wanted[KV_SETTING_TEXT_SIZE];

    kv_vault_setting_text(vault, setting, is);
    kv_vault_setting_text(&draft->vault, setting, wanted);
    return KV_FAIL(err, code, 0, "The vault '%s' has %s=%s, not %s%s.", vault->name,
                   kv_vault_setting_name(setting), is, wanted, advice);
}

/* What no single setting tells. */
static enum kv_code check_sense(const struct kv_vault *vault, struct kv_err *err)
{
    if (vault->kind == KV_MANAGED_HSM && vault->access == KV_ACCESS_POLICY) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The managed HSM '%s' cannot have access=policy: it goes by roles alone "
                       "(rbac), or lets everybody in (open).",
                       vault->name);
    }
    return KV_OK;
}

/* --- at start --- */

static enum kv_code ensure(struct kv_db *db, const struct kv_vault_draft *draft, kv_time now,
                           int64_t *ret_id, struct kv_err *err)
{
    struct kv_vault vault;
    enum kv_vault_setting setting;
    bool found;

    KV_TRY(vault_row_load(db, draft->vault.name, &vault, &found, err));
    if (!found) {
        vault = draft->vault;
        vault.made = vault.changed = now;
        KV_TRY(check_sense(&vault, err));
        KV_TRY(vault_row_insert(db, &vault, err));
    } else if (!agrees(&vault, draft, &setting)) {
        return refuse(&vault, draft, setting, KV_BAD_PARAMETER,
                      ": leave the setting out, or use another data folder", err);
    }
    *ret_id = vault.id;
    return KV_OK;
}

static enum kv_code ensure_all(struct kv_vaults *vaults, struct kv_db *db,
                               const struct kv_vault_draft *drafts, size_t count, kv_time now,
                               struct kv_err *err)
{
    KV_TRY(kv_db_begin(db, err));
    for (size_t i = 0; i < count; i++) {
        int64_t id = 0;

        KV_TRY(ensure(db, &drafts[i], now, &id, err));
        vaults->first = i == 0 ? id : vaults->first;
    }
    return kv_db_commit(db, err);
}

static enum kv_code show_row(void *context, const struct kv_vault *vault, struct kv_err *err)
{
    struct kv_vaults *vaults = context;
    struct entry *entry;

    KV_TRY(vault_entry_add(vaults, vault, &entry, err));
    vault_entry_show(vaults, entry);
    return KV_OK;
}

/* For kv_vaults_reset(). */
static enum kv_code keep_drafts(struct kv_vaults *vaults, const struct kv_vault_draft *drafts,
                                size_t count, struct kv_err *err)
{
    vaults->drafts = calloc(count, sizeof(*drafts));
    if (vaults->drafts == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    memcpy(vaults->drafts, drafts, count * sizeof(*drafts));
    vaults->draft_count = count;
    return KV_OK;
}

enum kv_code kv_vaults_open(struct kv_vaults *vaults, const struct kv_vault_draft *drafts,
                            size_t count, kv_time now, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(keep_drafts(vaults, drafts, count, err));
    KV_TRY(kv_db_acquire(vaults->store, &db, err));
    KV_TRY(ensure_all(vaults, db, drafts, count, now, err));
    return vault_rows_each(db, show_row, vaults, err);
}

static bool is_gone(const struct kv_vault *vault, kv_time now)
{
    return vault->deleted != 0 && vault->purge <= now;
}

/* --- one vault --- */

static enum kv_code fail_unknown(const char *name, struct kv_err *err)
{
    return KV_FAIL(err, KV_VAULT_NOT_FOUND, 0, "There is no vault named '%.64s'.", name);
}

enum kv_code kv_vaults_get(struct kv_vaults *vaults, const char *name, kv_time now,
                           const struct kv_vault **ret_vault, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = vault_hold_shown(vaults, name);

    if (vault == NULL || is_gone(vault, now)) {
        return fail_unknown(name, err);
    }
    *ret_vault = kv_take(vault);
    return KV_OK;
}

/* Which vault has the name now; *ret_entry NULL: none. A deleted one whose purge is due is purged
 * first. */
static enum kv_code find(struct kv_vaults *vaults, const char *name, kv_time now,
                         struct entry **ret_entry, const struct kv_vault **ret_vault,
                         struct kv_err *err)
{
    struct entry *entry = vault_entry_find(vaults, name);
    kv_auto(kv_vault_release) const struct kv_vault *vault =
        entry != NULL ? vault_entry_hold(vaults, entry) : NULL;

    *ret_entry = NULL;
    if (vault == NULL) {
        return KV_OK;
    }
    if (is_gone(vault, now)) {
        return vault_entry_purge(vaults, entry, err);
    }
    *ret_entry = entry;
    *ret_vault = kv_take(vault);
    return KV_OK;
}

static enum kv_code find_known(struct kv_vaults *vaults, const char *name, kv_time now,
                               struct entry **ret_entry, const struct kv_vault **ret_vault,
                               struct kv_err *err)
{
    KV_TRY(find(vaults, name, now, ret_entry, ret_vault, err));
    return *ret_entry != NULL ? KV_OK : fail_unknown(name, err);
}

static enum kv_code check_lives(const struct kv_vault *vault, struct kv_err *err)
{
    if (vault->deleted != 0) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "The vault '%s' is deleted: it can be recovered or purged.", vault->name);
    }
    return KV_OK;
}

static enum kv_code check_is_deleted(const struct kv_vault *vault, struct kv_err *err)
{
    if (vault->deleted == 0) {
        return KV_FAIL(err, KV_CONFLICT, 0, "The vault '%s' is not deleted.", vault->name);
    }
    return KV_OK;
}

/* Whoever wants to know of a change of access, which is what decides who may do what. */
static enum kv_code note_access(struct kv_vaults *vaults, struct kv_db *db,
                                const struct kv_vault *before, const struct kv_vault *vault,
                                struct kv_err *err)
{
    return vaults->note_access != NULL && before->access != vault->access
               ? vaults->note_access(vaults->note_context, db, vault, err)
               : KV_OK;
}

static enum kv_code update_row(struct kv_vaults *vaults, const struct kv_vault *before,
                               const struct kv_vault *vault, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(vaults->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(vault_row_update(db, vault, err));
    KV_TRY(note_access(vaults, db, before, vault, err));
    return kv_db_commit(db, err);
}

/* Makes the vault, which is as `before` says, as `next` does. */
static enum kv_code turn_into(struct kv_vaults *vaults, struct entry *entry,
                              const struct kv_vault *before, const struct kv_vault *next,
                              const struct kv_vault **ret_vault, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *snapshot = NULL;

    KV_TRY(vault_snapshot(next, &snapshot, err));
    KV_TRY(update_row(vaults, before, next, err));
    *ret_vault = kv_vault_hold(snapshot);
    vault_entry_swap(vaults, entry, kv_take(snapshot));
    return KV_OK;
}

/* A failed commit leaves no trace of the vault; a successful one shows it. */
static enum kv_code insert(struct kv_vaults *vaults, struct kv_vault *vault,
                           const struct kv_vault **ret_vault, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct entry *entry;

    KV_TRY(kv_db_acquire(vaults->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(vault_row_insert(db, vault, err));
    KV_TRY(vault_entry_add(vaults, vault, &entry, err));
    enum kv_code code = kv_db_commit(db, err);
    if (code != KV_OK) {
        vault_entry_remove(vaults, entry);
        return code;
    }
    vault_entry_show(vaults, entry);
    *ret_vault = vault_entry_hold(vaults, entry);
    return KV_OK;
}

static enum kv_code make_new(struct kv_vaults *vaults, const struct kv_vault_draft *draft,
                             kv_time now, const struct kv_vault **ret_vault, struct kv_err *err)
{
    struct kv_vault vault = draft->vault;

    if (vault_entries(vaults) >= KV_VAULTS_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There are %d vaults, and no more can be made.",
                       KV_VAULTS_MAX);
    }
    vault.made = vault.changed = now;
    KV_TRY(check_sense(&vault, err));
    KV_TRY(insert(vaults, &vault, ret_vault, err));
    if (vaults->told != NULL) {
        vaults->told(vaults->told_context, *ret_vault);
    }
    return KV_OK;
}

enum kv_code kv_vaults_make(struct kv_vaults *vaults, const struct kv_vault_draft *draft,
                            kv_time now, bool *ret_is_new, const struct kv_vault **ret_vault,
                            struct kv_err *err)
{
    kv_auto(end_turn) pthread_mutex_t *turn kv_unused = take_turn(vaults);
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    enum kv_vault_setting setting;
    struct entry *entry;

    KV_TRY(find(vaults, draft->vault.name, now, &entry, &vault, err));
    *ret_is_new = entry == NULL;
    if (entry == NULL) {
        return make_new(vaults, draft, now, ret_vault, err);
    }
    KV_TRY(check_lives(vault, err));
    if (!agrees(vault, draft, &setting)) {
        return refuse(vault, draft, setting, KV_CONFLICT, "", err);
    }
    *ret_vault = kv_take(vault);
    return KV_OK;
}

/* Refuses to change what is fixed when a vault is created. */
static enum kv_code check_change(const struct kv_vault *vault, const struct kv_vault_draft *draft,
                                 struct kv_err *err)
{
    struct kv_vault_draft fixed = *draft;
    enum kv_vault_setting setting;

    fixed.given &= 1U << KV_SETTING_KIND | 1U << KV_SETTING_RETENTION | 1U << KV_SETTING_GROUP
                   | 1U << KV_SETTING_REGION
                   | (vault->purge_protection ? 1U << KV_SETTING_PURGE_PROTECTION : 0);
    if (!agrees(vault, &fixed, &setting)) {
        return refuse(vault, draft, setting, KV_CONFLICT, ", and that cannot be changed", err);
    }
    return KV_OK;
}

enum kv_code kv_vaults_change(struct kv_vaults *vaults, const struct kv_vault_draft *draft,
                              kv_time now, const struct kv_vault **ret_vault, struct kv_err *err)
{
    kv_auto(end_turn) pthread_mutex_t *turn kv_unused = take_turn(vaults);
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct entry *entry;

    KV_TRY(find_known(vaults, draft->vault.name, now, &entry, &vault, err));
    KV_TRY(check_lives(vault, err));
    KV_TRY(check_change(vault, draft, err));
    struct kv_vault next = *vault;
    next.changed = now;
    next.sku = draft->given & 1U << KV_SETTING_SKU ? draft->vault.sku : next.sku;
    next.access = draft->given & 1U << KV_SETTING_ACCESS ? draft->vault.access : next.access;
    next.purge_protection = next.purge_protection || draft->vault.purge_protection;
    KV_TRY(check_sense(&next, err));
    return turn_into(vaults, entry, vault, &next, ret_vault, err);
}

enum kv_code kv_vaults_set_read_only(struct kv_vaults *vaults, const char *name, bool read_only,
                                     kv_time now, const struct kv_vault **ret_vault,
                                     struct kv_err *err)
{
    kv_auto(end_turn) pthread_mutex_t *turn kv_unused = take_turn(vaults);
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct entry *entry;

    KV_TRY(find_known(vaults, name, now, &entry, &vault, err));
    if (vault->read_only == read_only) {
        return KV_FAIL(err, KV_CONFLICT, 0, "The vault '%s' is %s already.", vault->name,
                       read_only ? "read-only" : "open to changes");
    }
    struct kv_vault next = *vault;
    next.read_only = read_only;
    return turn_into(vaults, entry, vault, &next, ret_vault, err);
}

enum kv_code kv_vaults_delete(struct kv_vaults *vaults, const char *name, kv_time now,
                              const struct kv_vault **ret_vault, struct kv_err *err)
{
    kv_auto(end_turn) pthread_mutex_t *turn kv_unused = take_turn(vaults);
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct entry *entry;

    KV_TRY(find_known(vaults, name, now, &entry, &vault, err));
    KV_TRY(check_lives(vault, err));
    struct kv_vault next = *vault;
    next.deleted = now;
    next.purge = now + (kv_time) vault->retention_days * DAY_SECONDS;
    return turn_into(vaults, entry, vault, &next, ret_vault, err);
}

enum kv_code kv_vaults_recover(struct kv_vaults *vaults, const char *name, kv_time now,
                               const struct kv_vault **ret_vault, struct kv_err *err)
{
    kv_auto(end_turn) pthread_mutex_t *turn kv_unused = take_turn(vaults);
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct entry *entry;

    KV_TRY(find_known(vaults, name, now, &entry, &vault, err));
    KV_TRY(check_is_deleted(vault, err));
    struct kv_vault next = *vault;
    next.deleted = next.purge = 0;
    return turn_into(vaults, entry, vault, &next, ret_vault, err);
}

enum kv_code kv_vaults_purge(struct kv_vaults *vaults, const char *name, kv_time now,
                             struct kv_err *err)
{
    kv_auto(end_turn) pthread_mutex_t *turn kv_unused = take_turn(vaults);
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct entry *entry;

    KV_TRY(find_known(vaults, name, now, &entry, &vault, err));
    KV_TRY(check_is_deleted(vault, err));
    if (vault->purge_protection) {
        return KV_FAIL(err, KV_PURGE_PROTECTED, 0,
                       "The vault '%s' has purge protection: it is purged by itself when its "
                       "retention ends.",
                       vault->name);
    }
    return vault_entry_purge(vaults, entry, err);
}
