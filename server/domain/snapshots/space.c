/* SPDX-License-Identifier: Apache-2.0 */
/* Whether there is room for a copy, before anybody has to wait for it. */
#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "core.h"

#define BLOCK 4096               /* what a small file takes */
#define MARGIN (4 * 1024 * 1024) /* bytes, for the store's log and what others write meanwhile */
#define DEPTH_MAX 8

static enum kv_code add_size(const char *folder, const char *name, unsigned depth, uint64_t *total,
                             struct kv_err *err)
{
    kv_auto(snapshot_listing_done) struct snapshot_listing listing = { .count = 0 };
    char path[KV_PATH_MAX];
    struct stat status;

    KV_TRY(kv_path_join(path, folder, name, err));
    if (lstat(path, &status) != 0) { /* a key that was destroyed just now */
        return errno == ENOENT ? KV_OK : snapshot_fail("read", path, err);
    }
    *total += (uint64_t) status.st_size / BLOCK * BLOCK + BLOCK;
    if (!S_ISDIR(status.st_mode) || depth == 0) {
        return KV_OK;
    }
    KV_TRY(snapshot_listing_read(path, &listing, err));
    for (size_t i = 0; i < listing.count; i++) {
        KV_TRY(add_size(path, listing.name[i], depth - 1, total, err));
    }
    return KV_OK;
}

enum kv_code snapshot_check_space(const char *folder, struct kv_err *err)
{
    struct statvfs disk;
    uint64_t needed = MARGIN;

    KV_TRY(add_size(folder, STORE_FILE, 0, &needed, err));
    KV_TRY(add_size(folder, TOKENS, DEPTH_MAX, &needed, err));
    if (statvfs(folder, &disk) != 0) {
        return snapshot_fail("look at the disk of", folder, err);
    }
    if ((uint64_t) disk.f_bavail * disk.f_frsize < needed) {
        errno = ENOSPC;
        return snapshot_fail("copy", folder, err);
    }
    return KV_OK;
}
