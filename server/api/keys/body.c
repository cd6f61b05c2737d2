/* SPDX-License-Identifier: Apache-2.0 */
/* From bodies to arguments: contract §4, §6.1, §6.4. */
#include <string.h>

#include "private.h"

struct attributes {
    struct kv_maybe_bool enabled, exportable;
    struct kv_maybe_int not_before, expires;
};

/* The dates a key may carry are those that the service's clients can name. */
static enum kv_code take_date(struct kv_maybe_int sent, struct kv_maybe_time *ret_date,
                              struct kv_err *err)
{
    if (sent.given && (sent.value < 0 || sent.value > KV_TIME_MAX)) {
        return fail_property(err);
    }
    *ret_date = (struct kv_maybe_time){ .given = sent.given, .value = sent.value };
    return KV_OK;
}

static enum kv_code parse_attributes(const cJSON *object, struct key_settings *settings,
                                     struct kv_maybe_bool *ret_exportable, struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct attributes, enabled, "enabled", KV_JSON_BOOL),
        KV_JSON_FIELD(struct attributes, exportable, "exportable", KV_JSON_BOOL),
        KV_JSON_FIELD(struct attributes, not_before, "nbf", KV_JSON_INT),
        KV_JSON_FIELD(struct attributes, expires, "exp", KV_JSON_INT),
    };
    struct attributes sent = { .enabled = { .given = false } };

    if (object != NULL) {
        KV_TRY(kv_json_bind(object, fields, KV_COUNT(fields), &sent, err));
    }
    settings->enabled = sent.enabled;
    *ret_exportable = sent.exportable;
    KV_TRY(take_date(sent.not_before, &settings->not_before, err));
    return take_date(sent.expires, &settings->expires, err);
}

enum kv_code key_ops_read(const cJSON *array, struct key_settings *settings, struct kv_err *err)
{
    const cJSON *item;

    settings->ops = (struct kv_key_op_names){ .given = array != NULL, .name = settings->op_name };
    cJSON_ArrayForEach (item, array) {
        if (!cJSON_IsString(item) || settings->ops.count == OP_NAMES_MAX) {
            return fail_property(err);
        }
        settings->op_name[settings->ops.count++] = item->valuestring;
    }
    return KV_OK;
}

static bool has_tag(const struct kv_tags *tags, const char *name)
{
    const char *other;
    const char *value;

    for (size_t position = 0; kv_tags_next(tags, &position, &other, &value);) {
        if (strcmp(other, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Of two tags with the same name the first counts, as with every other member. */
static enum kv_code parse_tags(const cJSON *object, struct key_settings *settings,
                               struct kv_err *err)
{
    const cJSON *item;

    settings->tags_given = object != NULL;
    cJSON_ArrayForEach (item, object) {
        if (!cJSON_IsString(item)) {
            return fail_property(err);
        }
        if (!has_tag(&settings->tags, item->string)) {
            KV_TRY(kv_tags_add(&settings->tags, item->string, item->valuestring, err));
        }
    }
    return KV_OK;
}

void key_settings_done(struct key_settings *settings)
{
    kv_tags_done(&settings->tags);
    release_sent_done(&settings->release);
}

struct sent_settings {
    const cJSON *ops, *attributes, *tags, *release_policy;
};

enum kv_code key_settings_parse(const struct kv_request *request, const cJSON *body,
                                struct key_settings *ret_settings, struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_settings, ops, "key_ops", KV_JSON_ARRAY),
        KV_JSON_FIELD(struct sent_settings, attributes, "attributes", KV_JSON_OBJECT),
        KV_JSON_FIELD(struct sent_settings, tags, "tags", KV_JSON_OBJECT),
        KV_JSON_FIELD(struct sent_settings, release_policy, "release_policy", KV_JSON_OBJECT),
    };
    struct sent_settings sent = { .ops = NULL };
    struct kv_maybe_bool exportable;

    KV_TRY(kv_json_bind(body, fields, KV_COUNT(fields), &sent, err));
    KV_TRY(key_ops_read(sent.ops, ret_settings, err));
    KV_TRY(parse_attributes(sent.attributes, ret_settings, &exportable, err));
    KV_TRY(parse_tags(sent.tags, ret_settings, err));
    return release_read(request, exportable, sent.release_policy, &ret_settings->release, err);
}
