/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the module can do, found by trying it on session objects, since mechanism lists promise more
 * than modules deliver: SoftHSM lists OAEP but only takes it with SHA-1. Two things are not tried.
 * Generating RSA keys would take a hundred times as long as all the rest. And if a token refuses to
 * import a private key there is none to try with: then the mechanism list is believed, except for
 * OAEP, where it does not say which hash.
 */
#include "probe.h"

#include "core.h"
#include "door.h"
#include "kwp.h"
#include "probe_parts.h"
#include "settle.h"

CK_RV hsm_probe(struct hsm *hsm)
{
    kv_auto(hsm_session_release) struct hsm_session *session = NULL;
    struct hsm_capabilities *can = &hsm->capabilities;

    HSM_TRY(hsm_session_acquire(hsm, &session));
    hsm_kwp_probe(session);
    hsm_probe_rsa(session, can);
    hsm_probe_ec(session, can);
    can->settles = (can->ec_curves & HSM_BIT(HSM_P256)) != 0 && hsm_settle_probe(session);
    hsm_probe_aes(session, can);
    can->rsa_aes_key_wrap = can->aes_key_wrap_pad && (can->rsa_oaep & HSM_BIT(HSM_SHA1)) != 0;
    can->rsa_oaep_sha256 = (can->rsa_oaep & HSM_BIT(HSM_SHA256)) != 0;
    can->hmac = can->hmac_native || can->hmac_twin;
    can->backup = can->aes_key_wrap_pad && hsm->extractable;
    session->spent = true; /* closing it destroys the session objects */
    return CKR_OK;
}
