/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backup: contract §6.7. The envelope is the service's, one of vaults, one of managed HSMs; within it every private key is wrapped once
 * more, by the wrapping key that never leaves the token, so that a blob is of use on it only.
 */
#include "backup.h"

#include "../core.h"
#include "../external.h"
#include "../read.h"
#include "../rows.h"
#include "../service_key.h"
#include "kv/base/jwe.h"

static enum kv_code load_versions(const struct kv_scope *scope, const char *name,
                                  struct kv_key_page *ret_page, struct kv_err *err)
{
    KV_TRY(key_load_versions(scope, name, BACKUP_VERSIONS_MAX, ret_page, err));
    if (ret_page->count == 0) {
        return fail_not_found(scope, name, NULL, err);
    }
    if (ret_page->more) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Key %s has more than %d versions, which is more than a backup holds.", name,
                       BACKUP_VERSIONS_MAX);
    }
    return KV_OK;
}

static enum kv_code append_version(struct kv_keys *keys, const struct kv_key *key,
                                   struct kv_buf *content, struct kv_err *err)
{
    struct kv_wrapped wrapped;

    KV_TRY(external_refuse(key, "backed up", err));
    KV_TRY(kv_custody_export(keys->config.custody, key->material.object, key->release.exportable,
                             &wrapped, err));
    return backup_append_version(content, key, &wrapped, err);
}

static enum kv_code fill(struct kv_keys *keys, const struct kv_key_page *versions,
                         const struct backup_policy *policy, struct kv_buf *content,
                         struct kv_err *err)
{
    const char *name = versions->key[0].name;
    enum kv_code code =
        backup_append_head(content, name, policy, &versions->key[0].release, versions->count, err);

    for (size_t i = 0; code == KV_OK && i < versions->count; i++) {
        code = append_version(keys, &versions->key[i], content, err);
    }
    if (code == KV_BODY_TOO_LARGE) { /* tags, in great number and length */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Key %s is larger than a backup can be.", name);
    }
    return code;
}

static enum kv_code seal(const struct kv_scope *scope, const struct kv_buf *content,
                         struct kv_buf *blob, struct kv_err *err)
{
    struct kv_keys *keys = scope->keys;
    kv_auto(kv_secret_done) struct kv_secret content_key = { .len = 0 };
    struct kv_secret encrypted_key = { .len = 0 };
    struct kv_material service;
    char name[KV_UUID_LENGTH + 1];

    KV_TRY(service_key_need(keys, SERVICE_BACKUP, &service, err));
    KV_TRY(kv_jwe_make_key(&content_key, err));
    KV_TRY(service_key_crypt(keys, &service, KV_OP_ENCRYPT, &content_key, &encrypted_key, err));
    if (scope->vault->kind == KV_MANAGED_HSM) {
        return kv_jwe_seal_direct(&content_key, &encrypted_key, content, blob, err);
    }
    service_key_name(&service, name);
    KV_TRY(kv_buf_append(blob, BACKUP_PREFIX, sizeof(BACKUP_PREFIX) - 1, err));
    return kv_jwe_seal(name, &content_key, &encrypted_key, content, blob, err);
}

enum kv_code kv_key_backup(const struct kv_scope *scope, const char *name, struct kv_buf *blob,
                           struct kv_err *err)
{
    kv_auto(kv_key_page_done) struct kv_key_page versions = { .key = NULL };
    kv_auto(kv_buf_done) struct kv_buf content;
    struct backup_policy policy = { .given = false };

    kv_buf_init(&content, BACKUP_CONTENT_MAX);
    KV_TRY(load_versions(scope, name, &versions, err));
    KV_TRY(kv_custody_check_export(scope->keys->config.custody, err));
    KV_TRY(backup_policy_load(scope, name, &policy, err));
    KV_TRY(fill(scope->keys, &versions, &policy, &content, err));
    return seal(scope, &content, blob, err);
}
