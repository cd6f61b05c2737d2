/* SPDX-License-Identifier: Apache-2.0 */
/* The answers that fault rules give: refusals of the service's own, and what they spell out. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "kv/app/api.h"
#include "kv/base/json.h"

#define VALUE_SIZE 64
_Static_assert(KV_HTTP_DATE_SIZE <= VALUE_SIZE, "a date fits");

static const char *find_word(const struct kv_fault_subject *subject,
                             const struct kv_request *request, enum kv_fault_word word)
{
    const char *const words[KV_FAULT_WORD_COUNT] = {
        [KV_FAULT_WORD_OPERATION] = kv_operation_row(subject->operation)->name,
        [KV_FAULT_WORD_KEY] = subject->key,
        [KV_FAULT_WORD_VERSION] = subject->version,
        [KV_FAULT_WORD_HOST] = request->authority,
    };

    return words[word] != NULL ? words[word] : "";
}

static enum kv_code raise_worded(const struct kv_request *request,
                                 const struct kv_fault_refusal *refusal, struct kv_err *err)
{
    struct gate_subject about;
    const char *args[KV_TEXT_ARGS_MAX];

    gate_fault_describe(request, KV_FAULT_REQUEST, &about);
    for (size_t i = 0; i < KV_TEXT_ARGS_MAX; i++) {
        args[i] = find_word(&about.subject, request, refusal->words[i]);
    }
    bool is_versioned = refusal->versioned != KV_TEXT_NONE && about.subject.version != NULL;
    return kv_err_refuse(err, KV_WHERE, is_versioned ? refusal->versioned : refusal->text, 0, args);
}

/* As if the caller lacked that right, whatever was granted. */
static enum kv_code raise_denial(const struct kv_request *request, enum kv_fault_denial denial,
                                 struct kv_err *err)
{
    static const enum kv_access_mode modes[KV_FAULT_DENIAL_COUNT] = {
        [KV_FAULT_DENIAL_RBAC] = KV_ACCESS_RBAC,
        [KV_FAULT_DENIAL_POLICY] = KV_ACCESS_POLICY,
        [KV_FAULT_DENIAL_NO_POLICY] = KV_ACCESS_POLICY,
    };
    struct kv_vault vault = *kv_call_of(request)->vault;
    struct gate_question asked;

    vault.access = modes[denial];
    KV_TRY(gate_ask(request, &asked, err));
    asked.question.vault = &vault;
    return kv_access_refuse(request->app->access, &asked.question, denial == KV_FAULT_DENIAL_POLICY,
                            err);
}

static enum kv_code raise(const struct kv_request *request, const struct kv_fault_refusal *refusal,
                          struct kv_err *err)
{
    if (refusal->login != 0) {
        return kv_authority_raise(request, refusal->login, err);
    }
    if (refusal->denial != KV_FAULT_DENIAL_NONE) {
        return raise_denial(request, refusal->denial, err);
    }
    return refusal->text != KV_TEXT_NONE ? raise_worded(request, refusal, err)
                                         : KV_FAIL(err, refusal->code, 0, "%s", refusal->message);
}

/* In the words of a vault, and of OAuth and IMDS, whose clients read them. */
static const char *code_of(const struct kv_fault_answer *answer, bool is_of_vault)
{
    static const struct {
        int status;
        const char *code, *word;
    } rows[] = {
        { 400, "BadParameter", "invalid_request" },
        { 401, "Unauthorized", "invalid_client" },
        { 403, "Forbidden", "access_denied" },
        { 404, "NotFound", "not_found" },
        { 409, "Conflict", "conflict" },
        { 410, "Gone", "gone" },
        { 429, "Throttled", "too_many_requests" },
        { 500, "InternalServerError", "server_error" },
        { 503, "ServiceUnavailable", "temporarily_unavailable" },
    };

    for (size_t i = 0; answer->code == NULL && i < KV_COUNT(rows); i++) {
        if (rows[i].status == answer->status) {
            return is_of_vault ? rows[i].code : rows[i].word;
        }
    }
    return answer->code != NULL ? answer->code : is_of_vault ? "Error" : "error";
}

/* Of an endpoint where tokens are had: control-plane.md §5.4 of App Service, RFC 6749 §5.2 of others. */
static cJSON *render_token_error(const struct kv_request *request,
                                 const struct kv_fault_answer *answer, const char *message,
                                 bool *ok)
{
    cJSON *body = cJSON_CreateObject();

    if (request->segments > 0 && strcasecmp(request->segment[0], "msi") == 0) {
        kv_json_add_int(body, "statusCode", answer->status, ok);
        kv_json_add_text(body, "message", message, ok);
        kv_json_add_text(body, "correlationId", request->id, ok);
        return body;
    }
    kv_json_add_text(body, "error", code_of(answer, false), ok);
    kv_json_add_text(body, "error_description", message, ok);
    return body;
}

/* In the form of the vault's errors (contract §9.1), or of those who give tokens. */
static cJSON *render_error(const struct kv_request *request, const struct kv_fault_answer *answer,
                           const char *message, bool *ok)
{
    if (!gate_fault_is_of_vault(request)) {
        return render_token_error(request, answer, message, ok);
    }
    cJSON *body = cJSON_CreateObject();
    cJSON *error = kv_json_add_object(body, "error", ok);
    kv_json_add_text(error, "code", code_of(answer, true), ok);
    kv_json_add_text(error, "message", message, ok);
    if (answer->inner != NULL) {
        kv_json_add_text(kv_json_add_object(error, "innererror", ok), "code", answer->inner, ok);
    }
    return body;
}

/* In a service's own words. A rule with 429, 500 or 503 alone is read as the vault's refusal: here it is that
 * status, and no more. */
static enum kv_code respond_at_front(const struct kv_request *request,
                                     const struct kv_fault_answer *answer, const char *id,
                                     struct kv_response *response, struct kv_err *err)
{
    int status =
        answer->refusal != NULL ? kv_err_row(answer->refusal->code)->status : answer->status;
    char said[KV_FAULT_ID_MAX + 64];

    (void) snprintf(said, sizeof(said), "The fault rule %s says so.", id);
    return kv_front_say(request, status, answer->code, answer->inner,
                        answer->message != NULL ? answer->message : said, response, err);
}

static enum kv_code respond_error(const struct kv_request *request,
                                  const struct kv_fault_answer *answer, const char *id,
                                  struct kv_response *response, struct kv_err *err)
{
    char said[KV_FAULT_ID_MAX + 64];
    bool ok = true;

    (void) snprintf(said, sizeof(said), "The fault rule %s says so.", id);
    kv_auto(cJSON_Delete) cJSON *body =
        render_error(request, answer, answer->message != NULL ? answer->message : said, &ok);
    return kv_response_json(response, answer->status, ok ? body : NULL, err);
}

enum kv_code gate_fault_answer(const struct kv_request *request,
                               const struct kv_fault_answer *answer, const char *id,
                               struct kv_response *response, struct kv_err *err)
{
    bool is_front = kv_front_is_asked(request);
    const char *type =
        answer->content_type != NULL ? answer->content_type : "application/json; charset=utf-8";

    if (answer->refusal != NULL && !is_front) {
        return raise(request, answer->refusal, err);
    }
    if (answer->body != NULL) {
        return kv_response_text(response, answer->status, type, answer->body, err);
    }
    if (answer->status == 204 || answer->status == 304) {
        return kv_response_text(response, answer->status, NULL, "", err);
    }
    return is_front ? respond_at_front(request, answer, id, response, err)
                    : respond_error(request, answer, id, response, err);
}

static enum kv_code add_retry(const struct kv_request *request,
                              const struct kv_fault_answer *answer, struct kv_response *response,
                              struct kv_err *err)
{
    char value[VALUE_SIZE];

    (void) snprintf(value, sizeof(value), "%" PRId64, answer->retry_value);
    switch (answer->retry) {
    case KV_FAULT_RETRY_NONE:
        return KV_OK;
    case KV_FAULT_RETRY_SECONDS:
        return kv_response_set_header(response, err, "Retry-After", value);
    case KV_FAULT_RETRY_MILLIS:
        KV_TRY(kv_response_set_header(response, err, "retry-after-ms", value));
        return kv_response_set_header(response, err, "x-ms-retry-after-ms", value);
    case KV_FAULT_RETRY_DATE:
        kv_time_render_http(kv_seconds(request->now) + answer->retry_value, value);
        return kv_response_set_header(response, err, "Retry-After", value);
    }
    return KV_OK;
}

enum kv_code gate_fault_trim(const struct kv_request *request, const struct kv_fault_answer *answer,
                             struct kv_response *response, struct kv_err *err)
{
    for (size_t i = 0; i < answer->headers; i++) {
        KV_TRY(
            kv_response_set_header(response, err, answer->header[i].name, answer->header[i].value));
    }
    return add_retry(request, answer, response, err);
}
