/* SPDX-License-Identifier: Apache-2.0 */
/* attribute.h - attributes to read or to search by. */
#pragma once

#include "hsm.h"

/* An element of a CK_ATTRIBUTE template whose value is a variable or an array. */
#define HSM_ATTRIBUTE(type, variable)                                                              \
    {                                                                                              \
        (type), (void *) &(variable), sizeof(variable)                                             \
    }
