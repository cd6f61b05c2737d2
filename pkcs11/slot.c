/* SPDX-License-Identifier: Apache-2.0 */
/* Which slot holds the token. Slot ids change whenever SoftHSM is initialised, so a token is
 * identified only by its label. */
#include "slot.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
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
    CK_RV silence; /* the first error of a slot that gives no information */
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
