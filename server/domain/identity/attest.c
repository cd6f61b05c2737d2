/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer's key for use by the test authority, and shown to whoever checks its tokens. */
#include "core.h"
#include "kv/base/json.h"

#define JWK_MAX 4096 /* bytes of its JSON */

enum kv_code kv_identity_sign(struct kv_identity *identity, const char *claims, size_t len,
                              char **ret_text, struct kv_err *err)
{
    const struct kv_jws_key *key;

    KV_TRY(kv_issuer_wait_key(identity->issuer, &key, err));
    return kv_jws_sign(key, claims, len, ret_text, err);
}

enum kv_code kv_identity_show_key(struct kv_identity *identity, cJSON **ret_jwk, struct kv_err *err)
{
    const struct kv_jws_key *key;
    kv_auto(kv_buf_done) struct kv_buf json;
    kv_auto(cJSON_Delete) cJSON *jwk = NULL;
    bool ok = true;

    kv_buf_init(&json, JWK_MAX);
    KV_TRY(kv_issuer_wait_key(identity->issuer, &key, err));
    KV_TRY(kv_jws_key_show(key, &json, err));
    KV_TRY(kv_json_parse(json.data, json.len, &jwk, err));
    kv_json_add_text(jwk, "kid", kv_jws_key_name(key), &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_jwk = kv_take(jwk);
    return KV_OK;
}

enum kv_code kv_identity_show_certificate(struct kv_identity *identity, struct kv_buf *text,
                                          struct kv_err *err)
{
    const struct kv_jws_key *key;

    KV_TRY(kv_issuer_wait_key(identity->issuer, &key, err));
    return kv_jws_key_certify(key, text, err);
}
