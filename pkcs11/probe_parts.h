/* SPDX-License-Identifier: Apache-2.0 */
/* probe_parts.h - the parts of the probe, each for one kind of keys. All work on session objects. */
#pragma once

#include "session.h"

/* Whether `len` bytes make a signature of the right length. */
bool hsm_probe_sign(struct hsm_session *session, CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism,
                    CK_ULONG len, CK_ULONG signature_len);

void hsm_probe_rsa(struct hsm_session *session, struct hsm_capabilities *can);
void hsm_probe_ec(struct hsm_session *session, struct hsm_capabilities *can);
/* Last: what fails in it may take the session objects with it. */
void hsm_probe_aes(struct hsm_session *session, struct hsm_capabilities *can);
