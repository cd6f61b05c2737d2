/* SPDX-License-Identifier: Apache-2.0 */
/* An instance as a JSON file says it, and such a file of what there is: docs/state.md. */
#include "kv/base/agenda.h"
#include "kv/base/json.h"
#include "private.h"

/* It may move the clock, and makes keys: with the agenda's turn, alone on the lane of generation. */
enum kv_code seed_plant(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    const struct kv_app *app = request->app;
    kv_auto(cJSON_Delete) cJSON *seed = NULL;

    KV_TRY(kv_seed_parse(request->body.data != NULL ? request->body.data : "", request->body.len,
                         &seed, err));
    kv_agenda_acquire(app->agenda);

    kv_auto(kv_agenda_release) kv_unused struct kv_agenda *turn = app->agenda;

    KV_TRY(kv_seeds_apply(app->seeds, seed, err));
    response->status = 204;
    return KV_OK;
}

enum kv_code seed_export(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *seed = NULL;

    KV_TRY(kv_seeds_export(request->app->seeds, kv_request_query(request, "vault"), &seed, err));
    return kv_response_json(response, 200, seed, err);
}
