/* SPDX-License-Identifier: Apache-2.0 */
#include "softhsm.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/files.h"
#include "kv/log.h"
#include "kv/secret.h"

#define TOKENS "tokens"
#define TOKEN_FILE "token.object"
#define TOKEN_COPY "token.object.copy" /* SoftHSM reads only names that end in .object */
#define TOKEN_FILE_MAX 65536

static void close_listing(DIR *listing)
{
    if (listing != NULL) {
        closedir(listing);
    }
}
KV_DEFINE_CLEANUP(DIR *, close_listing)

/* A token's own file and its copy; one that is not there is empty. */
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

static enum kv_code read_both(const char *token, struct token_files *files, struct kv_err *err)
{
    KV_TRY(kv_path_join(files->path, token, TOKEN_FILE, err));
    KV_TRY(kv_path_join(files->copy_path, token, TOKEN_COPY, err));
    KV_TRY(read_if_there(files->path, &files->file, err));
    return read_if_there(files->copy_path, &files->copy, err);
}

typedef enum kv_code settle_fn(const struct token_files *files, struct kv_err *err);

static enum kv_code restore(const struct token_files *files, struct kv_err *err)
{
    if (files->file.len >= files->copy.len) {
        return KV_OK;
    }
    kv_log(KV_LOG_WARNING, "token_restored", KV_LOG_TEXT_FIELD("file", files->path));
    return kv_file_write(files->path, files->copy.data, files->copy.len, 0600, err);
}

static enum kv_code keep(const struct token_files *files, struct kv_err *err)
{
    if (kv_secret_equal(files->file.data, files->file.len, files->copy.data, files->copy.len)) {
        return KV_OK;
    }
    return kv_file_write(files->copy_path, files->file.data, files->file.len, 0600, err);
}

static enum kv_code settle_token(const char *tokens, const char *name, settle_fn *settle,
                                 struct kv_err *err)
{
    kv_auto(token_files_done) struct token_files files = { .path = "" };
    char token[KV_PATH_MAX];

    kv_buf_init(&files.file, TOKEN_FILE_MAX);
    kv_buf_init(&files.copy, TOKEN_FILE_MAX);
    KV_TRY(kv_path_join(token, tokens, name, err));
    KV_TRY(read_both(token, &files, err));
    return settle(&files, err);
}

/* A token is a folder; its name is of no matter. */
static enum kv_code settle_tokens(const char *folder, settle_fn *settle, struct kv_err *err)
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
        if (entry->d_name[0] != '.') {
            KV_TRY(settle_token(tokens, entry->d_name, settle, err));
        }
    }
    return KV_OK;
}

/* SoftHSM reads its configuration from the file that this variable names. */
enum kv_code softhsm_configure(const char *folder, struct kv_err *err)
{
    char tokens[KV_PATH_MAX];
    char file[KV_PATH_MAX];
    char text[KV_PATH_MAX + 128];
    int len;

    KV_TRY(kv_path_join(tokens, folder, TOKENS, err));
    KV_TRY(kv_path_join(file, folder, "softhsm2.conf", err));
    KV_TRY(kv_folder_make(tokens, 0700, err));
    len = snprintf(text, sizeof(text),
                   "directories.tokendir = %s\n"
                   "objectstore.backend = file\n"
                   "log.level = ERROR\n"
                   "slots.removable = false\n",
                   tokens);
    KV_TRY(kv_file_write(file, text, (size_t) len, 0600, err));
    if (setenv("SOFTHSM2_CONF", file, 1) != 0) {
        return KV_OUT_OF_MEMORY(err);
    }
    return KV_OK;
}

enum kv_code softhsm_restore(const char *folder, struct kv_err *err)
{
    return settle_tokens(folder, restore, err);
}

enum kv_code softhsm_keep(const char *folder, struct kv_err *err)
{
    return settle_tokens(folder, keep, err);
}
