/* SPDX-License-Identifier: Apache-2.0 */
/* slot.h - which slot has a token, by its label. */
#pragma once

#include "hsm.h"

#define HSM_LABEL_LENGTH 32 /* CK_TOKEN_INFO.label, padded with blanks */

struct hsm_module;

/* Pads `text` with blanks to the form CK_TOKEN_INFO has. */
CK_RV hsm_label_pad(const char *text, unsigned char ret_label[HSM_LABEL_LENGTH]) kv_must_check;
bool hsm_label_matches(const CK_TOKEN_INFO *info, const unsigned char label[HSM_LABEL_LENGTH]);

/* The one slot with an initialised token of that label. */
CK_RV hsm_slot_find(struct hsm_module *module, const unsigned char label[HSM_LABEL_LENGTH],
                    CK_SLOT_ID *ret_slot, CK_TOKEN_INFO *ret_info) kv_must_check;
/* The first slot whose token is not initialised. */
CK_RV hsm_slot_find_blank(struct hsm_module *module, CK_SLOT_ID *ret_slot) kv_must_check;
