/* SPDX-License-Identifier: Apache-2.0 */
/* A key that is sent, as a JWK: contract §6.2. */
#include <string.h>

#include "kv/base/base64.h"
#include "kv/custody/private_key.h"
#include "private.h"

/* The members of a JWK that are numbers, and their families (RFC 7518 §6). */
static const struct number {
    const char *name;
    size_t offset;
    unsigned families;
    bool is_private;
} numbers[] = {
#define NUMBER(member, families, is_private)                                                       \
    {                                                                                              \
#member, offsetof(struct kv_sent_key, member), families, is_private                        \
    }
#define RSA (1U << KV_FAMILY_RSA)
#define EC (1U << KV_FAMILY_EC)
#define OCT (1U << KV_FAMILY_OCT)
    NUMBER(n, RSA, false), NUMBER(e, RSA, false), NUMBER(d, RSA | EC, true), NUMBER(p, RSA, true),
    NUMBER(q, RSA, true),  NUMBER(dp, RSA, true), NUMBER(dq, RSA, true),     NUMBER(qi, RSA, true),
    NUMBER(x, EC, false),  NUMBER(y, EC, false),  NUMBER(k, OCT, true),
#undef NUMBER
};

/* Members that are not echoed as they came: answers have their own. */
static const char *const own_members[] = { "kid", "kty", "key_ops", "key_hsm", "oth", "t" };

/* Numbers, decoded. */
struct jwk {
    struct kv_buf bytes[KV_COUNT(numbers)];
    struct kv_sent_key key; /* points to them */
};

static void jwk_done(struct jwk *jwk)
{
    for (size_t i = 0; i < KV_COUNT(numbers); i++) {
        kv_buf_done(&jwk->bytes[i]);
    }
}
KV_DEFINE_CLEANUP_VALUE(struct jwk, jwk_done)

static enum kv_code refuse_jwk(struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "The property \"key\" must be a valid JsonWebKey object.");
}

static const struct number *find_number(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(numbers); i++) {
        if (strcmp(numbers[i].name, name) == 0) {
            return &numbers[i];
        }
    }
    return NULL;
}

static const cJSON *find_member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsNull(item) ? NULL : item;
}

static enum kv_code decode_number(const cJSON *item, struct kv_buf *bytes,
                                  struct kv_number *ret_number, struct kv_err *err)
{
    enum kv_code code;

    if (!cJSON_IsString(item)) {
        return refuse_jwk(err);
    }
    kv_buf_init(bytes, KV_BODY_MAX);
    code = kv_base64_parse(item->valuestring, strlen(item->valuestring), bytes, err);
    if (code == KV_BAD_PARAMETER) {
        return refuse_jwk(err);
    }
    KV_TRY(code);
    *ret_number = (struct kv_number){ (unsigned char *) bytes->data, bytes->len };
    return KV_OK;
}

/* Numbers that belong to another family are not looked at. */
static enum kv_code decode_numbers(const cJSON *object, enum kv_family family, struct jwk *ret_jwk,
                                   struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(numbers); i++) {
        const cJSON *item = find_member(object, numbers[i].name);
        struct kv_number *number = (void *) ((char *) &ret_jwk->key + numbers[i].offset);

        if (item != NULL && (numbers[i].families & 1U << family) != 0) {
            KV_TRY(decode_number(item, &ret_jwk->bytes[i], number, err));
        }
    }
    return KV_OK;
}

static bool is_echoed(const char *name, enum kv_family family)
{
    const struct number *number = find_number(name);

    if (number != NULL) {
        return !number->is_private && (number->families & 1U << family) == 0;
    }
    for (size_t i = 0; i < KV_COUNT(own_members); i++) {
        if (strcmp(own_members[i], name) == 0) {
            return false;
        }
    }
    return strcmp(name, "crv") != 0 || family != KV_FAMILY_EC;
}

#define COLLECTED_MAX (KV_KEY_MEMBERS_MAX / 5) /* the shortest member is `"":0,` */

/* What the service stores without understanding it. It stays NULL when there is nothing. */
static enum kv_code collect_members(const cJSON *object, enum kv_family family,
                                    struct kv_buf *members, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *collected = cJSON_CreateObject();
    const cJSON *item;
    unsigned count = 0;
    bool ok = true;

    cJSON_ArrayForEach (item, object) {
        bool is_first = cJSON_GetObjectItemCaseSensitive(collected, item->string) == NULL;

        if (!is_first || !is_echoed(item->string, family)) { /* of those sent twice one counts */
            continue;
        }
        if (count++ == COLLECTED_MAX) {
            return refuse_jwk(err);
        }
        kv_json_add_take(collected, item->string, cJSON_Duplicate(item, true), &ok);
    }
    if (!ok || collected == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (collected->child == NULL) {
        return KV_OK;
    }

    enum kv_code code = kv_json_print(collected, members, err);

    return code == KV_BODY_TOO_LARGE ? refuse_jwk(err) : code;
}

struct sent_import {
    const cJSON *key;
    struct kv_maybe_bool hsm;
};

struct sent_jwk {
    const char *kty, *crv, *key_hsm;
    const cJSON *ops;
};

/* The members beside the numbers; whatever has the wrong type makes it no JWK. */
static enum kv_code bind_jwk(const cJSON *body, struct sent_import *ret_import,
                             struct sent_jwk *ret_jwk, struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_import, key, "key", KV_JSON_OBJECT),
        KV_JSON_FIELD(struct sent_import, hsm, "Hsm", KV_JSON_BOOL),
    };
    static const struct kv_json_field jwk_fields[] = {
        KV_JSON_FIELD(struct sent_jwk, kty, "kty", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_jwk, crv, "crv", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_jwk, key_hsm, "key_hsm", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_jwk, ops, "key_ops", KV_JSON_ARRAY),
    };

    if (!cJSON_IsObject(find_member(body, "key"))) {
        return refuse_jwk(err);
    }
    KV_TRY(kv_json_bind(body, fields, KV_COUNT(fields), ret_import, err));
    if (kv_json_bind(ret_import->key, jwk_fields, KV_COUNT(jwk_fields), ret_jwk, NULL) != KV_OK
        || ret_jwk->kty == NULL) {
        return refuse_jwk(err);
    }
    return KV_OK;
}

/* An unknown type is refused by the rules; until then it is as good as any. */
static enum kv_family family_of(const char *kty)
{
    enum kv_kty found;

    return kv_kty_find(kty, &found) ? kv_kty_row(found)->family : KV_FAMILY_OCT;
}

enum kv_code key_import(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    kv_auto(key_settings_done) struct key_settings settings = { .tags_given = false };
    kv_auto(jwk_done) struct jwk jwk = { .bytes = { { .data = NULL } } };
    kv_auto(sent_transfer_done) struct sent_transfer transfer = { .blob = NULL };
    kv_auto(kv_buf_done) struct kv_buf members;
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    struct sent_import sent = { .key = NULL };
    struct sent_jwk sent_jwk = { .kty = NULL };

    kv_buf_init(&members, KV_KEY_MEMBERS_MAX);
    KV_TRY(kv_request_json(request, &body, err));
    KV_TRY(bind_jwk(body, &sent, &sent_jwk, err));
    KV_TRY(key_settings_parse(request, body, &settings, err));
    KV_TRY(key_ops_read(sent_jwk.ops, &settings, err));
    KV_TRY(decode_numbers(sent.key, family_of(sent_jwk.kty), &jwk, err));
    KV_TRY(collect_members(sent.key, family_of(sent_jwk.kty), &members, err));
    if (sent_jwk.key_hsm != NULL) {
        KV_TRY(transfer_parse(request, sent_jwk.key_hsm, &transfer, err));
    }

    const struct kv_key_import_args args = {
        .name = kv_request_capture(request, "name"),
        .kty = sent_jwk.kty,
        .hsm = sent.hsm.value,
        .curve = sent_jwk.crv,
        .key = &jwk.key,
        .transfer = sent_jwk.key_hsm != NULL ? &transfer.transfer : NULL,
        .members = members.data,
        .ops = settings.ops,
        .enabled = !settings.enabled.given || settings.enabled.value,
        .not_before = settings.not_before,
        .expires = settings.expires,
        .tags = &settings.tags,
        .release = settings.release.args,
    };

    KV_TRY(kv_key_import(&scope, &args, &key, err));
    return respond_key(request, &key, response, err);
}
