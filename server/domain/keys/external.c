/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of an external key manager: contract §6.12. The manager is a separate table and token
 * objects that nothing else uses; a version that stands for one of its keys has that key's id, and
 * its object when it is loaded (KEY_COLUMNS).
 */
#include "external.h"

#include <ctype.h>
#include <string.h>

#include "core.h"
#include "intent.h"
#include "kv/base/clock.h"
#include "kv/keys/external.h"
#include "release_terms.h"
#include "version.h"

#define BITS_RSA 2048
#define BITS_OCT 256
#define EXPONENT 65537

void kv_external_connect(struct kv_keys *keys, bool connected)
{
    atomic_store(&keys->has_manager, connected);
}

bool kv_external_is_connected(struct kv_keys *keys)
{
    return atomic_load(&keys->has_manager);
}

static enum kv_code check_connection(struct kv_keys *keys, struct kv_err *err)
{
    if (!kv_external_is_connected(keys)) {
        return KV_FAIL(err, KV_PROXY_NOT_CONFIGURED, 0, "EKM Proxy is not configured");
    }
    return KV_OK;
}

enum kv_code external_check(const struct kv_scope *scope, const struct kv_key *key,
                            struct kv_err *err)
{
    return key->external != NULL ? check_connection(scope->keys, err) : KV_OK;
}

enum kv_code external_refuse(const struct kv_key *key, const char *what, struct kv_err *err)
{
    if (key->external != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A key of an external key manager cannot be %s here.", what);
    }
    return KV_OK;
}

static enum kv_code check_id(const char *id, struct kv_err *err)
{
    size_t len = 0;

    while (len <= KV_EXTERNAL_ID_MAX
           && (isalnum((unsigned char) id[len]) || (id[len] != '\0' && strchr("-_.", id[len])))) {
        len++;
    }
    if (len == 0 || len > KV_EXTERNAL_ID_MAX || id[len] != '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The id of an external key has 1 to %d letters, digits and -_.",
                       KV_EXTERNAL_ID_MAX);
    }
    return KV_OK;
}

static enum kv_code find(struct kv_keys *keys, const char *id, bool *ret_found, size_t *ret_count,
                         struct kv_err *err)
{
    static const char sql[] = "SELECT count(*), coalesce(max(id = ?), 0) FROM external_key";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    *ret_count = (size_t) kv_rows_int(rows, 0);
    *ret_found = kv_rows_int(rows, 1) != 0;
    return KV_OK;
}

static enum kv_code save(struct kv_keys *keys, const char *id, enum kv_kty kty,
                         const struct kv_material *material, struct kv_err *err)
{
    static const char sql[] = "INSERT OR IGNORE INTO external_key"
                              " (id, object, kty, bits, modulus, exponent)"
                              " VALUES (?, ?, ?, ?, ?, ?)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    int64_t inserted;

    KV_TRY(kv_db_acquire(keys->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(id), KV_B_BYTES(material->object, KV_OBJECT_LENGTH),
                              KV_B_TEXT(kv_kty_row(kty)->name), KV_B_INT(material->bits),
                              KV_B_BYTES(material->modulus, material->modulus_len),
                              KV_B_BYTES(material->exponent, material->exponent_len)),
                     &inserted, err));
    if (inserted == 0) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There is an external key %s.", id);
    }
    KV_TRY(intent_settle(db, material->object, err));
    return kv_db_commit(db, err);
}

static enum kv_code generate(struct kv_keys *keys, const char *id, enum kv_kty kty,
                             struct kv_err *err)
{
    const enum kv_family family = kv_kty_row(kty)->family;
    const struct kv_key_spec spec = {
        .family = family,
        .bits = family == KV_FAMILY_RSA ? BITS_RSA : BITS_OCT,
        .public_exponent = EXPONENT,
    };
    unsigned char object[KV_OBJECT_LENGTH];
    struct kv_material material;

    KV_TRY(intent_take(keys, object, err));

    enum kv_code code = kv_custody_generate(keys->config.custody, object, &spec, &material, err);

    if (code == KV_OK) {
        code = save(keys, id, kty, &material, err);
    }
    if (code != KV_OK) {
        KV_IGNORE(intent_doom(keys, object, 1, NULL)); /* else the next start's sweep finds it */
    }
    return code;
}

enum kv_code kv_external_make(struct kv_keys *keys, const char *id, enum kv_kty kty,
                              struct kv_err *err)
{
    size_t count;
    bool found;

    KV_TRY(check_id(id, err));
    KV_TRY(find(keys, id, &found, &count, err));
    if (found) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There is an external key %s.", id);
    }
    if (count >= KV_EXTERNAL_KEYS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "There are %d external keys, as many as fit.",
                       KV_EXTERNAL_KEYS_MAX);
    }
    return generate(keys, id, kty, err);
}

/* A make_material_fn: nothing is made; `context` is the material of the manager's key. */
static enum kv_code refer(struct kv_keys *keys, const unsigned char object[KV_OBJECT_LENGTH],
                          const void *context, struct kv_material *ret_material, struct kv_err *err)
{
    const struct kv_material *like = context;

    (void) keys;
    (void) err;
    *ret_material = *like;
    memcpy(ret_material->object, object, KV_OBJECT_LENGTH);
    return KV_OK;
}

/* The public half of the manager's key, and its type. */
static enum kv_code look_up(const struct kv_scope *scope, const char *id, enum kv_kty *ret_kty,
                            struct kv_material *ret_material, struct kv_err *err)
{
    static const char sql[] = "SELECT kty, bits, modulus, exponent FROM external_key WHERE id = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    struct kv_material *material = ret_material;
    bool more;

    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(id)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    if (!more) { /* the service's wording is not known */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The external key manager has no such key");
    }

    const void *modulus = kv_rows_bytes(rows, 2, &material->modulus_len);
    const void *exponent = kv_rows_bytes(rows, 3, &material->exponent_len);

    if (!kv_kty_find(kv_rows_text(rows, 0), ret_kty)
        || material->modulus_len > sizeof(material->modulus)
        || material->exponent_len > sizeof(material->exponent)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the store holds no usable external key");
    }
    if (material->modulus_len > 0 && modulus != NULL && exponent != NULL) {
        memcpy(material->modulus, modulus, material->modulus_len);
        memcpy(material->exponent, exponent, material->exponent_len);
    }
    material->family = kv_kty_row(*ret_kty)->family;
    material->bits = (unsigned) kv_rows_int(rows, 1);
    return KV_OK;
}

enum kv_code kv_key_create_external(const struct kv_scope *scope,
                                    const struct kv_key_create_args *args, struct kv_key *ret_key,
                                    struct kv_err *err)
{
    const kv_time now = kv_seconds(scope->now);
    struct key_draft draft = { .external = args->external };
    struct kv_material material = { .bits = 0 };

    KV_TRY(kv_key_name_check(args->name, err));
    KV_TRY(check_connection(scope->keys, err));
    KV_TRY(check_id(args->external, err));
    KV_TRY(look_up(scope, args->external, &draft.kty, &material, err));
    draft.ops = (struct kv_key_ops){ .op = { KV_OP_WRAP, KV_OP_UNWRAP }, .count = 2 };
    KV_TRY(release_check_name(scope, args->name, &args->release, draft.kty, &draft.ops,
                              &draft.release.exportable, err));
    version_choose(scope, draft.version);
    draft.attributes = (struct kv_attributes){
        .enabled = args->enabled,
        .not_before = args->not_before,
        .expires = args->expires,
        .created = now,
        .updated = now,
    };
    draft.tags = args->tags;
    return version_add(scope, args->name, &draft, refer, &material, ret_key, err);
}
