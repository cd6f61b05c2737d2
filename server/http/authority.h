/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authority.h - certificates with their keys: coffer's own CA, and what the user gives.
 *
 * Files that the user gives are named in every message after the option that named them. Private to
 * the files beside it; one thread while opening, immutable afterwards.
 */
#pragma once

#include "kv/http/certificate.h"
#include "x509.h"

#define AUTHORITY_PEM_MAX 65536 /* bytes of a file that the user gives */

/* A certificate with its key, and those above it, lowest first. */
struct kv_authority {
    X509 *certificate;
    EVP_PKEY *key;          /* NULL: only the certificate is known */
    STACK_OF(X509) * above; /* NULL: none */
};
void kv_authority_done(struct kv_authority *authority);
KV_DEFINE_CLEANUP_VALUE(struct kv_authority, kv_authority_done)

/* coffer's own: loads it from the folder, makes it, or renews it with the same key. */
enum kv_code kv_authority_open_own(const char *data_folder, struct kv_authority *ret_authority,
                                   struct kv_err *err) kv_must_check;

/* The CA that the source gives with its key; KV_BAD_PARAMETER if it cannot sign certificates. */
enum kv_code kv_authority_open_given(const struct kv_certificate_source *source,
                                     struct kv_authority *ret_authority,
                                     struct kv_err *err) kv_must_check;

/* A certificate, those behind it in the file, and the key unless `key` is NULL. `option` is
 * "--ca-cert", `key_option` "--ca-key". KV_BAD_PARAMETER. */
struct kv_authority_files {
    const char *option, *certificate;
    const char *key_option, *key;
    const char *password_file;
};
enum kv_code kv_authority_load(const struct kv_authority_files *files,
                               struct kv_authority *ret_authority,
                               struct kv_err *err) kv_must_check;

/* Appends PEM: the certificate and those above it. */
enum kv_code kv_authority_render(const struct kv_authority *authority, struct kv_buf *buf,
                                 struct kv_err *err) kv_must_check;

/* The topmost certificate that is known: what a store of one certificate has to trust. Borrowed. */
X509 *kv_authority_top(const struct kv_authority *authority);

/* Whether the certificate is signed by itself. */
bool kv_authority_is_root(X509 *certificate);

/* Leaves above the certificate only who issued it, who issued that one, and so on, lowest first. */
enum kv_code kv_authority_trim(struct kv_authority *authority, struct kv_err *err) kv_must_check;

/* Makes that one of the trusted certificates the first which the chain of the server's reaches; if
 * there is none, all stay where they are. */
void kv_authority_begin_with_issuer(struct kv_authority *trusted,
                                    const struct kv_authority *server);

/*
 * KV_BAD_PARAMETER unless clients can trust it: the certificate reaches a root, and each on the way
 * has a subject and a strong key. `option` named the file.
 */
enum kv_code kv_authority_check_trust(const char *option, const char *path,
                                      const struct kv_authority *authority,
                                      struct kv_err *err) kv_must_check;
