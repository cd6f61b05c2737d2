/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h - for labels and ids. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* For labels and ids, which are not secret. */
static inline bool hsm_bytes_are_equal(const unsigned char *one, const unsigned char *other,
                                       size_t len)
{
    size_t same = 0;

    while (same < len && one[same] == other[same]) {
        same++;
    }
    return same == len;
}
