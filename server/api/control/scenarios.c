/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents by name: docs/scenarios.md. They are applied and taken back on the lane of generation, for
 * they may make a key or move the clock, and with the turn of those who move it.
 */
#include "kv/scenarios/scenarios.h"

#include "private.h"

static enum kv_code respond(struct kv_response *response, cJSON *shown, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = shown;

    return kv_response_json(response, 200, body, err);
}

enum kv_code scenario_list(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    cJSON *shown = NULL;

    KV_TRY(kv_scenarios_list(request->app->scenarios, &shown, err));
    return respond(response, shown, err);
}

enum kv_code scenario_get(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    cJSON *shown = NULL;

    KV_TRY(kv_scenarios_show(request->app->scenarios, kv_request_capture(request, "name"), &shown,
                             err));
    return respond(response, shown, err);
}

/* By the clock as it is when the turn has come, not when the request did. */
enum kv_code scenario_apply(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    const struct kv_app *app = request->app;
    kv_auto(cJSON_Delete) cJSON *with = NULL;
    cJSON *shown = NULL;

    KV_TRY(control_read_body(request, &with, err));
    kv_agenda_acquire(app->agenda);

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;

    KV_TRY(kv_scenarios_apply(app->scenarios, kv_request_capture(request, "name"), with,
                              kv_clock_now(app->clock), &shown, err));
    return respond(response, shown, err);
}

enum kv_code scenario_revert(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    const struct kv_app *app = request->app;
    kv_auto(cJSON_Delete) cJSON *nothing = NULL;
    cJSON *shown = NULL;

    KV_TRY(control_bind_body(request, NULL, 0, NULL, &nothing, err));
    kv_agenda_acquire(app->agenda);

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;

    KV_TRY(kv_scenarios_revert(app->scenarios, kv_request_capture(request, "name"),
                               kv_clock_now(app->clock), &shown, err));
    return respond(response, shown, err);
}

enum kv_code state_digest(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    cJSON *shown = NULL;

    KV_TRY(kv_scenarios_digest(request->app->scenarios, &shown, err));
    return respond(response, shown, err);
}
