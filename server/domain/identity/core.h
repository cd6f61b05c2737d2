/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core.h - the parts of an identity authority. Private to domain/identity.
 *
 * Immutable except for the issuers and the seen tokens, which do their own locking.
 */
#pragma once

#include <openssl/evp.h>

#include "issuer.h"
#include "kv/identity/identity.h"
#include "seen.h"
#include "trust.h"

struct kv_identity {
    enum kv_auth auth;
    char tenant[KV_UUID_LENGTH + 1];
    char issuer_url[KV_ISSUER_SIZE];
    struct kv_identity_card system; /* worked out once: most callers are that one */
    struct kv_principal anyone;     /* who every caller is under KV_AUTH_ANY */
    struct kv_issuer *issuer;
    struct kv_trust *trust; /* NULL: no other issuer is trusted */
    struct kv_seen *seen;
    EVP_MD *sha256; /* looked up once: every request needs it */
};

/* Works out the system-assigned identity, of the tenant. Before any card is asked for. */
void identity_make_system(struct kv_identity *identity);

/* True for a text of printable ASCII characters without blanks. */
static inline bool kv_text_is_graphic(const char *text)
{
    while (*text > ' ' && *text < 0x7f) {
        text++;
    }
    return *text == '\0';
}
