/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the sources, in an order that no file system decides. */
#include "parity.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kv/base/files.h"

#define FILE_MAX ((size_t) 4 << 20)
#define DEPTH_MAX 8

/* The walk through a folder. */
struct walk {
    struct parity *parity;
    const char *root;
    const char *const *suffixes;
    parity_file_fn *use;
};

enum kv_code parity_text(char *ret_text, size_t size, struct kv_err *err, const char *format, ...)
{
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(ret_text, size, format, arguments);
    va_end(arguments);
    return len >= 0 && (size_t) len < size ? KV_OK
                                           : KV_FAIL(err, KV_INTERNAL, 0, "too long: %s", ret_text);
}

/* What is hidden, or no test. */
static int is_walked(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "data") != 0
           && strcmp(entry->d_name, "node_modules") != 0;
}

static int by_bytes(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*one)->d_name, (*other)->d_name);
}

static bool has_suffix(const char *name, const char *const *suffixes)
{
    size_t len = strlen(name);

    for (; *suffixes != NULL; suffixes++) {
        size_t end = strlen(*suffixes);

        if (len > end && strcmp(name + len - end, *suffixes) == 0) {
            return true;
        }
    }
    return false;
}

static enum kv_code use_file(const struct walk *walk, const char *path, const char *name,
                             struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    struct kv_err why;

    kv_buf_init(&text, FILE_MAX);
    KV_TRY(kv_file_read(path, &text, err));
    if (text.len == 0 || walk->use(walk->parity, name, text.data, &why) == KV_OK) {
        return KV_OK;
    }
    return KV_FAIL(err, why.code, 0, "%s: %.900s", name, why.message);
}

static enum kv_code walk_folder(const struct walk *walk, const char *folder, int depth,
                                struct kv_err *err);

static enum kv_code walk_entry(const struct walk *walk, const char *name, int depth,
                               struct kv_err *err)
{
    char path[KV_PATH_MAX];
    struct stat status;

    KV_TRY(kv_path_join(path, walk->root, name, err));
    if (lstat(path, &status) != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "%s: %s", path, strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        return walk_folder(walk, name, depth + 1, err);
    }
    return S_ISREG(status.st_mode) && has_suffix(name, walk->suffixes)
               ? use_file(walk, path, name, err)
               : KV_OK;
}

static void free_entries(struct dirent **entries, int count)
{
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
}

static enum kv_code walk_folder(const struct walk *walk, const char *folder, int depth,
                                struct kv_err *err)
{
    char path[KV_PATH_MAX];
    char name[KV_PATH_MAX];
    struct dirent **entries = NULL;
    enum kv_code code = KV_OK;
    int count;

    KV_TRY(kv_path_join(path, walk->root, folder, err));
    count = depth < DEPTH_MAX ? scandir(path, &entries, is_walked, by_bytes) : -1;
    if (count < 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "%s cannot be read", path);
    }
    for (int i = 0; i < count && code == KV_OK; i++) {
        code = kv_path_join(name, folder, entries[i]->d_name, err);
        code = code == KV_OK ? walk_entry(walk, name, depth, err) : code;
    }
    free_entries(entries, count);
    return code;
}

enum kv_code parity_each_file(struct parity *parity, const char *root, const char *folder,
                              const char *const *suffixes, parity_file_fn *use, struct kv_err *err)
{
    struct walk walk = { .parity = parity, .root = root, .suffixes = suffixes, .use = use };

    return walk_folder(&walk, folder, 0, err);
}

enum kv_code parity_load(const char *root, struct parity **ret_parity, struct kv_err *err)
{
    kv_auto(parity_free) struct parity *parity = calloc(1, sizeof(*parity));

    if (parity == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(parity_find_cells(parity, err));
    KV_TRY(parity_read_tests(parity, root, err));
    KV_TRY(parity_read_golden(parity, root, err));
    *ret_parity = kv_take(parity);
    return KV_OK;
}

void parity_free(struct parity *parity)
{
    free(parity);
}
