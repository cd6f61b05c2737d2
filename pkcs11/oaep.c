/* SPDX-License-Identifier: Apache-2.0 */
#include "oaep.h"

#include "door.h"
#include "template.h"

static const struct {
    CK_MECHANISM_TYPE type;
    CK_RSA_PKCS_MGF_TYPE mgf;
    CK_ULONG len;
} hashes[] = {
    [HSM_SHA1] = { CKM_SHA_1, CKG_MGF1_SHA1, 20 },
    [HSM_SHA256] = { CKM_SHA256, CKG_MGF1_SHA256, 32 },
    [HSM_SHA384] = { CKM_SHA384, CKG_MGF1_SHA384, 48 },
    [HSM_SHA512] = { CKM_SHA512, CKG_MGF1_SHA512, 64 },
};

void hsm_oaep_init(struct hsm_oaep *oaep, enum hsm_hash hash)
{
    oaep->params = (CK_RSA_PKCS_OAEP_PARAMS){
        .hashAlg = hashes[hash].type,
        .mgf = hashes[hash].mgf,
        .source = CKZ_DATA_SPECIFIED,
    };
    oaep->mechanism = (CK_MECHANISM){ CKM_RSA_PKCS_OAEP, &oaep->params, sizeof(oaep->params) };
}

void hsm_pss_init(struct hsm_pss *pss, enum hsm_hash hash)
{
    pss->params = (CK_RSA_PKCS_PSS_PARAMS){
        .hashAlg = hashes[hash].type,
        .mgf = hashes[hash].mgf,
        .sLen = hashes[hash].len,
    };
    pss->mechanism = (CK_MECHANISM){ CKM_RSA_PKCS_PSS, &pss->params, sizeof(pss->params) };
}

CK_RV hsm_oaep_target(struct hsm_session *session, const struct hsm_rsa_public *public,
                      CK_OBJECT_HANDLE *ret_target)
{
    struct hsm_template template = { .count = 0 };

    hsm_template_passing(&template, CKO_PUBLIC_KEY, CKK_RSA);
    hsm_template_flag(&template, CKA_WRAP, true);
    hsm_template_add(&template, CKA_MODULUS, public->modulus, public->modulus_len);
    hsm_template_add(&template, CKA_PUBLIC_EXPONENT, public->exponent, public->exponent_len);
    return HSM_CALL(session, C_CreateObject, template.items, template.count, ret_target);
}
