/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens for whoever is registered, without a log-in: what `coffer token` and `coffer env` ask for. */
#include <string.h>

#include "identities.h"

/* The application by which users log in: the command line of Azure. */
#define USERS_APPLICATION "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
#define USERS_SCOPE "user_impersonation"
#define FEDERATED_LIFETIME 31536000 /* seconds: no cluster is there to renew the file */

static enum kv_code find_enabled(const struct kv_request *request,
                                 struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    KV_TRY(kv_principals_find_name(request->app->principals, identities_name(request), ret_entry,
                                   err));
    if (ret_entry->state == KV_PRINCIPAL_DISABLED) {
        return KV_FAIL(err, KV_CONFLICT, 0, "The identity '%s' is disabled.", ret_entry->name);
    }
    if (ret_entry->type == KV_PRINCIPAL_GROUP) {
        return KV_FAIL(err, KV_CONFLICT, 0, "'%s' is a group, which has no tokens.",
                       ret_entry->name);
    }
    return KV_OK;
}

static enum kv_code fill_user(const struct kv_request *request,
                              const struct kv_principal_entry *entry,
                              char groups[][KV_UUID_LENGTH + 1], struct kv_identity_card *card,
                              struct kv_token_order *order, struct kv_err *err)
{
    memcpy(card->client_id, USERS_APPLICATION, sizeof(USERS_APPLICATION));
    order->proof = "0";
    order->upn = entry->upn;
    order->scope = USERS_SCOPE;
    order->groups = (const char(*)[KV_UUID_LENGTH + 1]) groups;
    return kv_principals_groups(request->app->principals, entry->object_id, groups,
                                KV_PRINCIPAL_GROUPS_MAX, &order->group_count, err);
}

static enum kv_code issue(const struct kv_request *request, const char *resource,
                          struct kv_token *ret_token, struct kv_err *err)
{
    char groups[KV_PRINCIPAL_GROUPS_MAX][KV_UUID_LENGTH + 1];
    struct kv_principal_entry entry;
    struct kv_identity_card card;
    struct kv_token_order order = {
        .card = &card,
        .tenant = entry.tenant,
        .audience = resource,
        .when = kv_clock_token_time(request->app->clock),
        .lifetime = KV_TOKEN_LIFETIME,
    };

    KV_TRY(find_enabled(request, &entry, err));
    kv_principal_card(&entry, &card);
    order.proof = entry.type == KV_PRINCIPAL_APPLICATION ? "1" : "2";
    if (entry.type == KV_PRINCIPAL_USER) {
        KV_TRY(fill_user(request, &entry, groups, &card, &order, err));
    }
    return kv_identity_issue_order(request->app->identity, &order, ret_token, err);
}

static enum kv_code respond(const struct kv_token *token, struct kv_response *response,
                            struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;

    kv_json_add_text(body, "access_token", token->text, &ok);
    kv_json_add_int(body, "not_before", token->not_before, &ok);
    kv_json_add_int(body, "expires_on", token->expires, &ok);
    kv_json_add_text(body, "token_type", "Bearer", &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code identities_token(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    const char *resource = kv_request_query(request, "resource");
    kv_auto(kv_token_done) struct kv_token token = { .text = NULL };

    if (resource == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Give what the token is for as ?resource=.");
    }
    KV_TRY(issue(request, resource, &token, err));
    return respond(&token, response, err);
}

enum kv_code identities_federated_token(struct kv_request *request, struct kv_response *response,
                                        struct kv_err *err)
{
    const struct kv_token_time when = kv_clock_token_time(request->app->clock);
    kv_auto(kv_token_done) struct kv_token token = { .text = NULL };
    struct kv_principal_entry entry;

    KV_TRY(find_enabled(request, &entry, err));
    if (entry.client_id[0] == '\0') {
        return KV_FAIL(err, KV_CONFLICT, 0, "'%s' is a user, who is no workload.", entry.name);
    }
    KV_TRY(kv_identity_issue_federated(request->app->identity, entry.client_id, &when,
                                       FEDERATED_LIFETIME, &token, err));
    return respond(&token, response, err);
}
