/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate in the form Java wants: PKCS #12 (RFC 7292), where a certificate without a key
 * counts as trusted only with an Oracle-specific attribute (JDK, PKCS12KeyStore). Nothing in it is
 * secret, so nothing is encrypted; the password is for the MAC that keytool insists on.
 */
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pkcs12.h>

#include "x509.h"

#define TRUSTED_KEY_USAGE "2.16.840.1.113894.746875.1.1"
#define ALIAS "coffer"
#define UNENCRYPTED (-1)
#define MAC_ROUNDS 2048

static void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags)
{
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

static void free_safes(STACK_OF(PKCS7) * safes)
{
    sk_PKCS7_pop_free(safes, PKCS7_free);
}

static void free_der(unsigned char *der)
{
    OPENSSL_free(der);
}

KV_DEFINE_CLEANUP(STACK_OF(PKCS12_SAFEBAG) *, free_bags)
KV_DEFINE_CLEANUP(STACK_OF(PKCS7) *, free_safes)
KV_DEFINE_CLEANUP(PKCS12 *, PKCS12_free)
KV_DEFINE_CLEANUP(unsigned char *, free_der)

/* Adds the bag of a trusted certificate, owned by `bags`; false: out of memory. */
static bool add_trusted(STACK_OF(PKCS12_SAFEBAG) * *bags, X509 *certificate)
{
    PKCS12_SAFEBAG *bag = PKCS12_add_cert(bags, certificate);

    return bag != NULL && PKCS12_add_friendlyname_utf8(bag, ALIAS, -1) == 1
           && PKCS12_add1_attr_by_txt(bag, TRUSTED_KEY_USAGE, V_ASN1_OBJECT,
                                      (const unsigned char *) OBJ_nid2obj(NID_anyExtendedKeyUsage),
                                      -1)
                  == 1;
}

static PKCS12 *make_store(X509 *certificate, const char *password)
{
    kv_auto(free_bags) STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    kv_auto(free_safes) STACK_OF(PKCS7) *safes = NULL;
    kv_auto(PKCS12_free) PKCS12 *store = NULL;

    if (!add_trusted(&bags, certificate)
        || PKCS12_add_safe(&safes, bags, UNENCRYPTED, 0, NULL) != 1) {
        return NULL;
    }
    store = PKCS12_add_safes(safes, 0);
    if (store == NULL
        || PKCS12_set_mac(store, password, -1, NULL, 0, MAC_ROUNDS, EVP_sha256()) != 1) {
        return NULL;
    }
    return kv_take(store);
}

enum kv_code kv_x509_render_trust_store(X509 *certificate, const char *password, struct kv_buf *buf,
                                        struct kv_err *err)
{
    kv_auto(PKCS12_free) PKCS12 *store = make_store(certificate, password);
    kv_auto(free_der) unsigned char *der = NULL;
    int len = store != NULL ? i2d_PKCS12(store, &der) : -1;

    if (len <= 0) {
        return KV_FAIL(err, KV_INTERNAL, ERR_peek_last_error(),
                       "OpenSSL cannot make a trust store");
    }
    return kv_buf_append(buf, der, (size_t) len, err);
}
