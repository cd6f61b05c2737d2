/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate_file.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define KEY_BITS 2048
#define SERIAL_BITS 127
#define LIFETIME 315360000 /* seconds: ten years */
#define COMMON_NAME_MAX 64 /* RFC 5280, ub-common-name */

KV_DEFINE_CLEANUP(X509 *, X509_free)
KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(BIO *, BIO_free)
KV_DEFINE_CLEANUP(BIGNUM *, BN_free)

static bool set_serial(X509 *certificate)
{
    kv_auto(BN_free) BIGNUM *serial = BN_new();

    return serial != NULL && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
           && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;
}

static bool set_names(X509 *certificate, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int len = (int) strnlen(name, COMMON_NAME_MAX);

    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *) name,
                                      len, -1, 0)
               == 1
           && X509_set_issuer_name(certificate, subject) == 1;
}

static bool fill(X509 *certificate, EVP_PKEY *key, const char *name)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate)
           && set_names(certificate, name)
           && X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != NULL
           && X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME) != NULL
           && X509_set_pubkey(certificate, key) == 1
           && X509_sign(certificate, key, EVP_sha256()) > 0;
}

/* Both in PEM; `key` NULL: the certificate alone. */
static enum kv_code print(const EVP_PKEY *key, const X509 *certificate, struct kv_buf *pem,
                          struct kv_err *err)
{
    kv_auto(BIO_free) BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;

    if (bio == NULL || PEM_write_bio_X509(bio, certificate) != 1
        || (key != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)) {
        return KV_OUT_OF_MEMORY(err);
    }

    long len = BIO_get_mem_data(bio, &text);

    return kv_buf_append(pem, text, (size_t) len, err);
}

enum kv_code certificate_file_make(const char *name, struct kv_buf *pem, struct kv_buf *certificate,
                                   struct kv_err *err)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
    kv_auto(X509_free) X509 *made = X509_new();

    if (key == NULL || made == NULL || !fill(made, key, name)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "no certificate can be made");
    }
    KV_TRY(print(key, made, pem, err));
    return print(NULL, made, certificate, err);
}
