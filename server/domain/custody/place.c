/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a key that comes in the clear on the token. */
#include <string.h>

#include "hsm.h"
#include "kv/custody/private_key.h"
#include "private.h"

static struct hsm_bytes number_of(const struct kv_private_key *key, enum kv_private_number which)
{
    return (struct hsm_bytes){ .bytes = key->number[which], .len = key->len[which] };
}

static CK_RV import_rsa(struct hsm *hsm, const unsigned char *object, enum hsm_bond bond,
                        const struct kv_private_key *key)
{
    const struct kv_material *public = &key->public;
    const struct hsm_rsa_private numbers = {
        .modulus = { public->modulus, public->modulus_len },
        .public_exponent = { public->exponent, public->exponent_len },
        .private_exponent = number_of(key, KV_RSA_D),
        .prime_1 = number_of(key, KV_RSA_P),
        .prime_2 = number_of(key, KV_RSA_Q),
        .exponent_1 = number_of(key, KV_RSA_DP),
        .exponent_2 = number_of(key, KV_RSA_DQ),
        .coefficient = number_of(key, KV_RSA_QI),
    };

    return hsm_import_rsa(hsm, object, bond, &numbers);
}

static CK_RV import_ec(struct hsm *hsm, const unsigned char *object, enum hsm_bond bond,
                       const struct kv_private_key *key)
{
    struct hsm_ec_public point = { .coordinate_len = key->len[0] };

    memcpy(point.x, key->public.x, key->len[0]);
    memcpy(point.y, key->public.y, key->len[0]);
    return hsm_import_ec(hsm, object, bond, custody_hsm_curve(key->public.curve), key->number[0],
                         key->len[0], &point);
}

/* A value that is not an AES key can still do HMAC. */
static CK_RV import_oct(struct hsm *hsm, const unsigned char *object, enum hsm_bond bond,
                        const struct kv_private_key *key)
{
    return kv_is_aes_size(key->public.bits)
               ? hsm_import_aes(hsm, object, bond, key->number[0], key->len[0])
               : hsm_import_secret(hsm, object, bond, key->number[0], key->len[0]);
}

enum kv_code kv_custody_import(struct kv_custody *custody,
                               const unsigned char object[KV_OBJECT_LENGTH], bool exportable,
                               const struct kv_private_key *key, struct kv_material *ret_material,
                               struct kv_err *err)
{
    struct hsm *hsm = custody->config.hsm;
    enum hsm_bond bond = custody_hsm_bond(exportable);
    CK_RV rv = CKR_OK;

    switch (key->public.family) {
    case KV_FAMILY_RSA:
        rv = import_rsa(hsm, object, bond, key);
        break;
    case KV_FAMILY_EC:
        rv = import_ec(hsm, object, bond, key);
        break;
    case KV_FAMILY_OCT:
        rv = import_oct(hsm, object, bond, key);
        break;
    }
    KV_TRY(custody_translate(custody, rv, err));
    *ret_material = key->public;
    memcpy(ret_material->object, object, KV_OBJECT_LENGTH);
    return KV_OK;
}
