/* SPDX-License-Identifier: Apache-2.0 */
/* The gate that asks whether the vault lets a caller in from where it is: contract §9.3. Behind the
 * token, which the refusal names, and before anything that tells of the vault (contract §19 row 26). */
#include "kv/access/firewall.h"
#include "kv/identity/caller.h"
#include "private.h"

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

/*
 * A reset puts another vault in the place of the one that the request found, and what that one had
 * is gone, its firewall too: whoever it would have kept out must not be let in for that.
 */
static enum kv_code check_vault_is_there(const struct kv_request *request, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault =
        kv_vaults_acquire_id(request->app->vaults, kv_call_of(request)->vault->id);

    return vault != NULL ? KV_OK
                         : KV_FAIL(err, KV_VAULT_NOT_FOUND, 0, "The vault '%s' was not found.",
                                   request->host);
}

enum kv_code gate_firewall(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    const struct kv_call *call = kv_call_of(request);
    const struct kv_principal *who = &call->principal;
    char caller[KV_CALLER_SIZE], in_full[KV_CALLER_IN_FULL_SIZE];
    struct kv_network_question question = {
        .vault = call->vault,
        .client = request->client,
        .caller = caller,
        .caller_in_full = in_full,
        .now = request->now,
    };

    (void) response;
    KV_TRY(find_trust(request, &question.is_trusted, err));
    kv_caller_print(who, 0, caller);
    kv_caller_print_in_full(who, in_full);
    KV_TRY(kv_network_check(request->app->access, &question, err));
    return check_vault_is_there(request, err);
}
