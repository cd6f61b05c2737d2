/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/http/certificate.h - the server certificate, and the certificate authority that clients trust.
 *
 * Unless one is given, coffer has its own CA (ECDSA P-256, ten years), made once and kept. The server
 * certificate (ECDSA P-256) that the CA signs is renewed at startup when it has under 30 days left or
 * does not cover a name it should. Dates follow the system's clock, not the virtual one: TLS clients
 * know only that.
 * Files under the data folder: ca.pem (public), tls/ca.key, tls/server.pem, tls/server.key; and
 * trust.pem, what clients trust instead of ca.pem, while a CA or a server certificate is given.
 * A given private key is never written anywhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/buf.h"
#include "kv/base/err.h"

/* Protects no secrets; the password that Java's own trust store uses. */
#define KV_TRUST_STORE_PASSWORD "changeit"

/* What the user gives: paths, each NULL or "" if not given. All of them zero: coffer's own CA. */
struct kv_certificate_source {
    /* A CA: PEM files, the certificate followed by those above it, if any; or a PKCS #12 with both. */
    const char *ca_cert, *ca_key, *ca_p12;
    const char *password_file; /* first line: password of ca_key, ca_p12, tls_key */
    /* A server certificate: PEM files, the certificate followed by those above it. ca_cert is then
     * what clients trust, and is needed unless the file ends with a root. */
    const char *tls_cert, *tls_key;
};

struct kv_authority; /* opaque: a CA with its key; immutable */

struct kv_certificates {
    struct kv_buf ca;     /* PEM: what clients trust */
    struct kv_buf trust;  /* the same as PKCS #12 with KV_TRUST_STORE_PASSWORD, for Java */
    struct kv_buf java;   /* the same as a Java key store (JKS) with that password */
    struct kv_buf server; /* PEM: server certificate, then those above it */
    struct kv_buf key;    /* PEM, private */
    struct kv_authority *authority; /* signs statements */
    bool is_given;                  /* the server certificate is the user's */
};

/*
 * Loads or makes them. `names` are DNS names (wildcards allowed) and IP addresses for the
 * certificate that coffer issues; of these, a given server certificate has to cover the `required`
 * ones. KV_BAD_PARAMETER with a text that says what is wrong with a given file.
 */
struct kv_certificate_names {
    const char *const *names;
    size_t count;
    const char *const *required;
    size_t required_count;
};
enum kv_code kv_certificates_open(const char *data_folder,
                                  const struct kv_certificate_source *source,
                                  const struct kv_certificate_names *names,
                                  struct kv_certificates *ret_certificates,
                                  struct kv_err *err) kv_must_check;

/*
 * Appends PEM to `chain`: a certificate for that public key (SubjectPublicKeyInfo, DER) for digital
 * signatures, signed by the CA and valid for as long as it; then the CA. Thread-safe.
 */
enum kv_code kv_certificates_issue(const struct kv_certificates *certificates, const void *spki,
                                   size_t len, const char *name, struct kv_buf *chain,
                                   struct kv_err *err) kv_must_check;

/* What can be wrong with a server certificate, all else being right. */
enum kv_certificate_flaw {
    KV_CERTIFICATE_GOOD,
    KV_CERTIFICATE_EXPIRED,       /* since yesterday */
    KV_CERTIFICATE_NOT_YET_VALID, /* until tomorrow; both by the system's clock */
    KV_CERTIFICATE_WRONG_NAME,    /* wrong-name.invalid */
    KV_CERTIFICATE_FOREIGN_CA,    /* made for this one certificate, and forgotten */
    KV_CERTIFICATE_FLAWS
};

/* Appends PEM: the server's certificate again with that flaw, and those above it. It is for the
 * server's own key. Of a given server certificate only KV_CERTIFICATE_FOREIGN_CA can be made
 * (KV_INTERNAL). Thread-safe. */
enum kv_code kv_certificates_flaw(const struct kv_certificates *certificates,
                                  enum kv_certificate_flaw flaw, struct kv_buf *chain,
                                  struct kv_err *err) kv_must_check;

/* Whether a client that reaches the server by that name accepts the server's certificate. Thread-safe. */
bool kv_certificates_cover(const struct kv_certificates *certificates, const char *name);

void kv_certificates_done(struct kv_certificates *certificates);
