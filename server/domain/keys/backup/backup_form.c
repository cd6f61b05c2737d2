/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and reading the content of a backup. */
#include <stdlib.h>
#include <string.h>

#include "../names.h"
#include "backup.h"

#define FORM 1 /* of the content; others are not read */
#define NUMBER_LENGTH 8

/* Of a release policy; a key with one is exportable unless marked otherwise. */
#define POLICY_IMMUTABLE 1
#define POLICY_STAYS 2

enum kv_code fail_corrupt(struct kv_err *err)
{
    return KV_REFUSE(err, KV_TEXT_BACKUP_CORRUPT, 0);
}

void backup_done(struct backup *backup)
{
    for (size_t i = 0; i < backup->count; i++) {
        kv_key_done(&backup->version[i].key);
    }
    free(backup->version);
    free(backup->release.policy);
    free(backup->release.content_type);
    *backup = (struct backup){ .name = "" };
}

static enum kv_code put_number(struct kv_buf *content, int64_t number, struct kv_err *err)
{
    unsigned char bytes[NUMBER_LENGTH];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char) ((uint64_t) number >> (56 - 8 * i));
    }
    return kv_buf_append(content, bytes, sizeof(bytes), err);
}

static enum kv_code put_bytes(struct kv_buf *content, const void *bytes, size_t len,
                              struct kv_err *err)
{
    KV_TRY(put_number(content, (int64_t) len, err));
    return len > 0 ? kv_buf_append(content, bytes, len, err) : KV_OK;
}

static enum kv_code put_text(struct kv_buf *content, const char *text, struct kv_err *err)
{
    return put_bytes(content, text, text != NULL ? strlen(text) : 0, err);
}

static enum kv_code put_time(struct kv_buf *content, struct kv_maybe_time time, struct kv_err *err)
{
    KV_TRY(put_number(content, time.given, err));
    return put_number(content, time.value, err);
}

static enum kv_code put_attributes(struct kv_buf *content, const struct kv_attributes *attributes,
                                   struct kv_err *err)
{
    KV_TRY(put_number(content, attributes->enabled, err));
    KV_TRY(put_time(content, attributes->not_before, err));
    KV_TRY(put_time(content, attributes->expires, err));
    KV_TRY(put_number(content, attributes->created, err));
    return put_number(content, attributes->updated, err);
}

static size_t coordinate_of(const struct kv_material *material)
{
    return material->curve == KV_CURVE_NONE ? 0 : kv_curve_row(material->curve)->coordinate;
}

static enum kv_code put_material(struct kv_buf *content, const struct kv_material *material,
                                 struct kv_err *err)
{
    const char *curve =
        material->curve == KV_CURVE_NONE ? NULL : kv_curve_row(material->curve)->name;

    KV_TRY(put_number(content, material->bits, err));
    KV_TRY(put_bytes(content, material->modulus, material->modulus_len, err));
    KV_TRY(put_bytes(content, material->exponent, material->exponent_len, err));
    KV_TRY(put_text(content, curve, err));
    KV_TRY(put_bytes(content, material->x, coordinate_of(material), err));
    return put_bytes(content, material->y, coordinate_of(material), err);
}

static enum kv_code put_policy(struct kv_buf *content, const struct backup_policy *policy,
                               struct kv_err *err)
{
    KV_TRY(put_number(content, policy->given, err));
    for (size_t i = 0; i < BACKUP_DURATIONS; i++) {
        KV_TRY(put_text(content, policy->duration[i], err));
    }
    KV_TRY(put_number(content, policy->created, err));
    return put_number(content, policy->updated, err);
}

enum kv_code backup_append_head(struct kv_buf *content, const char *name,
                                const struct backup_policy *policy,
                                const struct kv_release_terms *release, size_t count,
                                struct kv_err *err)
{
    KV_TRY(put_number(content, FORM, err));
    KV_TRY(put_text(content, name, err));
    KV_TRY(put_policy(content, policy, err));
    KV_TRY(put_text(content, release->policy, err));
    KV_TRY(put_text(content, release->content_type, err));
    KV_TRY(put_number(content,
                      (release->immutable ? POLICY_IMMUTABLE : 0)
                          | (release->policy != NULL && !release->exportable ? POLICY_STAYS : 0),
                      err));
    return put_number(content, (int64_t) count, err);
}

enum kv_code backup_append_version(struct kv_buf *content, const struct kv_key *key,
                                   const struct kv_wrapped *wrapped, struct kv_err *err)
{
    char ops[KEY_OPS_TEXT_SIZE];

    key_ops_render(&key->ops, ops);
    KV_TRY(put_text(content, key->version, err));
    KV_TRY(put_text(content, kv_kty_row(key->kty)->name, err));
    KV_TRY(put_text(content, ops, err));
    KV_TRY(put_attributes(content, &key->attributes, err));
    KV_TRY(put_bytes(content, key->tags.packed, key->tags.len, err));
    KV_TRY(put_text(content, key->members, err));
    KV_TRY(put_material(content, &key->material, err));
    return put_bytes(content, wrapped->bytes, wrapped->len, err);
}

/* What is left to read; nothing after a failure. */
struct reader {
    const unsigned char *at;
    size_t left;
    bool failed;
};

static const unsigned char *take(struct reader *reader, size_t len)
{
    const unsigned char *at = reader->at;

    if (reader->failed || len > reader->left) {
        reader->failed = true;
        return NULL;
    }
    reader->at += len;
    reader->left -= len;
    return at;
}

static int64_t take_number(struct reader *reader)
{
    const unsigned char *bytes = take(reader, NUMBER_LENGTH);
    uint64_t number = 0;

    for (size_t i = 0; bytes != NULL && i < NUMBER_LENGTH; i++) {
        number = number << 8 | bytes[i];
    }
    return (int64_t) number;
}

static const unsigned char *take_bytes(struct reader *reader, size_t *ret_len)
{
    *ret_len = (size_t) take_number(reader); /* a negative one is too large */
    return take(reader, *ret_len);
}

/* Into room for `max` bytes. */
static void copy_bytes(struct reader *reader, void *ret_bytes, size_t max, size_t *ret_len)
{
    const unsigned char *bytes = take_bytes(reader, ret_len);

    if (bytes == NULL || *ret_len > max) {
        reader->failed = true;
        *ret_len = 0;
        return;
    }
    memcpy(ret_bytes, bytes, *ret_len);
}

static void copy_text(struct reader *reader, char *ret_text, size_t size)
{
    size_t len;

    copy_bytes(reader, ret_text, size - 1, &len);
    ret_text[len] = '\0';
    if (strlen(ret_text) != len) { /* nobody writes a text with a NUL in it */
        reader->failed = true;
    }
}

static struct kv_maybe_time take_time(struct reader *reader)
{
    struct kv_maybe_time time = { .given = take_number(reader) != 0 };

    time.value = take_number(reader);
    return time;
}

static void take_attributes(struct reader *reader, struct kv_attributes *ret_attributes)
{
    ret_attributes->enabled = take_number(reader) != 0;
    ret_attributes->not_before = take_time(reader);
    ret_attributes->expires = take_time(reader);
    ret_attributes->created = take_number(reader);
    ret_attributes->updated = take_number(reader);
}

static void take_material(struct reader *reader, struct kv_material *ret_material)
{
    char curve[16];
    size_t x_len;
    size_t y_len;

    ret_material->bits = (unsigned) take_number(reader);
    copy_bytes(reader, ret_material->modulus, sizeof(ret_material->modulus),
               &ret_material->modulus_len);
    copy_bytes(reader, ret_material->exponent, sizeof(ret_material->exponent),
               &ret_material->exponent_len);
    copy_text(reader, curve, sizeof(curve));
    copy_bytes(reader, ret_material->x, sizeof(ret_material->x), &x_len);
    copy_bytes(reader, ret_material->y, sizeof(ret_material->y), &y_len);
    if (curve[0] != '\0' && !kv_curve_find(curve, &ret_material->curve)) {
        reader->failed = true;
    }
    if (x_len != coordinate_of(ret_material) || y_len != x_len) {
        reader->failed = true;
    }
}

static void take_policy(struct reader *reader, struct backup_policy *ret_policy)
{
    ret_policy->given = take_number(reader) != 0;
    for (size_t i = 0; i < BACKUP_DURATIONS; i++) {
        copy_text(reader, ret_policy->duration[i], sizeof(ret_policy->duration[i]));
    }
    ret_policy->created = take_number(reader);
    ret_policy->updated = take_number(reader);
}

static void take_kty(struct reader *reader, struct kv_key *key)
{
    char kty[16];

    copy_text(reader, kty, sizeof(kty));
    if (!kv_kty_find(kty, &key->kty)) {
        reader->failed = true;
        return;
    }
    key->material.family = kv_kty_row(key->kty)->family;
}

/* A copy on the heap; NULL for an empty text. */
static enum kv_code take_copy(struct reader *reader, char **ret_text, struct kv_err *err)
{
    size_t len;
    const unsigned char *text = take_bytes(reader, &len);
    char *copy;

    if (text == NULL || len == 0) {
        return KV_OK;
    }
    if (memchr(text, '\0', len) != NULL) {
        return fail_corrupt(err);
    }
    copy = malloc(len + 1);
    if (copy == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    *ret_text = copy;
    return KV_OK;
}

static enum kv_code take_release(struct reader *reader, struct kv_release_terms *ret_terms,
                                 struct kv_err *err)
{
    KV_TRY(take_copy(reader, &ret_terms->policy, err));
    KV_TRY(take_copy(reader, &ret_terms->content_type, err));

    int64_t flags = take_number(reader);

    ret_terms->immutable = (flags & POLICY_IMMUTABLE) != 0;
    ret_terms->exportable = ret_terms->policy != NULL && (flags & POLICY_STAYS) == 0;
    return KV_OK;
}

static enum kv_code take_tags(struct reader *reader, struct kv_tags *ret_tags, struct kv_err *err)
{
    size_t len;
    const unsigned char *packed = take_bytes(reader, &len);
    enum kv_code code = tags_copy((const char *) packed, len, ret_tags, err);

    return code == KV_BAD_PARAMETER ? fail_corrupt(err) : code; /* more than any key can have */
}

static enum kv_code take_version(struct reader *reader, struct backup_version *ret_version,
                                 struct kv_err *err)
{
    struct kv_key *key = &ret_version->key;
    char ops[KEY_OPS_TEXT_SIZE];

    copy_text(reader, key->version, sizeof(key->version));
    take_kty(reader, key);
    copy_text(reader, ops, sizeof(ops));
    key_ops_parse(ops, &key->ops);
    take_attributes(reader, &key->attributes);
    KV_TRY(take_tags(reader, &key->tags, err));
    KV_TRY(take_copy(reader, &key->members, err));
    take_material(reader, &key->material);
    ret_version->wrapped = take_bytes(reader, &ret_version->wrapped_len);
    return reader->failed ? fail_corrupt(err) : KV_OK;
}

enum kv_code backup_parse(const struct kv_buf *content, struct backup *ret_backup,
                          struct kv_err *err)
{
    struct reader reader = { .at = (unsigned char *) content->data, .left = content->len };
    int64_t form = take_number(&reader);
    int64_t count;

    copy_text(&reader, ret_backup->name, sizeof(ret_backup->name));
    take_policy(&reader, &ret_backup->policy);
    KV_TRY(take_release(&reader, &ret_backup->release, err));
    count = take_number(&reader);
    if (reader.failed || form != FORM || count < 1 || count > BACKUP_VERSIONS_MAX) {
        return fail_corrupt(err);
    }
    ret_backup->version = calloc((size_t) count, sizeof(*ret_backup->version));
    if (ret_backup->version == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    while (ret_backup->count < (size_t) count) {
        ret_backup->count++; /* before it is read, so that what it holds is freed on failure */
        KV_TRY(take_version(&reader, &ret_backup->version[ret_backup->count - 1], err));
    }
    return reader.left == 0 ? KV_OK : fail_corrupt(err);
}
