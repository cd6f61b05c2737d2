/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAMES_SIZE 768
#define RETRY_MAX UINT64_C(86400000) /* a day of milliseconds */

static void free_headers(struct kv_fault_header *header, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(header[i].name);
        free(header[i].value);
    }
}

void fault_said_done(struct fault_said *said)
{
    free(said->code);
    free(said->inner);
    free(said->message);
    free(said->body);
    free(said->content_type);
    free_headers(said->header, said->headers);
    *said = (struct fault_said){ 0 };
}

void fault_answer_done(struct kv_fault_answer *answer)
{
    free(answer->code);
    free(answer->inner);
    free(answer->message);
    free(answer->body);
    free(answer->content_type);
    free_headers(answer->header, answer->headers);
    *answer = (struct kv_fault_answer){ 0 };
}

enum kv_code fault_read_refusal(const cJSON *value, const char *name, void *target,
                                struct kv_err *err)
{
    struct fault_said *said = target;
    char names[NAMES_SIZE];

    said->refusal = cJSON_IsString(value) ? fault_refusal_find(value->valuestring) : NULL;
    if (said->refusal == NULL) {
        fault_refusal_list(names, sizeof(names));
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' must be one of %s; of the authority AADSTS with a number of "
                       "docs/failures.md.",
                       name, names);
    }
    return KV_OK;
}

static enum kv_code read_retry(const cJSON *value, const char *name, uint64_t *number, bool *has,
                               struct kv_err *err)
{
    KV_TRY(fault_read_number(value, name, number, err));
    if (*number > RETRY_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' must be at most %llu.", name,
                       (unsigned long long) RETRY_MAX);
    }
    *has = true;
    return KV_OK;
}

enum kv_code fault_read_after(const cJSON *value, const char *name, void *target,
                              struct kv_err *err)
{
    struct fault_said *said = target;

    return read_retry(value, name, &said->retry_after, &said->has_retry[0], err);
}

enum kv_code fault_read_after_ms(const cJSON *value, const char *name, void *target,
                                 struct kv_err *err)
{
    struct fault_said *said = target;

    return read_retry(value, name, &said->retry_after_ms, &said->has_retry[1], err);
}

enum kv_code fault_read_after_date(const cJSON *value, const char *name, void *target,
                                   struct kv_err *err)
{
    struct fault_said *said = target;

    return read_retry(value, name, &said->retry_after_date, &said->has_retry[2], err);
}

/* RFC 9110 §5.6.2 */
static bool is_token(const char *text)
{
    const char *at = text;

    while (isalnum((unsigned char) *at)
           || (*at != '\0' && strchr("!#$%&'*+-.^_`|~", *at) != NULL)) {
        at++;
    }
    return *text != '\0' && *at == '\0';
}

/* What frames an answer, and what there are other members for. */
static bool is_ours(const char *name)
{
    static const char *const names[] = { "Content-Length", "Transfer-Encoding", "Connection",
                                         "Content-Type" };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        if (strcasecmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static enum kv_code add_header(const cJSON *item, const char *name, struct fault_said *said,
                               struct kv_err *err)
{
    struct kv_fault_header *header = &said->header[said->headers];

    if (said->headers == KV_FAULT_HEADERS_MAX || !is_token(item->string) || is_ours(item->string)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' takes at most %d headers, and not '%.64s'.",
                       name, KV_FAULT_HEADERS_MAX, item->string);
    }
    said->headers++;
    header->name = strdup(item->string);
    if (header->name == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return fault_read_text(item, name, &header->value, err);
}

enum kv_code fault_read_answer_headers(const cJSON *value, const char *name, void *target,
                                       struct kv_err *err)
{
    const cJSON *item;

    if (!cJSON_IsObject(value)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' must be an object of names and texts.",
                       name);
    }
    cJSON_ArrayForEach (item, value) {
        KV_TRY(add_header(item, name, target, err));
    }
    return KV_OK;
}

static bool has_words(const struct fault_said *said)
{
    return said->code != NULL || said->inner != NULL || said->message != NULL;
}

static bool has_trimmings(const struct fault_said *said)
{
    return said->headers > 0 || said->content_type != NULL || said->has_retry[0]
           || said->has_retry[1] || said->has_retry[2];
}

static enum kv_code check(const struct fault_said *said, struct kv_err *err)
{
    if (said->refusal != NULL && (said->status != 0 || has_words(said) || said->body != NULL)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'error' is a whole refusal of the service's: status, code, inner_code, "
                       "message and body cannot go with it.");
    }
    if (said->refusal == NULL && said->status == 0
        && (has_words(said) || has_trimmings(said) || said->body != NULL)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "An answer needs an 'error' or a 'status' that code, message, body, headers "
                       "and retry_after go with.");
    }
    if (said->body != NULL && has_words(said)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'body' is the whole body: code, inner_code and message cannot go with it.");
    }
    if (said->content_type != NULL && said->body == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'content_type' is for a 'body'.");
    }
    if (said->status != 0 && (said->status < 200 || said->status > 599)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'status' must be from 200 to 599.");
    }
    return KV_OK;
}

static enum kv_code choose_retry(const struct fault_said *said, struct kv_fault_answer *answer,
                                 struct kv_err *err)
{
    const uint64_t values[] = { said->retry_after, said->retry_after_ms, said->retry_after_date };
    unsigned given = 0;

    for (unsigned i = 0; i < KV_COUNT(values); i++) {
        if (said->has_retry[i]) {
            answer->retry = (enum kv_fault_retry)(KV_FAULT_RETRY_SECONDS + i);
            answer->retry_value = (int64_t) values[i];
            given++;
        }
    }
    return given <= 1 ? KV_OK
                      : KV_FAIL(err, KV_BAD_PARAMETER, 0,
                                "Give one of retry_after, retry_after_ms and retry_after_date.");
}

/* A bare status that the service has one answer for is that answer. */
static void complete(struct fault_said *said)
{
    static const struct {
        uint64_t status;
        const char *name;
    } rows[] = { { 429, "THROTTLED" }, { 500, "INTERNAL" }, { 503, "UNAVAILABLE" } };

    for (size_t i = 0; !has_words(said) && said->body == NULL && i < KV_COUNT(rows); i++) {
        if (rows[i].status == said->status) {
            said->refusal = fault_refusal_find(rows[i].name);
            said->status = 0;
        }
    }
}

enum kv_code fault_answer_make(struct fault_said *said, struct kv_fault_answer *ret_answer,
                               bool *ret_has, struct kv_err *err)
{
    struct kv_fault_answer answer = { .retry = KV_FAULT_RETRY_NONE };

    KV_TRY(check(said, err));
    complete(said);
    answer.refusal = said->refusal;
    answer.status = (int) said->status;
    KV_TRY(choose_retry(said, &answer, err));
    answer.code = kv_take(said->code);
    answer.inner = kv_take(said->inner);
    answer.message = kv_take(said->message);
    answer.body = kv_take(said->body);
    answer.content_type = kv_take(said->content_type);
    for (; answer.headers < said->headers; answer.headers++) {
        answer.header[answer.headers] = said->header[answer.headers];
    }
    said->headers = 0;
    *ret_answer = answer;
    *ret_has = said->refusal != NULL || said->status != 0;
    return KV_OK;
}
