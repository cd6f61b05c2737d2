/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients were told to trust the CA, so its files are never discarded: damage is an error, and a
 * renewed certificate keeps the key. The server's files follow from the CA and the names, and are
 * replaced whenever they do not match.
 */
#include "kv/http/certificate.h"

#include <string.h>

#include "kv/base/files.h"
#include "kv/base/log.h"
#include "kv/base/secret.h"
#include "x509.h"

#define PEM_MAX 65536
#define FOLDER_MODE 0700
#define KEY_MODE 0600
#define PUBLIC_MODE 0644

struct paths {
    char folder[KV_PATH_MAX]; /* tls/ */
    char ca[KV_PATH_MAX], ca_key[KV_PATH_MAX];
    char server[KV_PATH_MAX], server_key[KV_PATH_MAX];
};

/* A certificate with its key. */
struct pair {
    X509 *certificate;
    EVP_PKEY *key;
};

static void drop_pair(struct pair *pair)
{
    X509_free(pair->certificate);
    EVP_PKEY_free(pair->key);
}
KV_DEFINE_CLEANUP_VALUE(struct pair, drop_pair)

static enum kv_code find_paths(const char *data_folder, struct paths *ret_paths, struct kv_err *err)
{
    KV_TRY(kv_path_join(ret_paths->folder, data_folder, "tls", err));
    KV_TRY(kv_path_join(ret_paths->ca, data_folder, "ca.pem", err));
    KV_TRY(kv_path_join(ret_paths->ca_key, data_folder, "tls/ca.key", err));
    KV_TRY(kv_path_join(ret_paths->server, data_folder, "tls/server.pem", err));
    return kv_path_join(ret_paths->server_key, data_folder, "tls/server.key", err);
}

static void log_made(const char *path, const char *why)
{
    kv_log(KV_LOG_INFO, "certificate_made", KV_LOG_TEXT_FIELD("file", path),
           KV_LOG_TEXT_FIELD("why", why));
}

static enum kv_code save_key(const char *path, EVP_PKEY *key, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, PEM_MAX);
    KV_TRY(kv_x509_render_key(key, &pem, err));
    return kv_file_write(path, pem.data, pem.len, KEY_MODE, err);
}

static enum kv_code load_key(const char *path, EVP_PKEY **ret_key, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, PEM_MAX);
    KV_TRY(kv_file_read(path, &pem, err));
    EVP_PKEY *key = kv_x509_parse_key(&pem);
    if (key == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s does not contain a private key", path);
    }
    *ret_key = key;
    return KV_OK;
}

static enum kv_code load_certificate(const char *path, X509 **ret_certificate, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, PEM_MAX);
    KV_TRY(kv_file_read(path, &pem, err));
    X509 *certificate = kv_x509_parse_certificate(&pem);
    if (certificate == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s does not contain a certificate", path);
    }
    *ret_certificate = certificate;
    return KV_OK;
}

/* The key is written before the certificate: one without the other was never trusted. */
static enum kv_code load_or_make_ca_key(const struct paths *paths, EVP_PKEY **ret_key,
                                        struct kv_err *err)
{
    if (kv_file_exists(paths->ca_key)) {
        return load_key(paths->ca_key, ret_key, err);
    }
    if (kv_file_exists(paths->ca)) {
        return KV_FAIL(err, KV_INTERNAL, 0,
                       "%s is missing: restore it, or remove %s to have a new CA made",
                       paths->ca_key, paths->ca);
    }
    KV_TRY(kv_x509_make_key(ret_key, err));
    return save_key(paths->ca_key, *ret_key, err);
}

static enum kv_code make_ca(const struct paths *paths, const char *why, struct pair *ca,
                            struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, PEM_MAX);
    X509_free(kv_take(ca->certificate));
    KV_TRY(kv_x509_make_authority(ca->key, &ca->certificate, err));
    KV_TRY(kv_x509_render_certificate(ca->certificate, &pem, err));
    KV_TRY(kv_file_write(paths->ca, pem.data, pem.len, PUBLIC_MODE, err));
    log_made(paths->ca, why);
    return KV_OK;
}

static enum kv_code load_or_make_ca(const struct paths *paths, struct pair *ca, struct kv_err *err)
{
    KV_TRY(load_or_make_ca_key(paths, &ca->key, err));
    if (!kv_file_exists(paths->ca)) {
        return make_ca(paths, "none was there", ca, err);
    }
    KV_TRY(load_certificate(paths->ca, &ca->certificate, err));
    if (X509_check_private_key(ca->certificate, ca->key) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s and %s do not belong together", paths->ca,
                       paths->ca_key);
    }
    return kv_x509_lasts(ca->certificate) ? KV_OK
                                          : make_ca(paths, "its dates did not fit", ca, err);
}

/* The server's certificate, then the CA. */
static enum kv_code render_chain(const struct pair *server, const struct pair *ca,
                                 struct kv_buf *buf, struct kv_err *err)
{
    KV_TRY(kv_x509_render_certificate(server->certificate, buf, err));
    return kv_x509_render_certificate(ca->certificate, buf, err);
}

/* Why the server's files cannot be used; NULL when they can. */
static const char *find_fault(const struct paths *paths, const struct pair *ca,
                              const char *const *names, size_t count, struct pair *server)
{
    if (!kv_file_exists(paths->server) || !kv_file_exists(paths->server_key)) {
        return "none was there";
    }
    if (load_certificate(paths->server, &server->certificate, NULL) != KV_OK
        || load_key(paths->server_key, &server->key, NULL) != KV_OK
        || X509_check_private_key(server->certificate, server->key) != 1) {
        return "it was damaged";
    }
    if (X509_check_issued(ca->certificate, server->certificate) != X509_V_OK
        || X509_verify(server->certificate, X509_get0_pubkey(ca->certificate)) != 1) {
        return "another CA signed it";
    }
    if (!kv_x509_lasts(server->certificate)) {
        return "its dates did not fit";
    }
    return kv_x509_covers(server->certificate, names, count) ? NULL : "it lacked a name";
}

static enum kv_code make_server(const struct paths *paths, const struct pair *ca,
                                const char *const *names, size_t count, struct pair *server,
                                struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf chain;

    kv_buf_init(&chain, PEM_MAX);
    KV_TRY(kv_x509_make_key(&server->key, err));
    KV_TRY(kv_x509_make_server(server->key, ca->certificate, ca->key, names, count,
                               &server->certificate, err));
    KV_TRY(render_chain(server, ca, &chain, err));
    KV_TRY(save_key(paths->server_key, server->key, err));
    return kv_file_write(paths->server, chain.data, chain.len, PUBLIC_MODE, err);
}

static enum kv_code load_or_make_server(const struct paths *paths, const struct pair *ca,
                                        const char *const *names, size_t count, struct pair *server,
                                        struct kv_err *err)
{
    const char *fault = find_fault(paths, ca, names, count, server);

    if (fault == NULL) {
        return KV_OK;
    }
    drop_pair(server);
    *server = (struct pair){ 0 };
    KV_TRY(make_server(paths, ca, names, count, server, err));
    log_made(paths->server, fault);
    return KV_OK;
}

static enum kv_code render_all(const struct pair *ca, const struct pair *server,
                               struct kv_certificates *certificates, struct kv_err *err)
{
    KV_TRY(kv_x509_render_certificate(ca->certificate, &certificates->ca, err));
    KV_TRY(kv_x509_render_trust_store(ca->certificate, KV_TRUST_STORE_PASSWORD,
                                      &certificates->trust, err));
    KV_TRY(render_chain(server, ca, &certificates->server, err));
    return kv_x509_render_key(server->key, &certificates->key, err);
}

enum kv_code kv_certificates_open(const char *data_folder, const char *const *names, size_t count,
                                  struct kv_certificates *ret_certificates, struct kv_err *err)
{
    kv_auto(drop_pair) struct pair ca = { 0 };
    kv_auto(drop_pair) struct pair server = { 0 };
    struct kv_certificates made;
    struct paths paths;

    KV_TRY(find_paths(data_folder, &paths, err));
    KV_TRY(kv_folder_make(paths.folder, FOLDER_MODE, err));
    KV_TRY(load_or_make_ca(&paths, &ca, err));
    KV_TRY(load_or_make_server(&paths, &ca, names, count, &server, err));

    kv_buf_init(&made.ca, PEM_MAX);
    kv_buf_init(&made.trust, PEM_MAX);
    kv_buf_init(&made.server, PEM_MAX);
    kv_buf_init(&made.key, PEM_MAX);
    enum kv_code code = render_all(&ca, &server, &made, err);
    if (code != KV_OK) {
        kv_certificates_done(&made);
        return code;
    }
    *ret_certificates = made;
    return KV_OK;
}

enum kv_code kv_certificates_issue(const char *data_folder, const void *spki, size_t len,
                                   const char *name, struct kv_buf *chain, struct kv_err *err)
{
    const unsigned char *at = spki;
    kv_auto(drop_pair) struct pair ca = { 0 };
    kv_auto(drop_pair) struct pair issued = { .key = d2i_PUBKEY(NULL, &at, (long) len) };
    struct paths paths;

    if (issued.key == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the key to be certified is not a public key");
    }
    KV_TRY(find_paths(data_folder, &paths, err));
    KV_TRY(load_or_make_ca(&paths, &ca, err));
    KV_TRY(kv_x509_make_signer(issued.key, ca.certificate, ca.key, name, &issued.certificate, err));
    return render_chain(&issued, &ca, chain, err);
}

void kv_certificates_done(struct kv_certificates *certificates)
{
    kv_buf_done(&certificates->ca);
    kv_buf_done(&certificates->trust);
    kv_buf_done(&certificates->server);
    kv_buf_done(&certificates->key);
}
