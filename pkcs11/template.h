/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - attribute templates, and the one place that says what a key of a vault may do.
 *
 * A template borrows every value but flags, class and type. It points into itself: do not copy it.
 */
#pragma once

#include "hsm.h"

struct hsm_template {
    CK_ATTRIBUTE items[32]; /* more than any of ours needs */
    CK_ULONG count;
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
};

void hsm_template_add(struct hsm_template *template, CK_ATTRIBUTE_TYPE type, const void *value,
                      size_t len);
void hsm_template_flag(struct hsm_template *template, CK_ATTRIBUTE_TYPE type, bool value);

/* A key of a vault: private, sensitive, extractable as configured, with the uses of its kind. */
void hsm_template_key(struct hsm_template *template, struct hsm *hsm, enum hsm_kind kind,
                      const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond);
/* The generic secret that does HMAC for an AES key. */
void hsm_template_twin(struct hsm_template *template, struct hsm *hsm,
                       const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond);

/* A secret that does HMAC and is not a twin: it may also verify, which tells them apart. */
void hsm_template_secret(struct hsm_template *template, struct hsm *hsm,
                         const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond);

/* A wrapping key to be generated, good for nothing else; where it lies is to be added. */
void hsm_template_wrapping(struct hsm_template *template, const unsigned char id[HSM_ID_LENGTH],
                           const char *label);

/* A session object for the time of one call; its uses are to be added. Its CKA_ID, the same for all
 * of them, keeps it from being taken for a stray. */
void hsm_template_passing(struct hsm_template *template, CK_OBJECT_CLASS class, CK_KEY_TYPE type);
