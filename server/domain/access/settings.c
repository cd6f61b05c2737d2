/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a managed HSM: contract §12. One that nobody has set has its default. */
#include <strings.h>

#include "roles_core.h"

static const struct default_setting {
    const char *name;
    bool value;
} settings[] = {
    { "AllowKeyManagementOperationsThroughARM", false },
};

const char *kv_hsm_setting_name(size_t i)
{
    return i < KV_COUNT(settings) ? settings[i].name : NULL;
}

static enum kv_code find(const char *name, const struct default_setting **ret_setting,
                         struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(settings); i++) {
        if (strcasecmp(settings[i].name, name) == 0) {
            *ret_setting = &settings[i];
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_NOT_FOUND, 0, "Setting not found: %s", name);
}

enum kv_code kv_hsm_setting_get(struct kv_roles *roles, int64_t vault, const char *name,
                                struct kv_hsm_setting *ret_setting, struct kv_err *err)
{
    static const char sql[] = "SELECT value FROM hsm_setting WHERE vault = ? AND name = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    const struct default_setting *setting;
    bool more;

    KV_TRY(find(name, &setting, err));
    KV_TRY(kv_db_acquire(roles->store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(vault), KV_B_TEXT(setting->name)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    *ret_setting = (struct kv_hsm_setting){
        .name = setting->name,
        .value = more ? kv_rows_int(rows, 0) != 0 : setting->value,
    };
    return KV_OK;
}

enum kv_code kv_hsm_setting_put(struct kv_roles *roles, int64_t vault, const char *name, bool value,
                                struct kv_err *err)
{
    static const char sql[] = "INSERT OR REPLACE INTO hsm_setting (vault, name, value)"
                              " VALUES (?, ?, ?)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    const struct default_setting *setting;

    KV_TRY(find(name, &setting, err));
    KV_TRY(roles_begin(roles, vault, &db, err));
    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_INT(vault), KV_B_TEXT(setting->name), KV_B_INT(value)),
                     NULL, err));
    return kv_db_commit(db, err);
}
