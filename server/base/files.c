/* SPDX-License-Identifier: Apache-2.0 */
/* A write goes to PATH.new and is renamed, so that a crash leaves the old file or the new one. */
#include "kv/base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv/base/clock.h"
#include "kv/base/log.h"
#include "kv/base/secret.h"

#define CHUNK 4096
#define PIPE_LOOK_MS 50        /* between two looks for a signal */
#define PIPE_PATIENCE_MS 60000 /* a pipe's other end may ask somebody for a password */
#define PIPE_SILENCE_MS 1000   /* then the log says what is waited for */
#define WALK_DESCRIPTORS 16

static void close_descriptor(const int *descriptor)
{
    if (*descriptor >= 0) {
        (void) close(*descriptor); /* everything that must last was synced before */
    }
}
KV_DEFINE_CLEANUP_VALUE(int, close_descriptor)

/* "cannot VERB PATH: reason", errno as cause. */
static enum kv_code fail_on(const char *verb, const char *path, struct kv_err *err)
{
    int reason = errno;

    return KV_FAIL(err, KV_INTERNAL, (unsigned long) reason, "cannot %s %s: %s", verb, path,
                   strerrordesc_np(reason));
}

enum kv_code kv_path_join(char ret_path[KV_PATH_MAX], const char *folder, const char *name,
                          struct kv_err *err)
{
    if (snprintf(ret_path, KV_PATH_MAX, "%s/%s", folder, name) >= KV_PATH_MAX) {
        errno = ENAMETOOLONG;
        return fail_on("use the path of", name, err);
    }
    return KV_OK;
}

static enum kv_code make_one_folder(const char *path, mode_t mode, struct kv_err *err)
{
    struct stat status;

    if (mkdir(path, mode) == 0) {
        return KV_OK;
    }
    if (errno != EEXIST) {
        return fail_on("make", path, err);
    }
    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return fail_on("make", path, err);
    }
    return KV_OK;
}

enum kv_code kv_folder_make(const char *path, mode_t mode, struct kv_err *err)
{
    char part[KV_PATH_MAX];

    if (snprintf(part, sizeof(part), "%s", path) >= (int) sizeof(part)) {
        errno = ENAMETOOLONG;
        return fail_on("make", path, err);
    }
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        KV_TRY(make_one_folder(part, mode, err));
        *slash = '/';
    }
    return make_one_folder(path, mode, err);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void) status;
    (void) type;
    (void) place;
    return remove(path);
}

enum kv_code kv_folder_remove(const char *path, struct kv_err *err)
{
    if (nftw(path, remove_entry, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS) != 0) {
        return fail_on("remove", path, err);
    }
    return KV_OK;
}

bool kv_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Whether a signal that ends the process is pending: a blocked one, left for sigwait(). */
static bool is_told_to_end(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 && !sigisemptyset(&pending);
}

static void tell_of_wait(const char *path, bool *told)
{
    if (!*told) {
        kv_log(KV_LOG_WARNING, "waits_for_pipe", KV_LOG_TEXT_FIELD("file", path),
               KV_LOG_NUMBER_FIELD("seconds_at_most", PIPE_PATIENCE_MS / 1000));
    }
    *told = true;
}

/* A file has its bytes at once; a pipe when somebody writes to it. */
static enum kv_code await_bytes(int descriptor, const char *path, kv_millis end, bool *told,
                                struct kv_err *err)
{
    struct pollfd wait = { .fd = descriptor, .events = POLLIN };

    while (poll(&wait, 1, PIPE_LOOK_MS) <= 0) {
        if (kv_clock_monotonic() >= end - PIPE_PATIENCE_MS + PIPE_SILENCE_MS) {
            tell_of_wait(path, told);
        }
        if (is_told_to_end()) {
            return KV_FAIL(err, KV_INTERNAL, EINTR, "cannot read %s: a signal ended the wait",
                           path);
        }
        if (kv_clock_monotonic() >= end) {
            return KV_FAIL(err, KV_INTERNAL, ETIMEDOUT,
                           "cannot read %s: it is a pipe that was not closed within %d seconds",
                           path, PIPE_PATIENCE_MS / 1000);
        }
    }
    return KV_OK;
}

static enum kv_code read_all(int descriptor, const char *path, struct kv_buf *buf,
                             struct kv_err *err)
{
    kv_millis end = kv_clock_monotonic() + PIPE_PATIENCE_MS;
    char chunk[CHUNK];
    ssize_t len = -1;
    bool told = false;
    enum kv_code code = KV_OK;

    while (len != 0 && (code = await_bytes(descriptor, path, end, &told, err)) == KV_OK) {
        len = read(descriptor, chunk, sizeof(chunk));
        if (len > 0) {
            code = kv_buf_append(buf, chunk, (size_t) len, err);
        } else if (len < 0 && errno != EINTR && errno != EAGAIN) {
            code = fail_on("read", path, err);
        }
        if (code != KV_OK) {
            break;
        }
    }
    kv_wipe(chunk, sizeof(chunk));
    if (code == KV_BODY_TOO_LARGE) {
        errno = EFBIG;
        return fail_on("read", path, err);
    }
    return code;
}

enum kv_code kv_file_read(const char *path, struct kv_buf *buf, struct kv_err *err)
{
    /* so as not to wait for a pipe's writer here: await_bytes() does */
    kv_auto(close_descriptor) int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (descriptor < 0 && errno == ENOENT) {
        return KV_FAIL(err, KV_NOT_FOUND, ENOENT, "%s does not exist", path);
    }
    if (descriptor < 0) {
        return fail_on("open", path, err);
    }
    return read_all(descriptor, path, buf, err);
}

static bool write_all(int descriptor, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(descriptor, bytes, len);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            bytes += written;
            len -= (size_t) written;
        }
    }
    return true;
}

static enum kv_code write_new(const char *path, const void *bytes, size_t len, mode_t mode,
                              bool syncs, struct kv_err *err)
{
    kv_auto(close_descriptor) int descriptor =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

    /* fchmod, because open() leaves out what the process's umask forbids */
    if (descriptor < 0 || fchmod(descriptor, mode) != 0 || !write_all(descriptor, bytes, len)
        || (syncs && fsync(descriptor) != 0)) {
        return fail_on("write", path, err);
    }
    return KV_OK;
}

/* A rename lasts only once the folder is on the disk. */
static enum kv_code sync_folder_of(const char *path, struct kv_err *err)
{
    char copy[KV_PATH_MAX];

    (void) snprintf(copy, sizeof(copy), "%s", path); /* opened before, so it fits */
    const char *folder = dirname(copy);
    kv_auto(close_descriptor) int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor < 0 || fsync(descriptor) != 0) {
        return fail_on("sync", folder, err);
    }
    return KV_OK;
}

static enum kv_code replace(const char *path, const void *bytes, size_t len, mode_t mode,
                            bool syncs, struct kv_err *err)
{
    char path_new[KV_PATH_MAX];

    if (snprintf(path_new, sizeof(path_new), "%s.new", path) >= (int) sizeof(path_new)) {
        errno = ENAMETOOLONG;
        return fail_on("write", path, err);
    }
    (void) unlink(path_new); /* left by an interrupted write */
    enum kv_code code = write_new(path_new, bytes, len, mode, syncs, err);
    if (code == KV_OK && rename(path_new, path) != 0) {
        code = fail_on("replace", path, err);
    }
    if (code != KV_OK) {
        (void) unlink(path_new);
        return code;
    }
    return syncs ? sync_folder_of(path, err) : KV_OK;
}

enum kv_code kv_file_write(const char *path, const void *bytes, size_t len, mode_t mode,
                           struct kv_err *err)
{
    return replace(path, bytes, len, mode, true, err);
}

enum kv_code kv_file_write_lightly(const char *path, const void *bytes, size_t len, mode_t mode,
                                   struct kv_err *err)
{
    return replace(path, bytes, len, mode, false, err);
}

enum kv_code kv_folder_lock(const char *folder, int *ret_descriptor, struct kv_err *err)
{
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, folder, "lock", err));
    int descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return fail_on("open", path, err);
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        enum kv_code code =
            errno == EWOULDBLOCK
                ? KV_FAIL(err, KV_CONFLICT, EWOULDBLOCK, "%s is in use by another process", folder)
                : fail_on("lock", path, err);
        (void) close(descriptor);
        return code;
    }
    *ret_descriptor = descriptor;
    return KV_OK;
}
