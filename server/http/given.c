/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and keys that the user gives, in PEM files or a PKCS #12. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "authority.h"
#include "kv/base/files.h"
#include "kv/base/secret.h"

#define PASSWORD_MAX 1024 /* bytes, in the file of the password */
#define CHAIN_MAX 17      /* certificates in a file */

KV_DEFINE_CLEANUP(BIO *, BIO_free)
KV_DEFINE_CLEANUP(PKCS12 *, PKCS12_free)

static bool is_given(const char *path)
{
    return path != NULL && *path != '\0';
}

/* Says which option named the file that cannot be read. */
static enum kv_code read_file(const char *option, const char *path, struct kv_buf *buf,
                              struct kv_err *err)
{
    struct kv_err cause;

    if (kv_file_read(path, buf, &cause) != KV_OK) {
        if (cause.cause == EFBIG) {
            return KV_FAIL(err, KV_BAD_PARAMETER, EFBIG, "%s: %s has more than %zu bytes", option,
                           path, buf->max);
        }
        return KV_FAIL(err, KV_BAD_PARAMETER, cause.cause, "%s: %s", option, cause.message);
    }
    return KV_OK;
}

/* The first line of the file; an empty password where none is given. */
static enum kv_code read_password(const char *path, struct kv_buf *password, struct kv_err *err)
{
    if (!is_given(path)) {
        return kv_buf_append(password, "", 0, err);
    }
    KV_TRY(read_file("--ca-password-file", path, password, err));
    if (password->len > 0) {
        kv_buf_cut(password, strcspn(password->data, "\r\n"));
    }
    return KV_OK;
}

static BIO *open_bio(const struct kv_buf *buf)
{
    return BIO_new_mem_buf(buf->data != NULL ? buf->data : "", (int) buf->len);
}

/* pem_password_cb: nobody is asked for a password at the terminal. */
static int give_password(char *room, int size, int is_for_writing, void *context)
{
    const struct kv_buf *password = context;

    (void) is_for_writing;
    if (password->len > (size_t) size) {
        return -1;
    }
    memcpy(room, password->data != NULL ? password->data : "", password->len);
    return (int) password->len;
}

static enum kv_code read_key(const struct kv_authority_files *files, EVP_PKEY **ret_key,
                             struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;
    kv_auto(kv_buf_done) struct kv_buf password;

    kv_buf_init(&pem, AUTHORITY_PEM_MAX);
    kv_buf_init(&password, PASSWORD_MAX);
    KV_TRY(read_file(files->key_option, files->key, &pem, err));
    KV_TRY(read_password(files->password_file, &password, err));
    kv_auto(BIO_free) BIO *bio = open_bio(&pem);
    EVP_PKEY *key =
        bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, give_password, &password) : NULL;
    ERR_clear_error();
    if (key == NULL && pem.len > 0 && strstr(pem.data, "ENCRYPTED") != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s: %s is encrypted, and the password (--ca-password-file) does not open "
                       "it",
                       files->key_option, files->key);
    }
    if (key == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: %s does not contain a private key in PEM",
                       files->key_option, files->key);
    }
    *ret_key = key;
    return KV_OK;
}

static enum kv_code push(STACK_OF(X509) * *certificates, X509 *certificate, struct kv_err *err)
{
    kv_auto(X509_free) X509 *owned = certificate;

    if (*certificates == NULL) {
        *certificates = sk_X509_new_null();
    }
    if (*certificates == NULL || sk_X509_push(*certificates, owned) == 0) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) kv_take(owned); /* the stack's now */
    return KV_OK;
}

/* The next certificate of a PEM file; NULL at its end. A block that cannot be read is no end. */
static enum kv_code read_next(const struct kv_authority_files *files, BIO *bio, int number,
                              X509 **ret_next, struct kv_err *err)
{
    X509 *next = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    unsigned long why = next == NULL ? ERR_peek_last_error() : 0;
    bool is_end = ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE;

    ERR_clear_error();
    if (next == NULL && !is_end) {
        return KV_FAIL(err, KV_BAD_PARAMETER, why, "%s: certificate %d of %s is damaged",
                       files->option, number, files->certificate);
    }
    *ret_next = next;
    return KV_OK;
}

static enum kv_code read_above(const struct kv_authority_files *files, BIO *bio,
                               struct kv_authority *authority, struct kv_err *err)
{
    for (int number = 2;; number++) {
        X509 *next = NULL;

        KV_TRY(read_next(files, bio, number, &next, err));
        if (next == NULL) {
            return KV_OK;
        }
        KV_TRY(push(&authority->above, next, err));
        if (number > CHAIN_MAX) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: %s has more than %d certificates",
                           files->option, files->certificate, CHAIN_MAX);
        }
    }
}

/* The certificates of a PEM file, as they come. */
static enum kv_code read_chain(const struct kv_authority_files *files,
                               struct kv_authority *authority, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, AUTHORITY_PEM_MAX);
    KV_TRY(read_file(files->option, files->certificate, &pem, err));
    kv_auto(BIO_free) BIO *bio = open_bio(&pem);
    if (bio == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(read_next(files, bio, 1, &authority->certificate, err));
    if (authority->certificate == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: %s does not contain a certificate in PEM",
                       files->option, files->certificate);
    }
    return read_above(files, bio, authority, err);
}

static enum kv_code check_pair(const struct kv_authority_files *files,
                               const struct kv_authority *authority, struct kv_err *err)
{
    bool belongs = X509_check_private_key(authority->certificate, authority->key) == 1;

    ERR_clear_error();
    return belongs ? KV_OK
                   : KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: %s is not the key of %s",
                             files->key_option, files->key, files->certificate);
}

enum kv_code kv_authority_load(const struct kv_authority_files *files,
                               struct kv_authority *ret_authority, struct kv_err *err)
{
    kv_auto(kv_authority_done) struct kv_authority loaded = { .certificate = NULL };

    KV_TRY(read_chain(files, &loaded, err));
    if (files->key != NULL) {
        KV_TRY(read_key(files, &loaded.key, err));
        KV_TRY(check_pair(files, &loaded, err));
    }
    *ret_authority = loaded;
    loaded = (struct kv_authority){ .certificate = NULL }; /* the caller's now */
    return KV_OK;
}

static enum kv_code unpack(const char *path, PKCS12 *p12, const struct kv_buf *password,
                           struct kv_authority *authority, struct kv_err *err)
{
    const char *text = password->data != NULL ? password->data : "";

    /* without a password the MAC may be of an empty one, or of none */
    if (PKCS12_verify_mac(p12, text, -1) != 1
        && (password->len > 0 || PKCS12_verify_mac(p12, NULL, 0) != 1)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--ca-p12: the password (--ca-password-file) does not open %s", path);
    }
    ERR_clear_error();
    if (PKCS12_parse(p12, text, &authority->key, &authority->certificate, &authority->above) != 1) {
        /* the first error is the reason; those after it say what was given up because of it */
        if (ERR_GET_REASON(ERR_peek_error()) == ERR_R_UNSUPPORTED) {
            return KV_FAIL(err, KV_BAD_PARAMETER, ERR_peek_error(),
                           "--ca-p12: %s is encrypted by an old algorithm that OpenSSL does not "
                           "take: export it again with AES-256",
                           path);
        }
        return KV_FAIL(err, KV_BAD_PARAMETER, ERR_peek_last_error(),
                       "--ca-p12: OpenSSL cannot read what is in %s", path);
    }
    if (authority->key == NULL || authority->certificate == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--ca-p12: %s does not contain a certificate with its key", path);
    }
    return KV_OK;
}

static enum kv_code load_p12(const char *path, const char *password_file,
                             struct kv_authority *authority, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf der;
    kv_auto(kv_buf_done) struct kv_buf password;

    kv_buf_init(&der, AUTHORITY_PEM_MAX);
    kv_buf_init(&password, PASSWORD_MAX);
    KV_TRY(read_file("--ca-p12", path, &der, err));
    KV_TRY(read_password(password_file, &password, err));
    kv_auto(BIO_free) BIO *bio = open_bio(&der);
    kv_auto(PKCS12_free) PKCS12 *p12 = bio != NULL ? d2i_PKCS12_bio(bio, NULL) : NULL;
    if (p12 == NULL) {
        ERR_clear_error();
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--ca-p12: %s is not a PKCS #12 file", path);
    }
    enum kv_code code = unpack(path, p12, &password, authority, err);
    ERR_clear_error();
    return code;
}

/* What RFC 5280 §4.2.1.3 and §4.2.1.9 want of whoever signs certificates. */
static enum kv_code check_may_sign(const char *option, const char *path, X509 *certificate,
                                   struct kv_err *err)
{
    if ((X509_get_extension_flags(certificate) & EXFLAG_CA) == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s: %s is not the certificate of a CA: its basic constraints do not say "
                       "CA:TRUE (a server certificate is given by --tls-cert and --tls-key)",
                       option, path);
    }
    if ((X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN) == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s: %s may not sign certificates: its key usage lacks keyCertSign", option,
                       path);
    }
    return KV_OK;
}

enum kv_code kv_authority_check_trust(const char *option, const char *path,
                                      const struct kv_authority *authority, struct kv_err *err)
{
    X509 *top = kv_authority_top(authority);

    KV_TRY(kv_x509_check_anchor(option, path, authority->certificate, err));
    for (int i = 0; i < sk_X509_num(authority->above); i++) {
        KV_TRY(kv_x509_check_anchor(option, path, sk_X509_value(authority->above, i), err));
    }
    return kv_authority_is_root(top) ? KV_OK : kv_x509_fail_rootless(option, path, top, err);
}

/* Of the certificates in the file only those that the issuing one needs: clients are not to trust
 * others on our word. */
static enum kv_code check_given(const char *option, const char *path,
                                struct kv_authority *authority, struct kv_err *err)
{
    KV_TRY(check_may_sign(option, path, authority->certificate, err));
    KV_TRY(kv_authority_trim(authority, err));
    return kv_authority_check_trust(option, path, authority, err);
}

static enum kv_code load_given(const struct kv_certificate_source *source,
                               struct kv_authority *authority, struct kv_err *err)
{
    const struct kv_authority_files files = {
        .option = "--ca-cert",
        .certificate = source->ca_cert,
        .key_option = "--ca-key",
        .key = source->ca_key,
        .password_file = source->password_file,
    };

    if (is_given(source->ca_p12)) {
        KV_TRY(load_p12(source->ca_p12, source->password_file, authority, err));
        return check_given("--ca-p12", source->ca_p12, authority, err);
    }
    KV_TRY(kv_authority_load(&files, authority, err));
    return check_given("--ca-cert", source->ca_cert, authority, err);
}

enum kv_code kv_authority_open_given(const struct kv_certificate_source *source,
                                     struct kv_authority *ret_authority, struct kv_err *err)
{
    kv_auto(kv_authority_done) struct kv_authority given = { .certificate = NULL };

    KV_TRY(load_given(source, &given, err));
    *ret_authority = given;
    given = (struct kv_authority){ .certificate = NULL }; /* the caller's now */
    return KV_OK;
}
