/* SPDX-License-Identifier: Apache-2.0 */
/* What is running here, and its state. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "kv/app/api.h"
#include "kv/base/json.h"
#include "private.h"

void control_name_authority(const struct kv_app *app, const struct kv_vault *vault,
                            char ret_authority[CONTROL_AUTHORITY_SIZE])
{
    char host[KV_VAULT_HOST_SIZE];

    if (!kv_public_authority(&app->public_url, vault, ret_authority)) {
        kv_vault_host(vault, host);
        (void) snprintf(ret_authority, CONTROL_AUTHORITY_SIZE, "%s:%u", host, app->port);
    }
}

void control_add_url(cJSON *object, const struct kv_app *app, const struct kv_vault *vault,
                     bool *ok)
{
    char authority[CONTROL_AUTHORITY_SIZE], url[sizeof(authority) + sizeof("https://")];

    control_name_authority(app, vault, authority);
    (void) snprintf(url, sizeof(url), "https://%s", authority);
    kv_json_add_text(object, "url", url, ok);
}

static void add_vault(cJSON *vaults, const struct kv_app *app, const struct kv_vault *vault,
                      bool *ok)
{
    cJSON *item = cJSON_CreateObject();

    kv_json_add_text(item, "name", vault->name, ok);
    control_add_url(item, app, vault, ok);
    kv_json_add_take(vaults, NULL, item, ok);
}

/* By the path that whoever is on this machine finds it at. */
static void add_template_root(cJSON *body, const struct kv_app *app, bool *ok)
{
    const char *root = app->template_root != NULL ? app->template_root : "";
    char real[PATH_MAX];

    if (*root != '\0' && realpath(root, real) != NULL) {
        kv_json_add_text(body, "template_root", real, ok);
    }
}

enum kv_code kv_control_describe(const struct kv_app *app, size_t max, cJSON **ret_description,
                                 struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(kv_vault_list_done) struct kv_vault_list list = { .vault = NULL };
    bool ok = true;

    KV_TRY(kv_vaults_list(app->vaults, &list, err));
    kv_json_add_text(body, "version", PACKAGE_VERSION, &ok);
    kv_json_add_int(body, "pid", getpid(), &ok);
    kv_json_add_int(body, "port", app->port, &ok);
    kv_json_add_int(body, "control_port", app->control_port, &ok);
    add_template_root(body, app, &ok);
    cJSON *vaults = kv_json_add_array(body, "vaults", &ok);
    for (size_t i = 0; i < list.count && i < max; i++) {
        if (list.vault[i]->deleted == 0) {
            add_vault(vaults, app, list.vault[i], &ok);
        }
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_description = kv_take(body);
    return KV_OK;
}

enum kv_code control_info(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    KV_TRY(kv_control_describe(request->app, KV_VAULTS_MAX, &body, err));
    return kv_response_json(response, 200, body, err);
}

enum kv_code control_hsm(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    KV_TRY(request->app->describe_token(request->app->token_context, &body, err));
    return kv_response_json(response, 200, body, err);
}

/* A server that can be asked is ready, since the listener starts last, unless the store is lost, or the
 * token is not open yet; once it was, /health alone tells of it. */
enum kv_code control_ready(struct kv_request *request, struct kv_response *response,
                           struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;

    KV_TRY(request->app->check_store(request->app->store_context, err));
    if (!kv_token_is_open(request->app)) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0,
                       "The HSM is being opened, which takes its time with "
                       "many keys.");
    }
    kv_json_add_text(body, "status", "ready", &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code control_health(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    const struct kv_app *app = request->app;
    bool is_open = kv_token_is_open(app);
    bool token = is_open && app->token_is_healthy(app->health_context);
    bool store = app->check_store(app->store_context, NULL) == KV_OK;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;

    kv_json_add_text(body, "status", token && store ? "healthy" : "unhealthy", &ok);
    kv_json_add_text(body, "token", token ? "available" : is_open ? "unavailable" : "opening", &ok);
    kv_json_add_text(body, "store", store ? "available" : "unavailable", &ok);
    return kv_response_json(response, token && store ? 200 : 503, ok ? body : NULL, err);
}

enum kv_code control_ca(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    return kv_response_text(response, 200, "application/x-pem-file", request->app->ca_pem, err);
}

static enum kv_code answer_store(const struct kv_buf *store, const char *type,
                                 struct kv_response *response, struct kv_err *err)
{
    response->status = 200;
    response->content_type = type;
    return kv_buf_append(&response->body, store->data, store->len, err);
}

enum kv_code control_ca_p12(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    return answer_store(request->app->ca_p12, "application/x-pkcs12", response, err);
}

enum kv_code control_ca_jks(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    return answer_store(request->app->ca_jks, "application/x-java-keystore", response, err);
}
