/* SPDX-License-Identifier: Apache-2.0 */
#include "ids.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define RESOURCE_GROUPS "Microsoft.Resources/resourceGroups"
#define SUBSCRIPTIONS "Microsoft.Resources/subscriptions"

/* The next segment that is not empty; false when there is none. */
static bool next_segment(const char **at, const char **ret_start, size_t *ret_len)
{
    *at += strspn(*at, "/");
    *ret_start = *at;
    *ret_len = strcspn(*at, "/");
    *at += *ret_len;
    return *ret_len > 0;
}

size_t template_segments(const char *path)
{
    const char *start;
    size_t len, count = 0;

    while (next_segment(&path, &start, &len)) {
        count++;
    }
    return count;
}

static enum kv_code append_pair(struct template_budget *budget, const char *name, const char *value,
                                struct kv_buf *id, struct kv_err *err)
{
    if (value == NULL) {
        return KV_OK;
    }
    KV_TRY(template_append_text(budget, id, name, err));
    return template_append_text(budget, id, value, err);
}

enum kv_code template_append_scope(struct template_budget *budget,
                                   const struct kv_template_scope *scope, struct kv_buf *id,
                                   struct kv_err *err)
{
    switch (scope->level) {
    case KV_TEMPLATE_AT_TENANT:
        return KV_OK;
    case KV_TEMPLATE_AT_MANAGEMENT_GROUP:
        return append_pair(budget, "/providers/Microsoft.Management/managementGroups/",
                           scope->management_group, id, err);
    case KV_TEMPLATE_AT_SUBSCRIPTION:
        return append_pair(budget, "/subscriptions/", scope->subscription, id, err);
    case KV_TEMPLATE_AT_RESOURCE_GROUP:
        KV_TRY(append_pair(budget, "/subscriptions/", scope->subscription, id, err));
        return append_pair(budget, "/resourceGroups/", scope->resource_group, id, err);
    }
    return KV_OK;
}

static enum kv_code append_segment(struct template_budget *budget, const char **from,
                                   struct kv_buf *id, bool *fits, struct kv_err *err)
{
    const char *start;
    size_t len;

    *fits = next_segment(from, &start, &len);
    KV_TRY(template_append_text(budget, id, *fits ? "/" : "", err));
    return template_append(budget, id, start, len, err);
}

enum kv_code template_append_resource(struct template_budget *budget, const char *type,
                                      const char *names, struct kv_buf *id, bool *ret_fits,
                                      struct kv_err *err)
{
    size_t count = template_segments(names);
    bool is_group = strcasecmp(type, RESOURCE_GROUPS) == 0;
    bool fits = template_segments(type) == count + 1 && count > 0;

    *ret_fits = fits;
    if (!fits) {
        return KV_OK;
    }
    if (is_group || strcasecmp(type, SUBSCRIPTIONS) == 0) {
        type += strcspn(type, "/");
    } else {
        KV_TRY(template_append_text(budget, id, "/providers", err));
        KV_TRY(append_segment(budget, &type, id, &fits, err));
    }
    for (size_t i = 0; i < count; i++) {
        KV_TRY(append_segment(budget, &type, id, &fits, err));
        KV_TRY(append_segment(budget, &names, id, &fits, err));
    }
    return KV_OK;
}

bool template_fold_id(const char *id, char *ret_folded, size_t size)
{
    const char *start;
    size_t len, made = 0;

    while (next_segment(&id, &start, &len)) {
        if (made + len + 2 > size) {
            return false;
        }
        for (size_t i = 0; i < len; i++) {
            ret_folded[made++] = (char) tolower((unsigned char) start[i]);
        }
        ret_folded[made++] = '/';
    }
    ret_folded[made > 0 ? made - 1 : 0] = '\0';
    return true;
}
