/* SPDX-License-Identifier: Apache-2.0 */
/* What is declared and comes next: every token is one that cannot do it. */
#include "internal.h"

CK_RV hsm_generate_ec(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_curve curve,
                      struct hsm_ec_public *ret_public)
{
    (void) hsm;
    (void) id;
    (void) curve;
    (void) ret_public;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_generate_aes(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], CK_ULONG bits)
{
    (void) hsm;
    (void) id;
    (void) bits;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_import_rsa(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                     const struct hsm_rsa_private *key)
{
    (void) hsm;
    (void) id;
    (void) key;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_import_ec(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_curve curve,
                    const unsigned char *scalar, size_t len, const struct hsm_ec_public *public)
{
    (void) hsm;
    (void) id;
    (void) curve;
    (void) scalar;
    (void) len;
    (void) public;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_import_aes(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                     const unsigned char *value, size_t len)
{
    (void) hsm;
    (void) id;
    (void) value;
    (void) len;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_read_public(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_kind kind,
                      struct hsm_public *ret_public)
{
    (void) hsm;
    (void) id;
    (void) kind;
    (void) ret_public;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_sign(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
               const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
               unsigned char *out, size_t size, size_t *ret_len)
{
    (void) hsm;
    (void) id;
    (void) mechanism;
    (void) in;
    (void) len;
    (void) out;
    (void) size;
    (void) ret_len;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_encrypt(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                  const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
                  unsigned char *out, size_t size, size_t *ret_len)
{
    (void) hsm;
    (void) id;
    (void) mechanism;
    (void) in;
    (void) len;
    (void) out;
    (void) size;
    (void) ret_len;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_decrypt(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                  const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
                  unsigned char *out, size_t size, size_t *ret_len)
{
    (void) hsm;
    (void) id;
    (void) mechanism;
    (void) in;
    (void) len;
    (void) out;
    (void) size;
    (void) ret_len;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_wrap_value(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], CK_MECHANISM_TYPE type,
                     const unsigned char *value, size_t len, unsigned char *out, size_t size,
                     size_t *ret_len)
{
    (void) hsm;
    (void) id;
    (void) type;
    (void) value;
    (void) len;
    (void) out;
    (void) size;
    (void) ret_len;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_unwrap_value(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                       CK_MECHANISM_TYPE type, const unsigned char *in, size_t len,
                       unsigned char *out, size_t size, size_t *ret_len)
{
    (void) hsm;
    (void) id;
    (void) type;
    (void) in;
    (void) len;
    (void) out;
    (void) size;
    (void) ret_len;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_export_wrapped(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], unsigned char *out,
                         size_t size, size_t *ret_len)
{
    (void) hsm;
    (void) id;
    (void) out;
    (void) size;
    (void) ret_len;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_import_wrapped(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_kind kind,
                         const unsigned char *in, size_t len)
{
    (void) hsm;
    (void) id;
    (void) kind;
    (void) in;
    (void) len;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_import_transfer(struct hsm *hsm, const unsigned char kek[HSM_ID_LENGTH],
                          const unsigned char id[HSM_ID_LENGTH], enum hsm_kind kind,
                          const unsigned char *in, size_t len)
{
    (void) hsm;
    (void) kek;
    (void) id;
    (void) kind;
    (void) in;
    (void) len;
    return HSM_RV_NO_MECHANISM;
}

CK_RV hsm_export_transfer(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                          const struct hsm_rsa_public *target, enum hsm_hash hash,
                          hsm_oaep_fn *oaep, unsigned char *out, size_t size, size_t *ret_len)
{
    (void) hsm;
    (void) id;
    (void) target;
    (void) hash;
    (void) oaep;
    (void) out;
    (void) size;
    (void) ret_len;
    return HSM_RV_NO_MECHANISM;
}

size_t hsm_curve_width(enum hsm_curve curve)
{
    static const size_t widths[] = {
        [HSM_P256] = 32,
        [HSM_P256K] = 32,
        [HSM_P384] = 48,
        [HSM_P521] = HSM_COORDINATE_MAX,
    };

    return widths[curve];
}
