/* SPDX-License-Identifier: Apache-2.0 */
/* Initialises a blank token. */
#include "door.h"
#include "slot.h"

/* A kill between C_InitToken and C_InitPIN leaves a token nobody can log in to: ours to finish. */
static bool is_finished(const CK_TOKEN_INFO *info)
{
    return !(info->flags & CKF_LOGIN_REQUIRED) || (info->flags & CKF_USER_PIN_INITIALIZED);
}

static CK_RV make_token(struct hsm_module *module, const unsigned char label[HSM_LABEL_LENGTH],
                        const char *so_pin, size_t so_pin_len, CK_SLOT_ID *ret_slot)
{
    HSM_TRY(hsm_slot_find_blank(module, ret_slot));
    return HSM_DOOR(module, C_InitToken, *ret_slot, (CK_UTF8CHAR *) so_pin, so_pin_len,
                    (CK_UTF8CHAR *) label);
}

static CK_RV set_user_pin(struct hsm_module *module, CK_SLOT_ID slot, const char *so_pin,
                          size_t so_pin_len, const struct hsm_config *config)
{
    CK_SESSION_HANDLE session;

    HSM_TRY(HSM_DOOR(module, C_OpenSession, slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                     &session));
    CK_RV rv = HSM_ON(module, session, C_Login, CKU_SO, (CK_UTF8CHAR *) so_pin, so_pin_len);
    if (rv == CKR_OK) {
        rv = HSM_ON(module, session, C_InitPIN, (CK_UTF8CHAR *) config->pin, config->pin_len);
        HSM_CLOSE(module, session, C_Logout, session);
    }
    HSM_CLOSE(module, session, C_CloseSession, session);
    return rv;
}

CK_RV hsm_init_token(const struct hsm_config *config, const char *so_pin, size_t so_pin_len)
{
    kv_auto(hsm_module_close) struct hsm_module module = { 0 };
    unsigned char label[HSM_LABEL_LENGTH];
    CK_TOKEN_INFO info;
    CK_SLOT_ID slot;

    HSM_TRY(hsm_label_pad(config->token_label, label));
    HSM_TRY(hsm_module_open(config, &module));
    HSM_TRY(hsm_module_init(&module, config->init_args));
    CK_RV rv = hsm_slot_find(&module, label, &slot, &info);
    if (rv == CKR_OK && is_finished(&info)) {
        return CKR_OK;
    }
    if (rv == HSM_RV_NO_TOKEN) {
        rv = make_token(&module, label, so_pin, so_pin_len, &slot);
    }
    HSM_TRY(rv);
    return set_user_pin(&module, slot, so_pin, so_pin_len, config);
}
