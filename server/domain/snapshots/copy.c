/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of folders. They are synced once they are complete: the token may have ten thousand files. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"
#include "kv/base/secret.h"

#define CHUNK 65536
#define DEPTH_MAX 8 /* of folders: a token's files are two below */

static void close_descriptor(const int *descriptor)
{
    if (*descriptor >= 0) {
        (void) close(*descriptor);
    }
}
KV_DEFINE_CLEANUP_VALUE(int, close_descriptor)

static void close_folder(DIR *folder)
{
    if (folder != NULL) {
        (void) closedir(folder);
    }
}
KV_DEFINE_CLEANUP(DIR *, close_folder)

enum kv_code snapshot_fail(const char *verb, const char *path, struct kv_err *err)
{
    int reason = errno;
    bool is_full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;

    return KV_FAIL(err, is_full ? KV_INSUFFICIENT_STORAGE : KV_INTERNAL, (unsigned long) reason,
                   "cannot %s %s: %s", verb, path, strerrordesc_np(reason));
}

bool snapshot_is_file(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* --- listings --- */

static int compare_names(const void *left, const void *right)
{
    const char *const *a = left, *const *b = right;

    return strcmp(*a, *b);
}

void snapshot_listing_done(struct snapshot_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        free(listing->name[i]);
    }
    free(listing->name);
    *listing = (struct snapshot_listing){ .count = 0 };
}

static bool add_name(struct snapshot_listing *listing, const char *name)
{
    if ((listing->count & (listing->count + 1)) == 0) { /* full: 0, 1, 3, 7, ... */
        char **longer =
            reallocarray(listing->name, 2 * (listing->count + 1), sizeof(*listing->name));

        if (longer == NULL) {
            return false;
        }
        listing->name = longer;
    }
    listing->name[listing->count] = strdup(name);
    return listing->name[listing->count++] != NULL;
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum kv_code read_names(DIR *stream, const char *folder, struct snapshot_listing *listing,
                               struct kv_err *err)
{
    const struct dirent *entry;

    while (errno = 0, (entry = readdir(stream)) != NULL) {
        if (!is_dot(entry->d_name) && !add_name(listing, entry->d_name)) {
            return KV_OUT_OF_MEMORY(err);
        }
    }
    return errno == 0 ? KV_OK : snapshot_fail("list", folder, err);
}

enum kv_code snapshot_listing_read(const char *folder, struct snapshot_listing *ret_listing,
                                   struct kv_err *err)
{
    kv_auto(snapshot_listing_done) struct snapshot_listing listing = { .count = 0 };
    kv_auto(close_folder) DIR *stream = opendir(folder);

    if (stream == NULL && errno != ENOENT) {
        return snapshot_fail("list", folder, err);
    }
    if (stream != NULL) {
        KV_TRY(read_names(stream, folder, &listing, err));
    }
    if (listing.count > 0) {
        qsort(listing.name, listing.count, sizeof(*listing.name), compare_names);
    }
    *ret_listing = listing;
    listing = (struct snapshot_listing){ .count = 0 };
    return KV_OK;
}

/* --- copies --- */

static bool write_all(int descriptor, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(descriptor, bytes, len);

        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes += written > 0 ? written : 0;
        len -= written > 0 ? (size_t) written : 0;
    }
    return true;
}

/* `chunk` is the caller's, who wipes it. */
static enum kv_code pour(int from, int to, const char *name, unsigned char *chunk,
                         struct kv_err *err)
{
    ssize_t len;

    while ((len = read(from, chunk, CHUNK)) != 0) {
        if (len < 0 && errno != EINTR) {
            return snapshot_fail("read", name, err);
        }
        if (len > 0 && !write_all(to, chunk, (size_t) len)) {
            return snapshot_fail("write", name, err);
        }
    }
    return KV_OK;
}

static enum kv_code copy_file(const char *from, const char *to, struct kv_err *err)
{
    kv_auto(close_descriptor) int source =
        open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (source < 0) {
        return snapshot_fail("open", from, err);
    }
    kv_auto(close_descriptor) int target =
        open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (target < 0) {
        return snapshot_fail("write", to, err);
    }
    unsigned char *chunk = malloc(CHUNK);

    if (chunk == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    enum kv_code code = pour(source, target, to, chunk, err);
    kv_wipe(chunk, CHUNK);
    free(chunk);
    return code;
}

static enum kv_code copy_entry(const char *from, const char *to, unsigned depth,
                               struct kv_err *err);

static enum kv_code copy_folder(const char *from, const char *to, unsigned depth,
                                struct kv_err *err)
{
    kv_auto(snapshot_listing_done) struct snapshot_listing listing = { .count = 0 };

    if (depth == DEPTH_MAX) {
        errno = ELOOP;
        return snapshot_fail("copy", from, err);
    }
    if (mkdir(to, 0700) != 0) {
        return snapshot_fail("make", to, err);
    }
    KV_TRY(snapshot_listing_read(from, &listing, err));
    for (size_t i = 0; i < listing.count; i++) {
        char source[KV_PATH_MAX], target[KV_PATH_MAX];

        KV_TRY(kv_path_join(source, from, listing.name[i], err));
        KV_TRY(kv_path_join(target, to, listing.name[i], err));
        KV_TRY(copy_entry(source, target, depth + 1, err));
    }
    return KV_OK;
}

static enum kv_code copy_entry(const char *from, const char *to, unsigned depth, struct kv_err *err)
{
    struct stat status;

    if (lstat(from, &status) != 0) {
        return snapshot_fail("read", from, err);
    }
    if (S_ISDIR(status.st_mode)) {
        return copy_folder(from, to, depth, err);
    }
    if (!S_ISREG(status.st_mode)) {
        return KV_FAIL(err, KV_CONFLICT, 0, "%s is neither a file nor a folder", from);
    }
    return copy_file(from, to, err);
}

enum kv_code snapshot_copy(const char *from, const char *to, struct kv_err *err)
{
    return copy_entry(from, to, 0, err);
}

enum kv_code snapshot_sync(const char *folder, struct kv_err *err)
{
    kv_auto(close_descriptor) int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor < 0 || syncfs(descriptor) != 0) {
        return snapshot_fail("sync", folder, err);
    }
    return KV_OK;
}

enum kv_code snapshot_rename(const char *from, const char *to, struct kv_err *err)
{
    return rename(from, to) == 0 ? KV_OK : snapshot_fail("rename", from, err);
}

enum kv_code snapshot_remove(const char *path, struct kv_err *err)
{
    struct stat status;

    return lstat(path, &status) == 0 ? kv_folder_remove(path, err) : KV_OK;
}
