/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of api/resources share: the resource manager as a site, and what is the
 * same for all providers (control-plane.md §1, §3; what clients ask while they log in: clients.md §9).
 */
#pragma once

#include <strings.h>

#include "kv/app/app.h"
#include "kv/arm/arm.h"
#include "kv/http/route.h"

#define PAGE_MAX 1000 /* entries of a page of a list */

/* Whether the host that was asked is the one that the resource manager has at Azure. */
static inline bool resources_are_azures(const struct kv_request *request)
{
    return strcasecmp(request->host, "management.azure.com") == 0;
}

/* What the gates found out; request->context of this site. */
struct resources_call {
    struct kv_principal caller;
    bool has_caller; /* false: no tokens are asked for */
};

/* The gate that asks for a token of the management audience: KV_ARM_... of err.def. */
kv_handler_fn resources_authenticate;

/* What a 401 says in WWW-Authenticate, where the code has words for it. */
const char *resources_describe_401(enum kv_code code);

kv_handler_fn cloud_describe;
kv_handler_fn subscriptions_list, subscription_get, locations_list, tenants_list;
kv_handler_fn providers_list, provider_get, provider_operations, provider_register;
kv_handler_fn resources_list;
kv_handler_fn operation_status, operation_result;

/* Any other path: a resource, a list or an action, which the providers have. */
kv_handler_fn resource_ask;

/* A call for what a request asks about, with everything but id and body, for `base` of BASE_SIZE. */
#define BASE_SIZE (sizeof("https://") + 256)
void handler_begin_call(const struct kv_request *request, char base[BASE_SIZE],
                        struct arm_call *ret_call);

/* Of the subscription that a request's path names: KV_SUBSCRIPTION_NOT_FOUND for any but the one. */
enum kv_code subscription_check(const struct kv_app *app, const char *id,
                                struct kv_err *err) kv_must_check;

/* The page that a request asks for, whose mark is kept in `mark`; its end with page_done(). The answer:
 * {"value":[...],"nextLink"}. */
enum kv_code page_begin(const struct kv_request *request, struct kv_buf *mark,
                        struct arm_page *ret_page, struct kv_err *err) kv_must_check;
void page_done(struct arm_page *page);
KV_DEFINE_CLEANUP_VALUE(struct arm_page, page_done)
enum kv_code page_answer(const struct kv_request *request, struct arm_page *page,
                         struct kv_response *response, struct kv_err *err) kv_must_check;

/* What $filter of a list of resources wants; "" whatever there is. */
enum filter_field {
    FILTER_TYPE,
    FILTER_GROUP,
    FILTER_TAG_NAME,
    FILTER_TAG_VALUE,
    FILTER_NAME,
    FILTER_LOCATION,
    FILTER_FIELD_COUNT
};
#define FILTER_TEXT_SIZE 513
struct resource_filter {
    char text[FILTER_FIELD_COUNT][FILTER_TEXT_SIZE];
    char part_of_name[FILTER_TEXT_SIZE];
};
/* NULL wants all. KV_ARM_INVALID_FILTER. */
enum kv_code filter_read(const char *text, struct resource_filter *ret_filter,
                         struct kv_err *err) kv_must_check;
/* Whether resources of a type can pass; whether one does, as it is on the wire. */
bool filter_may_have(const struct resource_filter *filter, const char *type);
bool filter_passes(const struct resource_filter *filter, const cJSON *item);

/* Whether a group is there: KV_RESOURCE_GROUP_NOT_FOUND, in the words of the second. */
enum kv_code group_check(const struct kv_app *app, const struct arm_id *id,
                         struct kv_err *err) kv_must_check;
enum kv_code group_refuse_missing(const char *name, struct kv_err *err) kv_must_check;
bool group_is_default(const char *name);

#define GROUP_TYPE "Microsoft.Resources/resourceGroups"
/* Makes that group, or with NULL all, that living vaults lie in, unless they are there. */
enum kv_code groups_adopt(const struct kv_app *app, const char *wanted,
                          struct kv_err *err) kv_must_check;

/* "2023-07-01" is one of "2023-07-01 2022-07-01". */
bool versions_have(const char *versions, const char *wanted);
