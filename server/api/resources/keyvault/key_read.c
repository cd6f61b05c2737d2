/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PUT says of a key, in the names that the resource manager has for it (control-plane.md §1.5). A
 * curve beside RSA, and a size beside EC, are not looked at: published templates have them (§0 row 6).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/base64.h"
#include "kv/release/release.h"
#include "private.h"

void keyvault_key_wish_done(struct keyvault_key_wish *wish)
{
    kv_tags_done(&wish->tags);
    kv_buf_done(&wish->release_policy);
}

/* As the data plane writes it, whatever the case: the resource manager has no symmetric ones. */
static enum kv_code read_type(const cJSON *properties, struct kv_key_create_args *args,
                              struct kv_err *err)
{
    static const char *const types[] = { "RSA", "RSA-HSM", "EC", "EC-HSM" };
    const char *type = types[0];

    KV_TRY(keyvault_text(properties, "kty", &type, err));
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        if (strcasecmp(type, types[i]) == 0) {
            args->kty = types[i];
            return KV_OK;
        }
    }
    return keyvault_invalid("kty", err);
}

static enum kv_code read_shape(const cJSON *properties, struct kv_key_create_args *args,
                               struct kv_err *err)
{
    static const char *const curves[] = { "P-256", "P-384", "P-521", "P-256K" };
    struct kv_maybe_int size = { .given = false };
    const char *curve = NULL;

    KV_TRY(keyvault_number(properties, "keySize", &size, err));
    KV_TRY(keyvault_text(properties, "curveName", &curve, err));
    if (args->kty[0] == 'R') {
        args->bits_given = size.given;
        args->bits = size.value;
        return KV_OK;
    }
    args->curve = curve;
    for (size_t i = 0; curve != NULL && i < KV_COUNT(curves); i++) {
        args->curve = strcasecmp(curve, curves[i]) == 0 ? curves[i] : args->curve;
    }
    return KV_OK;
}

/* "WrapKey" is wrapKey: the domain's spelling; what is none stays as it is, for the domain to refuse. */
static const char *spell_op(const char *name)
{
    static const char *const ops[] = { "encrypt", "decrypt",   "sign",   "verify",
                                       "wrapKey", "unwrapKey", "import", "export" };

    for (size_t i = 0; i < KV_COUNT(ops); i++) {
        if (strcasecmp(name, ops[i]) == 0) {
            return ops[i];
        }
    }
    return name;
}

/* `release` is no operation of the data plane, where whoever may have the key is said by its release policy. */
static enum kv_code read_ops(const cJSON *properties, struct keyvault_key_wish *wish,
                             struct kv_err *err)
{
    const cJSON *ops = NULL, *op;

    KV_TRY(keyvault_array(properties, "keyOps", &ops, err));
    wish->args.ops = (struct kv_key_op_names){ .given = ops != NULL, .name = wish->op };
    cJSON_ArrayForEach (op, ops) {
        if (!cJSON_IsString(op) || wish->args.ops.count == KEYVAULT_OPS_MAX) {
            return keyvault_invalid("keyOps", err);
        }
        if (strcasecmp(op->valuestring, "release") != 0) {
            wish->op[wish->args.ops.count++] = spell_op(op->valuestring);
        } else if (!cJSON_IsObject(cJSON_GetObjectItem(properties, "release_policy"))) {
            return keyvault_missing("release_policy", err);
        }
    }
    return KV_OK;
}

static enum kv_code read_date(const cJSON *attributes, const char *name,
                              struct kv_maybe_time *ret_date, struct kv_err *err)
{
    struct kv_maybe_int date = { .given = false };

    KV_TRY(keyvault_number(attributes, name, &date, err));
    if (date.given && (date.value < 0 || date.value > KV_TIME_MAX)) {
        return keyvault_invalid(name, err);
    }
    *ret_date = (struct kv_maybe_time){ date.given, date.value };
    return KV_OK;
}

static enum kv_code read_attributes(const cJSON *properties, struct kv_key_create_args *args,
                                    struct kv_err *err)
{
    struct kv_maybe_bool enabled = { .given = false }, exportable = { .given = false };
    const cJSON *attributes = NULL;

    KV_TRY(keyvault_object(properties, "attributes", &attributes, err));
    KV_TRY(keyvault_flag(attributes, "enabled", &enabled, err));
    KV_TRY(keyvault_flag(attributes, "exportable", &exportable, err));
    KV_TRY(read_date(attributes, "nbf", &args->not_before, err));
    KV_TRY(read_date(attributes, "exp", &args->expires, err));
    args->enabled = !enabled.given || enabled.value;
    args->release.known = true;
    args->release.exportable_given = exportable.given;
    args->release.exportable = exportable.value;
    return KV_OK;
}

static enum kv_code read_release(const cJSON *properties, struct keyvault_key_wish *wish,
                                 struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    const cJSON *policy = NULL;
    const char *data = NULL, *type = NULL;

    kv_buf_init(&text, KV_RELEASE_POLICY_MAX);
    KV_TRY(keyvault_object(properties, "release_policy", &policy, err));
    if (policy == NULL) {
        return KV_OK;
    }
    KV_TRY(keyvault_text(policy, "data", &data, err));
    KV_TRY(keyvault_text(policy, "contentType", &type, err));
    if (data == NULL || (type != NULL && strlen(type) > 128)) {
        return keyvault_invalid("release_policy", err);
    }
    KV_TRY(keyvault_reword(kv_base64_parse(data, strlen(data), &text, err), err));
    KV_TRY(keyvault_reword(kv_release_policy_check(text.data, text.len, &wish->release_policy, err),
                           err));
    wish->args.release.policy = wish->release_policy.data;
    wish->args.release.content_type = type;
    return KV_OK;
}

static enum kv_code read_tags(const cJSON *body, struct kv_tags *tags, struct kv_err *err)
{
    const cJSON *sent = NULL, *tag;

    KV_TRY(keyvault_object(body, "tags", &sent, err));
    cJSON_ArrayForEach (tag, sent) {
        if (!cJSON_IsString(tag)) {
            return keyvault_invalid("tags", err);
        }
        KV_TRY(keyvault_reword(kv_tags_add(tags, tag->string, tag->valuestring, err), err));
    }
    return KV_OK;
}

/* A duration that is "" is not given: templates have both triggers, and leave one empty. */
static enum kv_code read_duration(const cJSON *object, const char *name, const char **ret_duration,
                                  struct kv_err *err)
{
    const char *text = NULL;

    KV_TRY(keyvault_text(object, name, &text, err));
    *ret_duration = text != NULL && *text != '\0' ? text : NULL;
    return KV_OK;
}

static enum kv_code read_action(const cJSON *item, struct kv_lifetime_action *ret_action,
                                struct kv_err *err)
{
    const cJSON *trigger = NULL, *action = NULL;
    const char *type = NULL;

    KV_TRY(cJSON_IsObject(item) ? KV_OK : keyvault_invalid("lifetimeActions", err));
    KV_TRY(keyvault_object(item, "trigger", &trigger, err));
    KV_TRY(keyvault_object(item, "action", &action, err));
    KV_TRY(keyvault_text(action, "type", &type, err));
    KV_TRY(read_duration(trigger, "timeAfterCreate", &ret_action->after_create, err));
    KV_TRY(read_duration(trigger, "timeBeforeExpiry", &ret_action->before_expiry, err));
    if (type != NULL) {
        type = strcasecmp(type, "rotate") == 0   ? "Rotate"
               : strcasecmp(type, "notify") == 0 ? "Notify"
                                                 : type;
    }
    ret_action->type = type;
    return KV_OK;
}

static enum kv_code read_rotation(const cJSON *properties, struct keyvault_key_wish *wish,
                                  struct kv_err *err)
{
    const cJSON *policy = NULL, *attributes = NULL, *actions = NULL, *item;
    struct kv_rotation_policy_args *args = &wish->rotation;
    struct kv_rotation_policy checked;

    KV_TRY(keyvault_object(properties, "rotationPolicy", &policy, err));
    wish->has_rotation = policy != NULL;
    if (policy == NULL) {
        return KV_OK;
    }
    KV_TRY(keyvault_object(policy, "attributes", &attributes, err));
    KV_TRY(keyvault_array(policy, "lifetimeActions", &actions, err));
    KV_TRY(read_duration(attributes, "expiryTime", &args->expiry, err));
    cJSON_ArrayForEach (item, actions) {
        if (args->count == KV_LIFETIME_ACTIONS_MAX) {
            return keyvault_invalid("lifetimeActions", err);
        }
        KV_TRY(read_action(item, &args->action[args->count++], err));
    }
    return keyvault_reword(kv_rotation_policy_read(args, &checked, err), err);
}

enum kv_code keyvault_key_read(const struct arm_call *call, struct keyvault_key_wish *wish,
                               struct kv_err *err)
{
    const cJSON *properties = NULL;

    kv_buf_init(&wish->release_policy, KV_RELEASE_POLICY_MAX);
    wish->args = (struct kv_key_create_args){ .name = call->id->leaf, .only_first = true };
    KV_TRY(keyvault_object(call->body, "properties", &properties, err));
    if (properties == NULL) {
        return keyvault_missing("properties", err);
    }
    KV_TRY(read_type(properties, &wish->args, err));
    KV_TRY(read_shape(properties, &wish->args, err));
    KV_TRY(read_ops(properties, wish, err));
    KV_TRY(read_attributes(properties, &wish->args, err));
    KV_TRY(read_release(properties, wish, err));
    KV_TRY(read_tags(call->body, &wish->tags, err));
    wish->args.tags = &wish->tags;
    return read_rotation(properties, wish, err);
}
