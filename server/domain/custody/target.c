/* SPDX-License-Identifier: Apache-2.0 */
/* A key on its way to an entitled recipient: contract §11. */
#include <string.h>

#include <openssl/evp.h>

#include "private.h"
#include "public.h"

/* The names used in requests, and the OAEP hash that each stands for. */
static const struct enc {
    const char *name;
    enum hsm_hash hash;
} encs[] = {
    { "CKM_RSA_AES_KEY_WRAP", HSM_SHA1 },
    { "RSA_AES_KEY_WRAP_256", HSM_SHA256 },
    { "RSA_AES_KEY_WRAP_384", HSM_SHA384 },
};

static const struct enc *find_enc(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(encs); i++) {
        if (strcmp(encs[i].name, name) == 0) {
            return &encs[i];
        }
    }
    return NULL;
}

bool kv_custody_enc_is_known(const char *enc)
{
    return find_enc(enc) != NULL;
}

static const EVP_MD *digest_of(enum hsm_hash hash)
{
    switch (hash) {
    case HSM_SHA1:
        return EVP_sha1();
    case HSM_SHA256:
        return EVP_sha256();
    case HSM_SHA384:
        return EVP_sha384();
    case HSM_SHA512:
        break;
    }
    return EVP_sha512();
}

/* OpenSSL's OAEP, for tokens that do not know the hash. */
static CK_RV encrypt_outside(const struct hsm_rsa_public *public, enum hsm_hash hash,
                             const unsigned char *in, size_t len, unsigned char *out)
{
    const struct kv_bytes plain = { in, len };
    struct kv_material target = {
        .family = KV_FAMILY_RSA,
        .modulus_len = public->modulus_len,
        .exponent_len = public->exponent_len,
    };

    memcpy(target.modulus, public->modulus, public->modulus_len);
    memcpy(target.exponent, public->exponent, public->exponent_len);
    return public_encrypt(&target, digest_of(hash), &plain, out) ? CKR_OK : CKR_FUNCTION_FAILED;
}

enum kv_code kv_custody_release(struct kv_custody *custody,
                                const unsigned char object[KV_OBJECT_LENGTH],
                                const struct kv_material *target, const char *enc,
                                struct kv_released *ret_released, struct kv_err *err)
{
    struct hsm_rsa_public public = {
        .modulus_len = target->modulus_len,
        .exponent_len = target->exponent_len,
    };
    CK_RV rv;

    memcpy(public.modulus, target->modulus, target->modulus_len);
    memcpy(public.exponent, target->exponent, target->exponent_len);
    rv = hsm_export_transfer(custody->config.hsm, object, &public, find_enc(enc)->hash,
                             encrypt_outside, ret_released->bytes, sizeof(ret_released->bytes),
                             &ret_released->len);
    return custody_translate(custody, rv, err);
}
