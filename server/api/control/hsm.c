/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with the HSM: docs/hsm.md. To end a fault is done in two halves: those that it holds up
 * are let go at once, on the thread that has the request, because they may hold all workers; the token
 * is looked at on one of these.
 */
#include "kv/base/json.h"
#include "private.h"

static const struct kv_json_field fields[] = {
    KV_JSON_FIELD(struct kv_hsm_fault_args, id, "id", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_hsm_fault_args, kind, "kind", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_hsm_fault_args, functions, "functions", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct kv_hsm_fault_args, rv, "rv", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_hsm_fault_args, delay, "delay", KV_JSON_INT),
    KV_JSON_FIELD(struct kv_hsm_fault_args, limit, "limit", KV_JSON_INT),
    KV_JSON_FIELD(struct kv_hsm_fault_args, mechanisms, "mechanisms", KV_JSON_ARRAY),
    KV_JSON_FIELD(struct kv_hsm_fault_args, vault, "vault", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_hsm_fault_args, key, "key", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_hsm_fault_args, version, "version", KV_JSON_STRING),
    KV_JSON_FIELD(struct kv_hsm_fault_args, skip, "skip", KV_JSON_INT),
    KV_JSON_FIELD(struct kv_hsm_fault_args, times, "times", KV_JSON_INT),
    KV_JSON_FIELD(struct kv_hsm_fault_args, every, "every", KV_JSON_INT),
    KV_JSON_FIELD(struct kv_hsm_fault_args, span, "for", KV_JSON_ANY),
    KV_JSON_FIELD(struct kv_hsm_fault_args, ttl, "ttl", KV_JSON_INT),
};

static enum kv_code respond(struct kv_response *response, int status, cJSON *shown,
                            struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = shown;

    return kv_response_json(response, status, body, err);
}

enum kv_code hsm_fault_list(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    cJSON *shown;

    KV_TRY(kv_hsm_faults_list(request->app->hsm_faults, &shown, err));
    return respond(response, 200, shown, err);
}

enum kv_code hsm_fault_get(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    cJSON *shown;

    KV_TRY(kv_hsm_faults_show(request->app->hsm_faults, kv_request_capture(request, "id"), &shown,
                              err));
    return respond(response, 200, shown, err);
}

/* --- adding --- */

static enum kv_code check_key_members(const struct kv_hsm_fault_args *args, struct kv_err *err)
{
    if ((args->vault == NULL) != (args->key == NULL)
        || (args->version != NULL && args->key == NULL)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Give 'vault' and 'key' together, and 'version' only with them.");
    }
    return KV_OK;
}

/* Which vault; the key is found in it by its name. */
static enum kv_code acquire_vault(const struct kv_request *request, const char *name,
                                  const struct kv_vault **ret_vault, struct kv_err *err)
{
    *ret_vault = kv_vaults_acquire(request->app->vaults, name);
    if (*ret_vault == NULL) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no vault '%.64s'.", name);
    }
    return KV_OK;
}

/* The version that is named, or the latest; it must be there now. */
static enum kv_code find_key(const struct kv_request *request, const struct kv_hsm_fault_args *args,
                             struct kv_key *ret_key, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;

    KV_TRY(acquire_vault(request, args->vault, &vault, err));

    const struct kv_scope scope = {
        .keys = request->app->keys,
        .vault = vault,
        .authority = request->authority,
        .now = request->now,
    };

    return kv_key_get(&scope, args->key, args->version, ret_key, err);
}

enum kv_code hsm_fault_add(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    kv_auto(kv_key_done) struct kv_key key = { .name = "" };
    struct kv_hsm_fault_args args = { .id = NULL };
    cJSON *shown;

    KV_TRY(control_bind_body(request, fields, KV_COUNT(fields), &args, &body, err));
    KV_TRY(check_key_members(&args, err));
    if (args.key != NULL) {
        KV_TRY(find_key(request, &args, &key, err));
        args.version = key.version;
        args.object = key.material.object;
    }
    KV_TRY(kv_hsm_faults_add(request->app->hsm_faults, &args, &shown, err));
    return respond(response, 201, shown, err);
}

/* --- ending --- */

static enum kv_code settle(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    KV_TRY(kv_hsm_faults_settle(request->app->hsm_faults, err));
    response->status = 204;
    return KV_OK;
}

enum kv_code hsm_fault_remove(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    (void) response;
    KV_TRY(
        kv_hsm_faults_withdraw(request->app->hsm_faults, kv_request_capture(request, "id"), err));
    return kv_request_continue(request, KV_LANE_WORK, settle);
}

/* All, or with ?kind= those of one kind. */
enum kv_code hsm_fault_clear(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    (void) response;
    KV_TRY(kv_hsm_faults_withdraw_kind(request->app->hsm_faults, kv_request_query(request, "kind"),
                                       err));
    return kv_request_continue(request, KV_LANE_WORK, settle);
}
