/* SPDX-License-Identifier: Apache-2.0 */
/* The authority itself, and the tokens it issues; verify.c judges those that come back. */

#include "kv/identity/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "core.h"
#include "kv/base/secret.h"

static void fill_anyone(struct kv_identity *identity)
{
    struct kv_principal *anyone = &identity->anyone;
    struct kv_identity_card card;

    (void) kv_identity_card(identity, NULL, &card); /* the system-assigned one is always there */
    (void) snprintf(anyone->object_id, sizeof(anyone->object_id), "%s", card.object_id);
    (void) snprintf(anyone->app_id, sizeof(anyone->app_id), "%s", card.client_id);
    (void) snprintf(anyone->tenant, sizeof(anyone->tenant), "%s", identity->tenant);
    (void) snprintf(anyone->issuer, sizeof(anyone->issuer), "%s", identity->issuer_url);
    (void) snprintf(anyone->resource, sizeof(anyone->resource), "%s", card.resource);
}

enum kv_code kv_identity_new(const struct kv_identity_config *config,
                             struct kv_identity **ret_identity, struct kv_err *err)
{
    if (!kv_uuid_is_valid(config->tenant)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the tenant %s is not a GUID", config->tenant);
    }
    kv_auto(kv_identity_free) struct kv_identity *identity = calloc(1, sizeof(*identity));
    if (identity == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    identity->auth = config->auth;
    (void) snprintf(identity->tenant, sizeof(identity->tenant), "%s", config->tenant);
    kv_identity_issuer(identity->tenant, identity->issuer_url);
    identity_make_system(identity);
    fill_anyone(identity);
    identity->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (identity->sha256 == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL has no SHA-256");
    }
    KV_TRY(kv_seen_new(&identity->seen, err));
    KV_TRY(kv_issuer_new(config->folder, &identity->issuer, err));
    if (config->trusted_count > 0) {
        KV_TRY(kv_trust_new(config, identity->seen, &identity->trust, err));
    }
    *ret_identity = kv_take(identity);
    return KV_OK;
}

void kv_identity_free(struct kv_identity *identity)
{
    if (identity == NULL) {
        return;
    }
    kv_trust_free(identity->trust);
    kv_issuer_free(identity->issuer);
    kv_seen_free(identity->seen);
    EVP_MD_free(identity->sha256);
    free(identity);
}

enum kv_auth kv_identity_auth(const struct kv_identity *identity)
{
    return identity->auth;
}

const char *kv_identity_tenant(const struct kv_identity *identity)
{
    return identity->tenant;
}

void kv_token_done(struct kv_token *token)
{
    kv_wipe_free(token->text);
    token->text = NULL;
}

static enum kv_code check_resource(const char *resource, struct kv_err *err)
{
    if (*resource == '\0' || strlen(resource) > KV_RESOURCE_MAX || !kv_text_is_graphic(resource)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "the resource must be 1 to %d printable ASCII characters without blanks",
                       KV_RESOURCE_MAX);
    }
    return KV_OK;
}

static enum kv_code sign_claims(const struct kv_jws_key *key, const struct kv_token_order *order,
                                char **ret_text, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *claims = NULL;
    kv_auto(kv_buf_done) struct kv_buf payload;

    kv_buf_init(&payload, KV_TOKEN_MAX);
    KV_TRY(kv_claims_render(order, &claims, err));
    KV_TRY(kv_json_print(claims, &payload, err));
    return kv_jws_sign(key, payload.data, payload.len, ret_text, err);
}

enum kv_code kv_identity_issue_order(struct kv_identity *identity,
                                     const struct kv_token_order *order, struct kv_token *ret_token,
                                     struct kv_err *err)
{
    const struct kv_jws_key *key = NULL;
    char *text = NULL;

    KV_TRY(check_resource(order->audience, err));
    KV_TRY(kv_issuer_wait_key(identity->issuer, &key, err));
    KV_TRY(sign_claims(key, order, &text, err));
    *ret_token = (struct kv_token){
        .text = text,
        .not_before = kv_seconds(order->when.real) - order->early,
        .expires = kv_seconds(order->when.real) + order->lifetime,
    };
    return KV_OK;
}

enum kv_code kv_identity_issue(struct kv_identity *identity, const struct kv_identity_card *card,
                               const char *resource, const struct kv_token_time *when,
                               struct kv_token *ret_token, struct kv_err *err)
{
    const struct kv_token_order order = {
        .card = card,
        .tenant = identity->tenant,
        .audience = resource,
        .proof = "2",
        .when = *when,
        .lifetime = KV_TOKEN_LIFETIME,
    };

    return kv_identity_issue_order(identity, &order, ret_token, err);
}
