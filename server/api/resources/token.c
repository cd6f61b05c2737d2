/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may ask the resource manager: everybody with a token for it. What a cloud's endpoints are is
 * told to all, because a client has to know them before it can log in.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "private.h"

/* Of Azure's service management, which it accepts as its name. */
#define MANAGEMENT_APP_ID "797f4846-ba00-4fd7-ba43-dac1f8f63013"

/* How it says that a token is no good (control-plane.md §1.4). */
static const struct {
    enum kv_code code;
    const char *message, *description; /* the body's, and the challenge's */
} words[] = {
    { KV_ARM_TOKEN_MISSING, "Authentication failed. The 'Authorization' header is missing.",
      "The authentication failed because of missing 'Authorization' header." },
    { KV_ARM_TOKEN_SCHEME,
      "Authentication failed. The 'Authorization' header is provided in an invalid format.",
      "The authentication scheme of the 'Authorization' header is not supported." },
    { KV_ARM_TOKEN_INVALID, "The access token is invalid.", "The access token is invalid." },
    { KV_ARM_TOKEN_AUDIENCE,
      "The access token has been obtained for wrong audience or resource. It should exactly match "
      "with one of the allowed audiences 'https://management.core.windows.net/',"
      "'https://management.core.windows.net','https://management.azure.com/',"
      "'https://management.azure.com'.",
      "The access token is from the wrong audience or resource." },
};

const char *resources_describe_401(enum kv_code code)
{
    for (size_t i = 0; i < KV_COUNT(words); i++) {
        if (words[i].code == code) {
            return words[i].description;
        }
    }
    return NULL;
}

static enum kv_code refuse(enum kv_code code, struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(words); i++) {
        if (words[i].code == code) {
            return KV_FAIL(err, code, 0, "%s", words[i].message);
        }
    }
    return KV_FAIL(err, code, 0, "The access token is invalid.");
}

/* The audience is told from the rest, because it is what a user can set wrong. */
static enum kv_code verify(struct kv_request *request, const char *token, struct kv_err *err)
{
    static const char *const audiences[] = {
        "https://management.azure.com",
        "https://management.azure.com/",
        "https://management.core.windows.net",
        "https://management.core.windows.net/",
        NULL,
    };
    const struct kv_token_demand demand = {
        .audiences = audiences,
        .app_id = MANAGEMENT_APP_ID,
        .when = kv_clock_token_time(request->app->clock),
    };
    struct resources_call *call = request->context;
    struct kv_token_verdict verdict;
    struct kv_err why = { .code = KV_OK };

    enum kv_code code = kv_identity_verify(request->app->identity, token, strlen(token), &demand,
                                           &call->caller, &verdict, &why);
    if (code != KV_OK && code != KV_UNAUTHORIZED) {
        *err = why;
        return code;
    }
    if (code == KV_UNAUTHORIZED) {
        bool is_audience = why.text == KV_TEXT_TOKEN_AUDIENCE;
        return refuse(is_audience ? KV_ARM_TOKEN_AUDIENCE : KV_ARM_TOKEN_INVALID, err);
    }
    call->has_caller = true;
    return verdict.must_wait ? kv_wait_for_keys(request) : KV_OK;
}

/* Asked again after a wait, it has one already. */
static enum kv_code begin_context(struct kv_request *request, struct kv_err *err)
{
    if (request->context == NULL) {
        request->context = calloc(1, sizeof(struct resources_call));
        request->context_free = free;
    }
    return request->context != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code resources_authenticate(struct kv_request *request, struct kv_response *response,
                                    struct kv_err *err)
{
    static const char scheme[] = "Bearer ";
    const char *authorization = kv_request_header(request, "Authorization");

    (void) response;
    KV_TRY(begin_context(request, err));
    if (kv_identity_auth(request->app->identity) == KV_AUTH_OFF
        || (request->segments > 0 && strcasecmp(request->segment[0], "metadata") == 0)) {
        return KV_OK;
    }
    if (authorization == NULL || *authorization == '\0') {
        return refuse(KV_ARM_TOKEN_MISSING, err);
    }
    if (strncasecmp(authorization, scheme, strlen(scheme)) != 0) {
        return refuse(KV_ARM_TOKEN_SCHEME, err);
    }
    authorization += strlen(scheme);
    return verify(request, authorization + strspn(authorization, " "), err);
}
