/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials.h - what secrets, certificates and federated credentials share. Private to
 * domain/identity.
 */
#pragma once

#include "principals_core.h"

/* What is stored beside a struct kv_credential. */
struct credential_bytes {
    struct kv_bind salt, digest, der;
};

/* A new one, with an id; KV_BAD_PARAMETER for a label that is too long. NULL: no label. */
enum kv_code credentials_begin(struct kv_credential *credential, enum kv_credential_kind kind,
                               const char *label, struct kv_err *err) kv_must_check;

/*
 * Whose it is to be, as a row that is registered from now. One that was made up becomes an
 * application, unless a managed identity can have that kind. KV_CONFLICT for a type that has none.
 */
enum kv_code credentials_hold(struct kv_principals *principals, struct kv_db *db, const char *name,
                              enum kv_credential_kind kind, struct principals_row *ret_row,
                              struct kv_err *err) kv_must_check;

/* KV_CONFLICT when there are as many of the kind as there may be. */
enum kv_code credentials_insert(struct kv_db *db, int64_t principal,
                                const struct kv_credential *credential,
                                const struct credential_bytes *bytes,
                                struct kv_err *err) kv_must_check;

/* A row of "SELECT " CREDENTIAL_COLUMNS " FROM principal_credential". */
#define CREDENTIAL_COLUMNS                                                                         \
    "kind, name, label, hint, sha1, sha256, issuer, subject, audience, expires"
void credentials_read(const struct kv_rows *rows, struct kv_credential *ret_credential);
