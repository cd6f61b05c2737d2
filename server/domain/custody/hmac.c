/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC over the message: computed on the token for both operations, compared here in constant
 * time. */
#include "kv/base/secret.h"
#include "private.h"

static enum kv_code make_mac(const struct task *task, const struct kv_bytes *message,
                             unsigned char ret_mac[HASH_MAX], size_t *ret_len, struct kv_err *err)
{
    const CK_MECHANISM mechanism = { hash_row(task->alg->hash)->hmac, NULL, 0 };

    return custody_translate(task->custody,
                             hsm_sign(task->custody->config.hsm, task->material->object, &mechanism,
                                      message->bytes, message->len, ret_mac, HASH_MAX, ret_len),
                             err);
}

enum kv_code hmac_sign(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    unsigned char mac[HASH_MAX];
    size_t len;

    KV_TRY(make_mac(task, &task->in->value, mac, &len, err));
    return kv_buf_append(&out->value, mac, len, err);
}

enum kv_code hmac_verify(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    const struct kv_bytes *sent = &task->in->value;
    unsigned char mac[HASH_MAX];
    size_t len;

    KV_TRY(make_mac(task, &task->in->digest, mac, &len, err));
    out->valid = kv_secret_equal(mac, len, sent->bytes, sent->len);
    kv_wipe(mac, sizeof(mac)); /* of a message that the client chose */
    return KV_OK;
}
