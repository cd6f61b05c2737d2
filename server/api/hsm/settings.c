/* SPDX-License-Identifier: Apache-2.0 */
/* Settings, and the jobs that are not offered: contract §12. */
#include <string.h>

#include "private.h"

/* All settings are booleans; their values travel as texts. */
static void add_setting(cJSON *object, const struct kv_hsm_setting *setting, bool *ok)
{
    kv_json_add_text(object, "name", setting->name, ok);
    kv_json_add_text(object, "value", setting->value ? "true" : "false", ok);
    kv_json_add_text(object, "type", "boolean", ok);
}

static enum kv_code respond(const struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    const char *name = kv_request_capture(request, "name");
    bool ok = true;
    struct kv_hsm_setting setting;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();

    KV_TRY(kv_hsm_setting_get(request->app->roles, hsm_of(request), name, &setting, err));
    add_setting(body, &setting, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code setting_list(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;
    cJSON *items = kv_json_add_array(body, "settings", &ok);
    const char *name;

    for (size_t i = 0; (name = kv_hsm_setting_name(i)) != NULL; i++) {
        cJSON *item = cJSON_CreateObject();
        struct kv_hsm_setting setting;

        kv_json_add_take(items, NULL, item, &ok);
        KV_TRY(kv_hsm_setting_get(request->app->roles, hsm_of(request), name, &setting, err));
        add_setting(item, &setting, &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code setting_get(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    return respond(request, response, err);
}

struct sent_setting {
    const char *value;
};

enum kv_code setting_update(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_setting, value, "value", KV_JSON_STRING),
    };
    struct sent_setting sent = { .value = NULL };
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    KV_TRY(kv_request_json(request, &body, err));
    KV_TRY(kv_json_bind(body, fields, KV_COUNT(fields), &sent, err));
    if (sent.value == NULL
        || (strcmp(sent.value, "true") != 0 && strcmp(sent.value, "false") != 0)) {
        return fail_property(err);
    }
    KV_TRY(kv_hsm_setting_put(request->app->roles, hsm_of(request),
                              kv_request_capture(request, "name"), strcmp(sent.value, "true") == 0,
                              err));
    return respond(request, response, err);
}

/* Coffer's own text: the service has these jobs. */
enum kv_code job_refuse(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    (void) request;
    (void) response;
    return KV_FAIL(err, KV_NOT_OFFERED, 0,
                   "This emulator does not offer full backup and restore of a managed HSM. Back up "
                   "keys one by one.");
}
