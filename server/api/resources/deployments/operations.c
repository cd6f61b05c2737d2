/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of a deployment, and how far it is: what clients poll. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

static bool has_id(const cJSON *operation, const char *id)
{
    const char *own = cJSON_GetStringValue(cJSON_GetObjectItem(operation, "operationId"));

    return own != NULL && strcasecmp(own, id) == 0;
}

enum kv_code operation_get(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *content = NULL;
    cJSON *operation;

    KV_TRY(record_get_parent(call, &content, err));
    cJSON_ArrayForEach (operation, cJSON_GetObjectItem(content, "operations")) {
        if (has_id(operation, call->id->leaf)) {
            reply->body = cJSON_Duplicate(operation, true);
            return reply->body != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
        }
    }
    return KV_FAIL(err, KV_DEPLOYMENT_OPERATION_NOT_FOUND, 0,
                   "The deployment operation '%.64s' could not be found.", call->id->leaf);
}

/* They keep their order, so a mark is the number of the next one. */
enum kv_code operations_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *content = NULL;
    long first = page->after != NULL ? strtol(page->after, NULL, 10) : 0;
    const cJSON *operation;
    long index = 0;

    KV_TRY(record_get_parent(call, &content, err));
    cJSON_ArrayForEach (operation, cJSON_GetObjectItem(content, "operations")) {
        char mark[24];

        if (index++ < first) {
            continue;
        }
        if (arm_page_is_full(page)) {
            page->has_more = true;
            return KV_OK;
        }
        (void) snprintf(mark, sizeof(mark), "%ld", index);
        KV_TRY(arm_page_add(page, cJSON_Duplicate(operation, true), mark, err));
    }
    return KV_OK;
}

/* An answer without a state would make a client poll for ever, so a deployment always has one. */
static enum kv_code show_status(const cJSON *content, struct arm_reply *reply, struct kv_err *err)
{
    const cJSON *properties = cJSON_GetObjectItem(content, "properties");
    const cJSON *error = cJSON_GetObjectItem(properties, "error");
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItem(properties, "provisioningState"));
    bool ok = true;

    reply->body = cJSON_CreateObject();
    kv_json_add_text(reply->body, "status", state != NULL ? state : "Failed", &ok);
    if (error != NULL) {
        kv_json_add_take(reply->body, "error", cJSON_Duplicate(error, true), &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code operation_status_get(struct arm_call *call, struct arm_reply *reply,
                                  struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *content = NULL;
    const char *id;

    KV_TRY(record_get_parent(call, &content, err));
    id = cJSON_GetStringValue(cJSON_GetObjectItem(content, "status"));
    if (id == NULL || strcasecmp(id, call->id->leaf) != 0) {
        return KV_FAIL(err, KV_DEPLOYMENT_OPERATION_NOT_FOUND, 0,
                       "The deployment operation '%.64s' could not be found.", call->id->leaf);
    }
    reply->retry_after = record_is_over(content) ? 0 : 1;
    return show_status(content, reply, err);
}
