/* SPDX-License-Identifier: Apache-2.0 */
/* The token endpoint: a row for each grant, and the answer in both versions (control-plane.md §5.1). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "kv/app/api.h"
#include "kv/base/json.h"
#include "private.h"

#define FORM_TYPE "application/x-www-form-urlencoded"
#define PATIENCE_MS 5000 /* for keys of an issuer that are being fetched */
#define PAUSE_US 20000

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
    if (order->must_wait) {
        return KV_OK;
    }
    KV_TRY(issue(order, &token, err));
    body = order->is_v1 ? render_v1(order, &token) : render_v2(&token);
    return kv_response_json(response, 200, body, err);
}

/* --- grants --- */

static const struct grant {
    const char *name;
    grant_fn *run;
} grants[] = {
    { "client_credentials", grant_client },
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

/* Asked again until the keys are there; one of few threads waits, those for what lies outside. */
static enum kv_code answer_at_leisure(struct kv_request *request, struct kv_response *response,
                                      bool is_v1, struct kv_err *err)
{
    kv_millis end = kv_clock_monotonic() + PATIENCE_MS;

    while (kv_clock_monotonic() < end) {
        kv_auto(authority_order_done) struct authority_order order = { .request = request,
                                                                       .is_v1 = is_v1 };

        KV_TRY(run_grant(&order, response, err));
        if (!order.must_wait) {
            return KV_OK;
        }
        (void) usleep(PAUSE_US); /* an early end does no harm */
    }
    return AADSTS_REFUSE(err, 90033);
}

static enum kv_code answer_v1_later(struct kv_request *request, struct kv_response *response,
                                    struct kv_err *err)
{
    return answer_at_leisure(request, response, true, err);
}

static enum kv_code answer_v2_later(struct kv_request *request, struct kv_response *response,
                                    struct kv_err *err)
{
    return answer_at_leisure(request, response, false, err);
}

static enum kv_code answer(struct kv_request *request, struct kv_response *response, bool is_v1,
                           struct kv_err *err)
{
    kv_auto(authority_order_done) struct authority_order order = { .request = request,
                                                                   .is_v1 = is_v1 };

    KV_TRY(run_grant(&order, response, err));
    return order.must_wait ? kv_request_continue(request, KV_LANE_OUTSIDE,
                                                 is_v1 ? answer_v1_later : answer_v2_later)
                           : KV_OK;
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
