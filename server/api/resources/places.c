/* SPDX-License-Identifier: Apache-2.0 */
/* The one subscription, and whether a group is in it. */
#include <stdio.h>
#include <string.h>

#include "private.h"

enum kv_code subscription_check(const struct kv_app *app, const char *id, struct kv_err *err)
{
    char own[ARM_SUBSCRIPTION_SIZE];

    arm_subscription(app, own);
    return strcasecmp(own + sizeof("/subscriptions/") - 1, id) == 0
               ? KV_OK
               : KV_FAIL(err, KV_SUBSCRIPTION_NOT_FOUND, 0,
                         "The subscription '%.64s' could not be found.", id);
}

bool group_is_default(const char *name)
{
    return strcasecmp(name, ARM_DEFAULT_GROUP) == 0;
}

enum kv_code group_refuse_missing(const char *name, struct kv_err *err)
{
    return KV_FAIL(err, KV_RESOURCE_GROUP_NOT_FOUND, 0,
                   "Resource group '%.90s' could not be found.", name);
}

enum kv_code group_check(const struct kv_app *app, const struct arm_id *id, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource group = { 0 };
    char text[ARM_SUBSCRIPTION_SIZE + sizeof("/resourceGroups/") + ARM_GROUP_MAX];
    enum kv_code code;

    if (group_is_default(id->group)) {
        return KV_OK;
    }
    (void) snprintf(text, sizeof(text), "/subscriptions/%s/resourceGroups/%s", id->subscription,
                    id->group);
    code = kv_resource_get(app->resources, text, &group, NULL);
    if (code == KV_NOT_FOUND) {
        KV_TRY(groups_adopt(app, id->group, err));
        code = kv_resource_get(app->resources, text, &group, err);
    }
    return code == KV_NOT_FOUND ? group_refuse_missing(id->group, err) : code;
}
