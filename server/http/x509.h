/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509.h - making, reading and checking keys and certificates with OpenSSL; no files.
 *
 * Keys made here are P-256, and signatures SHA-256 unless the signer's key has its own digest. Dates
 * follow the system's clock. Errors are
 * KV_INTERNAL with OpenSSL's code as cause. Ownership: the caller owns what is returned through
 * `ret_`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "kv/base/buf.h"
#include "kv/base/clock.h"
#include "kv/base/err.h"

KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(X509 *, X509_free)

/* A certificate with fewer days left than this is renewed. */
#define KV_X509_DAYS_LEFT_MIN 30

enum kv_code kv_x509_make_key(EVP_PKEY **ret_key, struct kv_err *err) kv_must_check;

/* A self-signed authority for servers, valid for ten years. */
enum kv_code kv_x509_make_authority(EVP_PKEY *key, X509 **ret_certificate,
                                    struct kv_err *err) kv_must_check;

/*
 * A server certificate for DNS names (with a leading wildcard, if any) and IP addresses, valid
 * for a year. KV_BAD_PARAMETER: a name is neither.
 */
enum kv_code kv_x509_make_server(EVP_PKEY *key, X509 *authority, EVP_PKEY *authority_key,
                                 const char *const *names, size_t count, X509 **ret_certificate,
                                 struct kv_err *err) kv_must_check;

/* A certificate for signing under that name, valid as long as the authority. */
enum kv_code kv_x509_make_signer(EVP_PKEY *key, X509 *authority, EVP_PKEY *authority_key,
                                 const char *name, X509 **ret_certificate,
                                 struct kv_err *err) kv_must_check;

/*
 * The certificate once more, with another serial number and what `change` says in place of what it
 * has: days from now on which it begins and ends (both 0: as it was), a name in place of all
 * (NULL: as they were), and who signs.
 */
struct kv_x509_change {
    int begins, ends;
    const char *name;
};
enum kv_code kv_x509_make_again(X509 *certificate, const struct kv_x509_change *change,
                                X509 *authority, EVP_PKEY *authority_key, X509 **ret_certificate,
                                struct kv_err *err) kv_must_check;

/* True when it is valid now and for KV_X509_DAYS_LEFT_MIN days. */
bool kv_x509_lasts(const X509 *certificate);

/* True when every name is among its alternative names. */
bool kv_x509_covers(const X509 *certificate, const char *const *names, size_t count);

/* Adds alternative names that were checked to be names; false: out of memory. */
bool kv_x509_add_names(X509 *certificate, const char *const *names, size_t count);

/*
 * Checks of what an option gives (x509_check.c): KV_BAD_PARAMETER with a text that begins with
 * `option`. The first: that a TLS client which trusts `anchor` accepts the server's certificate,
 * with the certificates `above` it (NULL: none). The second: that the name constraints of a CA allow
 * all names. The third: that a certificate is valid for all of them.
 */
enum kv_code kv_x509_verify_server(const char *option, X509 *leaf, STACK_OF(X509) * above,
                                   X509 *anchor, struct kv_err *err) kv_must_check;
enum kv_code kv_x509_check_constraints(const char *option, X509 *authority,
                                       const char *const *names, size_t count,
                                       struct kv_err *err) kv_must_check;
enum kv_code kv_x509_check_names(const char *option, X509 *certificate, const char *const *names,
                                 size_t count, struct kv_err *err) kv_must_check;

/* Whether clients that know the server by that name, or address, accept the certificate for it. */
bool kv_x509_is_for(X509 *certificate, const char *name);

/* Of a CA that clients trust: KV_BAD_PARAMETER when its subject is empty, or its key is weak. */
enum kv_code kv_x509_check_anchor(const char *option, const char *path, X509 *certificate,
                                  struct kv_err *err) kv_must_check;

/* KV_BAD_PARAMETER: `top`, the last certificate known, is no root; says what has to be appended. */
enum kv_code kv_x509_fail_rootless(const char *option, const char *path, const X509 *top,
                                   struct kv_err *err) kv_must_check;

/* The first object of its kind in a PEM text; NULL if there is none. */
EVP_PKEY *kv_x509_parse_key(const struct kv_buf *pem);
X509 *kv_x509_parse_certificate(const struct kv_buf *pem);

/* Appends PEM. */
enum kv_code kv_x509_render_key(EVP_PKEY *key, struct kv_buf *buf,
                                struct kv_err *err) kv_must_check;
enum kv_code kv_x509_render_certificate(X509 *certificate, struct kv_buf *buf,
                                        struct kv_err *err) kv_must_check;

/* Appends a PKCS #12 file of that one trusted certificate, DER (trust_store.c). */
enum kv_code kv_x509_render_trust_store(X509 *certificate, const char *password, struct kv_buf *buf,
                                        struct kv_err *err) kv_must_check;

/* The same as a Java key store; `now`, the real time, is when it was made (java_store.c). */
enum kv_code kv_x509_render_java_store(X509 *certificate, const char *password, kv_millis now,
                                       struct kv_buf *buf, struct kv_err *err) kv_must_check;
