/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services that use keys: docs/consumer.md. Deployments wait for the vault, which may be coffer
 * itself: on the lane of those who wait for other servers, so that nobody is kept from answering them.
 */
#include "kv/consumer/consumer.h"

#include <stdlib.h>
#include <string.h>

#include "consumer_resource.h"
#include "private.h"

#define DEPLOY_MS INT64_C(25000) /* less than a request may take */
#define WAIT_DEFAULT "30"        /* seconds */
#define WAIT_MAX 590             /* less than a request may wait at all */

static const struct kv_json_field fields[] = {
    KV_JSON_FIELD(struct kv_consumer_order, profile, "profile", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_consumer_order, key, "key", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_consumer_order, identity, "identity", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_consumer_order, login, "login", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_consumer_order, ca, "ca", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_consumer_order, rules, "rules", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_consumer_order, status, "status", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_consumer_order, heals, "heals", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_consumer_order, follow, "follow", KV_JSON_STRING),
};

static enum kv_code respond(struct kv_response *response, cJSON *shown, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = shown;

    return kv_response_json(response, 200, body, err);
}

/* A service as it is shown, with the resource that it runs for. */
static enum kv_code describe(struct kv_consumers *consumers, const cJSON *resources,
                             const char *name, cJSON **ret_shown, struct kv_err *err)
{
    const char *resource = consumer_resource_find(resources, name);
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    bool ok = true;

    KV_TRY(kv_consumers_describe(consumers, name, &shown, err));
    if (resource != NULL) {
        kv_json_add_text(shown, "resource", resource, &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_shown = kv_take(shown);
    return KV_OK;
}

struct listing {
    struct kv_consumers *consumers;
    cJSON *list, *resources;
};
static void listing_done(struct listing *listing)
{
    cJSON_Delete(listing->resources);
}
KV_DEFINE_CLEANUP_VALUE(struct listing, listing_done)

/* One that is removed meanwhile is left out. */
static enum kv_code add_to_list(void *listing_, const struct kv_consumer_view *view,
                                struct kv_err *err)
{
    const struct listing *listing = listing_;
    cJSON *shown = NULL;
    bool ok = true;
    enum kv_code code = describe(listing->consumers, listing->resources, view->name, &shown, err);

    if (code == KV_OK) {
        kv_json_add_take(listing->list, NULL, shown, &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    return code == KV_NOT_FOUND ? KV_OK : code;
}

static enum kv_code consumer_list(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;
    kv_auto(listing_done) struct listing listing = {
        .consumers = request->app->consumers, .list = kv_json_add_array(body, "consumers", &ok)
    };

    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(consumer_resources_read(request->app, &listing.resources, err));
    KV_TRY(kv_consumers_each(request->app->consumers, add_to_list, &listing, err));
    return respond(response, kv_take(body), err);
}

typedef enum kv_code show_fn(struct kv_consumers *consumers, const char *name, cJSON **ret_shown,
                             struct kv_err *err);

static enum kv_code show(struct kv_request *request, show_fn *read, struct kv_response *response,
                         struct kv_err *err)
{
    cJSON *shown = NULL;

    KV_TRY(read(request->app->consumers, kv_request_capture(request, "name"), &shown, err));
    return respond(response, shown, err);
}

/* The one that the path names. */
static enum kv_code describe_named(const struct kv_request *request, cJSON **ret_shown,
                                   struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *resources = NULL;
    struct kv_consumer_view view; /* names are found in any case */

    KV_TRY(kv_consumers_find(request->app->consumers, kv_request_capture(request, "name"), &view,
                             err));
    KV_TRY(consumer_resources_read(request->app, &resources, err));
    return describe(request->app->consumers, resources, view.name, ret_shown, err);
}

static enum kv_code consumer_get(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    cJSON *shown = NULL;

    KV_TRY(describe_named(request, &shown, err));
    return respond(response, shown, err);
}

static enum kv_code consumer_timeline(struct kv_request *request, struct kv_response *response,
                                      struct kv_err *err)
{
    return show(request, kv_consumers_timeline, response, err);
}

/* What a vault said stands in it: where it is opened by itself, nothing of it is run. */
#define PICTURE_POLICY "default-src 'none'; style-src 'unsafe-inline'; sandbox"

static enum kv_code consumer_picture(struct kv_request *request, struct kv_response *response,
                                     struct kv_err *err)
{
    KV_TRY(kv_response_header(response, err, "Content-Security-Policy", PICTURE_POLICY));
    KV_TRY(kv_consumers_draw(request->app->consumers, kv_request_capture(request, "name"),
                             &response->body, err));
    response->status = 200;
    response->content_type = "image/svg+xml";
    return KV_OK;
}

/* {"current":{...},"history":[...]}, as Azure Resource Health words them. */
static enum kv_code consumer_health(struct kv_request *request, struct kv_response *response,
                                    struct kv_err *err)
{
    const char *name = kv_request_capture(request, "name");
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    cJSON *current = NULL, *history = NULL;
    bool ok = body != NULL;

    KV_TRY(kv_consumers_health(request->app->consumers, name, &current, err));
    kv_json_add_take(body, "current", current, &ok);
    KV_TRY(kv_consumers_health_history(request->app->consumers, name, &history, err));
    kv_json_add_take(body, "history", history, &ok);
    return ok ? respond(response, kv_take(body), err) : KV_OUT_OF_MEMORY(err);
}

static enum kv_code deploy(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    struct kv_consumer_order order = { .name = NULL };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct kv_consumer_view view;

    KV_TRY(control_bind_body(request, fields, KV_COUNT(fields), &order, &body, err));
    order.name = kv_request_capture(request, "name");
    KV_TRY(kv_consumers_deploy(request->app->consumers, &order, DEPLOY_MS, &view, err));
    return consumer_get(request, response, err);
}

static enum kv_code consumer_redeploy(struct kv_request *request, struct kv_response *response,
                                      struct kv_err *err)
{
    struct kv_consumer_view view;

    KV_TRY(kv_consumers_find(request->app->consumers, kv_request_capture(request, "name"), &view,
                             err));
    return deploy(request, response, err);
}

/* A resource whose service is gone would go on to say that all is well. */
static enum kv_code refuse_to_orphan(const struct kv_app *app, const char *name, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *resources = NULL;
    const char *resource;

    KV_TRY(consumer_resources_read(app, &resources, err));
    resource = consumer_resource_find(resources, name);
    if (resource == NULL) {
        return KV_OK;
    }
    return KV_FAIL(
        err, KV_CONFLICT, 0,
        "The service '%.63s' runs for the resource %.700s: delete that, with az resource "
        "delete --ids, and the service goes with it.",
        name, resource);
}

static enum kv_code consumer_remove(struct kv_request *request, struct kv_response *response,
                                    struct kv_err *err)
{
    struct kv_consumer_view view;

    KV_TRY(kv_consumers_find(request->app->consumers, kv_request_capture(request, "name"), &view,
                             err));
    KV_TRY(refuse_to_orphan(request->app, view.name, err));
    KV_TRY(kv_consumers_remove(request->app->consumers, view.name, err));
    KV_TRY(kv_records_forget(request->app->records, view.name, err)); /* nobody could read it */
    response->status = 204;
    return KV_OK;
}

/* --- waiting --- */

struct wait {
    enum kv_consumer_state state;
    kv_millis until; /* monotonic */
    bool is_met;
};

static enum kv_code read_state(const struct kv_request *request, enum kv_consumer_state *ret_state,
                               struct kv_err *err)
{
    const char *name = kv_request_query(request, "state");

    if (name != NULL && kv_consumer_state_find(name, ret_state)) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "state is starting, encrypted, access-lost, healing or needs-redeploy.");
}

static enum kv_code read_timeout(const struct kv_request *request, kv_millis *ret_span,
                                 struct kv_err *err)
{
    const char *given = kv_request_query(request, "timeout");
    const char *text = given != NULL ? given : WAIT_DEFAULT;
    size_t len = strlen(text);
    long seconds = strtol(text, NULL, 10);

    if (len == 0 || len > 3 || strspn(text, "0123456789") != len || seconds > WAIT_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "timeout is whole seconds from 0 to %d.",
                       WAIT_MAX);
    }
    *ret_span = seconds * 1000;
    return KV_OK;
}

static enum kv_code begin_wait(struct kv_request *request, struct kv_err *err)
{
    struct wait *wait = calloc(1, sizeof(*wait));
    kv_millis span = 0;

    if (wait == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    request->context = wait;
    request->context_free = free;
    KV_TRY(read_state(request, &wait->state, err));
    KV_TRY(read_timeout(request, &span, err));
    wait->until = kv_clock_monotonic() + span;
    return KV_OK;
}

static enum kv_code consumer_wait(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    const struct wait *wait = request->context;
    cJSON *shown = NULL;
    bool ok = true;

    KV_TRY(describe_named(request, &shown, err));
    kv_json_add_bool(shown, "met", wait->is_met, &ok);
    return respond(response, shown, err);
}

enum kv_code control_hold_for_consumers(struct kv_request *request, struct kv_response *response,
                                        struct kv_err *err)
{
    struct kv_consumer_view view;

    (void) response;
    if (request->route->handler != consumer_wait) {
        return KV_OK;
    }
    KV_TRY(request->context == NULL ? begin_wait(request, err) : KV_OK);

    struct wait *wait = request->context;

    KV_TRY(kv_consumers_find(request->app->consumers, kv_request_capture(request, "name"), &view,
                             err));
    wait->is_met = view.state == wait->state;
    if (wait->is_met || kv_clock_monotonic() >= wait->until) {
        return KV_OK;
    }
    return kv_step_wait_news(request, wait->until);
}

const struct kv_route consumer_routes[] = {
    { KV_GET, "/control/v1/consumers", consumer_list, KV_LANE_WORK },
    { KV_GET, "/control/v1/consumers/{name}", consumer_get, KV_LANE_WORK },
    { KV_PUT, "/control/v1/consumers/{name}", deploy, KV_LANE_OUTSIDE },
    { KV_DELETE, "/control/v1/consumers/{name}", consumer_remove, KV_LANE_WORK },
    { KV_POST, "/control/v1/consumers/{name}/redeploy", consumer_redeploy, KV_LANE_OUTSIDE },
    { KV_GET, "/control/v1/consumers/{name}/timeline", consumer_timeline, KV_LANE_WORK },
    { KV_GET, "/control/v1/consumers/{name}/timeline.svg", consumer_picture, KV_LANE_WORK },
    { KV_GET, "/control/v1/consumers/{name}/health", consumer_health, KV_LANE_WORK },
    { KV_GET, "/control/v1/consumers/{name}/wait", consumer_wait, KV_LANE_WORK, "state timeout" },
    { 0 },
};
