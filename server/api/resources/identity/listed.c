/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of user-assigned identities, in the order of their ids; and what has one of them attached. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "kv/resources/resources.h"
#include "private.h"

/* Resource ids, sorted before they are used. */
struct ids {
    char (*id)[KV_PRINCIPAL_RESOURCE_SIZE];
    size_t count;
    const struct arm_call *call;
};

static void ids_done(struct ids *ids)
{
    free(ids->id);
    *ids = (struct ids){ .id = NULL };
}
KV_DEFINE_CLEANUP_VALUE(struct ids, ids_done)

static bool is_meant(const struct arm_call *call, const struct kv_principal_entry *entry)
{
    struct arm_id id;
    size_t len = strlen(call->id->parent);

    return entry->type == KV_PRINCIPAL_USER_ASSIGNED && entry->state != KV_PRINCIPAL_DELETED
           && entry->registered && arm_id_parse(entry->resource, &id, NULL) == KV_OK
           && strcasecmp(id.type, IDENTITY_TYPE) == 0
           && strncasecmp(id.text, call->id->parent, len) == 0
           && (id.text[len] == '/' || id.text[len] == '\0');
}

static enum kv_code collect(const struct kv_principal_entry *entry, void *context,
                            struct kv_err *err)
{
    struct ids *ids = context;

    if (!is_meant(ids->call, entry)) {
        return KV_OK;
    }
    if (ids->count % 64 == 0) {
        void *more = realloc(ids->id, (ids->count + 64) * sizeof(*ids->id));

        if (more == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        ids->id = more;
    }
    memcpy(ids->id[ids->count++], entry->resource, sizeof(*ids->id));
    return KV_OK;
}

static int compare(const void *a, const void *b)
{
    return strcasecmp(a, b);
}

static enum kv_code add(struct arm_call *call, struct arm_page *page, const char *text,
                        struct kv_err *err)
{
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
    struct arm_call ask = *call;
    struct arm_id id;

    KV_TRY(arm_id_parse(text, &id, err));
    ask.id = &id;

    enum kv_code code = identity_get(&ask, &reply, err);

    if (code == KV_RESOURCE_NOT_FOUND) { /* it has just gone */
        return KV_OK;
    }
    return code == KV_OK ? arm_page_add(page, kv_take(reply.body), text, err) : code;
}

enum kv_code identity_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    kv_auto(ids_done) struct ids ids = { .call = call };

    KV_TRY(kv_principals_each(call->app->principals, collect, &ids, err));
    if (ids.count > 0) {
        qsort(ids.id, ids.count, sizeof(*ids.id), compare);
    }
    for (size_t i = 0; i < ids.count; i++) {
        if (page->after != NULL && strcasecmp(ids.id[i], page->after) <= 0) {
            continue;
        }
        if (arm_page_is_full(page)) {
            page->has_more = true;
            return KV_OK;
        }
        KV_TRY(add(call, page, ids.id[i], err));
    }
    return KV_OK;
}

/* --- what has it --- */

struct search {
    const char *wanted;
    cJSON *found;
};

static bool has_it(const struct kv_resource *resource, const char *wanted)
{
    const cJSON *identity = cJSON_GetObjectItem(resource->content, "identity");
    const cJSON *one;

    cJSON_ArrayForEach (one, cJSON_GetObjectItem(identity, "userAssignedIdentities")) {
        if (arm_id_equals(one->string, wanted)) {
            return true;
        }
    }
    return false;
}

static enum kv_code add_associated(void *context, const struct kv_resource *resource,
                                   struct kv_err *err)
{
    struct search *search = context;
    cJSON *item;
    struct arm_id id;
    bool ok = true;

    if (!has_it(resource, search->wanted) || arm_id_parse(resource->id, &id, NULL) != KV_OK) {
        return KV_OK;
    }
    item = cJSON_CreateObject();
    kv_json_add_take(search->found, NULL, item, &ok);
    kv_json_add_text(item, "id", resource->id, &ok);
    kv_json_add_text(item, "name", resource->name, &ok);
    kv_json_add_text(item, "type", resource->type, &ok);
    kv_json_add_text(item, "resourceGroup", id.group, &ok);
    kv_json_add_text(item, "subscriptionId", id.subscription, &ok);
    kv_json_add_text(item, "subscriptionDisplayName", "coffer", &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code identity_list_associated(struct arm_call *call, struct arm_reply *reply,
                                      struct kv_err *err)
{
    const struct kv_resource_range all = { .below = "", .count = KV_RESOURCES_MAX };
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(arm_reply_done) struct arm_reply there = { 0 };
    struct search search = { .wanted = call->id->text };
    bool ok = body != NULL;

    KV_TRY(identity_get(call, &there, err));
    kv_json_add_int(body, "totalCount", 0, &ok);
    search.found = kv_json_add_array(body, "value", &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_resource_list(call->app->resources, &all, add_associated, &search, err));
    cJSON_SetNumberValue(cJSON_GetObjectItem(body, "totalCount"), cJSON_GetArraySize(search.found));
    reply->body = kv_take(body);
    return KV_OK;
}
