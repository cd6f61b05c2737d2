/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/identity/registry.h - registering principals, and what can become of them: disabled, deleted,
 * re-created with new ids; their credentials, and the members of groups.
 *
 * A principal is named as in kv/identity/principals.h. A change of one that was made up on demand
 * makes it a row, with the ids it had. Once a call has returned KV_OK its effect is on disk, and
 * every later look-up knows of it. All read and write the store: KV_LANE_WORK. Thread-safe.
 * KV_BAD_PARAMETER for what cannot be, KV_NOT_FOUND for a principal or credential that is not
 * there, KV_CONFLICT for ids and names that others have, for what the principal's type has not, and
 * when there are as many as there may be.
 */
#pragma once

#include <cjson/cJSON.h>

#include "kv/identity/principals.h"

/* "application", "system-assigned", "user-assigned", "user", "group"; false: another word. */
bool kv_principal_type_parse(const char *word, enum kv_principal_type *ret_type);
const char *kv_principal_type_word(enum kv_principal_type type);
const char *kv_principal_state_word(enum kv_principal_state state);

/* The name that a word stands for: "system-assigned" for the default identity, which has no name of
 * its own, every other word for itself. Borrowed from `word`. */
const char *kv_principal_name_of(const char *word);

/* What is said of a principal; NULL: nothing. All borrowed. */
struct kv_principal_draft {
    const char *
        name; /* 1 to 127 (a resource id: 255) printable ASCII characters without blanks and commas; of a GUID or
                         a resource id, that identity; "": the default identity */
    const enum kv_principal_type *type; /* default: of a new one user-assigned */
    const char *object_id, *client_id;  /* of a new one derived from its name */
    const char *tenant;
    const char *upn; /* of users */
    const bool *trusted_service;
};

/*
 * Registers it, or changes what may change: tenant, upn, trusted_service. KV_CONFLICT when it is
 * there with another type or other ids. A deleted one is made anew, with new ids; with `only_living`
 * it is KV_NOT_FOUND, as one that nobody knows is where those are refused.
 */
enum kv_code kv_principal_register(struct kv_principals *principals,
                                   const struct kv_principal_draft *draft, bool only_living,
                                   struct kv_principal_entry *ret_entry, bool *ret_is_new,
                                   struct kv_err *err) kv_must_check;

/* The one of that name; deleted ones are found too. */
enum kv_code kv_principal_get(struct kv_principals *principals, const char *name,
                              struct kv_principal_entry *ret_entry,
                              struct kv_err *err) kv_must_check;

/* Enables or disables it; KV_NOT_FOUND of a deleted one. */
enum kv_code kv_principal_enable(struct kv_principals *principals, const char *name, bool enabled,
                                 struct kv_principal_entry *ret_entry,
                                 struct kv_err *err) kv_must_check;

/* Deletes it, its credentials and memberships. Tokens that it has are as they were; its grants too,
 * as in Azure. */
enum kv_code kv_principal_delete(struct kv_principals *principals, const char *name,
                                 struct kv_err *err) kv_must_check;

/* Deletes it, if it is not deleted, and makes it anew: the same name, new ids, no credentials. */
enum kv_code kv_principal_recreate(struct kv_principals *principals, const char *name,
                                   struct kv_principal_entry *ret_entry,
                                   struct kv_err *err) kv_must_check;

/* From now on sessions that began before `now` are revoked: kv_clock_real(), by which tokens are
 * dated, so that the virtual clock does not bring them back. */
enum kv_code kv_principal_revoke(struct kv_principals *principals, const char *name, kv_millis now,
                                 struct kv_principal_entry *ret_entry,
                                 struct kv_err *err) kv_must_check;

/* Calls `visit` for each that is registered, deleted ones too, in the order of registration, until
 * it fails. */
typedef enum kv_code kv_principal_visit_fn(const struct kv_principal_entry *entry, void *context,
                                           struct kv_err *err);
enum kv_code kv_principals_each(struct kv_principals *principals, kv_principal_visit_fn *visit,
                                void *context, struct kv_err *err) kv_must_check;

/* --- credentials --- */

#define KV_PRINCIPAL_SECRET_MAX 512 /* bytes of a secret that is given */
#define KV_PRINCIPAL_TEXT_SIZE 512  /* of issuer, subject, audience, including the NUL */

enum kv_credential_kind {
    KV_CREDENTIAL_SECRET,
    KV_CREDENTIAL_CERTIFICATE,
    KV_CREDENTIAL_FEDERATED,
};

/* One that was registered; texts that the kind has not are "". */
struct kv_credential {
    enum kv_credential_kind kind;
    char id[KV_UUID_LENGTH + 1];
    char label[64];                      /* who gave it; the option's is "option" */
    char hint[8];                        /* the first characters of a secret that coffer made */
    char thumbprint[2 * 20 + 1];         /* SHA-1 of a certificate, in hex */
    char thumbprint_sha256[2 * 32 + 1];  /* the same by SHA-256 */
    char issuer[KV_PRINCIPAL_TEXT_SIZE]; /* of a federated one, as the next two are */
    char subject[KV_PRINCIPAL_TEXT_SIZE];
    char audience[KV_PRINCIPAL_TEXT_SIZE];
    kv_time expires; /* of a secret; KV_CREDENTIAL_ENDLESS */
};
#define KV_CREDENTIAL_ENDLESS INT64_MAX

#define KV_MADE_SECRET_SIZE 41 /* of a secret that coffer makes, including the NUL */

/* A new secret of coffer's choice, which is returned here and never again: the caller wipes it. */
enum kv_code kv_principal_make_secret(struct kv_principals *principals, const char *name,
                                      const char *label, kv_time expires,
                                      struct kv_credential *ret_credential,
                                      char ret_secret[KV_MADE_SECRET_SIZE],
                                      struct kv_err *err) kv_must_check;

/* One that is given; the same once more changes nothing. */
enum kv_code kv_principal_add_secret(struct kv_principals *principals, const char *name,
                                     const char *label, const char *secret, size_t len,
                                     kv_time expires, struct kv_credential *ret_credential,
                                     struct kv_err *err) kv_must_check;

/* The first certificate of a PEM text, which may hold other things beside it; the same once more
 * changes nothing. */
enum kv_code kv_principal_add_certificate(struct kv_principals *principals, const char *name,
                                          const char *label, const char *pem, size_t len,
                                          struct kv_credential *ret_credential,
                                          struct kv_err *err) kv_must_check;

/* The application trusts tokens of that issuer and subject for that audience; NULL: Azure's,
 * "api://AzureADTokenExchange". */
enum kv_code kv_principal_add_federated(struct kv_principals *principals, const char *name,
                                        const char *label, const char *issuer, const char *subject,
                                        const char *audience, struct kv_credential *ret_credential,
                                        struct kv_err *err) kv_must_check;

/* Removes one of that kind, by its id, or by its label where no id is that. */
enum kv_code kv_principal_remove_credential(struct kv_principals *principals, const char *name,
                                            enum kv_credential_kind kind, const char *id,
                                            struct kv_err *err) kv_must_check;

/* Calls `visit` for each, oldest first, until it fails. */
typedef enum kv_code kv_credential_visit_fn(const struct kv_credential *credential, void *context,
                                            struct kv_err *err);
enum kv_code kv_principal_credentials(struct kv_principals *principals, const char *name,
                                      kv_credential_visit_fn *visit, void *context,
                                      struct kv_err *err) kv_must_check;

/* --- groups --- */

/* Adds somebody, who may be a group; once more changes nothing. Circles are harmless. KV_CONFLICT
 * when somebody would be in more than KV_PRINCIPAL_GROUPS_MAX groups. */
enum kv_code kv_principal_add_member(struct kv_principals *principals, const char *group,
                                     const char *member, struct kv_err *err) kv_must_check;
enum kv_code kv_principal_remove_member(struct kv_principals *principals, const char *group,
                                        const char *member, struct kv_err *err) kv_must_check;

/* The members of the group itself, in the order in which they were added: adds to `ids` texts that
 * are object ids. */
enum kv_code kv_principal_members(struct kv_principals *principals, const char *group, cJSON *ids,
                                  struct kv_err *err) kv_must_check;

/*
 * Removes all that is registered, then has `fill` register what the options say; NULL: nobody. Until
 * that is done the look-ups of other threads are KV_UNAVAILABLE. One at a time.
 */
typedef enum kv_code kv_principals_fill_fn(void *context, struct kv_err *err);
enum kv_code kv_principals_reset(struct kv_principals *principals, kv_principals_fill_fn *fill,
                                 void *context, struct kv_err *err) kv_must_check;
