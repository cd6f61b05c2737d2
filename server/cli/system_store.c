/* SPDX-License-Identifier: Apache-2.0 */
#include "system_store.h"

#include <errno.h>
#include <glob.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "ca_file.h"
#include "kv/base/files.h"

#define CERTIFICATES_MAX 17 /* a CA and those above it, as many as serve takes */
#define PEM_MAX 65536

KV_DEFINE_CLEANUP(BIO *, BIO_free)

static const struct store {
    const char *folder, *program;
    const char *forget; /* what the program has to be told after a removal; NULL: nothing */
} stores[] = {
    /* Debian, Ubuntu, Alpine */
    { "/usr/local/share/ca-certificates", "/usr/sbin/update-ca-certificates", "--fresh" },
    /* Fedora, RHEL */
    { "/etc/pki/ca-trust/source/anchors", "/usr/bin/update-ca-trust", NULL },
    /* Arch */
    { "/etc/ca-certificates/trust-source/anchors", "/usr/bin/update-ca-trust", NULL },
    /* SUSE */
    { "/etc/pki/trust/anchors", "/usr/sbin/update-ca-certificates", NULL },
};

static enum kv_code find_store(const struct store **ret_store, struct kv_err *err)
{
    struct stat status;

    for (size_t i = 0; i < KV_COUNT(stores); i++) {
        if (stat(stores[i].folder, &status) == 0 && access(stores[i].program, X_OK) == 0) {
            *ret_store = &stores[i];
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_NOT_FOUND, 0,
                   "no store of trusted certificates is known on this system (the package "
                   "ca-certificates brings one): add the output of coffer ca to it by hand");
}

/* No terminal, no question, and then no change. */
static enum kv_code ask(const char *question, const char *path, bool yes, struct kv_err *err)
{
    char answer[16] = "";

    if (yes) {
        return KV_OK;
    }
    if (isatty(STDIN_FILENO) != 1) {
        return KV_FAIL(err, KV_CONFLICT, 0, "there is nobody to ask: say --yes");
    }
    (void) fprintf(stderr, "%s %s? [y/N] ", question, path);
    if (fgets(answer, sizeof(answer), stdin) == NULL || (answer[0] != 'y' && answer[0] != 'Y')) {
        return KV_FAIL(err, KV_CONFLICT, 0, "nothing was changed");
    }
    return KV_OK;
}

/* What it prints is for people, so it goes to standard error. */
static enum kv_code take_up(const struct store *store, const char *argument, struct kv_err *err)
{
    char *const argv[] = { (char *) store->program, (char *) argument, NULL };
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;

    if (posix_spawn_file_actions_init(&actions) != 0) {
        return KV_OUT_OF_MEMORY(err);
    }
    int cause = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    if (cause == 0) {
        cause = posix_spawn(&pid, store->program, &actions, NULL, argv, environ);
    }
    (void) posix_spawn_file_actions_destroy(&actions);
    while (cause == 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (cause != 0 || status != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) cause, "%s has failed", store->program);
    }
    return KV_OK;
}

static enum kv_code fail_to_change(const char *path, unsigned long cause, struct kv_err *err)
{
    return KV_FAIL(err, KV_INTERNAL, cause, "cannot change %s: %s%s", path, strerror((int) cause),
                   geteuid() != 0 ? " (this needs the rights of root, as with sudo)" : "");
}

/* A certificate to be added. Stores skip files of several, so each has a file of its own. */
struct addition {
    char path[KV_PATH_MAX];
    struct kv_buf pem;
    bool was_there;
};

struct additions {
    struct addition *addition; /* heap */
    size_t count;
};

static void additions_done(struct additions *additions)
{
    for (size_t i = 0; i < additions->count; i++) {
        kv_buf_done(&additions->addition[i].pem);
    }
    free(additions->addition);
    *additions = (struct additions){ .count = 0 };
}
KV_DEFINE_CLEANUP_VALUE(struct additions, additions_done)

/* Written anew: what else a server may have put around the certificate does not get into the store. */
static enum kv_code render(X509 *certificate, struct kv_buf *pem, struct kv_err *err)
{
    kv_auto(BIO_free) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (bio == NULL || PEM_write_bio_X509(bio, certificate) != 1) {
        return KV_OUT_OF_MEMORY(err);
    }
    long len = BIO_get_mem_data(bio, &text);
    return kv_buf_append(pem, text, (size_t) len, err);
}

static enum kv_code add_one(const struct store *store, X509 *certificate,
                            struct additions *additions, struct kv_err *err)
{
    struct addition *next = &additions->addition[additions->count];

    if (additions->count == CERTIFICATES_MAX) {
        return KV_FAIL(err, KV_INTERNAL, 0, "there are more than %d certificates",
                       CERTIFICATES_MAX);
    }
    additions->count++;
    kv_buf_init(&next->pem, PEM_MAX);
    KV_TRY(render(certificate, &next->pem, err));
    KV_TRY(ca_file_path(store->folder, "coffer-", &next->pem, ".crt", next->path, err));
    next->was_there = kv_file_exists(next->path);
    return KV_OK;
}

static enum kv_code split(const struct store *store, const struct kv_buf *pem,
                          struct additions *additions, struct kv_err *err)
{
    kv_auto(BIO_free) BIO *bio =
        BIO_new_mem_buf(pem->data != NULL ? pem->data : "", (int) pem->len);
    enum kv_code code = KV_OK;
    X509 *certificate;

    additions->addition = calloc(CERTIFICATES_MAX, sizeof(*additions->addition));
    if (bio == NULL || additions->addition == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    while (code == KV_OK && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        code = add_one(store, certificate, additions, err);
        X509_free(certificate);
    }
    ERR_clear_error();
    if (code == KV_OK && additions->count == 0) {
        return KV_FAIL(err, KV_INTERNAL, 0, "what the server gives is not a certificate in PEM");
    }
    return code;
}

static enum kv_code write_files(const struct additions *additions, struct kv_err *err)
{
    struct kv_err cause;

    for (size_t i = 0; i < additions->count; i++) {
        const struct addition *next = &additions->addition[i];
        if (kv_file_write(next->path, next->pem.data, next->pem.len, 0644, &cause) != KV_OK) {
            return fail_to_change(next->path, cause.cause, err);
        }
    }
    return KV_OK;
}

/* As it was before. */
static void withdraw(const struct additions *additions)
{
    for (size_t i = 0; i < additions->count; i++) {
        if (!additions->addition[i].was_there) {
            (void) unlink(additions->addition[i].path);
        }
    }
}

enum kv_code system_store_add(const struct kv_buf *pem, bool yes, struct kv_err *err)
{
    kv_auto(additions_done) struct additions additions = { .count = 0 };
    const struct store *store = NULL;

    KV_TRY(find_store(&store, err));
    KV_TRY(split(store, pem, &additions, err));
    KV_TRY(
        ask("Have all programs of this system trust it, by", additions.addition[0].path, yes, err));
    enum kv_code code = write_files(&additions, err);
    if (code == KV_OK) {
        code = take_up(store, NULL, err);
    }
    if (code != KV_OK) {
        withdraw(&additions);
        return code;
    }
    for (size_t i = 0; i < additions.count; i++) {
        (void) printf("%s\n", additions.addition[i].path);
    }
    return KV_OK;
}

static enum kv_code remove_files(const glob_t *found, struct kv_err *err)
{
    for (size_t i = 0; i < found->gl_pathc; i++) {
        if (unlink(found->gl_pathv[i]) != 0) {
            return fail_to_change(found->gl_pathv[i], (unsigned long) errno, err);
        }
        (void) printf("%s\n", found->gl_pathv[i]);
    }
    return KV_OK;
}

enum kv_code system_store_remove(bool yes, struct kv_err *err)
{
    const struct store *store = NULL;
    char pattern[KV_PATH_MAX];
    glob_t found;

    KV_TRY(find_store(&store, err));
    KV_TRY(kv_path_join(pattern, store->folder, "coffer-????????????????.crt", err));
    int result = glob(pattern, 0, NULL, &found);
    if (result == GLOB_NOMATCH) {
        (void) fprintf(stderr, "no certificate of coffer is in %s\n", store->folder);
        return KV_OK;
    }
    if (result != 0) {
        return KV_FAIL(err, KV_INTERNAL, 0, "cannot look into %s", store->folder);
    }
    enum kv_code code = ask("Remove the certificates of coffer from", store->folder, yes, err);
    if (code == KV_OK) {
        code = remove_files(&found, err);
    }
    globfree(&found);
    if (code != KV_OK) {
        return code;
    }
    if (take_up(store, store->forget, err) != KV_OK) {
        return KV_FAIL(
            err, KV_INTERNAL, 0,
            "the files are removed, but %s has failed: until it is run again%s%s, programs "
            "still trust them",
            store->program, store->forget != NULL ? " with " : "",
            store->forget != NULL ? store->forget : "");
    }
    return KV_OK;
}
