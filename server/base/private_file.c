/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv/base/base.h"

#define PERMISSIONS 07777
#define ACCESS 0777
#define OF_OTHERS (S_IRWXG | S_IRWXO)
#define OF_ROOTS_READERS (S_IRWXU | S_IRGRP) /* of 0640; that root may run it harms nobody */

static void close_descriptor(const int *descriptor)
{
    if (*descriptor >= 0) {
        (void) close(*descriptor); /* nothing was written */
    }
}
KV_DEFINE_CLEANUP_VALUE(int, close_descriptor)

/* Whether the file gives others nothing, or a group of ours what root lets it read. */
static bool is_private(const struct stat *status)
{
    mode_t allowed = status->st_uid == 0 ? OF_ROOTS_READERS : S_IRWXU;

    return (status->st_mode & ACCESS & ~allowed) == 0;
}

static bool is_ours(const struct stat *status)
{
    return geteuid() == 0 || status->st_uid == 0 || status->st_uid == geteuid();
}

static const char *cure_of(const struct stat *status)
{
    if (S_ISDIR(status->st_mode)) {
        return "0700";
    }
    return status->st_uid == geteuid() ? "0600" : "0640";
}

/* Even root would be led to a place that somebody else chose. */
bool kv_link_is_of_others(const char *path, unsigned *ret_owner)
{
    struct stat status;

    if (lstat(path, &status) != 0 || !S_ISLNK(status.st_mode)) {
        return false;
    }
    *ret_owner = (unsigned) status.st_uid;
    return status.st_uid != 0 && status.st_uid != geteuid();
}

static enum kv_code fail_owner(const char *path, const char *what, unsigned owner,
                               struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "%s %s user %u, who can change it: have it belong to user %u or root", path,
                   what, owner, (unsigned) geteuid());
}

enum kv_code kv_private_file_check(const char *path, struct kv_err *err)
{
    struct stat status;
    unsigned owner;

    if (kv_link_is_of_others(path, &owner)) {
        return fail_owner(path, "is a link of", owner, err);
    }
    if (stat(path, &status) != 0 || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) {
        return KV_OK;
    }
    if (!is_ours(&status)) {
        return fail_owner(path, "belongs to", (unsigned) status.st_uid, err);
    }
    if (!is_private(&status)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s has mode %04o, so others can read it or change it: chmod %s %s", path,
                       (unsigned) status.st_mode & PERMISSIONS, cure_of(&status), path);
    }
    return KV_OK;
}

/* Takes `others` off the mode of what is at the path, if it is ours. */
static enum kv_code take_from_others(const char *path, int flags, mode_t others, unsigned *ret_was,
                                     struct kv_err *err)
{
    kv_auto(close_descriptor) int descriptor =
        open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags);
    struct stat status;

    *ret_was = 0;
    if (descriptor < 0 || fstat(descriptor, &status) != 0 || status.st_uid != geteuid()
        || (status.st_mode & others) == 0) {
        return KV_OK;
    }
    if (fchmod(descriptor, status.st_mode & PERMISSIONS & ~others) != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno,
                       "%s has mode %04o, which is too much for others, and it cannot be changed: "
                       "%s",
                       path, (unsigned) status.st_mode & PERMISSIONS, strerrordesc_np(errno));
    }
    *ret_was = (unsigned) status.st_mode & PERMISSIONS;
    return KV_OK;
}

enum kv_code kv_private_file_tighten(const char *path, unsigned *ret_was, struct kv_err *err)
{
    return take_from_others(path, 0, OF_OTHERS, ret_was, err);
}

enum kv_code kv_private_folder_check(const char *path, struct kv_err *err)
{
    struct stat status;

    if (stat(path, &status) != 0 || is_ours(&status)) {
        return KV_OK;
    }
    return fail_owner(path, "belongs to", (unsigned) status.st_uid, err);
}

enum kv_code kv_private_folder_tighten(const char *path, unsigned *ret_was, struct kv_err *err)
{
    struct stat status;

    *ret_was = 0;
    if (stat(path, &status) != 0 || (status.st_mode & S_ISVTX) != 0) {
        return KV_OK;
    }
    return take_from_others(path, O_DIRECTORY, S_IWGRP | S_IWOTH, ret_was, err);
}
