/* SPDX-License-Identifier: Apache-2.0 */
/* How fronts answer: OperationOutcomes, and what they say when the key is lost. */
#include <string.h>

#include "kv/app/api.h"
#include "kv/base/secret.h"
#include "private.h"

/* Of the open-source FHIR server (control-plane.md §4.4); the documents only give the status 500. */
#define LOST                                                                                       \
    "Error occurred during an operation that is dependent on the customer-managed key. Use "       \
    "https://go.microsoft.com/fwlink/?linkid=2300268 to troubleshoot the issue."

#define SAID_MAX ((size_t) 128 * 1024) /* bytes: longer than what a fault rule can say */

/* The issue types of FHIR R4 (http://hl7.org/fhir/R4/valueset-issue-type.html) by status. */
static const struct {
    int status;
    const char *code;
} issues[] = {
    { 400, "invalid" },       { 401, "login" },      { 403, "forbidden" }, { 404, "not-found" },
    { 405, "not-supported" }, { 409, "conflict" },   { 412, "conflict" },  { 413, "too-long" },
    { 415, "not-supported" }, { 424, "exception" },  { 429, "throttled" }, { 500, "exception" },
    { 503, "transient" },     { 507, "too-costly" },
};

static const char *find_issue(int status)
{
    for (size_t i = 0; i < KV_COUNT(issues); i++) {
        if (issues[i].status == status) {
            return issues[i].code;
        }
    }
    return "processing";
}

enum kv_code front_send(int status, cJSON *tree, struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *held = tree;

    KV_TRY(kv_response_json(response, status, held, err));
    response->content_type = FRONT_FHIR_TYPE;
    return KV_OK;
}

static enum kv_code send_outcome(const struct kv_request *request, int status, const char *issue,
                                 const char *text, struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    cJSON *item = cJSON_CreateObject();
    bool ok = body != NULL && item != NULL;

    kv_json_add_text(body, "resourceType", "OperationOutcome", &ok);
    kv_json_add_text(body, "id", request->id, &ok);
    cJSON *list = kv_json_add_array(body, "issue", &ok);
    kv_json_add_text(item, "severity", "error", &ok);
    kv_json_add_text(item, "code", issue, &ok);
    kv_json_add_text(item, "diagnostics", text, &ok);
    kv_json_add_take(list, NULL, item, &ok);
    return ok ? front_send(status, kv_take(body), response, err) : KV_OUT_OF_MEMORY(err);
}

enum kv_code front_say(const struct kv_request *request, int status, const char *text,
                       struct kv_response *response, struct kv_err *err)
{
    if (front_kind_of(request->host) == FRONT_DICOM) {
        return kv_response_text(response, status, "text/plain; charset=utf-8", text, err);
    }
    return send_outcome(request, status, find_issue(status), text, response, err);
}

enum kv_code kv_front_say(const struct kv_request *request, int status, const char *code,
                          const char *inner, const char *text, struct kv_response *response,
                          struct kv_err *err)
{
    bool is_dicom = front_kind_of(request->host) == FRONT_DICOM;
    kv_auto(kv_buf_done) struct kv_buf said;

    kv_buf_init(&said, SAID_MAX);
    KV_TRY(kv_buf_printf(&said, err, "%s%s%s%s%s%s", is_dicom && code != NULL ? code : "",
                         is_dicom && code != NULL ? ": " : "", text, inner != NULL ? " (" : "",
                         inner != NULL ? inner : "", inner != NULL ? ")" : ""));
    if (is_dicom || code == NULL) {
        return front_say(request, status, said.data, response, err);
    }
    return send_outcome(request, status, code, said.data, response, err);
}

/* What the service is set to say: 500 by the documents, 403 by the source, 424 of DICOM. */
static enum kv_code say_lost(const struct kv_request *request, const struct kv_consumer_view *view,
                             struct kv_response *response, struct kv_err *err)
{
    int status = view->status >= 400 && view->status <= 599 ? (int) view->status : 500;

    if (front_call_of(request)->kind == FRONT_DICOM) {
        return front_say(request, status, LOST, response, err);
    }
    return send_outcome(request, status, "invalid", LOST, response, err);
}

enum kv_code front_run(struct kv_request *request, struct kv_response *response, struct kv_err *err)
{
    const struct front_call *call = front_call_of(request);
    unsigned char dek[KV_CONSUMER_DEK_SIZE];
    const struct kv_record_owner owner = { .service = call->view.name, .dek = dek };
    struct kv_consumer_view view = call->view;

    _Static_assert(KV_CONSUMER_DEK_SIZE == KV_RECORD_DEK_SIZE, "what is lent is what seals");
    enum kv_code code =
        kv_consumers_borrow_dek(request->app->consumers, call->view.name, dek, &view, err);
    if (code == KV_UNAVAILABLE) {
        return say_lost(request, &view, response, err);
    }
    if (code == KV_OK) {
        code = front_terms_of(request->route)->work(request, &owner, response, err);
    }
    kv_wipe(dek, sizeof(dek));
    return code;
}
