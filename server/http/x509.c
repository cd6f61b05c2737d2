/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate is filled in small steps that return false when OpenSSL fails, which means out of
 * memory or a broken library. */
#include "x509.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "kv/base/clock.h"

#define SECONDS_PER_DAY 86400L
#define AUTHORITY_DAYS 3652
#define SERVER_DAYS 365    /* some clients refuse more than 397 */
#define SERIAL_BITS 159    /* positive in the 20 bytes that RFC 5280 allows */
#define COMMON_NAME_MAX 64 /* RFC 5280, ub-common-name */
#define DNS_NAME_MAX 253
#define BACKDATED_SECONDS 300 /* for clients whose clocks are slightly behind */

KV_DEFINE_CLEANUP(BIO *, BIO_free)
KV_DEFINE_CLEANUP(BIGNUM *, BN_free)
KV_DEFINE_CLEANUP(GENERAL_NAME *, GENERAL_NAME_free)
KV_DEFINE_CLEANUP(GENERAL_NAMES *, GENERAL_NAMES_free)
KV_DEFINE_CLEANUP(X509_EXTENSION *, X509_EXTENSION_free)

static enum kv_code fail(const char *what, struct kv_err *err)
{
    unsigned long cause = ERR_get_error();

    ERR_clear_error();
    return KV_FAIL(err, KV_INTERNAL, cause, "OpenSSL cannot %s", what);
}

static time_t now(void)
{
    return (time_t) kv_seconds(kv_clock_real());
}

enum kv_code kv_x509_make_key(EVP_PKEY **ret_key, struct kv_err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    if (key == NULL) {
        return fail("make a P-256 key", err);
    }
    *ret_key = key;
    return KV_OK;
}

static bool set_serial(X509 *certificate)
{
    kv_auto(BN_free) BIGNUM *serial = BN_new();

    return serial != NULL && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1
           && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;
}

static bool set_dates(X509 *certificate, int days)
{
    time_t start = now();

    return X509_time_adj_ex(X509_getm_notBefore(certificate), 0, -BACKDATED_SECONDS, &start) != NULL
           && X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, &start) != NULL;
}

static bool set_subject(X509 *certificate, const char *common_name)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                      (const unsigned char *) common_name, -1, -1, 0)
           == 1;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    kv_auto(X509_EXTENSION_free) X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, &context, nid, value);
    return extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
}

/* A given CA's key may be of a kind that has a digest of its own, as Ed25519 has. */
static const EVP_MD *choose_digest(EVP_PKEY *key)
{
    bool has_own = EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1;

    return has_own ? NULL : EVP_sha256();
}

/* Names the issuer's key, where the issuer's certificate has a name for it: a given one may not. */
static bool add_authority_key(X509 *certificate, X509 *authority)
{
    return X509_get0_subject_key_id(authority) == NULL
           || add_extension(certificate, authority, NID_authority_key_identifier, "keyid:always");
}

/* Fills everything but the extensions. */
static bool begin(X509 *certificate, const char *common_name, int days, EVP_PKEY *key)
{
    return certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1
           && set_serial(certificate) && set_dates(certificate, days)
           && set_subject(certificate, common_name) && X509_set_pubkey(certificate, key) == 1;
}

enum kv_code kv_x509_make_authority(EVP_PKEY *key, X509 **ret_certificate, struct kv_err *err)
{
    kv_auto(X509_free) X509 *made = X509_new();

    if (!begin(made, "coffer local CA", AUTHORITY_DAYS, key)
        || X509_set_issuer_name(made, X509_get_subject_name(made)) != 1
        || !add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
        || !add_extension(made, made, NID_key_usage, "critical,keyCertSign,cRLSign")
        || !add_extension(made, made, NID_subject_key_identifier, "hash")
        || X509_sign(made, key, EVP_sha256()) == 0) {
        return fail("make a CA certificate", err);
    }
    *ret_certificate = kv_take(made);
    return KV_OK;
}

/* Letters, digits, hyphens and underscores between single dots; "*" as the first label. */
static bool is_dns_name(const char *name)
{
    const char *at = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
    bool in_label = false;

    for (; *at != '\0'; at++) {
        bool is_label = isalnum((unsigned char) *at) || *at == '-' || *at == '_';
        if (!is_label && (*at != '.' || !in_label)) {
            return false;
        }
        in_label = is_label;
    }
    return in_label && strlen(name) <= DNS_NAME_MAX;
}

/* NULL: out of memory; a name that is not an address has been checked to be a DNS name. */
static GENERAL_NAME *make_general_name(const char *name)
{
    kv_auto(GENERAL_NAME_free) GENERAL_NAME *made = GENERAL_NAME_new();
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
    ASN1_IA5STRING *dns = address == NULL ? ASN1_IA5STRING_new() : NULL;

    if (made == NULL || (dns != NULL && ASN1_STRING_set(dns, name, -1) != 1)
        || (address == NULL && dns == NULL)) {
        ASN1_OCTET_STRING_free(address);
        ASN1_IA5STRING_free(dns);
        return NULL;
    }
    if (address != NULL) {
        GENERAL_NAME_set0_value(made, GEN_IPADD, address);
    } else {
        GENERAL_NAME_set0_value(made, GEN_DNS, dns);
    }
    return kv_take(made);
}

bool kv_x509_add_names(X509 *certificate, const char *const *names, size_t count)
{
    kv_auto(GENERAL_NAMES_free) GENERAL_NAMES *list = GENERAL_NAMES_new();

    for (size_t i = 0; i < count; i++) {
        kv_auto(GENERAL_NAME_free) GENERAL_NAME *name = make_general_name(names[i]);
        if (list == NULL || name == NULL || sk_GENERAL_NAME_push(list, name) == 0) {
            return false;
        }
        (void) kv_take(name); /* owned by the list now */
    }
    return X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, 0) == 1;
}

static enum kv_code check_names(const char *const *names, size_t count, struct kv_err *err)
{
    for (size_t i = 0; i < count; i++) {
        ASN1_OCTET_STRING *address = a2i_IPADDRESS(names[i]);
        bool is_address = address != NULL;
        ASN1_OCTET_STRING_free(address);
        if (!is_address && !is_dns_name(names[i])) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "\"%s\" is neither a DNS name nor an IP address", names[i]);
        }
    }
    return KV_OK;
}

/* A certificate ends no later than the one that vouches for it. */
static bool end_with(X509 *certificate, const X509 *authority)
{
    const ASN1_TIME *end = X509_get0_notAfter(authority);

    return ASN1_TIME_compare(X509_get0_notAfter(certificate), end) <= 0
           || X509_set1_notAfter(certificate, end) == 1;
}

enum kv_code kv_x509_make_server(EVP_PKEY *key, X509 *authority, EVP_PKEY *authority_key,
                                 const char *const *names, size_t count, X509 **ret_certificate,
                                 struct kv_err *err)
{
    kv_auto(X509_free) X509 *made = X509_new();
    bool has_common_name = count > 0 && strlen(names[0]) <= COMMON_NAME_MAX;

    KV_TRY(check_names(names, count, err));
    if (!begin(made, has_common_name ? names[0] : "coffer", SERVER_DAYS, key)
        || !end_with(made, authority)
        || X509_set_issuer_name(made, X509_get_subject_name(authority)) != 1
        || !add_extension(made, authority, NID_basic_constraints, "critical,CA:FALSE")
        || !add_extension(made, authority, NID_key_usage, "critical,digitalSignature")
        || !add_extension(made, authority, NID_ext_key_usage, "serverAuth")
        || !add_extension(made, authority, NID_subject_key_identifier, "hash")
        || !add_authority_key(made, authority) || !kv_x509_add_names(made, names, count)
        || X509_sign(made, authority_key, choose_digest(authority_key)) == 0) {
        return fail("make a server certificate", err);
    }
    *ret_certificate = kv_take(made);
    return KV_OK;
}

enum kv_code kv_x509_make_signer(EVP_PKEY *key, X509 *authority, EVP_PKEY *authority_key,
                                 const char *name, X509 **ret_certificate, struct kv_err *err)
{
    kv_auto(X509_free) X509 *made = X509_new();

    if (!begin(made, name, SERVER_DAYS, key)
        || X509_set1_notAfter(made, X509_get0_notAfter(authority)) != 1
        || X509_set_issuer_name(made, X509_get_subject_name(authority)) != 1
        || !add_extension(made, authority, NID_basic_constraints, "critical,CA:FALSE")
        || !add_extension(made, authority, NID_key_usage, "critical,digitalSignature")
        || !add_extension(made, authority, NID_subject_key_identifier, "hash")
        || !add_authority_key(made, authority)
        || X509_sign(made, authority_key, choose_digest(authority_key)) == 0) {
        return fail("make a certificate", err);
    }
    *ret_certificate = kv_take(made);
    return KV_OK;
}

static bool shift_dates(X509 *certificate, const struct kv_x509_change *change)
{
    time_t start = now();

    return (change->begins == 0 && change->ends == 0)
           || (X509_time_adj_ex(X509_getm_notBefore(certificate), change->begins, 0, &start) != NULL
               && X509_time_adj_ex(X509_getm_notAfter(certificate), change->ends, 0, &start)
                      != NULL);
}

/* All of that kind, of which a certificate may have one. */
static void drop_extension(X509 *certificate, int nid)
{
    int at = X509_get_ext_by_NID(certificate, nid, -1);

    if (at >= 0) {
        X509_EXTENSION_free(X509_delete_ext(certificate, at));
    }
}

static bool rename_server(X509 *certificate, const char *name)
{
    if (name == NULL) {
        return true;
    }
    drop_extension(certificate, NID_subject_alt_name);
    return kv_x509_add_names(certificate, &name, 1);
}

static bool change_issuer(X509 *certificate, X509 *authority)
{
    drop_extension(certificate, NID_authority_key_identifier);
    return X509_set_issuer_name(certificate, X509_get_subject_name(authority)) == 1
           && add_authority_key(certificate, authority);
}

enum kv_code kv_x509_make_again(X509 *certificate, const struct kv_x509_change *change,
                                X509 *authority, EVP_PKEY *authority_key, X509 **ret_certificate,
                                struct kv_err *err)
{
    kv_auto(X509_free) X509 *made = X509_dup(certificate);

    if (made == NULL || !set_serial(made) || !shift_dates(made, change)
        || !rename_server(made, change->name) || !change_issuer(made, authority)
        || X509_sign(made, authority_key, choose_digest(authority_key)) == 0) {
        return fail("make a certificate again", err);
    }
    *ret_certificate = kv_take(made);
    return KV_OK;
}

bool kv_x509_lasts(const X509 *certificate)
{
    time_t start = now();
    time_t end = start + KV_X509_DAYS_LEFT_MIN * SECONDS_PER_DAY;

    return X509_cmp_time(X509_get0_notBefore(certificate), &start) < 0
           && X509_cmp_time(X509_get0_notAfter(certificate), &end) > 0;
}

static bool contains(const GENERAL_NAMES *list, const char *wanted)
{
    kv_auto(GENERAL_NAME_free) GENERAL_NAME *name = make_general_name(wanted);

    for (int i = 0; name != NULL && i < sk_GENERAL_NAME_num(list); i++) {
        if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(list, i), name) == 0) {
            return true;
        }
    }
    return false;
}

bool kv_x509_covers(const X509 *certificate, const char *const *names, size_t count)
{
    kv_auto(GENERAL_NAMES_free) GENERAL_NAMES *list =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

    for (size_t i = 0; i < count; i++) {
        if (!contains(list, names[i])) {
            return false;
        }
    }
    return true;
}

static BIO *open_pem(const struct kv_buf *pem)
{
    return BIO_new_mem_buf(pem->data != NULL ? pem->data : "", (int) pem->len);
}

EVP_PKEY *kv_x509_parse_key(const struct kv_buf *pem)
{
    kv_auto(BIO_free) BIO *bio = open_pem(pem);
    /* an empty passphrase, so that nobody is asked for one at the terminal */
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *) "") : NULL;

    ERR_clear_error();
    return key;
}

X509 *kv_x509_parse_certificate(const struct kv_buf *pem)
{
    kv_auto(BIO_free) BIO *bio = open_pem(pem);
    X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    ERR_clear_error();
    return certificate;
}

static enum kv_code append_pem(BIO *bio, struct kv_buf *buf, struct kv_err *err)
{
    char *text;
    long len = BIO_get_mem_data(bio, &text);

    return kv_buf_append(buf, text, (size_t) len, err);
}

enum kv_code kv_x509_render_key(EVP_PKEY *key, struct kv_buf *buf, struct kv_err *err)
{
    kv_auto(BIO_free) BIO *bio = BIO_new(BIO_s_mem()); /* wiped when freed */

    if (bio == NULL || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        return fail("write a key", err);
    }
    return append_pem(bio, buf, err);
}

enum kv_code kv_x509_render_certificate(X509 *certificate, struct kv_buf *buf, struct kv_err *err)
{
    kv_auto(BIO_free) BIO *bio = BIO_new(BIO_s_mem());

    if (bio == NULL || PEM_write_bio_X509(bio, certificate) != 1) {
        return fail("write a certificate", err);
    }
    return append_pem(bio, buf, err);
}
