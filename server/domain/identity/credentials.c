/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of all kinds: whose they can be, how many, listed and removed. */
#include "credentials.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *plural;
    bool of_user_assigned; /* a managed identity that is no part of something else has it too */
} kinds[] = {
    [KV_CREDENTIAL_SECRET] = { "secrets", false },
    [KV_CREDENTIAL_CERTIFICATE] = { "certificates", false },
    [KV_CREDENTIAL_FEDERATED] = { "federated credentials", true },
};

enum kv_code credentials_begin(struct kv_credential *credential, enum kv_credential_kind kind,
                               const char *label, struct kv_err *err)
{
    *credential = (struct kv_credential){ .kind = kind, .expires = KV_CREDENTIAL_ENDLESS };
    if (label != NULL
        && snprintf(credential->label, sizeof(credential->label), "%s", label)
               >= (int) sizeof(credential->label)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The label of a credential has %zu bytes at most.",
                       sizeof(credential->label) - 1);
    }
    kv_uuid_random(credential->id);
    return KV_OK;
}

static bool may_have(const struct kv_principal_entry *entry, enum kv_credential_kind kind)
{
    return entry->type == KV_PRINCIPAL_APPLICATION
           || (entry->type == KV_PRINCIPAL_USER_ASSIGNED && kinds[kind].of_user_assigned);
}

static enum kv_code make_application(struct kv_db *db, struct principals_row *row,
                                     struct kv_err *err)
{
    static const char sql[] = "UPDATE principal SET type = ?, registered = 1, resource = ?"
                              " WHERE id = ?";
    struct kv_principal_entry *entry = &row->entry;

    entry->registered = true;
    if (entry->type == KV_PRINCIPAL_USER_ASSIGNED) {
        entry->type = KV_PRINCIPAL_APPLICATION;
        entry->resource[0] = '\0';
    }
    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(entry->type), KV_B_TEXT(entry->resource), KV_B_INT(row->id)),
                     NULL, err);
}

enum kv_code credentials_hold(struct kv_principals *principals, struct kv_db *db, const char *name,
                              enum kv_credential_kind kind, struct principals_row *ret_row,
                              struct kv_err *err)
{
    KV_TRY(principals_hold(principals, db, name, ret_row, err));
    if (!ret_row->entry.registered && !kinds[kind].of_user_assigned) {
        KV_TRY(make_application(db, ret_row, err));
    }
    if (!may_have(&ret_row->entry, kind)) {
        return KV_FAIL(err, KV_CONFLICT, 0, "A %s has no %s.",
                       kv_principal_type_word(ret_row->entry.type), kinds[kind].plural);
    }
    return kv_db_run(db, "UPDATE principal SET registered = 1 WHERE id = ?",
                     KV_BINDS(KV_B_INT(ret_row->id)), NULL, err);
}

static enum kv_code check_room(struct kv_db *db, int64_t principal, enum kv_credential_kind kind,
                               struct kv_err *err)
{
    static const char sql[] =
        "SELECT count(*) FROM principal_credential WHERE principal = ? AND kind = ?";
    int64_t count;

    KV_TRY(kv_db_count(db, sql, KV_BINDS(KV_B_INT(principal), KV_B_INT(kind)), &count, err));
    if (count >= KV_PRINCIPAL_CREDENTIALS_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "An application has %d %s at most.",
                       KV_PRINCIPAL_CREDENTIALS_MAX, kinds[kind].plural);
    }
    return KV_OK;
}

enum kv_code credentials_insert(struct kv_db *db, int64_t principal,
                                const struct kv_credential *credential,
                                const struct credential_bytes *bytes, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO principal_credential (principal, kind, name, label, hint, salt, digest, der,"
        " sha1, sha256, issuer, subject, audience, expires)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

    KV_TRY(check_room(db, principal, credential->kind, err));
    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(principal), KV_B_INT(credential->kind),
                              KV_B_TEXT(credential->id), KV_B_TEXT(credential->label),
                              KV_B_TEXT(credential->hint), bytes->salt, bytes->digest, bytes->der,
                              KV_B_TEXT(credential->thumbprint),
                              KV_B_TEXT(credential->thumbprint_sha256),
                              KV_B_TEXT(credential->issuer), KV_B_TEXT(credential->subject),
                              KV_B_TEXT(credential->audience), KV_B_INT(credential->expires)),
                     NULL, err);
}

static void copy(const struct kv_rows *rows, int column, char *ret_text, size_t size)
{
    (void) snprintf(ret_text, size, "%s", kv_rows_text(rows, column)); /* no stored one is longer */
}

void credentials_read(const struct kv_rows *rows, struct kv_credential *ret_credential)
{
    struct kv_credential *credential = ret_credential;

    credential->kind = (enum kv_credential_kind) kv_rows_int(rows, 0);
    copy(rows, 1, credential->id, sizeof(credential->id));
    copy(rows, 2, credential->label, sizeof(credential->label));
    copy(rows, 3, credential->hint, sizeof(credential->hint));
    copy(rows, 4, credential->thumbprint, sizeof(credential->thumbprint));
    copy(rows, 5, credential->thumbprint_sha256, sizeof(credential->thumbprint_sha256));
    copy(rows, 6, credential->issuer, sizeof(credential->issuer));
    copy(rows, 7, credential->subject, sizeof(credential->subject));
    copy(rows, 8, credential->audience, sizeof(credential->audience));
    credential->expires = kv_rows_int(rows, 9);
}

enum kv_code kv_principal_remove_credential(struct kv_principals *principals, const char *name,
                                            enum kv_credential_kind kind, const char *id,
                                            struct kv_err *err)
{
    static const char by_id[] = "DELETE FROM principal_credential"
                                " WHERE principal = ? AND kind = ? AND name = ?";
    static const char by_label[] = "DELETE FROM principal_credential"
                                   " WHERE principal = ? AND kind = ? AND label = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct principals_row row;
    int64_t changes;

    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(principals_resolve_living(principals, db, name, &row, err));

    const struct kv_binds binds = KV_BINDS(KV_B_INT(row.id), KV_B_INT(kind), KV_B_TEXT(id));

    KV_TRY(kv_db_run(db, by_id, binds, &changes, err));
    if (changes == 0 && *id != '\0') {
        KV_TRY(kv_db_run(db, by_label, binds, &changes, err));
    }
    if (changes == 0) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "The identity '%.128s' has no such one among its %s.",
                       name, kinds[kind].plural);
    }
    return principals_commit(principals, db, err);
}

enum kv_code kv_principal_credentials(struct kv_principals *principals, const char *name,
                                      kv_credential_visit_fn *visit, void *context,
                                      struct kv_err *err)
{
    static const char sql[] =
        "SELECT " CREDENTIAL_COLUMNS " FROM principal_credential WHERE principal = ? ORDER BY id";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct kv_credential credential;
    struct principals_row row;
    bool more;

    KV_TRY(kv_db_acquire(principals->store, &db, err));
    KV_TRY(principals_resolve(principals, db, name, &row, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(row.id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        credentials_read(rows, &credential);
        KV_TRY(visit(&credential, context, err));
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}
