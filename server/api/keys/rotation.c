/* SPDX-License-Identifier: Apache-2.0 */
/* Rotating a key, and its rotation policy: contract §6.8, §10. */
#include "kv/keys/rotation.h"

#include <stdio.h>

#include "private.h"

static enum kv_code generate(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_key_rotate(&scope, kv_request_capture(request, "name"), &key, err));
    return respond_key(request, &key, response, err);
}

/* Refusals come at once, from the connection's thread. A body is not expected and not looked at. */
enum kv_code key_rotate(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);

    (void) response;
    KV_TRY(kv_key_rotate_check(&scope, kv_request_capture(request, "name"), err));
    return kv_request_continue(request, KV_LANE_GENERATE, generate);
}

static void add_trigger(cJSON *action, const struct kv_trigger *trigger, bool *ok)
{
    cJSON *object = kv_json_add_object(action, "trigger", ok);

    if (kv_duration_is_given(&trigger->after_create)) {
        kv_json_add_text(object, "timeAfterCreate", trigger->after_create.text, ok);
    }
    if (kv_duration_is_given(&trigger->before_expiry)) {
        kv_json_add_text(object, "timeBeforeExpiry", trigger->before_expiry.text, ok);
    }
}

/* How the types of actions are spelled: contract §10.1, §10.4. */
static const struct spelling {
    const char *rotate, *notify;
} spellings[] = {
    [KV_VAULT] = { "Rotate", "Notify" },
    [KV_MANAGED_HSM] = { "rotate", "notify" },
};

/* Nothing for an action that the policy does not have. */
static void add_action(cJSON *actions, const struct kv_trigger *trigger, const char *type, bool *ok)
{
    if (!kv_duration_is_given(&trigger->after_create)
        && !kv_duration_is_given(&trigger->before_expiry)) {
        return;
    }

    cJSON *action = cJSON_CreateObject();

    kv_json_add_take(actions, NULL, action, ok);
    add_trigger(action, trigger, ok);
    kv_json_add_text(kv_json_add_object(action, "action", ok), "type", type, ok);
}

static bool has_action(const struct kv_rotation_policy *policy)
{
    return kv_duration_is_given(&policy->rotate.after_create)
           || kv_duration_is_given(&policy->rotate.before_expiry)
           || kv_duration_is_given(&policy->notify.before_expiry);
}

static void add_actions(cJSON *body, const struct kv_rotation_policy *policy,
                        const struct spelling *spelling, bool *ok)
{
    cJSON *actions = kv_json_add_array(body, "lifetimeActions", ok);

    add_action(actions, &policy->rotate, spelling->rotate, ok);
    add_action(actions, &policy->notify, spelling->notify, ok);
}

static void add_policy_dates(cJSON *attributes, const struct kv_rotation_policy *policy, bool *ok)
{
    kv_json_add_int(attributes, "created", policy->stored ? policy->created : 0, ok);
    kv_json_add_int(attributes, "updated", policy->stored ? policy->updated : 0, ok);
}

/* The two shapes of contract §10.1: the default of a key has neither id nor attributes. */
static void add_vault_policy(cJSON *body, const struct kv_request *request,
                             const struct kv_rotation_policy *policy, bool *ok)
{
    char url[KEY_URL_SIZE];

    if (!policy->stored) {
        add_actions(body, policy, &spellings[KV_VAULT], ok);
        kv_json_add_take(body, "attributes", cJSON_CreateNull(), ok);
        return;
    }
    key_url(request, "keys", policy->name, "rotationpolicy", url);
    kv_json_add_text(body, "id", url, ok);
    add_actions(body, policy, &spellings[KV_VAULT], ok);

    cJSON *attributes = kv_json_add_object(body, "attributes", ok);

    if (kv_duration_is_given(&policy->expiry)) {
        kv_json_add_text(attributes, "expiryTime", policy->expiry.text, ok);
    }
    add_policy_dates(attributes, policy, ok);
}

/* The one of contract §10.4: what is not there is empty, but for the actions. */
static void add_hsm_policy(cJSON *body, const struct kv_rotation_policy *policy, bool *ok)
{
    char id[KV_KEY_NAME_MAX + sizeof("keys//rotationpolicy")] = "";
    cJSON *attributes = kv_json_add_object(body, "attributes", ok);

    if (policy->stored) {
        snprintf(id, sizeof(id), "keys/%s/rotationpolicy", policy->name);
    }
    add_policy_dates(attributes, policy, ok);
    kv_json_add_text(attributes, "expiryTime", policy->expiry.text, ok);
    kv_json_add_text(body, "id", id, ok);
    if (policy->stored && has_action(policy)) {
        add_actions(body, policy, &spellings[KV_MANAGED_HSM], ok);
    }
}

static enum kv_code respond_policy(const struct kv_request *request,
                                   const struct kv_rotation_policy *policy,
                                   struct kv_response *response, struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();

    if (is_hsm(request)) {
        add_hsm_policy(body, policy, &ok);
    } else {
        add_vault_policy(body, request, policy, &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code rotation_policy_get(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    struct kv_rotation_policy policy;

    KV_TRY(kv_rotation_policy_get(&scope, kv_request_capture(request, "name"), &policy, err));
    return respond_policy(request, &policy, response, err);
}

struct sent_action {
    const cJSON *action, *trigger;
};

static enum kv_code parse_action(const cJSON *item, struct kv_lifetime_action *ret_action,
                                 struct kv_err *err)
{
    static const struct kv_json_field members[] = {
        KV_JSON_FIELD(struct sent_action, action, "action", KV_JSON_OBJECT),
        KV_JSON_FIELD(struct sent_action, trigger, "trigger", KV_JSON_OBJECT),
    };
    static const struct kv_json_field action_members[] = {
        KV_JSON_FIELD(struct kv_lifetime_action, type, "type", KV_JSON_STRING),
    };
    static const struct kv_json_field trigger_members[] = {
        KV_JSON_FIELD(struct kv_lifetime_action, after_create, "timeAfterCreate", KV_JSON_STRING),
        KV_JSON_FIELD(struct kv_lifetime_action, before_expiry, "timeBeforeExpiry", KV_JSON_STRING),
    };
    struct sent_action sent = { .action = NULL };

    if (!cJSON_IsObject(item)) {
        return fail_property(err);
    }
    KV_TRY(kv_json_bind(item, members, KV_COUNT(members), &sent, err));
    if (sent.action != NULL) {
        KV_TRY(
            kv_json_bind(sent.action, action_members, KV_COUNT(action_members), ret_action, err));
    }
    if (sent.trigger != NULL) {
        KV_TRY(kv_json_bind(sent.trigger, trigger_members, KV_COUNT(trigger_members), ret_action,
                            err));
    }
    return KV_OK;
}

/* Surplus actions are cut: the ones kept already break the same rule. */
static enum kv_code parse_actions(const cJSON *array, struct kv_rotation_policy_args *args,
                                  struct kv_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, array) {
        if (args->count == KV_LIFETIME_ACTIONS_MAX) {
            break;
        }
        KV_TRY(parse_action(item, &args->action[args->count], err));
        args->count++;
    }
    return KV_OK;
}

struct sent_policy {
    const cJSON *actions, *attributes;
};

/* id, created and updated are the service's: not looked at. */
static enum kv_code parse_policy(const cJSON *body, struct kv_rotation_policy_args *ret_args,
                                 struct kv_err *err)
{
    static const struct kv_json_field members[] = {
        KV_JSON_FIELD(struct sent_policy, actions, "lifetimeActions", KV_JSON_ARRAY),
        KV_JSON_FIELD(struct sent_policy, attributes, "attributes", KV_JSON_OBJECT),
    };
    static const struct kv_json_field attribute_members[] = {
        KV_JSON_FIELD(struct kv_rotation_policy_args, expiry, "expiryTime", KV_JSON_STRING),
    };
    struct sent_policy sent = { .actions = NULL };

    KV_TRY(kv_json_bind(body, members, KV_COUNT(members), &sent, err));
    if (sent.attributes != NULL) {
        KV_TRY(kv_json_bind(sent.attributes, attribute_members, KV_COUNT(attribute_members),
                            ret_args, err));
    }
    return parse_actions(sent.actions, ret_args, err);
}

enum kv_code rotation_policy_set(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct kv_rotation_policy_args args = { .as_sent = is_hsm(request) };
    struct kv_rotation_policy policy;

    KV_TRY(kv_request_json(request, &body, err));
    KV_TRY(parse_policy(body, &args, err));
    KV_TRY(
        kv_rotation_policy_set(&scope, kv_request_capture(request, "name"), &args, &policy, err));
    kv_clock_wake(request->app->clock); /* a rotation may be due already */
    return respond_policy(request, &policy, response, err);
}
