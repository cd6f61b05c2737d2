/* SPDX-License-Identifier: Apache-2.0 */
/* Which managed identity a token is for (control-plane.md §5.3, §5.4). */
#include "private.h"

typedef enum kv_code find_fn(struct kv_principals *principals, const char *text,
                             struct kv_principal_entry *ret_entry, struct kv_err *err);

/* How a request names the identity; coffer takes a name wherever a client id goes. */
static const struct selector {
    const char *parameter;
    find_fn *find;
} selectors[] = {
    { "client_id", kv_principals_find_name },   { "clientid", kv_principals_find_name },
    { "mi_res_id", kv_principals_find_name },   { "msi_res_id", kv_principals_find_name },
    { "object_id", kv_principals_find_object }, { "principal_id", kv_principals_find_object },
};

const char *token_parameter(const struct kv_request *request, const char *name)
{
    const char *value = kv_request_query(request, name);

    return value != NULL && *value != '\0' ? value : NULL;
}

/* *ret_selector NULL: none is given. */
static enum kv_code find_selector(const struct kv_request *request,
                                  const struct selector **ret_selector, struct kv_err *err)
{
    *ret_selector = NULL;
    for (size_t i = 0; i < KV_COUNT(selectors); i++) {
        if (token_parameter(request, selectors[i].parameter) == NULL) {
            continue;
        }
        if (*ret_selector != NULL) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s and %s cannot be given together",
                           (*ret_selector)->parameter, selectors[i].parameter);
        }
        *ret_selector = &selectors[i];
    }
    return KV_OK;
}

/* Applications, users and groups are no managed identities; a disabled one gets no token. */
static bool may_have_token(const struct kv_principal_entry *entry)
{
    bool is_managed =
        entry->type == KV_PRINCIPAL_SYSTEM_ASSIGNED || entry->type == KV_PRINCIPAL_USER_ASSIGNED;

    return is_managed && entry->state == KV_PRINCIPAL_ENABLED;
}

static enum kv_code find(const struct kv_request *request, const struct selector *selector,
                         struct kv_principal_entry *entry, struct kv_err *err)
{
    struct kv_principals *principals = request->app->principals;

    return selector == NULL
               ? kv_principals_find_managed(principals, entry, err)
               : selector->find(principals, token_parameter(request, selector->parameter), entry,
                                err);
}

/* How each of them says that there is no such identity: App Service makes a difference between one
 * that is named and the one of the host. */
static const char *word_missing(const struct kv_request *request, const struct selector *selector)
{
    if (!token_is_of_app_service(request)) {
        return "Identity not found";
    }
    return selector != NULL ? "No User Assigned or Delegated Managed Identity found for specified "
                              "ClientId/ResourceId/PrincipalId."
                            : "No Managed Identity found for specified "
                              "ClientId/ResourceId/PrincipalId.";
}

enum kv_code token_pick(const struct kv_request *request, struct kv_principal_entry *ret_entry,
                        struct kv_err *err)
{
    const struct selector *selector;
    struct kv_principal_entry entry;
    enum kv_code code;

    KV_TRY(find_selector(request, &selector, err));
    code = find(request, selector, &entry, err);
    if (code == KV_CONFLICT) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Multiple user assigned identities exist, please specify the clientId / "
                       "resourceId of the identity in the token request");
    }
    if (code == KV_NOT_FOUND || (code == KV_OK && !may_have_token(&entry))) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s", word_missing(request, selector));
    }
    KV_TRY(code);
    *ret_entry = entry;
    return KV_OK;
}
