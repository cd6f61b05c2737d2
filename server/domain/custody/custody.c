/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of the token: made, used, destroyed. */
#include "kv/custody/custody.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "hsm.h"
#include "private.h"

_Static_assert(KV_OBJECT_LENGTH == HSM_ID_LENGTH, "a version's object is known by its CKA_ID");
_Static_assert(KV_MODULUS_MAX == HSM_MODULUS_MAX, "both sides speak of RSA-4096 at most");
_Static_assert(KV_COORDINATE_MAX == HSM_COORDINATE_MAX, "both sides speak of P-521 at most");

enum kv_code kv_custody_new(const struct kv_custody_config *config, struct kv_custody **ret_custody,
                            struct kv_err *err)
{
    kv_auto(kv_custody_free) struct kv_custody *custody = calloc(1, sizeof(*custody));

    if (custody == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    custody->config = *config;
    if (!hashes_init(&custody->hashes)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL lacks a hash");
    }
    *ret_custody = kv_take(custody);
    return KV_OK;
}

void kv_custody_lend(struct kv_custody *custody, struct hsm *hsm)
{
    custody->config.hsm = hsm;
}

void kv_custody_free(struct kv_custody *custody)
{
    if (custody != NULL) {
        hashes_done(&custody->hashes);
        free(custody);
    }
}

enum kv_code kv_custody_check_room(const struct kv_custody *custody, struct kv_err *err)
{
    const struct kv_custody_config *config = &custody->config;

    if (config->has_room != NULL && !config->has_room(config->room_context)) {
        return KV_FAIL(err, KV_UNAVAILABLE, ENOSPC,
                       "no key can be put onto the token: the disk is full");
    }
    return KV_OK;
}

enum kv_code kv_custody_new_object(unsigned char ret_object[KV_OBJECT_LENGTH], struct kv_err *err)
{
    if (RAND_bytes(ret_object, KV_OBJECT_LENGTH) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL could not make random bytes");
    }
    return KV_OK;
}

void custody_copy_rsa(const struct hsm_rsa_public *public, struct kv_material *ret_material)
{
    ret_material->modulus_len = public->modulus_len;
    ret_material->exponent_len = public->exponent_len;
    memcpy(ret_material->modulus, public->modulus, public->modulus_len);
    memcpy(ret_material->exponent, public->exponent, public->exponent_len);
}

static enum kv_code generate_rsa(struct kv_custody *custody, const unsigned char *object,
                                 const struct kv_key_spec *spec, struct kv_material *ret_material,
                                 struct kv_err *err)
{
    struct hsm_rsa_public public;

    CK_RV rv = hsm_generate_rsa(custody->config.hsm, object, custody_hsm_bond(spec->exportable),
                                spec->bits, spec->public_exponent, &public);

    KV_TRY(custody_translate(custody, rv, err));
    custody_copy_rsa(&public, ret_material);
    return KV_OK;
}

enum hsm_curve custody_hsm_curve(enum kv_curve curve)
{
    static const enum hsm_curve curves[] = {
#define X(symbol, name, bits, coordinate, group, token) [KV_CURVE_##symbol] = HSM_##token,
#include "kv/custody/curve.def"
#undef X
    };

    assert(curve != KV_CURVE_NONE && (size_t) curve < KV_COUNT(curves));
    return curves[curve];
}

static enum kv_code generate_ec(struct kv_custody *custody, const unsigned char *object,
                                const struct kv_key_spec *spec, struct kv_material *ret_material,
                                struct kv_err *err)
{
    size_t width = kv_curve_row(spec->curve)->coordinate;
    struct hsm_ec_public public;

    CK_RV rv = hsm_generate_ec(custody->config.hsm, object, custody_hsm_bond(spec->exportable),
                               custody_hsm_curve(spec->curve), &public);

    KV_TRY(custody_translate(custody, rv, err));
    assert(public.coordinate_len == width);
    memcpy(ret_material->x, public.x, width);
    memcpy(ret_material->y, public.y, width);
    return KV_OK;
}

enum kv_code kv_custody_generate(struct kv_custody *custody,
                                 const unsigned char object[KV_OBJECT_LENGTH],
                                 const struct kv_key_spec *spec, struct kv_material *ret_material,
                                 struct kv_err *err)
{
    struct kv_material material = {
        .family = spec->family,
        .bits = spec->bits,
        .curve = spec->curve,
    };

    memcpy(material.object, object, KV_OBJECT_LENGTH);
    switch (spec->family) {
    case KV_FAMILY_RSA:
        KV_TRY(generate_rsa(custody, object, spec, &material, err));
        break;
    case KV_FAMILY_EC:
        KV_TRY(generate_ec(custody, object, spec, &material, err));
        break;
    case KV_FAMILY_OCT:
        KV_TRY(custody_translate(custody,
                                 hsm_generate_aes(custody->config.hsm, object,
                                                  custody_hsm_bond(spec->exportable), spec->bits),
                                 err));
        break;
    }
    *ret_material = material;
    return KV_OK;
}

bool kv_custody_has(const struct kv_custody *custody, const unsigned char object[KV_OBJECT_LENGTH])
{
    return hsm_has_key(custody->config.hsm, object);
}

enum kv_code kv_custody_destroy(struct kv_custody *custody,
                                const unsigned char object[KV_OBJECT_LENGTH], struct kv_err *err)
{
    return custody_translate(custody, hsm_destroy(custody->config.hsm, object), err);
}

enum kv_code kv_custody_random(struct kv_custody *custody, size_t count,
                               struct kv_secret *ret_bytes, struct kv_err *err)
{
    assert(count <= sizeof(ret_bytes->bytes));
    KV_TRY(
        custody_translate(custody, hsm_random(custody->config.hsm, ret_bytes->bytes, count), err));
    ret_bytes->len = count;
    return KV_OK;
}
