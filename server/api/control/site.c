/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control API as a site: who may use it, and how refusals look. It has no tokens; it is
 * protected by listening on loopback and by keeping web pages out (docs/options.md).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "kv/base/json.h"
#include "kv/http/loopback.h"
#include "private.h"

static enum kv_code refuse_strangers(struct kv_request *request, struct kv_response *response,
                                     struct kv_err *err)
{
    (void) response;
    return kv_loopback_check(request, NULL, request->app->control_names,
                             request->app->serves_siblings, err);
}

static bool is_write(enum kv_verb verb)
{
    return verb != KV_GET && verb != KV_HEAD && verb != KV_OPTIONS;
}

/* A form of a page cannot send this type without asking first, and asking is refused; nor can it
 * send the other verbs, which may go without a body. */
static enum kv_code check_media_type(struct kv_request *request, struct kv_response *response,
                                     struct kv_err *err)
{
    static const char json[] = "application/json";
    const char *type = kv_request_header(request, "Content-Type");
    size_t len = type == NULL ? 0 : strcspn(type, "; \t");

    (void) response;
    if (request->verb != KV_POST && request->body.len == 0) {
        return KV_OK;
    }
    if (is_write(request->verb) && (len != strlen(json) || strncasecmp(type, json, len) != 0)) {
        return KV_FAIL(err, KV_UNSUPPORTED_MEDIA_TYPE, 0,
                       "A write needs Content-Type: application/json.");
    }
    return KV_OK;
}

static void render_error(struct kv_request *request, const struct kv_err *err,
                         struct kv_response *response)
{
    const struct kv_err_row *row = kv_err_row(err->code);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;

    (void) request;
    cJSON *error = kv_json_add_object(body, "error", &ok);
    kv_json_add_text(error, "code", row->code, &ok);
    kv_json_add_text(error, "message", err->message, &ok);
    if (kv_response_json(response, row->status, ok ? body : NULL, NULL) != KV_OK) {
        response->status = row->status; /* out of memory: the status alone must do */
    }
}

/* The answer to a wrong verb is made here: only here it is known which are right. */
static enum kv_code refuse_unmatched(struct kv_request *request, struct kv_response *response,
                                     unsigned verbs_of_path, struct kv_err *err)
{
    char verbs[KV_VERBS_SIZE];

    if (verbs_of_path == 0) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is nothing under this path.");
    }
    kv_verbs_list(verbs_of_path, verbs);
    KV_IGNORE(KV_FAIL(err, KV_METHOD_NOT_ALLOWED, 0, "%s is not supported here, only %s.",
                      request->method, verbs)); /* rendered at once */
    render_error(request, err, response);
    KV_TRY(kv_response_header(response, err, "Allow", verbs));
    return kv_step_answer(request);
}

/* Probes and scrapers ask every few seconds: what only reads and succeeds is not worth a line. */
static void log_what_matters(const struct kv_request *request, const struct kv_response *response,
                             const struct kv_err *err, int64_t micros)
{
    if (response->status >= 400 || is_write(request->verb)) {
        kv_log_access(request, response, err, micros);
    }
}

const struct kv_route kv_control_routes[] = {
    { KV_GET, "/ready", control_ready, KV_LANE_INLINE },
    { KV_GET, "/health", control_health, KV_LANE_INLINE },
    { KV_GET, "/metrics", control_metrics, KV_LANE_INLINE },
    { KV_GET, "/ca.pem", control_ca, KV_LANE_INLINE },
    { KV_GET, "/ca.p12", control_ca_p12, KV_LANE_INLINE },
    { KV_GET, "/ca.jks", control_ca_jks, KV_LANE_INLINE },
    { KV_GET, "/generate-test-token", authority_attest, KV_LANE_WORK },
    { KV_GET, "/.well-known/openid-configuration", authority_describe, KV_LANE_INLINE },
    { KV_GET, "/certs", authority_keys, KV_LANE_WORK },
    { KV_GET, "/control/v1/info", control_info, KV_LANE_INLINE },
    { KV_GET, "/control/v1/hsm", control_hsm, KV_LANE_WORK }, /* it may be re-opening */
    { KV_GET, "/control/v1/clock", control_clock_get, KV_LANE_INLINE },
    { KV_POST, "/control/v1/clock", control_clock_set, KV_LANE_INLINE },
    { KV_GET, "/control/v1/vaults", control_vaults, KV_LANE_WORK }, /* 10 000 are megabytes */
    { KV_GET, "/control/v1/vaults/{name}", control_vault_get, KV_LANE_WORK },
    { KV_PUT, "/control/v1/vaults/{name}", control_vault_put, KV_LANE_WORK },
    { KV_PATCH, "/control/v1/vaults/{name}", control_vault_patch, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/vaults/{name}", control_vault_delete, KV_LANE_WORK },
    { KV_POST, "/control/v1/vaults/{name}/recover", control_vault_recover, KV_LANE_WORK },
    { KV_POST, "/control/v1/vaults/{name}/purge", control_vault_purge, KV_LANE_WORK },
    { KV_GET, "/control/v1/vaults/{name}/access", control_access, KV_LANE_WORK },
    { KV_PUT, "/control/v1/vaults/{name}/policies/{principal}", control_policy_put, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/vaults/{name}/policies/{principal}", control_policy_delete,
      KV_LANE_WORK },
    { KV_POST, "/control/v1/vaults/{name}/assignments", control_assignment_post, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/vaults/{name}/assignments", control_assignment_withdraw,
      KV_LANE_WORK },
    { KV_DELETE, "/control/v1/vaults/{name}/assignments/{assignment}", control_assignment_delete,
      KV_LANE_WORK },
    { KV_GET, "/control/v1/roles/{role}", control_role_get, KV_LANE_WORK },
    { KV_PUT, "/control/v1/roles/{role}", control_role_put, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/roles/{role}", control_role_delete, KV_LANE_WORK },
    { KV_GET, "/control/v1/identity", control_identity, KV_LANE_WORK },
    { KV_GET, "/control/v1/identities", identities_list, KV_LANE_WORK }, /* as many may be */
    { KV_GET, "/control/v1/identities/{name}", identities_get, KV_LANE_WORK },
    { KV_PUT, "/control/v1/identities/{name}", identities_put, KV_LANE_WORK },
    { KV_PATCH, "/control/v1/identities/{name}", identities_patch, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/identities/{name}", identities_delete, KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/disable", identities_disable, KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/enable", identities_enable, KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/recreate", identities_recreate, KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/revoke", identities_revoke, KV_LANE_WORK },
    { KV_GET, "/control/v1/identities/{name}/token", identities_token, KV_LANE_WORK },
    { KV_GET, "/control/v1/identities/{name}/federated-token", identities_federated_token,
      KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/members", identities_member_add, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/identities/{name}/members/{member}", identities_member_remove,
      KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/secrets", identities_secret_add, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/identities/{name}/secrets/{credential}", identities_secret_remove,
      KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/certificates", identities_certificate_add,
      KV_LANE_WORK },
    { KV_DELETE, "/control/v1/identities/{name}/certificates/{credential}",
      identities_certificate_remove, KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/federated-credentials", identities_federated_add,
      KV_LANE_WORK },
    { KV_DELETE, "/control/v1/identities/{name}/federated-credentials/{credential}",
      identities_federated_remove, KV_LANE_WORK },
    { KV_POST, "/control/v1/reset", control_reset, KV_LANE_WORK },
    { KV_GET, "/control/v1/ekm", external_show, KV_LANE_INLINE },
    { KV_POST, "/control/v1/ekm", external_connect, KV_LANE_INLINE },
    { KV_POST, "/control/v1/ekm/keys", external_make, KV_LANE_GENERATE },
    { 0 },
};

static const struct kv_gate gates[] = {
    { "strangers", refuse_strangers },
    { "media-type", check_media_type },
    { "route", kv_route_match },
    { 0 },
};

static const struct kv_route *const tables[] = { kv_control_routes, NULL };

const struct kv_site kv_control_site = {
    .name = "control",
    .tables = tables,
    .gates = gates,
    .unmatched = refuse_unmatched,
    .render_error = render_error,
    .finish = kv_loopback_finish,
    .after = log_what_matters,
};
