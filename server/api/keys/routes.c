/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation of the keys API: contract §6, paths as §1.1 resolves them. */
#include "kv/app/api.h"

#include "private.h"

#define SECURE_SINCE "2026-01-01-preview" /* contract §15 */

/* clang-format off */
const struct kv_route kv_key_routes[] = {
    { KV_GET,    "/keys",                                             key_list,            KV_LANE_INLINE,   KV_NEEDS(KEYS_LIST) },
    { KV_POST,   "/keys/{name}/create",                               key_create,          KV_LANE_INLINE,   KV_NEEDS(KEYS_CREATE, .makes_key = true) },
    { KV_GET,    "/keys/{name}/attestation",                          key_attest,          KV_LANE_WORK,     KV_NEEDS(KEYS_GET, .hosts = KV_ON_HSM) },
    { KV_GET,    "/keys/{name}/{version:hex32}/attestation",          key_attest,          KV_LANE_WORK,     KV_NEEDS(KEYS_GET, .hosts = KV_ON_HSM) },
    { KV_PUT,    "/keys/{name}",                                      key_import,          KV_LANE_WORK,     KV_NEEDS(KEYS_IMPORT, .makes_key = true) },
    { KV_GET,    "/keys/{name}",                                      key_get,             KV_LANE_INLINE,   KV_NEEDS(KEYS_GET) },
    { KV_GET,    "/keys/{name}/{version:hex32}",                      key_get,             KV_LANE_INLINE,   KV_NEEDS(KEYS_GET) },
    { KV_PATCH,  "/keys/{name}",                                      key_update,          KV_LANE_WORK,     KV_NEEDS(KEYS_UPDATE) },
    { KV_PATCH,  "/keys/{name}/{version:hex32}",                      key_update,          KV_LANE_WORK,     KV_NEEDS(KEYS_UPDATE) },
    { KV_DELETE, "/keys/{name}",                                      key_delete,          KV_LANE_WORK,     KV_NEEDS(KEYS_DELETE) },
    { KV_GET,    "/keys/{name}/versions",                             key_list_versions,   KV_LANE_INLINE,   KV_NEEDS(KEYS_LIST) },

    { KV_POST,   "/keys/restore",                                     key_restore,         KV_LANE_GENERATE, KV_NEEDS(KEYS_RESTORE) },
    { KV_POST,   "/keys/{name}/release",                              key_release,         KV_LANE_WORK,     KV_NEEDS(KEYS_RELEASE) },
    { KV_POST,   "/keys/{name}/{version:hex32}/release",              key_release,         KV_LANE_WORK,     KV_NEEDS(KEYS_RELEASE) },
    { KV_POST,   "/keys/{name}/backup",                               key_backup,          KV_LANE_WORK,     KV_NEEDS(KEYS_BACKUP) },
    { KV_POST,   "/keys/{name}/rotate",                               key_rotate,          KV_LANE_INLINE,   KV_NEEDS(KEYS_ROTATE) },
    { KV_GET,    "/keys/{name}/rotationpolicy",                       rotation_policy_get, KV_LANE_INLINE,   KV_NEEDS(ROTATION_POLICY_GET) },
    { KV_PUT,    "/keys/{name}/rotationpolicy",                       rotation_policy_set, KV_LANE_WORK,     KV_NEEDS(ROTATION_POLICY_SET) },

    { KV_GET,    "/deletedkeys",                                      deleted_key_list,    KV_LANE_INLINE,   KV_NEEDS(DELETED_KEYS_LIST) },
    { KV_GET,    "/deletedkeys/{name}",                               deleted_key_get,     KV_LANE_INLINE,   KV_NEEDS(DELETED_KEYS_GET) },
    { KV_DELETE, "/deletedkeys/{name}",                               deleted_key_purge,   KV_LANE_WORK,     KV_NEEDS(DELETED_KEYS_PURGE) },
    { KV_POST,   "/deletedkeys/{name}/recover",                       deleted_key_recover, KV_LANE_WORK,     KV_NEEDS(DELETED_KEYS_RECOVER) },

    { KV_POST,   "/keys/{name}/encrypt",                              key_encrypt,         KV_LANE_WORK,     KV_NEEDS(KEYS_ENCRYPT) },
    { KV_POST,   "/keys/{name}/{version:hex32}/encrypt",              key_encrypt,         KV_LANE_WORK,     KV_NEEDS(KEYS_ENCRYPT) },
    { KV_POST,   "/keys/{name}/decrypt",                              key_decrypt,         KV_LANE_WORK,     KV_NEEDS(KEYS_DECRYPT) },
    { KV_POST,   "/keys/{name}/{version:hex32}/decrypt",              key_decrypt,         KV_LANE_WORK,     KV_NEEDS(KEYS_DECRYPT) },
    { KV_POST,   "/keys/{name}/sign",                                 key_sign,            KV_LANE_WORK,     KV_NEEDS(KEYS_SIGN) },
    { KV_POST,   "/keys/{name}/{version:hex32}/sign",                 key_sign,            KV_LANE_WORK,     KV_NEEDS(KEYS_SIGN) },
    { KV_POST,   "/keys/{name}/verify",                               key_verify,          KV_LANE_WORK,     KV_NEEDS(KEYS_VERIFY) },
    { KV_POST,   "/keys/{name}/{version:hex32}/verify",               key_verify,          KV_LANE_WORK,     KV_NEEDS(KEYS_VERIFY) },
    { KV_POST,   "/keys/{name}/wrapkey",                              key_wrap,            KV_LANE_WORK,     KV_NEEDS(KEYS_WRAP) },
    { KV_POST,   "/keys/{name}/{version:hex32}/wrapkey",              key_wrap,            KV_LANE_WORK,     KV_NEEDS(KEYS_WRAP) },
    { KV_POST,   "/keys/{name}/unwrapkey",                            key_unwrap,          KV_LANE_WORK,     KV_NEEDS(KEYS_UNWRAP) },
    { KV_POST,   "/keys/{name}/{version:hex32}/unwrapkey",            key_unwrap,          KV_LANE_WORK,     KV_NEEDS(KEYS_UNWRAP) },

    { KV_POST,   "/keys/{name}/securewrapkey",                        key_secure_wrap,     KV_LANE_WORK,     KV_NEEDS(KEYS_WRAP, .hosts = KV_ON_HSM, .since = SECURE_SINCE) },
    { KV_POST,   "/keys/{name}/{version:hex32}/securewrapkey",        key_secure_wrap,     KV_LANE_WORK,     KV_NEEDS(KEYS_WRAP, .hosts = KV_ON_HSM, .since = SECURE_SINCE) },
    { KV_POST,   "/keys/{name}/secureunwrapkey",                      key_secure_unwrap,   KV_LANE_WORK,     KV_NEEDS(KEYS_UNWRAP, .hosts = KV_ON_HSM, .since = SECURE_SINCE) },
    { KV_POST,   "/keys/{name}/{version:hex32}/secureunwrapkey",      key_secure_unwrap,   KV_LANE_WORK,     KV_NEEDS(KEYS_UNWRAP, .hosts = KV_ON_HSM, .since = SECURE_SINCE) },

    { KV_POST,   "/rng",                                              random_get,          KV_LANE_WORK,     KV_NEEDS(RNG, .hosts = KV_ON_HSM) },
    { 0 },
};
/* clang-format on */
