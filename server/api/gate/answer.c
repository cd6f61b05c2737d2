/* SPDX-License-Identifier: Apache-2.0 */
/* How refusals of the data plane look: the only error renderer. */
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "kv/app/api.h"
#include "kv/base/json.h"
#include "private.h"

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

static enum kv_code render_body(const struct kv_err_row *row, const struct kv_err *failure,
                                struct kv_response *response, struct kv_err *err)
{
    switch (row->form) {
    case KV_FORM_API:
        return render_envelope(row, failure->message, response, err);
    case KV_FORM_FRAMEWORK:
        return render_framework(row, failure->message, response, err);
    case KV_FORM_PAGE:
        return gate_render_page(row, failure->message, response, err);
    case KV_FORM_SITE_PAGE:
        return gate_render_site_page(row, failure->message, response, err);
    }
    return KV_OK;
}

void gate_word(const struct kv_request *request, struct kv_err *err)
{
    const struct kv_speaker speaker = {
        .is_hsm = gate_is_hsm(request),
        .build = request->app->build->year,
    };

    kv_err_word(err, &speaker);
}

void gate_append_activity(const struct kv_request *request, struct kv_err *err)
{
    char activity[KV_UUID_LENGTH + sizeof(" (Activity ID: )")];
    size_t len = strnlen(err->message, sizeof(err->message) - sizeof(activity));

    snprintf(activity, sizeof(activity), " (Activity ID: %s)", request->id);
    memcpy(err->message + len, activity, strlen(activity) + 1);
}

/* A managed HSM has no body for a request without a token, but for a GET: contract §2.1. */
static enum kv_code render_for_hsm(const struct kv_request *request, struct kv_err *worded,
                                   struct kv_response *response, struct kv_err *err)
{
    struct kv_err_row row = *kv_err_row(worded->code);

    if (worded->code == KV_TOKEN_MISSING) {
        return kv_response_text(response, row.status, "application/json; charset=utf-8",
                                request->verb == KV_GET ? "OK" : "", err);
    }
    if (row.form == KV_FORM_API) {
        gate_append_activity(request, worded);
    }
    if (row.inner != NULL) { /* contract §9.1: a vault's inner code is its code */
        row.code = row.inner;
        row.inner = NULL;
    }
    response->sorted = true;
    return render_body(&row, worded, response, err);
}

/* contract §9.6, §19 row 18: 0 means none */
static void add_retry_after(unsigned seconds, struct kv_response *response)
{
    char text[16];

    if (seconds > 0) {
        snprintf(text, sizeof(text), "%u", seconds);
        KV_IGNORE(kv_response_header(response, NULL, "Retry-After", text));
    }
}

void gate_render_error(struct kv_request *request, const struct kv_err *err,
                       struct kv_response *response)
{
    struct kv_err worded = *err;

    gate_word(request, &worded);

    const struct kv_err_row *row = kv_err_row(worded.code);
    enum kv_code code = gate_is_hsm(request) ? render_for_hsm(request, &worded, response, NULL)
                                             : render_body(row, &worded, response, NULL);

    if (code != KV_OK) { /* out of memory: the status alone must do */
        response->status = row->status;
    }
    if (row->status == 429) {
        add_retry_after(request->app->retry_after, response);
    }
    if (row->form == KV_FORM_PAGE) {
        response->close = true;
    }
}

/* Logs a refusal as it was sent, and tells the journal. */
void gate_log_access(const struct kv_request *request, const struct kv_response *response,
                     const struct kv_err *err, int64_t micros)
{
    struct kv_err worded;

    if (err != NULL) {
        worded = *err;
        gate_word(request, &worded);
        err = &worded;
    }
    kv_log_access(request, response, err, micros);
    kv_journal_answer(KV_JOURNAL_REQUEST, request, response, err, micros);
    gate_audit(request, response, err, micros);
}
