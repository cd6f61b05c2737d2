/* SPDX-License-Identifier: Apache-2.0 */
/* Vaults of a seed: their settings are those of --vault. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core.h"

#define SETTING_NAME_SIZE 64

/* What a vault has in a seed beside its settings; they are others' to read. */
static const char *const others[] = { "name", "policies", "assignments", "firewall" };

static bool is_setting(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(others); i++) {
        if (strcmp(others[i], name) == 0) {
            return false;
        }
    }
    return true;
}

/* As it is written in a SPEC; false if it has no such form. */
static bool read_value(const cJSON *member, char ret_text[KV_SETTING_TEXT_SIZE])
{
    int64_t number;
    int len = KV_SETTING_TEXT_SIZE;

    if (cJSON_IsBool(member)) {
        len =
            snprintf(ret_text, KV_SETTING_TEXT_SIZE, "%s", cJSON_IsTrue(member) ? "true" : "false");
    } else if (kv_json_is_int(member, &number)) {
        len = snprintf(ret_text, KV_SETTING_TEXT_SIZE, "%lld", (long long) number);
    } else if (cJSON_IsString(member)) {
        len = snprintf(ret_text, KV_SETTING_TEXT_SIZE, "%s", member->valuestring);
    }
    return len < KV_SETTING_TEXT_SIZE;
}

static enum kv_code read_setting(const cJSON *member, const char *path,
                                 struct kv_vault_draft *draft, struct kv_err *err)
{
    char name[SETTING_NAME_SIZE], value[KV_SETTING_TEXT_SIZE];
    struct kv_err why = { .code = KV_OK };
    const struct seed_path at = seed_member(path, member->string);

    (void) snprintf(name, sizeof(name), "%s", member->string);
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    if (!read_value(member, value)) {
        return seed_fail(at.text, KV_BAD_PARAMETER,
                         "it must be a word, a number of days, or true or false", err);
    }
    return seed_at(at.text, kv_vault_draft_set(draft, name, value, &why), &why, err);
}

static enum kv_code read_draft(const cJSON *item, const char *path,
                               struct kv_vault_draft *ret_draft, struct kv_err *err)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));
    struct kv_err why = { .code = KV_OK };
    const cJSON *member;

    if (name == NULL) {
        return seed_fail(path, KV_BAD_PARAMETER, "a vault needs a name", err);
    }
    KV_TRY(seed_at(seed_member(path, "name").text,
                   kv_vault_draft_begin(ret_draft, name, strlen(name), &why), &why, err));
    cJSON_ArrayForEach (member, item) {
        KV_TRY(is_setting(member->string) ? read_setting(member, path, ret_draft, err) : KV_OK);
    }
    return KV_OK;
}

static bool names(const cJSON *item, const char *name)
{
    const char *is = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));

    return is != NULL && strcasecmp(is, name) == 0;
}

static const cJSON *find_item(const struct seed_run *run, const char *name)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(run->seed, "vaults")) {
        if (names(item, name)) {
            return item;
        }
    }
    return NULL;
}

/* What is there must not say otherwise. */
static enum kv_code check_present(const struct kv_vault *vault, const struct kv_vault_draft *draft,
                                  const char *path, struct kv_err *err)
{
    if (vault->deleted != 0) {
        return seed_fail(path, KV_CONFLICT, "the vault is deleted", err);
    }
    for (unsigned i = 0; i < KV_SETTING_COUNT; i++) {
        char is[KV_SETTING_TEXT_SIZE], wanted[KV_SETTING_TEXT_SIZE];
        const enum kv_vault_setting setting = (enum kv_vault_setting) i;

        kv_vault_setting_text(vault, setting, is);
        kv_vault_setting_text(&draft->vault, setting, wanted);
        if ((draft->given & 1U << i) != 0 && strcmp(is, wanted) != 0) {
            return KV_FAIL(err, KV_CONFLICT, 0, "%s: the vault '%s' has %s=%s, not %s", path,
                           vault->name, kv_vault_setting_name(setting), is, wanted);
        }
    }
    return KV_OK;
}

static enum kv_code find_present(const struct seed_run *run, const char *name,
                                 const struct kv_vault **ret_vault)
{
    *ret_vault = NULL;
    return kv_vaults_get(run->seeds->config.vaults, name, kv_seconds(run->now), ret_vault, NULL);
}

static enum kv_code check(const struct seed_run *run, const cJSON *item,
                          const struct kv_vault_draft *draft, const char *path, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *present = NULL;

    if (find_item(run, draft->vault.name) != item) {
        return seed_fail(path, KV_BAD_PARAMETER, "the seed has a vault of that name before it",
                         err);
    }
    if (find_present(run, draft->vault.name, &present) == KV_OK) {
        return check_present(present, draft, path, err);
    }
    if (draft->vault.kind == KV_MANAGED_HSM && draft->vault.access == KV_ACCESS_POLICY) {
        return seed_fail(path, KV_BAD_PARAMETER, "a managed HSM cannot have access=policy", err);
    }
    return KV_OK;
}

enum kv_code seed_vault(struct seed_run *run, const cJSON *item, const char *path,
                        struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct kv_vault_draft draft;
    struct kv_err why = { .code = KV_OK };
    bool is_new;

    if (!cJSON_IsObject(item)) {
        return seed_fail(path, KV_BAD_PARAMETER, "it must be an object", err);
    }
    KV_TRY(read_draft(item, path, &draft, err));
    if (!run->applies) {
        return check(run, item, &draft, path, err);
    }
    return seed_at(path,
                   kv_vaults_make(run->seeds->config.vaults, &draft, kv_seconds(run->now), &is_new,
                                  &vault, &why),
                   &why, err);
}

enum kv_code seed_find_vault(const struct seed_run *run, const char *name, const char *path,
                             struct kv_vault *ret_vault, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *present = NULL;
    struct kv_vault_draft draft;
    const cJSON *item = find_item(run, name);

    if (kv_vault_draft_begin(&draft, name, strlen(name), NULL) == KV_OK
        && find_present(run, draft.vault.name, &present) == KV_OK && present->deleted == 0) {
        *ret_vault = *present;
        return KV_OK;
    }
    if (item == NULL || run->applies) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "%s: there is no vault '%.64s'", path, name);
    }
    KV_TRY(read_draft(item, path, &draft, err));
    *ret_vault = draft.vault;
    return KV_OK;
}
