/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#define NAMING_BYTES 8 /* of the digest that names a file */
#define NAMES_MAX 4096 /* looked at in the cache; the rest waits for the next time */
#define HEAD "ca-"
#define TAIL ".pem"

enum kv_code ca_file_path(const char *folder, const char *head, const struct kv_buf *pem,
                          const char *tail, char ret_path[KV_PATH_MAX], struct kv_err *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * NAMING_BYTES + 1], name[64];

    if (EVP_Digest(pem->data, pem->len, digest, NULL, EVP_sha256(), NULL) != 1) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < NAMING_BYTES; i++) {
        (void) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    (void) snprintf(name, sizeof(name), "%s%s%s", head, hex, tail);
    return kv_path_join(ret_path, folder, name, err);
}

/* A file of the cache, and when it was last asked for. */
struct cached {
    char name[sizeof(HEAD) + 2 * NAMING_BYTES + sizeof(TAIL)];
    struct timespec used;
};

static bool is_ours(const char *name)
{
    const size_t head = strlen(HEAD);

    return strlen(name) == head + 2 * NAMING_BYTES + strlen(TAIL) && strncmp(name, HEAD, head) == 0
           && strspn(name + head, "0123456789abcdef") == 2 * NAMING_BYTES
           && strcmp(name + head + 2 * NAMING_BYTES, TAIL) == 0;
}

static size_t list_cached(DIR *folder, const char *kept, struct cached *ret_cached)
{
    const struct dirent *entry;
    struct stat status;
    size_t count = 0;

    while (count < NAMES_MAX && (entry = readdir(folder)) != NULL) {
        if (is_ours(entry->d_name) && strcmp(entry->d_name, kept) != 0
            && fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
            struct cached *next = &ret_cached[count++];
            (void) snprintf(next->name, sizeof(next->name), "%.*s", (int) sizeof(next->name) - 1,
                            entry->d_name); /* is_ours() says how long it is */
            next->used = status.st_mtim;
        }
    }
    return count;
}

/* For qsort(): the one that was asked for last comes first. */
static int compare(const void *left, const void *right)
{
    const struct timespec *one = &((const struct cached *) left)->used;
    const struct timespec *other = &((const struct cached *) right)->used;

    if (one->tv_sec != other->tv_sec) {
        return one->tv_sec > other->tv_sec ? -1 : 1;
    }
    return one->tv_nsec == other->tv_nsec ? 0 : one->tv_nsec > other->tv_nsec ? -1 : 1;
}

static void remove_old(DIR *folder, const char *kept)
{
    struct cached *cached = calloc(NAMES_MAX, sizeof(*cached));

    if (cached != NULL) {
        size_t count = list_cached(folder, kept, cached);

        qsort(cached, count, sizeof(*cached), compare);
        for (size_t i = CA_FILES_MAX - 1; i < count; i++) {
            (void) unlinkat(dirfd(folder), cached[i].name, 0);
        }
    }
    free(cached);
}

/* That old files cannot be removed is no reason to go without the new one. */
static void tidy(const char *path, const char *kept)
{
    DIR *folder = opendir(path);

    if (folder != NULL) {
        (void) utimensat(dirfd(folder), kept, NULL, 0); /* it is asked for now, if it is there */
        remove_old(folder, kept);
        (void) closedir(folder);
    }
}

enum kv_code ca_file_in_cache(const struct kv_options *options, const struct kv_buf *pem,
                              char ret_path[KV_PATH_MAX], struct kv_err *err)
{
    char folder[KV_PATH_MAX];

    KV_TRY(kv_cache_folder(options, folder, err));
    KV_TRY(kv_folder_make(folder, 0700, err));
    KV_TRY(ca_file_path(folder, HEAD, pem, TAIL, ret_path, err));
    tidy(folder, ret_path + strlen(folder) + 1);
    return KV_OK;
}
