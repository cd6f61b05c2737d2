/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may ask a front: whoever has a token for the service (control-plane.md §4.1). For FHIR its own
 * URL is the audience, at Azure's name or at the one that was asked; for DICOM it is one of all services.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "private.h"

#define AUDIENCE_SIZE 320
#define DICOM_AUDIENCE "https://dicom.healthcareapis.azure.com"

/* As they may be written, with a slash at the end and without. */
struct audiences {
    char text[6][AUDIENCE_SIZE];
    const char *list[7];
    size_t count;
};

static void add_audience(struct audiences *audiences, const char *url)
{
    for (unsigned slash = 0; slash < 2; slash++) {
        char *text = audiences->text[audiences->count];

        (void) snprintf(text, AUDIENCE_SIZE, "%.300s%s", url, slash == 1 ? "/" : "");
        audiences->list[audiences->count++] = text;
    }
    audiences->list[audiences->count] = NULL;
}

static void find_audiences(const struct kv_request *request, struct audiences *ret_audiences)
{
    const struct front_call *call = front_call_of(request);
    char url[AUDIENCE_SIZE];

    *ret_audiences = (struct audiences){ .count = 0 };
    if (call->kind == FRONT_DICOM) {
        add_audience(ret_audiences, DICOM_AUDIENCE);
    } else {
        (void) snprintf(url, sizeof(url), "https://%s.fhir.azurehealthcareapis.com",
                        call->view.name);
        add_audience(ret_audiences, url);
    }
    (void) snprintf(url, sizeof(url), "https://%.300s", request->authority);
    add_audience(ret_audiences, url);
    (void) snprintf(url, sizeof(url), "https://%.300s", request->host);
    add_audience(ret_audiences, url);
}

static enum kv_code verify(struct kv_request *request, const char *token, struct kv_err *err)
{
    struct front_call *call = request->context;
    struct audiences audiences;
    struct kv_principal caller;
    struct kv_token_verdict verdict;
    struct kv_err why = { .code = KV_OK };

    find_audiences(request, &audiences);
    const struct kv_token_demand demand = {
        .audiences = audiences.list,
        .app_id = "",
        .when = kv_clock_token_time(request->app->clock),
    };
    enum kv_code code = kv_identity_verify(request->app->identity, token, strlen(token), &demand,
                                           &caller, &verdict, &why);
    if (code == KV_UNAUTHORIZED) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0, "%s",
                       why.text == KV_TEXT_TOKEN_AUDIENCE
                           ? "Authentication failed: the token is for another audience."
                           : "Authentication failed: the token is not valid.");
    }
    if (code != KV_OK) {
        *err = why;
        return code;
    }
    if (verdict.must_wait) {
        return kv_wait_for_keys(request);
    }
    call->caller = caller;
    return KV_OK;
}

const struct kv_principal *kv_front_caller(const struct kv_request *request)
{
    const struct front_call *call = front_call_of(request);

    return call != NULL ? &call->caller : NULL;
}

enum kv_code front_authenticate(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    static const char scheme[] = "Bearer ";
    const char *authorization = kv_request_header(request, "Authorization");
    const struct kv_route *route = kv_route_find(request);

    (void) response;
    if (kv_identity_auth(request->app->identity) == KV_AUTH_OFF
        || (route != NULL && front_terms_of(route)->is_open)) {
        return KV_OK;
    }
    if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0) {
        return KV_FAIL(err, KV_TOKEN_MISSING, 0, "Authentication failed: there is no token.");
    }
    authorization += strlen(scheme);
    return verify(request, authorization + strspn(authorization, " "), err);
}
