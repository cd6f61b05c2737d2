/* SPDX-License-Identifier: Apache-2.0 */
/* Putting an answer together. */
#include "kv/http/response.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "kv/base/secret.h"

#define JSON_CONTENT_TYPE "application/json; charset=utf-8"

void kv_response_init(struct kv_response *response)
{
    *response = (struct kv_response){ .status = 200 };
    kv_buf_init(&response->body, KV_RESPONSE_BODY_MAX);
}

void kv_response_done(struct kv_response *response)
{
    for (size_t i = 0; i < response->headers; i++) {
        kv_wipe_free(response->header[i].value);
    }
    response->headers = 0;
    kv_buf_done(&response->body);
}

void kv_response_reset(struct kv_response *response)
{
    kv_response_done(response);
    kv_response_init(response);
}

/* A control character could end the header, or the whole head, early. */
static void blank_control_characters(char *text)
{
    for (; *text != '\0'; text++) {
        if (iscntrl((unsigned char) *text)) {
            *text = ' ';
        }
    }
}

enum kv_code kv_response_header(struct kv_response *response, struct kv_err *err, const char *name,
                                const char *value)
{
    if (response->headers == KV_RESPONSE_HEADERS_MAX) {
        return KV_FAIL(err, KV_INTERNAL, 0, "no room for header %s", name);
    }
    char *copy = strndup(value, KV_RESPONSE_HEADER_MAX);
    if (copy == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    blank_control_characters(copy);
    response->header[response->headers++] =
        (struct kv_response_header){ .name = name, .value = copy };
    return KV_OK;
}

static struct kv_response_header *find_header(struct kv_response *response, const char *name)
{
    for (size_t i = 0; i < response->headers; i++) {
        if (strcasecmp(response->header[i].name, name) == 0) {
            return &response->header[i];
        }
    }
    return NULL;
}

bool kv_response_has_header(const struct kv_response *response, const char *name)
{
    return find_header((struct kv_response *) response, name) != NULL; /* which it only reads */
}

enum kv_code kv_response_set_header(struct kv_response *response, struct kv_err *err,
                                    const char *name, const char *value)
{
    struct kv_response_header *header = find_header(response, name);

    if (header != NULL) { /* the last one takes its place */
        kv_wipe_free(header->value);
        *header = response->header[--response->headers];
    }
    return kv_response_header(response, err, name, value);
}

/* A body that is too large is the client's fault only in a request. */
static enum kv_code own_fault(enum kv_code code, struct kv_err *err)
{
    if (code == KV_BODY_TOO_LARGE) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the answer exceeds %d bytes", KV_RESPONSE_BODY_MAX);
    }
    return code;
}

static void begin(struct kv_response *response, int status, const char *content_type)
{
    response->status = status;
    response->content_type = content_type;
    kv_buf_clear(&response->body);
}

enum kv_code kv_response_json(struct kv_response *response, int status, cJSON *tree,
                              struct kv_err *err)
{
    if (tree == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    begin(response, status, JSON_CONTENT_TYPE);
    if (response->sorted) {
        kv_json_sort(tree);
    }
    kv_json_spell_numbers(tree);
    return own_fault(kv_json_print(tree, &response->body, err), err);
}

void kv_response_error(struct kv_response *response, const struct kv_err *refusal)
{
    const struct kv_err_row *row = kv_err_row(refusal->code);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;
    cJSON *error = kv_json_add_object(body, "error", &ok);

    kv_json_add_text(error, "code", row->code, &ok);
    kv_json_add_text(error, "message", refusal->message, &ok);
    if (kv_response_json(response, row->status, ok ? body : NULL, NULL) != KV_OK) {
        response->status = row->status;
    }
}

enum kv_code kv_response_text(struct kv_response *response, int status, const char *content_type,
                              const char *text, struct kv_err *err)
{
    begin(response, status, content_type);
    return own_fault(kv_buf_append(&response->body, text, strlen(text), err), err);
}
