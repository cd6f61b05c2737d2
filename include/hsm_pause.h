/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm_pause.h - the token standing still, see kv_store_pause(), which comes first; and back again.
 */
#pragma once

#include "hsm.h"

/*
 * Standing still, so that the token can be saved, or another state of it put in its place, while the
 * process runs. hsm_pause() waits for at most `patience` ms until nobody is inside; from then on
 * callers wait, for HSM_PAUSE_MAX ms, then they get HSM_RV_TOKEN_GONE. CKR_FUNCTION_CANCELED, and
 * nothing has changed, when patience ends first.
 * hsm_resume(), by the same thread, lets them on. In between that thread must not use the token but by
 * hsm_reopen(): it finalises the module, calls `exchange`, which may put other files in place,
 * initialises it, logs in and fills the map anew. When that fails, hsm_check() tries again later.
 */
#define HSM_PAUSE_MAX 10000
typedef void hsm_exchange_fn(void *context);
CK_RV hsm_pause(struct hsm *hsm, unsigned patience) kv_must_check;
CK_RV hsm_reopen(struct hsm *hsm, hsm_exchange_fn *exchange, void *context) kv_must_check;
void hsm_resume(struct hsm *hsm);

/* For who knows that a PIN which was refused is good now: the next hsm_check() tries it at once. */
void hsm_trust_pin(struct hsm *hsm);
