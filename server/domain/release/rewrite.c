/* SPDX-License-Identifier: Apache-2.0 */
/* How builds of 2022 wrote a release policy, and how the answer to a release does. */
#include <string.h>

#include "kv/base/json.h"
#include "kv/release/release.h"

/* The members of all objects of a policy; each has some of them. */
static const char *const member_order[] = {
    "version", "authority", "anyOf", "allOf", "claim", "equals",
};

/* Moves an existing member behind all others of its parent. */
static void move_last(cJSON *object, cJSON *item, bool *ok)
{
    cJSON *moved = cJSON_DetachItemViaPointer(object, item);

    kv_json_add_take(object, moved->string, moved, ok);
}

static void order_members(cJSON *object, bool *ok)
{
    int others = cJSON_GetArraySize(object);

    for (size_t i = 0; i < KV_COUNT(member_order); i++) {
        cJSON *item = cJSON_GetObjectItemCaseSensitive(object, member_order[i]);

        if (item != NULL) {
            move_last(object, item, ok);
            others--;
        }
    }
    for (; *ok && others > 0; others--) {
        move_last(object, object->child, ok);
    }
}

static void word_truth(cJSON *object, bool *ok)
{
    const cJSON *equals = cJSON_GetObjectItemCaseSensitive(object, "equals");

    if (cJSON_IsBool(equals)) {
        cJSON *word = cJSON_CreateString(cJSON_IsTrue(equals) ? "true" : "false");

        *ok = *ok && word != NULL && cJSON_ReplaceItemInObjectCaseSensitive(object, "equals", word);
    }
}

/* The depth of a policy is bounded, so the recursion is. */
static void rewrite(cJSON *item, bool *ok)
{
    cJSON *child;

    if (cJSON_IsObject(item)) {
        order_members(item, ok);
        word_truth(item, ok);
    }
    cJSON_ArrayForEach (child, item) {
        rewrite(child, ok);
    }
}

enum kv_code kv_release_policy_rewrite(struct kv_buf *compact, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *policy = NULL;
    bool ok = true;

    KV_TRY(kv_json_parse(compact->data, compact->len, &policy, err));
    rewrite(policy, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    kv_buf_clear(compact);
    if (kv_json_print(policy, compact, NULL) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Key Release Policy: it is too large");
    }
    return KV_OK;
}

enum kv_code kv_release_policy_print(const char *policy, struct kv_buf *text, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *object = NULL;
    cJSON *version;

    KV_TRY(kv_json_parse(policy, strlen(policy), &object, err));
    version = cJSON_DetachItemFromObjectCaseSensitive(object, "version");
    if (version != NULL && !cJSON_InsertItemInArray(object, 0, version)) {
        cJSON_Delete(version);
        return KV_OUT_OF_MEMORY(err);
    }
    return kv_json_print(object, text, err);
}
