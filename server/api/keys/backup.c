/* SPDX-License-Identifier: Apache-2.0 */
/* Backup and restore: contract §6.7. */
#include <string.h>

#include "kv/base/base64.h"
#include "private.h"

enum kv_code key_backup(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf blob;
    bool ok = true;

    kv_buf_init(&blob, KV_BACKUP_MAX);
    KV_TRY(kv_key_backup(&scope, kv_request_capture(request, "name"), &blob, err));
    kv_json_add_base64url(body, "value", blob.data, blob.len, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

struct sent_backup {
    const char *value;
};

/* Text that is not canonical base64url is not a blob. */
static enum kv_code decode_blob(const char *text, struct kv_buf *blob, struct kv_err *err)
{
    size_t len = strlen(text);

    if (!kv_base64_is_canonical(text, len) || KV_BASE64URL_BYTES(len) > blob->max) {
        return KV_REFUSE(err, KV_TEXT_BACKUP_CORRUPT, 0);
    }
    return kv_base64_parse(text, len, blob, err);
}

enum kv_code key_restore(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_backup, value, "value", KV_JSON_STRING),
    };
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    kv_auto(kv_buf_done) struct kv_buf blob;
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    struct sent_backup sent = { .value = NULL };

    kv_buf_init(&blob, KV_BACKUP_MAX);
    KV_TRY(kv_request_json(request, &body, err));
    KV_TRY(kv_json_bind(body, fields, KV_COUNT(fields), &sent, err));
    if (sent.value == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Property 'value' is required.\r\n");
    }
    KV_TRY(decode_blob(sent.value, &blob, err));
    KV_TRY(kv_key_restore(&scope, blob.data, blob.len, &key, err));
    return respond_key(request, &key, response, err);
}
