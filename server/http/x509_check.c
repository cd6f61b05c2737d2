/* SPDX-License-Identifier: Apache-2.0 */
/* Whether certificates that the user gives are any good, in words that say what to do. */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "x509.h"

#define TEXT_SIZE 512
#define SECURITY_LEVEL 2 /* of OpenSSL, as Debian's clients have it: 112 bits */
#define RSA_BITS_MIN 2048

KV_DEFINE_CLEANUP(X509_STORE *, X509_STORE_free)
KV_DEFINE_CLEANUP(X509_STORE_CTX *, X509_STORE_CTX_free)
KV_DEFINE_CLEANUP(NAME_CONSTRAINTS *, NAME_CONSTRAINTS_free)

static void render_subject(const X509 *certificate, char ret_text[TEXT_SIZE])
{
    ret_text[0] = '\0';
    if (certificate != NULL) {
        (void) X509_NAME_oneline(X509_get_subject_name(certificate), ret_text, TEXT_SIZE);
    }
}

static bool prepare(X509_STORE *store, X509_STORE_CTX *context, X509 *leaf, STACK_OF(X509) * above,
                    X509 *anchor)
{
    if (store == NULL || context == NULL || X509_STORE_add_cert(store, anchor) != 1
        || X509_STORE_CTX_init(context, store, leaf, above) != 1) {
        return false;
    }
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    return X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER) == 1;
}

enum kv_code kv_x509_verify_server(const char *option, X509 *leaf, STACK_OF(X509) * above,
                                   X509 *anchor, struct kv_err *err)
{
    kv_auto(X509_STORE_free) X509_STORE *store = X509_STORE_new();
    kv_auto(X509_STORE_CTX_free) X509_STORE_CTX *context = X509_STORE_CTX_new();
    char subject[TEXT_SIZE];

    if (!prepare(store, context, leaf, above, anchor)) {
        return KV_OUT_OF_MEMORY(err);
    }
    bool is_good = X509_verify_cert(context) == 1;
    ERR_clear_error();
    if (is_good) {
        return KV_OK;
    }
    render_subject(X509_STORE_CTX_get_current_cert(context), subject);
    return KV_FAIL(err, KV_BAD_PARAMETER, (unsigned long) X509_STORE_CTX_get_error(context),
                   "%s: TLS clients would refuse the certificate: %s (%s)", option,
                   X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)), subject);
}

/* A certificate of one name, to hold that name against constraints; NULL: out of memory. */
static X509 *make_probe(const char *name)
{
    kv_auto(X509_free) X509 *probe = X509_new();

    if (probe == NULL || !kv_x509_add_names(probe, &name, 1)) {
        return NULL;
    }
    (void) X509_check_purpose(probe, -1, 0); /* makes OpenSSL look at the extensions */
    return kv_take(probe);
}

/* Appends ", name", as long as there is room. */
static void append_name(char list[TEXT_SIZE], const char *name)
{
    size_t len = strlen(list);

    (void) snprintf(list + len, TEXT_SIZE - len, "%s%s", len > 0 ? ", " : "", name);
}

enum kv_code kv_x509_check_constraints(const char *option, X509 *authority,
                                       const char *const *names, size_t count, struct kv_err *err)
{
    kv_auto(NAME_CONSTRAINTS_free) NAME_CONSTRAINTS *constraints =
        X509_get_ext_d2i(authority, NID_name_constraints, NULL, NULL);
    char excluded[TEXT_SIZE] = "";

    for (size_t i = 0; constraints != NULL && i < count; i++) {
        kv_auto(X509_free) X509 *probe = make_probe(names[i]);
        if (probe == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        if (NAME_CONSTRAINTS_check(probe, constraints) != X509_V_OK) {
            append_name(excluded, names[i]);
        }
    }
    if (excluded[0] != '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s: the name constraints of the CA exclude names that the server "
                       "certificate must have: %s",
                       option, excluded);
    }
    return KV_OK;
}

/* RFC 5280 §4.1.2.6: clients find an issuer by its name. */
static enum kv_code check_subject(const char *option, const char *path, X509 *certificate,
                                  struct kv_err *err)
{
    if (X509_NAME_entry_count(X509_get_subject_name(certificate)) == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s: %s has a CA with an empty subject, by which clients cannot find it as "
                       "the issuer",
                       option, path);
    }
    return KV_OK;
}

enum kv_code kv_x509_check_anchor(const char *option, const char *path, X509 *certificate,
                                  struct kv_err *err)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    char subject[TEXT_SIZE];

    KV_TRY(check_subject(option, path, certificate, err));
    ERR_clear_error();
    render_subject(certificate, subject);
    if (key == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: %s: OpenSSL does not know the key of %s",
                       option, path, subject);
    }
    bool is_rsa = EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1;
    if (is_rsa && EVP_PKEY_get_bits(key) < RSA_BITS_MIN) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s: %s: the RSA key of %s has %d bits, and TLS clients want %d at least",
                       option, path, subject, EVP_PKEY_get_bits(key), RSA_BITS_MIN);
    }
    return KV_OK;
}

enum kv_code kv_x509_fail_rootless(const char *option, const char *path, const X509 *top,
                                   struct kv_err *err)
{
    char subject[TEXT_SIZE], issuer[TEXT_SIZE];

    render_subject(top, subject);
    (void) X509_NAME_oneline(X509_get_issuer_name(top), issuer, sizeof(issuer));
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "%s: %s ends with %s, which is not self-signed, and Python and Node.js trust no "
                   "such CA: append the certificate of %s, and those above it, up to the root",
                   option, path, subject, issuer);
}

bool kv_x509_is_for(X509 *certificate, const char *name)
{
    return X509_check_ip_asc(certificate, name, 0) == 1
           || X509_check_host(certificate, name, strlen(name), 0, NULL) == 1
           || kv_x509_covers(certificate, &name, 1); /* a wildcard is covered by itself */
}

enum kv_code kv_x509_check_names(const char *option, X509 *certificate, const char *const *names,
                                 size_t count, struct kv_err *err)
{
    char missing[TEXT_SIZE] = "";

    for (size_t i = 0; i < count; i++) {
        if (!kv_x509_is_for(certificate, names[i])) {
            append_name(missing, names[i]);
        }
    }
    ERR_clear_error();
    if (missing[0] != '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s: the certificate lacks names by which clients reach this server: %s",
                       option, missing);
    }
    return KV_OK;
}
