/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Provisioning that takes its time, and what a client polls meanwhile (control-plane.md §3.1): a resource is there at
 * once, and says that it is being made until the lag is over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"
#include "private.h"

#define POLL_SECONDS 15U /* Retry-After of the service */

void arm_delay(const struct arm_call *call, struct kv_resource *resource)
{
    bool takes_time = call->app->provisioning_lag > 0 && call->type->waiting != NULL;

    resource->ready = takes_time ? call->now + call->app->provisioning_lag : 0;
}

const char *arm_state(const struct arm_call *call, const struct kv_resource *resource)
{
    return resource->ready > call->now ? call->type->waiting : "Succeeded";
}

/* "/subscriptions/S/providers/NAMESPACE/locations/L/WHAT/ID?api-version=V" */
static char *print_url(const struct arm_call *call, const char *what, const char *id)
{
    char scope[ARM_SUBSCRIPTION_SIZE];
    char *url = NULL;

    arm_subscription(call->app, scope);
    return asprintf(&url, "%s%s/providers/%.*s/locations/%s/%s/%s?api-version=%s", call->base,
                    scope, (int) strcspn(call->type->name, "/"), call->type->name, KV_REGION, what,
                    id, call->api_version)
                   < 0
               ? NULL
               : url;
}

/* How long to wait before one asks again: as the service says, or less when it is over before. Clients
 * wait for half a minute where they are not told. */
static unsigned pause_of(kv_millis lag)
{
    if (lag < 2000) {
        return 1;
    }
    return lag / 1000 < POLL_SECONDS ? (unsigned) (lag / 1000) : POLL_SECONDS;
}

static enum kv_code begin(struct arm_call *call, kv_millis ends, struct arm_reply *reply,
                          struct kv_err *err)
{
    char id[KV_UUID_LENGTH + 1];

    KV_TRY(kv_resource_operation_begin(call->app->resources, NULL, call->id->text, call->now, ends,
                                       id, err));
    reply->async = print_url(call, "operationStatuses", id);
    reply->retry_after = pause_of(ends - call->now);
    if (reply->async == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (reply->status == 202) {
        reply->location = print_url(call, "operationResults", id);
        return reply->location != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
    }
    return KV_OK;
}

enum kv_code arm_delayed(struct arm_call *call, const struct kv_resource *resource,
                         struct arm_reply *reply, struct kv_err *err)
{
    return resource->ready > call->now ? begin(call, resource->ready, reply, err) : KV_OK;
}

enum kv_code arm_accept(struct arm_call *call, struct arm_reply *reply, kv_millis lag,
                        struct kv_err *err)
{
    reply->status = 202;
    return begin(call, call->now + (lag > 0 ? lag : 1), reply, err);
}

enum kv_code arm_accept_result(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    struct kv_resources *resources = call->app->resources;
    char id[KV_UUID_LENGTH + 1];

    KV_TRY(kv_resource_operation_begin(resources, NULL, call->id->text, call->now, call->now, id,
                                       err));
    enum kv_code code = kv_resource_operation_end(resources, id, KV_OPERATION_SUCCEEDED,
                                                  reply->body, call->now, NULL);
    if (code == KV_BODY_TOO_LARGE) {
        return KV_OK;
    }
    if (code != KV_OK) {
        return KV_FAIL(err, code, 0, "What was asked for cannot be kept.");
    }
    cJSON_Delete(kv_take(reply->body));
    reply->status = 202;
    reply->retry_after = 1;
    reply->location = print_url(call, "operationResults", id);
    return reply->location != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static const char *const status_names[] = {
    [KV_OPERATION_RUNNING] = "InProgress",
    [KV_OPERATION_SUCCEEDED] = "Succeeded",
    [KV_OPERATION_FAILED] = "Failed",
    [KV_OPERATION_CANCELED] = "Canceled",
};

static enum kv_code find(const struct kv_request *request,
                         struct kv_resource_operation *ret_operation, struct kv_err *err)
{
    KV_TRY(subscription_check(request->app, kv_request_capture(request, "subscription"), err));
    return kv_resource_operation_get(request->app->resources, kv_request_capture(request, "id"),
                                     request->now, ret_operation, err);
}

static void add_date(cJSON *body, const char *name, kv_millis time, bool *ok)
{
    char date[KV_ISO_DATE_SIZE];

    kv_time_render_iso(time, date);
    kv_json_add_text(body, name, date, ok);
}

static void add_members(cJSON *body, const cJSON *members, bool *ok)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, members) {
        kv_json_add_take(body, member->string, cJSON_Duplicate(member, true), ok);
    }
}

static enum kv_code ask_for_pause(const struct kv_request *request,
                                  const struct kv_resource_operation *operation,
                                  struct kv_response *response, struct kv_err *err)
{
    char seconds[16];

    (void) snprintf(seconds, sizeof(seconds), "%u", pause_of(operation->ends - request->now));
    return kv_response_header(response, err, "Retry-After", seconds);
}

enum kv_code operation_status(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    kv_auto(kv_resource_operation_done) struct kv_resource_operation operation = { 0 };
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    KV_TRY(find(request, &operation, err));
    kv_json_add_text(body, "name", operation.id, &ok);
    kv_json_add_text(body, "status", status_names[operation.status], &ok);
    add_date(body, "startTime", operation.begun, &ok);
    if (operation.status == KV_OPERATION_RUNNING) {
        KV_TRY(ask_for_pause(request, &operation, response, err));
    } else {
        add_date(body, "endTime", operation.ends, &ok);
    }
    add_members(body, operation.result, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

/* What a purge ends in has dates with a blank (control-plane.md §1.3). */
static void add_spaced_date(cJSON *body, const char *name, kv_millis time, bool *ok)
{
    char date[KV_ISO_DATE_SIZE];
    char text[KV_ISO_DATE_SIZE];

    kv_time_render_iso(time, date);
    (void) snprintf(text, sizeof(text), "%.10s %.8sZ", date, date + 11);
    kv_json_add_text(body, name, text, ok);
}

enum kv_code operation_result(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    kv_auto(kv_resource_operation_done) struct kv_resource_operation operation = { 0 };
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    KV_TRY(find(request, &operation, err));
    if (operation.status == KV_OPERATION_RUNNING) {
        char *url = NULL;
        int len = asprintf(&url, "https://%s%s", request->authority, request->target);
        enum kv_code code =
            len < 0 ? KV_OUT_OF_MEMORY(err) : kv_response_header(response, err, "Location", url);

        free(len < 0 ? NULL : url);
        KV_TRY(code);
        response->status = 202;
        return ask_for_pause(request, &operation, response, err);
    }
    add_spaced_date(body, "createdDateTime", operation.begun, &ok);
    add_spaced_date(body, "lastActionDateTime", operation.ends, &ok);
    kv_json_add_text(body, "status", status_names[operation.status], &ok);
    add_members(body, operation.result, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}
