/* SPDX-License-Identifier: Apache-2.0 */
/* RSA: the private operation on the token, paddings and the public half here. */
#include <string.h>

#include <openssl/rsa.h>

#include "kv/base/secret.h"
#include "padding.h"
#include "private.h"
#include "public.h"

static const EVP_MD *hash_of(const struct task *task)
{
    return task->custody->hashes.of[task->alg->hash];
}

enum kv_code rsa_encrypt(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    unsigned char *cipher;

    KV_TRY(kv_buf_extend(&out->value, task->material->modulus_len, &cipher, err));
    if (!public_encrypt(task->material, hash_of(task), &task->in->value, cipher)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL did not encrypt");
    }
    return KV_OK;
}

/* Big-endian numbers of the same length, both public. */
static bool is_below(const unsigned char *number, const unsigned char *bound, size_t len)
{
    size_t i = 0;

    while (i < len && number[i] == bound[i]) {
        i++;
    }
    return i < len && number[i] < bound[i];
}

static enum kv_code run_raw(const struct task *task, const unsigned char *in,
                            unsigned char *ret_out, struct kv_err *err)
{
    const struct kv_material *material = task->material;

    return custody_translate(task->custody,
                             hsm_rsa_raw(task->custody->config.hsm, material->object, in,
                                         material->modulus_len, ret_out),
                             err);
}

struct block {
    unsigned char bytes[KV_MODULUS_MAX];
};

static void block_done(struct block *block)
{
    kv_wipe(block, sizeof(*block));
}
KV_DEFINE_CLEANUP_VALUE(struct block, block_done)

/* The one answer to anything wrong; old builds of the service had one for each padding. */
static enum kv_code refuse_ciphertext(const struct task *task, struct kv_err *err)
{
    if (task->alg->hash == KV_HASH_SHA1) {
        return KV_REFUSE(err, KV_TEXT_CANNOT_DECRYPT_RSA_OAEP, 0);
    }
    return KV_REFUSE(err, KV_TEXT_CANNOT_DECRYPT_RSA, 0);
}

enum kv_code rsa_decrypt(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    const struct kv_material *material = task->material;
    const struct kv_bytes *cipher = &task->in->value;
    kv_auto(block_done) struct block block = { { 0 } };
    unsigned char *plain;
    size_t len;

    if (cipher->len != material->modulus_len
        || !is_below(cipher->bytes, material->modulus, cipher->len)) {
        return refuse_ciphertext(task, err);
    }
    KV_TRY(run_raw(task, cipher->bytes, block.bytes, err));
    KV_TRY(kv_buf_extend(&out->value, material->modulus_len, &plain, err));
    if (!padding_remove(hash_of(task), block.bytes, material->modulus_len, plain, &len)) {
        return refuse_ciphertext(task, err);
    }
    kv_buf_cut(&out->value, len);
    return KV_OK;
}

/* Signs `value` by the module's own mechanism. Room for every size: the key may not be the one it
 * is said to be (arrival.c). */
static enum kv_code sign_native(const struct task *task, const CK_MECHANISM *mechanism,
                                const unsigned char *value, size_t len, struct kv_outcome *out,
                                struct kv_err *err)
{
    unsigned char *signature;
    size_t signature_len;

    KV_TRY(kv_buf_extend(&out->value, KV_MODULUS_MAX, &signature, err));
    KV_TRY(custody_translate(task->custody,
                             hsm_sign(task->custody->config.hsm, task->material->object, mechanism,
                                      value, len, signature, KV_MODULUS_MAX, &signature_len),
                             err));
    kv_buf_cut(&out->value, signature_len);
    return KV_OK;
}

/* Signs a block that was padded here; `padded` says whether that worked. */
static enum kv_code sign_raw(const struct task *task, const struct block *block, bool padded,
                             struct kv_outcome *out, struct kv_err *err)
{
    unsigned char *signature;

    if (!padded) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL did not pad");
    }
    KV_TRY(kv_buf_extend(&out->value, task->material->modulus_len, &signature, err));
    return run_raw(task, block->bytes, signature, err);
}

/* Writes what PKCS #1 v1.5 pads: a DigestInfo, or the value itself. Returns its length. */
static size_t write_signed(const struct task *task, unsigned char ret_bytes[KV_MODULUS_MAX])
{
    const struct hash_row *hash = hash_row(task->alg->hash);
    const struct kv_bytes *value = &task->in->value;

    memcpy(ret_bytes, hash->prefix, hash->prefix_len);
    if (value->len > 0) {
        memcpy(ret_bytes + hash->prefix_len, value->bytes, value->len);
    }
    return hash->prefix_len + value->len;
}

enum kv_code rsa_sign(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    const CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };
    unsigned char signed_bytes[KV_MODULUS_MAX];
    size_t len = write_signed(task, signed_bytes);
    struct block block;

    if (hsm_capabilities(task->custody->config.hsm)->rsa_pkcs) {
        return sign_native(task, &mechanism, signed_bytes, len, out, err);
    }
    return sign_raw(task, &block,
                    padding_sign(signed_bytes, len, block.bytes, task->material->modulus_len), out,
                    err);
}

enum kv_code rsa_sign_pss(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    const struct hsm_capabilities *can = hsm_capabilities(task->custody->config.hsm);
    const struct hash_row *hash = hash_row(task->alg->hash);
    const struct kv_bytes *digest = &task->in->value;
    CK_RSA_PKCS_PSS_PARAMS params = { hash->mechanism, hash->mgf, hash->len };
    const CK_MECHANISM mechanism = { CKM_RSA_PKCS_PSS, &params, sizeof(params) };
    struct block block;

    if ((can->rsa_pss & HSM_BIT(hash->hsm)) != 0) {
        return sign_native(task, &mechanism, digest->bytes, digest->len, out, err);
    }
    return sign_raw(task, &block,
                    padding_sign_pss(task->material, hash_of(task), digest->bytes, block.bytes),
                    out, err);
}

static enum kv_code verify(const struct task *task, int padding, struct kv_outcome *out,
                           struct kv_err *err)
{
    if (!public_verify_rsa(task->material, padding, hash_of(task), &task->in->digest,
                           &task->in->value, &out->valid)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL did not verify");
    }
    return KV_OK;
}

enum kv_code rsa_verify(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    return verify(task, RSA_PKCS1_PADDING, out, err);
}

enum kv_code rsa_verify_pss(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    return verify(task, RSA_PKCS1_PSS_PADDING, out, err);
}
