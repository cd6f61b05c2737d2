/* SPDX-License-Identifier: Apache-2.0 */
/* resourceId() and its kin. */
#include <string.h>

#include "functions.h"
#include "ids.h"

#define USAGE "Please see https://aka.ms/arm-resource-functions/#resourceid for usage details."
#define EVALUATE "Unable to evaluate template language function '%s': "

static enum kv_code refuse_arguments(struct template_eval *eval, const struct template_call *call,
                                     struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf said = { 0 };

    kv_buf_init(&said, TEMPLATE_TEXT_MAX);
    for (size_t i = 0; i < call->count; i++) {
        KV_TRY(template_append_text(eval->budget, &said, i > 0 ? "," : "", err));
        KV_TRY(template_append_text(eval->budget, &said, template_text(call, i), err));
    }
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   EVALUATE "function requires exactly one multi-segmented argument which must be "
                            "resource type including resource provider namespace. Current function "
                            "arguments '%.400s'. " USAGE,
                   call->row->name, said.data);
}

/* Which argument is the type: the only one with a slash, behind at most `before` others. */
static enum kv_code find_type(struct template_eval *eval, const struct template_call *call,
                              size_t start, size_t before, size_t *ret_index, struct kv_err *err)
{
    size_t found = call->count, many = 0;

    for (size_t i = start; i < call->count; i++) {
        if (strchr(template_text(call, i), '/') != NULL) {
            found = i;
            many++;
        }
    }
    if (many != 1 || found > start + before || template_segments(template_text(call, found)) < 2) {
        return refuse_arguments(eval, call, err);
    }
    *ret_index = found;
    return KV_OK;
}

/* Appends the resource that type and names from `index` on are. */
static enum kv_code append_resource(struct template_eval *eval, const struct template_call *call,
                                    size_t index, struct kv_buf *id, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf names = { 0 };
    const char *type = template_text(call, index);
    size_t wanted = template_segments(type) - 1;
    bool fits = false;

    kv_buf_init(&names, TEMPLATE_TEXT_MAX);
    for (size_t i = index + 1; i < call->count; i++) {
        KV_TRY(template_append_text(eval->budget, &names, "/", err));
        KV_TRY(template_append_text(eval->budget, &names, template_text(call, i), err));
    }
    if (call->count - index - 1 == wanted && names.len > 0) {
        KV_TRY(template_append_resource(eval->budget, type, names.data, id, &fits, err));
    }
    if (!fits) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       EVALUATE
                       "the type '%.200s' requires '%zu' resource name argument(s). " USAGE,
                       call->row->name, type, wanted);
    }
    return KV_OK;
}

static enum kv_code make_id(struct template_eval *eval, const struct template_call *call,
                            const struct kv_template_scope *scope, size_t index,
                            struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf id = { 0 };

    kv_buf_init(&id, TEMPLATE_TEXT_MAX);
    KV_TRY(template_append_scope(eval->budget, scope, &id, err));
    KV_TRY(append_resource(eval, call, index, &id, err));
    return template_make_buf(eval->budget, &id, ret_value, err);
}

/* resourceId([subscription], [group], type, name...), of a group unless the deployment is made
 * above groups. */
enum kv_code template_fn_resource_id(struct template_eval *eval, const struct template_call *call,
                                     struct template_value *ret_value, struct kv_err *err)
{
    struct kv_template_scope scope = *eval->scope;
    size_t index = 0;

    KV_TRY(find_type(eval, call, 0, 2, &index, err));
    if (index == 1 && scope.level == KV_TEMPLATE_AT_RESOURCE_GROUP) {
        scope.resource_group = template_text(call, 0);
    } else if (index == 1) {
        scope.level = KV_TEMPLATE_AT_SUBSCRIPTION;
        scope.subscription = template_text(call, 0);
    } else if (index == 2) {
        scope.level = KV_TEMPLATE_AT_RESOURCE_GROUP;
        scope.subscription = template_text(call, 0);
        scope.resource_group = template_text(call, 1);
    }
    return make_id(eval, call, &scope, index, ret_value, err);
}

enum kv_code template_fn_subscription_resource_id(struct template_eval *eval,
                                                  const struct template_call *call,
                                                  struct template_value *ret_value,
                                                  struct kv_err *err)
{
    struct kv_template_scope scope = { .level = KV_TEMPLATE_AT_SUBSCRIPTION,
                                       .subscription = eval->scope->subscription };
    size_t index = 0;

    KV_TRY(find_type(eval, call, 0, 1, &index, err));
    scope.subscription = index == 1 ? template_text(call, 0) : scope.subscription;
    return make_id(eval, call, &scope, index, ret_value, err);
}

enum kv_code template_fn_tenant_resource_id(struct template_eval *eval,
                                            const struct template_call *call,
                                            struct template_value *ret_value, struct kv_err *err)
{
    const struct kv_template_scope scope = { .level = KV_TEMPLATE_AT_TENANT };
    size_t index = 0;

    KV_TRY(find_type(eval, call, 0, 0, &index, err));
    return make_id(eval, call, &scope, index, ret_value, err);
}

enum kv_code template_fn_management_group_resource_id(struct template_eval *eval,
                                                      const struct template_call *call,
                                                      struct template_value *ret_value,
                                                      struct kv_err *err)
{
    struct kv_template_scope scope = { .level = KV_TEMPLATE_AT_MANAGEMENT_GROUP,
                                       .management_group = eval->scope->management_group };
    size_t index = 0;

    KV_TRY(find_type(eval, call, 0, 1, &index, err));
    scope.management_group = index == 1 ? template_text(call, 0) : scope.management_group;
    return make_id(eval, call, &scope, index, ret_value, err);
}

enum kv_code template_fn_extension_resource_id(struct template_eval *eval,
                                               const struct template_call *call,
                                               struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf id = { 0 };
    const char *base = template_text(call, 0);
    size_t len = strlen(base), index = 0;

    KV_TRY(find_type(eval, call, 1, 0, &index, err));
    while (len > 0 && base[len - 1] == '/') {
        len--;
    }
    kv_buf_init(&id, TEMPLATE_TEXT_MAX);
    KV_TRY(template_append(eval->budget, &id, base, len, err));
    KV_TRY(append_resource(eval, call, index, &id, err));
    return template_make_buf(eval->budget, &id, ret_value, err);
}
