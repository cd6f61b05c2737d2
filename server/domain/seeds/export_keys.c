/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, as a seed would have them. They are read in one go; what is said of them elsewhere is looked up
 * afterwards. */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "kv/keys/rotation.h"
#include "kv/keys/state.h"

/* A version that was written down, whose material is to be found. */
struct item {
    cJSON *version; /* borrowed, from the tree */
    unsigned char object[KV_OBJECT_LENGTH];
};

struct export
{
    const struct kv_vault *vault;
    cJSON *array;                   /* of keys */
    cJSON *key;                     /* the present one, in the array */
    char name[KV_KEY_NAME_MAX + 1]; /* of that */
    struct item *items;             /* heap */
    size_t count, room;
};

static void export_done(struct export *export)
{
    free(export->items);
}
KV_DEFINE_CLEANUP_VALUE(struct export, export_done)

static void add_date(cJSON *object, const char *name, kv_time time, bool *ok)
{
    char iso[KV_ISO_DATE_SIZE];

    kv_time_render_iso(time * 1000, iso);
    kv_json_add_text(object, name, iso, ok);
}

static void add_maybe(cJSON *object, const char *name, struct kv_maybe_time time, bool *ok)
{
    if (time.given) {
        add_date(object, name, time.value, ok);
    }
}

static void add_attributes(cJSON *object, const struct kv_key *key, bool *ok)
{
    kv_json_add_bool(object, "enabled", key->attributes.enabled, ok);
    add_maybe(object, "nbf", key->attributes.not_before, ok);
    add_maybe(object, "exp", key->attributes.expires, ok);
    add_date(object, "created", key->attributes.created, ok);
    add_date(object, "updated", key->attributes.updated, ok);
}

static void add_ops(cJSON *object, const struct kv_key_ops *ops, bool *ok)
{
    cJSON *array = kv_json_add_array(object, "key_ops", ok);

    for (size_t i = 0; i < ops->count; i++) {
        kv_json_append_text(array, kv_key_op_row(ops->op[i])->name, ok);
    }
}

static void add_tags(cJSON *object, const struct kv_tags *tags, bool *ok)
{
    const char *name, *value;
    size_t position = 0;
    cJSON *of = tags->count > 0 ? kv_json_add_object(object, "tags", ok) : NULL;

    while (of != NULL && kv_tags_next(tags, &position, &name, &value)) {
        kv_json_add_text(of, name, value, ok);
    }
}

static cJSON *render_version(const struct kv_key *key, bool *ok)
{
    cJSON *object = cJSON_CreateObject();

    kv_json_add_text(object, "version", key->version, ok);
    kv_json_add_text(object, "kty", kv_kty_row(key->kty)->name, ok);
    add_attributes(object, key, ok);
    add_ops(object, &key->ops, ok);
    add_tags(object, &key->tags, ok);
    return object;
}

static void begin_key(struct export *export, const struct kv_key *key, bool *ok)
{
    export->key = cJSON_CreateObject();
    memcpy(export->name, key->name, sizeof(export->name));
    kv_json_add_text(export->key, "vault", export->vault->name, ok);
    kv_json_add_text(export->key, "name", key->name, ok);
    if (key->deleted != 0) {
        add_date(export->key, "deleted", key->deleted, ok);
    }
    (void) kv_json_add_array(export->key, "versions", ok);
    kv_json_add_take(export->array, NULL, export->key, ok);
}

static enum kv_code remember(struct export *export, cJSON *version, const struct kv_key *key,
                             struct kv_err *err)
{
    if (export->count == export->room) {
        const size_t room = export->room * 2 + 64;
        struct item *longer = reallocarray(export->items, room, sizeof(*longer));

        if (longer == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        export->items = longer;
        export->room = room;
    }
    struct item *item = &export->items[export->count++];
    item->version = version;
    memcpy(item->object, key->material.object, sizeof(item->object));
    return KV_OK;
}

static enum kv_code add_version(void *export_, const struct kv_key *key, struct kv_err *err)
{
    struct export *export = export_;
    bool ok = true;
    cJSON *version;

    if (export->key == NULL || strcmp(export->name, key->name) != 0) {
        begin_key(export, key, &ok);
    }
    version = render_version(key, &ok);
    kv_json_add_take(cJSON_GetObjectItemCaseSensitive(export->key, "versions"), NULL, version, &ok);
    return ok ? remember(export, version, key, err) : KV_OUT_OF_MEMORY(err);
}

/* --- what is looked up afterwards --- */

static enum kv_code add_material(struct kv_seeds *seeds, const struct item *item,
                                 struct kv_err *err)
{
    cJSON *jwk = NULL;
    bool ok = true;

    KV_TRY(seed_find_kept(seeds, item->object, &jwk, err));
    if (jwk == NULL) {
        kv_json_add_text(item->version, "material", "in the token", &ok);
    } else {
        kv_json_add_take(item->version, "jwk", jwk, &ok);
        kv_json_add_bool(item->version, "testMaterial", true, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static void add_duration(cJSON *object, const char *name, const struct kv_duration *duration,
                         bool *ok)
{
    if (kv_duration_is_given(duration)) {
        kv_json_add_text(object, name, duration->text, ok);
    }
}

/* That of a deleted key is not shown to anybody. */
static enum kv_code add_policy(const struct kv_scope *scope, cJSON *key, struct kv_err *err)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(key, "name"));
    struct kv_rotation_policy policy;
    bool ok = true;
    enum kv_code code = kv_rotation_policy_get(scope, name, &policy, err);

    if (code == KV_KEY_NOT_FOUND || (code == KV_OK && !policy.stored)) {
        return KV_OK;
    }
    KV_TRY(code);
    cJSON *object = kv_json_add_object(key, "rotation_policy", &ok);
    add_duration(object, "expiry", &policy.expiry, &ok);
    add_duration(object, "rotate_after_create", &policy.rotate.after_create, &ok);
    add_duration(object, "rotate_before_expiry", &policy.rotate.before_expiry, &ok);
    add_duration(object, "notify_before_expiry", &policy.notify.before_expiry, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code seed_export_keys(struct kv_seeds *seeds, const struct kv_vault *vault, kv_millis now,
                              cJSON *array, struct kv_err *err)
{
    kv_auto(export_done) struct export export = { .vault = vault, .array = array };
    char host[KV_VAULT_HOST_SIZE];
    const cJSON *before = array->child != NULL ? array->child->prev : NULL; /* the last one */

    kv_vault_host(vault, host);

    const struct kv_scope scope = { seeds->config.keys, vault, host, now };

    KV_TRY(kv_keys_each_version(&scope, add_version, &export, err));
    for (size_t i = 0; i < export.count; i++) {
        KV_TRY(add_material(seeds, &export.items[i], err));
    }
    for (cJSON *key = before != NULL ? before->next : array->child; key != NULL; key = key->next) {
        KV_TRY(add_policy(&scope, key, err));
    }
    return KV_OK;
}
