/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call: what is asked of a resource, whoever asks. What is refused for all types alike is refused
 * here, in the service's order: the type, its api-version, its place, who asks, what it lies in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/access/scopes.h"
#include "private.h"

bool versions_have(const char *versions, const char *wanted)
{
    size_t len = strlen(wanted);

    for (const char *at = versions; *at != '\0'; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");

        if (word == len && strncasecmp(at, wanted, len) == 0) {
            return true;
        }
        at += word;
    }
    return false;
}

/* "2023-07-01 2022-07-01" as the service lists them: "2023-07-01, 2022-07-01". */
static void list_versions(const char *versions, char *ret_text, size_t size)
{
    size_t len = 0;

    for (; *versions != '\0' && len + 2 < size; versions++) {
        if (*versions == ' ') {
            ret_text[len++] = ',';
        }
        ret_text[len++] = *versions;
    }
    ret_text[len] = '\0';
}

static enum kv_code refuse_provider(const struct arm_call *call, const char *type,
                                    const char *versions, struct kv_err *err)
{
    const char *slash = strchr(type, '/');

    return KV_FAIL(err, KV_ARM_NO_REGISTERED_PROVIDER, 0,
                   "No registered resource provider found for location '%s' and API version "
                   "'%.40s' for type '%.128s'. The supported api-versions are '%s'. The supported "
                   "locations are '%s'.",
                   KV_REGION, call->api_version, slash != NULL ? slash + 1 : type, versions,
                   *versions != '\0' ? KV_REGION : "");
}

static enum kv_code check_version(const struct arm_call *call, struct kv_err *err)
{
    char versions[512];

    if (versions_have(call->type->api_versions, call->api_version)) {
        return KV_OK;
    }
    list_versions(call->type->api_versions, versions, sizeof(versions));
    return refuse_provider(call, call->type->name, versions, err);
}

static enum arm_place place_of(const struct arm_id *id)
{
    struct arm_id scope;

    if (id->scope[0] == '\0') {
        return id->group[0] != '\0' ? ARM_AT_SUBSCRIPTION : ARM_AT_TENANT;
    }
    if (arm_id_parse(id->scope, &scope, NULL) != KV_OK || scope.scope[0] != '\0') {
        return ARM_AT_RESOURCE;
    }
    if (scope.group[0] != '\0') {
        return ARM_AT_GROUP;
    }
    return scope.subscription[0] != '\0' ? ARM_AT_SUBSCRIPTION : ARM_AT_TENANT;
}

static enum kv_code refuse_place(const struct arm_call *call, struct kv_err *err)
{
    return KV_FAIL(err, KV_ARM_INVALID_TYPE, 0,
                   "The resource type '%s' cannot be addressed at the scope '%.256s'.",
                   call->type->name, call->id->scope[0] != '\0' ? call->id->scope : "/");
}

static const char *suffix_of(const struct arm_call *call)
{
    return call->verb == KV_PUT || call->verb == KV_PATCH ? "write"
           : call->verb == KV_DELETE                      ? "delete"
                                                          : "read";
}

static const struct arm_action *find_action(const struct arm_call *call)
{
    const struct arm_action *action = call->type->actions;

    for (; action != NULL && action->name != NULL; action++) {
        if (strcasecmp(action->name, call->action) == 0) {
            return action;
        }
    }
    return NULL;
}

/* "Microsoft.KeyVault/vaults/write", "Microsoft.KeyVault/locations/deletedVaults/purge/action" */
static enum kv_code authorize(const struct arm_call *call, const struct arm_action *action,
                              struct kv_err *err)
{
    char name[ARM_TYPE_MAX + 64];
    const char *scope = call->id->is_list ? call->id->parent : call->id->text;

    if (action == NULL) {
        (void) snprintf(name, sizeof(name), "%s/%s", call->type->name, suffix_of(call));
    } else if (action->permission != NULL) {
        (void) snprintf(name, sizeof(name), "%s/%s", call->type->name, action->permission);
    } else {
        (void) snprintf(name, sizeof(name), "%s/%s/action", call->type->name, action->name);
    }
    return arm_authorize(call, name, *scope != '\0' ? scope : "/", err);
}

/* The subscription and the group have to be there; a group itself need not be. */
static enum kv_code check_surroundings(const struct arm_call *call, struct kv_err *err)
{
    const struct arm_id *id = call->id;

    if (id->subscription[0] != '\0') {
        KV_TRY(subscription_check(call->app, id->subscription, err));
    }
    return id->group[0] != '\0' && (id->scope[0] != '\0' || id->is_list)
               ? group_check(call->app, id, err)
               : KV_OK;
}

/* A type that nobody has is kept as it is sent (--unknown-resources accept), whatever its version. */
static const struct arm_type *make_up(struct arm_call *call)
{
    call->made_up = (struct arm_type){
        .name = call->id->type,
        .api_versions = call->api_version,
        .places = ARM_AT_TENANT | ARM_AT_SUBSCRIPTION | ARM_AT_GROUP | ARM_AT_RESOURCE,
        .get = arm_kept_get,
        .put = arm_kept_put,
        .patch = arm_kept_patch,
        .delete = arm_kept_delete,
        .list = arm_kept_list,
        .waiting = "Creating",
    };
    return &call->made_up;
}

/* NULL: there is no such type, and none is made up. */
static const struct arm_type *find_type(struct arm_call *call)
{
    const struct arm_type *type = arm_type_find(call->app, call->id->type);

    return type == NULL && call->app->accepts_unknown_types && strchr(call->id->type, '/') != NULL
               ? make_up(call)
               : type;
}

/* What a nested resource lies in has to be there before it is. */
static enum kv_code check_parent(const struct arm_call *call, struct kv_err *err)
{
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
    struct arm_call ask = *call;
    struct arm_id parent;
    struct kv_err why = { .code = KV_OK };
    enum kv_code code;

    if (call->verb != KV_PUT || strcmp(call->id->parent, call->id->scope) == 0) {
        return KV_OK;
    }
    KV_TRY(arm_id_parse(call->id->parent, &parent, err));
    if (parent.scope[0] == '\0' && parent.group[0] == '\0') {
        return KV_OK; /* the subscription, which was looked at */
    }
    ask.id = &parent;
    ask.type = find_type(&ask);
    if (ask.type == NULL || ask.type->get == NULL) {
        return KV_OK;
    }
    ask.verb = KV_GET;
    code = ask.type->get(&ask, &reply, &why);
    if (code != KV_OK && kv_err_row(code)->status == 404) {
        return KV_FAIL(err, KV_PARENT_RESOURCE_NOT_FOUND, 0,
                       "Can not perform requested operation on nested resource. Parent resource "
                       "'%.256s' not found.",
                       parent.leaf);
    }
    if (code != KV_OK && err != NULL) {
        *err = why;
    }
    return code;
}

static enum kv_code prepare(struct arm_call *call, struct kv_err *err)
{
    call->type = find_type(call);
    if (call->type == NULL) {
        return refuse_provider(call, call->id->type, "", err);
    }
    KV_TRY(check_version(call, err));
    return (call->type->places & place_of(call->id)) != 0 ? KV_OK : refuse_place(call, err);
}

static arm_fn *find_function(const struct arm_call *call)
{
    const struct arm_type *type = call->type;
    arm_fn *const functions[] = {
        [KV_GET] = type->get, [KV_HEAD] = type->get,    [KV_POST] = NULL,
        [KV_PUT] = type->put, [KV_PATCH] = type->patch, [KV_DELETE] = type->delete,
        [KV_OPTIONS] = NULL,  [KV_VERB_OTHER] = NULL,
    };

    return functions[call->verb];
}

static enum kv_code refuse_verb(const struct arm_call *call, struct kv_err *err)
{
    return KV_FAIL(err, KV_METHOD_NOT_ALLOWED, 0,
                   "The requested resource '%s' does not support http method '%s'.",
                   call->type->name, kv_verb_name(call->verb));
}

static enum kv_code run_action(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    const struct arm_action *action = find_action(call);

    if (action == NULL) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "The resource type '%s' has no action '%.64s'.",
                       call->type->name, call->action);
    }
    KV_TRY(authorize(call, action, err));
    KV_TRY(check_surroundings(call, err));
    return action->act(call, reply, err);
}

/* What was granted at a resource, or below it, goes with it: one that is made anew under its id is another.
 * What is at a vault goes with the vault, when that is purged. */
static enum kv_code forget_grants(const struct arm_call *call, struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };
    enum kv_code code = kv_access_delete_below(call->app->access, call->id->text, &why);

    if (code == KV_OK || code == KV_VAULT_NOT_FOUND) {
        return KV_OK;
    }
    if (err != NULL) {
        *err = why;
    }
    return code;
}

enum kv_code arm_call_run(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    arm_fn *function;

    reply->status = 200;
    KV_TRY(prepare(call, err));
    if (call->verb == KV_POST) {
        return run_action(call, reply, err);
    }
    function = find_function(call);
    if (function == NULL || call->id->is_list) {
        return refuse_verb(call, err);
    }
    KV_TRY(authorize(call, NULL, err));
    KV_TRY(check_surroundings(call, err));
    KV_TRY(check_parent(call, err));
    KV_TRY(function(call, reply, err));
    return call->verb == KV_DELETE ? forget_grants(call, err) : KV_OK;
}

enum kv_code arm_call_check(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    reply->status = 200;
    KV_TRY(prepare(call, err));
    if (call->type->put == NULL) {
        return refuse_verb(call, err);
    }
    KV_TRY(authorize(call, NULL, err));
    return call->type->check != NULL && !call->body_is_open ? call->type->check(call, reply, err)
                                                            : KV_OK;
}

enum kv_code arm_call_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    KV_TRY(prepare(call, err));
    if (call->type->list == NULL) {
        return refuse_verb(call, err);
    }
    KV_TRY(authorize(call, NULL, err));
    KV_TRY(check_surroundings(call, err));
    return call->type->list(call, page, err);
}
