/* SPDX-License-Identifier: Apache-2.0 */
/* The words of refusals, and the body that they are sent in: control-plane.md §5.1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kv/base/json.h"
#include "private.h"

#define PREFIX "AADSTS"
#define ARGUMENT_MAX 200 /* characters of what a message repeats */
#define DESCRIPTION_SIZE 1400
#define ERROR_URI "https://login.microsoftonline.com/error?code="

static const struct row {
    unsigned number;
    int status;
    const char *word;
    const char *text;
} rows[AADSTS_COUNT] = {
#define X(number_, status_, word_, arguments_, text_)                                              \
    [AADSTS_##number_] = { (number_), (status_), (word_), (text_) },
#include "aadsts.def"
#undef X
};

/* Which outcome the log names; the status on the wire is the row's. */
static enum kv_code code_of(const struct row *row)
{
    switch (row->status) {
    case 401:
        return KV_UNAUTHORIZED;
    case 405:
        return KV_METHOD_NOT_ALLOWED;
    case 503:
        return KV_UNAVAILABLE;
    }
    return KV_BAD_PARAMETER;
}

/* Where to cut a text that is too long: not within a character of UTF-8. */
static int find_cut(const char *text)
{
    size_t len = strnlen(text, ARGUMENT_MAX + 1);

    while (len > ARGUMENT_MAX || (len > 0 && ((unsigned char) text[len] & 0xC0) == 0x80)) {
        len--;
    }
    return (int) len;
}

enum kv_code authority_refuse(struct kv_err *err, const char *where, enum aadsts aadsts,
                              const char *const *args)
{
    const struct row *row = &rows[aadsts];
    char message[sizeof(err->message)];
    int len = snprintf(message, sizeof(message), PREFIX "%u: ", row->number);

    for (const char *at = row->text; *at != '\0' && len < (int) sizeof(message);) {
        size_t room = sizeof(message) - (size_t) len;
        const char *mark = strstr(at, "%s");
        int literal = mark != NULL ? (int) (mark - at) : (int) strlen(at);

        len += snprintf(message + len, room, "%.*s%.*s", literal, at,
                        mark != NULL ? find_cut(*args) : 0, mark != NULL ? *args : "");
        args += mark != NULL;
        at += literal + (mark != NULL ? (int) strlen("%s") : 0);
    }
    return kv_err_set(err, where, code_of(row), 0, "%s", message);
}

/* The row that a message begins with; NULL: it is none of the service's. */
static const struct row *find_row(const char *message)
{
    if (strncmp(message, PREFIX, strlen(PREFIX)) != 0) {
        return NULL;
    }
    unsigned long number = strtoul(message + strlen(PREFIX), NULL, 10);

    for (size_t i = 0; i < AADSTS_COUNT; i++) {
        if (rows[i].number == number) {
            return &rows[i];
        }
    }
    return NULL;
}

void authority_render_date(kv_time time, char ret_text[AUTHORITY_DATE_SIZE])
{
    time_t seconds = (time_t) time;
    struct tm calendar;

    (void) gmtime_r(&seconds, &calendar);
    (void) strftime(ret_text, AUTHORITY_DATE_SIZE, "%Y-%m-%d %H:%M:%SZ", &calendar);
}

/* What has no number of its own: the words are OAuth's. */
static const char *choose_word(int status)
{
    return status >= 500 ? "server_error" : "invalid_request";
}

static void add_description(cJSON *body, const struct kv_request *request, const char *message,
                            const char *date, bool *ok)
{
    char text[DESCRIPTION_SIZE];

    (void) snprintf(text, sizeof(text), "%s Trace ID: %s Correlation ID: %s Timestamp: %s", message,
                    request->id, authority_call_of(request)->correlation, date);
    kv_json_add_text(body, "error_description", text, ok);
}

static void add_number(cJSON *body, const struct row *row, bool *ok)
{
    cJSON *codes = kv_json_add_array(body, "error_codes", ok);

    if (row != NULL) {
        kv_json_add_take(codes, NULL, cJSON_CreateNumber(row->number), ok);
    }
}

static void add_uri(cJSON *body, const struct row *row, bool *ok)
{
    char uri[sizeof(ERROR_URI) + 12];

    if (row != NULL) {
        (void) snprintf(uri, sizeof(uri), ERROR_URI "%u", row->number);
        kv_json_add_text(body, "error_uri", uri, ok);
    }
}

static cJSON *make_body(const struct kv_request *request, const struct kv_err *err,
                        const struct row *row, int status)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char date[AUTHORITY_DATE_SIZE];
    bool ok = true;

    authority_render_date(kv_seconds(request->now), date);
    kv_json_add_text(body, "error", row != NULL ? row->word : choose_word(status), &ok);
    add_description(body, request, err->message, date, &ok);
    add_number(body, row, &ok);
    kv_json_add_text(body, "timestamp", date, &ok);
    kv_json_add_text(body, "trace_id", request->id, &ok);
    kv_json_add_text(body, "correlation_id", authority_call_of(request)->correlation, &ok);
    add_uri(body, row, &ok);
    return ok ? kv_take(body) : NULL;
}

/* What the listener itself says when it is too busy, or on its way down, in the service's words. */
static enum kv_code reword(const struct kv_err *err, struct kv_err *ret_worded)
{
    *ret_worded = *err;
    return err->code == KV_UNAVAILABLE && find_row(err->message) == NULL
               ? AADSTS_REFUSE(ret_worded, 90033)
               : err->code;
}

void authority_render_error(struct kv_request *request, const struct kv_err *err,
                            struct kv_response *response)
{
    struct kv_err worded;
    enum kv_code code = reword(err, &worded);
    const struct row *row = find_row(worded.message);
    int status = row != NULL ? row->status : kv_err_row(code)->status;
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    if (authority_call_of(request) != NULL) { /* NULL: no gate was asked, or memory is short */
        body = make_body(request, &worded, row, status);
    }
    if (kv_response_json(response, status, body, NULL) != KV_OK) {
        response->status = status; /* out of memory: the status alone must do */
    }
}
