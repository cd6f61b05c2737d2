/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log's content is compared with SQLite's index of it, so that another process that writes by
 * SQLite's rules does not count as damage; https://www.sqlite.org/walformat.html and
 * fileformat2.html (section 4) describe both. The database is written by checkpoints alone, which
 * the index counts.
 */
#include "files.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv/base/secret.h"

#define LOOKS 4                /* at an index that is being changed */
#define ROOM_LEAST (64 * 1024) /* bytes behind the log's last frame: more than most commits write */
#define ROOM_STEP (512 * 1024) /* bytes it is prolonged by */
#define ROOM_MOST (4200 * 1024) /* of the log: SQLite begins it anew at 1000 pages */
#define LOG_HEAD 32
#define LOG_SALT 16 /* where it is in the log's header */
#define SALT_SIZE 8
#define FRAME_HEAD 24
#define FRAME_SUM 16 /* where it is in a frame's header */

static const char *const suffixes[STORE_FILES] = { "", "-wal", "-shm" };

/* The start of the index: the same header twice, then how much of the log is in the database. */
struct index_head {
    uint32_t version, unused, change;
    uint8_t is_initialised, has_big_sums;
    uint16_t page_size; /* 1: 65536 */
    uint32_t last_frame, pages, sum[2];
    unsigned char salt[SALT_SIZE];
    uint32_t own_sum[2];
};
struct index_start {
    struct index_head head[2];
    uint32_t copied; /* frames, into the database */
};
_Static_assert(sizeof(struct index_start) == 100, "as the format has it");

/*
 * Whether the path still leads to the open file. Both are checked each time: container file systems
 * have inode numbers that are stable only while the file is open.
 */
static bool is_in_place(const char *path, int descriptor)
{
    struct stat there, held;

    return stat(path, &there) == 0 && fstat(descriptor, &held) == 0 && there.st_dev == held.st_dev
           && there.st_ino == held.st_ino && held.st_nlink > 0;
}

static bool are_in_place(const struct store_files *files)
{
    for (size_t i = 0; i < STORE_FILES; i++) {
        if (!is_in_place(files->file[i].path, files->file[i].descriptor)) {
            return false;
        }
    }
    return true;
}

static bool are_equal(const void *one, const void *other, size_t len)
{
    return kv_secret_equal(one, len, other, len);
}

static bool read_at(int descriptor, void *bytes, size_t len, off_t offset)
{
    return pread(descriptor, bytes, len, offset) == (ssize_t) len;
}

/* False while it is being changed, and before SQLite has made it anew. */
static bool read_index(const struct store_files *files, struct index_start *ret_index)
{
    return read_at(files->file[STORE_INDEX].descriptor, ret_index, sizeof(*ret_index), 0)
           && are_equal(&ret_index->head[0], &ret_index->head[1], sizeof(ret_index->head[0]))
           && ret_index->head[0].is_initialised != 0;
}

static off_t page_size(const struct index_head *head)
{
    return (head->page_size & 0xfe00) + ((off_t) (head->page_size & 1) << 16);
}

/* Whether the log has the last frame that the index knows of, and is the log the index
 * describes. */
static bool has_last_frame(const struct store_files *files, const struct index_head *head)
{
    off_t page = page_size(head);
    off_t frame = LOG_HEAD + (off_t) (head->last_frame - 1) * (FRAME_HEAD + page);
    int log = files->file[STORE_LOG].descriptor;
    unsigned char salt[SALT_SIZE];
    uint32_t sum[2];
    struct stat status;

    return fstat(log, &status) == 0 && status.st_size >= frame + FRAME_HEAD + page
           && read_at(log, salt, sizeof(salt), LOG_SALT)
           && are_equal(salt, head->salt, sizeof(salt))
           && read_at(log, sum, sizeof(sum), frame + FRAME_SUM) && be32toh(sum[0]) == head->sum[0]
           && be32toh(sum[1]) == head->sum[1];
}

/* A log that is restarted between the two reads of the index is checked again. */
static bool is_log_whole(const struct store_files *files)
{
    struct index_start before, after;

    for (int i = 0; i < LOOKS; i++) {
        if (!read_index(files, &before)) {
            continue;
        }
        if (before.head[0].last_frame == 0 || has_last_frame(files, &before.head[0])) {
            return true;
        }
        if (read_index(files, &after) && are_equal(&before, &after, sizeof(before))) {
            return false;
        }
    }
    return true; /* another process is writing right now */
}

static bool look(const struct store_files *files, struct store_look *ret_look)
{
    int database = files->file[STORE_DATABASE].descriptor;
    struct index_start index = { 0 };
    struct stat status;

    if (fstat(database, &status) != 0 || !read_at(database, ret_look->head, STORE_FILE_HEAD, 0)) {
        return false;
    }
    (void) read_index(files, &index); /* otherwise the data read is from another state */
    ret_look->size = status.st_size;
    ret_look->changed = status.st_mtim;
    memcpy(ret_look->step, index.head[0].salt, SALT_SIZE);
    memcpy(ret_look->step + SALT_SIZE, &index.copied, sizeof(index.copied));
    return true;
}

/* It never shrinks: nothing here vacuums. */
static bool has_kept(const struct store_look *known, const struct store_look *now)
{
    return now->size >= known->size && are_equal(now->head, known->head, STORE_FILE_HEAD);
}

/* Only a checkpoint writes to it. */
static bool is_untouched(const struct store_look *known, const struct store_look *now)
{
    return !are_equal(now->step, known->step, STORE_FILE_STEP)
           || (now->changed.tv_sec == known->changed.tv_sec
               && now->changed.tv_nsec == known->changed.tv_nsec);
}

static enum kv_code fail_changed(struct kv_err *err)
{
    return KV_FAIL(err, KV_UNAVAILABLE, 0,
                   "the store's files were changed by another program while coffer was running");
}

static bool is_database_sound(const struct store_files *files, bool may_be_written)
{
    struct store_look now;

    return look(files, &now) && has_kept(&files->known, &now)
           && (may_be_written || is_untouched(&files->known, &now));
}

static enum kv_code check(const struct store_files *files, bool may_be_written, struct kv_err *err)
{
    if (!are_in_place(files)) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0,
                       "the store's files were moved, removed or replaced while coffer was "
                       "running");
    }
    if (atomic_load(&files->index_is_cut) || !is_database_sound(files, may_be_written)
        || !is_log_whole(files)) {
        return fail_changed(err);
    }
    return KV_OK;
}

enum kv_code store_files_check(struct store_files *files, struct kv_err *err)
{
    if (!files->open) {
        return KV_OK;
    }
    KV_TRY(store_files_use_index(files, err));
    pthread_mutex_lock(&files->mutex);
    enum kv_code code = check(files, files->writing, err); /* a checkpoint may be under way */
    pthread_mutex_unlock(&files->mutex);
    return code;
}

/* From now on what another process's checkpoint wrote counts as known. */
static void remember(struct store_files *files)
{
    struct store_look now;

    if (look(files, &now) && has_kept(&files->known, &now)) {
        files->known = now;
    }
}

enum kv_code store_files_enter(struct store_files *files, struct kv_err *err)
{
    if (!files->open) {
        return KV_OK;
    }
    KV_TRY(store_files_use_index(files, err));
    pthread_mutex_lock(&files->mutex);
    enum kv_code code = check(files, false, err);
    if (code == KV_OK) {
        remember(files);
        files->writing = true;
    }
    pthread_mutex_unlock(&files->mutex);
    return code;
}

enum kv_code store_files_verify(struct store_files *files, struct kv_err *err)
{
    if (!files->open) {
        return KV_OK;
    }
    KV_TRY(store_files_use_index(files, err));
    pthread_mutex_lock(&files->mutex);
    enum kv_code code = check(files, false, err);
    pthread_mutex_unlock(&files->mutex);
    return code;
}

enum kv_code store_files_leave(struct store_files *files, struct kv_err *err)
{
    enum kv_code code = KV_OK;

    pthread_mutex_lock(&files->mutex);
    if (files->writing) {
        code = check(files, true, err);
        remember(files);
        files->writing = false;
    }
    pthread_mutex_unlock(&files->mutex);
    return code;
}

static off_t find_log_end(const struct store_files *files)
{
    struct index_start index;

    if (!read_index(files, &index)) {
        return 0;
    }
    return LOG_HEAD + (off_t) index.head[0].last_frame * (FRAME_HEAD + page_size(&index.head[0]));
}

void store_files_make_room(const struct store_files *files)
{
    int log = files->file[STORE_LOG].descriptor;
    struct stat status;

    if (!files->open || fstat(log, &status) != 0 || status.st_size >= ROOM_MOST
        || find_log_end(files) + ROOM_LEAST <= status.st_size) {
        return;
    }
    void *zeros = calloc(1, ROOM_STEP);
    if (zeros != NULL) {
        KV_IGNORE(
            pwrite(log, zeros, ROOM_STEP, status.st_size)); /* then the commit makes it longer */
        free(zeros);
    }
}

enum kv_code store_files_use_index(struct store_files *files, struct kv_err *err)
{
    int index = files->file[STORE_INDEX].descriptor;
    long long size = atomic_load(&files->index_size);
    struct stat status;

    if (!files->open) {
        return KV_OK;
    }
    if (fstat(index, &status) != 0) {
        return fail_changed(err);
    }
    if (status.st_size < size) {
        atomic_store(&files->index_is_cut, true);
        KV_IGNORE(ftruncate(index, (off_t) size)); /* otherwise the next access ends the process */
    } else if (status.st_size > size) {
        atomic_store(&files->index_size,
                     status.st_size); /* concurrent threads leave a size that it had */
    }
    return atomic_load(&files->index_is_cut) ? fail_changed(err) : KV_OK;
}

enum kv_code store_files_watch(struct store_files *files, struct kv_err *err)
{
    for (size_t i = 0; i < STORE_FILES; i++) {
        int access = i == STORE_DATABASE ? O_RDONLY : O_RDWR;

        files->file[i].descriptor = open(files->file[i].path, access | O_CLOEXEC);
        if (files->file[i].descriptor < 0) {
            return KV_FAIL(err, KV_UNAVAILABLE, (unsigned long) errno, "cannot open %s: %s",
                           files->file[i].path, strerrordesc_np(errno));
        }
    }
    if (!look(files, &files->known)) {
        return fail_changed(err);
    }
    files->open = true;
    return KV_OK;
}

enum kv_code store_files_name(struct store_files *files, const char *path, struct kv_err *err)
{
    (void) pthread_mutex_init(&files->mutex, NULL); /* cannot fail on Linux */
    for (size_t i = 0; i < STORE_FILES; i++) {
        files->file[i].descriptor = -1;
    }
    for (size_t i = 0; i < STORE_FILES; i++) {
        if (asprintf(&files->file[i].path, "%s%s", path, suffixes[i]) < 0) {
            files->file[i].path = NULL;
            return KV_OUT_OF_MEMORY(err);
        }
    }
    return KV_OK;
}

void store_files_done(struct store_files *files)
{
    for (size_t i = 0; i < STORE_FILES; i++) {
        if (files->file[i].descriptor >= 0) {
            (void) close(files->file[i].descriptor); /* nothing was written by it */
        }
        free(files->file[i].path);
    }
    (void) pthread_mutex_destroy(&files->mutex);
}
