/* SPDX-License-Identifier: Apache-2.0 */
/* mutex.h - the mutexes that a module can have of us. */
#pragma once

#include "hsm.h"

/* Has the module lock by our mutexes, or by its own where it likes these better. */
void hsm_mutexes_offer(CK_C_INITIALIZE_ARGS *arguments);
