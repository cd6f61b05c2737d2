/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/identity/identity.h - who calls: identities, the tokens issued to them, and the check of a token.
 *
 * coffer is its own issuer: RS256 JWTs (RFC 7515, 7519) in the v1.0 format of Entra ID
 * (control-plane.md §5.2), signed by an RSA key that is generated at first start, in the
 * background, so that startup does not wait for it. Times are the virtual clock's. Thread-safe.
 * Tokens are secrets: never logged, never in an error text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "kv/base/buf.h"
#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/base/uuid.h"

#define KV_TOKEN_MAX 16384      /* bytes of a token we read; real ones are below 4 KiB */
#define KV_TOKEN_LIFETIME 86400 /* seconds, as for a managed identity (contract §2.3) */
#define KV_RESOURCE_MAX 512     /* characters of an audience a token is issued for */
#define KV_ISSUER_SIZE 128      /* of an issuer's URL, including its NUL */

enum kv_auth { KV_AUTH_STRICT, KV_AUTH_ANY, KV_AUTH_OFF };

/* A caller, from the claims of its token; texts the token does not have are "". */
struct kv_principal {
    char object_id[64];
    char app_id[64];
    char tenant[64];
    char issuer[KV_ISSUER_SIZE];
    char name[128];     /* upn of a user; not set for applications */
    char resource[256]; /* xms_mirid */
};

struct kv_identity; /* opaque */

struct kv_identity_config {
    const char *folder; /* where issuer.pem (0600) is */
    const char *tenant; /* GUID */
    enum kv_auth auth;
};

/* Loads the issuer key, or starts generating it. Free with kv_identity_free(). */
enum kv_code kv_identity_new(const struct kv_identity_config *config,
                             struct kv_identity **ret_identity, struct kv_err *err) kv_must_check;
void kv_identity_free(struct kv_identity *identity);
KV_DEFINE_CLEANUP(struct kv_identity *, kv_identity_free)

enum kv_auth kv_identity_auth(const struct kv_identity *identity);
const char *kv_identity_tenant(const struct kv_identity *identity);

/* A managed identity that a token can be requested for. The same name is always the same
 * identity. */
struct kv_identity_card {
    char client_id[KV_UUID_LENGTH + 1];
    char object_id[KV_UUID_LENGTH + 1];
    char resource[256]; /* xms_mirid */
};

/*
 * The identity of that name: NULL or "" is the system-assigned one; a GUID is an identity with
 * that client id; a text that begins with / is the one with that resource id; any other text is the
 * user-assigned one of that name. False if the name has blanks or anything but printable ASCII
 * characters, or is too long for a resource id.
 */
bool kv_identity_card(const struct kv_identity *identity, const char *name,
                      struct kv_identity_card *ret_card);

/* The identity with that object id; false if it is not a GUID. */
bool kv_identity_card_of_object(const struct kv_identity *identity, const char *object_id,
                                struct kv_identity_card *ret_card);

struct kv_token {
    char *text; /* heap; wiped by kv_token_done() */
    kv_time not_before, expires;
};
void kv_token_done(struct kv_token *token);
KV_DEFINE_CLEANUP_VALUE(struct kv_token, kv_token_done)

/*
 * Issues a token for `resource`, valid from `now` for KV_TOKEN_LIFETIME; KV_BAD_PARAMETER if the
 * resource is empty, longer than KV_RESOURCE_MAX or anything but printable ASCII without blanks.
 * Waits for the issuer key if that is still being generated: KV_LANE_WORK.
 */
enum kv_code kv_identity_issue(struct kv_identity *identity, const struct kv_identity_card *card,
                               const char *resource, kv_time now, struct kv_token *ret_token,
                               struct kv_err *err) kv_must_check;

/*
 * For the test authority that attests environments (contract §11): sign any claims with the
 * issuer's key, and give its public half, a JWK with its kid. Both wait for the key: KV_LANE_WORK.
 * The caller frees the signed text (kv_wipe_free) and the JWK (cJSON_Delete).
 */
enum kv_code kv_identity_sign(struct kv_identity *identity, const char *claims, size_t len,
                              char **ret_text, struct kv_err *err) kv_must_check;
enum kv_code kv_identity_show_key(struct kv_identity *identity, cJSON **ret_jwk,
                                  struct kv_err *err) kv_must_check;

/* Appends a certificate of that key as x5c of a JWK has it, always the same: KV_LANE_WORK, too. */
enum kv_code kv_identity_show_certificate(struct kv_identity *identity, struct kv_buf *text,
                                          struct kv_err *err) kv_must_check;

/* What a token must say to be accepted. */
struct kv_token_demand {
    const char *const *audiences; /* NULL-terminated; refusals name the first */
    kv_time now;
};

/*
 * Checks signature, issuer, audience, nbf and exp, in this order of refusals: KV_UNAUTHORIZED with
 * the texts of contract §2.2. Never blocks. Verified tokens are remembered by their digest, so
 * that seeing one again costs no signature check; dates and audience are checked every time.
 */
enum kv_code kv_identity_verify(struct kv_identity *identity, const char *token, size_t len,
                                const struct kv_token_demand *demand,
                                struct kv_principal *ret_principal,
                                struct kv_err *err) kv_must_check;
