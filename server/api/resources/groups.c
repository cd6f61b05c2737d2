/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource groups. The default one is there from the start, and again whenever somebody looks. A group that is
 * deleted takes with it all that lies in it, in the opposite order of the tables of providers: what uses
 * a vault goes before the vault.
 */
#include <stdio.h>
#include <string.h>

#include "kv/arm/providers.h"
#include "kv/base/json.h"
#include "private.h"

#define GROUP_VERSIONS                                                                             \
    "2025-04-01 2024-11-01 2024-07-01 2024-03-01 2023-07-01 2022-12-01 2022-09-01 2022-06-01 "     \
    "2022-05-01 2022-01-01 2021-04-01 2021-01-01 2020-10-01 2020-08-01 2020-06-01 2019-10-01 "     \
    "2019-08-01 2019-07-01 2019-05-10 2019-05-01 2019-03-01 2018-05-01 2018-02-01 2017-05-10 "     \
    "2017-05-01 2016-09-01 2016-07-01 2016-06-01 2016-02-01 2015-11-01 2015-01-01"

/* Makes the default group unless it is there. */
static enum kv_code ensure_default(const struct arm_call *call, struct kv_err *err)
{
    char scope[ARM_SUBSCRIPTION_SIZE];
    char id[sizeof(scope) + sizeof("/resourceGroups/" ARM_DEFAULT_GROUP)];
    char type[] = GROUP_TYPE, name[] = ARM_DEFAULT_GROUP;
    struct kv_resource group = { .type = type, .name = name, .location = KV_REGION };
    bool is_new;

    arm_subscription(call->app, scope);
    (void) snprintf(id, sizeof(id), "%s/resourceGroups/%s", scope, ARM_DEFAULT_GROUP);
    group.id = id;
    (void) snprintf(group.changed_by, sizeof(group.changed_by), "coffer");

    enum kv_code code =
        kv_resource_put(call->app->resources, &group, KV_RESOURCE_ABSENT, call->now, &is_new, err);

    return code == KV_PRECONDITION_FAILED ? KV_OK : code;
}

/* The same of the group that the call names, if vaults were put into it. */
static enum kv_code ensure(const struct arm_call *call, struct kv_err *err)
{
    return group_is_default(call->id->group) ? ensure_default(call, err)
                                             : groups_adopt(call->app, call->id->group, err);
}

static enum kv_code get(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    KV_TRY(ensure(call, err));

    enum kv_code code = arm_kept_get(call, reply, err);

    return code == KV_RESOURCE_NOT_FOUND ? group_refuse_missing(call->id->group, err) : code;
}

/* Letters, digits, and -_.() ; no period at the end. */
static enum kv_code check_name(const char *name, struct kv_err *err)
{
    static const char others[] = "-_.()";
    size_t len = strlen(name);

    for (const char *at = name; *at != '\0'; at++) {
        bool is_fine = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z')
                       || (*at >= '0' && *at <= '9') || strchr(others, *at) != NULL
                       || (unsigned char) *at >= 0x80;

        if (!is_fine) {
            return KV_FAIL(err, KV_ARM_INVALID_GROUP, 0,
                           "The provided resource group name '%s' has these invalid characters: "
                           "'%c'. The name can only be a letter, digit, '-', '.', '(', ')' or '_'.",
                           name, *at);
        }
    }
    return name[len - 1] != '.' ? KV_OK
                                : KV_FAIL(err, KV_ARM_INVALID_GROUP, 0,
                                          "The provided resource group name '%s' ends with a "
                                          "period, which it must not.",
                                          name);
}

static enum kv_code check(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    char location[KV_RESOURCE_LOCATION_SIZE];

    (void) reply;
    KV_TRY(check_name(call->id->group, err));
    return arm_take_location(cJSON_GetObjectItem(call->body, "location"), location, err);
}

static enum kv_code put(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    KV_TRY(check(call, reply, err));
    KV_TRY(ensure(call, err));
    return arm_kept_put(call, reply, err);
}

static enum kv_code patch(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    KV_TRY(ensure(call, err));
    return arm_kept_patch(call, reply, err);
}

static enum kv_code list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    KV_TRY(ensure_default(call, err));
    KV_TRY(groups_adopt(call->app, NULL, err));
    return arm_kept_list(call, page, err);
}

/* The next page of a type below the group, by a call for each that deletes it. */
static enum kv_code delete_page(const struct arm_call *call, const struct arm_type *type,
                                struct arm_page *page, struct kv_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, page->values) {
        kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
        struct arm_call ask = *call;
        struct arm_id id;

        KV_TRY(arm_id_parse(cJSON_GetStringValue(cJSON_GetObjectItem(item, "id")), &id, err));
        ask.id = &id;
        ask.type = type;
        ask.if_match = ask.if_none_match = NULL;
        KV_TRY(type->delete (&ask, &reply, err));
    }
    return KV_OK;
}

static enum kv_code delete_type(const struct arm_call *call, const struct arm_type *type,
                                struct kv_err *err)
{
    bool has_more = true;

    while (has_more) {
        kv_auto(page_done) struct arm_page page = { .values = cJSON_CreateArray(),
                                                    .max = PAGE_MAX };
        struct arm_call ask = *call;
        struct arm_id id = *call->id;

        if (page.values == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        memcpy(id.parent, id.text, sizeof(id.parent));
        memcpy(id.scope, id.text, sizeof(id.scope));
        ask.id = &id;
        ask.type = type;
        KV_TRY(type->list(&ask, &page, err));
        KV_TRY(delete_page(&ask, type, &page, err));
        has_more = page.has_more && page.count > 0;
    }
    return KV_OK;
}

/* Nested types go with what they lie in. */
static bool goes_alone(const struct arm_type *type)
{
    const char *slash = strchr(type->name, '/');

    return (type->places & ARM_AT_GROUP) != 0 && type->list != NULL && type->delete != NULL
           && strchr(slash + 1, '/') == NULL;
}

static size_t count_types(const struct kv_app *app)
{
    size_t count = 0;

    while (arm_type_at(app, count) != NULL) {
        count++;
    }
    return count;
}

static enum kv_code remove_one(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    KV_TRY(group_check(call->app, call->id, err));
    for (size_t i = count_types(call->app); i-- > 0;) {
        if (goes_alone(arm_type_at(call->app, i))) {
            KV_TRY(delete_type(call, arm_type_at(call->app, i), err));
        }
    }
    KV_TRY(kv_resource_delete_tree(call->app->resources, call->id->text, err));
    return arm_accept(call, reply, call->app->provisioning_lag, err);
}

static enum kv_code refuse_export(struct arm_call *call, struct arm_reply *reply,
                                  struct kv_err *err)
{
    (void) call;
    (void) reply;
    return KV_FAIL(
        err, KV_ARM_BAD_REQUEST, 0,
        "coffer does not export templates: it has what was deployed, not what wrote it.");
}

static const struct arm_action actions[] = {
    { "exportTemplate", refuse_export, NULL },
    { 0 },
};

const struct arm_type arm_group_types[] = {
    { .name = GROUP_TYPE,
      .api_versions = GROUP_VERSIONS,
      .places = ARM_AT_SUBSCRIPTION | ARM_AT_TENANT,
      .get = get,
      .put = put,
      .patch = patch,
      .delete = remove_one,
      .list = list,
      .actions = actions,
      .check = check },
    { 0 },
};
