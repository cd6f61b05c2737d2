/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/http/response.h - an answer under construction: status, headers in order, body.
 *
 * Belongs to its request and to the thread that runs its step. Bodies may hold plaintexts and are
 * wiped after sending.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "kv/base/buf.h"
#include "kv/base/err.h"

#define KV_RESPONSE_HEADERS_MAX 32
#define KV_RESPONSE_HEADER_MAX 2048            /* bytes of one value; longer is cut */
#define KV_RESPONSE_BODY_MAX (8 * 1024 * 1024) /* bytes */

struct kv_response_header {
    const char *name; /* a literal, or what outlives the response */
    char *value;      /* heap */
};

struct kv_response {
    int status;
    const char *content_type; /* a literal; NULL: no Content-Type header */
    struct kv_response_header header[KV_RESPONSE_HEADERS_MAX];
    size_t headers;
    struct kv_buf body;
    bool sorted; /* JSON members go out in the order of their names, at every level */
    bool close;  /* close the connection after this answer */
};

void kv_response_init(struct kv_response *response);
void kv_response_done(struct kv_response *response);

/* Back to an empty 200, unsorted; for an error that replaces a half-made answer. */
void kv_response_reset(struct kv_response *response);

/* Appends a header; names are literals, values are copied. CR and LF in a value become blanks. */
enum kv_code kv_response_header(struct kv_response *response, struct kv_err *err, const char *name,
                                const char *value) kv_must_check;

/* The same in place of the header of that name, if there is one. The name lives as long as the
 * response. */
enum kv_code kv_response_set_header(struct kv_response *response, struct kv_err *err,
                                    const char *name, const char *value) kv_must_check;
bool kv_response_has_header(const struct kv_response *response, const char *name);

/* Status, "application/json; charset=utf-8" and the compact text of `tree`, which is not kept but
 * may get sorted, and its numbers become texts. A NULL tree means out of memory. */
enum kv_code kv_response_json(struct kv_response *response, int status, cJSON *tree,
                              struct kv_err *err) kv_must_check;

/* A refusal as most services of Azure word it: {"error":{"code":"..","message":".."}}, with the row's
 * status. If memory is out, the status alone. */
void kv_response_error(struct kv_response *response, const struct kv_err *refusal);

/* Status, a literal content type, and text. */
enum kv_code kv_response_text(struct kv_response *response, int status, const char *content_type,
                              const char *text, struct kv_err *err) kv_must_check;
