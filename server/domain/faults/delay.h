/* SPDX-License-Identifier: Apache-2.0 */
/* delay.h - how long a rule holds a request up, as WireMock has it, and a slow ramp. */
#pragma once

#include <stdint.h>

#include "read.h"

enum delay_kind {
    DELAY_NONE,
    DELAY_FIXED,
    DELAY_UNIFORM,
    DELAY_NORMAL,
    DELAY_LOGNORMAL,
    DELAY_RAMP
};

struct fault_delay {
    enum delay_kind kind;
    double lower, upper; /* ms: of UNIFORM; of the others what is fixed, mean, median, or reached */
    double spread;       /* deviation, sigma */
    kv_millis over;      /* of RAMP: virtual time from when the rule was made until it is reached */
};

fault_read_fn fault_read_delay; /* struct fault_delay: milliseconds, or an object */

/* For the request with that ticket: from 0 to KV_FAULT_DELAY_MAX. `age`: virtual time since the rule
 * was made. */
kv_millis fault_delay_draw(const struct fault_delay *delay, uint64_t seed, uint64_t ticket,
                           kv_millis age);
