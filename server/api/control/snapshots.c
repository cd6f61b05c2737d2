/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots: docs/state.md. Saving and putting back need the agenda's turn, so that nobody is under way
 * through time, and wait for those who are at the store and at the token: alone on the lane of generation. */
#include "kv/base/agenda.h"
#include "kv/base/json.h"
#include "kv/scenarios/scenarios.h"
#include "private.h"

struct order {
    const char *name, *vault;
};

static const struct kv_json_field saving[] = {
    KV_JSON_FIELD(struct order, name, "name", KV_JSON_STRING),
};

static const struct kv_json_field restoring[] = {
    KV_JSON_FIELD(struct order, vault, "vault", KV_JSON_STRING),
};

static enum kv_code respond(struct kv_response *response, int status, cJSON *shown,
                            struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = shown;

    return kv_response_json(response, status, body, err);
}

enum kv_code snapshot_list(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    cJSON *shown;

    KV_TRY(kv_snapshots_list(request->app->snapshots, &shown, err));
    return respond(response, 200, shown, err);
}

enum kv_code snapshot_get(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    cJSON *shown;

    KV_TRY(kv_snapshots_show(request->app->snapshots, kv_request_capture(request, "name"), &shown,
                             err));
    return respond(response, 200, shown, err);
}

/* Half of what a scenario does ends with the process: what is saved of one could not be put back. */
static enum kv_code check_calm(const struct kv_app *app, struct kv_err *err)
{
    if (kv_scenarios_has(app->scenarios, NULL)) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "A scenario is applied. Revert it first: a snapshot is of a state without "
                       "one.");
    }
    return KV_OK;
}

enum kv_code snapshot_save(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    const struct kv_app *app = request->app;
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct order order = { .name = NULL };
    cJSON *shown;

    KV_TRY(control_bind_body(request, saving, KV_COUNT(saving), &order, &body, err));
    if (order.name == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Give the snapshot's \"name\".");
    }
    kv_agenda_acquire(app->agenda);

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;

    KV_TRY(check_calm(app, err));
    KV_TRY(kv_snapshots_save(app->snapshots, order.name, &shown, err));
    return respond(response, 201, shown, err);
}

/* {}: all of it; {"vault":NAME}: that vault. A misspelt member must not cover more than was meant. */
enum kv_code snapshot_restore_order(struct kv_request *request, struct kv_response *response,
                                    struct kv_err *err)
{
    const struct kv_app *app = request->app;
    const char *name = kv_request_capture(request, "name");
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct order order = { .vault = NULL };

    KV_TRY(control_bind_body(request, restoring, KV_COUNT(restoring), &order, &body, err));
    if (order.vault == NULL && body->child != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Give {} to put everything back, or the name of a vault as \"vault\".");
    }
    kv_agenda_acquire(app->agenda);

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;

    KV_TRY(kv_snapshots_check(app->snapshots, name, order.vault, err));
    KV_TRY(kv_scenarios_end(app->scenarios, order.vault, kv_clock_now(app->clock), err));
    KV_TRY(kv_snapshots_restore(app->snapshots, name, order.vault, err));
    response->status = 204;
    return KV_OK;
}

enum kv_code snapshot_delete(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    KV_TRY(kv_snapshots_delete(request->app->snapshots, kv_request_capture(request, "name"), err));
    response->status = 204;
    return KV_OK;
}
