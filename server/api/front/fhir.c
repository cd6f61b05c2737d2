/* SPDX-License-Identifier: Apache-2.0 */
/* Resources of FHIR: create, read, a version of it, update (http://hl7.org/fhir/R4/http.html). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/uuid.h"
#include "resource.h"

#define VERSION_DIGITS 9

static enum kv_code read_place(const struct kv_request *request, const char **ret_type,
                               const char **ret_id, struct kv_err *err)
{
    *ret_type = kv_request_capture(request, "type");
    KV_TRY(fhir_check_type(*ret_type, err));
    if (ret_id == NULL) {
        return KV_OK;
    }
    *ret_id = kv_request_capture(request, "id");
    return fhir_check_id(*ret_id, err);
}

static enum kv_code add_headers(const struct kv_record *record, struct kv_response *response,
                                struct kv_err *err)
{
    char tag[FHIR_TAG_SIZE], date[KV_HTTP_DATE_SIZE];

    fhir_render_tag(record->version, tag);
    kv_time_render_http(kv_seconds(record->made), date);
    KV_TRY(kv_response_header(response, err, "ETag", tag));
    return kv_response_header(response, err, "Last-Modified", date);
}

static enum kv_code send_record(int status, const struct kv_record *record,
                                struct kv_response *response, struct kv_err *err)
{
    cJSON *resource = NULL;

    KV_TRY(fhir_show(record, &resource, err));
    KV_TRY(front_send(status, resource, response, err));
    return add_headers(record, response, err);
}

/* --- writing --- */

static enum kv_code add_location(const struct kv_request *request, const char *type,
                                 const struct kv_record *record, struct kv_response *response,
                                 struct kv_err *err)
{
    char url[640];

    (void) snprintf(url, sizeof(url), "https://%.250s/%s/%s/_history/%lld", request->authority,
                    type, record->id, (long long) record->version);
    return kv_response_header(response, err, "Location", url);
}

/* The version that was written, as it is read back: sealed, and opened again. */
static enum kv_code answer_written(const struct kv_request *request,
                                   const struct kv_record_owner *owner, const char *type,
                                   const char *id, int64_t version, struct kv_response *response,
                                   struct kv_err *err)
{
    kv_auto(kv_record_done) struct kv_record record = { .version = 0 };

    KV_TRY(kv_records_get(request->app->records, owner, type, id, version, &record, err));
    KV_TRY(send_record(version == 1 ? 201 : 200, &record, response, err));
    return add_location(request, type, &record, response, err);
}

static enum kv_code write(const struct kv_request *request, const struct kv_record_owner *owner,
                          const char *type, const char *id, const cJSON *resource, int64_t expects,
                          int64_t *ret_version, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text,
                FRONT_FHIR_BODY_MAX * 2); /* what is printed may be escaped where it was not */
    KV_TRY(kv_json_print(resource, &text, err));
    const struct kv_record_draft draft = {
        .type = type,
        .id = id,
        .media = "application/fhir+json",
        .data = text.data,
        .len = text.len,
        .expects = expects,
        .now = request->now,
    };
    return kv_records_put(request->app->records, owner, &draft, ret_version, err);
}

enum kv_code fhir_create(const struct kv_request *request, const struct kv_record_owner *owner,
                         struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *resource = NULL;
    char id[KV_UUID_LENGTH + 1];
    const char *type;
    int64_t version;

    KV_TRY(read_place(request, &type, NULL, err));
    KV_TRY(fhir_parse(request, type, NULL, &resource, err));
    kv_uuid_random(id);
    KV_TRY(write(request, owner, type, id, resource, KV_RECORD_NONE, &version, err));
    return answer_written(request, owner, type, id, version, response, err);
}

/* If-Match has to name the latest version (versioned-update). */
static enum kv_code read_expected(const struct kv_request *request, int64_t *ret_expects,
                                  struct kv_err *err)
{
    const char *tag = kv_request_header(request, "If-Match");

    *ret_expects = KV_RECORD_ANY;
    if (tag == NULL) {
        return KV_OK;
    }
    *ret_expects = fhir_parse_tag(tag);
    if (*ret_expects < 1) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "If-Match has to be the ETag of a version.");
    }
    return KV_OK;
}

enum kv_code fhir_update(const struct kv_request *request, const struct kv_record_owner *owner,
                         struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *resource = NULL;
    const char *type, *id;
    int64_t expects, version;

    KV_TRY(read_place(request, &type, &id, err));
    KV_TRY(read_expected(request, &expects, err));
    KV_TRY(fhir_parse(request, type, id, &resource, err));
    enum kv_code code = write(request, owner, type, id, resource, expects, &version, err);
    if (code == KV_CONFLICT) {
        return front_say(request, 412, "The version of If-Match is not the latest one.", response,
                         err);
    }
    KV_TRY(code);
    return answer_written(request, owner, type, id, version, response, err);
}

/* --- reading --- */

static bool is_known(const struct kv_request *request, const struct kv_record *record)
{
    const char *tag = kv_request_header(request, "If-None-Match");

    return tag != NULL && (strcmp(tag, "*") == 0 || fhir_parse_tag(tag) == record->version);
}

static enum kv_code answer(const struct kv_request *request, const struct kv_record_owner *owner,
                           const char *type, const char *id, int64_t version,
                           struct kv_response *response, struct kv_err *err)
{
    kv_auto(kv_record_done) struct kv_record record = { .version = 0 };

    KV_TRY(kv_records_get(request->app->records, owner, type, id, version, &record, err));
    if (is_known(request, &record)) {
        response->status = 304;
        return add_headers(&record, response, err);
    }
    return send_record(200, &record, response, err);
}

enum kv_code fhir_read(const struct kv_request *request, const struct kv_record_owner *owner,
                       struct kv_response *response, struct kv_err *err)
{
    const char *type, *id;

    KV_TRY(read_place(request, &type, &id, err));
    return answer(request, owner, type, id, 0, response, err);
}

enum kv_code fhir_read_version(const struct kv_request *request,
                               const struct kv_record_owner *owner, struct kv_response *response,
                               struct kv_err *err)
{
    const char *version = kv_request_capture(request, "version");
    size_t digits = strspn(version, "0123456789");
    const char *type, *id;

    KV_TRY(read_place(request, &type, &id, err));
    int64_t number =
        digits <= VERSION_DIGITS && version[digits] == '\0' ? strtoll(version, NULL, 10) : 0;
    if (number < 1) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no such version of %s/%s.", type, id);
    }
    return answer(request, owner, type, id, number, response, err);
}
