/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/ephemeral.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "kv/base/files.h"

#define SHARED_MEMORY "/dev/shm"
#define PLACES 3
#define ROOM (256UL * 1024 * 1024) /* bytes that a tmpfs must have free to be taken */
#define PATTERN "coffer-??????"    /* of fnmatch(3): what mkdtemp makes of the template */

static void close_listing(DIR *listing)
{
    if (listing != NULL) {
        closedir(listing);
    }
}
KV_DEFINE_CLEANUP(DIR *, close_listing)

/* An absolute path that SoftHSM can keep a token below, or NULL. */
static const char *read_path(const char *variable)
{
    const char *path = getenv(variable);

    return path != NULL && path[0] == '/' && strpbrk(path, "#=\n\r") == NULL ? path : NULL;
}

/* The sizes that a container gives /dev/shm are too small for many keys and a snapshot of them. */
static bool is_roomy_memory(const char *path)
{
    struct statfs status;

    return path != NULL && statfs(path, &status) == 0 && status.f_type == TMPFS_MAGIC
           && status.f_bavail >= ROOM / (unsigned long) status.f_bsize
           && access(path, W_OK | X_OK) == 0;
}

/* The system's own ones before the user's, which is a tenth of the memory and goes when he logs
 * out. NULL: no such place. */
static void list_places(const char *place[PLACES])
{
    place[0] = SHARED_MEMORY;
    place[1] = read_path("XDG_RUNTIME_DIR");
    place[2] = "/tmp";
}

const char *kv_ephemeral_base(void)
{
    const char *given = getenv("TMPDIR");
    const char *place[PLACES];

    if (given != NULL && given[0] == '/') {
        return given;
    }
    list_places(place);
    for (size_t i = 0; i + 1 < PLACES; i++) {
        if (is_roomy_memory(place[i])) {
            return place[i];
        }
    }
    return place[PLACES - 1];
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

static void visit_place(const char *place, kv_ephemeral_fn *visit, void *context)
{
    kv_auto(close_listing) DIR *listing = opendir(place);
    char path[KV_PATH_MAX];
    struct dirent *entry;

    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        if (fnmatch(PATTERN, entry->d_name, 0) == 0
            && kv_path_join(path, place, entry->d_name, NULL) == KV_OK) {
            visit_one(path, visit, context);
        }
    }
}

/* By another name, perhaps. */
static bool is_one_of(const char *const place[], size_t count, const char *path)
{
    struct stat status, other;

    if (stat(path, &status) != 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (place[i] != NULL && stat(place[i], &other) == 0 && other.st_dev == status.st_dev
            && other.st_ino == status.st_ino) {
            return true;
        }
    }
    return false;
}

void kv_ephemeral_each(kv_ephemeral_fn *visit, void *context)
{
    const char *given = getenv("TMPDIR");
    const char *place[PLACES];

    if (given != NULL && given[0] == '/') {
        visit_place(given, visit, context);
        return;
    }
    list_places(place); /* all: what a place had room for then it may have none for now */
    for (size_t i = 0; i < PLACES; i++) {
        if (place[i] != NULL && !is_one_of(place, i, place[i])) {
            visit_place(place[i], visit, context);
        }
    }
}
