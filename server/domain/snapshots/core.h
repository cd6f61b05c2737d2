/* SPDX-License-Identifier: Apache-2.0 */
/* core.h - what the files of this folder share: the shelf of snapshots, and copies of folders. */
#pragma once

#include <pthread.h>

#include "kv/base/files.h"
#include "kv/snapshots/snapshots.h"

#define STORE_FILE "coffer.db"
#define TOKENS "tokens"
#define DESCRIPTION "snapshot.json"
#define STAGED "restore.new"  /* in the data folder: being copied */
#define READY "restore.ready" /* copied, and being put in place: a start goes on with it */

#define DIGEST_TEXT_SIZE 65 /* SHA-256 in hex */

struct kv_snapshots {
    struct kv_snapshots_config config;
    pthread_mutex_t turn; /* lock.def: snapshots.turn */
};

/* --- copy.c: folders of plain files --- */

/* "cannot VERB PATH: reason" of errno; KV_INSUFFICIENT_STORAGE for a disk that is full. */
enum kv_code snapshot_fail(const char *verb, const char *path, struct kv_err *err);

/* Whether there is a file, and no link, FIFO or the like: what reads those may wait for long. */
bool snapshot_is_file(const char *path);

/* Copies a file, or a folder with the files and folders in it, to a place where nothing is. Nothing is
 * synced. Links and the like are refused. */
enum kv_code snapshot_copy(const char *from, const char *to, struct kv_err *err) kv_must_check;

/* KV_INSUFFICIENT_STORAGE when the disk has no room for another copy of the store and the token below
 * `folder`, and some to go on with. */
enum kv_code snapshot_check_space(const char *folder, struct kv_err *err) kv_must_check;

/* Writes to the disk all that was written to its file system. */
enum kv_code snapshot_sync(const char *folder, struct kv_err *err) kv_must_check;

enum kv_code snapshot_rename(const char *from, const char *to, struct kv_err *err) kv_must_check;

/* Nothing is fine. */
enum kv_code snapshot_remove(const char *path, struct kv_err *err) kv_must_check;

/* The entries of a folder but "." and "..", sorted; of none where there is no folder. */
struct snapshot_listing {
    char **name; /* heap, and each of them */
    size_t count;
};
enum kv_code snapshot_listing_read(const char *folder, struct snapshot_listing *ret_listing,
                                   struct kv_err *err) kv_must_check;
void snapshot_listing_done(struct snapshot_listing *listing);
KV_DEFINE_CLEANUP_VALUE(struct snapshot_listing, snapshot_listing_done)

/* --- digest.c --- */

/* Of the database and the token's files below `folder`, their names included, and of `text`. */
enum kv_code snapshot_digest(const char *folder, const char *text, size_t len,
                             char ret_digest[DIGEST_TEXT_SIZE], struct kv_err *err) kv_must_check;

/* --- shelf.c --- */

enum kv_code snapshot_name_check(const char *name, struct kv_err *err) kv_must_check;

/* Where the snapshots of this data folder are, and one of them. */
enum kv_code snapshot_shelf(const char *folder, char ret_path[KV_PATH_MAX],
                            struct kv_err *err) kv_must_check;
enum kv_code snapshot_place(const char *folder, const char *name, char ret_path[KV_PATH_MAX],
                            struct kv_err *err) kv_must_check;

/* Writes the description into a folder that holds all the rest; adds the digest to it. */
enum kv_code snapshot_seal(const char *place, cJSON *description, struct kv_err *err) kv_must_check;

/* Reads it; KV_NOT_FOUND, KV_CONFLICT when it cannot be read. The second also holds the files against
 * it. */
enum kv_code snapshot_read(const char *folder, const char *name, cJSON **ret_description,
                           struct kv_err *err) kv_must_check;
enum kv_code snapshot_verify(const char *folder, const char *name, cJSON **ret_description,
                             struct kv_err *err) kv_must_check;

/* --- put.c: what was copied is put in place --- */

/* With the files of store and token closed: all of the staged ones take the place of those that are
 * there. Once it has begun, a start finishes it. */
enum kv_code snapshot_put_all(const char *folder, struct kv_err *err) kv_must_check;

/* Goes on where that was interrupted, if it was. */
enum kv_code snapshot_put_rest(const char *folder, struct kv_err *err) kv_must_check;

/* Brings back the token's files that the saved token at `saved` has and that of the data folder has
 * not. Each is whole or absent. KV_CONFLICT when they are not states of one token. */
enum kv_code snapshot_put_objects(const char *folder, const char *saved,
                                  struct kv_err *err) kv_must_check;
