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

/* A token of another issuer may be for several: texts one after the other, each with its NUL; an
 * empty one ends them. */
#define KV_AUDIENCES_SIZE 1024

struct kv_claims {
    struct kv_principal principal;
    char audiences[KV_AUDIENCES_SIZE];
    kv_time not_before, expires; /* not_before 0: always */
    kv_millis issued;            /* the real clock's; 0: not known */
    kv_millis aged, epoch;       /* of token time when it was issued; 0 and 0: not known */
    bool announces_cp1;          /* its client answers claims challenges (`xms_cc`) */
    bool is_foreign;             /* issued by another, `trusted` */
    size_t trusted;              /* place among the trusted issuers */
};

/* The claims of a new token. */
enum kv_code kv_claims_render(const struct kv_token_order *order, cJSON **ret_claims,
                              struct kv_err *err) kv_must_check;

/*
 * Reads the payload of a token of coffer's own. KV_UNAUTHORIZED if it is not a JSON object, has a
 * member twice, if aud, iss, exp or the caller's oid is missing, or if something is longer than in
 * any token of ours.
 */
enum kv_code kv_claims_parse(const char *payload, size_t len, struct kv_claims *ret_claims,
                             struct kv_err *err) kv_must_check;

/*
 * The same of one that another has issued: `aud` may be a list, the caller may be named by `sub`
 * instead of oid, and its application by azp or client_id instead of appid.
 */
enum kv_code kv_claims_parse_foreign(const char *payload, size_t len, struct kv_claims *ret_claims,
                                     struct kv_err *err) kv_must_check;

/* Whether one of the token's audiences is this one. */
bool kv_claims_are_for(const struct kv_claims *claims, const char *audience);

/* KV_OK from nbf to exp, with the leeway that identity.h tells of. */
enum kv_code kv_claims_judge_dates(const struct kv_claims *claims, const struct kv_token_time *when,
                                   struct kv_err *err) kv_must_check;

/*
 * Whether the client of a token answers claims challenges, by its member `xms_cc`: a list of words or
 * one of them, cp1 among them in any case. Also for `xms_cc` of the claims that a client asks for.
 */
bool kv_claims_announce_cp1(const cJSON *xms_cc);
