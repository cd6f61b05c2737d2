/* SPDX-License-Identifier: Apache-2.0 */
/* Federated credentials: whose tokens an application or managed identity may log in with. */
#include "kv/identity/registry.h"

#include <stdio.h>
#include <string.h>

#include "credentials.h"

#define AZURE_AUDIENCE "api://AzureADTokenExchange"

static enum kv_code copy_text(const char *text, const char *what,
                              char ret_copy[KV_PRINCIPAL_TEXT_SIZE], struct kv_err *err)
{
    if (text == NULL || *text == '\0' || strlen(text) >= KV_PRINCIPAL_TEXT_SIZE) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A federated credential needs the %s, of 1 to %d bytes.", what,
                       KV_PRINCIPAL_TEXT_SIZE - 1);
    }
    (void) snprintf(ret_copy, KV_PRINCIPAL_TEXT_SIZE, "%s", text);
    return KV_OK;
}

static enum kv_code find_same(struct kv_db *db, int64_t principal, struct kv_credential *credential,
                              bool *ret_found, struct kv_err *err)
{
    static const char sql[] =
        "SELECT " CREDENTIAL_COLUMNS " FROM principal_credential"
        " WHERE principal = ? AND kind = ? AND issuer = ? AND subject = ? AND audience = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;

    KV_TRY(kv_db_query(db, sql,
                       KV_BINDS(KV_B_INT(principal), KV_B_INT(KV_CREDENTIAL_FEDERATED),
                                KV_B_TEXT(credential->issuer), KV_B_TEXT(credential->subject),
                                KV_B_TEXT(credential->audience)),
                       &rows, err));
    KV_TRY(kv_rows_next(rows, ret_found, err));
    if (*ret_found) {
        struct kv_credential stored;

        credentials_read(rows, &stored);
        *credential = stored;
    }
    return KV_OK;
}

enum kv_code kv_principal_add_federated(struct kv_principals *principals, const char *name,
                                        const char *label, const char *issuer, const char *subject,
                                        const char *audience, struct kv_credential *ret_credential,
                                        struct kv_err *err)
{
    static const struct credential_bytes none = { KV_B_NULL, KV_B_NULL, KV_B_NULL };
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct kv_credential credential;
    struct principals_row row;
    bool found;

    KV_TRY(credentials_begin(&credential, KV_CREDENTIAL_FEDERATED, label, err));
    KV_TRY(copy_text(issuer, "issuer", credential.issuer, err));
    KV_TRY(copy_text(subject, "subject", credential.subject, err));
    KV_TRY(copy_text(audience != NULL ? audience : AZURE_AUDIENCE, "audience", credential.audience,
                     err));
    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(credentials_hold(principals, db, name, KV_CREDENTIAL_FEDERATED, &row, err));
    KV_TRY(find_same(db, row.id, &credential, &found, err));
    if (!found) {
        KV_TRY(credentials_insert(db, row.id, &credential, &none, err));
    }
    KV_TRY(principals_commit(principals, db, err));
    *ret_credential = credential;
    return KV_OK;
}

enum kv_code kv_principals_federation(struct kv_principals *principals, const char *object_id,
                                      const char *issuer, const char *subject, const char *audience,
                                      enum kv_federation *ret_federation, struct kv_err *err)
{
    /* how many of the three each credential has, in their order; the subject twice */
    static const char sql[] =
        "SELECT coalesce(1 + max((c.issuer = ?1)"
        " + (c.issuer = ?1 AND c.audience = ?2)"
        " + (c.issuer = ?1 AND c.audience = ?2 AND c.subject = ?3 COLLATE NOCASE)"
        " + (c.issuer = ?1 AND c.audience = ?2 AND c.subject = ?3)), 0)"
        " FROM principal_credential c JOIN principal p ON p.id = c.principal"
        " WHERE p.object_id = ?4 AND c.kind = ?5";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    char folded[KV_UUID_LENGTH + 1];
    int64_t nearest;

    principals_fold(object_id, folded, sizeof(folded));
    KV_TRY(kv_db_acquire(principals->store, &db, err));
    KV_TRY(kv_db_count(db, sql,
                       KV_BINDS(KV_B_TEXT(issuer), KV_B_TEXT(audience), KV_B_TEXT(subject),
                                KV_B_TEXT(folded), KV_B_INT(KV_CREDENTIAL_FEDERATED)),
                       &nearest, err));
    *ret_federation = (enum kv_federation) nearest;
    return KV_OK;
}
