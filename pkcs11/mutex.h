/* SPDX-License-Identifier: Apache-2.0 */
/* mutex.h - mutexes that we provide to a module. */
#pragma once

#include "hsm.h"

/* Tells the module to use our mutexes, or its own if it prefers those. */
void hsm_mutexes_offer(CK_C_INITIALIZE_ARGS *arguments);
