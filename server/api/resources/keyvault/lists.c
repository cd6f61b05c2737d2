/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of vaults and managed HSMs, living or deleted: by their groups and names, so that a page goes on
 * where the last one ended, whatever was made or deleted in between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "private.h"

static int compare(const struct kv_vault *a, const char *group, const char *name)
{
    int order = strcasecmp(a->group, group);

    return order != 0 ? order : strcasecmp(a->name, name);
}

static int compare_vaults(const void *left, const void *right)
{
    const struct kv_vault *const *a = left, *const *b = right;

    return compare(*a, (*b)->group, (*b)->name);
}

/* Whether a vault comes behind the one that a mark, an id, names. */
static bool is_behind(const struct kv_vault *vault, const struct arm_id *mark)
{
    return mark == NULL || compare(vault, mark->group, mark->leaf) > 0;
}

/* One of those that are listed: of the kind, in the group if the list is of one. */
static bool is_listed(const struct arm_call *call, const struct kv_vault *vault, bool deleted)
{
    enum kv_vault_kind kind = keyvault_kind(call);

    return vault->kind == kind && (vault->deleted != 0) == deleted
           && (call->id->group[0] == '\0' || strcasecmp(vault->group, call->id->group) == 0);
}

typedef enum kv_code render_fn(const struct arm_call *call, const struct kv_vault *vault,
                               cJSON **ret_item, struct kv_err *err);

static enum kv_code add(struct arm_call *call, struct arm_page *page, const struct kv_vault *vault,
                        render_fn *render, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *item = NULL;
    char mark[KV_RESOURCE_ID_MAX + 1], subscription[ARM_SUBSCRIPTION_SIZE];

    KV_TRY(render(call, vault, &item, err));
    arm_subscription(call->app, subscription);
    (void) snprintf(mark, sizeof(mark),
                    "%s/resourceGroups/%s/providers/Microsoft.KeyVault/vaults/%s", subscription,
                    vault->group, vault->name);
    return arm_page_add(page, kv_take(item), mark, err);
}

static enum kv_code fill(struct arm_call *call, struct arm_page *page, bool deleted,
                         render_fn *render, struct kv_err *err)
{
    kv_auto(kv_vault_list_done) struct kv_vault_list list = { .vault = NULL };
    struct arm_id mark;
    bool has_mark = page->after != NULL && arm_id_parse(page->after, &mark, NULL) == KV_OK;

    KV_TRY(kv_vaults_list(call->app->vaults, &list, err));
    qsort(list.vault, list.count, sizeof(list.vault[0]), compare_vaults);
    for (size_t i = 0; i < list.count; i++) {
        const struct kv_vault *vault = list.vault[i];

        if (!is_listed(call, vault, deleted) || !is_behind(vault, has_mark ? &mark : NULL)) {
            continue;
        }
        if (arm_page_is_full(page)) {
            page->has_more = true;
            return KV_OK;
        }
        KV_TRY(add(call, page, vault, render, err));
    }
    return KV_OK;
}

static enum kv_code render_living(const struct arm_call *call, const struct kv_vault *vault,
                                  cJSON **ret_item, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource envelope = { .id = NULL };

    KV_TRY(keyvault_envelope(call, vault, &envelope, err));
    return keyvault_render(call, vault, &envelope, ret_item, err);
}

enum kv_code keyvault_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    return fill(call, page, false, render_living, err);
}

enum kv_code keyvault_deleted_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    return fill(call, page, true, keyvault_deleted_render, err);
}
