/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/identity/principals.h - who there is: applications, managed identities, users and groups.
 *
 * An identity that nobody registered is made up on demand from its name (kv_identity_card()), which
 * is what makes a first run work with no set-up; that ends where unknown ones are refused. As soon
 * as somebody registers, disables, deletes or re-creates a name (kv/identity/registry.h) it is a
 * row of the store, and the row decides.
 * An index in memory answers the look-ups. It never changes: a change is committed first and makes
 * the index stale, and the next look-up reads it anew; KV_UNAVAILABLE if that fails.
 * Thread-safe. Look-ups block for nothing but such a reading, or where said. Ids are GUIDs in any
 * case, and returned in lower case; names are compared ignoring case.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/base/uuid.h"
#include "kv/identity/identity.h"

#define KV_PRINCIPALS_MAX 10000
#define KV_PRINCIPAL_GROUPS_MAX 200     /* of one caller, nested ones included */
#define KV_PRINCIPAL_CREDENTIALS_MAX 20 /* of each kind, of one application */
#define KV_PRINCIPAL_NAME_SIZE                                                                     \
    128 /* of a name that is no resource id; including the NUL, as the
                                           next ones are */
#define KV_PRINCIPAL_RESOURCE_SIZE 256
#define KV_PRINCIPAL_UPN_SIZE 128
#define KV_PRINCIPAL_NOT_REVOKED INT64_MIN /* no session was */

enum kv_principal_type {
    KV_PRINCIPAL_APPLICATION,     /* an app registration with its service principal */
    KV_PRINCIPAL_SYSTEM_ASSIGNED, /* managed identities */
    KV_PRINCIPAL_USER_ASSIGNED,
    KV_PRINCIPAL_USER,
    KV_PRINCIPAL_GROUP,
};

enum kv_principal_state { KV_PRINCIPAL_ENABLED, KV_PRINCIPAL_DISABLED, KV_PRINCIPAL_DELETED };

struct kv_principal_entry {
    char name[KV_PRINCIPAL_RESOURCE_SIZE]; /* "" of the default identity, and of made-up ones asked
                                              for by an id; a resource id may be one */
    enum kv_principal_type type;
    enum kv_principal_state state;
    char object_id[KV_UUID_LENGTH + 1];
    char client_id[KV_UUID_LENGTH + 1];        /* app id; "" of users and groups */
    char tenant[KV_UUID_LENGTH + 1];           /* its home */
    char resource[KV_PRINCIPAL_RESOURCE_SIZE]; /* xms_mirid of managed identities; else "" */
    char upn[KV_PRINCIPAL_UPN_SIZE];           /* of users; else "" */
    bool trusted_service; /* a first-party service that passes the firewall's bypass */
    bool registered;      /* false: made up on demand, which takes any secret */
    kv_millis revoked;    /* sessions from before this real time are, which is how tokens are dated
                             (clock.h); KV_PRINCIPAL_NOT_REVOKED */
};

/* The ids of somebody as kv_identity_issue() takes them. */
void kv_principal_card(const struct kv_principal_entry *entry, struct kv_identity_card *ret_card);

struct kv_principals; /* opaque */
struct kv_store;

struct kv_principals_config {
    struct kv_store *store;       /* borrowed, as the next one is */
    struct kv_identity *identity; /* makes up whom nobody registered */
    bool refuses_unknown;
};

/* Migrates its tables. Free with kv_principals_free(); NULL is fine there. */
enum kv_code kv_principals_new(const struct kv_principals_config *config,
                               struct kv_principals **ret_principals,
                               struct kv_err *err) kv_must_check;
void kv_principals_free(struct kv_principals *principals);
KV_DEFINE_CLEANUP(struct kv_principals *, kv_principals_free)

/* What is in memory is not what the store has any more: the next look-up reads it anew. */
void kv_principals_doubt(struct kv_principals *principals);

/* Reads anew what was committed, as the next look-up would: what is in memory still answers when the
 * store is lost before anybody asks. */
enum kv_code kv_principals_refresh(struct kv_principals *principals,
                                   struct kv_err *err) kv_must_check;

/* Whether somebody whom nobody registered is made up; otherwise those are refused. */
bool kv_principals_makes_up(const struct kv_principals *principals);

/*
 * KV_NOT_FOUND for deleted ones, for who cannot be, and for unknown ones where those are refused.
 * A name is what kv_identity_card() takes: "" or NULL the default identity, a GUID a client id, a
 * text that begins with / a resource id. Disabled ones are found.
 */
enum kv_code kv_principals_find_name(struct kv_principals *principals, const char *name,
                                     struct kv_principal_entry *ret_entry,
                                     struct kv_err *err) kv_must_check;
enum kv_code kv_principals_find_client(struct kv_principals *principals, const char *client_id,
                                       struct kv_principal_entry *ret_entry,
                                       struct kv_err *err) kv_must_check;
enum kv_code kv_principals_find_object(struct kv_principals *principals, const char *object_id,
                                       struct kv_principal_entry *ret_entry,
                                       struct kv_err *err) kv_must_check;
enum kv_code kv_principals_find_resource(struct kv_principals *principals, const char *resource,
                                         struct kv_principal_entry *ret_entry,
                                         struct kv_err *err) kv_must_check;

/*
 * The managed identity of a caller that names none: the system-assigned one, else the only
 * user-assigned one that is registered. KV_NOT_FOUND; KV_CONFLICT when there are several.
 */
enum kv_code kv_principals_find_managed(struct kv_principals *principals,
                                        struct kv_principal_entry *ret_entry,
                                        struct kv_err *err) kv_must_check;

/*
 * Credentials of an application, by its object id; these read the store: KV_LANE_WORK. Secrets are
 * kept as salted digests and compared in constant time. One that nobody registered takes any secret
 * but an empty one. `now` is virtual time.
 */
enum kv_credential_verdict { KV_CREDENTIAL_GOOD, KV_CREDENTIAL_WRONG, KV_CREDENTIAL_EXPIRED };
enum kv_code kv_principals_check_secret(struct kv_principals *principals, const char *object_id,
                                        const char *secret, size_t len, kv_time now,
                                        enum kv_credential_verdict *ret_verdict,
                                        struct kv_err *err) kv_must_check;

/* The certificate with that SHA-1 (20 bytes) or SHA-256 (32 bytes) digest of its DER, for the
 * caller to free; KV_NOT_FOUND. Its dates are for the caller to judge. */
enum kv_code kv_principals_find_certificate(struct kv_principals *principals, const char *object_id,
                                            const void *thumbprint, size_t len,
                                            X509 **ret_certificate,
                                            struct kv_err *err) kv_must_check;

/*
 * How near the federated credentials of an application come to tokens of that issuer, audience and
 * subject (workload identity), which are compared to the byte and in this order. Reads the store.
 */
enum kv_federation {
    KV_FEDERATION_NONE,     /* it has no such credential */
    KV_FEDERATION_ISSUER,   /* none is for that issuer */
    KV_FEDERATION_AUDIENCE, /* none of that issuer is for that audience */
    KV_FEDERATION_SUBJECT,  /* none of both is for that subject */
    KV_FEDERATION_CASE,     /* one is, but for the case of ASCII letters */
    KV_FEDERATION_FITS
};
enum kv_code kv_principals_federation(struct kv_principals *principals, const char *object_id,
                                      const char *issuer, const char *subject, const char *audience,
                                      enum kv_federation *ret_federation,
                                      struct kv_err *err) kv_must_check;

/*
 * The object ids of the groups that the principal is in, nested membership included, each once, in
 * no order; none that is deleted. At most KV_PRINCIPAL_GROUPS_MAX, so that an array of as many
 * always does; of more than `max` the first.
 */
enum kv_code kv_principals_groups(struct kv_principals *principals, const char *object_id,
                                  char ret_ids[][KV_UUID_LENGTH + 1], size_t max, size_t *ret_count,
                                  struct kv_err *err) kv_must_check;

/* What a request asks about the caller of a token that was verified already; about one microsecond.
 * One whom nobody registered is enabled and not `known`. */
struct kv_principal_standing {
    enum kv_principal_state state;
    bool known;
    bool trusted_service;
    bool has_groups;
    kv_millis revoked; /* KV_PRINCIPAL_NOT_REVOKED */
};
enum kv_code kv_principals_standing(struct kv_principals *principals, const char *object_id,
                                    struct kv_principal_standing *ret_standing,
                                    struct kv_err *err) kv_must_check;
