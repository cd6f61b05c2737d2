/* SPDX-License-Identifier: Apache-2.0 */
/* Looking things up in a request. Lists are short, so a scan is enough. */
#include "kv/http/request.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"

static const char *const verb_names[] = {
    [KV_GET] = "GET",         [KV_HEAD] = "HEAD",        [KV_POST] = "POST",
    [KV_PUT] = "PUT",         [KV_PATCH] = "PATCH",      [KV_DELETE] = "DELETE",
    [KV_OPTIONS] = "OPTIONS", [KV_VERB_OTHER] = "OTHER",
};

const char *kv_verb_name(enum kv_verb verb)
{
    return verb_names[verb];
}

void kv_verbs_list(unsigned verbs, char ret_text[KV_VERBS_SIZE])
{
    size_t len = 0;

    ret_text[0] = '\0';
    for (enum kv_verb verb = KV_GET; verb < KV_VERB_OTHER; verb++) {
        if (verbs & 1U << verb) {
            len += (size_t) snprintf(ret_text + len, KV_VERBS_SIZE - len, "%s%s",
                                     len > 0 ? ", " : "", kv_verb_name(verb));
        }
    }
}

/* tchar of RFC 9110 §5.6.2 */
static bool is_token_character(char character)
{
    return isalnum((unsigned char) character)
           || (character != '\0' && strchr("!#$%&'*+-.^_`|~", character) != NULL);
}

bool kv_is_http_token(const char *text, size_t len)
{
    size_t good = 0;

    while (good < len && is_token_character(text[good])) {
        good++;
    }
    return len > 0 && good == len;
}

const char *kv_request_query(const struct kv_request *request, const char *name)
{
    for (size_t i = 0; i < request->query.count; i++) {
        if (strcasecmp(request->query.pair[i].name, name) == 0) {
            return request->query.pair[i].value;
        }
    }
    return NULL;
}

enum kv_code kv_request_json(const struct kv_request *request, cJSON **ret_body, struct kv_err *err)
{
    if (request->body.len == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Request body not specified");
    }
    return kv_json_parse(request->body.data, request->body.len, ret_body, err);
}

const char *kv_request_header(const struct kv_request *request, const char *name)
{
    for (size_t i = 0; i < request->headers.count; i++) {
        if (strcasecmp(request->headers.pair[i].name, name) == 0) {
            return request->headers.pair[i].value;
        }
    }
    return NULL;
}

enum kv_code kv_request_continue(struct kv_request *request, enum kv_lane lane,
                                 kv_handler_fn *handler)
{
    assert(lane != KV_LANE_INLINE && handler != NULL);
    request->next = handler;
    request->next_lane = lane;
    request->next_turn = 0;
    return KV_OK;
}

enum kv_code kv_request_continue_in_turn(struct kv_request *request, uint64_t turn,
                                         kv_handler_fn *handler)
{
    KV_TRY(kv_request_continue(request, KV_LANE_OUTSIDE, handler));
    request->next_turn = turn;
    return KV_OK;
}
