/* SPDX-License-Identifier: Apache-2.0 */
/* How answers of the data plane look: the one error renderer, and the headers. */
#include <stdio.h>
#include <string.h>

#include "kv/json.h"
#include "private.h"

void gate_resource(const struct kv_request *request, char ret_resource[RESOURCE_SIZE])
{
    static const char *const parents[] = { ".vault.", ".managedhsm." };
    const char *domain = request->authority;

    for (size_t i = 0; i < KV_COUNT(parents); i++) {
        const char *parent = strstr(request->authority, parents[i]);

        if (parent != NULL) {
            domain = parent + 1;
        }
    }
    snprintf(ret_resource, RESOURCE_SIZE, "https://%s", domain);
}

/* contract §9.1: member order and the inner object */
static enum kv_code render_envelope(const struct kv_err_row *row, const char *message,
                                    struct kv_response *response, struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    cJSON *error = kv_json_add_object(body, "error", &ok);

    kv_json_add_text(error, "code", row->code, &ok);
    kv_json_add_text(error, "message", message, &ok);
    if (row->inner != NULL) {
        kv_json_add_text(kv_json_add_object(error, "innererror", &ok), "code", row->inner, &ok);
    }
    return kv_response_json(response, row->status, ok ? body : NULL, err);
}

static enum kv_code render_framework(const struct kv_err_row *row, const char *message,
                                     struct kv_response *response, struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();

    kv_json_add_text(body, "Message", message, &ok);
    return kv_response_json(response, row->status, ok ? body : NULL, err);
}

/* Both texts are our own literals, never a client's: they need no escaping. */
static enum kv_code render_page(const struct kv_err_row *row, const char *message,
                                struct kv_response *response, struct kv_err *err)
{
    int title = (int) strcspn(row->code, "-") - 1; /* "Bad Request" of "Bad Request - ..." */
    char page[512];

    snprintf(page, sizeof(page),
             "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\""
             "\"http://www.w3.org/TR/html4/strict.dtd\">\r\n"
             "<HTML><HEAD><TITLE>%.*s</TITLE>\r\n"
             "<META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n"
             "<BODY><h2>%s</h2>\r\n"
             "<hr><p>HTTP Error %d. %s</p>\r\n"
             "</BODY></HTML>\r\n",
             title, row->code, row->code, row->status, message);
    return kv_response_text(response, row->status, "text/html; charset=us-ascii", page, err);
}

static enum kv_code render_body(const struct kv_err_row *row, const struct kv_err *failure,
                                struct kv_response *response, struct kv_err *err)
{
    switch (row->form) {
    case KV_FORM_API:
        return render_envelope(row, failure->message, response, err);
    case KV_FORM_FRAMEWORK:
        return render_framework(row, failure->message, response, err);
    case KV_FORM_PAGE:
        return render_page(row, failure->message, response, err);
    }
    return KV_OK;
}

/* contract §2.1, in the one spelling every SDK's parser takes (clients.md §2) */
static enum kv_code add_challenge(const struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    char resource[RESOURCE_SIZE];

    gate_resource(request, resource);
    return kv_response_header(response, err, "WWW-Authenticate",
                              "Bearer authorization=\"https://login.microsoftonline.com/%s\", "
                              "resource=\"%s\"",
                              kv_identity_tenant(request->app->identity), resource);
}

void gate_render_error(struct kv_request *request, const struct kv_err *err,
                       struct kv_response *response)
{
    const struct kv_err_row *row = kv_err_row(err->code);
    enum kv_code code = render_body(row, err, response, NULL);

    if (code != KV_OK) { /* out of memory: the status alone must do */
        response->status = row->status;
    }
    if (row->status == 401) {
        KV_IGNORE(add_challenge(request, response, NULL));
    }
    if (row->status == 429 && request->app->retry_after > 0) { /* contract §9.6, §19 row 18 */
        KV_IGNORE(
            kv_response_header(response, NULL, "Retry-After", "%u", request->app->retry_after));
    }
    if (row->status == 405) {
        KV_IGNORE(kv_response_header(response, NULL, "Allow", "GET, POST, PUT, PATCH, DELETE"));
    }
    if (row->form == KV_FORM_PAGE) {
        response->close = true;
    }
}

/* What answers of the layer in front of the service carry (contract §9.8). */
static enum kv_code finish_page(struct kv_response *response, const char *date)
{
    KV_TRY(kv_response_header(response, NULL, "Content-Type", "%s", response->content_type));
    KV_TRY(kv_response_header(response, NULL, "Strict-Transport-Security",
                              "max-age=31536000;includeSubDomains"));
    KV_TRY(kv_response_header(response, NULL, "X-Content-Type-Options", "nosniff"));
    return kv_response_header(response, NULL, "Date", "%s", date);
}

static enum kv_code finish_identifiers(const struct kv_request *request,
                                       struct kv_response *response)
{
    const char *client_id = kv_request_header(request, "x-ms-client-request-id");

    KV_TRY(kv_response_header(response, NULL, "x-ms-keyvault-region", KV_REGION));
    if (client_id != NULL) {
        KV_TRY(kv_response_header(response, NULL, "x-ms-client-request-id", "%s", client_id));
    }
    KV_TRY(kv_response_header(response, NULL, "x-ms-request-id", "%s", request->id));
    KV_TRY(kv_response_header(response, NULL, "x-ms-keyvault-service-version", SERVICE_BUILD));
    return kv_response_header(response, NULL, "x-ms-keyvault-network-info",
                              "conn_type=%s;addr=%s;act_addr_fam=%s;",
                              request->client_is_ipv6 ? "Ipv6" : "Ipv4", request->client,
                              request->client_is_ipv6 ? "InterNetworkV6" : "InterNetwork");
}

/* contract §3.1, in its order */
static enum kv_code finish_answer(const struct kv_request *request, struct kv_response *response,
                                  const char *date)
{
    KV_TRY(kv_response_header(response, NULL, "Cache-Control", "no-cache"));
    KV_TRY(kv_response_header(response, NULL, "Pragma", "no-cache"));
    if (response->content_type != NULL) {
        KV_TRY(kv_response_header(response, NULL, "Content-Type", "%s", response->content_type));
    }
    KV_TRY(kv_response_header(response, NULL, "Expires", "-1"));
    KV_TRY(finish_identifiers(request, response));
    KV_TRY(kv_response_header(response, NULL, "X-Content-Type-Options", "nosniff"));
    KV_TRY(kv_response_header(response, NULL, "Strict-Transport-Security",
                              "max-age=31536000;includeSubDomains"));
    return kv_response_header(response, NULL, "Date", "%s", date);
}

void gate_finish(struct kv_request *request, struct kv_response *response)
{
    bool is_page =
        response->content_type != NULL && strncmp(response->content_type, "text/html", 9) == 0;
    char date[KV_HTTP_DATE_SIZE];

    kv_time_render_http(kv_seconds(request->now), date);
    /* A header that finds no memory is left out; the answer is still the right one. */
    KV_IGNORE(is_page ? finish_page(response, date) : finish_answer(request, response, date));
}
