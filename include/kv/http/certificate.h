/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/http/certificate.h - coffer's own certificate authority and the server certificate it signs.
 *
 * The CA (ECDSA P-256, ten years) is made once and kept; the server certificate (ECDSA P-256) is
 * renewed at startup when it has under 30 days left or does not cover a name it should. Dates
 * follow the system's clock, not the virtual one: TLS clients know only that.
 * Files under the data folder: ca.pem (public), tls/ca.key, tls/server.pem, tls/server.key.
 */
#pragma once

#include <stddef.h>

#include "kv/base/buf.h"
#include "kv/base/err.h"

/* Protects no secrets; the password that Java's own trust store uses. */
#define KV_TRUST_STORE_PASSWORD "changeit"

struct kv_certificates {
    struct kv_buf ca;     /* PEM */
    struct kv_buf trust;  /* the same CA as PKCS #12 with KV_TRUST_STORE_PASSWORD, for Java */
    struct kv_buf server; /* PEM: server certificate, then the CA */
    struct kv_buf key;    /* PEM, private */
};

/* Loads or makes them. `names` are DNS names (wildcards allowed) and IP addresses. */
enum kv_code kv_certificates_open(const char *data_folder, const char *const *names, size_t count,
                                  struct kv_certificates *ret_certificates,
                                  struct kv_err *err) kv_must_check;

/*
 * Appends PEM to `chain`: a certificate for that public key (SubjectPublicKeyInfo, DER) for digital
 * signatures, signed by the CA in the folder and valid for as long as it; then the CA.
 */
enum kv_code kv_certificates_issue(const char *data_folder, const void *spki, size_t len,
                                   const char *name, struct kv_buf *chain,
                                   struct kv_err *err) kv_must_check;

void kv_certificates_done(struct kv_certificates *certificates);
