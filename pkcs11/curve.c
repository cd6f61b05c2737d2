/* SPDX-License-Identifier: Apache-2.0 */
#include "curve.h"

#include <assert.h>
#include <string.h>

#include "bytes.h"

#define OCTET_STRING 0x04
#define UNCOMPRESSED 0x04
#define LONG_LENGTH 0x80 /* DER: a length from here on takes a second byte */

/* RFC 5480 §2.1.1.1, SEC 2 for secp256k1. */
static const struct {
    unsigned char oid[10];
    unsigned char oid_len;
    unsigned char width;
} curves[] = {
    [HSM_P256] = { { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 }, 10, 32 },
    [HSM_P256K] = { { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a }, 7, 32 },
    [HSM_P384] = { { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 }, 7, 48 },
    [HSM_P521] = { { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23 }, 7, HSM_COORDINATE_MAX },
};

/* Writes the head of an OCTET STRING; returns the length of the head. */
static size_t render_head(size_t len, unsigned char *ret_head)
{
    size_t used = 0;

    ret_head[used++] = OCTET_STRING;
    if (len >= LONG_LENGTH) {
        ret_head[used++] = LONG_LENGTH | 1;
    }
    ret_head[used++] = (unsigned char) len;
    return used;
}

size_t hsm_curve_width(enum hsm_curve curve)
{
    return curves[curve].width;
}

CK_ATTRIBUTE hsm_curve_params(enum hsm_curve curve)
{
    return (CK_ATTRIBUTE){ CKA_EC_PARAMS, (void *) curves[curve].oid, curves[curve].oid_len };
}

bool hsm_curve_find(const unsigned char *params, size_t len, enum hsm_curve *ret_curve)
{
    for (size_t i = 0; i < KV_COUNT(curves); i++) {
        if (curves[i].oid_len == len && hsm_bytes_are_equal(curves[i].oid, params, len)) {
            *ret_curve = (enum hsm_curve) i;
            return true;
        }
    }
    return false;
}

CK_RV hsm_point_parse(enum hsm_curve curve, const unsigned char *point, size_t len,
                      struct hsm_ec_public *ret_public)
{
    size_t width = curves[curve].width;
    size_t bare = 1 + 2 * width;
    unsigned char head[3];
    size_t head_len = render_head(bare, head);

    if (len == head_len + bare && hsm_bytes_are_equal(point, head, head_len)) {
        point += head_len;
        len = bare;
    }
    if (len != bare || *point != UNCOMPRESSED) {
        return CKR_PUBLIC_KEY_INVALID;
    }
    *ret_public = (struct hsm_ec_public){ .coordinate_len = width };
    memcpy(ret_public->x, point + 1, width);
    memcpy(ret_public->y, point + 1 + width, width);
    return CKR_OK;
}

size_t hsm_point_render(const struct hsm_ec_public *public, unsigned char ret_point[HSM_POINT_MAX])
{
    size_t width = public->coordinate_len;

    assert(width <= HSM_COORDINATE_MAX);
    size_t len = render_head(1 + 2 * width, ret_point);
    ret_point[len++] = UNCOMPRESSED;
    memcpy(ret_point + len, public->x, width);
    memcpy(ret_point + len + width, public->y, width);
    return len + 2 * width;
}
