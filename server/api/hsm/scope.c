/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes and bodies of the role data plane. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

_Static_assert(KV_ROLE_SCOPE_MAX >= sizeof("/keys/") + KV_KEY_NAME_MAX, "any key can be a scope");

static enum kv_code fail_scope(struct kv_err *err)
{
    return KV_FAIL(err, KV_INVALID_KEY_IDENTIFIER, 0, "Invalid key identifier");
}

static enum kv_code name_key(const char *key, char ret_scope[KV_ROLE_SCOPE_MAX + 1],
                             struct kv_err *err)
{
    if (kv_key_name_check(key, NULL) != KV_OK) {
        return fail_scope(err);
    }
    snprintf(ret_scope, KV_ROLE_SCOPE_MAX + 1, "/keys/%s", key);
    return KV_OK;
}

enum kv_code scope_parse_text(const char *text, char ret_scope[KV_ROLE_SCOPE_MAX + 1],
                              struct kv_err *err)
{
    static const char keys[] = "keys";
    size_t len = strlen(keys);

    text += strspn(text, "/");
    if (*text == '\0') {
        snprintf(ret_scope, KV_ROLE_SCOPE_MAX + 1, "/");
        return KV_OK;
    }
    if (strncasecmp(text, keys, len) != 0 || (text[len] != '\0' && text[len] != '/')) {
        return fail_scope(err);
    }
    text += len + strspn(text + len, "/");
    if (*text == '\0') {
        snprintf(ret_scope, KV_ROLE_SCOPE_MAX + 1, "/keys");
        return KV_OK;
    }
    return name_key(text, ret_scope, err);
}

enum kv_code scope_parse(const struct kv_request *request, char ret_scope[KV_ROLE_SCOPE_MAX + 1],
                         struct kv_err *err)
{
    const char *key = kv_request_capture(request, "key");
    const char *scope = kv_request_capture(request, "scope");

    if (key != NULL) {
        return name_key(key, ret_scope, err);
    }
    return scope_parse_text(scope != NULL ? scope : "", ret_scope, err);
}

struct sent_body {
    const cJSON *properties;
};

enum kv_code properties_parse(const struct kv_request *request, cJSON **ret_body,
                              const cJSON **ret_properties, struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_body, properties, "properties", KV_JSON_OBJECT),
    };
    struct sent_body sent = { .properties = NULL };

    KV_TRY(kv_request_json(request, ret_body, err));
    KV_TRY(kv_json_bind(*ret_body, fields, KV_COUNT(fields), &sent, err));
    if (sent.properties == NULL) {
        return fail_property(err);
    }
    *ret_properties = sent.properties;
    return KV_OK;
}
