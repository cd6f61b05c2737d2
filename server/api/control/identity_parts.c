/* SPDX-License-Identifier: Apache-2.0 */
/* What commands about identities have in common: whom they are about, and their bodies. */
#include "identities.h"

const char *identities_name(const struct kv_request *request)
{
    return kv_principal_name_of(kv_request_capture(request, "name"));
}

void identities_add_text(cJSON *object, const char *name, const char *text, bool *ok)
{
    if (*text != '\0') {
        kv_json_add_text(object, name, text, ok);
    }
}

cJSON *identities_render_credential(const struct kv_credential *credential, bool *ok)
{
    cJSON *object = cJSON_CreateObject();
    char iso[KV_ISO_DATE_SIZE];

    kv_json_add_text(object, "id", credential->id, ok);
    identities_add_text(object, "label", credential->label, ok);
    identities_add_text(object, "hint", credential->hint, ok);
    identities_add_text(object, "thumbprint", credential->thumbprint, ok);
    identities_add_text(object, "thumbprint_sha256", credential->thumbprint_sha256, ok);
    identities_add_text(object, "issuer", credential->issuer, ok);
    identities_add_text(object, "subject", credential->subject, ok);
    identities_add_text(object, "audience", credential->audience, ok);
    if (credential->expires != KV_CREDENTIAL_ENDLESS) {
        kv_time_render_iso(credential->expires * 1000, iso);
        kv_json_add_text(object, "expires", iso, ok);
    }
    return object;
}

enum kv_code identities_bind(const struct kv_request *request, const struct kv_json_field *fields,
                             size_t count, void *ret_args, cJSON **ret_body, struct kv_err *err)
{
    return request->body.len == 0
               ? KV_OK
               : control_bind_body(request, fields, count, ret_args, ret_body, err);
}
