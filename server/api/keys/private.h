/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of api/keys share: the handlers that routes.c lists, the reading of
 * bodies and the rendering of keys.
 */
#pragma once

#include <cjson/cJSON.h>

#include "kv/app/app.h"
#include "kv/base/json.h"
#include "kv/keys/lease.h"
#include "kv/release/release.h"

/* The handlers of the route table. */
kv_handler_fn key_create, key_get, key_update, key_delete;             /* lifecycle.c */
kv_handler_fn deleted_key_get, deleted_key_recover, deleted_key_purge; /* lifecycle.c */
kv_handler_fn key_import;                                              /* sent_jwk.c */
kv_handler_fn key_backup, key_restore;                                 /* backup.c */
kv_handler_fn key_attest;                                              /* attestation.c */
kv_handler_fn key_release;                                             /* released.c */
kv_handler_fn key_list, key_list_versions, deleted_key_list;           /* lists.c */
kv_handler_fn key_rotate, rotation_policy_get, rotation_policy_set;    /* rotation.c */
kv_handler_fn key_encrypt, key_decrypt, key_sign, key_verify;          /* crypto.c */
kv_handler_fn key_wrap, key_unwrap;                                    /* crypto.c */
kv_handler_fn key_secure_wrap, key_secure_unwrap;                      /* secure.c */
kv_handler_fn random_get;                                              /* random.c */

/* Whether a Managed HSM is asked (contract §12). */
static inline bool is_hsm(const struct kv_request *request)
{
    return kv_call_of(request)->vault->kind == KV_MANAGED_HSM;
}

/* attributes.exportable and release_policy, as they were sent (contract §11). */
struct release_sent {
    struct kv_buf policy;        /* compact */
    struct kv_release_args args; /* points to it and to the body */
};
void release_sent_done(struct release_sent *sent);
enum kv_code release_read(const struct kv_request *request, struct kv_maybe_bool exportable,
                          const cJSON *policy, struct release_sent *ret_sent,
                          struct kv_err *err) kv_must_check;

/*
 * An environment that has to attest itself before it gets anything (contract §6.11, §11), as the
 * request's state holds it, at its very beginning. The texts are borrowed from what follows there.
 */
struct attested {
    const char *policy;      /* of the key, as it was checked */
    const char *attestation; /* as sent */
    kv_handler_fn *then;     /* the next step, on KV_LANE_WORK, when `target` is known */
    kv_millis since;         /* real; when it was found that the authority has to be asked */
    struct kv_release_target target;
};

/*
 * A step on KV_LANE_WORK: goes on with `then`, there and then where the authority's keys are known,
 * else after KV_LANE_OUTSIDE has asked for them. Whatever kv_release_judge() refuses is refused.
 */
enum kv_code attested_judge(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err) kv_must_check;

/* Its key, in the form custody takes. */
struct kv_material attested_material(const struct attested *attested);

/* Adds the release_policy of a key that has one, at the end of a bundle. */
void add_release_policy(cJSON *parent, const struct kv_release_terms *terms, bool *ok);

/* The members of a KeyBundle (contract §4.2): key, attributes, tags, release_policy. */
void add_bundle(cJSON *parent, const struct kv_request *request, const struct kv_key *key,
                bool *ok);

/* What create and update have in common, as their bodies give it. */
#define OP_NAMES_MAX 32
struct key_settings {
    const char *op_name[OP_NAMES_MAX]; /* borrowed from the body */
    struct kv_key_op_names ops;        /* points to op_name */
    struct kv_maybe_bool enabled;
    struct kv_maybe_time not_before, expires;
    bool tags_given;
    struct kv_tags tags;
    struct release_sent release;
};
void key_settings_done(struct key_settings *settings);
KV_DEFINE_CLEANUP_VALUE(struct key_settings, key_settings_done)

/* Reads key_ops, attributes, tags and release_policy of a create or update body. */
enum kv_code key_settings_parse(const struct kv_request *request, const cJSON *body,
                                struct key_settings *ret_settings,
                                struct kv_err *err) kv_must_check;

/* Takes key_ops, NULL for none, from where they stand in a JWK. */
enum kv_code key_ops_read(const cJSON *array, struct key_settings *settings,
                          struct kv_err *err) kv_must_check;

/* `key_hsm` of an import, decoded. */
struct sent_transfer {
    cJSON *blob;
    struct kv_buf bytes;
    char name[KV_KEY_NAME_MAX + 1];
    char version[KV_VERSION_LENGTH + 1];
    struct kv_key_transfer transfer; /* points to the above */
};
void sent_transfer_done(struct sent_transfer *sent);
KV_DEFINE_CLEANUP_VALUE(struct sent_transfer, sent_transfer_done)

/* Reads it; refuses anything but a transfer blob, and one for a key of another vault. */
enum kv_code transfer_parse(const struct kv_request *request, const char *text,
                            struct sent_transfer *ret_sent, struct kv_err *err) kv_must_check;

#define CHAIN_MAX 16384 /* bytes of a signer's certificates, PEM */

/* Adds a header's members for the signer of such statements: alg, kid, x5c, x5t#S256 and, for a
 * vault, x5t and typ. */
enum kv_code statement_add_signer(const struct kv_scope *scope, enum kv_statement statement,
                                  cJSON *header, struct kv_err *err) kv_must_check;

/* Appends a JWS (RFC 7515, compact, RS256) by that signer. */
enum kv_code statement_sign(const struct kv_scope *scope, enum kv_statement statement,
                            const cJSON *header, const cJSON *payload, struct kv_buf *text,
                            struct kv_err *err) kv_must_check;

/*
 * Writes the address of a key, `collection` being keys or deletedkeys (contract §4.1), or of what
 * is below it, a version or a rotation policy; `part` NULL: of the key itself. Host and port are
 * those of the request.
 */
#define KEY_URL_SIZE 1024
void key_url(const struct kv_request *request, const char *collection, const char *name,
             const char *part, char ret_url[KEY_URL_SIZE]);

/* A refusal in the one sentence of the service's model binder (contract §4.6). */
static inline enum kv_code fail_property(struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s", KV_JSON_INVALID_PROPERTY);
}

/* The JWK of a key as answers show it (contract §4.2), as member `key` of `parent`. */
void add_jwk(cJSON *parent, const struct kv_request *request, const struct kv_key *key, bool *ok);

/* Answers with a KeyBundle, or a DeletedKeyBundle (contract §4.2). */
enum kv_code respond_key(const struct kv_request *request, const struct kv_key *key,
                         struct kv_response *response, struct kv_err *err) kv_must_check;
/* The same as an answer that is rendered once, and kept with the lease for all who ask alike. */
enum kv_code respond_lease(const struct kv_request *request, struct kv_key_lease *lease,
                           struct kv_response *response, struct kv_err *err) kv_must_check;
/* The same with attributes.attestation, which it takes over (contract §6.10). */
enum kv_code respond_attested_key(const struct kv_request *request, const struct kv_key *key,
                                  cJSON *attestation, struct kv_response *response,
                                  struct kv_err *err) kv_must_check;
enum kv_code respond_deleted_key(const struct kv_request *request, const struct kv_key *key,
                                 struct kv_response *response, struct kv_err *err) kv_must_check;

/* What an item of a list names: the key, one of its versions, or a deleted key. */
enum item_kind { ITEM_KEY, ITEM_VERSION, ITEM_DELETED_KEY };

/* A KeyItem or DeletedKeyItem (contract §4.2) appended to an array. */
void add_item(cJSON *items, const struct kv_request *request, const struct kv_key *key,
              enum item_kind kind, bool *ok);
