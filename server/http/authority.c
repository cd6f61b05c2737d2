/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients were told to trust coffer's own CA, so its files are never discarded: damage is an error,
 * and a renewed certificate keeps the key.
 */
#include "authority.h"

#include <openssl/err.h>

#include "kv/base/files.h"
#include "kv/base/log.h"

#define KEY_MODE 0600
#define PUBLIC_MODE 0644

struct own_paths {
    char certificate[KV_PATH_MAX], key[KV_PATH_MAX];
};

static void free_certificates(STACK_OF(X509) * certificates)
{
    sk_X509_pop_free(certificates, X509_free);
}

void kv_authority_done(struct kv_authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    free_certificates(authority->above);
    *authority = (struct kv_authority){ .certificate = NULL };
}

static enum kv_code read_key(const char *path, EVP_PKEY **ret_key, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, AUTHORITY_PEM_MAX);
    KV_TRY(kv_file_read(path, &pem, err));
    EVP_PKEY *key = kv_x509_parse_key(&pem);
    if (key == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s does not contain a private key", path);
    }
    *ret_key = key;
    return KV_OK;
}

/* The key is written before the certificate: one without the other was never trusted. */
static enum kv_code load_or_make_key(const struct own_paths *paths, EVP_PKEY **ret_key,
                                     struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, AUTHORITY_PEM_MAX);
    if (kv_file_exists(paths->key)) {
        return read_key(paths->key, ret_key, err);
    }
    if (kv_file_exists(paths->certificate)) {
        return KV_FAIL(err, KV_INTERNAL, 0,
                       "%s is missing: restore it, or remove %s to have a new CA made", paths->key,
                       paths->certificate);
    }
    KV_TRY(kv_x509_make_key(ret_key, err));
    KV_TRY(kv_x509_render_key(*ret_key, &pem, err));
    return kv_file_write(paths->key, pem.data, pem.len, KEY_MODE, err);
}

static enum kv_code make_certificate(const struct own_paths *paths, const char *why,
                                     struct kv_authority *own, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, AUTHORITY_PEM_MAX);
    X509_free(kv_take(own->certificate));
    KV_TRY(kv_x509_make_authority(own->key, &own->certificate, err));
    KV_TRY(kv_x509_render_certificate(own->certificate, &pem, err));
    KV_TRY(kv_file_write(paths->certificate, pem.data, pem.len, PUBLIC_MODE, err));
    kv_log(KV_LOG_INFO, "certificate_made", KV_LOG_TEXT_FIELD("file", paths->certificate),
           KV_LOG_TEXT_FIELD("why", why));
    return KV_OK;
}

static enum kv_code load_certificate(const char *path, X509 **ret_certificate, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, AUTHORITY_PEM_MAX);
    KV_TRY(kv_file_read(path, &pem, err));
    X509 *certificate = kv_x509_parse_certificate(&pem);
    if (certificate == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s does not contain a certificate", path);
    }
    *ret_certificate = certificate;
    return KV_OK;
}

static enum kv_code load_or_make(const struct own_paths *paths, struct kv_authority *own,
                                 struct kv_err *err)
{
    KV_TRY(load_or_make_key(paths, &own->key, err));
    if (!kv_file_exists(paths->certificate)) {
        return make_certificate(paths, "none was there", own, err);
    }
    KV_TRY(load_certificate(paths->certificate, &own->certificate, err));
    if (X509_check_private_key(own->certificate, own->key) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s and %s do not belong together", paths->certificate,
                       paths->key);
    }
    return kv_x509_lasts(own->certificate)
               ? KV_OK
               : make_certificate(paths, "its dates did not fit", own, err);
}

enum kv_code kv_authority_open_own(const char *data_folder, struct kv_authority *ret_authority,
                                   struct kv_err *err)
{
    kv_auto(kv_authority_done) struct kv_authority own = { .certificate = NULL };
    struct own_paths paths;

    KV_TRY(kv_path_join(paths.certificate, data_folder, "ca.pem", err));
    KV_TRY(kv_path_join(paths.key, data_folder, "tls/ca.key", err));
    KV_TRY(load_or_make(&paths, &own, err));
    *ret_authority = own;
    own = (struct kv_authority){ .certificate = NULL }; /* the caller's now */
    return KV_OK;
}

enum kv_code kv_authority_render(const struct kv_authority *authority, struct kv_buf *buf,
                                 struct kv_err *err)
{
    KV_TRY(kv_x509_render_certificate(authority->certificate, buf, err));
    for (int i = 0; i < sk_X509_num(authority->above); i++) {
        KV_TRY(kv_x509_render_certificate(sk_X509_value(authority->above, i), buf, err));
    }
    return KV_OK;
}

/* By name and by signature: a CA that was made anew has the name of the former one. */
static bool has_issued(X509 *issuer, X509 *certificate)
{
    bool is_issuer = X509_check_issued(issuer, certificate) == X509_V_OK
                     && X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;

    ERR_clear_error();
    return is_issuer;
}

bool kv_authority_is_root(X509 *certificate)
{
    return has_issued(certificate, certificate);
}

/* Who issued it, among those above; NULL when it is a root, or the issuer is not there. */
static X509 *find_issuer(const struct kv_authority *authority, X509 *certificate)
{
    if (kv_authority_is_root(certificate)) {
        return NULL;
    }
    for (int i = 0; i < sk_X509_num(authority->above); i++) { /* -1: there is no stack */
        X509 *other = sk_X509_value(authority->above, i);
        if (has_issued(other, certificate)) {
            return other;
        }
    }
    return NULL;
}

/* By who issued whom: files have them in any order, and others among them. */
X509 *kv_authority_top(const struct kv_authority *authority)
{
    X509 *top = authority->certificate;

    /* no more steps than certificates: two may have issued each other */
    for (int i = 0; i < sk_X509_num(authority->above); i++) {
        X509 *issuer = find_issuer(authority, top);
        if (issuer == NULL) {
            break;
        }
        top = issuer;
    }
    return top;
}

enum kv_code kv_authority_trim(struct kv_authority *authority, struct kv_err *err)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *issuer = find_issuer(authority, authority->certificate);
    bool ok = chain != NULL;

    for (int i = 0; ok && issuer != NULL && i < sk_X509_num(authority->above); i++) {
        ok = X509_up_ref(issuer) == 1;
        if (ok && sk_X509_push(chain, issuer) == 0) {
            X509_free(issuer);
            ok = false;
        }
        issuer = find_issuer(authority, issuer);
    }
    if (!ok) {
        free_certificates(chain);
        return KV_OUT_OF_MEMORY(err);
    }
    free_certificates(authority->above);
    authority->above = chain;
    return KV_OK;
}

/* Has the certificate change places with that one above it. */
static void put_first(struct kv_authority *authority, int i)
{
    X509 *chosen = sk_X509_value(authority->above, i);

    (void) sk_X509_set(authority->above, i, authority->certificate);
    authority->certificate = chosen;
}

void kv_authority_begin_with_issuer(struct kv_authority *trusted, const struct kv_authority *server)
{
    X509 *at = server->certificate;

    /* -1: there is nothing above; and no more steps than certificates */
    for (int left = sk_X509_num(server->above); at != NULL && left >= -1; left--) {
        if (has_issued(trusted->certificate, at)) {
            return;
        }
        for (int i = 0; i < sk_X509_num(trusted->above); i++) {
            if (has_issued(sk_X509_value(trusted->above, i), at)) {
                put_first(trusted, i);
                return;
            }
        }
        at = find_issuer(server, at);
    }
}
