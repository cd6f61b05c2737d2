/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_key.h - what a key of kv/jws.h is made of. Private to the two files of it.
 */
#pragma once

#include <openssl/evp.h>

#include "kv/base/jws.h"

struct kv_jws_key {
    EVP_PKEY *pkey; /* RSA of 2048 to 4096 bits, with an exponent that is cheap */
    char id[KV_JWS_KEY_ID_LENGTH + 1];
};
