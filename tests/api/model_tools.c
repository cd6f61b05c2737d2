/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity_tools.h"

#define VAULT_ROLE "key-vault-crypto-service-encryption-user"
#define HSM_ROLE "managed-hsm-crypto-service-encryption-user"
#define WRAPPING "{\"alg\":\"RSA-OAEP-256\",\"value\":\"%s\"}"
#define DATA_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static const char *role_of(const struct model *model)
{
    return model->is_hsm ? HSM_ROLE : VAULT_ROLE;
}

/* --- templates --- */

static const char *value_of(const struct model *model, const char *name, size_t len)
{
    const struct {
        const char *name, *value;
    } values[] = {
        { "vault", model->name },      { "id", model->name },
        { "role", role_of(model) },    { "caller", model->caller },
        { "in full", model->in_full }, { "subscription", model->subscription },
        { "oid", model->oid },
    };

    for (size_t i = 0; i < KV_COUNT(values); i++) {
        if (strlen(values[i].name) == len && strncmp(values[i].name, name, len) == 0) {
            return values[i].value;
        }
    }
    return NULL; /* a brace of JSON */
}

const char *model_fill(const struct model *model, const char *text, int which)
{
    static char filled[3][4096];
    char *out = filled[which];
    size_t used = 0;

    while (*text != '\0') {
        size_t len = *text == '{' ? strcspn(text + 1, "}") : 0;
        const char *value = *text == '{' ? value_of(model, text + 1, len) : NULL;

        used += (size_t) snprintf(out + used, sizeof(filled[0]) - used, "%.*s",
                                  value != NULL ? 4000 : 1, value != NULL ? value : text);
        cr_assert_lt(used, sizeof(filled[0]));
        text += value != NULL ? len + 2 : 1;
    }
    return out;
}

void model_act(const struct model *model, const struct model_act *act)
{
    API_CLIENT_OF(model->daemon, dev);
    const struct request request = {
        .method = act->method,
        .target = model_fill(model, act->target, 0),
        .body = act->body != NULL ? model_fill(model, act->body, 1) : NULL,
        .control = true,
    };
    API_REPLY(reply, client_send(&dev, &request));

    cr_assert_eq(reply.status / 100, 2, "%s: %s %s: %ld %s", model->name, request.method,
                 request.target, reply.status, reply.body);
}

/* --- the case --- */

static void read_ids(struct model *model)
{
    char resource[256];

    (void) snprintf(resource, sizeof(resource), "%s",
                    identity_show(model->daemon, model->name, "resource_id"));
    (void) snprintf(model->subscription, sizeof(model->subscription), "%.36s",
                    resource + strlen("/subscriptions/"));
    int len = snprintf(model->caller, sizeof(model->caller), "appid=%s;",
                       identity_show(model->daemon, model->name, "client_id"));
    (void) snprintf(model->oid, sizeof(model->oid), "%s",
                    identity_show(model->daemon, model->name, "object_id"));
    (void) snprintf(model->caller + len, sizeof(model->caller) - (size_t) len,
                    "oid=%s;iss=https://sts.windows.net/" MODEL_TENANT "/", model->oid);
    (void) snprintf(model->in_full, sizeof(model->in_full), "%s;xms_mirid=%s", model->caller,
                    resource);
}

void model_log_in(struct model *model)
{
    char behind[128];

    read_ids(model);
    (void) snprintf(behind, sizeof(behind), "/%s/token?resource=https://%s.azure.net", model->name,
                    model->is_hsm ? "managedhsm" : "vault");
    API_REPLY(reply, identity_ask(model->daemon, "GET", behind, NULL));
    cr_assert_eq(reply.status, 200, "%s: %s", model->name, reply.body);
    free(model->client.token);
    model->client.token = strdup(reply_text(&reply, "access_token"));
}

static struct reply call(struct model *model, const char *method, const char *path,
                         const char *body)
{
    return client_call_vault(&model->client, model->name, model->is_hsm, method, path, body);
}

/* Made while the vault is open. */
static void make_key(struct model *model)
{
    API_REPLY(reply, call(model, "POST", "/keys/cmk/create",
                          model->is_hsm ? "{\"kty\":\"RSA-HSM\"}" : "{\"kty\":\"RSA\"}"));

    cr_assert_eq(reply.status, 200, "%s: %s", model->name, reply.body);
}

static void open_client(struct model *model)
{
    if (model->is_hsm) {
        client_open_hsm(&model->client, model->daemon, model->name);
    } else {
        client_open(&model->client, model->daemon, model->name);
    }
}

void model_begin(struct model *model, const struct daemon *daemon, const struct model_row *row,
                 bool is_hsm)
{
    static const struct model_act make[] = {
        { "PUT", "/control/v1/vaults/{vault}", "{}" },
        { "PUT", "/control/v1/vaults/{vault}", "{\"kind\":\"hsm\"}" },
    };
    static const struct model_act grant[] = {
        { "POST", "/control/v1/vaults/{vault}/assignments",
          "{\"identity\":\"{id}\",\"role\":\"{role}\"}" },
        { "PUT", "/control/v1/vaults/{vault}/policies/{oid}",
          "{\"permissions\":[\"get\",\"wrapKey\",\"unwrapKey\"]}" },
    };
    const struct model_act know = { "PUT", "/control/v1/identities/{id}",
                                    "{\"type\":\"user-assigned\"}" };

    *model = (struct model){ .daemon = daemon, .is_hsm = is_hsm, .tenant = MODEL_TENANT };
    (void) snprintf(model->name, sizeof(model->name), "%s%s", row->name, is_hsm ? "-hsm" : "");
    open_client(model);
    model_act(model, &make[is_hsm]);
    model_act(model, &know);
    model_log_in(model);
    make_key(model);
    model_act(model, &(struct model_act){ "PATCH", "/control/v1/vaults/{vault}", row->access });
    model_act(model, &grant[strstr(row->access, "policy") != NULL]);
    model_expect_use(model);
}

void model_end(struct model *model)
{
    client_close(&model->client);
}

/* --- what it may do --- */

struct reply model_unwrap(struct model *model, const char *value)
{
    char body[1200];

    (void) snprintf(body, sizeof(body), WRAPPING, value);
    return call(model, "POST", "/keys/cmk/unwrapkey", body);
}

void model_expect_use(struct model *model)
{
    char body[128];

    (void) snprintf(body, sizeof(body), WRAPPING, DATA_KEY);
    API_REPLY(got, call(model, "GET", "/keys/cmk", NULL));
    cr_expect_eq(got.status, 200, "%s: %ld %s", model->name, got.status, got.body);
    API_REPLY(wrapped, call(model, "POST", "/keys/cmk/wrapkey", body));
    cr_assert_eq(wrapped.status, 200, "%s: %ld %s", model->name, wrapped.status, wrapped.body);
    API_REPLY(unwrapped, model_unwrap(model, reply_text(&wrapped, "value")));
    cr_expect_str_eq(reply_text(&unwrapped, "value"), DATA_KEY, "%s: %s", model->name,
                     unwrapped.body);
}

/* --- what it is told --- */

static void expect_challenge(const struct model *model, const struct reply *reply)
{
    char challenge[256];

    (void) snprintf(challenge, sizeof(challenge),
                    "Bearer authorization=\"https://login.microsoftonline.com/%s\", "
                    "resource=\"https://%s.localhost:%u\"",
                    model->tenant, model->is_hsm ? "managedhsm" : "vault", model->daemon->port);
    cr_expect_str_eq(reply_header(reply, "WWW-Authenticate"), challenge, "%s", model->name);
}

/* A managed HSM ends its texts with the number of the request. */
static void expect_refusal(const struct model *model, const struct model_row *row,
                           const struct reply *reply)
{
    char message[4200];

    (void) snprintf(message, sizeof(message), "%s", model_fill(model, row->message, 0));
    if (model->is_hsm) {
        size_t len = strlen(message);

        (void) snprintf(message + len, sizeof(message) - len, " (Activity ID: %s)",
                        reply_header(reply, "x-ms-request-id"));
    }
    cr_expect(reply_is_error(reply, row->status, row->code, row->inner, message), "%s",
              model->name);
    if (row->status == 401) {
        expect_challenge(model, reply);
    }
}

static const char *because_of(const struct reply *why, const char *step)
{
    const cJSON *one;

    cJSON_ArrayForEach (one, reply_item(why, "steps")) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "step"));

        if (name != NULL && strcmp(name, step) == 0) {
            return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "because"));
        }
    }
    return "";
}

static void expect_reason(const struct model *model, const struct model_row *row)
{
    char path[160];
    API_CLIENT_OF(model->daemon, dev);

    (void) snprintf(path, sizeof(path), "/%s/why?operation=unwrapKey&key=cmk&identity=%s",
                    model->name, model->name);
    API_REPLY(why, client_ask_vaults(&dev, "GET", path, NULL));
    cr_expect_str_eq(reply_text(&why, "decided_by"), row->step != NULL ? row->step : "", "%s: %s",
                     model->name, why.body);
    cr_expect_eq(cJSON_IsTrue(reply_item(&why, "allowed")), row->step == NULL, "%s", why.body);
    cr_expect_not_null(
        strstr(because_of(&why, row->step != NULL ? row->step : "token"), row->because), "%s: %s",
        model->name, why.body);
}

void model_expect(struct model *model, const struct model_row *row)
{
    if (row->status == 200) {
        model_expect_use(model);
    } else {
        API_REPLY(reply, model_unwrap(model, "AAAA"));
        expect_refusal(model, row, &reply);
    }
    expect_reason(model, row);
}
