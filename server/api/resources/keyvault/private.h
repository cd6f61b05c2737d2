/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of api/resources/keyvault share: Microsoft.KeyVault of the resource
 * manager (control-plane.md §1).
 *
 * Vaults, keys, access policies and firewalls are those of the domains that the data plane and the
 * control port have. What the resource manager alone knows is in the envelope of a vault, as
 *     {"vault": its id, "kept": {members of "properties"}}
 * An envelope whose id is another vault's was left by one that is gone, and is not looked at.
 */
#pragma once

#include "kv/access/firewall.h"
#include "kv/arm/arm.h"
#include "kv/base/json.h"
#include "kv/keys/rotation.h"
#include "kv/vaults/vaults.h"

/* ---- read.c: members of a body, in any case, as the service takes them --------------------------- */

/* Not given, and left as it is, when it is absent or null; KV_ARM_BAD_REQUEST when it is something else. */
enum kv_code keyvault_text(const cJSON *object, const char *name, const char **ret_text,
                           struct kv_err *err) kv_must_check;
enum kv_code keyvault_flag(const cJSON *object, const char *name, struct kv_maybe_bool *ret_flag,
                           struct kv_err *err) kv_must_check;
enum kv_code keyvault_number(const cJSON *object, const char *name, struct kv_maybe_int *ret_number,
                             struct kv_err *err) kv_must_check;
enum kv_code keyvault_object(const cJSON *object, const char *name, const cJSON **ret_object,
                             struct kv_err *err) kv_must_check;
enum kv_code keyvault_array(const cJSON *object, const char *name, const cJSON **ret_array,
                            struct kv_err *err) kv_must_check;

/* Refuse a member: it is missing, or not as it has to be. */
enum kv_code keyvault_missing(const char *name, struct kv_err *err) kv_must_check;
enum kv_code keyvault_invalid(const char *name, struct kv_err *err) kv_must_check;

/* What a domain calls a bad parameter is a bad request here. */
enum kv_code keyvault_reword(enum kv_code code, struct kv_err *err) kv_must_check;

/* ---- find.c: vaults by their ids ------------------------------------------------------------------ */

/* The kind that a type is about: vaults, or what has managed HSMs in its name. */
enum kv_vault_kind keyvault_kind(const struct arm_call *call);

/* The vault that the id, or what it is below of, names; NULL: there is none in that group. To be released. */
const struct kv_vault *keyvault_find(const struct arm_call *call);

/* The same, of a resource below it: KV_PARENT_RESOURCE_NOT_FOUND. */
enum kv_code keyvault_find_parent(const struct arm_call *call, const struct kv_vault **ret_vault,
                                  struct kv_err *err) kv_must_check;

/* "/subscriptions/.../vaults/NAME", heap; NULL: out of memory. */
char *keyvault_id(const struct arm_call *call, const struct kv_vault *vault, const char *name);

/* Its envelope; that of one made elsewhere is what it would be. Its content has "kept". */
enum kv_code keyvault_envelope(const struct arm_call *call, const struct kv_vault *vault,
                               struct kv_resource *ret_envelope, struct kv_err *err) kv_must_check;
cJSON *keyvault_kept(const struct kv_resource *envelope);

/* Host and port under which clients reach it: Azure's names where those were asked. */
void keyvault_authority(const struct arm_call *call, const struct kv_vault *vault,
                        char ret_authority[KV_PUBLIC_AUTHORITY_SIZE]);

/* ---- wish.c: what a PUT or PATCH says -------------------------------------------------------------- */

struct keyvault_wish {
    struct kv_vault_draft draft;
    const cJSON *properties;          /* borrowed from the call; never NULL once read */
    const cJSON *policies;            /* as sent; NULL: not given */
    struct kv_maybe_bool rbac;        /* enableRbacAuthorization */
    struct kv_maybe_int retention;    /* days */
    struct kv_network_change network; /* words and rules; nothing given: leave it as it is */
    bool is_recovery;                 /* createMode */
    bool is_whole;                    /* a PUT: what is not said is as it is by default */
};
void keyvault_wish_done(struct keyvault_wish *wish);
KV_DEFINE_CLEANUP_VALUE(struct keyvault_wish, keyvault_wish_done)

enum kv_code keyvault_wish_read(const struct arm_call *call, struct keyvault_wish *ret_wish,
                                struct kv_err *err) kv_must_check;

/* ---- network.c --------------------------------------------------------------------------------------- */

/* networkAcls and publicNetworkAccess of the properties into a change; `is_whole`: their defaults are given, too. */
enum kv_code keyvault_network_read(const cJSON *properties, bool is_whole,
                                   struct kv_network_change *change,
                                   struct kv_err *err) kv_must_check;
/* Changes what differs. */
enum kv_code keyvault_network_apply(const struct arm_call *call, const struct kv_vault *vault,
                                    const struct kv_network_change *change,
                                    struct kv_err *err) kv_must_check;
/* networkAcls, where they are not the defaults; `subnets`: virtualNetworkRules as kept, NULL: none. */
void keyvault_network_render(const struct kv_network *network, const cJSON *subnets,
                             cJSON *properties, bool *ok);

/* ---- policies.c --------------------------------------------------------------------------------------- */

/* Refuses what is no list of access policies. */
enum kv_code keyvault_policies_check(const struct kv_vault *vault, const cJSON *sent,
                                     const char *tenant, struct kv_err *err) kv_must_check;
/* What there is, of keys by the domain and of the rest as it was kept: owned by the caller. */
enum kv_code keyvault_policies_render(const struct arm_call *call, const struct kv_vault *vault,
                                      const struct kv_resource *envelope, cJSON **ret_policies,
                                      struct kv_err *err) kv_must_check;
/* Makes those of the vault what the list says, and puts it among what is kept. */
enum kv_code keyvault_policies_apply(const struct arm_call *call, const struct kv_vault *vault,
                                     const cJSON *policies, struct kv_resource *envelope,
                                     struct kv_err *err) kv_must_check;

/* ---- keep.c --------------------------------------------------------------------------------------------- */

/* The envelope as it is to become by what is said; one of a new vault has its name as it was written. */
enum kv_code keyvault_keep(const struct arm_call *call, const struct keyvault_wish *wish,
                           const struct kv_vault *vault, bool is_new,
                           struct kv_resource *ret_envelope, struct kv_err *err) kv_must_check;
/* Puts it into the store, in place of what a former vault of that name may have left. */
enum kv_code keyvault_store(struct arm_call *call, struct kv_resource *envelope, bool is_new,
                            struct kv_err *err) kv_must_check;

/* ---- vault_render.c ------------------------------------------------------------------------------------- */

enum kv_code keyvault_render(const struct arm_call *call, const struct kv_vault *vault,
                             const struct kv_resource *envelope, cJSON **ret_body,
                             struct kv_err *err) kv_must_check;

/* ---- deleted.c ------------------------------------------------------------------------------------------ */

enum kv_code keyvault_deleted_render(const struct arm_call *call, const struct kv_vault *vault,
                                     cJSON **ret_item, struct kv_err *err) kv_must_check;

/* ---- key_read.c, key_render.c ---------------------------------------------------------------------------- */

/* What a PUT says of a key; begun zeroed, borrowed from the call but for what is done away with. */
#define KEYVAULT_OPS_MAX 16
struct keyvault_key_wish {
    struct kv_key_create_args args;
    struct kv_rotation_policy_args rotation;
    bool has_rotation;
    struct kv_tags tags;
    struct kv_buf release_policy;
    const char *op[KEYVAULT_OPS_MAX];
};
void keyvault_key_wish_done(struct keyvault_key_wish *wish);
KV_DEFINE_CLEANUP_VALUE(struct keyvault_key_wish, keyvault_key_wish_done)

enum kv_code keyvault_key_read(const struct arm_call *call, struct keyvault_key_wish *wish,
                               struct kv_err *err) kv_must_check;

/* A key, or with `is_version` a version of it, as the resource manager shows it. */
enum kv_code keyvault_key_render(const struct arm_call *call, const struct kv_scope *scope,
                                 const struct kv_key *key, bool is_version, cJSON **ret_body,
                                 struct kv_err *err) kv_must_check;

/* ---- rows, for types.c ---------------------------------------------------------------------------------- */

arm_fn keyvault_get, keyvault_put, keyvault_patch, keyvault_delete, keyvault_check;
arm_list_fn keyvault_list;
arm_fn keyvault_policies_put;
arm_fn keyvault_deleted_get, keyvault_deleted_purge;
arm_list_fn keyvault_deleted_list;
arm_fn keyvault_name_check;
arm_fn keyvault_key_get, keyvault_key_put, keyvault_key_check, keyvault_version_get;
arm_list_fn keyvault_key_list, keyvault_version_list;
arm_fn keyvault_endpoint_get, keyvault_endpoint_put, keyvault_endpoint_delete;
arm_list_fn keyvault_endpoint_list, keyvault_link_list, keyvault_region_list;
