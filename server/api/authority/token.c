/* SPDX-License-Identifier: Apache-2.0 */
/* The token endpoint: a row for each grant, and the answer in both versions (control-plane.md §5.1). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "kv/base/json.h"
#include "private.h"

#define FORM_TYPE "application/x-www-form-urlencoded"
#define CLIENT_CREDENTIALS "client_credentials"
#define PATIENCE_MS 5000 /* for keys of an issuer that are being fetched */

typedef enum kv_code grant_fn(struct authority_order *order, struct kv_response *response,
                              struct kv_err *err);

void authority_order_done(struct authority_order *order)
{
    form_done(&order->form);
    kv_buf_done(&order->basic);
}

/* Without a form the body says nothing: the service misses the grant_type then. */
static bool has_form(const struct kv_request *request)
{
    const char *type = kv_request_header(request, "Content-Type");
    size_t len = type != NULL ? strcspn(type, "; \t") : 0;

    return len == strlen(FORM_TYPE) && strncasecmp(type, FORM_TYPE, len) == 0;
}

enum kv_code authority_begin_order(struct authority_order *order, struct kv_err *err)
{
    const struct kv_request *request = order->request;

    KV_TRY(authority_find_tenant(request, &order->tenant, err));
    if (has_form(request)) {
        KV_TRY(form_parse(request->body.data, request->body.len, &order->form, err));
    }
    return KV_OK;
}

/* --- the application's own token --- */

static void add_number_text(cJSON *body, const char *name, int64_t number, bool *ok)
{
    char text[24];

    (void) snprintf(text, sizeof(text), "%" PRId64, number);
    kv_json_add_text(body, name, text, ok);
}

/* All members are texts. */
static cJSON *render_v1(const struct authority_order *order, const struct kv_token *token)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_text(body, "token_type", "Bearer", &ok);
    add_number_text(body, "expires_in", AUTHORITY_LIFETIME - 1, &ok);
    add_number_text(body, "ext_expires_in", AUTHORITY_LIFETIME - 1, &ok);
    add_number_text(body, "expires_on", token->expires, &ok);
    add_number_text(body, "not_before", token->not_before, &ok);
    kv_json_add_text(body, "resource", order->resource, &ok);
    kv_json_add_text(body, "access_token", token->text, &ok);
    return ok ? kv_take(body) : NULL;
}

static cJSON *render_v2(const struct kv_token *token)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_text(body, "token_type", "Bearer", &ok);
    kv_json_add_int(body, "expires_in", AUTHORITY_LIFETIME - 1, &ok);
    kv_json_add_int(body, "ext_expires_in", AUTHORITY_LIFETIME - 1, &ok);
    kv_json_add_text(body, "access_token", token->text, &ok);
    return ok ? kv_take(body) : NULL;
}

static enum kv_code issue(const struct authority_order *order, struct kv_token *ret_token,
                          struct kv_err *err)
{
    struct kv_identity_card card;
    const struct kv_token_order token = {
        .card = &card,
        .tenant = order->tenant.id,
        .audience = order->resource,
        .proof = order->proof,
        .announces_cp1 = order->announces_cp1,
        .when = kv_clock_token_time(order->request->app->clock),
        .early = AUTHORITY_EARLY,
        .lifetime = AUTHORITY_LIFETIME,
    };

    memcpy(card.client_id, order->client.client_id, sizeof(card.client_id));
    memcpy(card.object_id, order->client.object_id, sizeof(card.object_id));
    memcpy(card.resource, order->client.resource, sizeof(card.resource));
    return kv_fault_issue(order->request, &token, ret_token, err);
}

static enum kv_code grant_client(struct authority_order *order, struct kv_response *response,
                                 struct kv_err *err)
{
    kv_auto(kv_token_done) struct kv_token token = { 0 };
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    KV_TRY(authority_read_resource(order, false, err));
    KV_TRY(authority_read_claims(order, err));
    KV_TRY(authority_find_client(order, err));
    KV_TRY(authority_prove_client(order, err));
    KV_TRY(issue(order, &token, err));
    body = order->is_v1 ? render_v1(order, &token) : render_v2(&token);
    return kv_response_json(response, 200, body, err);
}

/* --- grants --- */

static const struct grant {
    const char *name;
    grant_fn *run;
} grants[] = {
    { CLIENT_CREDENTIALS, grant_client },
    { "refresh_token", authority_grant_refresh },
    { "urn:ietf:params:oauth:grant-type:device_code", authority_grant_device },
    { "device_code", authority_grant_device },
};

static enum kv_code find_grant(const struct authority_order *order, grant_fn **ret_run,
                               struct kv_err *err)
{
    const char *name = form_find(&order->form, "grant_type");

    if (name == NULL) {
        return AADSTS_REFUSE(err, 900144, "grant_type");
    }
    for (size_t i = 0; i < KV_COUNT(grants); i++) {
        if (strcasecmp(grants[i].name, name) == 0) {
            *ret_run = grants[i].run;
            return KV_OK;
        }
    }
    return AADSTS_REFUSE(err, 70003, name);
}

static enum kv_code run_grant(struct authority_order *order, struct kv_response *response,
                              struct kv_err *err)
{
    grant_fn *run = NULL;

    KV_TRY(authority_begin_order(order, err));
    KV_TRY(find_grant(order, &run, err));
    KV_TRY(authority_read_client(order, err));
    return run(order, response, err);
}

/* --- keys of issuers --- */

/* The assertion of a form that has to be judged; it is borrowed from the form. NULL: there is none. */
static const char *find_assertion(const struct form *form)
{
    const char *grant = form_find(form, "grant_type");
    bool is_ours = grant != NULL && strcasecmp(grant, CLIENT_CREDENTIALS) == 0;

    return is_ours ? form_find(form, "client_assertion") : NULL;
}

static bool lacks_keys(const struct kv_request *request)
{
    kv_auto(form_done) struct form form = { .text = NULL };
    struct kv_err err;
    const char *assertion = NULL;

    if (has_form(request)
        && form_parse(request->body.data, request->body.len, &form, &err) == KV_OK) {
        assertion = find_assertion(&form);
    }
    return assertion != NULL && authority_lacks_keys(request, assertion);
}

/* What the form has of faults is for the handler to say, and that keys do not come, too. */
enum kv_code authority_await_keys(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    struct authority_call *call = request->context; /* begin_call() was the first gate */

    (void) response;
    (void) err;
    if (request->route->operation != KV_OPERATION_AUTHORITY_TOKEN || !lacks_keys(request)) {
        return KV_OK;
    }
    if (request->waits == 0) {
        call->patience = kv_clock_monotonic() + PATIENCE_MS;
    }
    return kv_clock_monotonic() < call->patience ? kv_wait_for_keys(request) : KV_OK;
}

/* --- the routes --- */

static enum kv_code answer(struct kv_request *request, struct kv_response *response, bool is_v1,
                           struct kv_err *err)
{
    kv_auto(authority_order_done) struct authority_order order = { .request = request,
                                                                   .is_v1 = is_v1 };

    return run_grant(&order, response, err);
}

enum kv_code authority_token_v1(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    return answer(request, response, true, err);
}

enum kv_code authority_token_v2(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    return answer(request, response, false, err);
}

static enum kv_code answer_device(struct kv_request *request, struct kv_response *response,
                                  bool is_v1, struct kv_err *err)
{
    kv_auto(authority_order_done) struct authority_order order = { .request = request,
                                                                   .is_v1 = is_v1 };

    KV_TRY(authority_begin_order(&order, err));
    KV_TRY(authority_read_client(&order, err));
    return authority_start_device(&order, response, err);
}

enum kv_code authority_device_v1(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    return answer_device(request, response, true, err);
}

enum kv_code authority_device_v2(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    return answer_device(request, response, false, err);
}
