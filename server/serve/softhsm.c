/* SPDX-License-Identifier: Apache-2.0 */
#include "softhsm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "kv/base/files.h"
#include "kv/base/log.h"
#include "kv/base/secret.h"

#define CONFIGURATION "softhsm2.conf"
#define TOKENS "tokens"
#define OBJECT ".object"
#define LOCK ".lock"
#define TOKEN_FILE "token.object"
#define TOKEN_COPY "token.object.copy" /* SoftHSM reads only names that end in .object */
#define TOKEN_FILE_MAX 65536
#define ROOM_LEAST (1024 * 1024) /* bytes; an object takes some 4 KiB, a step of the log 512 */

static void close_listing(DIR *listing)
{
    if (listing != NULL) {
        closedir(listing);
    }
}
KV_DEFINE_CLEANUP(DIR *, close_listing)

/* A token's own file and its copy; a missing one is empty. */
struct token_files {
    char path[KV_PATH_MAX], copy_path[KV_PATH_MAX];
    struct kv_buf file, copy;
};

static void token_files_done(struct token_files *files)
{
    kv_buf_done(&files->file);
    kv_buf_done(&files->copy);
}
KV_DEFINE_CLEANUP_VALUE(struct token_files, token_files_done)

static enum kv_code read_if_there(const char *path, struct kv_buf *buf, struct kv_err *err)
{
    return kv_file_exists(path) ? kv_file_read(path, buf, err) : KV_OK;
}

/* In any case the caller cleans up `files`. */
static enum kv_code read_both(const char *token, struct token_files *files, struct kv_err *err)
{
    kv_buf_init(&files->file, TOKEN_FILE_MAX);
    kv_buf_init(&files->copy, TOKEN_FILE_MAX);
    KV_TRY(kv_path_join(files->path, token, TOKEN_FILE, err));
    KV_TRY(kv_path_join(files->copy_path, token, TOKEN_COPY, err));
    KV_TRY(read_if_there(files->path, &files->file, err));
    return read_if_there(files->copy_path, &files->copy, err);
}

/* Something to do with each token, which is a folder. */
typedef enum kv_code token_fn(const char *token, void *context, struct kv_err *err);

static enum kv_code restore(const char *token, void *context, struct kv_err *err)
{
    kv_auto(token_files_done) struct token_files files;

    (void) context;
    KV_TRY(read_both(token, &files, err));
    if (files.file.len >= files.copy.len) {
        return KV_OK;
    }
    kv_log(KV_LOG_WARNING, "token_restored", KV_LOG_TEXT_FIELD("file", files.path));
    return kv_file_write(files.path, files.copy.data, files.copy.len, 0600, err);
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t len = strlen(name);

    return len > strlen(suffix) && strcmp(name + len - strlen(suffix), suffix) == 0;
}

/* Whether the token has a file of any object. */
static enum kv_code holds_objects(const char *token, bool *ret_holds, struct kv_err *err)
{
    kv_auto(close_listing) DIR *listing = opendir(token);
    struct dirent *entry;

    if (listing == NULL) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "%s cannot be listed", token);
    }
    *ret_holds = false;
    while (!*ret_holds && (entry = readdir(listing)) != NULL) {
        *ret_holds = ends_in(entry->d_name, OBJECT) && strcmp(entry->d_name, TOKEN_FILE) != 0;
    }
    return KV_OK;
}

/* C_InitToken writes the SO PIN's attribute last: CKA_OS_SOPIN, as SoftHSM spells it in a file. */
static bool has_so_pin(const struct kv_buf *file)
{
    static const unsigned char attribute[] = { 0, 0, 0, 0, 0x80, 0, 0x53, 0x4c };

    return file->len > 0 && memmem(file->data, file->len, attribute, sizeof(attribute)) != NULL;
}

/*
 * A token that a kill left without its SO PIN refuses every PIN for good, and nobody has ever
 * logged in to it. Without its file SoftHSM does not count it as a token, and another one is
 * created.
 */
static enum kv_code drop_unfinished(const char *token, void *context, struct kv_err *err)
{
    kv_auto(token_files_done) struct token_files files;
    bool holds = false;

    (void) context;
    KV_TRY(read_both(token, &files, err));
    KV_TRY(holds_objects(token, &holds, err));
    if (files.file.len == 0 || has_so_pin(&files.file) || holds) {
        return KV_OK;
    }
    kv_log(KV_LOG_WARNING, "unfinished_token_dropped", KV_LOG_TEXT_FIELD("file", files.path));
    (void) unlink(files.copy_path); /* there may be none */
    if (unlink(files.path) != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "%s cannot be removed", files.path);
    }
    return KV_OK;
}

static enum kv_code keep(const char *token, void *context, struct kv_err *err)
{
    kv_auto(token_files_done) struct token_files files;

    (void) context;
    KV_TRY(read_both(token, &files, err));
    if (kv_secret_equal(files.file.data, files.file.len, files.copy.data, files.copy.len)) {
        return KV_OK;
    }
    return kv_file_write(files.copy_path, files.file.data, files.file.len, 0600, err);
}

/* A token that a kill left without a file, or with an empty one, holds nothing and does not
 * count. */
static enum kv_code count(const char *token, void *context, struct kv_err *err)
{
    kv_auto(token_files_done) struct token_files files;

    KV_TRY(read_both(token, &files, err));
    *(size_t *) context += files.file.len + files.copy.len > 0;
    return KV_OK;
}

static bool is_empty_file(int folder, const char *name)
{
    struct stat status;

    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode)
           && status.st_size == 0;
}

/* SoftHSM has an empty file NAME.lock beside each NAME.object; it creates a missing one. */
static bool has_object(int folder, const char *lock)
{
    char object[NAME_MAX + 1];
    struct stat status;

    (void) snprintf(object, sizeof(object), "%.*s" OBJECT, (int) (strlen(lock) - strlen(LOCK)),
                    lock);
    return fstatat(folder, object, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Objects go first, so that their locks follow them. The token's own file is restore()'s. */
static void sweep_suffix(DIR *listing, const char *suffix, size_t *swept)
{
    int folder = dirfd(listing);
    struct dirent *entry;

    rewinddir(listing);
    while ((entry = readdir(listing)) != NULL) {
        const char *name = entry->d_name;

        if (ends_in(name, suffix) && strcmp(name, TOKEN_FILE) != 0 && is_empty_file(folder, name)
            && (strcmp(suffix, OBJECT) == 0 || !has_object(folder, name))) {
            *swept += unlinkat(folder, name, 0) == 0;
        }
    }
}

/* A folder that is here by a link is not ours to clean. */
static enum kv_code sweep(const char *token, void *context, struct kv_err *err)
{
    kv_auto(close_listing) DIR *listing = NULL;
    struct stat status;

    if (lstat(token, &status) == 0 && S_ISLNK(status.st_mode)) {
        return KV_OK;
    }
    listing = opendir(token);
    if (listing == NULL) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "%s cannot be listed", token);
    }
    sweep_suffix(listing, OBJECT, context);
    sweep_suffix(listing, LOCK, context);
    return KV_OK;
}

static enum kv_code do_entry(const char *tokens, const char *name, token_fn *token_do,
                             void *context, struct kv_err *err)
{
    char token[KV_PATH_MAX];
    struct stat status;

    KV_TRY(kv_path_join(token, tokens, name, err));
    if (name[0] == '.' || stat(token, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return KV_OK;
    }
    return token_do(token, context, err);
}

/* A token is a folder; its name does not matter. */
static enum kv_code each_token(const char *folder, token_fn *token_do, void *context,
                               struct kv_err *err)
{
    kv_auto(close_listing) DIR *listing = NULL;
    char tokens[KV_PATH_MAX];
    struct dirent *entry;

    KV_TRY(kv_path_join(tokens, folder, TOKENS, err));
    listing = opendir(tokens);
    if (listing == NULL) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "%s cannot be listed", tokens);
    }
    while ((entry = readdir(listing)) != NULL) {
        KV_TRY(do_entry(tokens, entry->d_name, token_do, context, err));
    }
    return KV_OK;
}

enum kv_code softhsm_check_folder(const char *folder, const char *source, struct kv_err *err)
{
    char character = folder[strcspn(folder, "#=\n\r")];
    char quoted[] = { '\'', character, '\'', '\0' };

    if (character == '\0') {
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "%s: SoftHSM cannot keep its tokens below a folder with %s in its path", source,
                   character == '#' || character == '=' ? quoted : "a line break");
}

/* SoftHSM reads its configuration from the file that this variable names. */
enum kv_code softhsm_point_to(const char *folder, struct kv_err *err)
{
    char file[KV_PATH_MAX];

    KV_TRY(kv_path_join(file, folder, CONFIGURATION, err));
    return setenv("SOFTHSM2_CONF", file, 1) == 0 ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code softhsm_configure(const char *folder, struct kv_err *err)
{
    char tokens[KV_PATH_MAX];
    char file[KV_PATH_MAX];
    char text[KV_PATH_MAX + 128];
    int len;

    KV_TRY(kv_path_join(tokens, folder, TOKENS, err));
    KV_TRY(kv_path_join(file, folder, CONFIGURATION, err));
    KV_TRY(kv_folder_make(tokens, 0700, err));
    len = snprintf(text, sizeof(text),
                   "directories.tokendir = %s\n"
                   "objectstore.backend = file\n"
                   "log.level = ERROR\n"
                   "slots.removable = false\n",
                   tokens);
    return kv_file_write_lightly(file, text, (size_t) len, 0600, err);
}

enum kv_code softhsm_restore(const char *folder, struct kv_err *err)
{
    size_t swept = 0;

    KV_TRY(each_token(folder, restore, NULL, err));
    KV_TRY(each_token(folder, drop_unfinished, NULL, err));
    KV_TRY(each_token(folder, sweep, &swept, err));
    if (swept > 0) {
        kv_log(KV_LOG_INFO, "empty_files_swept", KV_LOG_NUMBER_FIELD("files", swept));
    }
    return KV_OK;
}

enum kv_code softhsm_count(const char *folder, size_t *ret_count, struct kv_err *err)
{
    char tokens[KV_PATH_MAX];

    *ret_count = 0;
    KV_TRY(kv_path_join(tokens, folder, TOKENS, err));
    if (!kv_file_exists(tokens)) {
        return KV_OK;
    }
    return each_token(folder, count, ret_count, err);
}

enum kv_code softhsm_keep(const char *folder, struct kv_err *err)
{
    return each_token(folder, keep, NULL, err);
}

bool softhsm_has_room(const char *folder)
{
    struct statvfs disk;

    if (statvfs(folder, &disk) != 0 || disk.f_blocks == 0) {
        return true; /* not known */
    }
    /* the rest is root's alone */
    fsblkcnt_t blocks = geteuid() == 0 ? disk.f_bfree : disk.f_bavail;

    return (uint64_t) blocks * disk.f_frsize >= ROOM_LEAST;
}
