/* SPDX-License-Identifier: Apache-2.0 */
#include "version.h"

#include <string.h>

#include "kv/base/secret.h"
#include "kv/keys/state.h"

static const struct kv_json_field version_fields[] = {
    KV_JSON_FIELD(struct sent_version, version, "version", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_version, kty, "kty", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_version, curve, "crv", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_version, bits, "key_size", KV_JSON_INT),
    KV_JSON_FIELD(struct sent_version, jwk, "jwk", KV_JSON_OBJECT),
    KV_JSON_FIELD(struct sent_version, pem, "pem", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_version, generate, "generate", KV_JSON_BOOL),
    KV_JSON_FIELD(struct sent_version, material, "material", KV_JSON_STRING),
    KV_JSON_FIELD(struct sent_version, test_material, "testMaterial", KV_JSON_BOOL),
    KV_JSON_FIELD(struct sent_version, enabled, "enabled", KV_JSON_BOOL),
    KV_JSON_FIELD(struct sent_version, nbf, "nbf", KV_JSON_ANY),
    KV_JSON_FIELD(struct sent_version, exp, "exp", KV_JSON_ANY),
    KV_JSON_FIELD(struct sent_version, created, "created", KV_JSON_ANY),
    KV_JSON_FIELD(struct sent_version, updated, "updated", KV_JSON_ANY),
    KV_JSON_FIELD(struct sent_version, ops, "key_ops", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct sent_version, tags, "tags", KV_JSON_OBJECT),
};

void wanted_done(struct wanted *wanted)
{
    seed_material_done(&wanted->material);
    kv_tags_done(&wanted->tags);
}
/* --- reading a version --- */

static bool is_version(const char *text)
{
    return text != NULL && strlen(text) == KV_VERSION_LENGTH
           && strspn(text, "0123456789abcdef") == KV_VERSION_LENGTH;
}

static enum kv_code check_source(const struct sent_version *sent, const char *path,
                                 struct kv_err *err)
{
    unsigned sources = (sent->jwk != NULL) + (sent->pem != NULL)
                       + (sent->generate.given && sent->generate.value) + (sent->material != NULL);

    if (!is_version(sent->version)) {
        return seed_fail(seed_member(path, "version").text, KV_BAD_PARAMETER,
                         "it must be 32 hex digits in lower case", err);
    }
    if (sources != 1) {
        return seed_fail(path, KV_BAD_PARAMETER,
                         "give its material: jwk, pem, or \"generate\":true, one of these", err);
    }
    if (sent->test_material.value && sent->jwk == NULL && sent->pem == NULL) {
        return seed_fail(seed_member(path, "testMaterial").text, KV_BAD_PARAMETER,
                         "only a key that is given can be test material", err);
    }
    return KV_OK;
}

static enum kv_code read_ops(struct wanted *wanted, const char *path, struct kv_err *err)
{
    const cJSON *item;

    wanted->names = (struct kv_key_op_names){ wanted->sent.ops != NULL, wanted->ops, 0 };
    cJSON_ArrayForEach (item, wanted->sent.ops) {
        if (!cJSON_IsString(item) || wanted->names.count == OPS_MAX) {
            return seed_fail(seed_member(path, "key_ops").text, KV_BAD_PARAMETER,
                             "it is a list of operations such as \"wrapKey\"", err);
        }
        wanted->ops[wanted->names.count++] = item->valuestring;
    }
    return KV_OK;
}

static enum kv_code read_tags(struct wanted *wanted, const char *path, struct kv_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, wanted->sent.tags) {
        if (!cJSON_IsString(item)
            || kv_tags_add(&wanted->tags, item->string, item->valuestring, NULL) != KV_OK) {
            return seed_fail(seed_member(path, "tags").text, KV_BAD_PARAMETER,
                             "it has at most 15 texts of at most 256 characters", err);
        }
    }
    return KV_OK;
}

static enum kv_code read_dates(struct wanted *wanted, const char *path, kv_millis now,
                               struct kv_err *err)
{
    const struct sent_version *sent = &wanted->sent;

    KV_TRY(seed_read_date(sent->nbf, path, "nbf", &wanted->not_before, err));
    KV_TRY(seed_read_date(sent->exp, path, "exp", &wanted->expires, err));
    KV_TRY(seed_read_date(sent->created, path, "created", &wanted->created, err));
    KV_TRY(seed_read_date(sent->updated, path, "updated", &wanted->updated, err));
    wanted->stamp.version = sent->version;
    wanted->stamp.created = wanted->created.given ? wanted->created.value : kv_seconds(now);
    wanted->stamp.updated = wanted->updated.given ? wanted->updated.value : wanted->stamp.created;
    return KV_OK;
}

enum kv_code wanted_read(const cJSON *item, const char *path, kv_millis now, struct wanted *wanted,
                         struct kv_err *err)
{
    struct sent_version *sent = &wanted->sent;

    KV_TRY(seed_bind(item, path, version_fields, KV_COUNT(version_fields), sent, err));
    KV_TRY(check_source(sent, path, err));
    if (sent->jwk != NULL || sent->pem != NULL) {
        KV_TRY(seed_material_read(sent->jwk, sent->pem, path, &wanted->material, err));
        sent->kty = sent->kty != NULL ? sent->kty : wanted->material.kty;
        sent->curve = wanted->material.curve;
    }
    KV_TRY(read_ops(wanted, path, err));
    KV_TRY(read_tags(wanted, path, err));
    return read_dates(wanted, path, now, err);
}

static bool is_given(const struct wanted *wanted)
{
    return wanted->sent.jwk != NULL || wanted->sent.pem != NULL;
}

/* --- what is there already --- */

static bool is_same_date(struct kv_maybe_time wanted, struct kv_maybe_time is)
{
    return wanted.given == is.given && (!wanted.given || wanted.value == is.value);
}

static bool has_ops(const struct wanted *wanted, const struct kv_key_ops *ops)
{
    bool has = !wanted->names.given || wanted->names.count == ops->count;

    for (size_t i = 0; has && wanted->names.given && i < ops->count; i++) {
        enum kv_key_op op;

        has = kv_key_op_find(wanted->names.name[i], &op) && kv_key_ops_allow(ops, op);
    }
    return has;
}

static bool has_tags(const struct wanted *wanted, const struct kv_tags *tags)
{
    return wanted->sent.tags == NULL
           || kv_secret_equal(wanted->tags.packed, wanted->tags.len, tags->packed, tags->len);
}

/* The public half, as far as there is one. */
static enum kv_code has_material(const struct wanted *wanted, const struct kv_material *is,
                                 bool *ret_has, struct kv_err *err)
{
    kv_auto(kv_private_key_done) struct kv_private_key private = { .len = { 0 } };
    const struct kv_material *public = &private.public;

    *ret_has = true;
    if (!is_given(wanted)) {
        return KV_OK;
    }
    KV_TRY(kv_private_key_check(&wanted->material.key, &private, err));
    *ret_has =
        public->family == is->family && public->bits == is->bits && public->curve == is->curve
        && kv_secret_equal(public->modulus, public->modulus_len, is->modulus, is->modulus_len)
        && kv_secret_equal(public->x, sizeof(public->x), is->x, sizeof(is->x));
    return KV_OK;
}

enum kv_code wanted_compare(const struct wanted *wanted, const struct kv_key *is, const char *path,
                            struct kv_err *err)
{
    const struct kv_attributes *attributes = &is->attributes;
    struct kv_err why = { .code = KV_OK };
    bool enabled = !wanted->sent.enabled.given || wanted->sent.enabled.value;
    bool has = true;

    KV_TRY(seed_at(path, has_material(wanted, &is->material, &has, &why), &why, err));
    if (!has) {
        return seed_fail(path, KV_CONFLICT, "the version is there with other material", err);
    }
    if (enabled != attributes->enabled || !is_same_date(wanted->not_before, attributes->not_before)
        || !is_same_date(wanted->expires, attributes->expires) || !has_ops(wanted, &is->ops)
        || !has_tags(wanted, &is->tags)) {
        return seed_fail(path, KV_CONFLICT,
                         "the version is there with other attributes, operations or tags", err);
    }
    return KV_OK;
}

/* --- making a version --- */

static struct kv_key_import_args import_args(const char *name, const struct wanted *wanted)
{
    return (struct kv_key_import_args){
        .name = name,
        .kty = wanted->sent.kty,
        .curve = wanted->sent.curve,
        .key = &wanted->material.key,
        .ops = wanted->names,
        .enabled = !wanted->sent.enabled.given || wanted->sent.enabled.value,
        .not_before = wanted->not_before,
        .expires = wanted->expires,
        .tags = &wanted->tags,
        .stamp = &wanted->stamp,
    };
}

static struct kv_key_create_args create_args(const char *name, const struct wanted *wanted)
{
    return (struct kv_key_create_args){
        .name = name,
        .kty = wanted->sent.kty,
        .bits_given = wanted->sent.bits.given,
        .bits = wanted->sent.bits.value,
        .curve = wanted->sent.curve,
        .ops = wanted->names,
        .enabled = !wanted->sent.enabled.given || wanted->sent.enabled.value,
        .not_before = wanted->not_before,
        .expires = wanted->expires,
        .tags = &wanted->tags,
        .stamp = &wanted->stamp,
    };
}

enum kv_code wanted_check(const struct kv_scope *scope, const char *name,
                          const struct wanted *wanted, struct kv_err *err)
{
    const struct kv_key_import_args import = import_args(name, wanted);
    const struct kv_key_create_args create = create_args(name, wanted);

    if (wanted->sent.material != NULL) {
        return KV_FAIL(err, KV_NOT_FOUND, 0,
                       "its material is in the token of another instance alone, and the version is "
                       "not here");
    }
    return is_given(wanted) ? kv_key_import_check(scope, &import, err)
                            : kv_key_create_check(scope, &create, err);
}

static enum kv_code keep_material(struct kv_seeds *seeds, const struct wanted *wanted,
                                  const struct kv_key *key, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *jwk = NULL;

    if (!wanted->sent.test_material.value) {
        return KV_OK;
    }
    jwk = seed_material_render(&wanted->material);
    return jwk != NULL ? seed_keep(seeds, key->material.object, jwk, err) : KV_OUT_OF_MEMORY(err);
}

enum kv_code wanted_make(struct kv_seeds *seeds, const struct kv_scope *scope, const char *name,
                         const struct wanted *wanted, struct kv_err *err)
{
    const struct kv_key_import_args import = import_args(name, wanted);
    const struct kv_key_create_args create = create_args(name, wanted);
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(is_given(wanted) ? kv_key_import(scope, &import, &key, err)
                            : kv_key_create(scope, &create, &key, err));
    return keep_material(seeds, wanted, &key, err);
}
