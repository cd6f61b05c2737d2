/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One token, asked for in three dialects: App Service's of 2019, that of 2017, and the virtual
 * machine's IMDS (control-plane.md §5.3, §5.4; what clients send and need: clients.md §5.2).
 */
#include "private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kv/base/json.h"

#define VERSION_2017 "2017-09-01"
#define SCOPE_SUFFIX "/.default"

struct dialect {
    const char *header;       /* that proves the caller is no browser following a link */
    const char *header_value; /* NULL: any but an empty one */
    bool expires_as_date;
};

static const struct dialect app_service_2019 = { "X-IDENTITY-HEADER", NULL, false };
static const struct dialect app_service_2017 = { "secret", NULL, true };
static const struct dialect imds = { "Metadata", "true", false };

/* How a request names the identity; none of them means the system-assigned one. */
static const struct selector {
    const char *parameter;
    bool is_object_id;
} selectors[] = {
    { "client_id", false },  { "clientid", false }, { "mi_res_id", false },
    { "msi_res_id", false }, { "object_id", true }, { "principal_id", true },
};

static const char *find_parameter(const struct kv_request *request, const char *name)
{
    const char *value = kv_request_query(request, name);

    return value != NULL && *value != '\0' ? value : NULL;
}

static enum kv_code check_header(const struct kv_request *request, const struct dialect *dialect,
                                 struct kv_err *err)
{
    const char *value = kv_request_header(request, dialect->header);

    if (value == NULL || *value == '\0'
        || (dialect->header_value != NULL && strcmp(value, dialect->header_value) != 0)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Required %s header not specified",
                       dialect->header);
    }
    return KV_OK;
}

static enum kv_code require_parameter(const struct kv_request *request, const char *name,
                                      const char **ret_value, struct kv_err *err)
{
    const char *value = find_parameter(request, name);

    if (value == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Required query variable '%s' is missing", name);
    }
    *ret_value = value;
    return KV_OK;
}

static enum kv_code pick_identity(const struct kv_request *request,
                                  struct kv_identity_card *ret_card, struct kv_err *err)
{
    const struct kv_identity *identity = request->app->identity;
    const struct selector *chosen = NULL;
    const char *name = NULL;

    for (size_t i = 0; i < KV_COUNT(selectors); i++) {
        const char *value = find_parameter(request, selectors[i].parameter);
        if (value != NULL && chosen != NULL) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s and %s cannot be given together",
                           chosen->parameter, selectors[i].parameter);
        }
        if (value != NULL) {
            chosen = &selectors[i];
            name = value;
        }
    }
    bool found = chosen != NULL && chosen->is_object_id
                     ? kv_identity_card_of_object(identity, name, ret_card)
                     : kv_identity_card(identity, name, ret_card);
    return found ? KV_OK : KV_FAIL(err, KV_BAD_PARAMETER, 0, "Identity not found");
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

/* All members are texts, which every client takes (clients.md §5.2). */
static enum kv_code render_token(const struct dialect *dialect, const struct kv_identity_card *card,
                                 const char *resource, const struct kv_token *token,
                                 struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char date[32];
    bool ok = true;

    write_date(token->expires, date, sizeof(date));
    kv_json_add_text(body, "access_token", token->text, &ok);
    kv_json_add_text(body, "client_id", card->client_id, &ok);
    add_number_text(body, "expires_in", token->expires - token->not_before, &ok);
    if (dialect->expires_as_date) {
        kv_json_add_text(body, "expires_on", date, &ok);
    } else {
        add_number_text(body, "expires_on", token->expires, &ok);
    }
    add_number_text(body, "not_before", token->not_before, &ok);
    kv_json_add_text(body, "resource", resource, &ok);
    kv_json_add_text(body, "token_type", "Bearer", &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

static enum kv_code answer_token(const struct kv_request *request, const struct dialect *dialect,
                                 struct kv_response *response, struct kv_err *err)
{
    char resource[KV_RESOURCE_MAX + 1];
    kv_auto(kv_token_done) struct kv_token token = { 0 };
    const struct kv_token_time when = kv_clock_token_time(request->app->clock);
    struct kv_identity_card card;

    KV_TRY(check_header(request, dialect, err));
    KV_TRY(read_resource(request, resource, err));
    KV_TRY(pick_identity(request, &card, err));
    KV_TRY(kv_identity_issue(request->app->identity, &card, resource, &when, &token, err));
    return render_token(dialect, &card, resource, &token, response, err);
}

enum kv_code token_of_app_service(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    const char *version = NULL;

    KV_TRY(require_parameter(request, "api-version", &version, err));
    return answer_token(request,
                        strcmp(version, VERSION_2017) == 0 ? &app_service_2017 : &app_service_2019,
                        response, err);
}

enum kv_code token_of_imds(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    const char *version = NULL;

    /* first, because a probe that lacks the header and everything else must be told about the
     * header */
    KV_TRY(check_header(request, &imds, err));
    KV_TRY(require_parameter(request, "api-version", &version, err));
    return answer_token(request, &imds, response, err);
}
