/* SPDX-License-Identifier: Apache-2.0 */
/* Restore: contract §6.7. All versions come back, or none. */
#include <stdlib.h>
#include <string.h>

#include "../core.h"
#include "../create.h"
#include "../deletion.h"
#include "../intent.h"
#include "../release_terms.h"
#include "../rotation/rotation_policy.h"
#include "../service_key.h"
#include "../version.h"
#include "backup.h"
#include "kv/base/jwe.h"

/* contract §19 row 33: long enough, but not a backup */
static enum kv_code fail_version(struct kv_err *err)
{
    return KV_REFUSE(err, KV_TEXT_BACKUP_VERSION_CORRUPT, 0);
}

static enum kv_code fail_foreign(struct kv_err *err)
{
    return KV_REFUSE(err, KV_TEXT_BACKUP_FOREIGN, 0);
}

/* A parsed blob. A managed HSM's does not say whose key it is sealed with: an instance that cannot
 * decrypt it did not make it. */
struct envelope {
    struct kv_jwe jwe;
    struct kv_secret encrypted_key;
    bool is_anonymous;
};

/* Accepts both kinds everywhere: keys move between vaults and HSMs of an instance. */
static enum kv_code open_envelope(const char *name, size_t key_len, const char *blob, size_t len,
                                  struct envelope *ret_envelope, struct kv_err *err)
{
    static const size_t prefix_len = sizeof(BACKUP_PREFIX) - 1;
    struct envelope *envelope = ret_envelope;

    if (len >= prefix_len && strncmp(blob, BACKUP_PREFIX, prefix_len) == 0) {
        blob += prefix_len;
        len -= prefix_len;
        if (kv_jwe_parse(blob, len, name, &envelope->jwe, &envelope->encrypted_key)) {
            return KV_OK;
        }
        return kv_jwe_is_sealed(blob, len) ? fail_foreign(err) : fail_corrupt(err);
    }
    envelope->is_anonymous = true;
    if (kv_jwe_parse_direct(blob, len, key_len, &envelope->jwe, &envelope->encrypted_key)) {
        return KV_OK;
    }
    return len < prefix_len ? fail_corrupt(err) : fail_version(err);
}

/* The content key was encrypted to a key of this token; anything else is not ours. */
static enum kv_code decrypt_key(struct kv_keys *keys, const struct kv_material *service,
                                const struct envelope *envelope, struct kv_secret *ret_key,
                                struct kv_err *err)
{
    enum kv_code code =
        service_key_crypt(keys, service, KV_OP_DECRYPT, &envelope->encrypted_key, ret_key, err);

    if (code == KV_CANNOT_DECRYPT) {
        return envelope->is_anonymous ? fail_foreign(err) : fail_corrupt(err);
    }
    return code;
}

static enum kv_code open_blob(struct kv_keys *keys, const char *blob, size_t len,
                              struct kv_buf *content, struct kv_err *err)
{
    kv_auto(kv_secret_done) struct kv_secret content_key = { .len = 0 };
    struct envelope envelope = { .is_anonymous = false };
    struct kv_material service = { .family = KV_FAMILY_RSA };
    char name[KV_UUID_LENGTH + 1] = "";
    enum kv_code code = service_key_load(keys, SERVICE_BACKUP, &service, err);

    if (code == KV_OK) {
        service_key_name(&service, name);
    } else if (code != KV_NOT_FOUND) {
        return code;
    }
    KV_TRY(open_envelope(name, service.modulus_len, blob, len, &envelope, err));
    if (code == KV_NOT_FOUND) { /* before there is a key, no blob can be ours */
        return fail_foreign(err);
    }
    KV_TRY(decrypt_key(keys, &service, &envelope, &content_key, err));
    return kv_jwe_open(&envelope.jwe, &content_key, content) ? KV_OK : fail_corrupt(err);
}

/* A vault accepts from a backup what it would accept from a create (contract §7). */
static enum kv_code adapt_types(const struct kv_scope *scope, struct backup *backup,
                                struct kv_err *err)
{
    for (size_t i = 0; i < backup->count; i++) {
        struct kv_key *key = &backup->version[i].key;

        KV_TRY(key_type_choose(scope, kv_kty_row(key->kty)->name, &key->kty, err));
    }
    return KV_OK;
}

/* contract §6.7, §9.5: a separate text for a name in use, or whose purge is still running */
static enum kv_code check_name(const struct kv_scope *scope, const struct key_row *row,
                               const struct backup *backup, struct kv_err *err)
{
    if (row->phase == PHASE_LIVE || row->phase == PHASE_PURGING) {
        const char *version = backup->version[backup->count - 1].key.version;

        return KV_REFUSE(err, KV_TEXT_RESTORE_CONFLICT, 0, scope->authority, backup->name, version);
    }
    return version_check_row(row, backup->name, err);
}

static enum kv_code check_name_now(const struct kv_scope *scope, const struct backup *backup,
                                   struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct name_fold fold;
    struct key_row row;

    KV_TRY(name_fold(backup->name, &fold, err));
    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(key_row_load(db, scope, &fold, &row, err));
    return check_name(scope, &row, backup, err);
}

/* The commit that makes them real; the name may have been taken meanwhile. */
static enum kv_code store(const struct kv_scope *scope, const struct backup *backup,
                          struct kv_key *ret_key, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_key_done) struct kv_key latest = { .version = "" };
    const struct release_draft release = release_draft_of(&backup->release);
    struct name_fold fold;
    struct key_row row;
    int64_t version_id = 0;

    KV_TRY(name_fold(backup->name, &fold, err));
    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(key_row_load(db, scope, &fold, &row, err));
    KV_TRY(check_name(scope, &row, backup, err));
    KV_TRY(key_remove(db, row.id, err));
    KV_TRY(version_insert_key(db, scope, &fold, backup->name, &row.id, err));
    for (size_t i = 0; i < backup->count; i++) {
        const struct kv_key *key = &backup->version[i].key;
        const struct key_draft draft = key_draft_of(key);

        KV_TRY(version_insert(db, row.id, &draft, &key->material, &version_id, err));
    }
    KV_TRY(version_make_latest(db, row.id, version_id, err));
    KV_TRY(release_save(db, row.id, &release, err));
    KV_TRY(backup_policy_save(db, row.id, &backup->policy, err));
    KV_TRY(rotation_schedule(db, version_id, err));
    KV_TRY(key_load(db, version_id, &latest, err));
    KV_TRY(kv_db_commit(db, err));
    *ret_key = key_take(&latest);
    return KV_OK;
}

static enum kv_code unwrap_all(struct kv_keys *keys, const struct backup *backup,
                               struct kv_err *err)
{
    for (size_t i = 0; i < backup->count; i++) {
        const struct backup_version *version = &backup->version[i];
        const struct kv_material *material = &version->key.material;

        KV_TRY(kv_custody_restore(keys->config.custody, material->object,
                                  backup->release.exportable, material->family, version->wrapped,
                                  version->wrapped_len, err));
    }
    return KV_OK;
}

/* A fresh object for each version; also as one block, for the intents. */
static enum kv_code assign_objects(struct backup *backup, unsigned char *objects,
                                   struct kv_err *err)
{
    for (size_t i = 0; i < backup->count; i++) {
        unsigned char *object = objects + i * KV_OBJECT_LENGTH;

        KV_TRY(kv_custody_new_object(object, err));
        memcpy(backup->version[i].key.material.object, object, KV_OBJECT_LENGTH);
    }
    return KV_OK;
}

static enum kv_code bring_back(const struct kv_scope *scope, struct backup *backup,
                               struct kv_key *ret_key, struct kv_err *err)
{
    unsigned char objects[BACKUP_VERSIONS_MAX * KV_OBJECT_LENGTH];
    enum kv_code code;

    KV_TRY(assign_objects(backup, objects, err));
    KV_TRY(intent_write(scope->keys, objects, backup->count, err));
    code = unwrap_all(scope->keys, backup, err);
    if (code == KV_OK) {
        code = store(scope, backup, ret_key, err);
    }
    if (code != KV_OK) { /* if this fails, too, the next start's sweep finds them */
        KV_IGNORE(intent_doom(scope->keys, objects, backup->count, NULL));
    }
    return code;
}

enum kv_code kv_key_restore(const struct kv_scope *scope, const char *blob, size_t len,
                            struct kv_key *ret_key, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf content;
    kv_auto(backup_done) struct backup backup = { .name = "" };

    kv_buf_init(&content, BACKUP_CONTENT_MAX);
    KV_TRY(open_blob(scope->keys, blob, len, &content, err));
    KV_TRY(backup_parse(&content, &backup, err));
    KV_TRY(adapt_types(scope, &backup, err));
    KV_TRY(check_name_now(scope, &backup, err));
    return bring_back(scope, &backup, ret_key, err);
}
