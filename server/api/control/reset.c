/* SPDX-License-Identifier: Apache-2.0 */
/* Back to what the options say, without a restart. */
#include <string.h>

#include "kv/base/agenda.h"
#include "kv/base/json.h"
#include "kv/events/events.h"
#include "kv/keys/external.h"
#include "kv/limits/limits.h"
#include "kv/scenarios/scenarios.h"
#include "private.h"

struct order {
    const char *vault; /* NULL: everything */
};

static const struct kv_json_field fields[] = {
    KV_JSON_FIELD(struct order, vault, "vault", KV_JSON_STRING),
};

/* A reset must not cover more than was meant: a misspelt member is refused. */
static enum kv_code read_order(const cJSON *body, struct order *ret_order, struct kv_err *err)
{
    bool is_known = body->child == NULL
                    || (body->child->next == NULL && strcmp(body->child->string, "vault") == 0);

    if (!is_known || kv_json_bind(body, fields, KV_COUNT(fields), ret_order, NULL) != KV_OK
        || (ret_order->vault == NULL && body->child != NULL)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Give {} to reset everything, or the name of a vault as \"vault\".");
    }
    return KV_OK;
}

static enum kv_code grant_again(const struct kv_app *app, const char *vault, struct kv_err *err)
{
    return app->grant_again != NULL ? app->grant_again(app->grant_context, vault, err) : KV_OK;
}

/* With the agenda's turn: nobody is under way through time meanwhile. */
static enum kv_code reset_all(const struct kv_app *app, struct kv_err *err)
{
    KV_TRY(kv_scenarios_end(app->scenarios, NULL, kv_clock_now(app->clock), err));
    KV_TRY(kv_vaults_reset(app->vaults, NULL, kv_seconds(kv_clock_real()), err));
    kv_clock_reset(app->clock);
    kv_clock_freeze(app->clock, false);
    kv_external_connect(app->keys, false);
    KV_TRY(kv_faults_clear(app->faults, NULL, err));
    control_forget(app, NULL);
    KV_TRY(kv_events_forget(app->events, NULL, err));
    KV_TRY(kv_hsm_faults_reset(app->hsm_faults, err));
    if (app->limits != NULL) {
        kv_limits_reset(app->limits);
    }
    kv_clock_wake(app->clock); /* the housekeeper destroys the objects of the keys that are gone */
    KV_TRY(grant_again(app, NULL, err));
    return app->begin_consumers_again != NULL
               ? app->begin_consumers_again(app->consumers_context, err)
               : KV_OK;
}

/* On the lane of those who move the clock, so that nobody holds it for long when this runs. */
static enum kv_code reset_later(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    const struct kv_app *app = request->app;

    kv_agenda_acquire(app->agenda);

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;

    KV_TRY(reset_all(app, err));
    response->status = 204;
    return KV_OK;
}

static enum kv_code begin_reset(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    const struct kv_app *app = request->app;

    if (!kv_agenda_try_acquire(app->agenda)) {
        return kv_request_continue(request, KV_LANE_ALONE, reset_later);
    }

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;

    KV_TRY(reset_all(app, err));
    response->status = 204;
    return KV_OK;
}

static enum kv_code end_scenarios(const struct kv_app *app, const char *vault, struct kv_err *err)
{
    kv_agenda_acquire(app->agenda);

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;

    return kv_scenarios_end(app->scenarios, vault, kv_clock_now(app->clock), err);
}

static enum kv_code reset_vault(const struct kv_app *app, const char *name, kv_millis now,
                                struct kv_err *err)
{
    struct kv_vault_draft draft; /* for the name, in lower case */

    KV_TRY(kv_vault_draft_begin(&draft, name, strlen(name), err));
    if (kv_scenarios_has(app->scenarios, draft.vault.name)) {
        KV_TRY(end_scenarios(app, draft.vault.name, err));
    }
    KV_TRY(kv_vaults_reset(app->vaults, draft.vault.name, kv_seconds(now), err));
    KV_TRY(kv_faults_clear(app->faults, draft.vault.name, err));
    control_forget(app, draft.vault.name);
    KV_TRY(kv_events_forget(app->events, draft.vault.name, err));
    return grant_again(app, draft.vault.name, err);
}

enum kv_code control_reset(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    const struct kv_app *app = request->app;
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct order order = { .vault = NULL };

    KV_TRY(control_read_body(request, &body, err));
    KV_TRY(read_order(body, &order, err));
    if (order.vault == NULL) {
        return begin_reset(request, response, err);
    }
    KV_TRY(reset_vault(app, order.vault, request->now, err));
    kv_clock_wake(app->clock);
    response->status = 204;
    return KV_OK;
}
