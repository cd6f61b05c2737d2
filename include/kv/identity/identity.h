/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/identity/identity.h - who calls: identities, the tokens issued to them, and the check of a token.
 *
 * coffer is its own issuer: RS256 JWTs (RFC 7515, 7519) in the v1.0 format of Entra ID
 * (control-plane.md §5.2), signed by an RSA key that is generated at first start, in the
 * background, so that startup does not wait for it. Other issuers are trusted if they are named
 * (struct kv_trusted_issuer). Thread-safe. Tokens are secrets: never logged, never in an error text.
 *
 * Dates of tokens are judged by token time (clock.h), not by the virtual clock. Coffer's own have no
 * leeway, because issuer and verifier read the same clock: they are good from the second of nbf to
 * the last one before exp. Those of other issuers have KV_TOKEN_LEEWAY at both ends.
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
#define KV_TOKEN_LEEWAY 300     /* seconds, of tokens of other issuers */
#define KV_ISSUER_SIZE 128      /* of an issuer's URL, including its NUL */
#define KV_TRUSTED_MAX 16       /* other issuers */
#define KV_KEYS_PAUSE 10000     /* ms, real */
#define KV_KEYS_LIFETIME 300000 /* ms, real */

enum kv_auth { KV_AUTH_STRICT, KV_AUTH_ANY, KV_AUTH_OFF };

/* A caller, from the claims of its token; texts the token does not have are "". */
struct kv_principal {
    char object_id[64];
    char app_id[64];
    char tenant[64];
    char issuer[KV_ISSUER_SIZE];
    char name[128];     /* upn of a user; not set for applications */
    char resource[256]; /* xms_mirid */
    char host[256];     /* xms_az_rid: the resource that the identity acts for */
};

struct kv_identity; /* opaque */

/*
 * An issuer other than coffer whose tokens are good here, whatever tenant they name, signed RS256,
 * PS256 or ES256 by a key of its set (RFC 7517) that has the token's kid. What it says of the caller
 * is believed. All texts are copied.
 */
struct kv_trusted_issuer {
    const char *issuer;   /* `iss` of its tokens, to the byte */
    const char *keys;     /* a file, or an http or https URL; NULL: `jwks_uri` of its configuration,
                             ISSUER/.well-known/openid-configuration */
    const char *audience; /* one more that its tokens may be for; or NULL */
};

/* Appends what is at the URL to `body`; in bounded time, from a thread that may wait. */
typedef enum kv_code kv_issuer_fetch_fn(const char *url, struct kv_buf *body, struct kv_err *err);

/* Hears after every attempt to bring an issuer's keys, from the thread that fetches; `reason` NULL:
 * they are there. */
typedef void kv_issuer_told_fn(const char *issuer, const struct kv_err *reason);

struct kv_identity_config {
    const char *folder; /* where issuer.pem (0600) is */
    const char *tenant; /* GUID */
    enum kv_auth auth;
    const struct kv_trusted_issuer *trusted; /* at most KV_TRUSTED_MAX */
    size_t trusted_count;
    kv_issuer_fetch_fn *fetch; /* needed when keys of one of them are at a URL */
    kv_issuer_told_fn *told;   /* or NULL */
    kv_millis keys_pause;      /* between two fetches for unknown keys; 0: KV_KEYS_PAUSE */
    kv_millis keys_lifetime;   /* until a set is fetched anew; 0: KV_KEYS_LIFETIME */
};

/*
 * Loads the issuer key, or starts generating it. Sets of keys in files are read now, and one that
 * cannot be used is KV_BAD_PARAMETER; those at URLs are fetched in the background. Free with
 * kv_identity_free(), which waits for a fetch under way.
 */
enum kv_code kv_identity_new(const struct kv_identity_config *config,
                             struct kv_identity **ret_identity, struct kv_err *err) kv_must_check;
void kv_identity_free(struct kv_identity *identity);
KV_DEFINE_CLEANUP(struct kv_identity *, kv_identity_free)

enum kv_auth kv_identity_auth(const struct kv_identity *identity);
const char *kv_identity_tenant(const struct kv_identity *identity);

/* Who issues the tokens of a tenant: "https://sts.windows.net/{tenant}/" (control-plane.md §5.2). */
void kv_identity_issuer(const char *tenant, char ret_issuer[KV_ISSUER_SIZE]);

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

/* The dates are the real clock's, by which clients keep it. */
struct kv_token {
    char *text; /* heap; wiped by kv_token_done() */
    kv_time not_before, expires;
};
void kv_token_done(struct kv_token *token);
KV_DEFINE_CLEANUP_VALUE(struct kv_token, kv_token_done)

/*
 * Issues a token for `resource`, valid from `when` for KV_TOKEN_LIFETIME; KV_BAD_PARAMETER if the
 * resource is empty, longer than KV_RESOURCE_MAX or anything but printable ASCII without blanks.
 * Waits for the issuer key if that is still being generated: KV_LANE_WORK.
 */
enum kv_code kv_identity_issue(struct kv_identity *identity, const struct kv_identity_card *card,
                               const char *resource, const struct kv_token_time *when,
                               struct kv_token *ret_token, struct kv_err *err) kv_must_check;

/*
 * The same for anybody: a managed identity, an application, or a user, in any tenant (control-plane.md
 * §5.2). All but what is named is required.
 */
struct kv_token_order {
    const struct kv_identity_card *card; /* `resource` "": it is no managed identity */
    const char *tenant;                  /* GUID, in lower case: it stands in the issuer's URL */
    const char *audience;
    const char *proof; /* appidacr: "0" the application proved nothing, "1" a secret, "2" a key */
    const char *upn;   /* of a user, whose application the card's client id then is; or NULL */
    const char *scope; /* of a user's; or NULL */
    const char (*groups)[KV_UUID_LENGTH + 1]; /* of a user: object ids */
    size_t group_count;
    bool announces_cp1; /* whoever asks for it says that its client answers claims challenges */
    struct kv_token_time when;
    kv_time early;    /* seconds: it is dated by so much before */
    kv_time lifetime; /* seconds */
};
enum kv_code kv_identity_issue_order(struct kv_identity *identity,
                                     const struct kv_token_order *order, struct kv_token *ret_token,
                                     struct kv_err *err) kv_must_check;

/* Reads the `claims` of a request for a token: whether its client answers claims challenges (`xms_cc`
 * of the access token). False if it is not a JSON object, or has a member twice. */
bool kv_identity_read_claims_request(const char *json, bool *ret_announces_cp1);

/*
 * A federated token (workload identity): says, as a cluster's issuer would, who the bearer is, and is
 * exchanged for an access token of that identity. KV_LANE_WORK.
 */
#define KV_FEDERATED_ISSUER "https://federated.coffer.localhost/"
#define KV_FEDERATED_AUDIENCE "api://AzureADTokenExchange"
enum kv_code kv_identity_issue_federated(struct kv_identity *identity, const char *client_id,
                                         const struct kv_token_time *when, kv_time lifetime,
                                         struct kv_token *ret_token,
                                         struct kv_err *err) kv_must_check;

/* Who has signed a token that `issuer` is named in: coffer's key, or one of a trusted issuer's. Never
 * blocks. */
struct kv_jws;
enum kv_signature {
    KV_SIGNATURE_OWN,
    KV_SIGNATURE_TRUSTED,
    KV_SIGNATURE_FORGED,  /* not by the key that it names */
    KV_SIGNATURE_UNKNOWN, /* nobody who is trusted has such a key */
    KV_SIGNATURE_PENDING, /* the issuer's keys are being fetched: ask again soon */
};
enum kv_signature kv_identity_check_signature(struct kv_identity *identity,
                                              const struct kv_jws *jws, const char *issuer);

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
    const char *app_id;           /* of the service that is asked, which is an audience, too */
    struct kv_token_time when;
};

/* What a token is besides good or refused. */
struct kv_token_verdict {
    bool must_wait; /* keys of its issuer are being fetched: nothing is decided, ask again soon */
    bool announces_cp1; /* its client answers claims challenges */
    kv_millis issued;   /* the real clock's; 0: the token does not say */
};

/*
 * Checks signature, issuer, audience, nbf and exp, in this order of refusals: KV_UNAUTHORIZED with
 * the texts of contract §2.2. Never blocks: where the keys of a trusted issuer have to be fetched
 * first, KV_OK with ret_verdict->must_wait, and no principal. They are when they do not hold the
 * token's kid, but not again within KV_KEYS_PAUSE of the last time: until then it is unknown.
 * Verified tokens are remembered by their digest, so that seeing one again costs no signature check,
 * those of trusted issuers until their keys change; dates and audience are checked every time.
 */
enum kv_code kv_identity_verify(struct kv_identity *identity, const char *token, size_t len,
                                const struct kv_token_demand *demand,
                                struct kv_principal *ret_principal,
                                struct kv_token_verdict *ret_verdict,
                                struct kv_err *err) kv_must_check;
