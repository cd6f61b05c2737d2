/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA over a digest: signed on the token, verified here. */
#include "private.h"
#include "public.h"

/* Room for every curve: the key may not be the one it is said to be (arrival.c). */
enum kv_code ecdsa_sign(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    const CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
    const struct kv_bytes *digest = &task->in->value;
    const size_t size = 2 * (size_t) KV_COORDINATE_MAX;
    unsigned char *signature;
    size_t len;

    KV_TRY(kv_buf_extend(&out->value, size, &signature, err));
    KV_TRY(custody_translate(task->custody,
                             hsm_sign(task->custody->config.hsm, task->material->object, &mechanism,
                                      digest->bytes, digest->len, signature, size, &len),
                             err));
    kv_buf_cut(&out->value, len);
    return KV_OK;
}

enum kv_code ecdsa_verify(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    if (!public_verify_ecdsa(task->material, &task->in->digest, &task->in->value, &out->valid)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL did not verify");
    }
    return KV_OK;
}
