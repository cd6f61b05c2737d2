/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All tracked resources of the subscription or of a group, by type and then by id; a mark is the number of the
 * type, a colon, and the mark that the type's own list gave. Those of types that nobody has (--unknown-resources
 * accept) come last.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

/* A list that is being made: where, and what passes. */
struct overview {
    struct arm_call *call;
    struct arm_id *id;
    const struct resource_filter *filter;
    struct arm_page *page;
    size_t type; /* which one it is at */
};

/* What a list of all kinds shows of a resource. */
static void shorten(cJSON *item)
{
    static const char *const hidden[] = { "properties", "systemData", "etag" };

    for (size_t i = 0; i < KV_COUNT(hidden); i++) {
        cJSON_DeleteItemFromObject(item, hidden[i]);
    }
}

static enum kv_code add(struct overview *overview, cJSON *item, const char *mark,
                        struct kv_err *err)
{
    char text[KV_RESOURCE_ID_MAX + 32];

    if (!filter_passes(overview->filter, item)) {
        cJSON_Delete(item);
        return KV_OK;
    }
    shorten(item);
    (void) snprintf(text, sizeof(text), "%zu:%s", overview->type, mark);
    return arm_page_add(overview->page, item, text, err);
}

/* Takes over what a type's page has; *ret_is_over: the type has no more. */
static enum kv_code add_page(struct overview *overview, struct arm_page *page, struct kv_err *err)
{
    cJSON *item;

    while ((item = cJSON_DetachItemFromArray(page->values, 0)) != NULL) {
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(item, "id"));
        char mark[KV_RESOURCE_ID_MAX + 1];

        if (arm_page_is_full(overview->page)) {
            cJSON_Delete(item);
            overview->page->has_more = true;
            return KV_OK;
        }
        (void) snprintf(mark, sizeof(mark), "%s", id != NULL ? id : "");
        KV_TRY(add(overview, item, mark, err));
    }
    return KV_OK;
}

/* All of a type, page by page, until the answer's own page is full. Marks of tracked types are ids. */
static enum kv_code add_type(struct overview *overview, const struct arm_type *type,
                             const char *after, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf mark = { .max = KV_RESOURCE_ID_MAX + 1 };
    bool has_more = true;

    KV_TRY(kv_buf_printf(&mark, err, "%s", after != NULL ? after : ""));
    while (has_more && !overview->page->has_more) {
        kv_auto(page_done) struct arm_page page = { .values = cJSON_CreateArray(),
                                                    .after = mark.len > 0 ? mark.data : NULL,
                                                    .max = PAGE_MAX };

        if (page.values == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        overview->call->type = type;
        KV_TRY(type->list(overview->call, &page, err));
        has_more = page.has_more && page.last != NULL;
        KV_TRY(add_page(overview, &page, err));
        kv_buf_clear(&mark);
        KV_TRY(kv_buf_printf(&mark, err, "%s", page.last != NULL ? page.last : ""));
    }
    return KV_OK;
}

/* Those of types that nobody has, a part of all resources after the other. */
struct rest {
    struct overview *overview;
    char last[KV_RESOURCE_ID_MAX + 1]; /* looked at */
    size_t looks;                      /* in this part */
};

static enum kv_code add_unknown(void *context, const struct kv_resource *resource,
                                struct kv_err *err)
{
    struct rest *rest = context;
    struct overview *overview = rest->overview;

    (void) snprintf(rest->last, sizeof(rest->last), "%s", resource->id);
    rest->looks++;
    if (resource->location[0] == '\0'
        || arm_type_find(overview->call->app, resource->type) != NULL) {
        return KV_OK;
    }
    if (arm_page_is_full(overview->page)) {
        overview->page->has_more = true;
        return KV_OK;
    }

    cJSON *item = arm_render(resource, false);

    return item != NULL ? add(overview, item, resource->id, err) : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_unknown_types(struct overview *overview, const char *after,
                                      struct kv_err *err)
{
    struct kv_resource_range range = { .below = overview->id->text,
                                       .after = after,
                                       .count = overview->page->max + 1 };
    struct rest rest = { .overview = overview, .looks = range.count };

    while (overview->call->app->accepts_unknown_types && rest.looks == range.count
           && !overview->page->has_more) {
        rest.looks = 0;
        KV_TRY(kv_resource_list(overview->call->app->resources, &range, add_unknown, &rest, err));
        range.after = rest.last;
    }
    return KV_OK;
}

/* "7:/subscriptions/..." */
static const char *read_mark(const char *mark, size_t *ret_type)
{
    char *end = NULL;

    *ret_type = mark != NULL ? strtoul(mark, &end, 10) : 0;
    return mark != NULL && *end == ':' ? end + 1 : NULL;
}

static enum kv_code fill(struct overview *overview, struct kv_err *err)
{
    size_t first;
    const char *after = read_mark(overview->page->after, &first);

    for (overview->type = first; !overview->page->has_more; overview->type++, after = NULL) {
        const struct arm_type *type = arm_type_at(overview->call->app, overview->type);

        if (type == NULL) {
            return add_unknown_types(overview, after, err);
        }
        if (type->is_tracked && type->list != NULL
            && filter_may_have(overview->filter, type->name)) {
            KV_TRY(add_type(overview, type, after, err));
        }
    }
    return KV_OK;
}

/* Of a list: the group or the subscription is scope and parent of all that is asked of types. */
static enum kv_code find_place(const struct kv_request *request, struct arm_id *ret_id,
                               struct kv_err *err)
{
    const char *subscription = kv_request_capture(request, "subscription");
    const char *group = kv_request_capture(request, "group");
    char text[ARM_SUBSCRIPTION_SIZE + sizeof("/resourceGroups/") + ARM_SEGMENT_MAX];

    KV_TRY(subscription_check(request->app, subscription, err));
    (void) snprintf(text, sizeof(text), "/subscriptions/%s%s%.*s", subscription,
                    group != NULL ? "/resourceGroups/" : "", ARM_SEGMENT_MAX,
                    group != NULL ? group : "");
    KV_TRY(arm_id_parse(text, ret_id, err));
    if (group != NULL) {
        KV_TRY(group_check(request->app, ret_id, err));
    }
    memcpy(ret_id->scope, ret_id->text, sizeof(ret_id->scope));
    memcpy(ret_id->parent, ret_id->text, sizeof(ret_id->parent));
    ret_id->is_list = true;
    return KV_OK;
}

enum kv_code resources_list(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf mark = { .max = 64 * 1024 };
    kv_auto(page_done) struct arm_page page = { 0 };
    struct resource_filter filter;
    char base[BASE_SIZE];
    struct arm_call call;
    struct arm_id id;

    KV_TRY(find_place(request, &id, err));
    KV_TRY(filter_read(kv_request_query(request, "$filter"), &filter, err));
    KV_TRY(page_begin(request, &mark, &page, err));
    handler_begin_call(request, base, &call);
    call.verb = KV_GET;
    call.id = &id;
    KV_TRY(arm_authorize(&call, "Microsoft.Resources/subscriptions/resources/read", id.text, err));

    struct overview overview = { &call, &id, &filter, &page, 0 };

    KV_TRY(fill(&overview, err));
    return page_answer(request, &page, response, err);
}
