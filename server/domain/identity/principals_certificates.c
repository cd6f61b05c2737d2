/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of applications, by which they sign their assertions (RFC 7523). */
#include "kv/identity/registry.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "credentials.h"

#define SHA1_BYTES 20
#define SHA256_BYTES 32
#define DER_MAX 16384

KV_DEFINE_CLEANUP(X509 *, X509_free)
KV_DEFINE_CLEANUP(BIO *, BIO_free)

static void print_hex(const unsigned char *bytes, size_t len, char *ret_text)
{
    for (size_t i = 0; i < len; i++) {
        (void) snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
    }
}

static enum kv_code read_pem(const char *pem, size_t len, X509 **ret_certificate,
                             struct kv_err *err)
{
    kv_auto(BIO_free) BIO *bio = len <= INT32_MAX ? BIO_new_mem_buf(pem, (int) len) : NULL;
    X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    ERR_clear_error();
    if (certificate == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "There is no certificate in PEM.");
    }
    *ret_certificate = certificate;
    return KV_OK;
}

static enum kv_code fill_thumbprints(const X509 *certificate, struct kv_credential *credential,
                                     struct kv_err *err)
{
    unsigned char sha1[EVP_MAX_MD_SIZE], sha256[EVP_MAX_MD_SIZE];

    if (X509_digest(certificate, EVP_sha1(), sha1, NULL) != 1
        || X509_digest(certificate, EVP_sha256(), sha256, NULL) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the certificate has no digest");
    }
    print_hex(sha1, SHA1_BYTES, credential->thumbprint);
    print_hex(sha256, SHA256_BYTES, credential->thumbprint_sha256);
    return KV_OK;
}

/* The one with that digest that the principal has; *ret_found false: none. */
static enum kv_code find_same(struct kv_db *db, int64_t principal, const char *sha256,
                              struct kv_credential *credential, bool *ret_found, struct kv_err *err)
{
    static const char sql[] = "SELECT " CREDENTIAL_COLUMNS " FROM principal_credential"
                              " WHERE principal = ? AND sha256 = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(principal), KV_B_TEXT(sha256)), &rows, err));
    KV_TRY(kv_rows_next(rows, ret_found, err));
    if (*ret_found) {
        credentials_read(rows, credential);
    }
    return KV_OK;
}

static enum kv_code insert_certificate(struct kv_db *db, int64_t principal, const X509 *certificate,
                                       const struct kv_credential *credential, struct kv_err *err)
{
    unsigned char der[DER_MAX];
    unsigned char *at = der;
    int len = i2d_X509(certificate, NULL);

    if (len <= 0 || len > (int) sizeof(der) || i2d_X509(certificate, &at) != len) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The certificate is longer than %d bytes.",
                       DER_MAX);
    }

    const struct credential_bytes bytes = {
        .salt = KV_B_NULL,
        .digest = KV_B_NULL,
        .der = KV_B_BYTES(der, (size_t) len),
    };

    return credentials_insert(db, principal, credential, &bytes, err);
}

enum kv_code kv_principal_add_certificate(struct kv_principals *principals, const char *name,
                                          const char *label, const char *pem, size_t len,
                                          struct kv_credential *ret_credential, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(X509_free) X509 *certificate = NULL;
    struct kv_credential credential;
    struct principals_row row;
    bool found;

    KV_TRY(read_pem(pem, len, &certificate, err));
    KV_TRY(credentials_begin(&credential, KV_CREDENTIAL_CERTIFICATE, label, err));
    KV_TRY(fill_thumbprints(certificate, &credential, err));
    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(credentials_hold(principals, db, name, KV_CREDENTIAL_CERTIFICATE, &row, err));
    KV_TRY(find_same(db, row.id, credential.thumbprint_sha256, &credential, &found, err));
    if (!found) {
        KV_TRY(insert_certificate(db, row.id, certificate, &credential, err));
    }
    KV_TRY(principals_commit(principals, db, err));
    *ret_credential = credential;
    return KV_OK;
}

static enum kv_code parse_der(const struct kv_rows *rows, X509 **ret_certificate,
                              struct kv_err *err)
{
    size_t len;
    const unsigned char *der = kv_rows_bytes(rows, 0, &len);
    X509 *certificate = d2i_X509(NULL, &der, (long) len);

    if (certificate == NULL) {
        ERR_clear_error();
        return KV_FAIL(err, KV_INTERNAL, 0, "a stored certificate is damaged");
    }
    *ret_certificate = certificate;
    return KV_OK;
}

enum kv_code kv_principals_find_certificate(struct kv_principals *principals, const char *object_id,
                                            const void *thumbprint, size_t len,
                                            X509 **ret_certificate, struct kv_err *err)
{
    static const char sql[] =
        "SELECT c.der FROM principal_credential c JOIN principal p ON p.id = c.principal"
        " WHERE p.object_id = ? AND c.kind = ? AND ? IN (c.sha1, c.sha256)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    char folded[KV_UUID_LENGTH + 1], hex[2 * SHA256_BYTES + 1] = "";
    bool more = false;

    if (len == SHA1_BYTES || len == SHA256_BYTES) {
        print_hex(thumbprint, len, hex);
    }
    principals_fold(object_id, folded, sizeof(folded));
    KV_TRY(kv_db_acquire(principals->store, &db, err));
    KV_TRY(kv_db_query(
        db, sql, KV_BINDS(KV_B_TEXT(folded), KV_B_INT(KV_CREDENTIAL_CERTIFICATE), KV_B_TEXT(hex)),
        &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more || *hex == '\0') {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no such certificate.");
    }
    return parse_der(rows, ret_certificate, err);
}
