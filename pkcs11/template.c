/* SPDX-License-Identifier: Apache-2.0 */
#include "template.h"

#include <assert.h>
#include <string.h>

#include "core.h"
#include "held.h"

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

/* What a key may do, in full: modules have different defaults for missing attributes. */
static const struct {
    enum hsm_kind kind;
    CK_ATTRIBUTE_TYPE use;
    bool allowed;
} uses[] = {
    { HSM_RSA, CKA_DECRYPT, true },       { HSM_RSA, CKA_SIGN, true },
    { HSM_RSA, CKA_UNWRAP, true }, /* a key exchange key takes others in */
    { HSM_RSA, CKA_SIGN_RECOVER, false }, { HSM_RSA, CKA_DERIVE, false },
    { HSM_EC, CKA_SIGN, true },           { HSM_EC, CKA_DECRYPT, false },
    { HSM_EC, CKA_UNWRAP, false },        { HSM_EC, CKA_SIGN_RECOVER, false },
    { HSM_EC, CKA_DERIVE, false },        { HSM_AES, CKA_ENCRYPT, true },
    { HSM_AES, CKA_DECRYPT, true },       { HSM_AES, CKA_WRAP, true },
    { HSM_AES, CKA_UNWRAP, true },        { HSM_AES, CKA_VERIFY, false },
    { HSM_AES, CKA_DERIVE, false },
};

static void add_identity(struct hsm_template *template, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
                         const unsigned char *id)
{
    template->class = class;
    template->type = type;
    hsm_template_add(template, CKA_CLASS, &template->class, sizeof(template->class));
    hsm_template_add(template, CKA_KEY_TYPE, &template->type, sizeof(template->type));
    hsm_template_add(template, CKA_ID, id, HSM_ID_LENGTH);
}

/* The attributes of everything that stays on the token, or is on its way there (settle.h). */
static void add_custody(struct hsm_template *template, struct hsm *hsm, enum hsm_bond bond)
{
    static const char label[] = "coffer";

    hsm_template_flag(template, CKA_TOKEN, !hsm->capabilities.settles);
    hsm_template_flag(template, CKA_PRIVATE, true);
    hsm_template_flag(template, CKA_SENSITIVE, true);
    hsm_template_flag(template, CKA_EXTRACTABLE, hsm->extractable);
    if (bond == HSM_BOUND && hsm_has_trusted(hsm)) {
        hsm_template_flag(template, CKA_WRAP_WITH_TRUSTED, true);
    }
    hsm_template_add(template, CKA_LABEL, label, sizeof(label) - 1);
}

void hsm_template_add(struct hsm_template *template, CK_ATTRIBUTE_TYPE type, const void *value,
                      size_t len)
{
    assert(template->count < KV_COUNT(template->items));
    template->items[template->count++] = (CK_ATTRIBUTE){ type, (void *) value, len };
}

void hsm_template_flag(struct hsm_template *template, CK_ATTRIBUTE_TYPE type, bool value)
{
    hsm_template_add(template, type, value ? &yes : &no, sizeof(CK_BBOOL));
}

void hsm_template_key(struct hsm_template *template, struct hsm *hsm, enum hsm_kind kind,
                      const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond)
{
    static const struct {
        CK_OBJECT_CLASS class;
        CK_KEY_TYPE type;
    } kinds[] = {
        [HSM_RSA] = { CKO_PRIVATE_KEY, CKK_RSA },
        [HSM_EC] = { CKO_PRIVATE_KEY, CKK_EC },
        [HSM_AES] = { CKO_SECRET_KEY, CKK_AES },
    };

    add_identity(template, kinds[kind].class, kinds[kind].type, id);
    add_custody(template, hsm, bond);
    for (size_t i = 0; i < KV_COUNT(uses); i++) {
        if (uses[i].kind == kind) {
            hsm_template_flag(template, uses[i].use, uses[i].allowed);
        }
    }
    if (kind == HSM_AES) {
        hsm_template_flag(template, CKA_SIGN, hsm->capabilities.hmac_native);
    }
}

static void describe_secret(struct hsm_template *template, struct hsm *hsm, const unsigned char *id,
                            enum hsm_bond bond, bool verifies)
{
    add_identity(template, CKO_SECRET_KEY, CKK_GENERIC_SECRET, id);
    add_custody(template, hsm, bond);
    hsm_template_flag(template, CKA_SIGN, true);
    hsm_template_flag(template, CKA_VERIFY, verifies);
    hsm_template_flag(template, CKA_ENCRYPT, false);
    hsm_template_flag(template, CKA_DECRYPT, false);
    hsm_template_flag(template, CKA_WRAP, false);
    hsm_template_flag(template, CKA_UNWRAP, false);
    hsm_template_flag(template, CKA_DERIVE, false);
}

void hsm_template_twin(struct hsm_template *template, struct hsm *hsm,
                       const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond)
{
    describe_secret(template, hsm, id, bond, false);
}

void hsm_template_secret(struct hsm_template *template, struct hsm *hsm,
                         const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond)
{
    describe_secret(template, hsm, id, bond, true);
}

void hsm_template_wrapping(struct hsm_template *template, const unsigned char id[HSM_ID_LENGTH],
                           const char *label)
{
    static const CK_ULONG length = HSM_AES_MAX;

    add_identity(template, CKO_SECRET_KEY, CKK_AES, id);
    hsm_template_flag(template, CKA_SENSITIVE, true);
    hsm_template_flag(template, CKA_EXTRACTABLE, false);
    hsm_template_flag(template, CKA_WRAP, true);
    hsm_template_flag(template, CKA_UNWRAP, true);
    hsm_template_flag(template, CKA_ENCRYPT, false);
    hsm_template_flag(template, CKA_DECRYPT, false);
    hsm_template_flag(template, CKA_SIGN, false);
    hsm_template_flag(template, CKA_VERIFY, false);
    hsm_template_flag(template, CKA_DERIVE, false);
    hsm_template_add(template, CKA_VALUE_LEN, &length, sizeof(length));
    hsm_template_add(template, CKA_LABEL, label, strlen(label));
}

void hsm_template_passing(struct hsm_template *template, CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
    static const unsigned char id[HSM_ID_LENGTH];

    add_identity(template, class, type, id);
    hsm_template_flag(template, CKA_TOKEN, false);
}
