/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of lists: a page begins behind the mark where the one before it ended, which the link to it
 * carries ($skiptoken), so a page costs the same wherever it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/base64.h"
#include "kv/base/json.h"
#include "private.h"

bool arm_page_is_full(const struct arm_page *page)
{
    return page->count >= page->max;
}

enum kv_code arm_page_add(struct arm_page *page, cJSON *item, const char *mark, struct kv_err *err)
{
    char *last = strdup(mark);
    bool ok = last != NULL && item != NULL;

    kv_json_add_take(page->values, NULL, item, &ok);
    if (!ok) {
        free(last);
        return KV_OUT_OF_MEMORY(err);
    }
    free(page->last);
    page->last = last;
    page->count++;
    return KV_OK;
}

/* $top: how many are wanted. */
static enum kv_code read_top(const struct kv_request *request, size_t *ret_top, struct kv_err *err)
{
    const char *text = kv_request_query(request, "$top");
    unsigned long number = PAGE_MAX;
    char *end = NULL;

    if (text != NULL && *text != '\0') {
        number = strtoul(text, &end, 10);
        if (text[strspn(text, "0123456789")] != '\0' || number == 0) {
            return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                           "The value '%.32s' for the query parameter '$top' is invalid.", text);
        }
    }
    *ret_top = number < PAGE_MAX ? number : PAGE_MAX;
    return KV_OK;
}

enum kv_code page_begin(const struct kv_request *request, struct kv_buf *mark,
                        struct arm_page *ret_page, struct kv_err *err)
{
    const char *token = kv_request_query(request, "$skiptoken");

    *ret_page = (struct arm_page){ .values = cJSON_CreateArray() };
    if (ret_page->values == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(read_top(request, &ret_page->max, err));
    if (token != NULL && *token != '\0') {
        if (kv_base64url_parse(token, strlen(token), mark, NULL) != KV_OK || mark->len == 0
            || memchr(mark->data, '\0', mark->len) != NULL) {
            return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                           "The provided skip token is not one of this service.");
        }
        ret_page->after = mark->data;
    }
    return KV_OK;
}

void page_done(struct arm_page *page)
{
    cJSON_Delete(page->values);
    free(page->last);
    *page = (struct arm_page){ 0 };
}

/* RFC 3986 §2.1: all but the unreserved characters. */
static enum kv_code append_escaped(struct kv_buf *buf, const char *text, struct kv_err *err)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (; *text != '\0'; text++) {
        size_t len = strspn(text, plain);

        KV_TRY(kv_buf_append(buf, text, len, err));
        text += len;
        if (*text == '\0') {
            break;
        }
        KV_TRY(kv_buf_printf(buf, err, "%%%02X", (unsigned) (unsigned char) *text));
    }
    return KV_OK;
}

static enum kv_code append_member(struct kv_buf *url, char before, const char *name,
                                  const char *value, struct kv_err *err)
{
    KV_TRY(kv_buf_printf(url, err, "%c%s=", before, name));
    return append_escaped(url, value, err);
}

/* The path and query of this request, but for where it begins. */
static enum kv_code append_url(const struct kv_request *request, struct kv_buf *url,
                               struct kv_err *err)
{
    char before = '?';

    KV_TRY(kv_buf_printf(url, err, "https://%s", request->authority));
    for (size_t i = 0; i < request->segments; i++) {
        KV_TRY(kv_buf_append(url, "/", 1, err));
        KV_TRY(append_escaped(url, request->segment[i], err));
    }
    for (size_t i = 0; i < request->query.count; i++) {
        const struct kv_pair *pair = &request->query.pair[i];

        if (strcasecmp(pair->name, "$skiptoken") != 0) {
            KV_TRY(append_member(url, before, pair->name, pair->value, err));
            before = '&';
        }
    }
    return KV_OK;
}

static enum kv_code add_link(const struct kv_request *request, const struct arm_page *page,
                             cJSON *body, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf url = { .max = 64 * 1024 };
    kv_auto(kv_buf_done) struct kv_buf token = { .max = 64 * 1024 };
    bool ok = true;

    KV_TRY(kv_base64url_render(page->last, strlen(page->last), &token, err));
    KV_TRY(append_url(request, &url, err));
    KV_TRY(append_member(&url, '&', "$skiptoken", token.data, err));
    kv_json_add_text(body, "nextLink", url.data, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code page_answer(const struct kv_request *request, struct arm_page *page,
                         struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_take(body, "value", kv_take(page->values), &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (page->has_more && page->last != NULL) {
        KV_TRY(add_link(request, page, body, err));
    }
    return kv_response_json(response, 200, body, err);
}
