/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.h - what verdicts mean, beyond what hsm.h says. */
#pragma once

#include "hsm.h"

/* The module does not know the handle any more. */
bool hsm_rv_is_lost(CK_RV rv);
/* The module does not have the mechanism, or not for such a key. */
bool hsm_rv_is_missing(CK_RV rv);
