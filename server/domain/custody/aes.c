/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES, all of it on the token: CBC with and without padding, GCM, key wrap. contract §8.6. A bad
 * ciphertext always gets the same refusal, whether its length, padding, tag or check value is bad.
 */
#include <string.h>

#include <openssl/rand.h>

#include "private.h"

#define BLOCK 16
#define GCM_IV 12
#define GCM_TAG 16

_Static_assert(BLOCK == KV_BLOCK_MAX, "an outcome has room for an iv and a tag");

typedef CK_RV cipher_fn(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                        const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
                        unsigned char *out, size_t size, size_t *ret_len);
typedef CK_RV wrap_fn(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                      CK_MECHANISM_TYPE type, const unsigned char *in, size_t len,
                      unsigned char *out, size_t size, size_t *ret_len);

/* Runs a cipher over bytes and appends the result, at most a block longer. */
static CK_RV run_cipher(const struct task *task, cipher_fn *cipher, const CK_MECHANISM *mechanism,
                        const struct kv_bytes *in, unsigned char *room, struct kv_outcome *out)
{
    size_t len = 0;
    CK_RV rv = cipher(task->custody->config.hsm, task->material->object, mechanism, in->bytes,
                      in->len, room, in->len + BLOCK, &len);

    kv_buf_cut(&out->value, len);
    return rv;
}

static enum kv_code run_cbc(const struct task *task, cipher_fn *cipher, CK_MECHANISM_TYPE type,
                            const struct kv_bytes *in, struct kv_outcome *out, CK_RV *ret_rv,
                            struct kv_err *err)
{
    const CK_MECHANISM mechanism = { type, (void *) task->in->iv.bytes, BLOCK };
    unsigned char *room;

    KV_TRY(kv_buf_extend(&out->value, in->len + BLOCK, &room, err));
    *ret_rv = run_cipher(task, cipher, &mechanism, in, room, out);
    return KV_OK;
}

/* The answer repeats the iv. */
static enum kv_code encrypt_cbc(const struct task *task, CK_MECHANISM_TYPE type,
                                const struct kv_bytes *plain, struct kv_outcome *out,
                                struct kv_err *err)
{
    CK_RV rv;

    memcpy(out->iv, task->in->iv.bytes, BLOCK);
    out->iv_len = BLOCK;
    KV_TRY(run_cbc(task, hsm_encrypt, type, plain, out, &rv, err));
    return custody_translate(task->custody, rv, err);
}

static enum kv_code decrypt_cbc(const struct task *task, CK_MECHANISM_TYPE type,
                                struct kv_outcome *out, struct kv_err *err)
{
    CK_RV rv;

    if (task->in->value.len == 0 || task->in->value.len % BLOCK != 0) {
        return custody_refuse_ciphertext(err);
    }
    KV_TRY(run_cbc(task, hsm_decrypt, type, &task->in->value, out, &rv, err));
    return custody_translate_open(task->custody, rv, err);
}

/* A partial block is filled up with zeros, which are never removed again. */
enum kv_code aes_cbc_encrypt(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    static const unsigned char zeros[BLOCK];
    const struct kv_bytes *value = &task->in->value;
    size_t missing = (BLOCK - value->len % BLOCK) % BLOCK;
    kv_auto(kv_buf_done) struct kv_buf filled;

    kv_buf_init(&filled, value->len + missing);
    if (missing == 0) {
        return encrypt_cbc(task, CKM_AES_CBC, value, out, err);
    }
    KV_TRY(kv_buf_append(&filled, value->bytes, value->len, err));
    KV_TRY(kv_buf_append(&filled, zeros, missing, err));
    return encrypt_cbc(task, CKM_AES_CBC, &(const struct kv_bytes){ filled.data, filled.len }, out,
                       err);
}

enum kv_code aes_cbc_decrypt(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    return decrypt_cbc(task, CKM_AES_CBC, out, err);
}

enum kv_code aes_cbc_pad_encrypt(const struct task *task, struct kv_outcome *out,
                                 struct kv_err *err)
{
    return encrypt_cbc(task, CKM_AES_CBC_PAD, &task->in->value, out, err);
}

enum kv_code aes_cbc_pad_decrypt(const struct task *task, struct kv_outcome *out,
                                 struct kv_err *err)
{
    return decrypt_cbc(task, CKM_AES_CBC_PAD, out, err);
}

static CK_GCM_PARAMS gcm_params(const void *iv, const struct kv_bytes *aad)
{
    return (CK_GCM_PARAMS){
        .pIv = (void *) iv,
        .ulIvLen = GCM_IV,
        .ulIvBits = GCM_IV * 8,
        .pAAD = aad->len > 0 ? (void *) aad->bytes : NULL,
        .ulAADLen = aad->len,
        .ulTagBits = GCM_TAG * 8,
    };
}

/* The service chooses the iv, so a client cannot repeat one. The token appends the tag to the
 * text. */
enum kv_code aes_gcm_encrypt(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    const struct kv_bytes *plain = &task->in->value;
    CK_GCM_PARAMS params = gcm_params(out->iv, &task->in->aad);
    const CK_MECHANISM mechanism = { CKM_AES_GCM, &params, sizeof(params) };
    unsigned char *room;

    if (RAND_bytes(out->iv, GCM_IV) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL could not make random bytes");
    }
    KV_TRY(kv_buf_extend(&out->value, plain->len + BLOCK, &room, err));
    KV_TRY(custody_translate(task->custody,
                             run_cipher(task, hsm_encrypt, &mechanism, plain, room, out), err));
    memcpy(out->tag, room + plain->len, GCM_TAG);
    out->iv_len = GCM_IV;
    out->tag_len = GCM_TAG;
    kv_buf_cut(&out->value, plain->len);
    return KV_OK;
}

enum kv_code aes_gcm_decrypt(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    const struct kv_bytes *cipher = &task->in->value;
    CK_GCM_PARAMS params = gcm_params(task->in->iv.bytes, &task->in->aad);
    const CK_MECHANISM mechanism = { CKM_AES_GCM, &params, sizeof(params) };
    kv_auto(kv_buf_done) struct kv_buf joined;
    unsigned char *room;

    kv_buf_init(&joined, cipher->len + GCM_TAG);
    KV_TRY(kv_buf_append(&joined, cipher->bytes, cipher->len, err));
    KV_TRY(kv_buf_append(&joined, task->in->tag.bytes, GCM_TAG, err));

    const struct kv_bytes in = { joined.data, joined.len };

    KV_TRY(kv_buf_extend(&out->value, in.len + BLOCK, &room, err));
    return custody_translate_open(task->custody,
                                  run_cipher(task, hsm_decrypt, &mechanism, &in, room, out), err);
}

/* Wraps or unwraps bytes; a wrapped value is at most a block longer. */
static enum kv_code run_wrap(const struct task *task, wrap_fn *wrap, CK_MECHANISM_TYPE type,
                             struct kv_outcome *out, CK_RV *ret_rv, struct kv_err *err)
{
    const struct kv_bytes *in = &task->in->value;
    unsigned char *room;
    size_t len = 0;

    KV_TRY(kv_buf_extend(&out->value, in->len + BLOCK, &room, err));
    *ret_rv = wrap(task->custody->config.hsm, task->material->object, type, in->bytes, in->len,
                   room, in->len + BLOCK, &len);
    kv_buf_cut(&out->value, len);
    return KV_OK;
}

static enum kv_code wrap(const struct task *task, CK_MECHANISM_TYPE type, struct kv_outcome *out,
                         struct kv_err *err)
{
    CK_RV rv;

    KV_TRY(run_wrap(task, hsm_wrap_value, type, out, &rv, err));
    return custody_translate(task->custody, rv, err);
}

static enum kv_code unwrap(const struct task *task, CK_MECHANISM_TYPE type, struct kv_outcome *out,
                           struct kv_err *err)
{
    CK_RV rv;

    if (task->in->value.len == 0) {
        return custody_refuse_ciphertext(err);
    }
    KV_TRY(run_wrap(task, hsm_unwrap_value, type, out, &rv, err));
    return custody_translate_open(task->custody, rv, err);
}

enum kv_code aes_wrap(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    return wrap(task, CKM_AES_KEY_WRAP, out, err);
}

enum kv_code aes_unwrap(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    return unwrap(task, CKM_AES_KEY_WRAP, out, err);
}

enum kv_code aes_wrap_pad(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    return wrap(task, CKM_AES_KEY_WRAP_PAD, out, err);
}

enum kv_code aes_unwrap_pad(const struct task *task, struct kv_outcome *out, struct kv_err *err)
{
    return unwrap(task, CKM_AES_KEY_WRAP_PAD, out, err);
}
