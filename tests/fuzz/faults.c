/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fault rule, or several, and behind a NUL the members of a change of the first. What is taken can be
 * shown, taken again, and asked about.
 */
#include <string.h>

#include "fuzz.h"
#include "kv/base/json.h"
#include "kv/faults/faults.h"

#define NOW ((kv_millis) 1700000000000)

static const char *find_header(const void *context, const char *name)
{
    (void) context;
    return strlen(name) % 2 == 0 ? name : NULL;
}

/* A few requests of each operation, at both stages. */
static void ask(struct kv_faults *faults)
{
    for (unsigned i = 0; i < 2 * KV_OPERATION_COUNT; i++) {
        const struct kv_fault_subject subject = {
            .stage = i % 2 == 0 ? KV_FAULT_ARRIVAL : KV_FAULT_REQUEST,
            .operation = (enum kv_operation)(i / 2),
            .vault = "dev",
            .key = i % 3 == 0 ? NULL : "cmk",
            .version = i % 5 == 0 ? "0123456789abcdef0123456789abcdef" : NULL,
            .principal = { "01ea9a65-813e-4238-8204-bf7328d63fc6", NULL, NULL, NULL, "storage" },
            .api_version = "7.6",
            .client = "::1",
            .session = i % 7 == 0 ? "" : NULL,
            .find_header = find_header,
            .now = NOW + i,
        };
        struct kv_fault_hit hit;

        if (kv_faults_ask(faults, &subject, &hit)) {
            FUZZ_HOLDS(hit.delay >= 0 && hit.delay <= KV_FAULT_DELAY_MAX);
            FUZZ_HOLDS(hit.id[0] != '\0' && strlen(hit.id) <= KV_FAULT_ID_MAX);
            kv_fault_hit_done(&hit);
        }
    }
}

/* What is shown of one without its counts is a rule again. */
static void check_shown(const cJSON *shown, struct kv_faults *faults)
{
    kv_auto(cJSON_Delete) cJSON *again = cJSON_Duplicate(shown, true);
    kv_auto(cJSON_Delete) cJSON *more = NULL;
    struct kv_err err;

    cJSON_DeleteItemFromObjectCaseSensitive(again, "seen");
    cJSON_DeleteItemFromObjectCaseSensitive(again, "hits");
    cJSON_DeleteItemFromObjectCaseSensitive(again, "expires_in");
    FUZZ_HOLDS(kv_faults_clear(faults, NULL, &err) == KV_OK);
    FUZZ_HOLDS(kv_faults_add(faults, again, NOW, &more, &err) == KV_OK);
}

static void check_one(struct kv_faults *faults, const cJSON *shown, const char *change)
{
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(shown, "id"));
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    kv_auto(cJSON_Delete) cJSON *changed = NULL;
    struct kv_err err;

    FUZZ_HOLDS(id != NULL);
    if (kv_json_parse(change, strlen(change), &json, NULL) == KV_OK
        && kv_faults_change(faults, id, json, NOW, &changed, &err) == KV_OK) {
        ask(faults);
    }
    check_shown(changed != NULL ? changed : shown, faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    fuzz_auto char *rule = fuzz_take_text(&input, '\0');
    fuzz_auto char *change = fuzz_take_text(&input, '\0');
    kv_auto(kv_faults_free) struct kv_faults *faults = NULL;
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    struct kv_err err;

    fuzz_begin();
    FUZZ_HOLDS(kv_faults_new(&faults, NULL) == KV_OK);
    if (kv_json_parse(rule, strlen(rule), &json, NULL) != KV_OK) {
        return 0;
    }
    if (kv_faults_add(faults, json, NOW, &shown, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_BAD_PARAMETER || err.code == KV_CONFLICT);
        FUZZ_HOLDS(err.message[0] != '\0' && !kv_faults_has_any(faults));
        return 0;
    }
    ask(faults);
    if (cJSON_GetObjectItemCaseSensitive(shown, "id") != NULL) {
        check_one(faults, shown, change);
    }
    return 0;
}
