/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.h - the content of a backup before it is sealed: a name and its versions, each with its
 * material as the token wrapped it. The format is coffer's own (contract §6.7 defines only the
 * envelope): numbers of eight bytes, big-endian, and length-prefixed bytes.
 */
#pragma once

#include "kv/keys/keys.h"
#include "kv/store/store.h"

#define BACKUP_VERSIONS_MAX 500              /* contract §6.7 */
#define BACKUP_CONTENT_MAX (4 * 1024 * 1024) /* bytes; 500 versions of RSA-4096 need 1.7 MB */
#define BACKUP_PREFIX "&AzureKeyVaultKeyBackupV1.microsoft.com" /* a managed HSM's have none */

struct backup_version {
    struct kv_key key;   /* `object` of its material is not used */
    const void *wrapped; /* borrowed from the content */
    size_t wrapped_len;
};

/* A rotation policy as it is stored: texts, "" for anything it does not have. */
#define BACKUP_DURATION_SIZE 64
enum backup_duration { BACKUP_EXPIRY, BACKUP_AFTER_CREATE, BACKUP_BEFORE_EXPIRY, BACKUP_NOTIFY };
#define BACKUP_DURATIONS (BACKUP_NOTIFY + 1)
struct backup_policy {
    bool given;
    char duration[BACKUP_DURATIONS][BACKUP_DURATION_SIZE];
    kv_time created, updated;
};

/* Loads the policy of a live key; saves it for the key of that row, inside a transaction. */
enum kv_code backup_policy_load(const struct kv_scope *scope, const char *name,
                                struct backup_policy *ret_policy, struct kv_err *err) kv_must_check;
enum kv_code backup_policy_save(struct kv_db *db, int64_t key_id,
                                const struct backup_policy *policy,
                                struct kv_err *err) kv_must_check;

struct backup {
    struct backup_policy policy;
    struct kv_release_terms release; /* owned */
    char name[KV_KEY_NAME_MAX + 1];
    struct backup_version *version; /* heap, the oldest first */
    size_t count;
};
void backup_done(struct backup *backup);
KV_DEFINE_CLEANUP_VALUE(struct backup, backup_done)

/* Appends the head, or a version. KV_BODY_TOO_LARGE when it does not fit. */
enum kv_code backup_append_head(struct kv_buf *content, const char *name,
                                const struct backup_policy *policy,
                                const struct kv_release_terms *release, size_t count,
                                struct kv_err *err) kv_must_check;
enum kv_code backup_append_version(struct kv_buf *content, const struct kv_key *key,
                                   const struct kv_wrapped *wrapped,
                                   struct kv_err *err) kv_must_check;

/* Reads it back. KV_BACKUP_CORRUPT for anything not written by the functions above. */
enum kv_code backup_parse(const struct kv_buf *content, struct backup *ret_backup,
                          struct kv_err *err) kv_must_check;

/* The texts for a blob that is not ours (contract §6.7, §9.2, §19 row 33). */
enum kv_code fail_corrupt(struct kv_err *err) kv_must_check;
