/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"
#include "kv/base/secret.h"

const struct kv_template_scope fixture_scope = {
    .level = KV_TEMPLATE_AT_RESOURCE_GROUP,
    .subscription = SUBSCRIPTION,
    .resource_group = "rg1",
};
char fixture_asked[4096];
char fixture_reason[1024];
struct kv_template_plan *fixture_made;
static struct kv_template *made_template;

static void note(const char *what, const struct kv_template_query *query)
{
    size_t len = strlen(fixture_asked);

    (void) snprintf(fixture_asked + len, sizeof(fixture_asked) - len, "%s %s %s%s\n", what,
                    query->id, query->api_version != NULL ? query->api_version : "-",
                    query->is_full ? " full" : "");
}

static enum kv_code describe(void *context, enum kv_template_thing thing,
                             const struct kv_template_scope *scope, cJSON **ret_value,
                             struct kv_err *err)
{
    static const char *const texts[] = {
        [KV_TEMPLATE_RESOURCE_GROUP] = ("{\"id\": \"" GROUP "\", \"name\": \"rg1\", \"location\": "
                                        "\"westus3\", \"tags\": {}}"),
        [KV_TEMPLATE_SUBSCRIPTION] = ("{\"id\": \"/subscriptions/" SUBSCRIPTION "\", "
                                      "\"subscriptionId\": \"" SUBSCRIPTION "\", \"tenantId\": "
                                      "\"t1\"}"),
        [KV_TEMPLATE_MANAGEMENT_GROUP] = ("{\"name\": \"mg1\"}"),
        [KV_TEMPLATE_TENANT] = ("{\"tenantId\": \"t1\"}"),
        [KV_TEMPLATE_DEPLOYMENT] = ("{\"name\": \"d1\", \"properties\": {\"mode\": "
                                    "\"Incremental\"}}"),
        [KV_TEMPLATE_DEPLOYER] = ("{\"objectId\": \"o1\"}"),
        [KV_TEMPLATE_ENVIRONMENT] = ("{\"suffixes\": {\"keyvaultDns\": \".vault.azure.net\"}}"),
    };

    (void) context;
    (void) scope;
    return kv_template_parse(texts[thing], strlen(texts[thing]), ret_value, err);
}

/* Says what it was asked for. */
static enum kv_code reference(void *context, const struct kv_template_query *query,
                              cJSON **ret_value, struct kv_err *err)
{
    (void) context;
    (void) err;
    note("reference", query);
    *ret_value = cJSON_CreateObject();
    cJSON_AddStringToObject(*ret_value, "of", query->id);
    cJSON_AddStringToObject(*ret_value, "principalId", "p1");
    cJSON_AddStringToObject(*ret_value, "keyUriWithVersion", "https://v.vault.azure.net/keys/k/1");
    return KV_OK;
}

static enum kv_code list(void *context, const char *function, const struct kv_template_query *query,
                         const cJSON *body, cJSON **ret_value, struct kv_err *err)
{
    (void) context;
    (void) body;
    (void) err;
    note(function, query);
    *ret_value = cJSON_CreateObject();
    cJSON_AddStringToObject(*ret_value, "primary", "k1");
    return KV_OK;
}

struct kv_template_world fixture_world = {
    .now = NOW, .describe = describe, .reference = reference, .list = list
};

void fixture_setup(void)
{
    kv_json_setup();
    fixture_asked[0] = '\0';
}

void fixture_teardown(void)
{
    kv_template_plan_free(kv_take(fixture_made));
    kv_template_free(kv_take(made_template));
}

cJSON *fixture_parse(const char *text)
{
    cJSON *tree = NULL;
    struct kv_err err = { .message = "" };

    cr_assert_eq(kv_template_parse(text, strlen(text), &tree, &err), KV_OK, "%s in %s", err.message,
                 text);
    return tree;
}

enum kv_code fixture_plan(const char *text, const char *parameters, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *tree = NULL;
    kv_auto(cJSON_Delete) cJSON *given = parameters != NULL ? fixture_parse(parameters) : NULL;

    fixture_teardown();
    KV_TRY(kv_template_parse(text, strlen(text), &tree, err));
    KV_TRY(kv_template_new(tree, &made_template, err));
    return kv_template_plan_new(made_template, given, &fixture_scope, &fixture_world, &fixture_made,
                                err);
}

void fixture_accept(const char *text, const char *parameters)
{
    struct kv_err err = { .message = "" };
    enum kv_code code = fixture_plan(text, parameters, &err);

    cr_assert_eq(code, KV_OK, "%s: %s", err.message, text);
}

static struct kv_err refused(const char *text, const char *parameters)
{
    struct kv_err err = { .message = "" };
    enum kv_code code = fixture_plan(text, parameters, &err);

    cr_expect(code == KV_INVALID_TEMPLATE || code == KV_INVALID_REQUEST_CONTENT, "taken: %.300s",
              text);
    return err;
}

void fixture_refuse(const char *text, const char *parameters, const char *said)
{
    struct kv_err err = refused(text, parameters);

    cr_expect_str_eq(err.message, said);
}

void fixture_refuse_with(const char *text, const char *parameters, const char *said)
{
    struct kv_err err = refused(text, parameters);

    cr_expect(strstr(err.message, said) != NULL, "'%s' is not in '%s', for %.300s", said,
              err.message, text);
}

/* In a member of an object, so that it may be of any type. */
char *fixture_evaluate(const char *expression)
{
    kv_auto(cJSON_Delete) cJSON *tree = fixture_parse(OUTPUT("object", "{}"));
    kv_auto(cJSON_Delete) cJSON *outputs = NULL;
    cJSON *out = cJSON_GetObjectItem(cJSON_GetObjectItem(tree, "outputs"), "out");
    struct kv_err err = { .message = "" };

    fixture_teardown();
    cJSON_AddStringToObject(cJSON_GetObjectItem(out, "value"), "v", expression);
    cr_assert_eq(kv_template_new(tree, &made_template, &err), KV_OK);
    if (kv_template_plan_new(made_template, NULL, &fixture_scope, &fixture_world, &fixture_made,
                             &err)
            != KV_OK
        || kv_template_plan_outputs(fixture_made, &outputs, &err) != KV_OK) {
        (void) snprintf(fixture_reason, sizeof(fixture_reason), "%s", err.message);
        return NULL;
    }
    out = cJSON_GetObjectItem(cJSON_GetObjectItem(outputs, "out"), "value");
    return cJSON_PrintUnformatted(cJSON_GetObjectItem(out, "v"));
}

char *fixture_body(size_t index)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct kv_err err = { .message = "" };
    bool has_secret;

    cr_assert_eq(kv_template_plan_body(fixture_made, index, &body, &has_secret, &err), KV_OK, "%s",
                 err.message);
    return cJSON_PrintUnformatted(body);
}

char *fixture_outputs(void)
{
    kv_auto(cJSON_Delete) cJSON *outputs = NULL;
    struct kv_err err = { .message = "" };

    cr_assert_eq(kv_template_plan_outputs(fixture_made, &outputs, &err), KV_OK, "%s", err.message);
    return cJSON_PrintUnformatted(outputs);
}

size_t fixture_find(const char *end_of_id)
{
    for (size_t i = 0; i < kv_template_plan_count(fixture_made); i++) {
        const char *id = kv_template_plan_at(fixture_made, i)->id;

        if (strlen(id) >= strlen(end_of_id)
            && strcmp(id + strlen(id) - strlen(end_of_id), end_of_id) == 0) {
            return i;
        }
    }
    cr_assert_fail("there is no resource ...%s", end_of_id);
    return 0;
}
