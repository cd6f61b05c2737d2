/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/identity/key_file.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "kv/base/base64.h"
#include "kv/base/secret.h"
#include "kv/base/uuid.h"

#define KEY_BYTES 32

struct kv_key_file {
    char folder[KV_PATH_MAX];
    pthread_mutex_t mutex;  /* lock.def: identity.key_file; guards the next ones */
    char path[KV_PATH_MAX]; /* "": not made yet */
    char key[KV_BASE64URL_LENGTH(KEY_BYTES) + 1];
};

enum kv_code kv_key_file_new(const char *folder, struct kv_key_file **ret_file, struct kv_err *err)
{
    if (strlen(folder) >= KV_PATH_MAX || strchr(folder, '=') != NULL) {
        return KV_FAIL(
            err, KV_BAD_PARAMETER, 0,
            "the folder of key files is too long, or has an = in its path, which clients "
            "do not read");
    }

    struct kv_key_file *file = calloc(1, sizeof(*file));

    if (file == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) snprintf(file->folder, sizeof(file->folder), "%s", folder);
    (void) pthread_mutex_init(&file->mutex, NULL); /* cannot fail on Linux */
    *ret_file = file;
    return KV_OK;
}

void kv_key_file_free(struct kv_key_file *file)
{
    if (file == NULL) {
        return;
    }
    if (file->path[0] != '\0') {
        (void) unlink(file->path); /* it is of no use to anybody any more */
    }
    (void) pthread_mutex_destroy(&file->mutex);
    kv_wipe(file, sizeof(*file));
    free(file);
}

static enum kv_code write_locked(const struct kv_key_file *file, struct kv_err *err)
{
    KV_TRY(kv_folder_make(file->folder, 0700, err));
    return kv_file_write(file->path, file->key, strlen(file->key), 0600, err);
}

static enum kv_code choose_locked(struct kv_key_file *file, struct kv_err *err)
{
    unsigned char bytes[KEY_BYTES];
    char guid[KV_UUID_LENGTH + 1], name[sizeof(guid) + sizeof(".key")];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "there are no random bytes");
    }
    kv_uuid_random(guid);
    (void) snprintf(name, sizeof(name), "%s.key", guid);
    KV_TRY(kv_path_join(file->path, file->folder, name, err));
    kv_base64url_encode(bytes, sizeof(bytes), file->key);
    kv_wipe(bytes, sizeof(bytes));
    return KV_OK;
}

static enum kv_code settle_locked(struct kv_key_file *file, struct kv_err *err)
{
    if (file->path[0] == '\0') {
        KV_TRY(choose_locked(file, err));
    }
    return kv_file_exists(file->path) ? KV_OK : write_locked(file, err);
}

enum kv_code kv_key_file_challenge(struct kv_key_file *file, char ret_path[KV_PATH_MAX],
                                   struct kv_err *err)
{
    pthread_mutex_lock(&file->mutex);
    enum kv_code code = settle_locked(file, err);
    (void) snprintf(ret_path, KV_PATH_MAX, "%s", file->path);
    pthread_mutex_unlock(&file->mutex);
    return code;
}

bool kv_key_file_matches(struct kv_key_file *file, const char *text)
{
    pthread_mutex_lock(&file->mutex);
    bool matches =
        file->key[0] != '\0' && kv_secret_equal(text, strlen(text), file->key, strlen(file->key));
    pthread_mutex_unlock(&file->mutex);
    return matches;
}
