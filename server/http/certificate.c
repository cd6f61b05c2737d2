/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which certificates are used: those of coffer's own CA, of a given one, or a given server
 * certificate. The server's files follow from the CA and the names, and are replaced whenever they
 * do not match; a given server certificate stays where it is.
 */
#include "kv/http/certificate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authority.h"
#include "kv/base/clock.h"
#include "kv/base/files.h"
#include "kv/base/log.h"

#define FOLDER_MODE 0700
#define KEY_MODE 0600
#define PUBLIC_MODE 0644

struct paths {
    char folder[KV_PATH_MAX]; /* tls/ */
    char server[KV_PATH_MAX], server_key[KV_PATH_MAX];
    char trust[KV_PATH_MAX];
};

static bool is_given(const char *path)
{
    return path != NULL && *path != '\0';
}

static enum kv_code find_paths(const char *data_folder, struct paths *ret_paths, struct kv_err *err)
{
    KV_TRY(kv_path_join(ret_paths->folder, data_folder, "tls", err));
    KV_TRY(kv_path_join(ret_paths->server, data_folder, "tls/server.pem", err));
    KV_TRY(kv_path_join(ret_paths->server_key, data_folder, "tls/server.key", err));
    return kv_path_join(ret_paths->trust, data_folder, "trust.pem", err);
}

/* What does not go together. A certificate that is ready is not issued by coffer. */
static enum kv_code check_source(const struct kv_certificate_source *source, struct kv_err *err)
{
    const bool has_cert = is_given(source->ca_cert), has_key = is_given(source->ca_key);
    const bool has_p12 = is_given(source->ca_p12), has_tls = is_given(source->tls_cert);

    if (has_tls != is_given(source->tls_key)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--tls-cert and --tls-key go together");
    }
    if (has_tls && (has_key || has_p12)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--tls-cert and %s contradict each other: either the server certificate is "
                       "given, or the CA that issues it",
                       has_key ? "--ca-key" : "--ca-p12");
    }
    if (has_p12 && (has_cert || has_key)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--ca-p12 and %s both give a CA",
                       has_cert ? "--ca-cert" : "--ca-key");
    }
    if (has_key && !has_cert) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--ca-key needs --ca-cert");
    }
    if (has_cert && !has_key && !has_tls) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--ca-cert needs --ca-key, or --tls-cert");
    }
    if (is_given(source->password_file) && !has_key && !has_p12 && !has_tls) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--ca-password-file needs --ca-key, --ca-p12 or --tls-key");
    }
    return KV_OK;
}

/* The server's certificate, then the CA's and those above it. */
static enum kv_code render_chain(X509 *certificate, const struct kv_authority *authority,
                                 struct kv_buf *buf, struct kv_err *err)
{
    KV_TRY(kv_x509_render_certificate(certificate, buf, err));
    return kv_authority_render(authority, buf, err);
}

static bool read_server(const struct paths *paths, struct kv_authority *server)
{
    kv_auto(kv_buf_done) struct kv_buf pem;
    kv_auto(kv_buf_done) struct kv_buf key;

    kv_buf_init(&pem, AUTHORITY_PEM_MAX);
    kv_buf_init(&key, AUTHORITY_PEM_MAX);
    if (kv_file_read(paths->server, &pem, NULL) != KV_OK
        || kv_file_read(paths->server_key, &key, NULL) != KV_OK) {
        return false;
    }
    server->certificate = kv_x509_parse_certificate(&pem);
    server->key = kv_x509_parse_key(&key);
    return server->certificate != NULL && server->key != NULL
           && X509_check_private_key(server->certificate, server->key) == 1;
}

/* Why the server's files cannot be used; NULL when they can. */
static const char *find_fault(const struct paths *paths, const struct kv_authority *authority,
                              const struct kv_certificate_names *names, struct kv_authority *server)
{
    if (!kv_file_exists(paths->server) || !kv_file_exists(paths->server_key)) {
        return "none was there";
    }
    if (!read_server(paths, server)) {
        return "it was damaged";
    }
    if (X509_check_issued(authority->certificate, server->certificate) != X509_V_OK
        || X509_verify(server->certificate, X509_get0_pubkey(authority->certificate)) != 1) {
        return "another CA signed it";
    }
    if (!kv_x509_lasts(server->certificate)) {
        return "its dates did not fit";
    }
    return kv_x509_covers(server->certificate, names->names, names->count) ? NULL
                                                                           : "it lacked a name";
}

static enum kv_code save_server(const struct paths *paths, const struct kv_authority *authority,
                                const struct kv_authority *server, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf chain;
    kv_auto(kv_buf_done) struct kv_buf key;

    kv_buf_init(&chain, AUTHORITY_PEM_MAX);
    kv_buf_init(&key, AUTHORITY_PEM_MAX);
    KV_TRY(render_chain(server->certificate, authority, &chain, err));
    KV_TRY(kv_x509_render_key(server->key, &key, err));
    KV_TRY(kv_file_write(paths->server_key, key.data, key.len, KEY_MODE, err));
    return kv_file_write(paths->server, chain.data, chain.len, PUBLIC_MODE, err);
}

static enum kv_code load_or_make_server(const struct paths *paths,
                                        const struct kv_authority *authority,
                                        const struct kv_certificate_names *names,
                                        struct kv_authority *server, struct kv_err *err)
{
    const char *fault = find_fault(paths, authority, names, server);

    if (fault == NULL) {
        return KV_OK;
    }
    kv_authority_done(server);
    KV_TRY(kv_x509_make_key(&server->key, err));
    KV_TRY(kv_x509_make_server(server->key, authority->certificate, authority->key, names->names,
                               names->count, &server->certificate, err));
    KV_TRY(save_server(paths, authority, server, err));
    kv_log(KV_LOG_INFO, "certificate_made", KV_LOG_TEXT_FIELD("file", paths->server),
           KV_LOG_TEXT_FIELD("why", fault));
    return KV_OK;
}

static enum kv_code render_trust(const struct kv_authority *trusted, struct kv_certificates *to,
                                 struct kv_err *err)
{
    X509 *top = kv_authority_top(trusted);

    KV_TRY(kv_authority_render(trusted, &to->ca, err));
    KV_TRY(kv_x509_render_trust_store(top, KV_TRUST_STORE_PASSWORD, &to->trust, err));
    return kv_x509_render_java_store(top, KV_TRUST_STORE_PASSWORD, kv_clock_real(), &to->java, err);
}

/* All the way to the root that is known: it may forbid the CA below it, or have expired. */
static enum kv_code verify_issued(const char *option, X509 *certificate,
                                  const struct kv_authority *authority, struct kv_err *err)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    enum kv_code code = KV_OK;

    if (chain == NULL || sk_X509_push(chain, authority->certificate) == 0) {
        code = KV_OUT_OF_MEMORY(err);
    }
    for (int i = 0; code == KV_OK && i < sk_X509_num(authority->above); i++) {
        if (sk_X509_push(chain, sk_X509_value(authority->above, i)) == 0) {
            code = KV_OUT_OF_MEMORY(err);
        }
    }
    if (code == KV_OK) {
        code = kv_x509_verify_server(option, certificate, chain, kv_authority_top(authority), err);
    }
    sk_X509_free(chain); /* the certificates are the authority's */
    return code;
}

static enum kv_code issue_server(const struct paths *paths,
                                 const struct kv_certificate_names *names, const char *option,
                                 struct kv_certificates *to, struct kv_err *err)
{
    kv_auto(kv_authority_done) struct kv_authority server = { .certificate = NULL };

    if (option != NULL) {
        KV_TRY(kv_x509_check_constraints(option, to->authority->certificate, names->names,
                                         names->count, err));
    }
    KV_TRY(load_or_make_server(paths, to->authority, names, &server, err));
    if (option != NULL) {
        KV_TRY(verify_issued(option, server.certificate, to->authority, err));
    }
    KV_TRY(render_chain(server.certificate, to->authority, &to->server, err));
    return kv_x509_render_key(server.key, &to->key, err);
}

static enum kv_code open_own(const char *folder, const struct paths *paths,
                             const struct kv_certificate_names *names, struct kv_certificates *to,
                             struct kv_err *err)
{
    KV_TRY(kv_authority_open_own(folder, to->authority, err));
    KV_TRY(issue_server(paths, names, NULL, to, err));
    if (unlink(paths->trust) != 0 && errno != ENOENT) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "cannot remove %s", paths->trust);
    }
    return render_trust(to->authority, to, err);
}

static enum kv_code open_given_authority(const struct kv_certificate_source *source,
                                         const struct paths *paths,
                                         const struct kv_certificate_names *names,
                                         struct kv_certificates *to, struct kv_err *err)
{
    KV_TRY(kv_authority_open_given(source, to->authority, err));
    KV_TRY(
        issue_server(paths, names, is_given(source->ca_p12) ? "--ca-p12" : "--ca-cert", to, err));
    KV_TRY(render_trust(to->authority, to, err));
    return kv_file_write(paths->trust, to->ca.data, to->ca.len, PUBLIC_MODE, err);
}

/* The file may have other CAs, too: clients are told of those alone that the certificate needs. */
static enum kv_code load_trusted(const struct kv_certificate_source *source,
                                 const struct kv_authority *server,
                                 struct kv_authority *ret_trusted, struct kv_err *err)
{
    const struct kv_authority_files files = {
        .option = "--ca-cert",
        .certificate = source->ca_cert,
    };
    kv_auto(kv_authority_done) struct kv_authority trusted = { .certificate = NULL };

    KV_TRY(kv_authority_load(&files, &trusted, err));
    kv_authority_begin_with_issuer(&trusted, server);
    KV_TRY(kv_authority_trim(&trusted, err));
    KV_TRY(kv_authority_check_trust("--ca-cert", source->ca_cert, &trusted, err));
    *ret_trusted = trusted;
    trusted = (struct kv_authority){ .certificate = NULL }; /* the caller's now */
    return KV_OK;
}

/* What clients of a given server certificate trust: --ca-cert, or the root at the end of its file. */
static enum kv_code find_trusted(const struct kv_certificate_source *source,
                                 const struct kv_authority *server,
                                 struct kv_authority *ret_trusted, struct kv_err *err)
{
    X509 *top = kv_authority_top(server);

    if (is_given(source->ca_cert)) {
        return load_trusted(source, server, ret_trusted, err);
    }
    if (!kv_authority_is_root(top)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--tls-cert: %s does not end with a root certificate: give the CA that "
                       "clients trust with --ca-cert",
                       source->tls_cert);
    }
    if (X509_up_ref(top) != 1) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_trusted = (struct kv_authority){ .certificate = top };
    return KV_OK;
}

static enum kv_code check_given_server(const struct kv_certificate_names *names,
                                       const struct kv_authority *server,
                                       const struct kv_authority *trusted, struct kv_err *err)
{
    KV_TRY(kv_x509_verify_server("--tls-cert", server->certificate, server->above,
                                 kv_authority_top(trusted), err));
    return kv_x509_check_names("--tls-cert", server->certificate, names->required,
                               names->required_count, err);
}

static enum kv_code open_given_server(const char *folder,
                                      const struct kv_certificate_source *source,
                                      const struct paths *paths,
                                      const struct kv_certificate_names *names,
                                      struct kv_certificates *to, struct kv_err *err)
{
    const struct kv_authority_files files = {
        .option = "--tls-cert",
        .certificate = source->tls_cert,
        .key_option = "--tls-key",
        .key = source->tls_key,
        .password_file = source->password_file,
    };
    kv_auto(kv_authority_done) struct kv_authority server = { .certificate = NULL };
    kv_auto(kv_authority_done) struct kv_authority trusted = { .certificate = NULL };

    KV_TRY(kv_authority_load(&files, &server, err));
    KV_TRY(find_trusted(source, &server, &trusted, err));
    KV_TRY(check_given_server(names, &server, &trusted, err));
    KV_TRY(kv_authority_open_own(folder, to->authority, err)); /* it signs statements */
    KV_TRY(kv_authority_render(&server, &to->server, err));
    KV_TRY(kv_x509_render_key(server.key, &to->key, err));
    KV_TRY(render_trust(&trusted, to, err));
    to->is_given = true;
    return kv_file_write(paths->trust, to->ca.data, to->ca.len, PUBLIC_MODE, err);
}

static enum kv_code open_by_source(const char *folder, const struct kv_certificate_source *source,
                                   const struct kv_certificate_names *names,
                                   struct kv_certificates *to, struct kv_err *err)
{
    struct paths paths;

    KV_TRY(find_paths(folder, &paths, err));
    KV_TRY(check_source(source, err));
    KV_TRY(kv_folder_make(paths.folder, FOLDER_MODE, err));
    if (is_given(source->tls_cert)) {
        return open_given_server(folder, source, &paths, names, to, err);
    }
    return is_given(source->ca_cert) || is_given(source->ca_p12)
               ? open_given_authority(source, &paths, names, to, err)
               : open_own(folder, &paths, names, to, err);
}

enum kv_code kv_certificates_open(const char *data_folder,
                                  const struct kv_certificate_source *source,
                                  const struct kv_certificate_names *names,
                                  struct kv_certificates *ret_certificates, struct kv_err *err)
{
    struct kv_certificates made = { .authority = calloc(1, sizeof(*made.authority)) };

    if (made.authority == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    kv_buf_init(&made.ca, AUTHORITY_PEM_MAX);
    kv_buf_init(&made.trust, AUTHORITY_PEM_MAX);
    kv_buf_init(&made.java, AUTHORITY_PEM_MAX);
    kv_buf_init(&made.server, 2 * AUTHORITY_PEM_MAX);
    kv_buf_init(&made.key, AUTHORITY_PEM_MAX);
    enum kv_code code = open_by_source(data_folder, source, names, &made, err);
    if (code != KV_OK) {
        kv_certificates_done(&made);
        return code;
    }
    *ret_certificates = made;
    return KV_OK;
}

enum kv_code kv_certificates_issue(const struct kv_certificates *certificates, const void *spki,
                                   size_t len, const char *name, struct kv_buf *chain,
                                   struct kv_err *err)
{
    const struct kv_authority *authority = certificates->authority;
    const unsigned char *at = spki;
    kv_auto(kv_authority_done) struct kv_authority issued = {
        .key = d2i_PUBKEY(NULL, &at, (long) len),
    };

    if (issued.key == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the key to be certified is not a public key");
    }
    KV_TRY(kv_x509_make_signer(issued.key, authority->certificate, authority->key, name,
                               &issued.certificate, err));
    return render_chain(issued.certificate, authority, chain, err);
}

bool kv_certificates_cover(const struct kv_certificates *certificates, const char *name)
{
    kv_auto(X509_free) X509 *server = kv_x509_parse_certificate(&certificates->server);

    return server != NULL && kv_x509_is_for(server, name);
}

void kv_certificates_done(struct kv_certificates *certificates)
{
    kv_buf_done(&certificates->ca);
    kv_buf_done(&certificates->trust);
    kv_buf_done(&certificates->java);
    kv_buf_done(&certificates->server);
    kv_buf_done(&certificates->key);
    if (certificates->authority != NULL) {
        kv_authority_done(certificates->authority);
        free(certificates->authority);
        certificates->authority = NULL;
    }
}
