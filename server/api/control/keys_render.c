/* SPDX-License-Identifier: Apache-2.0 */
/* A key, or a version of one, as the control port shows it. */
#include <stdio.h>

#include "keys.h"

#define KID_SIZE (CONTROL_AUTHORITY_SIZE + KV_KEY_NAME_MAX + KV_VERSION_LENGTH + 32)

/* Of several reasons why it cannot be used, the one that an operation is told (contract §8.4). */
static const char *name_state(const struct kv_key *key, kv_time now)
{
    const struct kv_attributes *attributes = &key->attributes;

    if (key->deleted != 0) {
        return "deleted";
    }
    if (!attributes->enabled) {
        return "disabled";
    }
    if (attributes->expires.given && now >= attributes->expires.value) {
        return "expired";
    }
    if (attributes->not_before.given && now < attributes->not_before.value) {
        return "not_yet_valid";
    }
    return "usable";
}

static void add_date(cJSON *object, const char *name, kv_time date, bool *ok)
{
    char iso[KV_ISO_DATE_SIZE];

    kv_time_render_iso(date * 1000, iso);
    kv_json_add_text(object, name, iso, ok);
}

static void add_maybe_date(cJSON *object, const char *name, const struct kv_maybe_time *date,
                           bool *ok)
{
    if (date->given) {
        add_date(object, name, date->value, ok);
    }
}

static void add_standing(cJSON *object, const struct kv_scope *scope, const struct kv_key *key,
                         bool *ok)
{
    const struct kv_attributes *attributes = &key->attributes;

    kv_json_add_text(object, "version", key->version, ok);
    kv_json_add_text(object, "state", name_state(key, kv_seconds(scope->now)), ok);
    kv_json_add_bool(object, "enabled", attributes->enabled, ok);
    add_date(object, "created", attributes->created, ok);
    add_date(object, "updated", attributes->updated, ok);
    add_maybe_date(object, "not_before", &attributes->not_before, ok);
    add_maybe_date(object, "expires", &attributes->expires, ok);
}

static void add_kind(cJSON *object, const struct kv_key *key, bool *ok)
{
    kv_json_add_text(object, "type", kv_kty_row(key->kty)->name, ok);
    if (key->material.family == KV_FAMILY_EC) {
        kv_json_add_text(object, "curve", kv_curve_row(key->material.curve)->name, ok);
    } else {
        kv_json_add_int(object, "size", key->material.bits, ok);
    }

    cJSON *operations = kv_json_add_array(object, "operations", ok);

    for (size_t i = 0; i < key->ops.count; i++) {
        kv_json_append_text(operations, kv_key_op_row(key->ops.op[i])->name, ok);
    }
}

static void add_id(cJSON *object, const struct kv_scope *scope, const struct kv_key *key, bool *ok)
{
    char kid[KID_SIZE];

    (void) snprintf(kid, sizeof(kid), "https://%s/keys/%s/%s", scope->authority, key->name,
                    key->version);
    kv_json_add_text(object, "kid", kid, ok);
}

static cJSON *give_out(cJSON *object, bool ok)
{
    if (!ok) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

cJSON *keys_render(const struct kv_scope *scope, const struct kv_key *key)
{
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    kv_json_add_text(object, "name", key->name, &ok);
    add_id(object, scope, key, &ok);
    add_kind(object, key, &ok);
    add_standing(object, scope, key, &ok);
    if (key->deleted != 0) {
        add_date(object, "deleted", key->deleted, &ok);
        add_date(object, "scheduled_purge", key->scheduled_purge, &ok);
    }
    return give_out(object, ok);
}

cJSON *keys_render_version(const struct kv_scope *scope, const struct kv_key *key)
{
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    add_standing(object, scope, key, &ok);
    return give_out(object, ok);
}
