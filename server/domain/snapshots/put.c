/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was copied is put in place. A restore of everything is decided by one rename, of the folder with
 * the copies: from then on it is carried out to its end, by this process or by the next start. Each
 * step of that can be done once more.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core.h"

#define OLD_TOKENS "restore.old" /* on their way out */
#define PART ".part"             /* behind a name that is being copied; the token reads none such */

static enum kv_code remove_file(const char *folder, const char *name, struct kv_err *err)
{
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, folder, name, err));
    return unlink(path) == 0 || errno == ENOENT ? KV_OK : snapshot_fail("remove", path, err);
}

/* The log of the database of before would be taken for one of the database that comes. */
static enum kv_code put_database(const char *folder, const char *ready, struct kv_err *err)
{
    char from[KV_PATH_MAX], to[KV_PATH_MAX];

    KV_TRY(kv_path_join(from, ready, STORE_FILE, err));
    KV_TRY(kv_path_join(to, folder, STORE_FILE, err));
    if (!kv_file_exists(from)) {
        return KV_OK;
    }
    KV_TRY(remove_file(folder, STORE_FILE "-wal", err));
    KV_TRY(remove_file(folder, STORE_FILE "-shm", err));
    return snapshot_rename(from, to, err);
}

static enum kv_code put_tokens(const char *folder, const char *ready, struct kv_err *err)
{
    char from[KV_PATH_MAX], to[KV_PATH_MAX], old[KV_PATH_MAX];

    KV_TRY(kv_path_join(from, ready, TOKENS, err));
    KV_TRY(kv_path_join(to, folder, TOKENS, err));
    KV_TRY(kv_path_join(old, folder, OLD_TOKENS, err));
    if (!kv_file_exists(from)) {
        return KV_OK;
    }
    KV_TRY(snapshot_remove(old, err));
    if (kv_file_exists(to)) {
        KV_TRY(snapshot_rename(to, old, err));
    }
    return snapshot_rename(from, to, err);
}

enum kv_code snapshot_put_rest(const char *folder, struct kv_err *err)
{
    char ready[KV_PATH_MAX], old[KV_PATH_MAX];

    KV_TRY(kv_path_join(ready, folder, READY, err));
    KV_TRY(kv_path_join(old, folder, OLD_TOKENS, err));
    if (kv_file_exists(ready)) {
        KV_TRY(put_database(folder, ready, err));
        KV_TRY(put_tokens(folder, ready, err));
        KV_TRY(snapshot_sync(folder, err));
        KV_TRY(snapshot_remove(ready, err));
    }
    return snapshot_remove(old, err);
}

enum kv_code snapshot_put_all(const char *folder, struct kv_err *err)
{
    char staged[KV_PATH_MAX], ready[KV_PATH_MAX];

    KV_TRY(kv_path_join(staged, folder, STAGED, err));
    KV_TRY(kv_path_join(ready, folder, READY, err));
    KV_TRY(snapshot_rename(staged, ready, err));
    KV_TRY(snapshot_sync(folder, err));
    return snapshot_put_rest(folder, err);
}

/* --- objects of the token --- */

static enum kv_code put_object(const char *from, const char *to, struct kv_err *err)
{
    char part[KV_PATH_MAX];

    if (snprintf(part, sizeof(part), "%s" PART, to) >= (int) sizeof(part)) {
        errno = ENAMETOOLONG;
        return snapshot_fail("write", to, err);
    }
    (void) unlink(part); /* left by a crash */
    enum kv_code code = snapshot_copy(from, part, err);
    if (code == KV_OK) {
        code = snapshot_rename(part, to, err);
    }
    if (code != KV_OK) {
        (void) unlink(part);
    }
    return code;
}

static enum kv_code put_missing(const char *saved, const char *token, struct kv_err *err)
{
    kv_auto(snapshot_listing_done) struct snapshot_listing listing = { .count = 0 };

    KV_TRY(snapshot_listing_read(saved, &listing, err));
    for (size_t i = 0; i < listing.count; i++) {
        char from[KV_PATH_MAX], to[KV_PATH_MAX];

        KV_TRY(kv_path_join(from, saved, listing.name[i], err));
        KV_TRY(kv_path_join(to, token, listing.name[i], err));
        if (!kv_file_exists(to)) {
            KV_TRY(put_object(from, to, err));
        }
    }
    return KV_OK;
}

/* A token is a folder under a name of its own, an object a file in it under a name of its own. */
enum kv_code snapshot_put_objects(const char *folder, const char *saved, struct kv_err *err)
{
    kv_auto(snapshot_listing_done) struct snapshot_listing tokens = { .count = 0 };
    char all[KV_PATH_MAX], all_saved[KV_PATH_MAX];

    KV_TRY(kv_path_join(all, folder, TOKENS, err));
    KV_TRY(kv_path_join(all_saved, saved, TOKENS, err));
    KV_TRY(snapshot_listing_read(all_saved, &tokens, err));
    for (size_t i = 0; i < tokens.count; i++) {
        char from[KV_PATH_MAX], to[KV_PATH_MAX];

        KV_TRY(kv_path_join(from, all_saved, tokens.name[i], err));
        KV_TRY(kv_path_join(to, all, tokens.name[i], err));
        if (!kv_file_exists(to)) {
            return KV_FAIL(err, KV_CONFLICT, 0,
                           "The token was made anew since: one vault cannot be put back.");
        }
        KV_TRY(put_missing(from, to, err));
    }
    return snapshot_sync(all, err);
}
