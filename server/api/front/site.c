/* SPDX-License-Identifier: Apache-2.0 */
/* The fronts as a site of the HTTPS port: which paths they have, and how their answers look. */
#include <stdio.h>
#include <string.h>

#include "kv/app/api.h"
#include "private.h"

#define DICOM_BODY_MAX KV_RECORD_DATA_MAX

static bool serves(const struct kv_request *request)
{
    return front_kind_of(request->host) != 0;
}

static bool offers(const struct kv_request *request, const struct kv_route *route)
{
    return (front_terms_of(route)->kinds & front_kind_of(request->host)) != 0;
}

static size_t choose_body_max(const struct kv_request *request)
{
    return front_kind_of(request->host) == FRONT_DICOM ? DICOM_BODY_MAX : FRONT_FHIR_BODY_MAX;
}

static enum kv_code check_body(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    (void) response;
    if (request->body_is_too_large) {
        return KV_FAIL(err, KV_BODY_TOO_LARGE, 0, "The body may have %zu bytes.",
                       choose_body_max(request));
    }
    return KV_OK;
}

static enum kv_code refuse_unmatched(struct kv_request *request, struct kv_response *response,
                                     unsigned verbs_of_path, struct kv_err *err)
{
    char verbs[KV_VERBS_SIZE];

    (void) response;
    if (verbs_of_path == 0) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "This service of coffer's has no such path.");
    }
    kv_verbs_list(verbs_of_path, verbs);
    return KV_FAIL(err, KV_METHOD_NOT_ALLOWED, 0, "%.32s is not supported here, only %s.",
                   request->method, verbs);
}

/* What is wrong inside is in the log, and for nobody else. */
static void render_error(struct kv_request *request, const struct kv_err *err,
                         struct kv_response *response)
{
    int status = kv_err_row(err->code)->status;
    const char *text = status == 500 ? "The service failed to answer the request." : err->message;

    kv_response_reset(response);
    if (front_say(request, status, text, response, NULL) != KV_OK) {
        response->status = status;
    }
    if (status == 401) {
        char challenge[256];

        (void) snprintf(challenge, sizeof(challenge),
                        "Bearer authorization_uri=\"https://login.microsoftonline.com/%.64s\"",
                        kv_identity_tenant(request->app->identity));
        KV_IGNORE(kv_response_header(response, NULL, "WWW-Authenticate", challenge));
    }
}

/* A header is left out if memory is short; the answer is still right. */
static void finish(struct kv_request *request, struct kv_response *response)
{
    char date[KV_HTTP_DATE_SIZE];

    kv_time_render_http(kv_seconds(request->now), date);
    KV_IGNORE(kv_response_header(response, NULL, "X-Request-Id", request->id));
    KV_IGNORE(kv_response_header(response, NULL, "Cache-Control", "no-cache"));
    KV_IGNORE(kv_response_header(response, NULL, "Strict-Transport-Security",
                                 "max-age=31536000; includeSubDomains"));
    KV_IGNORE(kv_response_header(response, NULL, "X-Content-Type-Options", "nosniff"));
    KV_IGNORE(kv_response_header(response, NULL, "Date", date));
}

/* Who reads them sees what was asked, and nothing of the data. */
static void log_and_note(const struct kv_request *request, const struct kv_response *response,
                         const struct kv_err *err, int64_t micros)
{
    front_log(request, response, err, micros);
    kv_journal_answer(KV_JOURNAL_SERVICE, request, response, err, micros);
}

#define OPEN(kinds_)                                                                               \
    &(const struct front_terms)                                                                    \
    {                                                                                              \
        .kinds = (kinds_), .is_open = true                                                         \
    }
#define WORK(kinds_, work_)                                                                        \
    &(const struct front_terms)                                                                    \
    {                                                                                              \
        .kinds = (kinds_), .work = (work_)                                                         \
    }
#define INSTANCE "/studies/{study}/series/{series}/instances/{instance}"

/* Data is in the store: each of these waits for it. */
const struct kv_route kv_front_routes[] = {
    { KV_GET, "/metadata", front_capabilities, KV_LANE_INLINE, OPEN(FRONT_FHIR),
      KV_OPERATION_FHIR_CAPABILITIES },
    { KV_GET, "/health/check", front_health, KV_LANE_INLINE, OPEN(FRONT_FHIR | FRONT_DICOM),
      KV_OPERATION_HEALTH_CHECK },
    { KV_GET, "/{type}", front_run, KV_LANE_WORK, WORK(FRONT_FHIR, fhir_search),
      KV_OPERATION_FHIR_SEARCH },
    { KV_POST, "/{type}", front_run, KV_LANE_WORK, WORK(FRONT_FHIR, fhir_create),
      KV_OPERATION_FHIR_CREATE },
    { KV_GET, "/{type}/{id}", front_run, KV_LANE_WORK, WORK(FRONT_FHIR, fhir_read),
      KV_OPERATION_FHIR_READ },
    { KV_PUT, "/{type}/{id}", front_run, KV_LANE_WORK, WORK(FRONT_FHIR, fhir_update),
      KV_OPERATION_FHIR_UPDATE },
    { KV_GET, "/{type}/{id}/_history/{version}", front_run, KV_LANE_WORK,
      WORK(FRONT_FHIR, fhir_read_version), KV_OPERATION_FHIR_READ_VERSION },
    { KV_POST, "/v1/studies", front_run, KV_LANE_WORK, WORK(FRONT_DICOM, dicom_store),
      KV_OPERATION_DICOM_STORE },
    { KV_POST, "/v2/studies", front_run, KV_LANE_WORK, WORK(FRONT_DICOM, dicom_store),
      KV_OPERATION_DICOM_STORE },
    { KV_POST, "/v1/studies/{study}", front_run, KV_LANE_WORK, WORK(FRONT_DICOM, dicom_store),
      KV_OPERATION_DICOM_STORE },
    { KV_POST, "/v2/studies/{study}", front_run, KV_LANE_WORK, WORK(FRONT_DICOM, dicom_store),
      KV_OPERATION_DICOM_STORE },
    { KV_GET, "/v1" INSTANCE, front_run, KV_LANE_WORK, WORK(FRONT_DICOM, dicom_retrieve),
      KV_OPERATION_DICOM_RETRIEVE },
    { KV_GET, "/v2" INSTANCE, front_run, KV_LANE_WORK, WORK(FRONT_DICOM, dicom_retrieve),
      KV_OPERATION_DICOM_RETRIEVE },
    { 0 },
};

/* Before the body is read: nobody but those with a token may send large ones. */
static const struct kv_gate at_head[] = {
    { "service", front_find_service },
    { "faults-on-arrival", kv_fault_on_arrival },
    { "authenticate", front_authenticate },
    { 0 },
};

static const struct kv_gate gates[] = {
    { "route", kv_route_match },
    { "body", check_body },
    { "token", kv_hold_for_token },
    { "faults", kv_fault_on_request },
    { 0 },
};

static const struct kv_gate at_answer[] = {
    { "faults-on-answer", kv_fault_on_answer },
    { 0 },
};

static const struct kv_route *const tables[] = { kv_front_routes, NULL };

const struct kv_site kv_front_site = {
    .name = FRONT_SITE,
    .serves = serves,
    .tables = tables,
    .offers = offers,
    .at_head = at_head,
    .gates = gates,
    .at_answer = at_answer,
    .body_max = choose_body_max,
    .unmatched = refuse_unmatched,
    .render_error = render_error,
    .finish = finish,
    .after = log_and_note,
};
