/* SPDX-License-Identifier: Apache-2.0 */
/* number.h - big-endian numbers, which some modules and clients pad with zeros. */
#pragma once

#include <string.h>

#include "hsm.h"

#define HSM_NUMBER_MAX (HSM_MODULUS_MAX + 8) /* bytes, with such zeros */

/* Without its leading zeros. */
static inline struct hsm_bytes hsm_number_trim(const unsigned char *number, size_t len)
{
    while (len > 0 && *number == 0) {
        number++;
        len--;
    }
    return (struct hsm_bytes){ number, len };
}

/* Copies it so; the length, 0 when it does not fit or is none. */
static inline size_t hsm_number_copy(const unsigned char *number, size_t len,
                                     unsigned char *ret_bytes, size_t size)
{
    if (len > HSM_NUMBER_MAX) {
        return 0; /* CK_UNAVAILABLE_INFORMATION, too */
    }
    struct hsm_bytes trimmed = hsm_number_trim(number, len);
    if (trimmed.len > size) {
        return 0;
    }
    memcpy(ret_bytes, trimmed.bytes, trimmed.len);
    return trimmed.len;
}
