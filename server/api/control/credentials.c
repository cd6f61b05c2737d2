/* SPDX-License-Identifier: Apache-2.0 */
/* What applications log in with, on the control port. A secret that coffer makes is in the answer
 * that tells of its making, and in no other. */
#include <stdio.h>
#include <string.h>

#include "identities.h"
#include "kv/base/secret.h"

#define LIFETIME_MAX INT64_C(3155760000) /* seconds: a century */

/* `secret` NULL: there is none to tell. */
static enum kv_code respond(const struct kv_credential *credential, const char *secret,
                            struct kv_response *response, struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = identities_render_credential(credential, &ok);

    if (secret != NULL) {
        kv_json_add_text(body, "secret", secret, &ok);
    }
    return kv_response_json(response, 201, ok ? body : NULL, err);
}

/* --- secrets --- */

struct sent_secret {
    const char *label, *secret;
    struct kv_maybe_int lifetime;
};

static enum kv_code read_expiry(const struct kv_request *request, const struct sent_secret *sent,
                                kv_time *ret_expires, struct kv_err *err)
{
    *ret_expires = KV_CREDENTIAL_ENDLESS;
    if (!sent->lifetime.given) {
        return KV_OK;
    }
    if (sent->lifetime.value < 0 || sent->lifetime.value > LIFETIME_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "lifetime is a number of seconds up to a century.");
    }
    *ret_expires = kv_seconds(request->now) + sent->lifetime.value;
    return KV_OK;
}

static enum kv_code make_secret(const struct kv_request *request, const struct sent_secret *sent,
                                kv_time expires, struct kv_response *response, struct kv_err *err)
{
    struct kv_credential credential;
    char secret[KV_MADE_SECRET_SIZE];

    KV_TRY(kv_principal_make_secret(request->app->principals, identities_name(request), sent->label,
                                    expires, &credential, secret, err));

    enum kv_code code = respond(&credential, secret, response, err);

    kv_wipe(secret, sizeof(secret));
    return code;
}

enum kv_code identities_secret_add(struct kv_request *request, struct kv_response *response,
                                   struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_secret, label, "label", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_secret, secret, "secret", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_secret, lifetime, "lifetime", KV_JSON_INT),
    };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct sent_secret sent = { .label = NULL };
    struct kv_credential credential;
    kv_time expires;

    KV_TRY(identities_bind(request, fields, KV_COUNT(fields), &sent, &body, err));
    KV_TRY(read_expiry(request, &sent, &expires, err));
    if (sent.secret == NULL) {
        return make_secret(request, &sent, expires, response, err);
    }
    KV_TRY(kv_principal_add_secret(request->app->principals, identities_name(request), sent.label,
                                   sent.secret, strlen(sent.secret), expires, &credential, err));
    return respond(&credential, NULL, response, err);
}

/* --- certificates --- */

struct sent_certificate {
    const char *label, *pem;
};

enum kv_code identities_certificate_add(struct kv_request *request, struct kv_response *response,
                                        struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_certificate, label, "label", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_certificate, pem, "pem", KV_JSON_STRING),
    };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct sent_certificate sent = { .label = NULL };
    struct kv_credential credential;

    KV_TRY(identities_bind(request, fields, KV_COUNT(fields), &sent, &body, err));
    if (sent.pem == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Give the certificate as pem.");
    }
    KV_TRY(kv_principal_add_certificate(request->app->principals, identities_name(request),
                                        sent.label, sent.pem, strlen(sent.pem), &credential, err));
    return respond(&credential, NULL, response, err);
}

/* --- federated credentials --- */

struct sent_federated {
    const char *label, *issuer, *subject, *audience;
};

enum kv_code identities_federated_add(struct kv_request *request, struct kv_response *response,
                                      struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_federated, label, "label", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_federated, issuer, "issuer", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_federated, subject, "subject", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_federated, audience, "audience", KV_JSON_STRING),
    };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct sent_federated sent = { .label = NULL };
    struct kv_credential credential;

    KV_TRY(identities_bind(request, fields, KV_COUNT(fields), &sent, &body, err));
    KV_TRY(kv_principal_add_federated(request->app->principals, identities_name(request),
                                      sent.label, sent.issuer, sent.subject, sent.audience,
                                      &credential, err));
    return respond(&credential, NULL, response, err);
}

/* --- removing --- */

static enum kv_code remove_one(const struct kv_request *request, enum kv_credential_kind kind,
                               struct kv_response *response, struct kv_err *err)
{
    KV_TRY(kv_principal_remove_credential(request->app->principals, identities_name(request), kind,
                                          kv_request_capture(request, "credential"), err));
    response->status = 204;
    return KV_OK;
}

enum kv_code identities_secret_remove(struct kv_request *request, struct kv_response *response,
                                      struct kv_err *err)
{
    return remove_one(request, KV_CREDENTIAL_SECRET, response, err);
}

enum kv_code identities_certificate_remove(struct kv_request *request, struct kv_response *response,
                                           struct kv_err *err)
{
    return remove_one(request, KV_CREDENTIAL_CERTIFICATE, response, err);
}

enum kv_code identities_federated_remove(struct kv_request *request, struct kv_response *response,
                                         struct kv_err *err)
{
    return remove_one(request, KV_CREDENTIAL_FEDERATED, response, err);
}
