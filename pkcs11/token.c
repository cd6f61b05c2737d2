/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token: which slot holds it, and the login. Slot ids change whenever SoftHSM is initialised,
 * so a token is known by its label only.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include "door.h"

/* What a search is for: the label, or a blank token when there is none. */
static bool is_wanted(const CK_TOKEN_INFO *info, const unsigned char *label)
{
    bool initialised = (info->flags & CKF_TOKEN_INITIALIZED) != 0;

    return label ? initialised && hsm_label_matches(info, label) : !initialised;
}

static void free_slots(CK_SLOT_ID *slots)
{
    free(slots);
}
KV_DEFINE_CLEANUP(CK_SLOT_ID *, free_slots)

static CK_RV list_slots(const CK_FUNCTION_LIST *functions, CK_SLOT_ID **ret_slots,
                        CK_ULONG *ret_count)
{
    CK_ULONG count = 0;

    HSM_TRY(functions->C_GetSlotList(CK_TRUE, NULL, &count));
    kv_auto(free_slots) CK_SLOT_ID *slots = calloc(count + 1, sizeof(*slots));
    if (!slots) {
        return CKR_HOST_MEMORY;
    }
    HSM_TRY(functions->C_GetSlotList(CK_TRUE, slots, &count));
    *ret_slots = kv_take(slots);
    *ret_count = count;
    return CKR_OK;
}

/* The first slot that is wanted, and how many are. A slot that does not tell is not wanted. */
static CK_RV search_slots(const struct hsm_module *module, const unsigned char *label,
                          CK_SLOT_ID *ret_slot, CK_TOKEN_INFO *ret_info, size_t *ret_found)
{
    kv_auto(free_slots) CK_SLOT_ID *slots = NULL;
    CK_ULONG count = 0;
    size_t found = 0;

    HSM_TRY(list_slots(module->functions, &slots, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;

        if (module->functions->C_GetTokenInfo(slots[i], &info) != CKR_OK
            || !is_wanted(&info, label)) {
            continue;
        }
        if (found++ == 0) {
            *ret_slot = slots[i];
            *ret_info = info;
        }
    }
    *ret_found = found;
    return CKR_OK;
}

CK_RV hsm_label_pad(const char *text, unsigned char ret_label[HSM_LABEL_LENGTH])
{
    size_t len = text ? strlen(text) : 0;

    if (len == 0 || len > HSM_LABEL_LENGTH) {
        return CKR_ARGUMENTS_BAD;
    }
    memset(ret_label, ' ', HSM_LABEL_LENGTH);
    memcpy(ret_label, text, len);
    return CKR_OK;
}

bool hsm_label_matches(const CK_TOKEN_INFO *info, const unsigned char label[HSM_LABEL_LENGTH])
{
    return hsm_bytes_are_equal(info->label, label, HSM_LABEL_LENGTH);
}

CK_RV hsm_slot_find(const struct hsm_module *module, const unsigned char label[HSM_LABEL_LENGTH],
                    CK_SLOT_ID *ret_slot, CK_TOKEN_INFO *ret_info)
{
    size_t found = 0;

    HSM_TRY(search_slots(module, label, ret_slot, ret_info, &found));
    if (found == 0) {
        return HSM_RV_NO_TOKEN;
    }
    return found == 1 ? CKR_OK : HSM_RV_TWO_TOKENS;
}

CK_RV hsm_slot_find_blank(const struct hsm_module *module, CK_SLOT_ID *ret_slot)
{
    CK_TOKEN_INFO info;
    size_t found = 0;

    HSM_TRY(search_slots(module, NULL, ret_slot, &info, &found));
    return found == 0 ? HSM_RV_NO_TOKEN : CKR_OK;
}

/* Another part of the process may have logged in where we did not initialise the module. */
CK_RV hsm_log_in(struct hsm *hsm)
{
    CK_RV rv = hsm->module.functions->C_Login(hsm->anchor.handle, CKU_USER, hsm->pin, hsm->pin_len);

    if (rv == CKR_USER_ALREADY_LOGGED_IN && !hsm->module.initialised) {
        return CKR_OK;
    }
    HSM_TRY(rv);
    hsm->logged_in = true;
    return CKR_OK;
}

CK_RV hsm_token_open(struct hsm *hsm)
{
    const CK_FUNCTION_LIST *functions = hsm->module.functions;
    CK_SESSION_HANDLE anchor;
    CK_TOKEN_INFO info;

    HSM_TRY(hsm_module_init(&hsm->module, hsm->init_args));
    HSM_TRY(hsm_slot_find(&hsm->module, hsm->label, &hsm->slot, &info));
    HSM_TRY(functions->C_OpenSession(hsm->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                                     &anchor));
    hsm->anchor.handle = anchor;
    return hsm_log_in(hsm);
}

void hsm_token_close(struct hsm *hsm)
{
    const CK_FUNCTION_LIST *functions = hsm->module.functions;

    /* Results do not matter: the token may be gone, and there is nothing else to try. */
    hsm_pool_close_sessions(hsm->pool);
    hsm_copies_end(hsm, NULL);
    if (hsm->logged_in) {
        functions->C_Logout(hsm->anchor.handle);
        hsm->logged_in = false;
    }
    if (hsm->anchor.handle != CK_INVALID_HANDLE) {
        functions->C_CloseSession(hsm->anchor.handle);
        hsm->anchor.handle = CK_INVALID_HANDLE;
    }
    hsm_module_done(&hsm->module);
}
