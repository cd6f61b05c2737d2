/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of which the envelope is all there is: what is sent is kept and echoed, and what every resource
 * has is done here: tags, the identity of an edition, the place that does not change, children that go with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"
#include "kv/templates/templates.h"
#include "private.h"

enum kv_code arm_find(const struct arm_call *call, struct kv_resource *ret_resource,
                      struct kv_err *err)
{
    enum kv_code code = kv_resource_get(call->app->resources, call->id->text, ret_resource, NULL);

    if (code == KV_NOT_FOUND) {
        return arm_refuse_missing(call, err);
    }
    return code == KV_OK ? KV_OK : KV_FAIL(err, code, 0, "The resource cannot be read.");
}

/* The answer to a call about a resource: what is kept, and how far its provisioning is. */
static enum kv_code show(const struct arm_call *call, const struct kv_resource *resource,
                         struct arm_reply *reply, struct kv_err *err)
{
    bool ok = true;

    reply->body = arm_render(resource, call->type->is_tracked);
    if (reply->body == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    arm_etag(resource, reply->etag);

    cJSON *properties = cJSON_GetObjectItem(reply->body, "properties");

    if (properties == NULL) {
        properties = kv_json_add_object(reply->body, "properties", &ok);
    }
    if (cJSON_IsObject(properties)) {
        cJSON_DeleteItemFromObject(properties, "provisioningState");
        kv_json_add_text(properties, "provisioningState", arm_state(call, resource), &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code arm_kept_get(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };

    KV_TRY(arm_find(call, &resource, err));
    return show(call, &resource, reply, err);
}

/* Members that the resource manager has for itself: they are not the provider's. */
static bool is_own(const char *name)
{
    static const char *const own[] = { "id",   "name",       "type",     "location",
                                       "tags", "systemData", "dependsOn" };

    for (size_t i = 0; i < KV_COUNT(own); i++) {
        if (strcasecmp(own[i], name) == 0) {
            return true;
        }
    }
    return false;
}

enum kv_code arm_take_content(const cJSON *body, cJSON **ret_content, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *content = cJSON_CreateObject();
    const cJSON *member;
    bool ok = content != NULL;

    cJSON_ArrayForEach (member, body) {
        if (!is_own(member->string)) {
            kv_json_add_take(content, member->string, cJSON_Duplicate(member, true), &ok);
        }
    }
    if (ok && cJSON_GetObjectItem(content, "properties") == NULL) {
        (void) kv_json_add_object(content, "properties", &ok);
    }
    *ret_content = kv_take(content);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* A resource stays where it was made. */
enum kv_code arm_check_location(const struct arm_call *call, const struct kv_resource *resource,
                                struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource before = { 0 };

    if (kv_resource_get(call->app->resources, resource->id, &before, NULL) != KV_OK
        || before.location[0] == '\0' || strcmp(before.location, resource->location) == 0) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_ARM_INVALID_LOCATION, 0,
                   "The resource '%s' already exists in location '%s' in resource group '%s'. A "
                   "resource with the same name cannot be created in location '%s'. Please select "
                   "a new resource name.",
                   resource->name, before.location, call->id->group, resource->location);
}

enum kv_code arm_keep(struct arm_call *call, struct kv_resource *resource, struct arm_reply *reply,
                      struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource now = { 0 };
    int64_t before;
    bool is_new;

    KV_TRY(arm_precondition(call, &before, err));
    arm_delay(call, resource);
    KV_TRY(kv_resource_put(call->app->resources, resource, before, call->now, &is_new, err));
    reply->status = is_new ? 201 : 200;
    KV_TRY(arm_find(call, &now, err));
    KV_TRY(show(call, &now, reply, err));
    return arm_delayed(call, &now, reply, err);
}

/* Null; an object stays one, with nothing in it. */
static void empty(cJSON *value)
{
    int type = cJSON_IsObject(value) ? cJSON_Object : cJSON_NULL;

    cJSON_Delete(kv_take(value->child));
    cJSON_free(kv_take(value->valuestring));
    value->type = (value->type & ~0xff) | type; /* the flags above stay */
}

static void conceal(cJSON *value)
{
    cJSON *child;

    if (kv_template_is_secret(value)) {
        empty(value);
        return;
    }
    cJSON_ArrayForEach (child, value) {
        conceal(child);
    }
}

/* What a template's secure parameters went into is neither kept nor shown. The service knows of each type
 * what of it is secret; of a type that nobody has, that is all there is to know. */
static void conceal_secrets(const struct arm_call *call, struct kv_resource *resource)
{
    if (kv_template_is_secret(cJSON_GetObjectItem(call->body, "location"))) {
        resource->location[0] = '\0';
    }
    conceal(resource->tags);
    conceal(resource->content);
}

enum kv_code arm_kept_put(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };

    KV_TRY(arm_begin_envelope(call, &resource, err));
    KV_TRY(arm_take_content(call->body, &resource.content, err));
    if (call->type == &call->made_up) {
        conceal_secrets(call, &resource);
    }
    KV_TRY(arm_check_location(call, &resource, err));
    return arm_keep(call, &resource, reply, err);
}

/* RFC 7396: members of `patch` replace those of `tree`, null removes them. */
static void merge(cJSON *tree, const cJSON *patch, bool *ok)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, patch) {
        cJSON *old = cJSON_GetObjectItem(tree, member->string);

        if (cJSON_IsObject(member) && cJSON_IsObject(old)) {
            merge(old, member, ok);
            continue;
        }
        cJSON_DeleteItemFromObject(tree, member->string);
        if (!cJSON_IsNull(member)) {
            kv_json_add_take(tree, member->string, cJSON_Duplicate(member, true), ok);
        }
    }
}

/* Tags are replaced as a whole, as in the service; other members are merged. */
enum kv_code arm_apply_patch(const struct arm_call *call, struct kv_resource *resource,
                             struct kv_err *err)
{
    const cJSON *tags = cJSON_GetObjectItem(call->body, "tags");
    const cJSON *member;
    bool ok = true;

    if (tags != NULL) {
        cJSON_Delete(kv_take(resource->tags));
        KV_TRY(arm_take_tags(tags, &resource->tags, err));
    }
    cJSON_ArrayForEach (member, call->body) {
        cJSON *old = cJSON_GetObjectItem(resource->content, member->string);

        if (is_own(member->string)) {
            continue;
        }
        if (cJSON_IsObject(old) && cJSON_IsObject(member)) {
            merge(old, member, &ok);
            continue;
        }
        cJSON_DeleteItemFromObject(resource->content, member->string);
        kv_json_add_take(resource->content, member->string, cJSON_Duplicate(member, true), &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code arm_kept_patch(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };

    KV_TRY(arm_find(call, &resource, err));
    KV_TRY(arm_apply_patch(call, &resource, err));
    arm_name_caller(call, resource.changed_by, &resource.changed_by_user);
    return arm_keep(call, &resource, reply, err);
}

enum kv_code arm_kept_delete(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    int64_t before;
    bool was_there;

    KV_TRY(arm_precondition(call, &before, err));
    KV_TRY(kv_resource_delete(call->app->resources, call->id->text, before, &was_there, err));
    KV_TRY(kv_resource_delete_tree(call->app->resources, call->id->text, err));
    reply->status = was_there ? 200 : 204;
    return KV_OK;
}

/* The page, and the call that it is of. */
struct listing {
    struct arm_call *call;
    struct arm_page *page;
};

static enum kv_code add(void *context, const struct kv_resource *resource, struct kv_err *err)
{
    struct listing *listing = context;
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };

    if (arm_page_is_full(listing->page)) {
        listing->page->has_more = true;
        return KV_OK;
    }
    KV_TRY(show(listing->call, resource, &reply, err));
    return arm_page_add(listing->page, kv_take(reply.body), resource->id, err);
}

enum kv_code arm_kept_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    const struct kv_resource_range range = {
        .below = call->id->parent,
        .type = call->type->name,
        .after = page->after,
        .count = page->max - page->count + 1,
    };
    struct listing listing = { call, page };

    return kv_resource_list(call->app->resources, &range, add, &listing, err);
}
