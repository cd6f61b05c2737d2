/* SPDX-License-Identifier: Apache-2.0 */
/* The gate that asks whether the vault lets a caller in from where it is: contract §9.3. Behind the
 * token, which the refusal names, and before anything that tells of the vault (contract §19 row 26). */
#include <stdio.h>
#include <string.h>

#include "kv/access/firewall.h"
#include "private.h"

#define RESOURCES_SIZE (2 * 256 + 32)

static void add_resource(char *text, size_t size, const char *name, const char *resource)
{
    size_t len = strlen(text);

    if (*resource != '\0') {
        (void) snprintf(text + len, size - len, ";%s=%s", name, resource);
    }
}

/* control-plane.md §5.5: what some refusals show of a managed identity beside the caller */
static void print_in_full(const struct kv_principal *who, const char *caller, char *ret_text,
                          size_t size)
{
    (void) snprintf(ret_text, size, "%s", caller);
    add_resource(ret_text, size, "xms_mirid", who->resource);
    add_resource(ret_text, size, "xms_az_rid", who->host);
}

/* By the resource that its token names, or because it was registered as one. */
static enum kv_code find_trust(const struct kv_request *request, bool *ret_is_trusted,
                               struct kv_err *err)
{
    const struct kv_principal *who = &kv_call_of(request)->principal;
    struct kv_principal_standing standing = { .trusted_service = false };

    *ret_is_trusted = kv_network_trusts(who->host) || kv_network_trusts(who->resource);
    if (*ret_is_trusted || kv_identity_auth(request->app->identity) == KV_AUTH_OFF) {
        return KV_OK;
    }
    KV_TRY(kv_principals_standing(request->app->principals, who->object_id, &standing, err));
    *ret_is_trusted = standing.trusted_service;
    return KV_OK;
}

enum kv_code gate_firewall(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    const struct kv_call *call = kv_call_of(request);
    const struct kv_principal *who = &call->principal;
    char caller[GATE_CALLER_SIZE], in_full[GATE_CALLER_SIZE + RESOURCES_SIZE];
    struct kv_network_question question = {
        .vault = call->vault,
        .client = request->client,
        .caller = caller,
        .caller_in_full = in_full,
        .now = request->now,
    };

    (void) response;
    KV_TRY(find_trust(request, &question.is_trusted, err));
    gate_print_caller(who, 0, caller);
    print_in_full(who, caller, in_full, sizeof(in_full));
    return kv_network_check(request->app->access, &question, err);
}
