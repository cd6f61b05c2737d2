/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copies on the token are C_CopyObject() of the seed's private key with another CKA_ID; the
 * rows are those of the seed with other names and identifiers. Both sides follow one array of ids.
 */
#include "fill.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "hsm.h"
#include "kv/base/files.h"
#include "kv/keys/keys.h"
#include "kv/store/store.h"

#define TOKEN_LABEL "coffer"
#define SLOTS_MAX 16
#define PIN_FILE_MAX 1024

struct object_id {
    unsigned char bytes[HSM_ID_LENGTH];
};

struct token {
    void *library;
    CK_FUNCTION_LIST *functions;
    CK_SESSION_HANDLE session;
};

/* A step on the token, as a kv_code. */
static enum kv_code judge(CK_RV rv, const char *what, struct kv_err *err)
{
    return rv == CKR_OK ? KV_OK : KV_FAIL(err, KV_INTERNAL, rv, "%s: %s", what, hsm_rv_name(rv));
}

static enum kv_code load_module(struct token *token, struct kv_err *err)
{
    CK_C_GetFunctionList get_list;

    token->library = dlopen(SOFTHSM_MODULE, RTLD_NOW | RTLD_LOCAL);
    get_list = token->library != NULL
                   ? (CK_C_GetFunctionList) dlsym(token->library, "C_GetFunctionList")
                   : NULL;
    if (get_list == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s cannot be loaded", SOFTHSM_MODULE);
    }
    return judge(get_list(&token->functions), "C_GetFunctionList", err);
}

static enum kv_code find_slot(const struct token *token, CK_SLOT_ID *ret_slot, struct kv_err *err)
{
    CK_SLOT_ID slot[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    CK_TOKEN_INFO info;

    KV_TRY(judge(token->functions->C_GetSlotList(CK_TRUE, slot, &count), "C_GetSlotList", err));
    for (CK_ULONG i = 0; i < count; i++) {
        KV_TRY(judge(token->functions->C_GetTokenInfo(slot[i], &info), "C_GetTokenInfo", err));
        if (strncmp((const char *) info.label, TOKEN_LABEL " ", strlen(TOKEN_LABEL " ")) == 0) {
            *ret_slot = slot[i];
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_INTERNAL, 0, "no slot has the token " TOKEN_LABEL);
}

static enum kv_code log_in(struct token *token, const char *folder, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pins;
    char path[KV_PATH_MAX];
    CK_SLOT_ID slot = 0;

    kv_buf_init(&pins, PIN_FILE_MAX);
    KV_TRY(kv_path_join(path, folder, "pin", err));
    KV_TRY(kv_file_read(path, &pins, err));
    KV_TRY(find_slot(token, &slot, err));
    KV_TRY(judge(token->functions->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                                                 NULL, &token->session),
                 "C_OpenSession", err));
    return judge(token->functions->C_Login(token->session, CKU_USER, (CK_UTF8CHAR *) pins.data,
                                           strcspn(pins.data, "\r\n")),
                 "C_Login", err);
}

static enum kv_code open_token(struct token *token, const char *folder, struct kv_err *err)
{
    char configuration[KV_PATH_MAX];

    KV_TRY(kv_path_join(configuration, folder, "softhsm2.conf", err));
    if (setenv("SOFTHSM2_CONF", configuration, 1) != 0) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(load_module(token, err));
    KV_TRY(judge(token->functions->C_Initialize(NULL), "C_Initialize", err));
    return log_in(token, folder, err);
}

static void close_token(struct token *token)
{
    if (token->functions != NULL) {
        token->functions->C_Finalize(NULL);
    }
    if (token->library != NULL) {
        dlclose(token->library);
    }
}
KV_DEFINE_CLEANUP_VALUE(struct token, close_token)

static enum kv_code find_seed(const struct token *token, const struct object_id *seed,
                              CK_OBJECT_HANDLE *ret_object, struct kv_err *err)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class, sizeof(class) },
        { CKA_ID, (void *) seed->bytes, sizeof(seed->bytes) },
    };
    const CK_FUNCTION_LIST *functions = token->functions;
    CK_ULONG found = 0;

    KV_TRY(judge(functions->C_FindObjectsInit(token->session, template, KV_COUNT(template)),
                 "C_FindObjectsInit", err));
    KV_TRY(judge(functions->C_FindObjects(token->session, ret_object, 1, &found), "C_FindObjects",
                 err));
    KV_TRY(judge(functions->C_FindObjectsFinal(token->session), "C_FindObjectsFinal", err));
    return found == 1 ? KV_OK : KV_FAIL(err, KV_INTERNAL, 0, "the token does not hold the seed");
}

static enum kv_code fill_token(const char *folder, const struct object_id *seed,
                               const struct object_id *copy, unsigned count, struct kv_err *err)
{
    kv_auto(close_token) struct token token = { .library = NULL };
    CK_OBJECT_HANDLE original, made;

    KV_TRY(open_token(&token, folder, err));
    KV_TRY(find_seed(&token, seed, &original, err));
    for (unsigned i = 0; i < count; i++) {
        CK_ATTRIBUTE id = { CKA_ID, (void *) copy[i].bytes, sizeof(copy[i].bytes) };

        KV_TRY(judge(token.functions->C_CopyObject(token.session, original, &id, 1, &made),
                     "C_CopyObject", err));
    }
    return KV_OK;
}

/* A row of `key` and the one of its version. */
struct rows {
    int64_t key, version;
};

static enum kv_code load_seed(struct kv_db *db, const char *name, struct rows *ret_rows,
                              struct object_id *ret_object, struct kv_err *err)
{
    static const char sql[] = "SELECT k.id, v.id, v.object FROM key k"
                              " JOIN version v ON v.id = k.latest WHERE k.name = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    const void *object;
    size_t len = 0;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(name)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    object = more ? kv_rows_bytes(rows, 2, &len) : NULL;
    if (len != sizeof(ret_object->bytes)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the store has no key %s", name);
    }
    *ret_rows = (struct rows){ .key = kv_rows_int(rows, 0), .version = kv_rows_int(rows, 1) };
    memcpy(ret_object->bytes, object, len);
    return KV_OK;
}

static enum kv_code insert_copy(struct kv_db *db, const struct rows *seed, unsigned number,
                                const struct object_id *object, struct kv_err *err)
{
    static const char key_sql[] = "INSERT INTO key (vault, fold, name, state, ready)"
                                  " SELECT vault, upper(?1), ?1, state, ready FROM key"
                                  " WHERE id = ?2";
    static const char version_sql[] =
        "INSERT INTO version (key, version, object, kty, ops, bits, modulus, exponent, enabled,"
        " not_before, expires, created, updated, tags)"
        " SELECT ?1, ?2, ?3, kty, ops, bits, modulus, exponent, enabled,"
        " not_before, expires, created, updated, tags FROM version WHERE id = ?4";
    static const char latest_sql[] = "UPDATE key SET latest = ?1 WHERE id = ?2";
    char name[KV_KEY_NAME_MAX + 1];
    char version[KV_VERSION_LENGTH + 1];
    struct rows made;

    snprintf(name, sizeof(name), FILL_NAME, number);
    kv_version_random(version);
    KV_TRY(kv_db_run(db, key_sql, KV_BINDS(KV_B_TEXT(name), KV_B_INT(seed->key)), NULL, err));
    made.key = kv_db_last_id(db);
    KV_TRY(kv_db_run(db, version_sql,
                     KV_BINDS(KV_B_INT(made.key), KV_B_TEXT(version),
                              KV_B_BYTES(object->bytes, sizeof(object->bytes)),
                              KV_B_INT(seed->version)),
                     NULL, err));
    made.version = kv_db_last_id(db);
    return kv_db_run(db, latest_sql, KV_BINDS(KV_B_INT(made.version), KV_B_INT(made.key)), NULL,
                     err);
}

static enum kv_code fill_store(struct kv_db *db, const struct rows *seed,
                               const struct object_id *copy, unsigned count, struct kv_err *err)
{
    KV_TRY(kv_db_begin(db, err));
    for (unsigned i = 0; i < count; i++) {
        KV_TRY(insert_copy(db, seed, i, &copy[i], err));
    }
    return kv_db_commit(db, err);
}

static enum kv_code fill_both(const char *folder, const char *name, struct object_id *copy,
                              unsigned count, struct kv_err *err)
{
    kv_auto(kv_store_close) struct kv_store *store = NULL;
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    char path[KV_PATH_MAX];
    struct object_id object;
    struct rows seed = { 0 };

    if (RAND_bytes(copy[0].bytes, (int) (count * sizeof(*copy))) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "no random bytes");
    }
    KV_TRY(kv_path_join(path, folder, "coffer.db", err));
    KV_TRY(kv_store_open(path, 1, &store, err));
    KV_TRY(kv_db_acquire(store, &db, err));
    KV_TRY(load_seed(db, name, &seed, &object, err));
    KV_TRY(fill_token(folder, &object, copy, count, err));
    return fill_store(db, &seed, copy, count, err);
}

bool fill(const char *folder, const char *seed, unsigned count)
{
    struct object_id *copy = calloc(count, sizeof(*copy));
    struct kv_err err;
    enum kv_code code;

    code = copy != NULL ? fill_both(folder, seed, copy, count, &err) : KV_OUT_OF_MEMORY(&err);
    if (code != KV_OK) {
        fprintf(stderr, "bench: fill: %s\n", err.message);
    }
    free(copy);
    return code == KV_OK;
}
