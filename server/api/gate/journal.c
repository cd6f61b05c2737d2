/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal is told of a request that was answered. */
#include "journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "faults.h"
#include "kv/app/api.h"
#include "kv/base/json.h"
#include "kv/journal/journal.h"

#define PATH_SIZE 512
#define CODE_SIZE 64
#define ANSWER_MAX 8192 /* bytes of an answer in which an error's code is looked for */

/* What a note borrows that is not in the request. */
struct room {
    char path[PATH_SIZE];
    char code[CODE_SIZE], inner_code[CODE_SIZE];
    struct gate_subject subject;
    struct kv_buf request_body, response_body;
};

static void room_done(struct room *room)
{
    kv_buf_done(&room->request_body);
    kv_buf_done(&room->response_body);
}
KV_DEFINE_CLEANUP_VALUE(struct room, room_done)

/* Without the query, which can have secrets, and what may be of a patient. */
static const char *read_path(const struct kv_request *request, enum kv_journal_kind kind,
                             char path[PATH_SIZE])
{
    _Static_assert(KV_FRONT_PATH_SIZE <= PATH_SIZE, "it fits");
    if (kind == KV_JOURNAL_SERVICE) {
        kv_front_path(request, path);
        return path;
    }
    (void) snprintf(path, PATH_SIZE, "%.*s", (int) strcspn(request->target, "?#"), request->target);
    return path;
}

/* What fault rules are told of it, too: for a request that was refused before, as it would be. */
static void add_subject(const struct kv_request *request, struct room *room,
                        struct kv_journal_note *note)
{
    const struct kv_fault_subject *subject = &room->subject.subject;
    const char *const *who = subject->principal;

    gate_fault_describe(request, KV_FAULT_REQUEST, &room->subject);
    const char *name = who[2] != NULL ? who[2] : who[5]; /* a user's, or as registered */
    note->text[KV_JOURNAL_OBJECT_ID] = who[0];
    note->text[KV_JOURNAL_APP_ID] = who[1];
    note->text[KV_JOURNAL_NAME] = name != NULL ? name : who[4];
    note->text[KV_JOURNAL_OPERATION] = kv_operation_row(subject->operation)->name;
    note->text[KV_JOURNAL_KEY] = subject->key;
    note->text[KV_JOURNAL_VERSION] = subject->version;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text != NULL ? text : "";
}

/* Of an authority: "AADSTS7000215". */
static void read_aadsts(const cJSON *body, char code[CODE_SIZE])
{
    const cJSON *first =
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(body, "error_codes"), 0);
    int64_t number;

    if (kv_json_is_int(first, &number)) {
        (void) snprintf(code, CODE_SIZE, "AADSTS%lld", (long long) number);
    }
}

/* Of FHIR: {"issue":[{"code":".."}]}. */
static const char *read_issue(const cJSON *body)
{
    return text_of(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(body, "issue"), 0), "code");
}

/* {"error":{"code":"..","innererror":{"code":".."}}} of coffer's ports, {"error":".."} of OAuth. */
static void read_code(const struct kv_response *response, struct room *room,
                      struct kv_journal_note *note)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    bool is_readable = response->body.len > 0 && response->body.len <= ANSWER_MAX;

    if (!is_readable
        || kv_json_parse(response->body.data, response->body.len, &body, NULL) != KV_OK) {
        return;
    }
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(body, "error");
    const cJSON *inner = cJSON_GetObjectItemCaseSensitive(error, "innererror");
    const char *code = cJSON_IsString(error)              ? error->valuestring
                       : note->kind == KV_JOURNAL_SERVICE ? read_issue(body)
                                                          : text_of(error, "code");

    (void) snprintf(room->code, CODE_SIZE, "%s", code);
    (void) snprintf(room->inner_code, CODE_SIZE, "%s", text_of(inner, "code"));
    read_aadsts(body, room->inner_code);
    note->text[KV_JOURNAL_CODE] = room->code;
    note->text[KV_JOURNAL_INNER_CODE] = room->inner_code;
}

/* What a vault says of it; a managed HSM's code is the inner one (contract §9.1). */
static void add_refusal(const struct kv_request *request, const struct kv_err *err,
                        struct kv_journal_note *note)
{
    const struct kv_err_row *row = kv_err_row(err->code);
    bool has_one = gate_is_hsm(request) && row->inner != NULL;

    note->text[KV_JOURNAL_CODE] = has_one ? row->inner : row->code;
    note->text[KV_JOURNAL_INNER_CODE] = has_one ? NULL : row->inner;
}

static const char *find_header(const struct kv_response *response, const char *name)
{
    for (size_t i = 0; i < response->headers; i++) {
        if (strcasecmp(response->header[i].name, name) == 0) {
            return response->header[i].value;
        }
    }
    return NULL;
}

#define DIGITS_MAX 9

static bool read_number(const char *text, kv_millis *ret_number)
{
    size_t len = text != NULL ? strspn(text, "0123456789") : 0;

    if (len == 0 || len > DIGITS_MAX || text[len] != '\0') {
        return false;
    }
    *ret_number = strtoll(text, NULL, 10);
    return true;
}

/* RFC 9110 §10.2.3, and what Azure's clients read besides; dates are the virtual clock's. */
static kv_millis read_retry_after(const struct kv_request *request,
                                  const struct kv_response *response)
{
    static const char *const in_millis[] = { "retry-after-ms", "x-ms-retry-after-ms" };
    const char *text = find_header(response, "Retry-After");
    struct tm date = { .tm_isdst = 0 };
    kv_millis span = 0;

    for (size_t i = 0; i < KV_COUNT(in_millis); i++) {
        if (read_number(find_header(response, in_millis[i]), &span)) {
            return span;
        }
    }
    if (read_number(text, &span)) {
        return span * 1000;
    }
    if (text == NULL || strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &date) == NULL) {
        return -1;
    }
    span = (kv_millis) timegm(&date) * 1000 - request->now;
    return span > 0 ? span : 0;
}

static void add_head(const struct kv_request *request, struct room *room,
                     struct kv_journal_note *note)
{
    note->text[KV_JOURNAL_CLIENT] = request->client;
    note->text[KV_JOURNAL_HOST] = request->authority;
    note->text[KV_JOURNAL_VAULT] = request->vault;
    if (note->kind != KV_JOURNAL_SERVICE) { /* it has none: this would be data */
        note->text[KV_JOURNAL_API_VERSION] = kv_request_query(request, "api-version");
    }
    note->text[KV_JOURNAL_METHOD] = request->method;
    note->text[KV_JOURNAL_PATH] = read_path(request, note->kind, room->path);
    note->text[KV_JOURNAL_FAULT] = request->rule;
    note->text[KV_JOURNAL_CUT] = kv_cut_name(request->cut.kind);
    note->text[KV_JOURNAL_REQUEST_ID] = request->id;
    note->text[KV_JOURNAL_CLIENT_REQUEST_ID] = kv_request_header(request, "x-ms-client-request-id");
    note->text[KV_JOURNAL_USER_AGENT] = kv_request_header(request, "User-Agent");
}

/*
 * When the deadline expires a handler may still be at work with the body of the request, and the
 * answer is 503: then it is not looked at.
 */
static void add_bodies(const struct kv_request *request, const struct kv_response *response,
                       struct room *room, struct kv_journal_note *note)
{
    void (*mask)(const struct kv_buf *body, struct kv_buf *masked) =
        note->kind == KV_JOURNAL_SERVICE ? gate_hide_body : gate_mask_body;

    if (!request->app->journals_bodies) {
        return;
    }
    if (response->status != 503) {
        mask(&request->body, &room->request_body);
        note->text[KV_JOURNAL_REQUEST_BODY] = room->request_body.data;
    }
    mask(&response->body, &room->response_body);
    note->text[KV_JOURNAL_RESPONSE_BODY] = room->response_body.data;
}

static void add_error(const struct kv_request *request, const struct kv_response *response,
                      const struct kv_err *err, struct room *room, struct kv_journal_note *note)
{
    bool is_of_vault = note->kind == KV_JOURNAL_REQUEST;

    if (is_of_vault && err != NULL) {
        add_refusal(request, err, note);
    } else if (response->status >= 400) {
        read_code(response, room, note);
    }
    if (is_of_vault && err != NULL && err->code == KV_TOKEN_MISSING) {
        note->kind = KV_JOURNAL_CHALLENGE;
    }
}

void kv_journal_answer(enum kv_journal_kind kind, const struct kv_request *request,
                       const struct kv_response *response, const struct kv_err *err, int64_t micros)
{
    const struct kv_app *app = request->app;
    struct kv_journal_note note = {
        .kind = kind,
        .status = response->status,
        .now = request->now,
        .arrived = request->arrived,
        .micros = micros,
        .retry_after = -1,
    };

    if (app->journal == NULL || (kind == KV_JOURNAL_CONTROL && !app->journals_control)) {
        return;
    }

    kv_auto(room_done) struct room room;

    kv_buf_init(&room.request_body, GATE_MASKED_MAX);
    kv_buf_init(&room.response_body, GATE_MASKED_MAX);
    note.real = kv_clock_real() - micros / 1000;
    if (response->headers > 0) {
        note.retry_after = read_retry_after(request, response);
    }
    add_head(request, &room, &note);
    if (request->vault != NULL || kind == KV_JOURNAL_TOKEN || kind == KV_JOURNAL_SERVICE) {
        add_subject(request, &room, &note);
    }
    add_error(request, response, err, &room, &note);
    add_bodies(request, response, &room, &note);
    kv_journal_write(app->journal, &note);
}
