/* SPDX-License-Identifier: Apache-2.0 */
/* A template, and behind a NUL its parameters. */
#include <string.h>

#include "fuzz.h"
#include "kv/base/json.h"
#include "template_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    fuzz_auto char *text = fuzz_take_text(&input, '\0');
    fuzz_auto char *given = fuzz_take_text(&input, '\0');
    kv_auto(cJSON_Delete) cJSON *tree = NULL;
    kv_auto(cJSON_Delete) cJSON *parameters = NULL;
    kv_auto(kv_template_free) struct kv_template *template = NULL;
    kv_auto(kv_template_plan_free) struct kv_template_plan *plan = NULL;
    struct kv_err err = { .message = "" };

    fuzz_begin();
    if (kv_template_parse(text, strlen(text), &tree, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_INVALID_REQUEST_CONTENT && err.message[0] != '\0');
        return 0;
    }
    if (kv_template_new(tree, &template, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_INVALID_TEMPLATE && err.message[0] != '\0');
        return 0;
    }
    KV_IGNORE(kv_template_parse(given, strlen(given), &parameters, NULL)); /* none, then */
    if (kv_template_plan_new(template, parameters, &template_scope, &template_world, &plan, &err)
        != KV_OK) {
        FUZZ_HOLDS(err.code == KV_INVALID_TEMPLATE && err.message[0] != '\0');
        return 0;
    }
    template_walk(plan);
    return 0;
}
