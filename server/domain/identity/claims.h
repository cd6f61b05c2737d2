/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims.h - what a token says: the claims of a v1.0 access token (control-plane.md §5.2).
 *
 * Pure functions. Private to domain/identity.
 */
#pragma once

#include "kv/base/json.h"
#include "kv/identity/identity.h"

/* contract §2.2: what the service says about a token it cannot make sense of. */
#define KV_TOKEN_INVALID "Error validating token: 'S2S12086'."

struct kv_claims {
    struct kv_principal principal;
    char audience[KV_RESOURCE_MAX + 1];
    kv_time not_before, expires;
};

/* "https://sts.windows.net/{tenant}/" */
void kv_claims_issuer(const char *tenant, char ret_issuer[KV_ISSUER_SIZE]);

/* What is written into a new token. */
struct kv_claims_order {
    const struct kv_identity_card *card;
    const char *tenant;
    const char *audience;
    kv_time not_before, expires;
};
enum kv_code kv_claims_render(const struct kv_claims_order *order, cJSON **ret_claims,
                              struct kv_err *err) kv_must_check;

/*
 * Reads the payload of a token. KV_UNAUTHORIZED if it is not a JSON object, if aud, iss, exp or the
 * caller's oid is missing, or if something is longer than in any token of ours.
 */
enum kv_code kv_claims_parse(const char *payload, size_t len, struct kv_claims *ret_claims,
                             struct kv_err *err) kv_must_check;
