/* SPDX-License-Identifier: Apache-2.0 */
/* token.h - opening and closing the token. */
#pragma once

#include "hsm.h"

/* Initialises the module, finds the token, logs in on the anchor. After a failure, close. */
CK_RV hsm_token_open(struct hsm *hsm) kv_must_check;
/* The user's login, on the anchor; hsm_token_open() has done so. */
CK_RV hsm_log_in(struct hsm *hsm) kv_must_check;
/* Closes as much as is open, in reverse order; the token may be gone. */
void hsm_token_close(struct hsm *hsm);
