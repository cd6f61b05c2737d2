/* SPDX-License-Identifier: Apache-2.0 */
/* The gate that asks who calls: contract §2. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "private.h"

/* How long a request waits before it asks again for keys that are being fetched: often at first, and
 * in all of its KV_WAITS_MAX waits longer than a fetch takes. */
#define WAIT_MS 20
#define LATER_WAIT_MS 120
#define WAITS_AT_FIRST 10

/* What each kind of host calls itself: its audience for all of its kind, and its application, whose
 * id is an audience, too (contract §2.2; that of managed HSMs is the one in lists of Microsoft's
 * applications). */
static const struct service {
    const char *audience, *app_id;
} services[] = {
    [KV_VAULT] = { "https://vault.azure.net", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093" },
    [KV_MANAGED_HSM] = { "https://managedhsm.azure.net", "589d5083-6f11-4d30-a62a-a4b316a14abf" },
};

/* The resource without its port, which some clients leave out: "https://vault.localhost". */
static void cut_port(const char *resource, char ret_cut[RESOURCE_SIZE])
{
    const char *host = strstr(resource, "://");
    const char *port = strrchr(resource, ':');
    bool has_port = host != NULL && port != NULL && port > host
                    && strspn(port + 1, "0123456789") == strlen(port + 1);

    (void) snprintf(ret_cut, RESOURCE_SIZE, "%.*s",
                    (int) (has_port ? (size_t) (port - resource) : strlen(resource)), resource);
}

enum kv_code kv_token_check(const struct kv_app *app, enum kv_vault_kind kind, const char *resource,
                            const char *token, struct kv_principal *ret_principal,
                            struct kv_token_verdict *ret_verdict, struct kv_err *err)
{
    const struct service *service = &services[kind];
    char without_port[RESOURCE_SIZE];
    const char *const audiences[] = { service->audience, resource, without_port, NULL };
    const struct kv_token_demand demand = {
        .audiences = audiences,
        .app_id = service->app_id,
        .when = kv_clock_token_time(app->clock),
    };

    cut_port(resource, without_port);
    return kv_identity_verify(app->identity, token, strlen(token), &demand, ret_principal,
                              ret_verdict, err);
}

/* Not at once, unless the client gets a new token when it is challenged, or this is wanted
 * (--revocation). */
enum kv_code kv_token_check_standing(const struct kv_app *app, const struct kv_principal *principal,
                                     const struct kv_token_verdict *verdict,
                                     kv_time *ret_reissue_after, struct kv_err *err)
{
    struct kv_principal_standing standing;

    if (app->principals == NULL || (!verdict->announces_cp1 && !app->revokes_at_once)) {
        return KV_OK;
    }
    KV_TRY(kv_principals_standing(app->principals, principal->object_id, &standing, err));
    if (standing.state == KV_PRINCIPAL_ENABLED && verdict->issued >= standing.revoked) {
        return KV_OK;
    }
    if (verdict->announces_cp1) {
        *ret_reissue_after =
            kv_seconds(standing.state == KV_PRINCIPAL_ENABLED ? standing.revoked : kv_clock_real());
    }
    return KV_REFUSE(err, KV_TEXT_TOKEN_REVOKED, 0);
}

enum kv_code kv_wait_for_keys(struct kv_request *request)
{
    kv_millis span = request->waits < WAITS_AT_FIRST ? WAIT_MS : LATER_WAIT_MS;

    return kv_step_wait(request, kv_clock_monotonic() + span);
}

/* The challenge itself is a header that the error renderer adds to every 401. */
enum kv_code gate_authenticate(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    static const char scheme[] = "Bearer ";
    struct kv_call *call = request->context;
    const char *authorization = kv_request_header(request, "Authorization");
    char resource[RESOURCE_SIZE];
    struct kv_token_verdict verdict;

    (void) response;
    if (kv_identity_auth(request->app->identity) == KV_AUTH_OFF) {
        return KV_OK;
    }
    if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0) {
        return KV_REFUSE(err, KV_TEXT_TOKEN_MISSING, 0);
    }
    authorization += strlen(scheme);
    authorization += strspn(authorization, " "); /* RFC 9110 §11.4: one or more */
    gate_resource(request, resource);
    KV_TRY(kv_token_check(request->app, call->vault->kind, resource, authorization,
                          &call->principal, &verdict, err));
    if (verdict.must_wait) {
        return kv_wait_for_keys(request);
    }
    return kv_token_check_standing(request->app, &call->principal, &verdict, &call->reissue_after,
                                   err);
}
