/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"

struct kv_faults *faults;
struct fixture_hit fixture_hit;

void fixture_setup(void)
{
    cr_assert_eq(kv_faults_new(&faults, NULL), KV_OK);
}

void fixture_teardown(void)
{
    kv_faults_free(faults);
}

static enum kv_code add(const char *json, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_Parse(json);
    kv_auto(cJSON_Delete) cJSON *shown = NULL;

    cr_assert_not_null(body, "%s", json);
    return kv_faults_add(faults, body, NOW, &shown, err);
}

void fixture_add(const char *json)
{
    struct kv_err err = { .message = "" };

    cr_assert_eq(add(json, &err), KV_OK, "%s: %s", json, err.message);
}

void fixture_refuse(const char *json, enum kv_code code, const char *said)
{
    struct kv_err err = { .message = "" };

    cr_expect_eq(add(json, &err), code, "%s", json);
    cr_expect_not_null(strstr(err.message, said), "%s: %s", json, err.message);
}

static const char *find_header(const void *context, const char *name)
{
    (void) context;
    return strcasecmp(name, "User-Agent") == 0 ? "azsdk-python-keyvault-keys/4.9" : NULL;
}

struct kv_fault_subject fixture_subject(void)
{
    return (struct kv_fault_subject){
        .stage = KV_FAULT_REQUEST,
        .operation = KV_OPERATION_UNWRAP_KEY,
        .vault = "dev",
        .key = "cmk",
        .version = "0123456789abcdef0123456789abcdef",
        .principal = { "01ea9a65-813e-4238-8204-bf7328d63fc6", NULL, NULL, NULL, "storage" },
        .api_version = "7.6",
        .client = "127.0.0.1",
        .session = "test-7",
        .find_header = find_header,
        .now = NOW,
    };
}

bool fixture_ask(const struct kv_fault_subject *subject)
{
    struct kv_fault_hit hit;

    if (!kv_faults_ask(faults, subject, &hit)) {
        return false;
    }
    (void) snprintf(fixture_hit.id, sizeof(fixture_hit.id), "%s", hit.id);
    fixture_hit.delay = hit.delay;
    kv_fault_hit_done(&hit);
    return true;
}

int fixture_count(const char *id, const char *name)
{
    kv_auto(cJSON_Delete) cJSON *shown = NULL;

    cr_assert_eq(kv_faults_show(faults, id, &shown, NULL), KV_OK);
    return cJSON_GetObjectItemCaseSensitive(shown, name)->valueint;
}
