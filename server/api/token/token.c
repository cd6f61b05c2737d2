/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One token, asked for in the dialects of App Service, of 2019 and of 2017, and of the virtual
 * machine's IMDS; arc.c has a fourth (control-plane.md §5.3, §5.4; what clients send and need: clients.md §5.2).
 */
#include "private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kv/app/api.h"
#include "kv/base/json.h"

#define VERSION_2017 "2017-09-01"
#define SCOPE_SUFFIX "/.default"

static const struct token_dialect app_service_2019 = {
    "X-IDENTITY-HEADER", "X-IDENTITY-HEADER", NULL, false, false,
};
static const struct token_dialect app_service_2017 = { "secret", "secret", NULL, true, false };
static const struct token_dialect imds = { "Metadata", "metadata", "true", false, false };

enum kv_code token_check_header(const struct kv_request *request,
                                const struct token_dialect *dialect, struct kv_err *err)
{
    const char *value = kv_request_header(request, dialect->header);

    if (value == NULL || *value == '\0'
        || (dialect->header_value != NULL && strcmp(value, dialect->header_value) != 0)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Required %s header not specified",
                       dialect->header_word);
    }
    return KV_OK;
}

static enum kv_code require_parameter(const struct kv_request *request, const char *name,
                                      const char **ret_value, struct kv_err *err)
{
    const char *value = token_parameter(request, name);

    if (value == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Required query variable '%s' is missing", name);
    }
    *ret_value = value;
    return KV_OK;
}

/* Clients ask for the scope's resource; some put the scope itself there. */
static enum kv_code read_resource(const struct kv_request *request,
                                  char ret_resource[KV_RESOURCE_MAX + 1], struct kv_err *err)
{
    const char *given = NULL;

    KV_TRY(require_parameter(request, "resource", &given, err));
    size_t len = strlen(given);
    size_t suffix = strlen(SCOPE_SUFFIX);
    if (len >= suffix && strcmp(given + len - suffix, SCOPE_SUFFIX) == 0) {
        len -= suffix;
    }
    if (len > KV_RESOURCE_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The resource is longer than %d characters",
                       KV_RESOURCE_MAX);
    }
    (void) snprintf(ret_resource, KV_RESOURCE_MAX + 1, "%.*s", (int) len, given);
    return KV_OK;
}

/* "11/21/2023 13:41:26 +00:00" */
static void write_date(kv_time when, char *ret_text, size_t size)
{
    time_t seconds = (time_t) when;
    struct tm calendar;

    (void) gmtime_r(&seconds, &calendar);
    (void) strftime(ret_text, size, "%m/%d/%Y %H:%M:%S +00:00", &calendar);
}

static void add_number_text(cJSON *body, const char *name, int64_t number, bool *ok)
{
    char text[24];

    (void) snprintf(text, sizeof(text), "%" PRId64, number);
    kv_json_add_text(body, name, text, ok);
}

static void add_ids(cJSON *body, const struct kv_principal_entry *entry, bool *ok)
{
    kv_json_add_text(body, "object_id", entry->object_id, ok);
    kv_json_add_text(body, "msi_res_id", entry->resource, ok);
}

/* All members are texts, which every client takes (clients.md §5.2). */
static enum kv_code render_token(const struct token_dialect *dialect,
                                 const struct kv_principal_entry *entry, const char *resource,
                                 const struct kv_token *token, struct kv_response *response,
                                 struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char date[32];
    bool ok = true;

    write_date(token->expires, date, sizeof(date));
    kv_json_add_text(body, "access_token", token->text, &ok);
    kv_json_add_text(body, "client_id", entry->client_id, &ok);
    add_number_text(body, "expires_in", token->expires - token->not_before, &ok);
    if (dialect->expires_as_date) {
        kv_json_add_text(body, "expires_on", date, &ok);
    } else {
        add_number_text(body, "expires_on", token->expires, &ok);
    }
    add_number_text(body, "not_before", token->not_before, &ok);
    kv_json_add_text(body, "resource", resource, &ok);
    kv_json_add_text(body, "token_type", "Bearer", &ok);
    if (dialect->confirms) {
        add_ids(body, entry, &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

/* The name of a service is a URI or a GUID: a plain word is none that a tenant knows. What is no word
 * at all is refused as that. */
static bool is_plain_word(const char *resource)
{
    const char *at = resource;

    while (*at > ' ' && *at < 0x7f && *at != ':') {
        at++;
    }
    return *at == '\0' && at != resource && !kv_uuid_is_valid(resource);
}

static enum kv_code refuse_resource(const struct kv_request *request, const char *resource,
                                    struct kv_response *response, struct kv_err *err)
{
    char text[KV_RESOURCE_MAX + 512];

    if (token_is_of_app_service(request)) { /* which does not say what Entra told it */
        return token_render_refusal(request, 500, NULL,
                                    "An unexpected error occured while fetching the AAD Token.",
                                    response, err);
    }
    (void) snprintf(text, sizeof(text),
                    "AADSTS500011: The resource principal named %s was not found in the tenant "
                    "named %s. This can happen if the application has not been installed by the "
                    "administrator of the tenant or consented to by any user in the tenant. You "
                    "might have sent your authentication request to the wrong tenant.",
                    resource, kv_identity_tenant(request->app->identity));
    return token_render_refusal(request, 400, "invalid_resource", text, response, err);
}

enum kv_code token_answer(const struct kv_request *request, const struct token_dialect *dialect,
                          struct kv_response *response, struct kv_err *err)
{
    char resource[KV_RESOURCE_MAX + 1];
    kv_auto(kv_token_done) struct kv_token token = { 0 };
    struct kv_principal_entry entry;
    struct kv_identity_card card;
    const struct kv_token_order order = {
        .card = &card,
        .tenant = entry.tenant,
        .audience = resource,
        .proof = "2",
        .when = kv_clock_token_time(request->app->clock),
        .lifetime = KV_TOKEN_LIFETIME,
    };

    KV_TRY(token_check_header(request, dialect, err));
    KV_TRY(read_resource(request, resource, err));
    KV_TRY(token_pick(request, &entry, err));
    if (is_plain_word(resource)) {
        return refuse_resource(request, resource, response, err);
    }
    kv_principal_card(&entry, &card);
    KV_TRY(kv_fault_issue(request, &order, &token, err));
    return render_token(dialect, &entry, resource, &token, response, err);
}

enum kv_code token_of_app_service(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    const char *version = NULL;

    KV_TRY(require_parameter(request, "api-version", &version, err));
    return token_answer(request,
                        strcmp(version, VERSION_2017) == 0 ? &app_service_2017 : &app_service_2019,
                        response, err);
}

enum kv_code token_of_imds(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    const char *version = NULL;

    /* first, because a probe that lacks the header and everything else must be told about the
     * header */
    KV_TRY(token_check_header(request, &imds, err));
    KV_TRY(require_parameter(request, "api-version", &version, err));
    return token_answer(request, &imds, response, err);
}
