/* SPDX-License-Identifier: Apache-2.0 */
/* One digest over all that a snapshot holds: whatever was lost, added or changed shows. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "core.h"
#include "kv/base/secret.h"

#define CHUNK 16384
#define DIGEST_BYTES 32
#define TOKENS_DEPTH 2 /* tokens, a token, its files: an empty folder for a file would not show */

KV_DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

static void close_file(FILE *file)
{
    if (file != NULL) {
        (void) fclose(file);
    }
}
KV_DEFINE_CLEANUP(FILE *, close_file)

static enum kv_code add_bytes(EVP_MD_CTX *digest, const void *bytes, size_t len, struct kv_err *err)
{
    if (EVP_DigestUpdate(digest, bytes, len) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL could not compute a digest");
    }
    return KV_OK;
}

/* What came before it is told from it by its length. */
static enum kv_code add_text(EVP_MD_CTX *digest, const char *text, uint64_t len, struct kv_err *err)
{
    KV_TRY(add_bytes(digest, &len, sizeof(len), err));
    return add_bytes(digest, text, len, err);
}

/* Nothing but a file: a FIFO would hold everybody up who waits for their turn. */
static FILE *open_file(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "rb") : NULL;

    if (descriptor >= 0 && file == NULL) {
        (void) close(descriptor);
    }
    return file;
}

static enum kv_code add_file(EVP_MD_CTX *digest, const char *path, struct kv_err *err)
{
    kv_auto(close_file) FILE *file = open_file(path);
    char chunk[CHUNK];
    uint64_t total = 0;
    size_t len;

    if (file == NULL) {
        return snapshot_fail("read", path, err);
    }
    while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0) {
        KV_TRY(add_bytes(digest, chunk, len, err));
        total += len;
    }
    kv_wipe(chunk, sizeof(chunk));
    if (ferror(file)) {
        return snapshot_fail("read", path, err);
    }
    return add_bytes(digest, &total, sizeof(total), err);
}

static enum kv_code add_entry(EVP_MD_CTX *digest, const char *folder, const char *name,
                              unsigned depth, struct kv_err *err)
{
    kv_auto(snapshot_listing_done) struct snapshot_listing listing = { .count = 0 };
    char path[KV_PATH_MAX];
    struct stat status;

    KV_TRY(kv_path_join(path, folder, name, err));
    KV_TRY(add_text(digest, name, strlen(name), err));
    if (lstat(path, &status) != 0) {
        return snapshot_fail("read", path, err);
    }
    if (S_ISREG(status.st_mode)) {
        return add_file(digest, path, err);
    }
    if (!S_ISDIR(status.st_mode) || depth == 0) {
        return KV_FAIL(err, KV_CONFLICT, 0, "%s is neither a file nor a folder", path);
    }
    KV_TRY(snapshot_listing_read(path, &listing, err));
    for (size_t i = 0; i < listing.count; i++) {
        KV_TRY(add_entry(digest, path, listing.name[i], depth - 1, err));
    }
    return add_text(digest, "", 0, err); /* its end */
}

static void render(const unsigned char digest[DIGEST_BYTES], char ret_text[DIGEST_TEXT_SIZE])
{
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        (void) snprintf(ret_text + 2 * i, 3, "%02x", digest[i]);
    }
}

enum kv_code snapshot_digest(const char *folder, const char *text, size_t len,
                             char ret_digest[DIGEST_TEXT_SIZE], struct kv_err *err)
{
    kv_auto(EVP_MD_CTX_free) EVP_MD_CTX *digest = EVP_MD_CTX_new();
    unsigned char bytes[DIGEST_BYTES];

    if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(add_text(digest, text, len, err));
    KV_TRY(add_entry(digest, folder, STORE_FILE, 0, err));
    KV_TRY(add_entry(digest, folder, TOKENS, TOKENS_DEPTH, err));
    if (EVP_DigestFinal_ex(digest, bytes, NULL) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL could not compute a digest");
    }
    render(bytes, ret_digest);
    return KV_OK;
}
