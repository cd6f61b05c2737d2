/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer's key at the service of the test authority. */
#include "core.h"

enum kv_code kv_identity_sign(struct kv_identity *identity, const char *claims, size_t len,
                              char **ret_text, struct kv_err *err)
{
    const struct kv_jws_key *key;

    KV_TRY(kv_issuer_wait_key(identity->issuer, &key, err));
    return kv_jws_sign(key, claims, len, ret_text, err);
}

enum kv_code kv_identity_show_key(struct kv_identity *identity, struct kv_buf *json,
                                  struct kv_err *err)
{
    const struct kv_jws_key *key;

    KV_TRY(kv_issuer_wait_key(identity->issuer, &key, err));
    KV_TRY(kv_buf_printf(json, err, "{\"kid\":\"%s\",\"key\":", kv_jws_key_id(key)));
    KV_TRY(kv_jws_key_show(key, json, err));
    return kv_buf_append(json, "}", 1, err);
}
