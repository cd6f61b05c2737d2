/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.h - signatures as OpenSSL sees them, told independently of what the daemon does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client.h"

struct peer_algorithm {
    const char *name;
    size_t digest_len; /* 0: any value up to 11 bytes below the modulus */
    const char *hash;
    int padding;       /* RSA: OpenSSL's number */
    const char *group; /* EC: OpenSSL's name */
};

/* Whether the signature of that digest is one by the key that the bundle shows. */
bool peer_verifies(const struct reply *bundle, const struct peer_algorithm *algorithm,
                   const unsigned char *digest, size_t digest_len, const unsigned char *signature,
                   size_t len);
