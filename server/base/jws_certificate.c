/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate around a key that signs tokens. Everything in it is fixed, and so is a signature by
 * RS256: the same key always has the same one, and it need not be kept.
 */
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "jws_key.h"

#define VERSION_3 2
#define NOT_BEFORE "20200101000000Z"
#define NOT_AFTER "20491231235959Z"
#define SERIAL_BYTES 8

/* Whom the certificates of the service's token keys name. */
#define NAME "accounts.accesscontrol.windows.net"

KV_DEFINE_CLEANUP(X509 *, X509_free)
KV_DEFINE_CLEANUP(BIGNUM *, BN_free)

struct der {
    unsigned char *bytes;
};

static void der_done(struct der *der)
{
    OPENSSL_free(der->bytes);
}
KV_DEFINE_CLEANUP_VALUE(struct der, der_done)

/* Of the name of the key: another key has another one. */
static bool set_serial(X509 *certificate, const struct kv_jws_key *key)
{
    kv_auto(BN_free) BIGNUM *serial =
        BN_bin2bn((const unsigned char *) key->id, SERIAL_BYTES, NULL);

    return serial != NULL && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;
}

/* Its own issuer. */
static bool set_names(X509 *certificate)
{
    X509_NAME *subject = X509_get_subject_name(certificate);

    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *) NAME, -1,
                                      -1, 0)
               == 1
           && X509_set_issuer_name(certificate, subject) == 1;
}

static bool fill(X509 *certificate, const struct kv_jws_key *key)
{
    return X509_set_version(certificate, VERSION_3) == 1 && set_serial(certificate, key)
           && set_names(certificate)
           && ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), NOT_BEFORE) == 1
           && ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), NOT_AFTER) == 1
           && X509_set_pubkey(certificate, key->pkey) == 1
           && X509_sign(certificate, key->pkey, EVP_sha256()) > 0;
}

/* NULL: OpenSSL has said why. */
static X509 *make_certificate(const struct kv_jws_key *key)
{
    kv_auto(X509_free) X509 *certificate = X509_new();

    return certificate != NULL && fill(certificate, key) ? kv_take(certificate) : NULL;
}

enum kv_code kv_jws_key_certify(const struct kv_jws_key *key, struct kv_buf *text,
                                struct kv_err *err)
{
    kv_auto(X509_free) X509 *certificate = make_certificate(key);
    kv_auto(der_done) struct der der = { .bytes = NULL };
    unsigned char *room;
    int len = certificate != NULL ? i2d_X509(certificate, &der.bytes) : -1;

    if (len <= 0) {
        unsigned long cause = ERR_peek_last_error();

        ERR_clear_error();
        return KV_FAIL(err, KV_INTERNAL, cause, "no certificate of the key could be made");
    }
    KV_TRY(kv_buf_extend(text, ((size_t) len + 2) / 3 * 4, &room, err));
    (void) EVP_EncodeBlock(room, der.bytes, len);
    return KV_OK;
}

bool kv_jws_key_thumbprint(const struct kv_jws_key *key,
                           char ret_text[KV_JWS_THUMBPRINT_LENGTH + 1])
{
    kv_auto(X509_free) X509 *certificate = make_certificate(key);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (certificate == NULL || X509_digest(certificate, EVP_sha1(), digest, &len) != 1) {
        ERR_clear_error();
        return false;
    }
    kv_base64url_encode(digest, len, ret_text);
    return true;
}
