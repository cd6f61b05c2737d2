/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource groups that vaults were put into by an option, a seed or the control port: they are there as soon as
 * somebody looks, as the default group is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "private.h"

static enum kv_code make(const struct kv_app *app, const struct kv_vault *vault, struct kv_err *err)
{
    char scope[ARM_SUBSCRIPTION_SIZE],
        id[sizeof(scope) + sizeof("/resourceGroups/") + KV_GROUP_MAX];
    char type[] = GROUP_TYPE, name[KV_GROUP_MAX + 1];
    struct kv_resource group = { .id = id, .type = type, .name = name };
    kv_auto(kv_resource_done) struct kv_resource known = { .id = NULL };
    bool is_new;

    arm_subscription(app, scope);
    (void) snprintf(id, sizeof(id), "%s/resourceGroups/%s", scope, vault->group);
    if (kv_resource_get(app->resources, id, &known, NULL) == KV_OK) {
        return KV_OK;
    }
    memcpy(name, vault->group, sizeof(name));
    (void) snprintf(group.location, sizeof(group.location), "%s", vault->region);
    (void) snprintf(group.changed_by, sizeof(group.changed_by), "coffer");

    enum kv_code code = kv_resource_put(app->resources, &group, KV_RESOURCE_ABSENT,
                                        kv_clock_now(app->clock), &is_new, err);

    return code == KV_PRECONDITION_FAILED ? KV_OK : code;
}

static int compare_groups(const void *left, const void *right)
{
    const struct kv_vault *const *a = left, *const *b = right;

    return strcasecmp((*a)->group, (*b)->group);
}

enum kv_code groups_adopt(const struct kv_app *app, const char *wanted, struct kv_err *err)
{
    kv_auto(kv_vault_list_done) struct kv_vault_list list = { .vault = NULL };
    const char *last = ARM_DEFAULT_GROUP;

    KV_TRY(kv_vaults_list(app->vaults, &list, err));
    qsort(list.vault, list.count, sizeof(list.vault[0]), compare_groups);
    for (size_t i = 0; i < list.count; i++) {
        const struct kv_vault *vault = list.vault[i];
        bool is_asked = wanted == NULL || strcasecmp(vault->group, wanted) == 0;

        if (vault->deleted == 0 && is_asked && strcasecmp(vault->group, ARM_DEFAULT_GROUP) != 0
            && strcasecmp(vault->group, last) != 0) {
            KV_TRY(make(app, vault, err));
            last = vault->group;
        }
    }
    return KV_OK;
}
