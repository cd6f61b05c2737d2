/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tags of a resource or a group as an extension of it (Microsoft.Resources/tags/default), and locks, which are
 * refused: nothing here would keep them. What is tagged is asked and changed by its own row.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/arm/providers.h"
#include "kv/base/json.h"
#include "private.h"

#define TAG_VERSIONS                                                                               \
    "2025-04-01 2024-11-01 2024-07-01 2024-03-01 2023-07-01 2022-09-01 2021-04-01 2021-01-01 "     \
    "2020-10-01 2020-06-01 2019-10-01"

/* What is tagged: the resource that is the scope of the call. */
struct tagged {
    struct arm_id id;
    struct arm_call call;
};

static enum kv_code find(const struct arm_call *call, struct tagged *ret_tagged, struct kv_err *err)
{
    if (strcasecmp(call->id->leaf, "default") != 0) {
        return KV_FAIL(err, KV_ARM_INVALID_NAME, 0,
                       "The tags of a resource are called 'default', not '%.64s'.", call->id->leaf);
    }
    KV_TRY(arm_id_parse(call->id->scope, &ret_tagged->id, err));
    ret_tagged->call = *call;
    ret_tagged->call.id = &ret_tagged->id;
    ret_tagged->call.type = arm_type_find(call->app, ret_tagged->id.type);
    if (ret_tagged->call.type == NULL || ret_tagged->call.type->patch == NULL) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "'%.256s' is nothing that has tags.",
                       call->id->scope);
    }
    return KV_OK;
}

static enum kv_code answer(const struct arm_call *call, const cJSON *tags, struct arm_reply *reply,
                           struct kv_err *err)
{
    bool ok = true;

    reply->body = cJSON_CreateObject();
    kv_json_add_text(reply->body, "id", call->id->text, &ok);
    kv_json_add_text(reply->body, "name", "default", &ok);
    kv_json_add_text(reply->body, "type", "Microsoft.Resources/tags", &ok);
    cJSON *properties = kv_json_add_object(reply->body, "properties", &ok);
    kv_json_add_take(properties, "tags",
                     tags != NULL ? cJSON_Duplicate(tags, true) : cJSON_CreateObject(), &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code read_tags(struct tagged *tagged, cJSON **ret_tags, struct kv_err *err)
{
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };

    tagged->call.verb = KV_GET;
    KV_TRY(tagged->call.type->get(&tagged->call, &reply, err));
    *ret_tags = cJSON_DetachItemFromObject(reply.body, "tags");
    if (*ret_tags == NULL) {
        *ret_tags = cJSON_CreateObject();
    }
    return *ret_tags != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code get_tags(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *tags = NULL;
    struct tagged tagged;

    KV_TRY(find(call, &tagged, err));
    KV_TRY(read_tags(&tagged, &tags, err));
    return answer(call, tags, reply, err);
}

/* Has the resource's own row replace them, and shows what became of it. Takes `tags`. */
static enum kv_code write_tags(struct arm_call *call, struct tagged *tagged, cJSON *tags,
                               struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(arm_reply_done) struct arm_reply patched = { 0 };
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;

    kv_json_add_take(body, "tags", tags, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    tagged->call.verb = KV_PATCH;
    tagged->call.body = body;
    KV_TRY(tagged->call.type->patch(&tagged->call, &patched, err));
    return answer(call, cJSON_GetObjectItem(body, "tags"), reply, err);
}

static const cJSON *sent_tags(const struct arm_call *call)
{
    return cJSON_GetObjectItem(cJSON_GetObjectItem(call->body, "properties"), "tags");
}

static enum kv_code put_tags(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    cJSON *tags = NULL;
    struct tagged tagged;

    KV_TRY(find(call, &tagged, err));
    KV_TRY(arm_take_tags(sent_tags(call), &tags, err));
    return write_tags(call, &tagged, tags, reply, err);
}

static void merge(cJSON *tags, const cJSON *sent, bool *ok)
{
    const cJSON *tag;

    cJSON_ArrayForEach (tag, sent) {
        cJSON_DeleteItemFromObject(tags, tag->string);
        kv_json_add_take(tags, tag->string, cJSON_Duplicate(tag, true), ok);
    }
}

/* A tag is deleted by its name and value. */
static void remove_tags(cJSON *tags, const cJSON *sent, bool *ok)
{
    const cJSON *tag;

    (void) ok;
    cJSON_ArrayForEach (tag, sent) {
        const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(tags, tag->string));

        if (value != NULL && cJSON_IsString(tag) && strcmp(value, tag->valuestring) == 0) {
            cJSON_DeleteItemFromObject(tags, tag->string);
        }
    }
}

static void replace(cJSON *tags, const cJSON *sent, bool *ok)
{
    while (tags->child != NULL) {
        cJSON_Delete(cJSON_DetachItemViaPointer(tags, tags->child));
    }
    merge(tags, sent, ok);
}

static const struct {
    const char *name;
    void (*apply)(cJSON *tags, const cJSON *sent, bool *ok);
} operations[] = {
    { "Merge", merge },
    { "Replace", replace },
    { "Delete", remove_tags },
};

static enum kv_code apply(const struct arm_call *call, cJSON *tags, struct kv_err *err)
{
    const char *wanted = cJSON_GetStringValue(cJSON_GetObjectItem(call->body, "operation"));
    bool ok = true;

    for (size_t i = 0; wanted != NULL && i < KV_COUNT(operations); i++) {
        if (strcasecmp(operations[i].name, wanted) == 0) {
            operations[i].apply(tags, sent_tags(call), &ok);
            return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
        }
    }
    return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                   "The operation '%.32s' is none of Merge, Replace and Delete.",
                   wanted != NULL ? wanted : "");
}

static enum kv_code patch_tags(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *tags = NULL;
    struct tagged tagged;
    cJSON *sent = NULL;

    KV_TRY(find(call, &tagged, err));
    KV_TRY(arm_take_tags(sent_tags(call), &sent, err));
    cJSON_Delete(sent); /* they are tags */
    KV_TRY(read_tags(&tagged, &tags, err));
    KV_TRY(apply(call, tags, err));
    return write_tags(call, &tagged, kv_take(tags), reply, err);
}

static enum kv_code delete_tags(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    struct tagged tagged;

    KV_TRY(find(call, &tagged, err));
    KV_TRY(write_tags(call, &tagged, cJSON_CreateObject(), reply, err));
    cJSON_Delete(kv_take(reply->body));
    return KV_OK;
}

static enum kv_code refuse_lock(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    (void) call;
    (void) reply;
    return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                   "coffer has no locks: a resource that had one could still be deleted here.");
}

static enum kv_code find_no_lock(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    (void) reply;
    return arm_refuse_missing(call, err);
}

static enum kv_code list_no_locks(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    (void) call;
    (void) page;
    (void) err;
    return KV_OK;
}

#define ANYWHERE (ARM_AT_SUBSCRIPTION | ARM_AT_GROUP | ARM_AT_RESOURCE)

const struct arm_type arm_tag_types[] = {
    { .name = "Microsoft.Resources/tags",
      .api_versions = TAG_VERSIONS,
      .places = ARM_AT_GROUP | ARM_AT_RESOURCE,
      .get = get_tags,
      .put = put_tags,
      .patch = patch_tags,
      .delete = delete_tags },
    { .name = "Microsoft.Authorization/locks",
      .api_versions = "2020-05-01 2017-04-01 2016-09-01 2015-01-01",
      .places = ANYWHERE,
      .get = find_no_lock,
      .put = refuse_lock,
      .list = list_no_locks },
    { 0 },
};
