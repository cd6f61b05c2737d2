/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h - what the module can do. */
#pragma once

#include "hsm.h"

/* Tries the mechanisms and fills hsm->capabilities. */
CK_RV hsm_probe(struct hsm *hsm) kv_must_check;
