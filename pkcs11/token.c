/* SPDX-License-Identifier: Apache-2.0 */
/* The token, open: the anchor session, and the login on it. */
#include "token.h"

#include "copies.h"
#include "core.h"
#include "door.h"
#include "session.h"
#include "slot.h"

/* Another part of the process may have logged in where we did not initialise the module. */
CK_RV hsm_log_in(struct hsm *hsm)
{
    CK_RV rv = HSM_ON(&hsm->module, hsm->anchor.handle, C_Login, CKU_USER, hsm->pin, hsm->pin_len);

    if (rv == CKR_USER_ALREADY_LOGGED_IN && !hsm->module.initialised) {
        return CKR_OK;
    }
    HSM_TRY(rv);
    hsm->logged_in = true;
    return CKR_OK;
}

CK_RV hsm_token_open(struct hsm *hsm)
{
    CK_SESSION_HANDLE anchor;
    CK_TOKEN_INFO info;

    HSM_TRY(hsm_module_init(&hsm->module, hsm->init_args));
    HSM_TRY(hsm_slot_find(&hsm->module, hsm->label, &hsm->slot, &info));
    HSM_TRY(HSM_DOOR(&hsm->module, C_OpenSession, hsm->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
                     NULL, NULL, &anchor));
    hsm->anchor.handle = anchor;
    return hsm_log_in(hsm);
}

void hsm_token_close(struct hsm *hsm)
{
    hsm_pool_close_sessions(hsm->pool);
    hsm_copies_end(hsm, NULL);
    if (hsm->logged_in) {
        HSM_CLOSE(&hsm->module, hsm->anchor.handle, C_Logout, hsm->anchor.handle);
        hsm->logged_in = false;
    }
    if (hsm->anchor.handle != CK_INVALID_HANDLE) {
        HSM_CLOSE(&hsm->module, hsm->anchor.handle, C_CloseSession, hsm->anchor.handle);
        hsm->anchor.handle = CK_INVALID_HANDLE;
    }
    hsm_module_done(&hsm->module);
}
