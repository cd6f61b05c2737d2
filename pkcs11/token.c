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

static CK_RV list_slots(struct hsm_module *module, CK_SLOT_ID **ret_slots, CK_ULONG *ret_count)
{
    CK_ULONG count = 0;

    HSM_TRY(HSM_DOOR(module, C_GetSlotList, CK_TRUE, NULL, &count));
    kv_auto(free_slots) CK_SLOT_ID *slots = calloc(count + 1, sizeof(*slots));
    if (!slots) {
        return CKR_HOST_MEMORY;
    }
    HSM_TRY(HSM_DOOR(module, C_GetSlotList, CK_TRUE, slots, &count));
    *ret_slots = kv_take(slots);
    *ret_count = count;
    return CKR_OK;
}

/* What a search has found. */
struct search {
    CK_SLOT_ID slot;    /* the first slot that is wanted */
    CK_TOKEN_INFO info; /* its token */
    size_t found;
    CK_RV silence; /* the first answer of a slot that does not tell; it is not wanted */
};

static void look_into(struct hsm_module *module, CK_SLOT_ID slot, const unsigned char *label,
                      struct search *search)
{
    CK_TOKEN_INFO info;
    CK_RV rv = HSM_DOOR(module, C_GetTokenInfo, slot, &info);

    if (rv != CKR_OK) {
        search->silence = search->silence == CKR_OK ? rv : search->silence;
    } else if (is_wanted(&info, label) && search->found++ == 0) {
        search->slot = slot;
        search->info = info;
    }
}

static CK_RV search_slots(struct hsm_module *module, const unsigned char *label,
                          struct search *ret_search)
{
    kv_auto(free_slots) CK_SLOT_ID *slots = NULL;
    CK_ULONG count = 0;

    *ret_search = (struct search){ .silence = CKR_OK };
    HSM_TRY(list_slots(module, &slots, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        look_into(module, slots[i], label, ret_search);
    }
    if (ret_search->found > 0) {
        return CKR_OK;
    }
    return ret_search->silence == CKR_OK ? HSM_RV_NO_TOKEN : ret_search->silence;
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

CK_RV hsm_slot_find(struct hsm_module *module, const unsigned char label[HSM_LABEL_LENGTH],
                    CK_SLOT_ID *ret_slot, CK_TOKEN_INFO *ret_info)
{
    struct search search;

    HSM_TRY(search_slots(module, label, &search));
    *ret_slot = search.slot;
    *ret_info = search.info;
    return search.found == 1 ? CKR_OK : HSM_RV_TWO_TOKENS;
}

CK_RV hsm_slot_find_blank(struct hsm_module *module, CK_SLOT_ID *ret_slot)
{
    struct search search;

    HSM_TRY(search_slots(module, NULL, &search));
    *ret_slot = search.slot;
    return CKR_OK;
}

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
