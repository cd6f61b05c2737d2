/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/ephemeral.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv/base/files.h"

#define PATTERN "coffer-??????" /* of fnmatch(3): what mkdtemp makes of the template */

static void close_listing(DIR *listing)
{
    if (listing != NULL) {
        closedir(listing);
    }
}
KV_DEFINE_CLEANUP(DIR *, close_listing)

const char *kv_ephemeral_base(void)
{
    const char *base = getenv("TMPDIR");

    return base != NULL && base[0] == '/' ? base : "/tmp";
}

/* A folder of ours that says it is temporary; a lasting one never does. */
static bool is_marked(const char *path)
{
    char mark[KV_PATH_MAX];
    struct stat status;

    return kv_path_join(mark, path, KV_EPHEMERAL_MARK, NULL) == KV_OK && lstat(path, &status) == 0
           && S_ISDIR(status.st_mode) && status.st_uid == geteuid() && lstat(mark, &status) == 0
           && S_ISREG(status.st_mode);
}

/* The mark is made after the lock was taken, so a marked folder is locked or its process is dead. */
static void visit_one(const char *path, kv_ephemeral_fn *visit, void *context)
{
    char name[KV_PATH_MAX];
    int lock;

    if (kv_path_join(name, path, "lock", NULL) != KV_OK
        || (lock = open(name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) < 0) {
        return;
    }
    if (is_marked(path)) {
        bool is_dead = flock(lock, LOCK_EX | LOCK_NB) == 0;
        if (is_dead || errno == EWOULDBLOCK) {
            visit(path, !is_dead, context);
        }
    }
    close(lock);
}

void kv_ephemeral_each(kv_ephemeral_fn *visit, void *context)
{
    kv_auto(close_listing) DIR *listing = opendir(kv_ephemeral_base());
    char path[KV_PATH_MAX];
    struct dirent *entry;

    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        if (fnmatch(PATTERN, entry->d_name, 0) == 0
            && kv_path_join(path, kv_ephemeral_base(), entry->d_name, NULL) == KV_OK) {
            visit_one(path, visit, context);
        }
    }
}
