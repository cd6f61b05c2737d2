/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/release/release.h - may a key be released to this environment? Release policies and the
 * attestations that are checked against them (contract §11).
 *
 * A policy names authorities by URL. An attestation is a token (JWT, RS256) from one of them; it
 * holds claims about an environment, and the RSA key that a released key is encrypted to. The
 * authority's keys, given as numbers or, as Azure Attestation does, in certificates, are fetched
 * over HTTP and remembered for a while. Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/buf.h"
#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_RELEASE_POLICY_MAX 8192  /* bytes, compact */
#define KV_ATTESTATION_MAX 65536    /* characters of a token */
#define KV_AUTHORITY_BODY_MAX 65536 /* bytes of an authority's answer */

/*
 * Checks a policy (JSON: version, anyOf of authorities, each with allOf or anyOf of claims, nested
 * at most 8 deep) and appends it without white space to `compact`, a buffer of
 * KV_RELEASE_POLICY_MAX. KV_BAD_PARAMETER with a text that says what is wrong.
 */
enum kv_code kv_release_policy_check(const char *text, size_t len, struct kv_buf *compact,
                                     struct kv_err *err) kv_must_check;

/*
 * Writes such a checked policy as builds of 2022 did (contract §11): members in a fixed order,
 * unknown ones after them, and booleans in claims as texts. KV_BAD_PARAMETER if it no longer fits
 * then.
 */
enum kv_code kv_release_policy_rewrite(struct kv_buf *compact, struct kv_err *err) kv_must_check;

/* Appends such a checked policy with its `version` first, as a vault's answer to a release shows it
 * (contract §11), to a buffer of KV_RELEASE_POLICY_MAX. */
enum kv_code kv_release_policy_print(const char *policy, struct kv_buf *text,
                                     struct kv_err *err) kv_must_check;

/* Fetches a URL, in bounded time and size; KV_UNAVAILABLE if it cannot. */
typedef enum kv_code kv_fetch_fn(const char *url, struct kv_buf *body, struct kv_err *err);

#define KV_AUTHORITIES_MAX 32          /* whose keys are remembered */
#define KV_AUTHORITIES_ASKED_MAX 16    /* of them that are being asked at the same time */
#define KV_AUTHORITY_KEYS_LIFETIME 300 /* for so many seconds of the virtual clock */
#define KV_AUTHORITY_PAUSE 3000        /* real milliseconds before one that failed is retried */

struct kv_authorities; /* opaque: attestation authorities, and the keys they had lately */

/* Free with kv_authorities_free(), after the last kv_release_judge(). */
enum kv_code kv_authorities_new(kv_fetch_fn *fetch, struct kv_authorities **ret_authorities,
                                struct kv_err *err) kv_must_check;
void kv_authorities_free(struct kv_authorities *authorities);
KV_DEFINE_CLEANUP(struct kv_authorities *, kv_authorities_free)

struct kv_release_case {
    const char *policy; /* as it was checked */
    const char *target; /* the attestation */
    kv_time now;
    struct kv_authorities *authorities;

    /*
     * NULL: an authority whose keys are not known is asked there and then. Only one request to it
     * runs at a time, shared by all callers, so this may wait as long as two fetches take.
     * Otherwise no authority is asked: *must_ask is set to 0 or, if one must be asked, to a number
     * that stands for it; then KV_OK means nothing and *ret_target is not written. This is for
     * threads that others wait for; a caller that goes on to ask should queue behind those with the
     * same number.
     */
    uint64_t *must_ask;

    kv_millis since; /* real; if the authority has answered since then, it need not be asked
                        again */
};

#define KV_RELEASE_NUMBER_MAX 512
#define KV_RELEASE_KID_MAX 255
struct kv_release_target {
    char kid[KV_RELEASE_KID_MAX + 1]; /* of its JWK; "" when that has none, or a longer one */
    unsigned char modulus[KV_RELEASE_NUMBER_MAX], exponent[8]; /* big-endian, no leading zero */
    size_t modulus_len, exponent_len;
};

/*
 * Checks the attestation against the policy; *ret_target is the key it attests. KV_BAD_PARAMETER if
 * it is not an attestation, lacks a claim that the policy demands or attests no key (contract §11),
 * KV_RELEASE_DENIED if no authority the policy trusts has signed it or it is not valid now.
 */
enum kv_code kv_release_judge(const struct kv_release_case *release,
                              struct kv_release_target *ret_target,
                              struct kv_err *err) kv_must_check;
