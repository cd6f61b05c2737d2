/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/jws.h - tokens as signed texts, whatever their content: RS256 JWS in compact form (RFC
 * 7515), and the RSA keys that sign and verify them. Whoever asks for it reads PS256 and ES256 as well,
 * and EC keys on P-256 verify the latter.
 *
 * A token is judged in steps. kv_jws_parse() takes it apart and trusts nothing; the `kid` says
 * which key it claims; kv_jws_is_signed() verifies that this key signed it. Until then the payload
 * is untrusted. Keys are immutable once made: safe from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <openssl/types.h>

#include "kv/base/base64.h"
#include "kv/base/buf.h"
#include "kv/base/err.h"

struct kv_jws_key; /* opaque */

/* SHA-256 thumbprint of the public key (RFC 7638), base64url. */
#define KV_JWS_KEY_ID_LENGTH KV_BASE64URL_LENGTH(32)

/* SHA-1 thumbprint of a certificate, base64url: x5t (RFC 7517 §4.8). */
#define KV_JWS_THUMBPRINT_LENGTH KV_BASE64URL_LENGTH(20)

/* The PEM text of an RSA-4096 key has some 3300 bytes. */
#define KV_JWS_PEM_MAX 8192

/* Bytes; RSA-4096. */
#define KV_JWS_SIGNATURE_MAX 512

/* Makes an RSA-2048 key and appends it to `pem` in PKCS#8 form; takes up to half a second. */
enum kv_code kv_jws_key_generate(struct kv_buf *pem, struct kv_err *err) kv_must_check;

/*
 * Reads a private key of 2048 to 4096 bits; KV_BAD_PARAMETER for anything else, including an
 * encrypted key, and where it shows that its numbers do not belong together. Free with
 * kv_jws_key_free().
 */
enum kv_code kv_jws_key_parse(const char *pem, size_t len, struct kv_jws_key **ret_key,
                              struct kv_err *err) kv_must_check;

/*
 * Reads the public half of a JWK (RFC 7517): its numbers n and e, or the key of the first
 * certificate of x5c; if both are present, they must be the same key (§4.7); or the point of an EC
 * key on P-256, whose x5c is not looked at. KV_BAD_PARAMETER if it is neither that nor an RSA key of 2048 to 4096 bits with an odd exponent of at least 3 and at most 64 bits: a
 * longer exponent makes every check as slow as a signature, an exponent of 1 lets anybody sign. The
 * certificate's names, dates and issuer are ignored: the source of the JWK vouches for the key.
 * Free with kv_jws_key_free().
 */
enum kv_code kv_jws_key_import(const cJSON *jwk, struct kv_jws_key **ret_key,
                               struct kv_err *err) kv_must_check;

/* The public key of a certificate, under the same conditions; names, dates and issuer are not looked
 * at. Free with kv_jws_key_free(). */
enum kv_code kv_jws_key_of(const X509 *certificate, struct kv_jws_key **ret_key,
                           struct kv_err *err) kv_must_check;

void kv_jws_key_free(struct kv_jws_key *key);
KV_DEFINE_CLEANUP(struct kv_jws_key *, kv_jws_key_free)

const char *kv_jws_key_id(const struct kv_jws_key *key);

/* What tokens signed by a private key name it by: `kid` and `x5t`, which is that of its certificate
 * (kv_jws_key_certify()). "" for a public key. */
const char *kv_jws_key_name(const struct kv_jws_key *key);

/* Whether a `kid` is that name; or the key's id, by which tokens named it that are older. */
bool kv_jws_key_is_named(const struct kv_jws_key *key, const char *kid);

/* The algorithms by which a key of this kind can verify: a set of those below. */
unsigned kv_jws_key_algs(const struct kv_jws_key *key);

/* Appends the JWK of the public half. */
enum kv_code kv_jws_key_show(const struct kv_jws_key *key, struct kv_buf *json,
                             struct kv_err *err) kv_must_check;

/*
 * Appends, in base64 (RFC 7517 §4.7), a certificate of version 3 for a private key, signed by itself,
 * the same whenever it is asked for. Its name is that of the service's, its dates are those of nobody's
 * clock.
 */
enum kv_code kv_jws_key_certify(const struct kv_jws_key *key, struct kv_buf *text,
                                struct kv_err *err) kv_must_check;

/* Signs `payload` with a private key; the caller frees the text (kv_wipe_free). */
enum kv_code kv_jws_sign(const struct kv_jws_key *key, const char *payload, size_t len,
                         char **ret_text, struct kv_err *err) kv_must_check;

/* Algorithms of signatures (RFC 7518 §3.1); a set of them is their sum. */
#define KV_JWS_RS256 1U
#define KV_JWS_PS256 2U
#define KV_JWS_ES256 4U
#define KV_JWS_ANY (KV_JWS_RS256 | KV_JWS_PS256 | KV_JWS_ES256)

/* The algorithm of that name; 0 if it is none of them. */
unsigned kv_jws_alg_find(const char *name);

/* A token, taken apart. */
struct kv_jws {
    const char *text; /* borrowed */
    size_t len;
    size_t header_len;   /* characters of its first part */
    const char *payload; /* its second part, still base64url; not NUL-terminated */
    size_t payload_len;
    const char *signature; /* its third, the same */
    size_t signature_len;
    cJSON *header;
    const char *kid; /* of the header; "" if it names none */
    unsigned alg;    /* KV_JWS_RS256 or another one that was asked for */
};
void kv_jws_done(struct kv_jws *jws);
KV_DEFINE_CLEANUP_VALUE(struct kv_jws, kv_jws_done)

/*
 * Takes a text apart; the text must outlive *ret_jws. False unless it has three parts, each in
 * canonical base64url without padding, and a header that is a JSON object without a member given
 * twice, names RS256 (with "none" or HS256 anybody can sign, RFC 8725 §2.1) and no critical
 * extension. Keys that a header brings along or points at (jwk, jku, x5c, x5u) are not looked at.
 * The caller bounds `len`.
 */
bool kv_jws_parse(const char *text, size_t len, struct kv_jws *ret_jws) kv_must_check;

/* The same for a token whose header names one of these algorithms. */
bool kv_jws_parse_as(const char *text, size_t len, unsigned algs,
                     struct kv_jws *ret_jws) kv_must_check;

/* Appends the payload, decoded. */
enum kv_code kv_jws_read(const struct kv_jws *jws, struct kv_buf *payload,
                         struct kv_err *err) kv_must_check;

/* Whether the token was signed by that key, in the way that its header names. */
bool kv_jws_is_signed(const struct kv_jws *jws, const struct kv_jws_key *key) kv_must_check;
