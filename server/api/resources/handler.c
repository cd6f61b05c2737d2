/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to a call, and from what came of it to an answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"
#include "kv/templates/templates.h"
#include "private.h"

/* What a request asks, on its way to the lane of its type. */
struct asked {
    struct arm_id id;
    char action[ARM_SEGMENT_MAX + 1];
};

void handler_begin_call(const struct kv_request *request, char base[BASE_SIZE],
                        struct arm_call *ret_call)
{
    const struct resources_call *context = request->context;
    const char *correlation = kv_request_header(request, "x-ms-correlation-request-id");

    (void) snprintf(base, BASE_SIZE, "https://%.250s", request->authority);
    *ret_call = (struct arm_call){
        .app = request->app,
        .caller = context->has_caller ? &context->caller : NULL,
        .action = "",
        .verb = request->verb,
        .api_version = kv_request_query(request, "api-version"),
        .filter = kv_request_query(request, "$filter"),
        .if_match = kv_request_header(request, "If-Match"),
        .if_none_match = kv_request_header(request, "If-None-Match"),
        .base = base,
        .correlation =
            correlation != NULL && kv_uuid_is_valid(correlation) ? correlation : request->id,
        .now = request->now,
    };
}

static enum kv_code join_path(const struct kv_request *request,
                              char ret_path[KV_RESOURCE_ID_MAX + 1], struct kv_err *err)
{
    size_t len = 0;

    ret_path[0] = '\0';
    for (size_t i = 0; i < request->segments; i++) {
        int added =
            snprintf(ret_path + len, KV_RESOURCE_ID_MAX + 1 - len, "/%s", request->segment[i]);

        if ((size_t) added > KV_RESOURCE_ID_MAX - len || strchr(request->segment[i], '/') != NULL) {
            return KV_FAIL(err, KV_ARM_INVALID_ID, 0, "The path is not a valid resource id.");
        }
        len += (size_t) added;
    }
    return KV_OK;
}

/* Cuts the last segment off a path. */
static void cut_last(char *path, char ret_segment[ARM_SEGMENT_MAX + 1])
{
    char *slash = strrchr(path, '/');

    (void) snprintf(ret_segment, ARM_SEGMENT_MAX + 1, "%s", slash + 1);
    *slash = '\0';
}

/* POST names an action behind the resource, unless a type is one by itself: checkNameAvailability. */
static enum kv_code parse(const struct kv_request *request, struct asked *asked, struct kv_err *err)
{
    char path[KV_RESOURCE_ID_MAX + 1];

    KV_TRY(join_path(request, path, err));
    if (request->verb != KV_POST) {
        return arm_id_parse(path, &asked->id, err);
    }
    if (arm_id_parse(path, &asked->id, NULL) == KV_OK && asked->id.is_list
        && arm_type_find(request->app, asked->id.type) != NULL) {
        return KV_OK;
    }
    cut_last(path, asked->action);
    return arm_id_parse(path, &asked->id, err);
}

static enum kv_code refuse_body(const char *what, struct kv_err *err)
{
    return KV_FAIL(err, KV_INVALID_REQUEST_CONTENT, 0,
                   "The request content was invalid and could not be deserialized: '%s'.", what);
}

static enum kv_code read_body(const struct kv_request *request, cJSON **ret_body,
                              struct kv_err *err)
{
    bool needs_one = request->verb == KV_PUT || request->verb == KV_PATCH;

    if (request->body.len == 0) {
        return needs_one ? refuse_body("The body is empty", err) : KV_OK;
    }
    KV_TRY(kv_template_parse(request->body.data, request->body.len, ret_body, err));
    return cJSON_IsObject(*ret_body) ? KV_OK : refuse_body("The body is no JSON object", err);
}

/* A path below the site, or a URL, as a header. */
static enum kv_code add_url(struct kv_response *response, const char *name, const char *url,
                            const char *base, struct kv_err *err)
{
    char *text = NULL;
    enum kv_code code;

    if (url == NULL) {
        return KV_OK;
    }
    if (asprintf(&text, "%s%s", url[0] == '/' ? base : "", url) < 0) {
        return KV_OUT_OF_MEMORY(err);
    }
    code = kv_response_header(response, err, name, text);
    free(text);
    return code;
}

static enum kv_code add_headers(const struct arm_reply *reply, const char *base,
                                struct kv_response *response, struct kv_err *err)
{
    char seconds[16];

    KV_TRY(add_url(response, "Location", reply->location, base, err));
    KV_TRY(add_url(response, "Azure-AsyncOperation", reply->async, base, err));
    if (reply->retry_after > 0) {
        (void) snprintf(seconds, sizeof(seconds), "%u", reply->retry_after);
        KV_TRY(kv_response_header(response, err, "Retry-After", seconds));
    }
    return reply->etag[0] != '\0' ? kv_response_header(response, err, "ETag", reply->etag) : KV_OK;
}

static enum kv_code answer(struct kv_request *request, struct arm_reply *reply, const char *base,
                           struct kv_response *response, struct kv_err *err)
{
    if (request->verb == KV_HEAD) {
        response->status = 204;
        return KV_OK;
    }
    KV_TRY(add_headers(reply, base, response, err));
    if (reply->body == NULL) {
        response->status = reply->status;
        return KV_OK;
    }
    return kv_response_json(response, reply->status, reply->body, err);
}

/* An error that has more to say than a code and a message. */
static enum kv_code answer_in_detail(const struct kv_err *why, struct arm_reply *reply,
                                     struct kv_response *response, struct kv_err *err)
{
    const struct kv_err_row *row = kv_err_row(why->code);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    cJSON *error = kv_json_add_object(body, "error", &ok);
    kv_json_add_text(error, "code", row->code, &ok);
    if (reply->target != NULL) {
        kv_json_add_text(error, "target", reply->target, &ok);
    }
    kv_json_add_text(error, "message", why->message, &ok);
    if (reply->details != NULL) {
        kv_json_add_take(error, "details", kv_take(reply->details), &ok);
    }
    return kv_response_json(response, row->status, ok ? body : NULL, err);
}

static enum kv_code list(struct kv_request *request, struct arm_call *call,
                         struct kv_response *response, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf mark = { .max = 64 * 1024 };
    kv_auto(page_done) struct arm_page page = { 0 };

    KV_TRY(page_begin(request, &mark, &page, err));
    KV_TRY(arm_call_list(call, &page, err));
    return page_answer(request, &page, response, err);
}

static enum kv_code run(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    const struct asked *asked = request->state;
    kv_auto(arm_reply_done) struct arm_reply reply = { 0 };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct kv_err why = { .code = KV_OK };
    char base[BASE_SIZE];
    struct arm_call call;
    enum kv_code code;

    handler_begin_call(request, base, &call);
    call.id = &asked->id;
    call.action = asked->action;
    if (request->verb == KV_GET && asked->id.is_list) {
        return list(request, &call, response, err);
    }
    KV_TRY(read_body(request, &body, err));
    call.body = body;
    code = arm_call_run(&call, &reply, &why);
    if (code == KV_OK) {
        return answer(request, &reply, base, response, err);
    }
    if (reply.details != NULL || reply.target != NULL) {
        return answer_in_detail(&why, &reply, response, err);
    }
    *err = why;
    return code;
}

enum kv_code resource_ask(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    struct asked *asked = calloc(1, sizeof(*asked));
    const struct arm_type *type;

    (void) response;
    if (asked == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    request->state = asked;
    request->state_free = free;
    KV_TRY(parse(request, asked, err));
    type = arm_type_find(request->app, asked->id.type);
    return kv_request_continue(
        request,
        request->verb == KV_PUT && type != NULL && type->lane != KV_LANE_INLINE ? type->lane
                                                                                : KV_LANE_WORK,
        run);
}
