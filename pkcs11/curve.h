/* SPDX-License-Identifier: Apache-2.0 */
/* curve.h - elliptic curves as PKCS#11 names them, and points as it encodes them. */
#pragma once

#include "hsm.h"

#define HSM_POINT_MAX (3 + 1 + 2 * HSM_COORDINATE_MAX) /* bytes of CKA_EC_POINT */

/* CKA_EC_PARAMS of the curve: its DER object identifier. Adds a borrowed attribute's value. */
CK_ATTRIBUTE hsm_curve_params(enum hsm_curve curve);
/* The curve of such a value; false if it is not one of ours. */
bool hsm_curve_find(const unsigned char *params, size_t len, enum hsm_curve *ret_curve);

/* CKA_EC_POINT: an uncompressed point in a DER OCTET STRING. Some modules leave that out: parsing
 * takes both. CKR_PUBLIC_KEY_INVALID for anything else. */
CK_RV hsm_point_parse(enum hsm_curve curve, const unsigned char *point, size_t len,
                      struct hsm_ec_public *ret_public) kv_must_check;
size_t hsm_point_render(const struct hsm_ec_public *public, unsigned char ret_point[HSM_POINT_MAX]);
