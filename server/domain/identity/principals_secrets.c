/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of applications: kept as SHA-256 of a random salt and the secret. */
#include "kv/identity/registry.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "credentials.h"
#include "kv/base/base64.h"
#include "kv/base/secret.h"

#define SALT_BYTES 16
#define DIGEST_BYTES 32
#define HINT_LENGTH 3
#define SECRET_BYTES 30 /* 40 characters, as Azure's have */

KV_DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

static enum kv_code digest_secret(const void *salt, size_t salt_len, const void *secret, size_t len,
                                  unsigned char ret_digest[DIGEST_BYTES], struct kv_err *err)
{
    kv_auto(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1
        || EVP_DigestUpdate(context, salt, salt_len) != 1
        || EVP_DigestUpdate(context, secret, len) != 1
        || EVP_DigestFinal_ex(context, ret_digest, NULL) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "SHA-256 failed");
    }
    return KV_OK;
}

/* --- comparing --- */

/* What is compared with each secret of an application, and which one it is. */
struct search {
    const char *secret;
    size_t len;
    char id[KV_UUID_LENGTH + 1]; /* "": none yet */
    kv_time expires;             /* of that one */
    size_t count;                /* of those that were compared */
};

/* All are compared, so that the time it takes tells nothing; of two the one that lasts longer. */
static enum kv_code compare(const struct kv_rows *rows, struct search *search, struct kv_err *err)
{
    size_t salt_len, digest_len;
    const void *salt = kv_rows_bytes(rows, 1, &salt_len);
    const void *stored = kv_rows_bytes(rows, 2, &digest_len);
    kv_time expires = kv_rows_int(rows, 3);
    unsigned char digest[DIGEST_BYTES];

    KV_TRY(digest_secret(salt, salt_len, search->secret, search->len, digest, err));
    search->count++;
    if (kv_secret_equal(stored, digest_len, digest, sizeof(digest))
        && (search->id[0] == '\0' || expires > search->expires)) {
        (void) snprintf(search->id, sizeof(search->id), "%s", kv_rows_text(rows, 0));
        search->expires = expires;
    }
    return KV_OK;
}

static enum kv_code find_secret(struct kv_db *db, const char *object_id, struct search *search,
                                struct kv_err *err)
{
    static const char sql[] =
        "SELECT c.name, c.salt, c.digest, c.expires FROM principal_credential c"
        " JOIN principal p ON p.id = c.principal WHERE p.object_id = ? AND c.kind = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(object_id), KV_B_INT(KV_CREDENTIAL_SECRET)),
                       &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        KV_TRY(compare(rows, search, err));
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

enum kv_code kv_principals_check_secret(struct kv_principals *principals, const char *object_id,
                                        const char *secret, size_t len, kv_time now,
                                        enum kv_credential_verdict *ret_verdict, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct search search = { .secret = secret, .len = len };
    struct kv_principal_entry entry;
    enum kv_code code = kv_principals_find_object(principals, object_id, &entry, err);

    *ret_verdict = KV_CREDENTIAL_WRONG;
    if (code == KV_NOT_FOUND || len == 0) {
        return KV_OK;
    }
    KV_TRY(code);
    KV_TRY(kv_db_acquire(principals->store, &db, err));
    KV_TRY(find_secret(db, entry.object_id, &search, err));
    if (search.id[0] != '\0') {
        *ret_verdict = now >= search.expires ? KV_CREDENTIAL_EXPIRED : KV_CREDENTIAL_GOOD;
    } else if (!entry.registered) {
        *ret_verdict = KV_CREDENTIAL_GOOD;
    }
    return KV_OK;
}

/* --- adding --- */

static enum kv_code insert_secret(struct kv_db *db, int64_t principal, const char *secret,
                                  size_t len, struct kv_credential *credential, struct kv_err *err)
{
    unsigned char salt[SALT_BYTES], digest[DIGEST_BYTES];

    if (RAND_bytes(salt, sizeof(salt)) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "there are no random bytes");
    }
    KV_TRY(digest_secret(salt, sizeof(salt), secret, len, digest, err));

    const struct credential_bytes bytes = {
        .salt = KV_B_BYTES(salt, sizeof(salt)),
        .digest = KV_B_BYTES(digest, sizeof(digest)),
        .der = KV_B_NULL,
    };

    return credentials_insert(db, principal, credential, &bytes, err);
}

static enum kv_code check_secret(const char *secret, size_t len, struct kv_err *err)
{
    if (len == 0 || len > KV_PRINCIPAL_SECRET_MAX || memchr(secret, '\0', len) != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "A secret has 1 to %d bytes, none of them NUL.",
                       KV_PRINCIPAL_SECRET_MAX);
    }
    return KV_OK;
}

/* Of one that is there already, what it is. */
static enum kv_code add_secret(struct kv_db *db, const struct principals_row *row,
                               const char *secret, size_t len, struct kv_credential *credential,
                               struct kv_err *err)
{
    struct search search = { .secret = secret, .len = len };

    KV_TRY(find_secret(db, row->entry.object_id, &search, err));
    if (search.id[0] == '\0' || search.expires < credential->expires) {
        return insert_secret(db, row->id, secret, len, credential, err);
    }
    memcpy(credential->id, search.id, sizeof(credential->id));
    credential->expires = search.expires;
    return KV_OK;
}

enum kv_code kv_principal_add_secret(struct kv_principals *principals, const char *name,
                                     const char *label, const char *secret, size_t len,
                                     kv_time expires, struct kv_credential *ret_credential,
                                     struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct kv_credential credential;
    struct principals_row row;

    KV_TRY(check_secret(secret, len, err));
    KV_TRY(credentials_begin(&credential, KV_CREDENTIAL_SECRET, label, err));
    credential.expires = expires;
    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(credentials_hold(principals, db, name, KV_CREDENTIAL_SECRET, &row, err));
    KV_TRY(add_secret(db, &row, secret, len, &credential, err));
    KV_TRY(principals_commit(principals, db, err));
    *ret_credential = credential;
    return KV_OK;
}

/* Random, with the mark in it by which scanners know a secret of Entra ID. */
static enum kv_code make_up_secret(char ret_secret[KV_MADE_SECRET_SIZE], struct kv_err *err)
{
    unsigned char bytes[SECRET_BYTES];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "there are no random bytes");
    }
    kv_base64url_encode(bytes, sizeof(bytes), ret_secret);
    kv_wipe(bytes, sizeof(bytes));
    memcpy(ret_secret + HINT_LENGTH, "8Q~", 3);
    return KV_OK;
}

static enum kv_code make_secret(struct kv_principals *principals, const char *name,
                                const char *secret, struct kv_credential *credential,
                                struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct principals_row row;

    (void) snprintf(credential->hint, sizeof(credential->hint), "%.*s", HINT_LENGTH, secret);
    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(credentials_hold(principals, db, name, KV_CREDENTIAL_SECRET, &row, err));
    KV_TRY(insert_secret(db, row.id, secret, strlen(secret), credential, err));
    return principals_commit(principals, db, err);
}

enum kv_code kv_principal_make_secret(struct kv_principals *principals, const char *name,
                                      const char *label, kv_time expires,
                                      struct kv_credential *ret_credential,
                                      char ret_secret[KV_MADE_SECRET_SIZE], struct kv_err *err)
{
    struct kv_credential credential;
    char secret[KV_MADE_SECRET_SIZE];

    KV_TRY(credentials_begin(&credential, KV_CREDENTIAL_SECRET, label, err));
    credential.expires = expires;
    KV_TRY(make_up_secret(secret, err));

    enum kv_code code = make_secret(principals, name, secret, &credential, err);

    if (code == KV_OK) {
        memcpy(ret_secret, secret, sizeof(secret));
        *ret_credential = credential;
    }
    kv_wipe(secret, sizeof(secret));
    return code;
}
