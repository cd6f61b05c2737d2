/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that may leave the HSM: contract §11, the rules AKV.SKR of §9.2. */
#include "release_terms.h"

#include <string.h>

#include "core.h"
#include "rows.h"

#define DEFAULT_TYPE "application/json; charset=utf-8"

static enum kv_code check_exportable(const struct kv_scope *scope,
                                     const struct kv_release_args *args, enum kv_kty kty,
                                     bool has_policy, struct kv_err *err)
{
    bool is_pool = scope->vault->kind == KV_MANAGED_HSM;

    if (!args->known || (!is_pool && scope->vault->sku != KV_SKU_PREMIUM)) {
        return KV_REFUSE(err, KV_TEXT_EXPORT_UNSUPPORTED, 0);
    }
    if (!has_policy) {
        return KV_REFUSE(err, KV_TEXT_EXPORTABLE_LACKS_POLICY, 0);
    }
    if (!kv_kty_row(kty)->hsm) {
        return KV_REFUSE(err, KV_TEXT_EXPORTABLE_NEEDS_HSM, 0);
    }
    return kv_custody_check_export(scope->keys->config.custody, err);
}

/* A managed HSM accepts a policy for a key that only wraps for attested environments, although such
 * a key stays in the HSM (contract §6.11). */
static bool is_for_environments(const struct kv_scope *scope, const struct kv_key_ops *ops)
{
    bool is_so = scope->vault->kind == KV_MANAGED_HSM && ops->count > 0;

    for (size_t i = 0; i < ops->count; i++) {
        is_so = is_so && (ops->op[i] == KV_OP_SECURE_WRAP || ops->op[i] == KV_OP_SECURE_UNWRAP);
    }
    return is_so;
}

enum kv_code release_check(const struct kv_scope *scope, const struct kv_release_args *args,
                           enum kv_kty kty, const struct kv_key_ops *ops, const struct kv_key *key,
                           bool *ret_exportable, struct kv_err *err)
{
    bool was = key != NULL && key->release.exportable;
    bool is = args->exportable_given ? args->exportable : was;
    bool had_policy = key != NULL && key->release.policy != NULL;

    if (key != NULL && args->exportable_given && args->exportable != was) {
        return KV_REFUSE(err, KV_TEXT_EXPORTABLE_STAYS, 0);
    }
    if (is) {
        KV_TRY(check_exportable(scope, args, kty, args->policy != NULL || had_policy, err));
    }
    if (!is && args->policy != NULL && !is_for_environments(scope, ops)) {
        return KV_REFUSE(err, KV_TEXT_POLICY_WITHOUT_EXPORTABLE, 0);
    }
    if (args->policy != NULL && had_policy && key->release.immutable) {
        return KV_REFUSE(err, KV_TEXT_POLICY_IS_IMMUTABLE, 0);
    }
    *ret_exportable = is;
    return KV_OK;
}

enum kv_code release_check_name(const struct kv_scope *scope, const char *name,
                                const struct kv_release_args *args, enum kv_kty kty,
                                const struct kv_key_ops *ops, bool *ret_exportable,
                                struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    struct kv_err ignored;
    enum kv_code code = kv_key_get(scope, name, NULL, &key, &ignored);

    if (code != KV_OK && code != KV_KEY_NOT_FOUND) {
        *err = ignored;
        return code;
    }
    return release_check(scope, args, kty, ops, code == KV_OK ? &key : NULL, ret_exportable, err);
}

struct release_draft release_terms(const struct kv_release_args *args, bool exportable)
{
    return (struct release_draft){
        .exportable = exportable,
        .immutable = args->immutable,
        .policy = args->policy,
        .content_type = args->content_type != NULL ? args->content_type : DEFAULT_TYPE,
    };
}

/* Here, too, an immutable policy is left alone: it may have become immutable since the check. An
 * exportable key stays exportable. */
enum kv_code release_save(struct kv_db *db, int64_t key_id, const struct release_draft *terms,
                          struct kv_err *err)
{
    static const char sql[] =
        "UPDATE key SET exportable = max(exportable, ?), policy = ?, policy_type = ?,"
        " policy_immutable = ? WHERE id = ? AND policy_immutable = 0";
    int64_t changes;

    if (terms->policy == NULL) {
        return KV_OK;
    }
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(terms->exportable), KV_B_TEXT(terms->policy),
                              KV_B_TEXT(terms->content_type), KV_B_INT(terms->immutable),
                              KV_B_INT(key_id)),
                     &changes, err));
    return changes > 0 ? KV_OK : KV_REFUSE(err, KV_TEXT_POLICY_IS_IMMUTABLE, 0);
}

/* Dates do not matter (contract §8.4), nor do key_ops. Under --key-export never, even a key that
 * the token would export stays. */
enum kv_code kv_key_find_released(const struct kv_scope *scope, const char *name,
                                  const char *version, struct kv_key *ret_key, struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_key_get(scope, name, version, &key, err));
    if (!key.attributes.enabled) {
        return KV_REFUSE(err, KV_TEXT_KEY_IS_DISABLED, 0, "release");
    }
    if (!key.release.exportable || key.release.policy == NULL) {
        return KV_REFUSE(err, KV_TEXT_OPERATION_FORBIDDEN, 0, "release");
    }
    KV_TRY(kv_custody_check_export(scope->keys->config.custody, err));
    *ret_key = key_take(&key);
    return KV_OK;
}

enum kv_code kv_key_release(const struct kv_scope *scope, const struct kv_key *key,
                            const struct kv_material *target, const char *enc,
                            struct kv_released *ret_released, struct kv_err *err)
{
    return kv_custody_release(scope->keys->config.custody, key->material.object, target, enc,
                              ret_released, err);
}
