/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation of the keys API: contract §6, paths as §1.1 resolves them. */
#include "kv/app/api.h"

#include "private.h"

#define SECURE_SINCE "2026-01-01-preview" /* contract §15 */

/* clang-format off */
const struct kv_route kv_key_routes[] = {
    { KV_GET,    "/keys",                                             key_list,            KV_LANE_INLINE,   KV_NEEDS(KEYS_LIST), KV_OPERATION_GET_KEYS },
    { KV_POST,   "/keys/{name}/create",                               key_create,          KV_LANE_INLINE,   KV_NEEDS(KEYS_CREATE, .makes_key = true), KV_OPERATION_CREATE_KEY },
    { KV_GET,    "/keys/{name}/attestation",                          key_attest,          KV_LANE_WORK,     KV_NEEDS(KEYS_GET, .hosts = KV_ON_HSM), KV_OPERATION_GET_KEY_ATTESTATION },
    { KV_GET,    "/keys/{name}/{version:hex32}/attestation",          key_attest,          KV_LANE_WORK,     KV_NEEDS(KEYS_GET, .hosts = KV_ON_HSM), KV_OPERATION_GET_KEY_ATTESTATION },
    { KV_PUT,    "/keys/{name}",                                      key_import,          KV_LANE_WORK,     KV_NEEDS(KEYS_IMPORT, .makes_key = true), KV_OPERATION_IMPORT_KEY },
    { KV_GET,    "/keys/{name}",                                      key_get,             KV_LANE_INLINE,   KV_NEEDS(KEYS_GET), KV_OPERATION_GET_KEY },
    { KV_GET,    "/keys/{name}/{version:hex32}",                      key_get,             KV_LANE_INLINE,   KV_NEEDS(KEYS_GET), KV_OPERATION_GET_KEY },
    { KV_PATCH,  "/keys/{name}",                                      key_update,          KV_LANE_WORK,     KV_NEEDS(KEYS_UPDATE), KV_OPERATION_UPDATE_KEY },
    { KV_PATCH,  "/keys/{name}/{version:hex32}",                      key_update,          KV_LANE_WORK,     KV_NEEDS(KEYS_UPDATE), KV_OPERATION_UPDATE_KEY },
    { KV_DELETE, "/keys/{name}",                                      key_delete,          KV_LANE_WORK,     KV_NEEDS(KEYS_DELETE), KV_OPERATION_DELETE_KEY },
    { KV_GET,    "/keys/{name}/versions",                             key_list_versions,   KV_LANE_INLINE,   KV_NEEDS(KEYS_LIST), KV_OPERATION_GET_KEY_VERSIONS },

    { KV_POST,   "/keys/restore",                                     key_restore,         KV_LANE_GENERATE, KV_NEEDS(KEYS_RESTORE), KV_OPERATION_RESTORE_KEY },
    { KV_POST,   "/keys/{name}/release",                              key_release,         KV_LANE_WORK,     KV_NEEDS(KEYS_RELEASE), KV_OPERATION_RELEASE },
    { KV_POST,   "/keys/{name}/{version:hex32}/release",              key_release,         KV_LANE_WORK,     KV_NEEDS(KEYS_RELEASE), KV_OPERATION_RELEASE },
    { KV_POST,   "/keys/{name}/backup",                               key_backup,          KV_LANE_WORK,     KV_NEEDS(KEYS_BACKUP), KV_OPERATION_BACKUP_KEY },
    { KV_POST,   "/keys/{name}/rotate",                               key_rotate,          KV_LANE_INLINE,   KV_NEEDS(KEYS_ROTATE), KV_OPERATION_ROTATE_KEY },
    { KV_GET,    "/keys/{name}/rotationpolicy",                       rotation_policy_get, KV_LANE_INLINE,   KV_NEEDS(ROTATION_POLICY_GET), KV_OPERATION_GET_KEY_ROTATION_POLICY },
    { KV_PUT,    "/keys/{name}/rotationpolicy",                       rotation_policy_set, KV_LANE_WORK,     KV_NEEDS(ROTATION_POLICY_SET), KV_OPERATION_UPDATE_KEY_ROTATION_POLICY },

    { KV_GET,    "/deletedkeys",                                      deleted_key_list,    KV_LANE_INLINE,   KV_NEEDS(DELETED_KEYS_LIST), KV_OPERATION_GET_DELETED_KEYS },
    { KV_GET,    "/deletedkeys/{name}",                               deleted_key_get,     KV_LANE_INLINE,   KV_NEEDS(DELETED_KEYS_GET), KV_OPERATION_GET_DELETED_KEY },
    { KV_DELETE, "/deletedkeys/{name}",                               deleted_key_purge,   KV_LANE_WORK,     KV_NEEDS(DELETED_KEYS_PURGE), KV_OPERATION_PURGE_DELETED_KEY },
    { KV_POST,   "/deletedkeys/{name}/recover",                       deleted_key_recover, KV_LANE_WORK,     KV_NEEDS(DELETED_KEYS_RECOVER), KV_OPERATION_RECOVER_DELETED_KEY },

    { KV_POST,   "/keys/{name}/encrypt",                              key_encrypt,         KV_LANE_WORK,     KV_NEEDS(KEYS_ENCRYPT), KV_OPERATION_ENCRYPT },
    { KV_POST,   "/keys/{name}/{version:hex32}/encrypt",              key_encrypt,         KV_LANE_WORK,     KV_NEEDS(KEYS_ENCRYPT), KV_OPERATION_ENCRYPT },
    { KV_POST,   "/keys/{name}/decrypt",                              key_decrypt,         KV_LANE_WORK,     KV_NEEDS(KEYS_DECRYPT), KV_OPERATION_DECRYPT },
    { KV_POST,   "/keys/{name}/{version:hex32}/decrypt",              key_decrypt,         KV_LANE_WORK,     KV_NEEDS(KEYS_DECRYPT), KV_OPERATION_DECRYPT },
    { KV_POST,   "/keys/{name}/sign",                                 key_sign,            KV_LANE_WORK,     KV_NEEDS(KEYS_SIGN), KV_OPERATION_SIGN },
    { KV_POST,   "/keys/{name}/{version:hex32}/sign",                 key_sign,            KV_LANE_WORK,     KV_NEEDS(KEYS_SIGN), KV_OPERATION_SIGN },
    { KV_POST,   "/keys/{name}/verify",                               key_verify,          KV_LANE_WORK,     KV_NEEDS(KEYS_VERIFY), KV_OPERATION_VERIFY },
    { KV_POST,   "/keys/{name}/{version:hex32}/verify",               key_verify,          KV_LANE_WORK,     KV_NEEDS(KEYS_VERIFY), KV_OPERATION_VERIFY },
    { KV_POST,   "/keys/{name}/wrapkey",                              key_wrap,            KV_LANE_WORK,     KV_NEEDS(KEYS_WRAP), KV_OPERATION_WRAP_KEY },
    { KV_POST,   "/keys/{name}/{version:hex32}/wrapkey",              key_wrap,            KV_LANE_WORK,     KV_NEEDS(KEYS_WRAP), KV_OPERATION_WRAP_KEY },
    { KV_POST,   "/keys/{name}/unwrapkey",                            key_unwrap,          KV_LANE_WORK,     KV_NEEDS(KEYS_UNWRAP), KV_OPERATION_UNWRAP_KEY },
    { KV_POST,   "/keys/{name}/{version:hex32}/unwrapkey",            key_unwrap,          KV_LANE_WORK,     KV_NEEDS(KEYS_UNWRAP), KV_OPERATION_UNWRAP_KEY },

    { KV_POST,   "/keys/{name}/securewrapkey",                        key_secure_wrap,     KV_LANE_WORK,     KV_NEEDS(KEYS_WRAP, .hosts = KV_ON_HSM, .since = SECURE_SINCE), KV_OPERATION_SECURE_WRAP_KEY },
    { KV_POST,   "/keys/{name}/{version:hex32}/securewrapkey",        key_secure_wrap,     KV_LANE_WORK,     KV_NEEDS(KEYS_WRAP, .hosts = KV_ON_HSM, .since = SECURE_SINCE), KV_OPERATION_SECURE_WRAP_KEY },
    { KV_POST,   "/keys/{name}/secureunwrapkey",                      key_secure_unwrap,   KV_LANE_WORK,     KV_NEEDS(KEYS_UNWRAP, .hosts = KV_ON_HSM, .since = SECURE_SINCE), KV_OPERATION_SECURE_UNWRAP_KEY },
    { KV_POST,   "/keys/{name}/{version:hex32}/secureunwrapkey",      key_secure_unwrap,   KV_LANE_WORK,     KV_NEEDS(KEYS_UNWRAP, .hosts = KV_ON_HSM, .since = SECURE_SINCE), KV_OPERATION_SECURE_UNWRAP_KEY },

    { KV_POST,   "/rng",                                              random_get,          KV_LANE_WORK,     KV_NEEDS(RNG, .hosts = KV_ON_HSM), KV_OPERATION_GET_RANDOM_BYTES },
    { 0 },
};
/* clang-format on */
