/* SPDX-License-Identifier: Apache-2.0 */
/* Instances of DICOM: stored by STOW-RS and retrieved by WADO-RS (PS3.18 §10.4, §10.5). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "instance.h"
#include "kv/base/uuid.h"
#include "multipart.h"
#include "private.h"

#define MEDIA "application/dicom"
#define TYPE "instance"
#define PARTS_MAX 16
#define URL_SIZE 640

/* What the service says of an instance that it does not keep. */
enum failure {
    FAILURE_NONE = 0,
    FAILURE_INVALID = 43264,
    FAILURE_OTHER_STUDY = 43265,
    FAILURE_EXISTS = 45070
};

struct storing {
    const struct kv_request *request;
    const struct kv_record_owner *owner;
    cJSON *stored, *failed; /* lists; the answer's */
    unsigned stored_count, failed_count;
    char study[INSTANCE_UID_SIZE]; /* of the last that was stored */
};

static void render_id(const struct instance *instance, char ret_id[KV_RECORD_ID_MAX + 1])
{
    (void) snprintf(ret_id, KV_RECORD_ID_MAX + 1, "%s/%s/%s", instance->study, instance->series,
                    instance->sop);
}

/* --- the answer to a STOW: a data set, in JSON (PS3.18 §F) --- */

static void add_value(cJSON *set, const char *tag, const char *kind, cJSON *value, bool *ok)
{
    cJSON *element = kv_json_add_object(set, tag, ok);

    kv_json_add_text(element, "vr", kind, ok);
    kv_json_add_take(kv_json_add_array(element, "Value", ok), NULL, value, ok);
}

static void add_text(cJSON *set, const char *tag, const char *kind, const char *text, bool *ok)
{
    add_value(set, tag, kind, cJSON_CreateString(text), ok);
}

static cJSON *render_reference(const struct instance *instance, bool *ok)
{
    cJSON *item = cJSON_CreateObject();

    if (instance->sop_class[0] != '\0') {
        add_text(item, "00081150", "UI", instance->sop_class, ok);
    }
    if (instance->sop[0] != '\0') {
        add_text(item, "00081155", "UI", instance->sop, ok);
    }
    return item;
}

static const char *version_of(const struct kv_request *request)
{
    return request->segment[0];
}

static void add_stored(struct storing *storing, const struct instance *instance, bool *ok)
{
    cJSON *item = render_reference(instance, ok);
    char url[URL_SIZE];

    (void) snprintf(url, sizeof(url), "https://%.250s/%s/studies/%s/series/%s/instances/%s",
                    storing->request->authority, version_of(storing->request), instance->study,
                    instance->series, instance->sop);
    add_text(item, "00081190", "UR", url, ok);
    kv_json_add_take(storing->stored, NULL, item, ok);
    storing->stored_count++;
    (void) snprintf(storing->study, sizeof(storing->study), "%s", instance->study);
}

static void add_failed(struct storing *storing, const struct instance *instance,
                       enum failure failure, bool *ok)
{
    cJSON *item = render_reference(instance, ok);

    add_value(item, "00081197", "US", cJSON_CreateNumber(failure), ok);
    kv_json_add_take(storing->failed, NULL, item, ok);
    storing->failed_count++;
}

/* Takes both lists. */
static cJSON *render_answer(struct storing *storing, bool *ok)
{
    cJSON *body = cJSON_CreateObject();
    char url[URL_SIZE];

    if (storing->stored_count > 0) {
        (void) snprintf(url, sizeof(url), "https://%.250s/%s/studies/%s",
                        storing->request->authority, version_of(storing->request), storing->study);
        add_text(body, "00081190", "UR", url, ok);
    }
    cJSON *failed = kv_json_add_object(body, "00081198", ok);
    kv_json_add_text(failed, "vr", "SQ", ok);
    kv_json_add_take(failed, "Value", kv_take(storing->failed), ok);
    cJSON *stored = kv_json_add_object(body, "00081199", ok);
    kv_json_add_text(stored, "vr", "SQ", ok);
    kv_json_add_take(stored, "Value", kv_take(storing->stored), ok);
    return body;
}

/* --- storing --- */

/* What is wrong with the store is no failure of an instance: the request fails. */
static enum kv_code keep(struct storing *storing, const struct instance *instance, const void *data,
                         size_t len, enum failure *ret_failure, struct kv_err *err)
{
    char id[KV_RECORD_ID_MAX + 1];
    int64_t version;

    render_id(instance, id);
    const struct kv_record_draft draft = {
        .type = TYPE,
        .id = id,
        .media = MEDIA,
        .data = data,
        .len = len,
        .expects = KV_RECORD_NONE,
        .now = storing->request->now,
    };
    enum kv_code code =
        kv_records_put(storing->request->app->records, storing->owner, &draft, &version, err);
    *ret_failure = code == KV_CONFLICT ? FAILURE_EXISTS : FAILURE_NONE;
    return code == KV_CONFLICT ? KV_OK : code;
}

static enum kv_code store_one(struct storing *storing, const void *data, size_t len,
                              struct kv_err *err)
{
    const char *study = kv_request_capture(storing->request, "study");
    enum failure failure = FAILURE_INVALID;
    struct instance instance;
    bool ok = true;

    if (instance_read(data, len, &instance)) {
        bool is_other = study != NULL && strcmp(study, instance.study) != 0;

        failure = FAILURE_OTHER_STUDY;
        if (!is_other) {
            KV_TRY(keep(storing, &instance, data, len, &failure, err));
        }
    }
    if (failure == FAILURE_NONE) {
        add_stored(storing, &instance, &ok);
    } else {
        add_failed(storing, &instance, failure, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code refuse_body(struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "The body is not multipart/related with 1 to %d parts of application/dicom.",
                   PARTS_MAX);
}

/* Looked at as a whole first: of a body that is not one nothing is stored. */
static enum kv_code check_parts(const char *content_type, const struct kv_buf *body,
                                struct kv_err *err)
{
    struct multipart multipart;
    struct multipart_part part;
    unsigned count = 0;
    bool ok = false;

    if (!multipart_begin(&multipart, content_type, body->data, body->len)) {
        return refuse_body(err);
    }
    while (multipart_next(&multipart, &part, &ok)) {
        if (++count > PARTS_MAX || !multipart_part_is(&part, MEDIA)) {
            return refuse_body(err);
        }
    }
    return ok && count > 0 ? KV_OK : refuse_body(err);
}

static enum kv_code store_parts(struct storing *storing, const char *content_type,
                                struct kv_err *err)
{
    const struct kv_buf *body = &storing->request->body;
    struct multipart multipart;
    struct multipart_part part;
    bool ok;

    KV_TRY(check_parts(content_type, body, err));
    if (!multipart_begin(&multipart, content_type, body->data, body->len)) {
        return refuse_body(err);
    }
    while (multipart_next(&multipart, &part, &ok)) {
        KV_TRY(store_one(storing, part.content, part.len, err));
    }
    return KV_OK;
}

static enum kv_code store_body(struct storing *storing, struct kv_err *err)
{
    const struct kv_request *request = storing->request;
    const char *content_type = kv_request_header(request, "Content-Type");

    if (media_type_is(content_type, "multipart/related")) {
        return store_parts(storing, content_type, err);
    }
    if (media_type_is(content_type, MEDIA) && request->body.len > 0) {
        return store_one(storing, request->body.data, request->body.len, err);
    }
    return KV_FAIL(err, KV_UNSUPPORTED_MEDIA_TYPE, 0,
                   "The Content-Type has to be multipart/related or application/dicom.");
}

static void storing_done(struct storing *storing)
{
    cJSON_Delete(storing->stored);
    cJSON_Delete(storing->failed);
}
KV_DEFINE_CLEANUP_VALUE(struct storing, storing_done)

enum kv_code dicom_store(const struct kv_request *request, const struct kv_record_owner *owner,
                         struct kv_response *response, struct kv_err *err)
{
    kv_auto(storing_done) struct storing storing = { .request = request, .owner = owner };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    bool ok = true;

    storing.stored = cJSON_CreateArray();
    storing.failed = cJSON_CreateArray();
    KV_TRY(store_body(&storing, err));
    int status = storing.failed_count == 0 ? 200 : storing.stored_count > 0 ? 202 : 409;
    body = render_answer(&storing, &ok);
    KV_TRY(kv_response_json(response, status, ok ? body : NULL, err));
    response->content_type = "application/dicom+json";
    return KV_OK;
}

/* --- retrieving --- */

static enum kv_code read_place(const struct kv_request *request, char ret_id[KV_RECORD_ID_MAX + 1],
                               struct kv_err *err)
{
    static const char *const names[] = { "study", "series", "instance" };
    const char *uid[KV_COUNT(names)];

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        uid[i] = kv_request_capture(request, names[i]);
        if (!instance_uid_is_valid(uid[i])) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.80s' is not a UID.", uid[i]);
        }
    }
    (void) snprintf(ret_id, KV_RECORD_ID_MAX + 1, "%s/%s/%s", uid[0], uid[1], uid[2]);
    return KV_OK;
}

static enum kv_code send_part(const struct kv_record *record, struct kv_response *response,
                              struct kv_err *err)
{
    char boundary[KV_UUID_LENGTH + 1], type[128];

    kv_uuid_random(boundary); /* which nobody could have put into what was stored before */
    (void) snprintf(type, sizeof(type), "multipart/related; type=\"" MEDIA "\"; boundary=%s",
                    boundary);
    response->status = 200;
    response->content_type = NULL;
    KV_TRY(kv_response_header(response, err, "Content-Type", type));
    KV_TRY(
        kv_buf_printf(&response->body, err, "--%s\r\nContent-Type: " MEDIA "\r\n\r\n", boundary));
    KV_TRY(kv_buf_append(&response->body, record->data.data, record->data.len, err));
    return kv_buf_printf(&response->body, err, "\r\n--%s--\r\n", boundary);
}

static enum kv_code send_bare(const struct kv_record *record, struct kv_response *response,
                              struct kv_err *err)
{
    response->status = 200;
    response->content_type = MEDIA;
    return kv_buf_append(&response->body, record->data.data, record->data.len, err);
}

/* Bare where that alone is accepted; whoever says nothing gets what PS3.18 has by default. */
static bool wants_bare(const struct kv_request *request)
{
    const char *accept = kv_request_header(request, "Accept");

    return accept != NULL && strcasestr(accept, MEDIA) != NULL
           && strcasestr(accept, "multipart/related") == NULL;
}

enum kv_code dicom_retrieve(const struct kv_request *request, const struct kv_record_owner *owner,
                            struct kv_response *response, struct kv_err *err)
{
    kv_auto(kv_record_done) struct kv_record record = { .version = 0 };
    char id[KV_RECORD_ID_MAX + 1];

    KV_TRY(read_place(request, id, err));
    enum kv_code code = kv_records_get(request->app->records, owner, TYPE, id, 0, &record, err);
    if (code == KV_NOT_FOUND) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "The specified instance cannot be found.");
    }
    KV_TRY(code);
    return wants_bare(request) ? send_bare(&record, response, err)
                               : send_part(&record, response, err);
}
