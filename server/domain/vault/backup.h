/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.h - what a backup holds before it is sealed: a name and its versions, each with its
 * material as the token wrapped it. A form of coffer's own (contract §6.7 knows only the envelope):
 * numbers of eight bytes, big-endian, and bytes with their number before them.
 */
#pragma once

#include "private.h"

#define BACKUP_VERSIONS_MAX 500              /* contract §6.7 */
#define BACKUP_CONTENT_MAX (4 * 1024 * 1024) /* bytes; 500 versions of RSA-4096 need 1.7 MB */
#define BACKUP_PREFIX "&AzureKeyVaultKeyBackupV1.microsoft.com"

struct backup_version {
    struct kv_key key;   /* `object` of its material is not used */
    const void *wrapped; /* borrowed from the content */
    size_t wrapped_len;
};

struct backup {
    char name[KV_KEY_NAME_MAX + 1];
    struct backup_version *version; /* heap, the oldest first */
    size_t count;
};
void backup_done(struct backup *backup);
KV_DEFINE_CLEANUP_VALUE(struct backup, backup_done)

/* Appends the head, or a version. KV_BODY_TOO_LARGE when it does not fit. */
enum kv_code backup_append_head(struct kv_buf *content, const char *name, size_t count,
                                struct kv_err *err) kv_must_check;
enum kv_code backup_append_version(struct kv_buf *content, const struct kv_key *key,
                                   const struct kv_wrapped *wrapped,
                                   struct kv_err *err) kv_must_check;

/* Reads it back. KV_BACKUP_CORRUPT for what was not written by the functions above. */
enum kv_code backup_parse(const struct kv_buf *content, struct backup *ret_backup,
                          struct kv_err *err) kv_must_check;

/* The one text for every blob that is none of ours (contract §9.2). */
enum kv_code fail_corrupt(struct kv_err *err) kv_must_check;
