/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/keys/keys.h - the keys of all vaults: names, versions, attributes, soft delete. The rules of the
 * contract, without HTTP and without JSON.
 *
 * Every operation takes the scope it works in (which vault, and THE time of the request) and
 * decides by that time alone. A state change that falls due (a deletion becomes final, a purge date
 * passes) takes effect for every reader at that second; kv_keys_purge_due() only cleans up
 * afterwards. Once a call has returned KV_OK its effect is on disk. Thread-safe. Errors carry the
 * service's texts (contract §9).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/buf.h"
#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/base/uuid.h"
#include "kv/custody/custody.h"
#include "kv/keys/pool.h"
#include "kv/vaults/vault.h"

#define KV_KEY_NAME_MAX 127
#define KV_PAGE_MAX 25
#define KV_TAGS_MAX 15
#define KV_TAG_TEXT_MAX 256 /* characters of a tag's name, and of its value (contract §4.4) */

struct kv_sent_key;
struct kv_db;
struct kv_events;
struct kv_store;
struct kv_keys; /* opaque */
/*
 * Has coffer's CA certify one of coffer's own keys: appends PEM to `chain`, the certificate for
 * that SubjectPublicKeyInfo, then the CA's. Called from any thread.
 */
typedef enum kv_code kv_certify_fn(void *context, const void *spki, size_t len, const char *name,
                                   struct kv_buf *chain, struct kv_err *err);

struct kv_keys_config {
    struct kv_store *store;     /* borrowed */
    struct kv_custody *custody; /* borrowed */
    struct kv_events *events;   /* borrowed; NULL: nobody is told of new versions and expiries */
    kv_millis deletion_lag;     /* how long delete, recover and purge stay pending */
    bool premium_symmetric;     /* premium vaults also accept oct and oct-HSM */
    bool early_symmetric_ops;   /* of oct keys of a managed HSM: the defaults of older builds */

    kv_certify_fn *certify; /* NULL: nothing is attested */
    void *certify_context;
    struct kv_pool_config pool; /* of key pairs that are generated ahead */
    bool (*is_to_stop)(void);   /* asked between the destruction of two objects; NULL: never */
};

/* Migrates its tables. Free with kv_keys_free(). */
enum kv_code kv_keys_new(const struct kv_keys_config *config, struct kv_keys **ret_keys,
                         struct kv_err *err) kv_must_check;
void kv_keys_free(struct kv_keys *keys);
KV_DEFINE_CLEANUP(struct kv_keys *, kv_keys_free)

struct kv_scope {
    struct kv_keys *keys;
    const struct kv_vault *vault;
    const char *authority; /* host and port for the identifiers in texts */
    kv_millis now;
};

/* key_ops in the order they were given (contract §4.2). */
struct kv_key_ops {
    unsigned char op[KV_OP_COUNT]; /* enum kv_key_op */
    size_t count;
};
bool kv_key_ops_allow(const struct kv_key_ops *ops, enum kv_key_op op);

/* key_ops as sent; `given` with no entries means an empty list. Borrowed. */
struct kv_key_op_names {
    bool given;
    const char *const *name;
    size_t count;
};

/* Tags in the order they were given: name, NUL, value, NUL, and so on. */
struct kv_tags {
    char *packed; /* heap; NULL when there are none */
    size_t len;
    size_t count;
};
void kv_tags_done(struct kv_tags *tags);
/* Appends; KV_BAD_PARAMETER past the limits of contract §4.4, which count characters of UTF-16. */
enum kv_code kv_tags_add(struct kv_tags *tags, const char *name, const char *value,
                         struct kv_err *err) kv_must_check;
/* Iterates: *position starts at 0; false at the end. */
bool kv_tags_next(const struct kv_tags *tags, size_t *position, const char **ret_name,
                  const char **ret_value);

struct kv_maybe_time {
    bool given;
    kv_time value;
};

struct kv_attributes {
    bool enabled;
    struct kv_maybe_time not_before, expires;
    kv_time created, updated;
};

/* Whether a key may leave the HSM, and for whom (contract §11); the same for all its versions. */
struct kv_release_terms {
    bool exportable;
    bool immutable;     /* the policy */
    char *policy;       /* heap: compact JSON; NULL: none */
    char *content_type; /* heap, beside the policy */
};

/* The same as sent. Borrowed. */
struct kv_release_args {
    bool known; /* the api-version has it: 7.3-preview and later */
    bool exportable_given, exportable;
    const char *policy; /* NULL: not given */
    const char *content_type;
    bool immutable;
};

/* A version as the wire shows it. init/done; a page is an array of them. */
struct kv_key {
    char name[KV_KEY_NAME_MAX + 1]; /* the creator's spelling */
    char version[KV_VERSION_LENGTH + 1];
    enum kv_kty kty;
    struct kv_key_ops ops;
    struct kv_material material;
    struct kv_attributes attributes;
    struct kv_tags tags;
    struct kv_release_terms release;
    char *members;  /* heap: a JSON object of an imported JWK's other members; NULL: none */
    char *external; /* heap: its id in the external key manager; NULL: a key of the token itself */
    kv_time deleted, scheduled_purge; /* 0 unless the key is deleted */
};
void kv_key_done(struct kv_key *key);
KV_DEFINE_CLEANUP_VALUE(struct kv_key, kv_key_done)

/*
 * Refuses a name that the service does not accept (contract §4.1): `The request URI contains an
 * invalid name: {name}`.
 */
enum kv_code kv_key_name_check(const char *name, struct kv_err *err) kv_must_check;

/* What a new version gets instead of an id and dates of its own: 32 hex digits in lower case. Borrowed. */
struct kv_key_stamp {
    const char *version;
    kv_time created, updated;
};

struct kv_key_create_args {
    const char *name;
    const char *kty; /* as sent */
    bool bits_given;
    int64_t bits;
    int64_t exponent;           /* 0 means the default (contract §6.1) */
    const char *curve;          /* as sent; NULL means the default */
    struct kv_key_op_names ops; /* not given: the defaults of the type (contract §7) */
    bool enabled;
    struct kv_maybe_time not_before, expires;
    const struct kv_tags *tags; /* NULL: none */
    struct kv_release_args release;
    const char *external;             /* only for kv_key_create_external() */
    const struct kv_key_stamp *stamp; /* NULL: its own */
    bool only_first; /* KV_CONFLICT when there is a key of that name by the time that it is made */
};

/* All checks that need no key to be generated: type, size, ops, SKU, state of the name. */
enum kv_code kv_key_create_check(const struct kv_scope *scope,
                                 const struct kv_key_create_args *args,
                                 struct kv_err *err) kv_must_check;

/* Generates and stores the first or a new version; takes seconds. Repeats all checks. */
enum kv_code kv_key_create(const struct kv_scope *scope, const struct kv_key_create_args *args,
                           struct kv_key *ret_key, struct kv_err *err) kv_must_check;

#define KV_KEY_MEMBERS_MAX 1024 /* characters of `members` below */

/* A key wrapped for the HSM: `kek` is a key of the same vault whose key_ops are ["import"]. */
struct kv_key_transfer {
    const char *kek_name, *kek_version;
    const void *bytes;
    size_t len;
};

struct kv_key_import_args {
    const char *name;
    const char *kty;                        /* as sent */
    bool hsm;                               /* `Hsm`: the HSM's type of the same family */
    const char *curve;                      /* as sent; EC only */
    const struct kv_sent_key *key;          /* its family and curve are ignored */
    const struct kv_key_transfer *transfer; /* NULL: the private numbers are in `key` */
    const char *members;                    /* NULL, or what becomes kv_key.members */
    struct kv_key_op_names ops;             /* not given: the defaults of the type */
    bool enabled;
    struct kv_maybe_time not_before, expires;
    const struct kv_tags *tags; /* NULL: none */
    struct kv_release_args release;
    const struct kv_key_stamp *stamp; /* NULL: its own */
};

/*
 * Stores the client's key as the first or a new version (contract §6.2). Checks that its numbers
 * belong together, which takes tens of milliseconds: KV_LANE_WORK.
 */
enum kv_code kv_key_import(const struct kv_scope *scope, const struct kv_key_import_args *args,
                           struct kv_key *ret_key, struct kv_err *err) kv_must_check;

/* `version` NULL: the latest. Also finds disabled, expired and not yet valid ones (contract
 * §6.3). */
enum kv_code kv_key_get(const struct kv_scope *scope, const char *name, const char *version,
                        struct kv_key *ret_key, struct kv_err *err) kv_must_check;

struct kv_key_update_args {
    struct kv_key_op_names ops;
    bool enabled_given, enabled;
    struct kv_maybe_time not_before, expires;
    const struct kv_tags *tags; /* NULL: not given */
    struct kv_release_args release;
};
enum kv_code kv_key_update(const struct kv_scope *scope, const char *name, const char *version,
                           const struct kv_key_update_args *args, struct kv_key *ret_key,
                           struct kv_err *err) kv_must_check;

/* contract §6.6; each returns the latest version. */
enum kv_code kv_key_delete(const struct kv_scope *scope, const char *name, struct kv_key *ret_key,
                           struct kv_err *err) kv_must_check;
enum kv_code kv_key_get_deleted(const struct kv_scope *scope, const char *name,
                                struct kv_key *ret_key, struct kv_err *err) kv_must_check;
enum kv_code kv_key_recover(const struct kv_scope *scope, const char *name, struct kv_key *ret_key,
                            struct kv_err *err) kv_must_check;
enum kv_code kv_key_purge(const struct kv_scope *scope, const char *name,
                          struct kv_err *err) kv_must_check;

/* KV_PURGE_PROTECTED where the vault does not let its keys be purged. */
enum kv_code kv_key_check_purge(const struct kv_scope *scope, struct kv_err *err) kv_must_check;

/* Bytes of a backup blob; its base64url fits into the body of an answer. */
#define KV_BACKUP_MAX (6 * 1024 * 1024 - 1024)

/*
 * Appends the backup blob of all versions of a key to `blob`, a buffer of KV_BACKUP_MAX
 * (contract §6.7), usable only on this token. KV_KEY_NOT_EXPORTABLE if keys may not leave it.
 */
enum kv_code kv_key_backup(const struct kv_scope *scope, const char *name, struct kv_buf *blob,
                           struct kv_err *err) kv_must_check;

/*
 * Brings a key back from such a blob, with its name, versions, attributes and dates, into any vault
 * of this instance; all versions or none. KV_BACKUP_CORRUPT for anything that is not, byte for
 * byte, a blob of this instance. Takes some milliseconds per version: KV_LANE_GENERATE.
 */
enum kv_code kv_key_restore(const struct kv_scope *scope, const char *blob, size_t len,
                            struct kv_key *ret_key, struct kv_err *err) kv_must_check;

/*
 * Encrypts an exportable version to `target`, an RSA key that was attested as the key's release
 * policy wants (contract §11); `enc` is one that kv_custody_enc_is_known() knows.
 */
enum kv_code kv_key_release(const struct kv_scope *scope, const struct kv_key *key,
                            const struct kv_material *target, const char *enc,
                            struct kv_released *ret_released, struct kv_err *err) kv_must_check;

/* Finds a version that may be released now: enabled, exportable, with a policy. `version` NULL: the
 * latest. */
enum kv_code kv_key_find_released(const struct kv_scope *scope, const char *name,
                                  const char *version, struct kv_key *ret_key,
                                  struct kv_err *err) kv_must_check;

/*
 * Secure wrap and unwrap (contract §6.11). kv_key_find_secure() finds a version that may do `op`,
 * SECURE_WRAP or SECURE_UNWRAP, now; `version` NULL: the latest. The wrap makes a random AES-256
 * key and encrypts it to that version; the unwrap encrypts what it is given to `target`, an RSA key
 * that was attested as the version's release policy wants. KV_CANNOT_DECRYPT for anything that was
 * not wrapped this way.
 */
enum kv_code kv_key_find_secure(const struct kv_scope *scope, const char *name, const char *version,
                                enum kv_key_op op, struct kv_key *ret_key,
                                struct kv_err *err) kv_must_check;
enum kv_code kv_key_secure_wrap(const struct kv_scope *scope, const struct kv_key *key,
                                struct kv_sealed *ret_sealed, struct kv_err *err) kv_must_check;
enum kv_code kv_key_secure_unwrap(const struct kv_scope *scope, const struct kv_key *key,
                                  const struct kv_bytes *sealed, const struct kv_material *target,
                                  struct kv_sealed *ret_sealed, struct kv_err *err) kv_must_check;

/*
 * Attestation (contract §6.10): a version, what the token now says about its object, and coffer's
 * signature on statements about it.
 */
enum kv_code kv_key_attest(const struct kv_scope *scope, const char *name, const char *version,
                           struct kv_key *ret_key, struct kv_custody_facts *ret_facts,
                           struct kv_err *err) kv_must_check;

/*
 * What coffer signs, each kind with a separate key on the token: attestations in its own name,
 * released keys of vaults in that of the service, vault.azure.net, those of a managed HSM in that
 * of its host (contract §11).
 */
enum kv_statement { KV_STATEMENT_ATTESTATION, KV_STATEMENT_RELEASE };

/* Appends PEM of the certificate for the key that kv_keys_sign_statement() uses, and of the CA.
 * Generates the key if there is none yet. */
enum kv_code kv_keys_signer_chain(const struct kv_scope *scope, enum kv_statement statement,
                                  struct kv_buf *chain, struct kv_err *err) kv_must_check;

/* RS256 (RFC 7518 §3.3) over a text, with the key for such statements. */
enum kv_code kv_keys_sign_statement(const struct kv_scope *scope, enum kv_statement statement,
                                    const char *text, size_t len, struct kv_secret *ret_signature,
                                    struct kv_err *err) kv_must_check;

/* A page of a list. A marker says where the next page starts: after the one that returned it. */
#define KV_MARKER_MAX KV_KEY_NAME_MAX
struct kv_key_page {
    struct kv_key *key; /* heap */
    size_t count;
    bool more;
    char next[KV_MARKER_MAX + 1]; /* the marker of the next page, if there are more */
};
void kv_key_page_done(struct kv_key_page *page);
KV_DEFINE_CLEANUP_VALUE(struct kv_key_page, kv_key_page_done)

/* Whether this vault issues such markers, for a list of versions or of keys. */
bool kv_key_marker_is_valid(const struct kv_scope *scope, bool of_versions, const char *marker);

/* A vault's by upper-cased name, a Managed HSM's by creation; `marker` NULL: from the start
 * (contract §6.5). */
enum kv_code kv_key_list(const struct kv_scope *scope, const char *marker, size_t max,
                         struct kv_key_page *ret_page, struct kv_err *err) kv_must_check;
enum kv_code kv_key_list_deleted(const struct kv_scope *scope, const char *marker, size_t max,
                                 struct kv_key_page *ret_page, struct kv_err *err) kv_must_check;
/* A vault's by version, a Managed HSM's by creation; an unknown name gives an empty page, not an
 * error. */
enum kv_code kv_key_list_versions(const struct kv_scope *scope, const char *name,
                                  const char *marker, size_t max, struct kv_key_page *ret_page,
                                  struct kv_err *err) kv_must_check;

struct kv_key_operate_args {
    enum kv_key_op op;
    enum kv_alg alg; /* one whose row has `op` */
    struct kv_operands operands;
};

/* Whether a version may be used so now: enabled, nbf/exp, key_ops, in this order (contract §8.4). */
enum kv_code kv_key_check_state(const struct kv_key *key, enum kv_key_op op, kv_time now,
                                struct kv_err *err) kv_must_check;

/* The result of an operation, and the version used. init/done. */
struct kv_key_result {
    char name[KV_KEY_NAME_MAX + 1];
    char version[KV_VERSION_LENGTH + 1];
    struct kv_outcome outcome;
};
void kv_key_result_init(struct kv_key_result *result);
void kv_key_result_done(struct kv_key_result *result);
KV_DEFINE_CLEANUP_VALUE(struct kv_key_result, kv_key_result_done)

/*
 * encrypt, decrypt, sign, verify, wrapKey, unwrapKey with the version, or the latest. Order of
 * checks: lookup, enabled, nbf/exp, key_ops, algorithm, lengths (contract §19 row 26). *result must
 * be initialised.
 */
enum kv_code kv_key_operate(const struct kv_scope *scope, const char *name, const char *version,
                            const struct kv_key_operate_args *args, struct kv_key_result *result,
                            struct kv_err *err) kv_must_check;

/*
 * 1 to 128 random bytes from the token (contract §6.9); any other count is KV_BAD_PARAMETER.
 */
enum kv_code kv_keys_random(const struct kv_scope *scope, int64_t count,
                            struct kv_secret *ret_bytes, struct kv_err *err) kv_must_check;

/* Removes every key of a purged vault, or, for KV_VAULTS_ALL, of all vaults and the external key
 * manager: a kv_vault_empty_fn, with `keys` as its context. The next tidying destroys their
 * objects. */
enum kv_code kv_keys_empty(void *keys, struct kv_db *db, int64_t vault,
                           struct kv_err *err) kv_must_check;

/*
 * At startup, before anything else: destroys token objects of versions that were never acknowledged
 * or are purged. Returns how many there were; if it was told to stop, the next start does the rest.
 */
enum kv_code kv_keys_sweep(struct kv_keys *keys, size_t *ret_destroyed,
                           struct kv_err *err) kv_must_check;

/* Destroys the objects of versions that are purged. */
enum kv_code kv_keys_tidy(struct kv_keys *keys, struct kv_err *err) kv_must_check;

/* From now on kv_keys_tidy() ends after its current object; the next start does the rest. Any
 * thread. */
void kv_keys_stop_tidying(struct kv_keys *keys);

/* Counts for /metrics. `limbo`: objects waiting to be destroyed. */
struct kv_keys_census {
    size_t keys, deleted_keys, versions, limbo;
};
enum kv_code kv_keys_count(struct kv_keys *keys, struct kv_keys_census *ret_census,
                           struct kv_err *err) kv_must_check;
