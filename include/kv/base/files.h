/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/files.h - small files that must be whole or absent: keys, certificates, PINs, run.json.
 *
 * Thread rule: safe from any thread, for different paths. Errors are KV_INTERNAL with the path
 * in the message and errno as cause; KV_NOT_FOUND when a file to be read is not there.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "kv/base/buf.h"
#include "kv/base/err.h"

/* "%s/%s" into a buffer of PATH_MAX; too long is an error. */
#define KV_PATH_MAX 4096
enum kv_code kv_path_join(char ret_path[KV_PATH_MAX], const char *folder, const char *name,
                          struct kv_err *err) kv_must_check;

/* Makes the folder and its parents with `mode`; an existing one is fine. */
enum kv_code kv_folder_make(const char *path, mode_t mode, struct kv_err *err) kv_must_check;

/* Removes the folder and everything in it; never follows a symbolic link. */
enum kv_code kv_folder_remove(const char *path, struct kv_err *err) kv_must_check;

bool kv_file_exists(const char *path);

/*
 * Appends the whole file to `buf`, whose maximum bounds it. If it is a pipe, which options may
 * name, waits for its end, a minute at most, and says so in the log after a second; a pending signal
 * that the thread has blocked ends the wait.
 */
enum kv_code kv_file_read(const char *path, struct kv_buf *buf, struct kv_err *err) kv_must_check;

/* Writes a new file beside the old one, syncs it and renames it into place. */
enum kv_code kv_file_write(const char *path, const void *bytes, size_t len, mode_t mode,
                           struct kv_err *err) kv_must_check;

/* The same without waiting for the disk, for what each start writes anew: of a power failure it may be
 * left empty, or the old one. */
enum kv_code kv_file_write_lightly(const char *path, const void *bytes, size_t len, mode_t mode,
                                   struct kv_err *err) kv_must_check;

/*
 * Locks the folder for one process (flock on FOLDER/lock) until the descriptor is closed;
 * KV_CONFLICT, naming the folder, if another process holds it.
 */
enum kv_code kv_folder_lock(const char *folder, int *ret_descriptor,
                            struct kv_err *err) kv_must_check;
