/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a token is for, and what else it is to say: `resource` of the first version, `scope` of the second (control-plane.md §5.1).
 * Nothing of a resource is changed, neither its port nor a slash at its end: what a service makes of
 * an audience is its own business.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

#define SUFFIX "/.default"
#define DIRECTORY "https://graph.microsoft.com" /* what a user's token is for by itself */
#define INVALID_DOMAIN ".invalid"               /* RFC 2606 §2: nobody has one below it */

/* Scopes that are about the answer and not about a resource. */
static const char *const extras[] = { "openid", "profile", "email", "offline_access",
                                      "allatclaims" };

static bool is_extra(const char *scope, size_t len)
{
    for (size_t i = 0; i < KV_COUNT(extras); i++) {
        if (strlen(extras[i]) == len && strncasecmp(extras[i], scope, len) == 0) {
            return true;
        }
    }
    return false;
}

/* One of a list of scopes; not NUL-terminated. */
struct scope {
    const char *text;
    size_t len;
};

/* The only one that names a resource; false if there are several. */
static bool find_scope(const char *list, struct scope *ret_scope)
{
    *ret_scope = (struct scope){ .len = 0 };
    for (list += strspn(list, " "); *list != '\0'; list += strspn(list, " ")) {
        size_t len = strcspn(list, " ");

        if (!is_extra(list, len)) {
            if (ret_scope->len > 0) {
                return false;
            }
            *ret_scope = (struct scope){ list, len };
        }
        list += len;
    }
    return true;
}

static bool has_suffix(const struct scope *scope)
{
    size_t len = strlen(SUFFIX);

    return scope->len > len && strncmp(scope->text + scope->len - len, SUFFIX, len) == 0;
}

/* Where the name of the resource ends in a scope of a user: before its last part, if it has one. */
static size_t find_end(const struct scope *scope)
{
    const char *slash = memrchr(scope->text, '/', scope->len);
    bool is_of_url = slash != NULL && slash > scope->text && slash[-1] == '/';

    return slash == NULL || is_of_url ? scope->len : (size_t) (slash - scope->text);
}

static bool is_below_invalid(const char *resource)
{
    const char *host = strstr(resource, "://");
    size_t tail = strlen(INVALID_DOMAIN);
    size_t len = host != NULL ? strcspn(host + 3, ":/") : 0;

    return len >= tail && strncasecmp(host + 3 + len - tail, INVALID_DOMAIN, tail) == 0;
}

/* A URI with something behind its scheme, or an application's id, with or without spn: before it. */
static bool can_be_resource(const char *resource)
{
    static const char spn[] = "spn:";
    const char *colon = strstr(resource, "://");
    bool is_spn = strncasecmp(resource, spn, strlen(spn)) == 0;

    for (const char *at = resource; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~') {
            return false;
        }
    }
    return (colon != NULL && colon > resource && colon[3] != '\0')
           || kv_uuid_is_valid(resource + (is_spn ? strlen(spn) : 0));
}

static enum kv_code take_resource(struct authority_order *order, const char *text, size_t len,
                                  struct kv_err *err)
{
    const char *tenant = order->tenant.id;
    bool fits = len <= KV_RESOURCE_MAX;

    (void) snprintf(order->resource, sizeof(order->resource), "%.*s",
                    (int) (fits ? len : KV_RESOURCE_MAX), text);
    if (fits && can_be_resource(order->resource) && !is_below_invalid(order->resource)) {
        return KV_OK;
    }
    return order->request->app->build->year == KV_BUILD_2021
               ? AADSTS_REFUSE(err, 50001, order->resource, tenant)
               : AADSTS_REFUSE(err, 500011, order->resource, tenant);
}

static enum kv_code read_scope(struct authority_order *order, const char *list, bool for_user,
                               struct kv_err *err)
{
    struct scope scope;

    if (!find_scope(list, &scope)) {
        return AADSTS_REFUSE(err, 70011, list);
    }
    if (scope.len == 0) {
        return for_user ? take_resource(order, DIRECTORY, strlen(DIRECTORY), err)
                        : AADSTS_REFUSE(err, 1002012, list);
    }
    if (has_suffix(&scope)) {
        return take_resource(order, scope.text, scope.len - strlen(SUFFIX), err);
    }
    return for_user ? take_resource(order, scope.text, find_end(&scope), err)
                    : AADSTS_REFUSE(err, 1002012, list);
}

enum kv_code authority_read_resource(struct authority_order *order, bool for_user,
                                     struct kv_err *err)
{
    const char *resource = form_find(&order->form, "resource");
    const char *scope = form_find(&order->form, "scope");

    if (order->is_v1 && resource != NULL) {
        return take_resource(order, resource, strlen(resource), err);
    }
    order->is_v1 = order->is_v1 && scope == NULL; /* AD FS answers whoever sends a scope */
    if (scope == NULL && !for_user) {
        return AADSTS_REFUSE(err, 900144, order->is_v1 ? "resource" : "scope");
    }
    return read_scope(order, scope != NULL ? scope : "", for_user, err);
}

enum kv_code authority_read_claims(struct authority_order *order, struct kv_err *err)
{
    const char *claims = form_find(&order->form, "claims");

    return claims == NULL || kv_identity_read_claims_request(claims, &order->announces_cp1)
               ? KV_OK
               : AADSTS_REFUSE(err, 9002313);
}
