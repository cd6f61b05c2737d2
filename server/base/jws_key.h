/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_key.h - what a key of kv/jws.h is made of. Private to the two files of it.
 */
#pragma once

#include <cjose/jwk.h>

#include "kv/jws.h"

struct kv_jws_key {
    cjose_jwk_t *jwk;
    char id[KV_JWS_KEY_ID_LENGTH + 1];
};
