/* SPDX-License-Identifier: Apache-2.0 */
/* An expression, evaluated where everything is allowed: in a loop of an output. */
#include <string.h>

#include "fuzz.h"
#include "kv/base/json.h"
#include "template_world.h"

static const char text[] =
    "{\"$schema\": \"https://x/deploymentTemplate.json#\", \"contentVersion\": \"1.0.0.0\","
    "\"parameters\": {\"p\": {\"type\": \"string\", \"defaultValue\": \"v\"}, \"s\": {\"type\": "
    "\"securestring\", \"defaultValue\": \"secret\"}},"
    "\"functions\": [{\"namespace\": \"n\", \"members\": {\"f\": {\"parameters\": [{\"name\": "
    "\"a\", "
    "\"type\": \"string\"}], \"output\": {\"type\": \"string\", \"value\": "
    "\"[toUpper(parameters('a'))]\"}}}}],"
    "\"variables\": {\"o\": {\"a\": [1, 2, {\"b\": \"c\"}]}, \"l\": [3, 1, 2]},"
    "\"resources\": [{\"type\": \"A.B/c\", \"apiVersion\": \"1\", \"name\": \"r\"}],"
    "\"outputs\": {\"out\": {\"type\": \"array\", \"copy\": {\"count\": 2, \"input\": {}}}}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_auto char *expression = fuzz_text(data, size);
    kv_auto(cJSON_Delete) cJSON *tree = NULL;
    kv_auto(kv_template_free) struct kv_template *template = NULL;
    kv_auto(kv_template_plan_free) struct kv_template_plan *plan = NULL;
    struct kv_err err = { .message = "" };

    fuzz_begin();
    FUZZ_HOLDS(kv_template_parse(text, strlen(text), &tree, &err) == KV_OK);
    cJSON *out = cJSON_GetObjectItem(cJSON_GetObjectItem(tree, "outputs"), "out");
    cJSON *input = cJSON_GetObjectItem(cJSON_GetObjectItem(out, "copy"), "input");
    FUZZ_HOLDS(cJSON_AddStringToObject(input, "x", expression) != NULL);
    FUZZ_HOLDS(kv_template_new(tree, &template, &err) == KV_OK);
    if (kv_template_plan_new(template, NULL, &template_scope, &template_world, &plan, &err)
        != KV_OK) {
        FUZZ_HOLDS(err.code == KV_INVALID_TEMPLATE && err.message[0] != '\0');
        FUZZ_HOLDS(strstr(expression, "secret") != NULL || strstr(err.message, "secret") == NULL);
        return 0;
    }
    template_walk(plan);
    return 0;
}
